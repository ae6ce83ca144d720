"""Where one infobase is told: a thread that calls 1C, waits for all answers together, and writes verdicts.

What became of the calls that ended meanwhile is written with one commit, and what is next is taken at once.
A call that cannot be begun without waiting (a new connection, a firm's own web service) and an answer that
comes in pieces are for the others of the crew. The thread is there only while something is to be told.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial

from bridge.core.calls import CallEvent
from bridge.core.delivery import Faulted
from bridge.core.ports import Accepted, Calling, Claim, Head, Outbox
from bridge.flows.deliver import Attempt, attempted, deliver
from bridge.observe import Figures, log
from bridge.pace import Pace
from bridge.turns import turns
from bridge.verdicts import Verdicts
from bridge.watching import Watch

LINGER_S = 1.0  # without anything to tell
GROUP = 8  # of answers that came together: the seats of these are taken again before the others are heard
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
        self._outbox = outbox
        self._target = pace.target
        self._stopping = pace.stopping
        self._seconds = figures.delivery_seconds.labels(pace.name)
        self._outcomes = cache(partial(figures.deliveries.labels, pace.name))
        self._verdicts = Verdicts(pace, outbox, hand_over=pace.crew.begin, wake=self.wake)
        self._guard = threading.Lock()
        self._open = False
        self._attentive = False  # it will take what is next before it sleeps
        self._asleep: Watch[_Call] | None = None
        self._given: deque[Claim] = deque()
        self._begun_elsewhere: deque[_Call] = deque()
        self._answered: deque[_Call] = deque()  # to be heard; of the desk's thread

    def give(self, claims: Iterable[Claim]) -> None:
        """Tell these, and what found no thread before.

        Raises:
            RuntimeError: there is no thread for it.
        """
        self._given.extend(claims)
        if self._given:
            self._attend()

    def tell(self, head: Head, event: CallEvent, accepted: Accepted) -> bool:
        """Tell it now, on the thread that calls, without waiting for anything; False when that cannot be."""
        if not self._pace.seat():
            return False
        claim = self._taken(head, event, accepted)
        if claim is None:
            self._pace.unseat()
            return False
        at = time.monotonic()
        calling = self._begun(claim)
        if calling is None:
            self._given.append(claim)
        else:
            self._begun_elsewhere.append(_Call(claim, at, calling))
        try:
            self._attend()
        except RuntimeError as error:  # no thread now: the next look finds it
            log.error("scheduler_incident", infobase=self._pace.name, exc_info=error)
        return True

    def _taken(self, head: Head, event: CallEvent, accepted: Accepted) -> Claim | None:
        try:
            return self._outbox.take(head, event, accepted)
        except Exception as error:  # noqa: BLE001 - it is stored, and will be told in the usual way
            log.error("scheduler_incident", infobase=self._pace.name, exc_info=error)
            return None

    def _attend(self) -> None:
        """Somebody sees to what is here. Raises RuntimeError."""
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
            turns.enter()  # for the desk, which has yet to wake
            watch.wake()

    def _shut(self) -> None:
        with self._guard:
            self._open = self._attentive = False

    # --- the desk's thread -------------------------------------------------------------------------
    @turns.telling()
    def _tend(self) -> None:
        try:
            watch: Watch[_Call] = Watch()
        except OSError as error:  # no file numbers left
            self._incident(error)
            self._shut()
            if not self._stopping.is_set():
                self._attend()
            return
        idle_since = time.monotonic()
        while True:
            try:
                self._take(watch)
                if self._settle():
                    continue
                if self._wait(watch) or self._pace.busy():
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
        with turns.waiting():
            self._stopping.wait(INCIDENT_S)

    def _closed(self) -> bool:
        with self._guard:
            if self._given or self._begun_elsewhere:
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
                self._begin(watch, self._given.popleft())

        while self._begun_elsewhere:
            self._watch(watch, self._begun_elsewhere.popleft())
        tell(())
        self._pace.take(tell)

    def _begin(self, watch: Watch[_Call], claim: Claim) -> None:
        at = time.monotonic()
        calling = self._begun(claim)
        if calling is None:
            self._hand_over(partial(self._call, claim))
            return
        self._watch(watch, _Call(claim, at, calling))

    def _watch(self, watch: Watch[_Call], call: _Call) -> None:
        if not watch.add(call.calling, call):
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
        """Have written what became of the calls that ended; True when that was done here."""
        if self._verdicts.due_in() != 0.0:
            return False
        with self._guard:
            self._attentive = False
        try:
            with turns.waiting():
                return self._verdicts.write()
        finally:
            with self._guard:
                self._attentive = True

    def _wait(self, watch: Watch[_Call]) -> bool:
        """For an answer, or until woken; False when nothing came."""
        if not self._answered:
            self._answered.extend(self._slept(watch))
        group = min(GROUP, len(self._answered))
        for _ in range(group):
            call = self._answered.popleft()
            if call.calling.come():
                self._hear(call)
            else:
                self._hand_over(partial(self._hear, call))
        return group > 0

    def _slept(self, watch: Watch[_Call]) -> Sequence[_Call]:
        """What was answered until something was, or somebody woke the desk."""
        with self._guard:
            self._asleep = watch
        wait_s = self._wait_s()
        turns.leave()
        try:
            return watch.wait(wait_s)
        finally:
            with self._guard:
                if self._asleep:  # else who woke it has entered for it
                    turns.enter()
                self._asleep = None

    def _wait_s(self) -> float:
        over = self._stopping.is_set() and not self._pace.busy()
        if over or self._given or self._begun_elsewhere or self._pace.wanted():
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
        self._pace.heard(ended.outcome)
        self._verdicts.add(ended, took_s)
