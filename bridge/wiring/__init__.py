"""The composition root: the only package that knows all others. Settings become a running bridge."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from bridge import __version__
from bridge.callerid import CallerId
from bridge.chores import Chores
from bridge.core.errors import BadSettings, StoreUnavailable
from bridge.core.ports import Bell
from bridge.mailroom import MailRoom
from bridge.observe import Figures, hide, log
from bridge.settings import Settings
from bridge.store.opening import Store, bell_of, open_store
from bridge.web.http import Environ, Reply, StartResponse, WsgiApp, path_text
from bridge.web.server import Server, ServerOptions
from bridge.web.shares import Share
from bridge.wiring.callers import caller_id, prefetching
from bridge.wiring.clock import by_the_clock
from bridge.wiring.console_extras import NO_EXTRAS, Extras, first_step
from bridge.wiring.entrances import Entrances
from bridge.wiring.partners import longest_attempt_s, mailboxes, publications, targets
from bridge.wiring.tokens import TokenWatch
from bridge.worker import Worker

HEALTH = ("/healthz", "/readyz", "/metrics")
LOOK_EVERY_S = 5.0  # a process that tells but is asked nothing brings its figures up to date so often


class Role(StrEnum):
    """What a process does: entrances, telling 1C, or both."""

    ALL = "all"
    WEB = "web"
    WORKER = "worker"


class Hints:
    """Something new waits: whoever waits for it in this process is called, the others are rung for."""

    def __init__(self, bell: Bell | None, everybody: Iterable[str]) -> None:
        self.here: list[Callable[..., None]] = []
        self._bell = bell
        self._everybody = tuple(everybody)
        if bell:
            bell.listen(self._hear)

    def __call__(self, *infobases: str) -> None:
        self._tell(infobases)
        if self._bell and infobases:
            self._bell.ring(infobases)

    def _hear(self, infobases: Sequence[str]) -> None:
        self._tell(infobases or self._everybody)  # of nobody by name: of anybody

    def _tell(self, infobases: Sequence[str]) -> None:
        for wake in self.here:
            wake(*infobases)

    def close(self) -> None:
        if self._bell:
            self._bell.close()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a bridge stands among other processes.

    Attributes:
        listener: a socket shared with others; None: one of its own, at the address of the settings.
        share: of what comes to that socket.
        silent: it listens nowhere; somebody else looks after it.
        bell: how the others on this store are told, where the store has no way of its own.
        extras: what its console gets from whoever started it.
    """

    role: Role = Role.ALL
    listener: socket.socket | None = None
    share: Share | None = None
    silent: bool = False
    bell: Bell | None = None
    extras: Extras = NO_EXTRAS


class Bridge:
    """A bridge put together by `assemble`. It serves while `run` runs, until `drain` is called."""

    def __init__(
        self,
        *,
        store: Store,
        worker: Worker | None,
        server: Server | None,
        hints: Hints,
        draining: threading.Event,
        chores: Chores,
        look: Callable[[], None],
        dismiss: Callable[[], None],
        callerid: CallerId,
        tokens: TokenWatch | None,
    ) -> None:
        self._store = store
        self._worker = worker
        self._server = server
        self._hints = hints
        self._draining = draining
        self._chores = chores
        self._look = look
        self._dismiss = dismiss
        self._callerid = callerid
        self._tokens = tokens

    @property
    def port(self) -> int:
        return self._server.port if self._server else 0

    def run(self) -> None:
        """Serve and deliver until `drain`; then finish what is under way and close the store."""
        if self._worker:
            self._worker.start()
        self._chores.start()
        if self._tokens:
            self._tokens.start()
        try:
            if self._server:
                self._server.run()
            else:
                self._watch()
        finally:
            self._chores.stop()
            if self._tokens:
                self._tokens.stop()
            if self._worker:
                self._worker.stop()
            self._callerid.close()
            self._hints.close()
            self._store.close()
            log.info("stopped")

    def drain(self, *, at_once: bool = False) -> None:
        """Safe from any thread and from a signal. With `at_once` no proxy is given time to notice."""
        if self._server:
            self._server.drain(at_once=at_once)
        else:
            self._draining.set()
        # in a thread: who holds the lock of the mailroom may wait for what a signal interrupted
        threading.Thread(target=self._dismiss, name="dismiss", daemon=True).start()

    def _watch(self) -> None:
        look_at = 0.0
        while not self._draining.is_set():  # not `wait`: a signal might find it holding its lock
            if time.monotonic() >= look_at:
                with suppress(StoreUnavailable):
                    self._look()
                look_at = time.monotonic() + LOOK_EVERY_S
            time.sleep(0.05)


