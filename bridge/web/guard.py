"""What waitress 3.0.2 lets through and the public internet should not: at the level of HTTP itself.

Measured on waitress 3.0.2: Content-Length beside Transfer-Encoding, a doubled Transfer-Encoding,
two Host headers, 5,000 headers and control characters are accepted; what follows a chunked request
runs as the next one; a client that dribbles one byte per second keeps its connection for ever; a
refusal is reset away while its client is still sending.
"""

import re
import socket
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from bridge.observe import log
from bridge.web.heads import Head, Repeated
from bridge.web.http import NOSNIFF
from bridge.web.soap.problem import refusal

MAX_HEADERS = 64
REQUEST_DEADLINE_S = 15.0  # from the first byte of a request to its last
STALL_S = 60.0  # a client may take nothing of its answer that long; a player comes back with a Range
LINGER_S = 3.0  # a refused client may still be sending that long (RFC 9112 §9.6)
_CONTROLS = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")  # RFC 9110 §5.5; line ends are waitress's
_SINGLE = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization")


class GuardedParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses what two servers in a row could read as different requests."""

    head = b""  # as much of the request line and headers as came, for the refusal

    def received(self, data: bytes) -> int:
        consumed = int(super().received(data))
        if self.error is not None or self.completed:
            self.expect_continue = False  # else waitress says "100 Continue" and waits for the body
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        # for headers that are too long, waitress parses "GET / HTTP/1.0" in their place
        self.head = max(header_plus, self.header_plus, key=len)
        lines = [line for line in header_plus.split(b"\r\n")[1:] if line]
        names = [line.partition(b":")[0].strip().lower() for line in lines]
        if _CONTROLS.search(header_plus):
            raise ParsingError("Control character")
        if len(names) > MAX_HEADERS:
            raise ParsingError("Too many headers")
        if b"\r\n " in header_plus or b"\r\n\t" in header_plus:
            raise ParsingError("Folded headers are not accepted")  # RFC 9112 §5.2
        if len(set(names)) < len(names) and any(names.count(single) > 1 for single in _SINGLE):
            raise ParsingError("Repeated header")
        try:
            super().parse_header(header_plus)
        except ValueError:  # a length of 5,000 digits, "http://[": neither is caught by waitress
            raise ParsingError("Not a number or not an address") from None
        self._check_version(names)
        if b"transfer-encoding" in names:
            line = lines[names.index(b"transfer-encoding")]
            self._check_framing(line.partition(b":")[2], names)

    def _check_version(self, names: list[bytes]) -> None:
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Unknown version of HTTP")
        if self.version == "1.1" and b"host" not in names:
            raise ParsingError("No Host header")

    def _check_framing(self, encoding: bytes, names: list[bytes]) -> None:
        """RFC 9112 §6.1: framed by chunks once, in HTTP/1.1, and by nothing else."""
        if b"content-length" in names or self.version != "1.1":
            raise ParsingError("Transfer-Encoding beside Content-Length or in HTTP/1.0")
        if encoding.strip(b" \t").lower() != b"chunked":
            raise ParsingError("Transfer-Encoding may only be chunked")
        # nothing may follow what was framed by chunks; `connection_close` of the parser is read by nobody
        self.headers["CONNECTION"] = "close"


class RefusalTask(ErrorTask):  # type: ignore[misc]
    """A refusal by the HTTP layer itself; a SOAP client gets it as a Fault. It repeats nothing."""

    def execute(self) -> None:
        error = self.request.error
        head = self.request.head.decode("latin-1")
        self.status = f"{error.code} {error.reason}"
        media, body = refusal(head.partition(" ")[2], head, f"Запрос HTTP не принят: {self.status}")
        self.request.headers["CONNECTION"] = "close"  # else waitress tells HTTP/1.0 both
        self.response_headers += [("Content-Type", media), NOSNIFF]
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        log.info("http_refused", status=error.code, peer=str(self.channel.addr[0]))
        self.write(b"" if head.startswith("HEAD ") else body)


class GuardedChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that must finish each request in time, and hears its refusal out."""

    parser_class = GuardedParser
    error_task_class = RefusalTask
    refused = False
    known: Head | None = None  # of the last request
    began: float | None = None  # monotonic: when the first byte of the request under way came
    _lingers_since: float | None = None
    _stalls: tuple[float, float] | None = None  # since when (monotonic), and `last_activity` then

    def received(self, data: bytes) -> Any:
        before = self.request
        again = self.known.again(data) if self.known and before is None else None
        if again:
            return self._repeated(again)
        result = super().received(data)
        if self.request is None:
            self.began = None
        elif self.request is not before:
            self.began = time.monotonic()
        return result

    def _repeated(self, request: Repeated) -> bool:
        """What waitress does with a request that has begun, or came whole."""
        with self.requests_lock:
            if self.will_close or self.close_when_flushed:
                return False
            if not request.completed:
                self.request, self.began = request, time.monotonic()
                return True
            self.sent_continue = False
            self.requests.append(request)
            if len(self.requests) == 1:
                self.server.add_task(self)
        self.began = None
        return True

    def overdue(self) -> bool:
        now = time.monotonic()
        if self._lingers_since is not None:
            return now - self._lingers_since > LINGER_S
        late = self.began is not None and now - self.began > REQUEST_DEADLINE_S
        return late and not self.requests  # what is being answered may take its time

    def stalled(self) -> bool:
        """Its client takes nothing of the answer that waits for it; asked once a second.

        Else a recording for a client that went to sleep would hold its thread and the exchange for ever.
        """
        now = time.monotonic()
        if not self.total_outbufs_len:
            self._stalls = None
        elif self._stalls is None or self._stalls[1] != self.last_activity:
            self._stalls = (now, self.last_activity)
        return self._stalls is not None and now - self._stalls[0] > STALL_S

    def busy(self) -> bool:
        """A request is being received, answered or refused."""
        under_way = self.requests or self.total_outbufs_len or self.request is not None
        return bool(under_way or self._lingers_since is not None) and not self.overdue()

    def asks_nothing(self) -> bool:
        """No whole request is here and no answer is on its way out."""
        return not self.requests and not self.total_outbufs_len

    def unread(self) -> bool:
        """Bytes came that nobody has read yet."""
        with suppress(OSError):  # nothing came, or the connection is broken
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        return False

    def handle_write(self) -> None:
        ready = self.refused and self.close_when_flushed and not self.total_outbufs_len
        if ready and self._lingers_since is None and not self.will_close:
            self._linger()
        super().handle_write()

    def readable(self) -> bool:
        return bool(self._lingers_since is not None or super().readable())

    def handle_read(self) -> None:
        if self._lingers_since is None:
            super().handle_read()
            return
        with suppress(OSError):
            self.recv(self.adj.recv_bytes)  # to nowhere; the end of it closes the connection

    def _linger(self) -> None:
        """Closing now would send a reset, which overtakes the answer (RFC 9112 §9.6)."""
        self.close_when_flushed = False
        self._lingers_since = time.monotonic()
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
