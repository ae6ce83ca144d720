"""Requests and answers of WSGI, as small values."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from http import HTTPStatus
from typing import Any

from bridge.core.steps import Awaited, Commit

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
NOSNIFF = ("X-Content-Type-Options", "nosniff")
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer to send whole."""

    status: int
    body: bytes
    media: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def text(cls, status: int, text: str, **headers: str) -> "Reply":
        return cls(status=status, body=text.encode(), headers=headers)

    def send(self, environ: Environ, start_response: StartResponse) -> Sequence[bytes]:
        start_response(status_line(self.status), list(self._head))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [self.body]

    @cached_property
    def _head(self) -> Sequence[tuple[str, str]]:
        length = str(len(self.body))
        return ("Content-Type", self.media), ("Content-Length", length), NOSNIFF, *self.headers.items()


class Later:
    """An answer that waits for somebody, as WSGI's iterable: whoever sends it waits, or has waited before.

    Args:
        wait: called once; what it waits for may be waited for by others, too.
    """

    def __init__(self, wait: Callable[[], Reply], environ: Environ, start_response: StartResponse) -> None:
        self._wait = wait
        self._otherwise: Callable[[Environ, Exception], Reply] | None = None
        self._environ = environ
        self._start_response = start_response
        self._reply: Reply | None = None

    def but(self, otherwise: Callable[[Environ, Exception], Reply]) -> "Later":
        """What is said instead when waiting fails."""
        self._otherwise = otherwise
        return self

    @property
    def awaited(self) -> Awaited | None:
        return Commit(self.settle) if self._reply is None else None

    def settle(self) -> Reply:
        """Returns when it is known."""
        if self._reply is None:
            try:
                self._reply = self._wait()
            except Exception as error:
                if self._otherwise is None:
                    raise
                self._reply = self._otherwise(self._environ, error)
        return self._reply

    def go_on(self) -> None:
        """There is no step behind the commit."""

    def finish(self) -> None:
        self.settle()

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.settle().send(self._environ, self._start_response))


@lru_cache(maxsize=64)
def status_line(status: int) -> str:
    """As WSGI wants it: `404 Not Found`."""
    return f"{status} {HTTPStatus(status).phrase}"


def read_body(environ: Environ, limit: int) -> bytes | None:
    """The request's body; None when it is longer than `limit` bytes."""
    length = int(environ.get("CONTENT_LENGTH") or 0)  # waitress has refused what is no number
    if length > limit:
        return None
    body: bytes = environ["wsgi.input"].read(limit + 1)
    return body if len(body) <= limit else None


def path_text(environ: Environ) -> str:
    """The decoded path; PEP 3333 hands bytes over as latin-1."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1").decode("utf-8", "replace")


def peer(environ: Environ) -> str:
    """The address that called; behind a trusted proxy, the one that it tells."""
    told = str(environ.get("REMOTE_ADDR", ""))
    # what waitress 3.0.2 makes of `[2001:db8::1]:443` and of `::ffff:192.0.2.1` in X-Forwarded-For
    if told.startswith("["):
        return told[1:].partition("]")[0]
    return str(environ.get("REMOTE_PORT", "")) if told.lower() == "::ffff" else told
