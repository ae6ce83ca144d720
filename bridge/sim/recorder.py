"""Remembers what was said to a fake peer and what it answered, byte for byte: to be shown to people."""

import io
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

MOST = 200


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One request with its answer. `number` grows by one with each."""

    number: int
    method: str
    address: str
    sent: str
    status: str
    answered: str
    took_s: float


class Recorder:
    """A WSGI app around another. Answers are read whole."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._recorded: deque[Recorded] = deque(maxlen=MOST)
        self._count = 0

    @property
    def count(self) -> int:
        """How many there were so far."""
        with self._lock:
            return self._count

    def since(self, count: int) -> list[Recorded]:
        """What came after so many."""
        with self._lock:
            return [one for one in self._recorded if one.number > count]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        started = time.monotonic()
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        said: list[str] = []

        def noting(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            said.append(status)
            return start_response(status, headers, *rest)

        answer = self._app(environ, noting)
        try:
            chunks = list(answer)
        finally:
            getattr(answer, "close", lambda: None)()
        query = environ.get("QUERY_STRING", "")
        with self._lock:
            self._count += 1
            self._recorded.append(
                Recorded(
                    number=self._count,
                    method=environ["REQUEST_METHOD"],
                    address=environ.get("PATH_INFO", "") + (f"?{query}" if query else ""),
                    sent=body.decode("utf-8", "replace"),
                    status=said[-1] if said else "",
                    answered=b"".join(chunks).decode("utf-8", "replace"),
                    took_s=time.monotonic() - started,
                )
            )
        return chunks
