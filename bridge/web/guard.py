"""What waitress 3.0.2 lets through and the public internet should not: at the level of HTTP itself.

Measured on waitress 3.0.2: Content-Length beside Transfer-Encoding, a doubled Transfer-Encoding,
two Host headers and 5,000 headers are accepted, and a client that dribbles one byte per second
keeps its connection for ever.
"""

import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask

from bridge.web.soap.problem import Blame, SoapError, fault

MAX_HEADERS = 64
REQUEST_DEADLINE_S = 15.0  # from the first byte of a request to its last


class GuardedParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses what two servers in a row could read as different requests."""

    def parse_header(self, header_plus: bytes) -> None:
        names = [line.partition(b":")[0].strip().lower() for line in header_plus.split(b"\r\n")[1:]]
        if len(names) > MAX_HEADERS + 1:
            raise ParsingError("Too many headers")
        if any(line[:1] in (b" ", b"\t") for line in header_plus.split(b"\r\n")[1:]):
            raise ParsingError("Folded headers are not accepted")
        for single in (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization"):
            if names.count(single) > 1:
                raise ParsingError("Repeated header")
        if b"transfer-encoding" in names and b"content-length" in names:
            raise ParsingError("Content-Length beside Transfer-Encoding")
        super().parse_header(header_plus)
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Unknown version of HTTP")
        if self.version == "1.1" and b"host" not in names:
            raise ParsingError("No Host header")
        if b"transfer-encoding" in names:
            self.connection_close = True  # nothing may follow what was framed by chunks


class SoapErrorTask(ErrorTask):  # type: ignore[misc]
    """A refusal by the HTTP layer itself; a SOAP client gets it as a Fault."""

    def execute(self) -> None:
        if not str(getattr(self.request, "path", "")).startswith("/ws/"):
            super().execute()
            return
        error = self.request.error
        problem = SoapError(f"Запрос HTTP не принят: {error.code} {error.reason}", blame=Blame.CLIENT)
        body = fault(problem)
        self.status = f"{error.code} {error.reason}"
        self.response_headers.append(("Content-Type", problem.version.media))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class GuardedChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that must finish each request in time."""

    parser_class = GuardedParser
    error_task_class = SoapErrorTask
    _began: float | None = None

    def received(self, data: bytes) -> Any:
        result = super().received(data)
        if self.request is None:
            self._began = None
        elif self._began is None:
            self._began = time.monotonic()
        return result

    def overdue(self) -> bool:
        return self._began is not None and time.monotonic() - self._began > REQUEST_DEADLINE_S
