"""Outgoing HTTP for everyone: one request, bounded in bytes and in total time, nothing followed.

A request that may be repeated goes over a connection that was used a moment ago; one that may not, only
over one that its server has promised to keep (docs/decisions/0017-a-lean-client.md).
"""

import math
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.pausing import pausing
from bridge.wire.address import Origin, taken_apart
from bridge.wire.begun import Begun
from bridge.wire.connection import PIECE_BYTES, Connection, Deadline, Trust, connect
from bridge.wire.headers import Headers, announced, media_of
from bridge.wire.pool import IDLE_REUSE_S, Pool
from bridge.wire.reading import Reply, read_reply
from bridge.wire_errors import FAILURES, WireError, wire_error

__all__ = [
    "IDLE_REUSE_S",
    "USER_AGENT",
    "Answer",
    "Begun",
    "Flow",
    "Headers",
    "Wire",
    "WireError",
    "media_of",
]

MAX_ANSWER_BYTES = 256 * 1024
USER_AGENT = "vpbx-1c-bridge"  # by it a bridge that was told to call itself is recognised
_BREAKS = re.compile(rb"[\r\n\0]")  # would begin another header


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the peer answered, whole. Header names are matched without case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float

    @property
    def media(self) -> str:
        return media_of(self.headers)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """An answer that is being read. `chunks` raises `WireError` when it breaks off or takes too long."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


class Wire:
    """A peer to talk to. Safe for several threads; connections are reused while they are fresh.

    Args:
        connect_s: for the connection, in seconds.
        total_s: for the whole exchange from its beginning to the last byte received, in seconds.
        ca_file: a PEM file of the authority that signed the peer's certificate; "" for the usual.
        reuse: False opens a new connection for each request.
        once: what is asked must not be repeated: only connections are reused that the server has promised
            to keep for long enough, so that no request is lost on one that it is closing.
        pool_size: so many connections wait for the next request.
        idle_s: for each wait within the exchange, in seconds.
    """

    def __init__(
        self,
        *,
        connect_s: float = 3.0,
        total_s: float = 10.0,
        max_bytes: int = MAX_ANSWER_BYTES,
        ca_file: str = "",
        reuse: bool = True,
        once: bool = False,
        pool_size: int = 8,
        idle_s: float = math.inf,
    ) -> None:
        self._connect_s = connect_s
        self._total_s = total_s
        self._idle_s = idle_s
        self._max_bytes = max_bytes
        self._trust = Trust(ca_file)
        self._pool = Pool(pool_size if reuse else 0, once=once)
        self._usual: dict[str, str | bytes] = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive" if reuse else "close",
        }
        self._head = _lines(self._usual)

    def get(self, url: str, headers: Mapping[str, str | bytes] | None = None) -> Answer:
        return self._ask("GET", url, headers or {}, None)

    def post(self, url: str, body: bytes, headers: Mapping[str, str | bytes]) -> Answer:
        return self._ask("POST", url, headers, body)

    def begin(self, url: str, body: bytes, headers: Mapping[str, str | bytes] | bytes) -> Begun | None:
        """`post` without waiting: its answer is for `finish`, once something has come.

        None when that would take waiting; then nothing has left.

        Args:
            headers: or the `lines` of them all.
        """
        return self._begin("POST", url, headers, body)

    def lines(self, headers: Mapping[str, str | bytes]) -> bytes:
        """These headers and the usual ones as they are sent.

        Raises:
            ValueError: a header would be two.
        """
        return _lines(self._with_usual(headers))

    def begin_get(self, url: str, headers: Mapping[str, str | bytes] | None = None) -> Begun | None:
        """As `begin`, of `get`."""
        return self._begin("GET", url, headers or {}, None)

    def _begin(
        self, method: str, url: str, headers: Mapping[str, str | bytes] | bytes, body: bytes | None
    ) -> Begun | None:
        deadline = Deadline(self._total_s, self._idle_s)
        try:
            origin, target = taken_apart(url)
            request = self._request(method, origin, target, headers, body)
        except FAILURES:  # who asks and waits is told what is wrong
            return None
        connection = self._pool.take(origin)
        if connection is None:
            return None
        if connection.send_at_once(request, deadline):
            return Begun(connection, deadline)
        connection.close()
        return None

    def finish(self, begun: Begun) -> Answer:
        """What was answered; waits for what has not come.

        Raises:
            WireError: as `post` and `get`.
        """
        with pausing():
            return begun.read(self._whole)

    @contextmanager
    def stream(self, url: str, headers: Mapping[str, str | bytes] | None = None) -> Iterator[Flow]:
        """The answer to a GET, read piece by piece while the context lasts; then the connection is dropped.

        Raises:
            WireError: its head did not come. What comes later is raised by `Flow.chunks`.
        """
        deadline = Deadline(self._total_s, self._idle_s)
        with pausing():
            connection, reply = self._answered("GET", url, headers or {}, None, deadline)
        try:
            yield Flow(status=reply.status, headers=reply.headers, chunks=self._chunks(reply))
        finally:
            connection.close()

    def close(self) -> None:
        """Drop what waits for the next request; a wire opens again by itself."""
        self._pool.clear()

    def _ask(self, method: str, url: str, headers: Mapping[str, str | bytes], body: bytes | None) -> Answer:
        with pausing():
            return self._asked(method, url, headers, body)

    def _asked(self, method: str, url: str, headers: Mapping[str, str | bytes], body: bytes | None) -> Answer:
        deadline = Deadline(self._total_s, self._idle_s)
        connection, reply = self._answered(method, url, headers, body, deadline)
        return self._whole(connection, reply, deadline)

    def _whole(self, connection: Connection, reply: Reply, deadline: Deadline) -> Answer:
        kept = False
        try:
            content = b"".join(self._chunks(reply))
            kept = reply.kept
        finally:
            self._pool.give_back(connection, reply.headers) if kept else connection.close()
        return Answer(
            status=reply.status,
            headers=reply.headers,
            body=content,
            took_s=time.monotonic() - deadline.started,
        )

    def _answered(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str | bytes],
        body: bytes | None,
        deadline: Deadline,
    ) -> tuple[Connection, Reply]:
        """The head of the answer, and the connection that the rest comes over."""
        try:
            origin, target = taken_apart(url)
            request = self._request(method, origin, target, headers, body)
            connection = self._pool.take(origin) or connect(
                origin, self._trust, attempt_s=self._connect_s, deadline=deadline
            )
        except FAILURES as error:
            raise wire_error(error, sent=False) from None
        try:
            connection.send(request, deadline)
            return connection, read_reply(connection, deadline)
        except BaseException as error:
            connection.close()
            if isinstance(error, FAILURES):
                raise wire_error(error, sent=True) from None
            raise

    def _request(
        self,
        method: str,
        origin: Origin,
        target: str,
        headers: Mapping[str, str | bytes] | bytes,
        body: bytes | None,
    ) -> bytes:
        told = headers or self._head
        more = told if isinstance(told, bytes) else self.lines(told)
        length = b"" if body is None else b"Content-Length: %d\r\n" % len(body)
        start = f"{method} {target} HTTP/1.1\r\nHost: {origin.authority}\r\n".encode("ascii")
        return b"".join((start, more, length, b"\r\n", body or b""))

    def _with_usual(self, headers: Mapping[str, str | bytes]) -> Mapping[str, str | bytes]:
        named = {name.lower() for name in headers}
        return {name: told for name, told in self._usual.items() if name.lower() not in named} | dict(headers)

    def _chunks(self, reply: Reply) -> Iterator[bytes]:
        """The body as it comes, at most `max_bytes` of it, never inflated: a gzip bomb stays small."""
        promised, read = announced(reply.headers), 0
        if promised > self._max_bytes:
            raise _too_long()
        try:
            while piece := _waited_for(reply):
                read += len(piece)
                if read > self._max_bytes:
                    raise _too_long()
                yield piece
        except FAILURES as error:
            raise wire_error(error, sent=True) from None
        if read < promised or not reply.whole:
            raise _cut()


def _lines(headers: Mapping[str, str | bytes]) -> bytes:
    """Raises ValueError: a header would be two."""
    lines = []
    for name, told in headers.items():
        value = told if isinstance(told, bytes) else told.encode("latin-1")
        if _BREAKS.search(value):
            raise ValueError("line breaks in a header")
        lines.append(b"%s: %s\r\n" % (name.encode("ascii"), value))
    return b"".join(lines)


def _waited_for(reply: Reply) -> bytes:
    with pausing():
        return reply.read(PIECE_BYTES)


def _too_long() -> WireError:
    return WireError("слишком длинный ответ", sent=True)


def _cut() -> WireError:
    return WireError("ответ оборвался", sent=True)
