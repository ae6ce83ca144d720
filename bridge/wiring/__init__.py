"""The composition root: the only package that knows all others. Settings become a running bridge."""

import threading

from bridge import __version__
from bridge.observe import Figures, hide, log
from bridge.settings import Settings
from bridge.store.opening import Store, open_store
from bridge.web.server import Server, ServerOptions
from bridge.wiring.entrances import Entrances
from bridge.wiring.partners import publications, targets
from bridge.worker import Worker


class Bridge:
    """A bridge put together by `assemble`. It serves while `run` runs, until `drain` is called."""

    def __init__(self, store: Store, worker: Worker, server: Server) -> None:
        self._store = store
        self._worker = worker
        self._server = server

    @property
    def port(self) -> int:
        return self._server.port

    def run(self) -> None:
        """Serve and deliver until `drain`; then finish what is under way and close the store."""
        self._worker.start()
        try:
            self._server.run()
        finally:
            self._worker.stop()
            self._store.close()
            log.info("stopped")

    def drain(self) -> None:
        self._server.drain()


def assemble(settings: Settings) -> Bridge:
    """Open the store, take the port, connect the roads.

    Raises:
        StoreUnavailable: the database cannot be opened.
        OSError: the address is taken.
    """
    hide(*settings.secrets())
    figures = Figures()
    store = open_store(settings.server.database)
    draining = threading.Event()
    try:
        published = publications(settings)
        worker = Worker(store, targets(settings, published), figures=figures)
        entrances = Entrances(
            settings=settings,
            store=store,
            worker=worker,
            publications=published,
            draining=draining,
            figures=figures,
            dialling=threading.BoundedSemaphore(max(1, settings.server.threads // 2)),
        )
        options = ServerOptions(
            host=settings.server.host,
            port=settings.server.port,
            threads=settings.server.threads,
            trusted_proxy=settings.server.trusted_proxy,
        )
        server = Server(entrances.router(), options, draining=draining)
    except BaseException:
        store.close()
        raise
    log.info("started", version=__version__, listen=f"{settings.server.host}:{server.port}")
    return Bridge(store, worker, server)
