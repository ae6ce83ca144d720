"""Who is calling, as a caller of this module sees it: an answer in time, whatever 1C and the database do."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from dataclasses import dataclass

from bridge.callerid.asking import Answer, Gentleness, Line
from bridge.callerid.keeping import Callers, Found, Shelf
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
from bridge.pausing import pausing

MARGIN_S = 0.02  # of the deadline, for what stands around us
LOOK_UP_SHARE = 0.5  # of the time: the table is near; what it does not say in time, 1C may
SURE_S = 1.0  # to look into the table before an empty answer is believed; nobody waits for that
TURN_S = 0.05  # to look into the table: several telephones that ring for one call ask at one moment
PREFETCH = 8  # callers of an infobase in one go
ROUND = 64 * PREFETCH  # callers who are asked about once before one is asked about again
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
        self._prefetched: dict[str, set[str]] = {name: set() for name in directories}
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
        done = self._prefetched[infobase]  # those whom 1C fails on stay the oldest, and must not be all
        older_than_s, limit = STALE_SOON * fresh_s, PREFETCH + len(done)
        often = self._callers.often(infobase, older_than_s=older_than_s, limit=limit)
        turn = [who for who in often if who not in done][:PREFETCH]
        done.update(turn)
        if len(turn) < PREFETCH or len(done) >= ROUND:
            done.clear()
        return sum(line.ask(who, urgent=False) is not None for who in turn)

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
            with pausing():
                wait_for([looked], timeout=LOOK_UP_SHARE * (until - time.monotonic()))
            if looked.done():
                self._memory.put(who, looked.result() or {})
            else:
                looked.add_done_callback(lambda late: self._memory.put(who, late.result() or {}))

    def _hear(
        self, manners: Manners, who: str, naming: Naming, asked: Mapping[str, Answer], until: float
    ) -> tuple[CallerCard, Source]:
        """Wait for the first in order that knows; when it is time, take who has answered."""
        while (left_s := until - time.monotonic()) > 0:
            pending = {name: one for name, one in asked.items() if not one.done()}
            if not pending or first_known(manners.order, self._memory.get(who) or {}, pending=pending):
                break
            with pausing():
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

        def looked_up(found: Found) -> None:
            self._memory.put(who, found.result() or {})
            self._ask(self._naming(manners, self._memory.get(who) or {}).ask, who, urgent=False)

        if looked := self._shelf.look_up(manners.order, who):
            looked.add_done_callback(looked_up)

    def _line(self, infobase: str, directory: Directory, gentleness: Gentleness) -> Line:
        def learn(who: str, card: CallerCard, firmly: bool) -> None:
            if not firmly and self._may_be_named(infobase, who):
                return
            told = Told(card=card, told_at=self._callers.now())
            self._memory.learn(who, infobase, told)
            self._shelf.note((infobase,), who, CallerNote(told=told))

        return Line(infobase, directory, gentleness, learn=learn)

    def _may_be_named(self, infobase: str, who: str) -> bool:
        """Whether this infobase told a name before. What cannot be looked up now may be one."""
        if not self._is_named(infobase, who) and (looked := self._shelf.look_up((infobase,), who)):
            wait_for([looked], timeout=SURE_S)
            found = looked.result() if looked.done() else None
            self._memory.put(who, found or {})
            return found is None or self._is_named(infobase, who)
        return True

    def _is_named(self, infobase: str, who: str) -> bool:
        known = (self._memory.get(who) or {}).get(infobase)
        return known is not None and known.card.known


@contextmanager
def _seat(seats: threading.BoundedSemaphore, patience_s: float = 0.0) -> Iterator[bool]:
    """False when all are taken."""
    seated = seats.acquire(timeout=patience_s)
    try:
        yield seated
    finally:
        if seated:
            seats.release()
