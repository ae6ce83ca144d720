"""How gently one infobase is told: what may start now, and when the store is worth asking again."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.delivery import Denied, Outcome
from bridge.core.errors import StoreUnavailable
from bridge.core.ports import Begin, Claim, Contract, Outbox
from bridge.crew import Crew
from bridge.observe import log

TICK_S = 1.0  # the backstop: replays by the command line come without a hint
STORE_RETRY_S = 0.5
SOONEST_S = 0.01  # between two looks that found nothing to start

Tell = Callable[[Sequence[Claim]], None]


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


class Pace:
    """Of one infobase; safe for several threads.

    Args:
        round_by: somebody looks at it by this second of the monotonic clock, or sooner.
        stopping: then nothing more starts.

    Attributes:
        crew: its threads: one for each call, one to wait for them all, one that writes what became of them,
            one that gives the session back. They are its own: one that hangs must not use up those of others.
        hints: how often something new came.
    """

    def __init__(
        self,
        name: str,
        target: Target,
        outbox: Outbox,
        *,
        round_by: Callable[[float], None],
        stopping: threading.Event,
        dice: Callable[[], float],
    ) -> None:
        self.name = name
        self.target = target
        self.crew = Crew(target.concurrency + 3, "deliver")
        self.breaker = Breaker()
        self.hints = 0
        self.stopping = stopping
        self.dice = dice
        self._outbox = outbox
        self._round_by = round_by
        self._guard = threading.Lock()
        self._in_flight = 0
        self._unwritten = 0  # 1C has answered, and the store does not know it yet
        self._refused = False  # the store takes no verdicts
        self._back: bool | None = None  # 1C has just come back; whether it had hung
        self._look_at = 0.0  # monotonic: when the store is worth asking
        self._looking = False  # somebody asks it now, and asks again if `_look_at` went back to 0 meanwhile
        self._called_at = 0.0  # 0 once the session was given back

    def hint(self) -> bool:
        """Something new came. False when nothing may start, or somebody is looking, who will look again."""
        with self._guard:
            self._look_at = 0.0
            self.hints += 1
            return not self._looking and self._room() > 0

    def wanted(self) -> bool:
        """Whether `look` would find something, as far as is known."""
        with self._guard:
            asked = not self._look_at and not self._looking and not self.stopping.is_set()
            return asked and self._room() > 0

    def seat(self) -> bool:
        """Take one for something that nobody looked for; False when it is the turn of what waits, as far as
        is known, or nothing may start."""
        now = time.monotonic()
        with self._guard:
            waits = self._looking or now >= self._look_at
            if waits or self.stopping.is_set() or self._room() == 0:
                return False
            self._in_flight += 1
            self._called_at = now
            return True

    def unseat(self) -> None:
        """There was nothing to tell."""
        with self._guard:
            self._in_flight -= 1

    def look(self, tell: Tell) -> None:
        """Have told what may start now, counted as under way.

        Raises:
            StoreUnavailable: the rest of it stays in the store.
        """
        with self._guard:
            if self._looking:
                return
            self._looking = True
        try:
            while room := self._room_to_look():
                self._claim(room, tell)
        except BaseException as error:
            with self._guard:
                self._looking = False
            if not isinstance(error, Exception) or isinstance(error, StoreUnavailable):
                raise
            # its own defect: the others are served all the same
            log.error("scheduler_incident", infobase=self.name, exc_info=error)
            self._round_by(time.monotonic() + TICK_S)

    def take(self, tell: Tell) -> None:
        """`look`, that never raises."""
        try:
            self.look(tell)
        except StoreUnavailable as error:
            log.error("store_unavailable", reason=str(error))
            self._round_by(time.monotonic() + STORE_RETRY_S)

    def _claim(self, room: int, tell: Tell) -> None:
        claims = self._outbox.claims(self.name, room)
        with self._guard:
            self._in_flight += len(claims)
            if claims:
                self._called_at = time.monotonic()
            if len(claims) == room:
                self._look_at = 0.0
        if claims:
            tell(claims)
        if len(claims) < room:
            self._rest()

    def _room_to_look(self) -> int:
        """How many may start now, if the store is worth asking; with 0 somebody else may look."""
        now = time.monotonic()
        with self._guard:
            room = 0 if now < self._look_at or self.stopping.is_set() else self._room()
            if room:
                self._look_at = now + TICK_S  # a hint from now on brings it back to 0
                return room
            if self._in_flight == 0 and now >= self._look_at:
                self._look_at = self.breaker.retry_at
            look_at, self._looking = self._look_at, False
        if look_at:
            self._round_by(look_at)
        return 0

    def _room(self) -> int:
        """Who is told one at a time is told behind the commit of the last verdict; several, before it."""
        several = self.target.concurrency > 1 and not self._refused
        unwritten = self._unwritten - (self.target.concurrency if several else 0)
        return self.breaker.room(
            now=time.monotonic(),
            concurrency=self.target.concurrency,
            in_flight=self._in_flight + max(0, unwritten),
        )

    def _rest(self) -> None:
        due_in = self._outbox.due_in(self.name)
        with self._guard:
            if self._look_at:  # no hint came since the claim
                wait_s = TICK_S if due_in is None else max(SOONEST_S, min(due_in, TICK_S))
                self._look_at = time.monotonic() + wait_s
            quiet = self._called_at and time.monotonic() - self._called_at > self.target.idle_s
            if not quiet or self._in_flight or self._unwritten:
                return
            self._called_at = 0.0
        self.crew.give(self.idle)

    def idle(self) -> None:
        """Give the session back, and the infobase to whoever else could tell it."""
        try:
            self.target.idle()
            self._outbox.rest(self.name)
        except Exception as error:  # noqa: BLE001 - a courtesy: it must not stop us from stopping
            log.error("scheduler_incident", infobase=self.name, exc_info=error)

    def busy(self) -> bool:
        """Whether something is under way, or not yet written."""
        with self._guard:
            return self._in_flight > 0 or self._unwritten > 0

    def calling(self) -> bool:
        with self._guard:
            return self._in_flight > 0

    def heard(self, outcome: Outcome) -> None:
        """A call is over; its verdict is to be written."""
        with self._guard:
            before, now = self.breaker, time.monotonic()
            after = before.after(outcome, now=now, policy=self.target.breaker, dice=self.dice())
            self.breaker = after
            self._in_flight -= 1
            self._unwritten += 1
            if (before.failures or before.open) and not after.open and not after.failures:
                self._back = before.open
        if after.open and (not before.open or after.denied != before.denied):
            level = log.error if isinstance(outcome, Denied) else log.warning
            level("infobase_away", infobase=self.name, reason=after.reason, denied=after.denied)
        if before.failures and not after.failures and before.open:
            log.info("infobase_back", infobase=self.name)

    def refused(self) -> None:
        """The store takes no verdicts: nothing is sent in the stead of those that wait."""
        with self._guard:
            self._refused = True

    def written(self, count: int, *, more: bool) -> None:
        """So many verdicts are written, or given up; `more` may be told now."""
        with self._guard:
            back, self._back = self._back, None
            self._unwritten -= count
            self._refused = False
        if back is not None:
            self._hasten(hung=back)
        if more or back is not None:
            with self._guard:
                self._look_at = 0.0

    def _hasten(self, *, hung: bool) -> None:
        try:
            self._outbox.hasten(self.name, hung=hung)
        except Exception as error:  # noqa: BLE001 - they come due by themselves, only later
            event = "store_unavailable" if isinstance(error, StoreUnavailable) else "scheduler_incident"
            log.error(event, infobase=self.name, reason=str(error))
