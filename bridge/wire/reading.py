"""An answer as it comes: the plain one is read here, everything unusual by `http.client`."""

import io
import re
from functools import lru_cache
from http.client import HTTPException, HTTPResponse
from typing import Any, Protocol

from bridge.wire.connection import PIECE_BYTES, Connection, Deadline
from bridge.wire.headers import Headers, announced

MAX_HEADERS = 99  # as http.client, which counts the empty line behind them
_STATUS = re.compile(r"HTTP/1\.1 ([2-5][0-9]{2})(?: .*)?")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
_NO_BODY = (204, 304)  # whatever they announce


class Reply(Protocol):
    """The head of an answer, and its body piece by piece."""

    status: int
    headers: Headers

    def read(self, most: int) -> bytes:
        """The next piece, b"" at the end.

        Raises:
            OSError, ValueError, HTTPException: it broke off, took too long or is no HTTP.
        """
        ...

    @property
    def whole(self) -> bool:
        """Whether the body came to its end, as far as that can be told."""
        ...

    @property
    def kept(self) -> bool:
        """Whether it is whole, nothing came behind it, and the server takes another request."""
        ...


class Plain:
    """A body of a told length."""

    def __init__(
        self, connection: Connection, deadline: Deadline, status: int, headers: Headers, come: bytes
    ) -> None:
        self.status = status
        self.headers = headers
        self._connection = connection
        self._deadline = deadline
        self._left = announced(headers)
        self._come = come  # of the body and of what follows it

    def read(self, most: int) -> bytes:
        piece = self._come
        if piece:
            most = min(most, self._left)
            piece, self._come = piece[:most], piece[most:]
        elif self._left:
            piece = self._connection.receive(min(most, self._left), self._deadline)
        self._left -= len(piece)
        return piece

    @property
    def at_hand(self) -> bool:
        """Whether it came to its end already, though it was not read."""
        return self._left <= len(self._come)

    @property
    def whole(self) -> bool:
        return not self._left

    @property
    def kept(self) -> bool:
        return self.whole and not self._come and "close" not in self.headers.get("connection").lower()


class _Unusual:
    """What `http.client` makes of an answer."""

    def __init__(self, connection: Connection, deadline: Deadline, come: bytes) -> None:
        self._stream = _Stream(_Rest(connection, deadline, come))
        self._response = HTTPResponse(_Lent(self._stream))  # type: ignore[arg-type]
        self._response.begin()
        self.status = self._response.status
        told = self._response.headers.items()
        self.headers = Headers((name, _FOLD.sub(" ", value)) for name, value in told)
        lengths = {value.strip() for value in self._response.headers.get_all("Content-Length", ())}
        if len(lengths) > 1:
            raise HTTPException("several lengths")  # whoever believes another one reads another answer
        self._left = self._response.length  # not counted by `read1` before Python 3.11.8

    def read(self, most: int) -> bytes:
        if self._left is None:
            return self._response.read1(most)
        piece = self._response.read1(min(most, self._left)) if self._left else b""
        self._left -= len(piece)
        return piece

    @property
    def whole(self) -> bool:
        return self._response.isclosed() if self._left is None else not self._left

    @property
    def kept(self) -> bool:
        final = self.status >= 200  # else another head is on its way
        return final and self.whole and not self._response.will_close and not self._stream.more()


class _Rest(io.RawIOBase):
    """A connection read as a file, from what has already come of it."""

    def __init__(self, connection: Connection, deadline: Deadline, come: bytes) -> None:
        self._connection = connection
        self._deadline = deadline
        self._come = come
        self.over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._come:
            piece, self._come = self._come[: len(buffer)], self._come[len(buffer) :]
            buffer[: len(piece)] = piece
            return len(piece)
        return None if self.over else self._connection.receive_into(buffer, self._deadline)


class _Stream(io.BufferedReader):
    """Stays open when `http.client` has read its answer, to tell what came behind it."""

    def __init__(self, rest: _Rest) -> None:
        super().__init__(rest)
        self._rest = rest

    def close(self) -> None: ...

    def flush(self) -> None:
        """Nothing is written. Python 3.13 asks, when an answer is forgotten after its connection."""

    def more(self) -> bool:
        self._rest.over = True
        return bool(self.peek(1))


class _Lent:
    """What `HTTPResponse` takes for a socket."""

    def __init__(self, stream: _Stream) -> None:
        self._stream = stream

    def makefile(self, _: str) -> _Stream:
        return self._stream


def read_reply(connection: Connection, deadline: Deadline, come: bytes = b"") -> Reply:
    """The head of the answer, of which so much has come.

    Raises:
        OSError, ValueError, HTTPException: it did not come, took too long or is no HTTP.
    """
    come = come or connection.receive(PIECE_BYTES, deadline)
    return plain_reply(connection, deadline, come) or _Unusual(connection, deadline, come)


def plain_reply(connection: Connection, deadline: Deadline, come: bytes) -> Plain | None:
    """An answer of HTTP/1.1 with one length, whose head came at once and holds nothing odd."""
    end = come.find(b"\r\n\r\n")
    told = _plain_head(come[:end]) if end >= 0 else None
    return Plain(connection, deadline, *told, come[end + 4 :]) if told else None


@lru_cache(maxsize=16)  # a server says the same again and again, but for the second of its date
def _plain_head(head: bytes) -> tuple[int, Headers] | None:
    status_line, *lines = head.decode("latin-1").split("\r\n")
    status = _STATUS.fullmatch(status_line)
    text = "".join(lines)
    if not status or len(lines) > MAX_HEADERS or not (text.isascii() and text.isprintable()):
        return None
    pairs = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or " " in name:
            return None
        pairs.append((name, value.lstrip(" ")))
    headers = Headers(pairs)
    length = headers.get("content-length")
    framed = length.isdigit() and len(length) < 19 and "transfer-encoding" not in headers
    code = int(status[1])
    return (code, headers) if framed and code not in _NO_BODY else None
