"""A client that stays connected sends the same head again and again: waitress reads it once.

What a connection remembers is what waitress's parser, guarded as it is, made of the last head, and the
environ that waitress made of that. Only the body and the digits of its length may differ; whatever else
does is read by waitress from the first byte, as is a head that came in pieces or a request with something
behind it. So there is no second opinion on what HTTP is (decision 0024).
"""

import re
from io import BytesIO
from typing import Any, Self

from waitress.buffers import OverflowableBuffer
from waitress.parser import HTTPRequestParser
from waitress.receiver import FixedStreamReceiver

from bridge.web.http import Environ

LONGEST = 2048  # of the heads that are remembered
MOST = 24  # headers in one: a stranger that stays makes us keep 8 KB more at the worst, not 17
LONGEST_BODY = 64 * 1024  # of those that come after their head; waitress refuses some of the longer
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,7})\r\n", re.IGNORECASE)
_KEPT = ("command", "fragment", "path", "query", "request_uri", "url_scheme", "version")
_EACH_OWN = ("wsgi.input", "waitress.client_disconnected")


class Repeated:
    """A request whose head was read before; to waitress's tasks and channels, it is a parser that is done.

    Args:
        length: the digits of its Content-Length; "" when it has none.
    """

    completed = headers_finished = True
    empty = chunked = expect_continue = connection_close = False
    error = None

    def __init__(self, head: "Head", length: str, body: bytes) -> None:
        self.__dict__.update(head.kept)
        self.content_length = len(body)
        self._of, self._length, self._body = head, length, body

    def environ(self) -> Environ:
        """As waitress would have made it, but for what tells whether the client has gone."""
        environ = self._of.environ.copy()
        if self._length:
            environ["CONTENT_LENGTH"] = self._length
        environ["wsgi.input"] = self.get_body_stream()
        return environ

    def get_body_stream(self) -> Any:
        return BytesIO(self._body)

    def close(self) -> None: ...


class Arriving(Repeated):
    """Its body is still coming: many clients send it apart from the head."""

    completed = False

    def __init__(self, head: "Head", length: str, begun: bytes) -> None:
        super().__init__(head, length, b"")
        self.content_length = int(length)
        self._receiver = FixedStreamReceiver(self.content_length, OverflowableBuffer(2 * LONGEST_BODY))
        self.received(begun)

    def received(self, data: bytes) -> int:
        """As a parser does; returns how many of the bytes are its own."""
        taken = int(self._receiver.received(data))
        self.completed = bool(self._receiver.completed)
        return taken

    def get_body_stream(self) -> Any:
        return self._receiver.getfile()

    def close(self) -> None:
        self._receiver.getbuf().close()


class Head:
    """What waitress understood of one head; made by `of`."""

    __slots__ = ("_after", "_before", "environ", "kept")

    def __init__(self, before: bytes, after: bytes, request: HTTPRequestParser, environ: Environ) -> None:
        self._before = before
        self._after = after  # what follows the digits of the length; b"" when there are none
        self.kept = {name: getattr(request, name) for name in _KEPT}
        # the others are in the environ; tasks ask for this one
        self.kept["headers"] = {name: said for name, said in request.headers.items() if name == "CONNECTION"}
        self.environ = {name: value for name, value in environ.items() if name not in _EACH_OWN}

    @classmethod
    def of(cls, raw: bytes, request: HTTPRequestParser, environ: Environ) -> Self | None:
        """None when it is not to be remembered.

        Args:
            raw: from the request line to the empty line.
            request: accepted it.
            environ: what waitress made of it, before any application saw it.
        """
        if len(raw) > LONGEST or len(request.headers) > MOST or not raw.endswith(b"\r\n\r\n"):
            return None
        if request.error or request.chunked:
            return None
        found = _LENGTH.search(raw)
        length = found[1].decode() if found else None
        if "EXPECT" in request.headers or request.headers.get("CONTENT_LENGTH") != length:
            return None
        before, after = (raw[: found.start(1)], raw[found.end(1) :]) if found else (raw, b"")
        return cls(before, after, request, environ)

    def again(self, data: bytes) -> Repeated | None:
        """The one request that came, if this is its head; None leaves it to waitress."""
        if not data.startswith(self._before):
            return None
        begin = len(self._before)
        if not self._after:
            return Repeated(self, "", b"") if len(data) == begin else None
        end = data.find(b"\r\n", begin, begin + 9)
        digits = data[begin:end]
        if end < 0 or not digits.isdigit() or not data.startswith(self._after, end):
            return None
        body, length = data[end + len(self._after) :], int(digits)
        if len(body) == length:
            return Repeated(self, digits.decode(), body)
        return Arriving(self, digits.decode(), body) if len(body) < length <= LONGEST_BODY else None
