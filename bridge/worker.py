"""1C is told: the loop that empties the outbox, each infobase at its own pace.

One scheduler notices what has come due and gives it to the infobase's desk, which tells it and takes the
next by itself. An infobase is asked about in the store only when something of it may be due.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.delivery import Denied, Outcome
from bridge.core.errors import StoreUnavailable
from bridge.core.ports import Begin, Claim, Contract, Outbox
from bridge.crew import Crew
from bridge.desk import STORE_RETRY_S, Desk, Telling
from bridge.observe import Figures, log

TICK_S = 1.0  # the backstop: replays by the command line come without a hint
SOONEST_S = 0.01  # between two looks that found nothing to start


@dataclass(frozen=True, kw_only=True)
class Target:
    """An infobase to tell, and how gently. `idle` is called when nothing has waited for a while.

    `begin` is there where 1C can be called without waiting.
    """

    contract: Contract
    begin: Begin | None = None
    concurrency: int = 1  # a call is a session, a session is a licence
    attempts: int = 12
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    idle: Callable[[], None] = lambda: None
    idle_s: float = 20.0


class _Pace:
    """What the worker knows of an infobase between two looks, and the threads that call it."""

    def __init__(self, concurrency: int) -> None:
        self.breaker = Breaker()
        self.in_flight = 0
        self.look_at = 0.0  # monotonic: when the store is worth asking
        self.looking = False  # somebody asks it now, and asks again if `look_at` went back to 0 meanwhile
        self.hints = 0
        self.called_at = 0.0  # 0 once the session was given back
        # its own threads: one that hangs must not use up the others'; one more is the desk's, and one gives
        # the session back
        self.crew = Crew(concurrency + 2, "deliver")


class _Part:
    """The scheduler, as the desk of one infobase sees it."""

    def __init__(self, worker: "Worker", name: str) -> None:
        self.take = partial(worker._take, name)
        self.wanted = partial(worker._wanted, name)
        self.hints = partial(worker._hints, name)
        self.ended = partial(worker._ended, name)
        self.dice = worker._dice


class Worker:
    """Start with `start`, wake with `hint`, end with `stop` (which lets attempts under way finish)."""

    def __init__(
        self,
        outbox: Outbox,
        targets: Mapping[str, Target],
        *,
        figures: Figures,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._targets = dict(targets)
        self._order = deque(targets)
        self._figures = figures
        self._dice = dice
        self._paces = {name: _Pace(target.concurrency) for name, target in targets.items()}
        self._changed = threading.Condition()
        self._asked: dict[str, None] = {}  # infobases that something came for
        self._round_at = 0.0  # monotonic: when everybody is to be looked at
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)
        self._desks = {name: self._desk(name, target) for name, target in targets.items()}

    def _desk(self, name: str, target: Target) -> Desk:
        telling = Telling(name, target.contract, target.begin, target.attempts)
        crew = self._paces[name].crew
        return Desk(telling, _Part(self, name), self._outbox, crew, self._figures, self._stopping)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Claim nothing more; wait for the attempts under way."""
        self._stopping.set()
        self.hint()
        self._thread.join()
        for desk in self._desks.values():
            desk.wake()
        for pace in self._paces.values():
            pace.crew.stop()
        with ThreadPoolExecutor(max_workers=len(self._targets) + 1) as goodbyes:
            for name in self._targets:
                goodbyes.submit(self._idle, name)

    def hint(self, *infobases: str) -> None:
        """Something new waits for these infobases; with none, look at everybody."""
        with self._changed:
            startable = [name for name in infobases if name in self._paces and self._can_start(name)]
        asked = [name for name in startable if not self._desks[name].wake()]
        if infobases and not asked:
            return
        with self._changed:
            before = len(self._asked)
            self._asked.update(dict.fromkeys(asked))
            if not infobases:
                self._round_at = 0.0
            if not infobases or len(self._asked) > before:
                self._changed.notify()

    def _can_start(self, name: str) -> bool:
        """Whether it is worth waking somebody; else who is busy with this infobase will look by himself."""
        pace = self._paces[name]
        pace.look_at = 0.0
        pace.hints += 1
        return not pace.looking and self._room(name) > 0

    def breakers(self) -> dict[str, Breaker]:
        """Who can hear now, for the health page."""
        with self._changed:
            return {name: pace.breaker for name, pace in self._paces.items()}

    # --- scheduling ------------------------------------------------------------------------------
    def _run(self) -> None:
        last_expiry = 0.0
        while not self._stopping.is_set():
            try:
                self._look_at_all(self._wait())
                if time.monotonic() - last_expiry >= TICK_S:
                    try:
                        self._expire()
                    finally:
                        last_expiry = time.monotonic()
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                self._round_by(time.monotonic() + STORE_RETRY_S)
            except Exception as error:  # noqa: BLE001 - the scheduler must outlive any defect
                log.error("scheduler_incident", exc_info=error)
                self._stopping.wait(TICK_S)

    def _wait(self) -> Iterable[str]:
        """Until something may be started; the infobases to look at, everybody from time to time."""
        with self._changed:
            while not self._asked and (left_s := self._round_at - time.monotonic()) > 0:
                self._changed.wait(left_s)
            asked, self._asked = self._asked, {}
            if time.monotonic() < self._round_at:
                return asked
            self._round_at = time.monotonic() + TICK_S
        return self._everybody()

    def _everybody(self) -> Iterable[str]:
        """One on whom the store fails ends the round and is the last of the next."""
        for _ in range(len(self._order)):
            name = self._order[0]
            self._order.rotate(-1)
            yield name

    def _look_at_all(self, names: Iterable[str]) -> None:
        for name in names:
            self._desks[name].give(self._look(name))

    def _expire(self) -> None:
        if ended := self._outbox.expire():
            self._figures.expired.inc(ended)
            log.warning("deliveries_expired", count=ended)

    def _look(self, name: str) -> Sequence[Claim]:
        """`_claims`, whose defects are this infobase's own: the others are served all the same."""
        try:
            return self._claims(name)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            log.error("scheduler_incident", infobase=name, exc_info=error)
            self._round_by(time.monotonic() + TICK_S)
            return ()

    def _claims(self, name: str) -> Sequence[Claim]:
        """What may start now for one infobase, counted as under way."""
        pace = self._paces[name]
        with self._changed:
            if pace.looking:
                return ()
            pace.looking = True
        found: list[Claim] = []
        try:
            while room := self._room_to_look(name):
                claims = self._outbox.claims(name, room)
                found += claims
                with self._changed:
                    pace.in_flight += len(claims)
                    if claims:
                        pace.called_at = time.monotonic()
                    if len(claims) == room:
                        pace.look_at = 0.0
                if len(claims) < room:
                    self._rest(name, pace)
        except BaseException:
            with self._changed:
                pace.looking = False
            self._desks[name].give(found)
            raise
        return found

    def _room_to_look(self, name: str) -> int:
        """How many may start now, if the store is worth asking; with 0 somebody else may look."""
        pace, now = self._paces[name], time.monotonic()
        with self._changed:
            room = 0 if now < pace.look_at or self._stopping.is_set() else self._room(name)
            if room == 0:
                if pace.in_flight == 0 and now >= pace.look_at:
                    pace.look_at = pace.breaker.retry_at
                if pace.look_at:
                    self._round_by(pace.look_at)
                pace.looking = False
            else:
                pace.look_at = now + TICK_S  # a hint from now on brings it back to 0
        return room

    def _room(self, name: str) -> int:
        pace = self._paces[name]
        return pace.breaker.room(
            now=time.monotonic(), concurrency=self._targets[name].concurrency, in_flight=pace.in_flight
        )

    def _round_by(self, at: float) -> None:
        """Everybody is to be looked at by then."""
        with self._changed:
            if at < self._round_at:
                self._round_at = at
                self._changed.notify()

    def _rest(self, name: str, pace: _Pace) -> None:
        due_in = self._outbox.due_in(name)
        with self._changed:
            if pace.look_at:  # no hint came since the claim
                wait_s = TICK_S if due_in is None else max(SOONEST_S, min(due_in, TICK_S))
                pace.look_at = time.monotonic() + wait_s
            quiet = pace.called_at and time.monotonic() - pace.called_at > self._targets[name].idle_s
            if not quiet or pace.in_flight:
                return
            pace.called_at = 0.0
        pace.crew.give(partial(self._idle, name))

    def _idle(self, name: str) -> None:
        try:
            self._targets[name].idle()
            self._outbox.rest(name)
        except Exception as error:  # noqa: BLE001 - a courtesy: it must not stop us from stopping
            log.error("scheduler_incident", infobase=name, exc_info=error)

    # --- what the desks ask ------------------------------------------------------------------------
    def _take(self, name: str) -> Sequence[Claim]:
        try:
            return self._look(name)
        except StoreUnavailable as error:
            log.error("store_unavailable", reason=str(error))
            self._round_by(time.monotonic() + STORE_RETRY_S)
            return ()

    def _wanted(self, name: str) -> bool:
        pace = self._paces[name]
        with self._changed:
            asked = not pace.look_at and not pace.looking and not self._stopping.is_set()
            return asked and self._room(name) > 0

    def _hints(self, name: str) -> int:
        return self._paces[name].hints

    def _ended(self, name: str, outcome: Outcome, *, more: bool) -> None:
        before = self._note(name, outcome)
        if before is not None:
            self._hasten(name, hung=before.open)
        if more or before is not None:
            with self._changed:
                self._paces[name].look_at = 0.0

    def _hasten(self, name: str, *, hung: bool) -> None:
        try:
            self._outbox.hasten(name, hung=hung)
        except StoreUnavailable as error:  # they come due by themselves, only later
            log.error("store_unavailable", reason=str(error))

    def _note(self, name: str, outcome: Outcome) -> Breaker | None:
        """Let the breaker know; when the infobase has just come back, the breaker as it was before."""
        with self._changed:
            pace = self._paces[name]
            before = pace.breaker
            pace.breaker = before.after(
                outcome, now=time.monotonic(), policy=self._targets[name].breaker, dice=self._dice()
            )
            pace.in_flight -= 1
            after = pace.breaker
        if after.open and (not before.open or after.denied != before.denied):
            level = log.error if isinstance(outcome, Denied) else log.warning
            level("infobase_away", infobase=name, reason=after.reason, denied=after.denied)
        if before.failures and not after.failures and before.open:
            log.info("infobase_back", infobase=name)
        came_back = (before.failures or before.open) and not after.open and not after.failures
        return before if came_back else None