def assemble(settings: Settings, *, role: Role = Role.ALL, extras: Extras = NO_EXTRAS) -> Bridge:
    """Open the store, take the port, connect the roads.

    Raises:
        BadSettings: the role needs a database that several processes may share.
        StoreUnavailable: the database cannot be opened.
        OSError: the address is taken.
    """
    hide(*settings.secrets())
    if role is not Role.ALL and settings.server.database_file:
        raise BadSettings(
            f"--role {role} — для нескольких процессов на одной базе PostgreSQL (server.database = "
            '"postgresql://…"), а файл SQLite принадлежит одному мосту. Несколько процессов на одном файле — '
            "serve --workers N"
        )
    store = open_for(settings)
    try:
        bridge = connect(settings, store, Place(role=role, extras=extras), Figures())
    except BaseException:
        store.close()
        raise
    log.info("started", version=__version__, listen=f"{settings.server.host}:{bridge.port}", role=role.value)
    if role is not Role.WORKER:
        first_step(settings, store.accounts)
    return bridge


def open_for(settings: Settings, *, owner: bool = True, tells: bool | None = None, name: str = "") -> Store:
    """The store that these settings name; see `open_store`."""
    attempts_s = [longest_attempt_s(one) for one in settings.infobase.values()]
    return open_store(
        settings.server.database,
        owner=owner,
        tells=tells,
        name=name,
        longest_attempt_s=max(attempts_s, default=0.0),
    )


def connect(settings: Settings, store: Store, place: Place, figures: Figures) -> Bridge:
    """The roads of one process on an open store."""
    published = publications(settings)
    worker = None
    if place.role is not Role.WEB:
        worker = Worker(store, targets(settings, published), figures=figures)
    hints = Hints(bell_of(store) or place.bell, settings.infobase)
    if worker:
        hints.here.append(worker.hint)
    seats = min(settings.server.mailbox_waiters, settings.server.threads // 4)
    mailroom = MailRoom(seats, mailboxes(settings), figures=figures)
    hints.here.append(mailroom.knock)
    draining = threading.Event()
    names = caller_id(settings, store, published, figures)
    tokens = TokenWatch(settings, store.tokens)
    entrances = Entrances(
        settings=settings,
        store=store,
        tell=worker.tell if worker else lambda _, __: (),
        hint=hints,
        breakers=worker.breakers if worker else dict,
        publications=published,
        draining=draining,
        figures=figures,
        mailroom=mailroom,
        dialling=threading.BoundedSemaphore(max(1, settings.server.threads // 2)),
        callerid=names,
        tokens=tokens,
        extras=place.extras,
    )
    server = None
    if not place.silent:
        router: WsgiApp = entrances.router()
        application = _health_only(router) if place.role is Role.WORKER else router
        try:
            server = Server(
                application,
                options(settings),
                draining=draining,
                listener=place.listener,
                share=place.share,
            )
        except BaseException:
            hints.close()
            raise
    chores = Chores(())
    if worker:
        chores = by_the_clock(
            settings,
            store=store,
            published=published,
            hint=hints,
            figures=figures,
            more=[prefetching(settings, names, worker.breakers)],
        )
    return Bridge(
        chores=chores,
        store=store,
        worker=worker,
        server=server,
        hints=hints,
        draining=draining,
        look=entrances.look,
        dismiss=mailroom.close,  # who waits for events would hold up the stop
        callerid=names,
        tokens=None if place.role is Role.WORKER else tokens,
    )


def options(settings: Settings) -> ServerOptions:
    """How to listen."""
    return ServerOptions(
        host=settings.server.host,
        port=settings.server.port,
        threads=settings.server.threads,
        trusted_proxy=settings.server.trusted_proxy,
        drain_s=settings.server.drain_s,
    )


def _health_only(application: WsgiApp) -> WsgiApp:
    """For a process that 1C and the exchange have no business with."""

    def answer(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if path_text(environ) in HEALTH:
            return application(environ, start_response)
        return Reply.text(404, "no entrance here: this process only tells 1C").send(environ, start_response)

    return answer
