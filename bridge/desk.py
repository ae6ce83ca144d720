"""Where one infobase is told: a thread that calls 1C, waits for all answers together, and writes verdicts.

What became of the calls that ended meanwhile is written with one commit, and what is next is taken at once.
A call that cannot be begun without waiting (a new connection, TLS, a firm's own web service) and an answer
that comes in pieces are for the others of the crew. The thread is there only while something is to be told.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Protocol

from bridge.core.delivery import Done, Faulted, GaveUp, Outcome
from bridge.core.errors import ClaimLost, RowLocked, StoreUnavailable
from bridge.core.ports import Begin, Calling, Claim, Contract, Outbox
from bridge.crew import Crew
from bridge.flows.deliver import Attempt, attempted, deliver
from bridge.observe import Figures, log
from bridge.watching import Watch

STORE_RETRY_S = 0.5
LINGER_S = 1.0  # without anything to tell
INCIDENT_S = 1.0
INCIDENT = "внутренняя ошибка моста, см. журнал: delivery_incident"


class Scheduler(Protocol):
    """Who knows what may be told when. All of it is safe for several threads, and never raises."""

    def take(self) -> Sequence[Claim]:
        """What may be told now."""
        ...

    def wanted(self) -> bool:
        """Whether `take` is worth calling."""
        ...

    def hints(self) -> int:
        """How often something new came."""
        ...

    def ended(self, outcome: Outcome, *, more: bool) -> None:
        """A call is over, and its verdict is written; `more` may be told now."""
        ...

    def dice(self) -> float: ...


@dataclass(frozen=True)
class Telling:
    """How an infobase is told; the fields are those of `worker.Target`."""

    infobase: str
    contract: Contract
    begin: Begin | None
    attempts: int


@dataclass(frozen=True)
class _Call:
    """Under way since `at` (monotonic)."""

    claim: Claim
    at: float
    calling: Calling


@dataclass(frozen=True)
class _Ended:
    """Its verdict is to be written."""

    attempt: Attempt
    took_s: float


class Desk:
    """Give it claims; `wake` it when there may be more to take.

    Args:
        crew: its threads, and one more: the desk's own.
        stopping: nothing more is taken, what is under way is ended.
    """

    def __init__(
        self,
        telling: Telling,
        scheduler: Scheduler,
        outbox: Outbox,
        crew: Crew,
        figures: Figures,
        stopping: threading.Event,
    ) -> None:
        self._telling = telling
        self._scheduler = scheduler
        self._outbox = outbox
        self._crew = crew
        self._stopping = stopping
        self._seconds = figures.delivery_seconds.labels(telling.infobase)
        self._outcomes = cache(partial(figures.deliveries.labels, telling.infobase))
        self._guard = threading.Lock()
        self._open = False
        self._attentive = False  # it will `take` before it sleeps
        self._asleep: Watch[_Call] | None = None
        self._given: deque[Claim] = deque()
        self._ended: deque[_Ended] = deque()
        self._under_way = 0  # taken and not noted; of the desk's thread
        self._retry_at = 0.0  # monotonic: when the store is asked again to take a verdict

    def give(self, claims: Iterable[Claim]) -> None:
        """Tell these.

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
            self._crew.give(self._tend)
        except BaseException:
            with self._guard:
                self._open = self._attentive = False
            raise

    def wake(self) -> bool:
        """False when nobody here will `take` soon: there is no desk, or it waits for the disk."""
        with self._guard:
            self._rouse()
            return self._attentive

    def _rouse(self) -> None:
        watch, self._asleep = self._asleep, None
        if watch:
            watch.wake()

    # --- the desk's thread -------------------------------------------------------------------------
    def _tend(self) -> None:
        try:
            watch: Watch[_Call] = Watch()
        except OSError as error:  # no file numbers left
            log.error("scheduler_incident", infobase=self._telling.infobase, exc_info=error)
            self._stopping.wait(INCIDENT_S)
            with self._guard:
                self._open = self._attentive = False
            if not self._stopping.is_set():
                self.give(())
            return
        idle_since = time.monotonic()
        while True:
            try:
                self._send(watch)
                if self._settle():
                    continue
                over = self._stopping.is_set()
                if self._wait(watch) or self._under_way:
                    idle_since = time.monotonic()
                elif (over or time.monotonic() - idle_since >= LINGER_S) and self._closed():
                    break
            except Exception as error:  # noqa: BLE001 - what is under way here is nobody else's
                log.error("scheduler_incident", infobase=self._telling.infobase, exc_info=error)
                self._stopping.wait(INCIDENT_S)
        watch.close()

    def _closed(self) -> bool:
        with self._guard:
            if self._given:
                return False
            self._open = self._attentive = False
        if not self._scheduler.wanted():
            return True
        with self._guard:  # a hint found the desk as it was closing
            if self._open:
                return True
            self._open = self._attentive = True
        return False

    def _send(self, watch: Watch[_Call]) -> None:
        for claim in self._taken():
            at = time.monotonic()
            calling = self._begun(claim)
            if calling:
                watch.add(calling, _Call(claim, at, calling))
            else:
                self._crew.give(partial(self._call, claim))

    def _taken(self) -> Iterable[Claim]:
        """The given first: who gave them took them earlier."""
        claims = []
        while self._given:
            claims.append(self._given.popleft())
        claims += self._scheduler.take()
        self._under_way += len(claims)
        return claims

    def _begun(self, claim: Claim) -> Calling | None:
        if self._telling.begin is None:
            return None
        try:
            return self._telling.begin(claim.operation, claim.stored)
        except Exception as error:  # noqa: BLE001 - a defect of ours; told in the other way, it is met there
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            return None

    def _wait(self, watch: Watch[_Call]) -> bool:
        """For an answer, or until woken; False when nothing came."""
        now = time.monotonic()
        with self._guard:
            self._asleep = watch
        if self._given or self._scheduler.wanted() or (self._ended and now >= self._retry_at):
            with self._guard:
                self._asleep = None
            return True
        calls = watch.wait(max(0.0, self._retry_at - now) if self._ended else LINGER_S)
        with self._guard:
            self._asleep = None
        for call in calls:
            if call.calling.come():
                self._hear(call)
            else:
                self._crew.give(partial(self._hear, call))
        return bool(calls)

    def _settle(self) -> bool:
        """Write what became of the calls that ended; False when there are none."""
        if time.monotonic() < self._retry_at and not self._stopping.is_set():
            return False
        ended = []
        while self._ended:
            ended.append(self._ended.popleft())
        if not ended:
            return False
        hints = self._scheduler.hints()
        with self._guard:
            self._attentive = False
        try:
            written = self._written(ended)
        finally:
            with self._guard:
                self._attentive = True
        # who looked at a hint while the verdicts were being written found these lanes still held
        hinted = self._scheduler.hints() != hints
        for one, more in written:
            if more is not None:
                _log_attempt(one)
            self._under_way -= 1
            self._scheduler.ended(one.attempt.outcome, more=hinted or more is not False)
        return bool(written)

    def _written(self, ended: Sequence[_Ended]) -> list[tuple[_Ended, bool | None]]:
        """Those that need no more writing: whether more may wait behind each; None if it was not written."""
        if len(ended) > 1:
            try:
                verdicts = [(one.attempt.claim, one.attempt.verdict) for one in ended]
                return list(zip(ended, self._outbox.settle_all(verdicts), strict=True))
            except StoreUnavailable as error:
                if not isinstance(error, RowLocked):
                    return self._later(ended, error)
            except Exception:  # noqa: BLE001, S110 - one of them is guilty, and will say so
                pass
        return [pair for one in ended for pair in self._written_alone(one)]

    def _written_alone(self, one: _Ended) -> Sequence[tuple[_Ended, bool | None]]:
        claim = one.attempt.claim
        try:
            return [(one, self._outbox.settle(claim, one.attempt.verdict))]
        except ClaimLost as error:  # another replica took the infobase over: it is told once more
            log.error("claim_lost", delivery_id=claim.delivery_id, reason=str(error))
        except StoreUnavailable as error:
            return self._later([one], error)
        except Exception as error:  # noqa: BLE001 - nobody would see it, and the infobase would wait for ever
            # its lane is held until the next start: rather one call late than told again and again
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
        return [(one, None)]

    def _later(self, ended: Sequence[_Ended], error: StoreUnavailable) -> list[tuple[_Ended, bool | None]]:
        """However long the store is away: until then nothing more is sent in their stead.

        When the bridge stops first, they are told once more.
        """
        for one in ended:
            log.error("verdict_not_written", delivery_id=one.attempt.claim.delivery_id, reason=str(error))
        if self._stopping.is_set():
            return [(one, None) for one in ended]
        self._retry_at = time.monotonic() + STORE_RETRY_S
        self._ended.extend(ended)
        return []

    # --- any thread of the crew --------------------------------------------------------------------
    def _call(self, claim: Claim) -> None:
        at = time.monotonic()
        telling = self._telling
        self._end(
            claim,
            at,
            lambda dice: deliver(claim, contract=telling.contract, limit=telling.attempts, dice=dice),
        )
        self.wake()

    def _hear(self, call: _Call) -> None:
        def heard(dice: float) -> Attempt:
            return attempted(call.claim, call.calling.outcome(), limit=self._telling.attempts, dice=dice)

        self._end(call.claim, call.at, heard)
        self.wake()

    def _end(self, claim: Claim, at: float, attempt: Callable[[float], Attempt]) -> None:
        dice = self._scheduler.dice()
        try:
            ended = attempt(dice)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not hold the lane for ever
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            ended = attempted(claim, Faulted(INCIDENT), limit=self._telling.attempts, dice=dice)
        took_s = time.monotonic() - at
        self._seconds.observe(took_s)
        self._outcomes(type(ended.outcome).__name__.lower()).inc()
        self._ended.append(_Ended(ended, took_s))


def _log_attempt(ended: _Ended) -> None:
    claim = ended.attempt.claim
    facts = {
        "infobase": claim.infobase,
        "event_id": claim.stored.id,
        "delivery_id": claim.delivery_id,
        "operation": claim.operation,
        "took_ms": round(ended.took_s * 1000, 1),
    }
    match ended.attempt.verdict:
        case Done():
            log.info("delivered", **facts)
        case GaveUp(reason):
            log.error("dead_letter", **facts, reason=reason)
        case retry:
            log.warning("delivery_postponed", **facts, wait_s=retry.wait_s, reason=retry.reason)
