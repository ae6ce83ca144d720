"""An entrance that is made when somebody first comes to it."""

import threading
from collections.abc import Callable, Iterable

from bridge.web.http import Environ, StartResponse, WsgiApp
from bridge.web.steps import ASIDE, IN_STEPS


class OnDemand:
    """WSGI application. `make` is called once, by whoever comes first; the others wait for it."""

    def __init__(self, make: Callable[[], WsgiApp]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: WsgiApp | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if self._made is None and environ.get(IN_STEPS):
            return ASIDE
        return self._application()(environ, start_response)

    def _application(self) -> WsgiApp:
        if self._made is None:
            with self._lock:
                self._made = self._made or self._make()
        return self._made
