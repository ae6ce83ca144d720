"""Where one infobase is told: a thread that calls 1C, waits for all answers together, and writes verdicts.

What became of the calls that ended meanwhile is written with one commit, and what is next is taken at once.
A call that cannot be begun without waiting (a new connection, a firm's own web service) and an answer that
comes in pieces are for the others of the crew. The thread is there only while something is to be told.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial

from bridge.core.delivery import Faulted
from bridge.core.ports import Calling, Claim, Outbox
from bridge.flows.deliver import Attempt, attempted, deliver
from bridge.observe import Figures, log
from bridge.pace import Pace
from bridge.verdicts import Verdicts
from bridge.watching import Watch

LINGER_S = 1.0  # without anything to tell
INCIDENT_S = 1.0
INCIDENT = "внутренняя ошибка моста, см. журнал: delivery_incident"


@dataclass(frozen=True)
class _Call:
    """Under way since `at` (monotonic)."""

    claim: Claim
    at: float
    calling: Calling


class Desk:
    """Give it claims; `wake` it when there may be more to take."""

    def __init__(self, pace: Pace, outbox: Outbox, figures: Figures) -> None:
        self._pace = pace
        self._target = pace.target
        self._stopping = pace.stopping
        self._seconds = figures.delivery_seconds.labels(pace.name)
        self._outcomes = cache(partial(figures.deliveries.labels, pace.name))
        self._verdicts = Verdicts(pace, outbox, hand_over=self._hand_over, wake=self.wake)
        self._guard = threading.Lock()
        self._open = False
        self._attentive = False  # it will take what is next before it sleeps
        self._asleep: Watch[_Call] | None = None
        self._given: deque[Claim] = deque()
        self._under_way = 0  # begun, and the pace does not know yet that it ended; of the desk's thread

    def give(self, claims: Iterable[Claim]) -> None:
        """Tell these, and what found no thread before.

        Raises:
            RuntimeError: there is no thread for it.
        """
        self._given.extend(claims)
        if not self._given:
            return
        with self._guard:
            if self._open:
                self._rouse()
                return
            self._open = self._attentive = True
        try:
            self._pace.crew.give(self._tend)
        except BaseException:
            self._shut()
            raise

    def wake(self) -> bool:
        """False when nobody here will soon take what is next: there is no desk, or it waits for the disk."""
        with self._guard:
            self._rouse()
            return self._attentive

    def _rouse(self) -> None:
        watch, self._asleep = self._asleep, None
        if watch:
            watch.wake()

    def _shut(self) -> None:
        with self._guard:
            self._open = self._attentive = False

    # --- the desk's thread -------------------------------------------------------------------------
    def _tend(self) -> None:
        try:
            watch: Watch[_Call] = Watch()
        except OSError as error:  # no file numbers left
            self._incident(error)
            self._shut()
            if not self._stopping.is_set():
                self.give(())
            return
        idle_since = time.monotonic()
        while True:
            try:
                self._take(watch)
                if self._settle():
                    continue
                if self._wait(watch) or self._under_way:
                    idle_since = time.monotonic()
                    continue
                lingers = time.monotonic() - idle_since < LINGER_S and not self._stopping.is_set()
                if not lingers and self._closed():
                    break
            except Exception as error:  # noqa: BLE001 - what is under way here is nobody else's
                self._incident(error)
        watch.close()

    def _incident(self, error: Exception) -> None:
        log.error("scheduler_incident", infobase=self._pace.name, exc_info=error)
        self._stopping.wait(INCIDENT_S)

    def _closed(self) -> bool:
        with self._guard:
            if self._given:
                return False
            self._open = self._attentive = False
        if not self._pace.wanted():
            return True
        with self._guard:  # a hint found the desk as it was closing
            if self._open:
                return True
            self._open = self._attentive = True
        return False

    def _take(self, watch: Watch[_Call]) -> None:
        """Begin what may be told now; the given first, for who gave them took them earlier."""

        def tell(claims: Iterable[Claim]) -> None:
            self._given.extend(claims)
            while self._given:
                self._under_way += 1
                self._begin(watch, self._given.popleft())

        tell(())
        self._pace.take(tell)

    def _begin(self, watch: Watch[_Call], claim: Claim) -> None:
        at = time.monotonic()
        calling = self._begun(claim)
        if calling is None:
            self._hand_over(partial(self._call, claim))
            return
        call = _Call(claim, at, calling)
        if not watch.add(calling, call):
            self._hand_over(partial(self._hear, call))

    def _begun(self, claim: Claim) -> Calling | None:
        if self._target.begin is None:
            return None
        try:
            return self._target.begin(claim.operation, claim.stored)
        except Exception as error:  # noqa: BLE001 - a defect of ours; told in the other way, it is met there
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            return None

    def _hand_over(self, work: Callable[[], None]) -> None:
        """To another of the crew; on a machine that has no thread to spare it is done here."""
        if not self._pace.crew.begin(work):
            work()

    def _settle(self) -> bool:
        """Write what became of the calls that ended; False when nothing did."""
        due_in = self._verdicts.due_in()
        if due_in is None or (due_in and not self._stopping.is_set()):
            return False
        with self._guard:
            self._attentive = False
        try:
            noted = self._verdicts.write(alone=self._under_way == 1)
        finally:
            with self._guard:
                self._attentive = True
        for one in noted:
            self._under_way -= 1
            self._pace.ended(one.outcome, more=one.more)
        return bool(noted)

    def _wait(self, watch: Watch[_Call]) -> bool:
        """For an answer, or until woken; False when nothing came."""
        with self._guard:
            self._asleep = watch
        wait_s = self._wait_s()
        calls = watch.wait(wait_s)
        with self._guard:
            self._asleep = None
        for call in calls:
            if call.calling.come():
                self._hear(call)
            else:
                self._hand_over(partial(self._hear, call))
        return bool(calls)

    def _wait_s(self) -> float:
        over = self._stopping.is_set() and not self._under_way
        if over or self._given or self._pace.wanted():
            return 0.0
        due_in = self._verdicts.due_in()
        return LINGER_S if due_in is None else due_in

    # --- any thread of the crew --------------------------------------------------------------------
    def _call(self, claim: Claim) -> None:
        target = self._target

        def told(dice: float) -> Attempt:
            return deliver(claim, contract=target.contract, limit=target.attempts, dice=dice)

        self._end(claim, time.monotonic(), told)
        self.wake()

    def _hear(self, call: _Call) -> None:
        def heard(dice: float) -> Attempt:
            return attempted(call.claim, call.calling.outcome(), limit=self._target.attempts, dice=dice)

        self._end(call.claim, call.at, heard)
        self.wake()

    def _end(self, claim: Claim, at: float, attempt: Callable[[float], Attempt]) -> None:
        dice = self._pace.dice()
        try:
            ended = attempt(dice)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not hold the lane for ever
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            ended = attempted(claim, Faulted(INCIDENT), limit=self._target.attempts, dice=dice)
        took_s = time.monotonic() - at
        self._seconds.observe(took_s)
        self._outcomes(type(ended.outcome).__name__.lower()).inc()
        self._verdicts.add(ended, took_s)
