"""Who is calling, as a caller of this module sees it: an answer in time, whatever 1C and the database do."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.callerid.asking import Answer, Gentleness, Line
from bridge.callerid.keeping import Callers, Shelf
from bridge.callerid.remembering import Memory
from bridge.core.caller import NOBODY, CallerCard, Directory
from bridge.core.numbers import mask
from bridge.flows.name_caller import (
    CallerNote,
    Lifetimes,
    Naming,
    Source,
    Told,
    first_known,
    key_of,
    key_of_inn,
    name_caller,
)
from bridge.observe import Figures, log

MARGIN_S = 0.02  # of the deadline, for what stands around us
LOOK_UP_SHARE = 0.5  # of the time: the table is near; what it does not say in time, 1C may
TURN_S = 0.05  # to look into the table: several telephones that ring for one call ask at one moment
PREFETCH = 8  # callers of an infobase in one go
STALE_SOON = 0.8  # of its fresh time a name is old enough to be asked again before somebody calls


@dataclass(frozen=True, kw_only=True)
class Manners:
    """How an exchange is answered. `order`: infobases, the first that knows wins."""

    order: tuple[str, ...]
    answer_s: float
    lifetimes: Lifetimes


class CallerId:
    """Answers never raise and never take longer than `answer_s`; end with `close`.

    Args:
        manners: by exchange.
        directories: by infobase: whom to ask, and how gently.
        seats: so many may wait at once; the others get what is known.
    """

    def __init__(
        self,
        callers: Callers,
        *,
        manners: Mapping[str, Manners],
        directories: Mapping[str, tuple[Directory, Gentleness]],
        seats: int,
        figures: Figures,
    ) -> None:
        self._callers = callers
        self._manners = dict(manners)
        self._figures = figures
        self._memory = Memory()
        self._shelf = Shelf(callers)
        # apart: whoever waits for 1C must not keep others from what the table knows
        self._looking = threading.BoundedSemaphore(max(1, seats // 2))
        self._waiting = threading.BoundedSemaphore(max(1, seats - seats // 2))
        self._lines = {
            name: self._line(name, directory, gentleness)
            for name, (directory, gentleness) in directories.items()
        }

    def answer(self, exchange: str, number: str) -> CallerCard:
        """Who calls from `number`, in any spelling; `NOBODY` when unknown, hidden or not in time."""
        return self._answer(exchange, key_of(number))

    def answer_inn(self, exchange: str, inn: str) -> CallerCard:
        """Whose taxpayer's number it is."""
        return self._answer(exchange, key_of_inn(inn))

    @property
    def infobases(self) -> tuple[str, ...]:
        """Those that can be asked."""
        return tuple(self._lines)

    def prefetch(self, infobase: str, *, fresh_s: float) -> int:
        """Ask again about those who call often, before what is known of them is old; returns how many.

        Raises:
            StoreUnavailable: nobody knows who they are.
        """
        line = self._lines[infobase]
        if not line.idle:
            return 0
        often = self._callers.often(infobase, older_than_s=STALE_SOON * fresh_s, limit=PREFETCH)
        return sum(line.ask(who, urgent=False) is not None for who in often)

    def close(self) -> None:
        """Nothing more is asked; what was learned is written."""
        for line in self._lines.values():
            line.close()
        self._shelf.close()

    # --- one answer ----------------------------------------------------------------------------------
    def _answer(self, exchange: str, who: str) -> CallerCard:
        began = time.monotonic()
        if who:
            card, source = self._name(self._manners[exchange], who, began)
        else:
            card, source = NOBODY, Source.HIDDEN
        self._figures.names.labels(exchange, source.value).inc()
        log.info(
            "caller_named",
            exchange=exchange,
            caller=mask(who.lstrip("+")),
            source=source.value,
            known=card.known,
            took_ms=round(1000 * (time.monotonic() - began)),
        )
        return card

    def _name(self, manners: Manners, who: str, began: float) -> tuple[CallerCard, Source]:
        until = began + manners.answer_s - MARGIN_S
        told = self._memory.get(who)
        naming = self._naming(manners, told or {})
        self._shelf.note(manners.order, who, CallerNote(asked_at=self._callers.now(), times=1))
        if told is not None and naming.card.known and naming.ask:
            self._ask_behind(manners, who)
            return naming.card, naming.source
        if naming.ask:  # the table may know, or know better
            with _seat(self._looking, TURN_S) as seated:
                if not seated:
                    self._ask_behind(manners, who)
                    return NOBODY, Source.BUSY
                self._look_up(manners, who, until)
            naming = self._naming(manners, self._memory.get(who) or {})
        if naming.card.known or not naming.ask:
            self._ask(naming.ask, who, urgent=False)
            return naming.card, naming.source
        with _seat(self._waiting) as seated:
            asked = self._ask(naming.ask, who, urgent=seated)
            return self._hear(manners, who, naming, asked, until) if seated else (NOBODY, Source.BUSY)

    def _look_up(self, manners: Manners, who: str, until: float) -> None:
        if looked := self._shelf.look_up(manners.order, who):
            wait_for([looked], timeout=LOOK_UP_SHARE * (until - time.monotonic()))
            if looked.done():
                self._memory.put(who, looked.result())
            else:
                looked.add_done_callback(lambda late: self._memory.put(who, late.result()))

    def _hear(
        self, manners: Manners, who: str, naming: Naming, asked: Mapping[str, Answer], until: float
    ) -> tuple[CallerCard, Source]:
        """Wait for the first in order that knows; when it is time, take who has answered."""
        while (left_s := until - time.monotonic()) > 0:
            pending = {name: one for name, one in asked.items() if not one.done()}
            if not pending or first_known(manners.order, self._memory.get(who) or {}, pending=pending):
                break
            wait_for(pending.values(), timeout=left_s, return_when=FIRST_COMPLETED)
        if card := first_known(manners.order, self._memory.get(who) or {}):
            return card, Source.ASKED
        said = [name for name, one in asked.items() if one.done() and one.result()]
        return NOBODY, Source.UNKNOWN if len(said) == len(naming.ask) else Source.TIMEOUT

    def _naming(self, manners: Manners, told: Mapping[str, Told]) -> Naming:
        return name_caller(manners.order, told, now=self._callers.now(), lifetimes=manners.lifetimes)

    def _ask(self, infobases: Sequence[str], who: str, *, urgent: bool) -> dict[str, Answer]:
        asked = {name: self._lines[name].ask(who, urgent=urgent) for name in infobases}
        return {name: one for name, one in asked.items() if one is not None}

    def _ask_behind(self, manners: Manners, who: str) -> None:
        """Another process may have learned it meanwhile: the table first, then 1C."""

        def looked_up(found: Future[dict[str, Told]]) -> None:
            self._memory.put(who, found.result())
            self._ask(self._naming(manners, self._memory.get(who) or {}).ask, who, urgent=False)

        if looked := self._shelf.look_up(manners.order, who):
            looked.add_done_callback(looked_up)

    def _line(self, infobase: str, directory: Directory, gentleness: Gentleness) -> Line:
        def learn(who: str, card: CallerCard, firmly: bool) -> None:
            known = (self._memory.get(who) or {}).get(infobase)
            if not firmly and known and known.card.known:
                return
            told = Told(card=card, told_at=self._callers.now())
            self._memory.put(who, {infobase: told})
            self._shelf.note((infobase,), who, CallerNote(told=told))

        return Line(infobase, directory, gentleness, learn=learn)


@contextmanager
def _seat(seats: threading.BoundedSemaphore, patience_s: float = 0.0) -> Iterator[bool]:
    """False when all are taken."""
    seated = seats.acquire(timeout=patience_s)
    try:
        yield seated
    finally:
        if seated:
            seats.release()
