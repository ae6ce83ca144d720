"""A bridge of several processes on one Linux machine: entrances on many cores, one that tells 1C."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from prometheus_client import values
from prometheus_client.multiprocess import mark_process_dead

from bridge import __version__, lines
from bridge.observe import Figures, hide, log
from bridge.settings import Settings
from bridge.store.beside import accounts_at
from bridge.store.connection import own
from bridge.store.opening import migrate, open_store
from bridge.web.health import SHARED_FIGURES
from bridge.web.prefork import LONGEST_MESSAGE, Child, Parent, Service, Tether
from bridge.web.server import DRAIN_LIMIT_S, bind
from bridge.web.shares import Share, Shares
from bridge.wiring import Place, Role, connect, open_for
from bridge.wiring.console_extras import NO_EXTRAS, Extras, first_step
from bridge.wiring.figures_folder import figures_folder
from bridge.wiring.machine import cores, started

BACKLOG = 1024
FORCE_AFTER_S = 2 * DRAIN_LIMIT_S  # requests under way, then calls of 1C under way


@contextmanager
def several(
    settings: Settings, workers: int, *, role: Role = Role.ALL, extras: Extras = NO_EXTRAS
) -> Iterator[Parent]:
    """The parent of `workers` entrances and, unless the role is `web`, of one process that tells 1C.

    Raises:
        StoreUnavailable: the database cannot be opened.
        OSError: the address is taken.
    """
    hide(*settings.secrets())
    with _owned(settings), figures_folder() as folder:
        listener = bind(settings.server.host, settings.server.port)
        listener.listen(BACKLOG)  # whoever connects while children start waits for them
        listen = f"{settings.server.host}:{listener.getsockname()[1]}"

        def entrances(name: str, share: Share) -> Callable[[Tether], Service]:
            def make(tether: Tether) -> Service:
                bell = TetherBell(tether)
                place = Place(role=Role.WEB, listener=listener, share=share, bell=bell, extras=extras)
                return _member(settings, place, name, _shared_figures(folder, name))

            return make

        def teller(tether: Tether) -> Service:
            listener.close()
            place = Place(role=Role.WORKER, silent=True, bell=TetherBell(tether))
            return _member(settings, place, "worker", _shared_figures(folder, "worker"))

        shares = Shares(workers)
        names = [f"web-{number}" for number in range(1, workers + 1)]
        children = [
            Child(name=name, make=entrances(name, shares.of(number)), core=core)
            for number, (name, core) in enumerate(
                zip(names, _cores(workers, pin=settings.server.pin), strict=True)
            )
        ]
        if role is not Role.WEB:
            children.append(Child(name="worker", make=teller, last=True))
        log.info("started", version=__version__, listen=listen, role=role.value, processes=len(children))
        with accounts_at(settings.server.database) as accounts:
            first_step(settings, accounts)
        started()
        try:
            yield Parent(children, limit_s=settings.server.drain_s + FORCE_AFTER_S, ending=listener.close)
        finally:
            listener.close()
        log.info("stopped")


def _member(settings: Settings, place: Place, name: str, figures: Figures) -> Service:
    """One child's bridge, made in that child."""
    store = open_for(settings, owner=False, tells=place.role is Role.WORKER, name=name)
    try:
        bridge = connect(settings, store, place, figures)
    except BaseException:
        store.close()
        raise
    started()
    lines.in_background()
    return bridge


@contextmanager
def _owned(settings: Settings) -> Iterator[None]:
    """The schema is up to date; a file is ours for as long as this lasts, and no click of a crash is open."""
    file = settings.server.database_file
    if file is None:
        migrate(settings.server.database)
        yield
        return
    open_store(settings.server.database).close()
    lock = own(file)
    try:
        yield
    finally:
        lock.release()


class TetherBell:
    """A `Bell` between the children of one parent; a hint that finds no room is dropped."""

    def __init__(self, tether: Tether) -> None:
        self._tether = tether

    def ring(self, infobases: Iterable[str]) -> None:
        line = b""
        for name in infobases:
            word = name.encode()
            if line and len(line) + 1 + len(word) > LONGEST_MESSAGE:
                self._tether.say(line)
                line = b""
            line = line + b" " + word if line else word
        if line:
            self._tether.say(line)

    def listen(self, heard: Callable[[Sequence[str]], None]) -> None:
        self._tether.heard = lambda message: heard(message.decode().split())

    def close(self) -> None:
        self._tether.heard = lambda _: None


def _shared_figures(folder: str, name: str) -> Figures:
    """Figures in files of `folder`, so that any child can show the sums of all.

    prometheus_client decides for files when it is imported, by an environment variable, and names
    them by process: a counter would pile up one file for each that ever ran. Its switch is turned
    here instead, in the child and before the first figure, and files are named by the child's
    place: one that is forked again goes on counting where the fallen one was, but what the fallen
    one had under way is over.
    """
    os.environ[SHARED_FIGURES] = folder
    values.ValueClass = values.MultiProcessValue(lambda: name)  # type: ignore[no-untyped-call]
    mark_process_dead(name, folder)  # type: ignore[no-untyped-call]
    return Figures()


def _cores(workers: int, *, pin: bool) -> list[int | None]:
    """A core for each of the entrances, when there is more than one and the system tells."""
    ours = cores() if pin else []
    if len(ours) < 2:
        return [None] * workers
    return [ours[number % len(ours)] for number in range(workers)]
