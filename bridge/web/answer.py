"""How a request is answered: by waitress's task, with what it does again for each request done once.

Waitress checks, capitalizes and sorts the same few headers for each answer, and hands the first of the body
to the system apart from them.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from waitress.task import WSGITask
from waitress.utilities import build_http_date

from bridge.core.steps import THREAD, Awaited
from bridge.web.heads import Head, Repeated
from bridge.web.http import Environ, Later
from bridge.web.steps import ASIDE, IN_STEPS, Stepped

# of answers whose heads are kept: none of their values is anybody's secret
_PLAIN = frozenset({"Content-Type", "Content-Length", "X-Content-Type-Options"})
_IN_STEPS = (Later, Stepped)


class Task(WSGITask):  # type: ignore[misc]
    """Once a drain began, each answer asks its client to come back on another connection.

    Its application may be called before its turn to be answered has come, by `begin`.
    """

    wrote_header: bool
    _given: Iterable[bytes] | None = None  # by the application when it was begun
    _error: Exception | None = None

    def begin(self) -> Awaited | None:
        """Call the application, whose answer is small; what it waits for. Never raises."""
        try:
            environ = self.get_environment()
            environ[IN_STEPS] = True
            given = self.channel.server.application(environ, self._start_response)
            if given is ASIDE:
                self.request.get_body_stream().seek(0)  # it is read once more
                return THREAD
        except Exception as error:  # noqa: BLE001 - raised where waitress expects it
            self._error = error
            return None
        self._given = given
        return given.awaited if isinstance(given, _IN_STEPS) else None

    @property
    def begun(self) -> bool:
        return self._given is not None or self._error is not None

    def settle(self) -> None:
        """Wait for the commit that is awaited by what was begun. Never raises."""
        self._take(lambda given: given.settle())

    def go_on(self) -> Awaited | None:
        """As `Stepped`. Never raises."""
        self._take(lambda given: given.go_on())
        given = self._given
        return given.awaited if isinstance(given, _IN_STEPS) and not self._error else None

    def go_through(self) -> None:
        """Take all steps of what was begun. Never raises."""
        self._take(lambda given: given.finish())

    def _take(self, steps: Callable[[Later | Stepped], object]) -> None:
        if isinstance(self._given, _IN_STEPS) and self._error is None:
            try:
                steps(self._given)
            except Exception as error:  # noqa: BLE001 - as above
                self._error = error

    def execute(self) -> None:
        if self._error is not None:
            raise self._error
        if self._given is None:
            super().execute()
            return
        body = b"".join(self._given)  # who answers later says the status only now
        self.content_length = len(body)
        self.write(body)

    def _start_response(self, status: str, headers: Sequence[tuple[str, str]], _: Any = None) -> None:
        self.status = status
        self.response_headers = list(headers)
        self.complete = True

    def get_environment(self) -> Environ:
        request, channel = self.request, self.channel
        if isinstance(request, Repeated):
            environ: Environ = request.environ()
            environ["waitress.client_disconnected"] = channel.check_client_disconnected
            return environ
        environ = super().get_environment()
        channel.known = Head.of(request.head, request, environ)
        return environ

    def build_response_header(self) -> bytes:
        headers = self.request.headers
        if self.channel.server.draining.is_set() and not self.channel.more():
            self.request.headers = {**headers, "CONNECTION": "close"}
        elif self.version == "1.1" and headers.get("CONNECTION", "").lower() != "close":
            kept = self._kept()
            if kept:
                return kept[0] + _date(int(self.start_time)) + kept[1]
        return bytes(super().build_response_header())

    def _kept(self) -> tuple[bytes, bytes] | None:
        """Around the date, when nothing unusual is said and the connection stays."""
        said = self.response_headers
        if self.close_on_finish or not self.has_body or not _PLAIN.issuperset([name for name, _ in said]):
            return None
        return _around_date(self.status, tuple(said))

    def write(self, data: bytes) -> None:
        """The headers go with the first of the body: one packet, and one call of the system."""
        if self.wrote_header or not data:
            super().write(data)
        elif self.content_length == len(data) and self.complete and self.has_body:
            self.channel.write_soon(self.build_response_header() + data)
            self.wrote_header = True
            self.content_bytes_written = len(data)
        else:
            self._write_together(data)

    def _write_together(self, data: bytes) -> None:
        self.channel.gather()
        try:
            super().write(data)
        except BaseException:
            self.channel.gathered()
            raise
        self.channel.write_soon(self.channel.gathered())


@lru_cache(maxsize=256)
def _around_date(status: str, headers: tuple[tuple[str, str], ...]) -> tuple[bytes, bytes] | None:
    """What waitress writes before and after the date of an answer that has a length; None: it has none."""
    if not any(name == "Content-Length" for name, _ in headers):
        return None
    lines = sorted(headers, key=lambda header: header[0])
    before = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in lines if name < "Date")]
    after = ["", *(f"{name}: {value}" for name, value in lines if name > "Date"), "", ""]
    return "\r\n".join([*before, "Date: "]).encode("latin-1"), "\r\n".join(after).encode("latin-1")


@lru_cache(maxsize=2)
def _date(second: int) -> bytes:
    return str(build_http_date(second)).encode()
