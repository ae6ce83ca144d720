"""Alive, ready, and in figures: what a supervisor, a proxy and Prometheus ask."""

import os
from collections.abc import Callable, Iterable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from bridge.core.errors import StoreUnavailable
from bridge.observe import Figures, log
from bridge.web.http import Environ, Reply, StartResponse, path_text

SHARED_FIGURES = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own name: where processes share figures


class HealthEndpoint:
    """WSGI application at `/healthz`, `/readyz` and `/metrics`.

    Args:
        ready: proves that the store can commit, or raises `StoreUnavailable`.
        serving: False once the bridge drains, so that a proxy sends new work elsewhere.
        look: brings the figures that are states, not counts, up to date before they are shown.
    """

    def __init__(
        self,
        *,
        ready: Callable[[], None],
        serving: Callable[[], bool],
        look: Callable[[], None],
        figures: Figures,
    ) -> None:
        self._ready = ready
        self._serving = serving
        self._look = look
        self._figures = figures

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Reply.text(405, "GET or HEAD", Allow="GET, HEAD").send(environ, start_response)
        return self._answer(path_text(environ)).send(environ, start_response)

    def _answer(self, path: str) -> Reply:
        match path:
            case "/healthz":
                return Reply.text(200, "alive")
            case "/metrics":
                self._look()
                return Reply(status=200, body=generate_latest(self._exposed()), media=CONTENT_TYPE_LATEST)
        if not self._serving():
            return Reply.text(503, "draining")
        try:
            self._ready()
        except StoreUnavailable as error:
            log.error("store_unavailable", reason=str(error))
            return Reply.text(503, "cannot store")
        return Reply.text(200, "ready")

    def _exposed(self) -> CollectorRegistry:
        """The figures of this process, or the sums over all that share theirs."""
        if SHARED_FIGURES not in os.environ:
            return self._figures.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together
