"""1C is told: the loop that empties the outbox, each infobase at its own pace.

One scheduler decides who may be called, a pool of threads calls. An infobase is asked about in the
store only when something of it is due, so a thousand silent ones cost nothing.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.delivery import Denied, Done, Faulted, GaveUp, Outcome, decide
from bridge.core.errors import ClaimLost, StoreUnavailable
from bridge.core.ports import Claim, Contract, Outbox
from bridge.flows.deliver import Attempt, deliver
from bridge.observe import Figures, log

TICK_S = 1.0  # the backstop: replays by the command line come without a hint
STORE_RETRY_S = 0.5


@dataclass(frozen=True, kw_only=True)
class Target:
    """An infobase to tell, and how gently. `idle` is called when nothing has waited for a while."""

    contract: Contract
    concurrency: int = 1  # a call is a session, a session is a licence
    attempts: int = 12
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)
    idle: Callable[[], None] = lambda: None
    idle_s: float = 20.0


@dataclass
class _Pace:
    """What the worker knows of an infobase between two looks."""

    breaker: Breaker = field(default_factory=Breaker)
    in_flight: int = 0
    look_at: float = 0.0  # monotonic: when the store is worth asking
    called_at: float = 0.0  # 0 once the session was given back


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
        self._paces = {name: _Pace() for name in targets}
        self._changed = threading.Condition()
        self._hinted = False
        self._stopping = threading.Event()
        # room for everybody at once, made as needed: hanging infobases must not use up the others' threads
        room = sum(target.concurrency + 1 for target in targets.values())
        self._pool = ThreadPoolExecutor(max_workers=max(1, room), thread_name_prefix="deliver")
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Claim nothing more; wait for the attempts under way."""
        self._stopping.set()
        self.hint()
        self._thread.join()
        self._pool.shutdown(wait=True)
        with ThreadPoolExecutor(max_workers=len(self._targets) + 1) as goodbyes:
            for name in self._targets:
                goodbyes.submit(self._idle, name)

    def hint(self, *infobases: str) -> None:
        """Something new waits for these infobases; with none, just wake."""
        with self._changed:
            for name in infobases:
                if name in self._paces:
                    self._paces[name].look_at = 0.0
            self._hinted = True
            self._changed.notify()

    def breakers(self) -> dict[str, Breaker]:
        """Who can hear now, for the health page."""
        with self._changed:
            return {name: pace.breaker for name, pace in self._paces.items()}

    # --- scheduling ------------------------------------------------------------------------------
    def _run(self) -> None:
        last_expiry = 0.0
        while not self._stopping.is_set():
            try:
                wait_s = self._look_round()
                if time.monotonic() - last_expiry >= TICK_S:
                    try:
                        self._expire()
                    finally:
                        last_expiry = time.monotonic()
            except StoreUnavailable as error:
                log.error("store_unavailable", reason=str(error))
                wait_s = STORE_RETRY_S
            except Exception as error:  # noqa: BLE001 - the scheduler must outlive any defect
                log.error("scheduler_incident", exc_info=error)
                wait_s = TICK_S
            with self._changed:
                if not self._hinted:
                    self._changed.wait(wait_s)
                self._hinted = False

    def _look_round(self) -> float:
        """Look at everybody. One on whom the store fails ends the round and is the last of the next."""
        wait_s = TICK_S
        for _ in range(len(self._order)):
            name = self._order[0]
            self._order.rotate(-1)
            wait_s = min(wait_s, self._look(name))
        return wait_s

    def _expire(self) -> None:
        if ended := self._outbox.expire():
            self._figures.expired.inc(ended)
            log.warning("deliveries_expired", count=ended)

    def _look(self, name: str) -> float:
        """`_serve`, whose defects are this infobase's own: the others are served all the same."""
        try:
            return self._serve(name)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            log.error("scheduler_incident", infobase=name, exc_info=error)
            return TICK_S

    def _serve(self, name: str) -> float:
        """Start what may start for one infobase; seconds until it is worth looking again."""
        target, pace = self._targets[name], self._paces[name]
        while True:
            now = time.monotonic()
            with self._changed:
                if now < pace.look_at:
                    break
                room = pace.breaker.room(now=now, concurrency=target.concurrency, in_flight=pace.in_flight)
                if room == 0:
                    if pace.in_flight == 0:
                        pace.look_at = pace.breaker.retry_at
                    break
                pace.look_at = now + TICK_S  # a hint from now on brings it back to 0
            claim = self._outbox.claim(name)
            if claim is None:
                self._rest(name, pace)
                break
            with self._changed:
                pace.in_flight += 1
                pace.called_at = now
                pace.look_at = 0.0
            self._pool.submit(self._attempt, claim)
        return max(0.01, pace.look_at - time.monotonic()) if pace.look_at else TICK_S

    def _rest(self, name: str, pace: _Pace) -> None:
        due_in = self._outbox.due_in(name)
        with self._changed:
            if pace.look_at:  # no hint came since the claim
                pace.look_at = time.monotonic() + (TICK_S if due_in is None else min(due_in, TICK_S))
            quiet = pace.called_at and time.monotonic() - pace.called_at > self._targets[name].idle_s
            if not quiet or pace.in_flight:
                return
            pace.called_at = 0.0
        self._pool.submit(self._idle, name)

    def _idle(self, name: str) -> None:
        try:
            self._targets[name].idle()
            self._outbox.rest(name)
        except Exception as error:  # noqa: BLE001 - a courtesy: it must not stop us from stopping
            log.error("scheduler_incident", infobase=name, exc_info=error)

    # --- one attempt -----------------------------------------------------------------------------
    def _attempt(self, claim: Claim) -> None:
        started = time.monotonic()
        attempt = self._tell(claim)
        took_s = time.monotonic() - started
        try:
            self._figures.delivery_seconds.labels(claim.infobase).observe(took_s)
            self._figures.deliveries.labels(claim.infobase, type(attempt.outcome).__name__.lower()).inc()
            if self._settle(attempt):
                _log_attempt(attempt, took_s)
        except Exception as error:  # noqa: BLE001 - nobody would see it, and the infobase would wait for ever
            # its lane is held until the next start: rather one call late than told again and again
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
        if self._note(claim.infobase, attempt.outcome):
            self._hasten(claim.infobase)
        self.hint(claim.infobase)

    def _tell(self, claim: Claim) -> Attempt:
        target = self._targets[claim.infobase]
        dice = self._dice()
        try:
            return deliver(claim, contract=target.contract, limit=target.attempts, dice=dice)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not hold the lane for ever
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            outcome = Faulted("внутренняя ошибка моста, см. журнал: delivery_incident")
            return Attempt(
                claim, outcome, decide(outcome, tries=claim.tries, limit=target.attempts, dice=dice)
            )

    def _hasten(self, name: str) -> None:
        try:
            self._outbox.hasten(name)
        except StoreUnavailable as error:  # they come due by themselves, only later
            log.error("store_unavailable", reason=str(error))

    def _settle(self, attempt: Attempt) -> bool:
        """Write the verdict, however long the store is away: until then nothing more is sent here.

        False when the bridge stops first, or another replica took the infobase over meanwhile: the
        delivery is told once more.
        """
        while True:
            try:
                self._outbox.settle(attempt.claim, attempt.verdict)
            except ClaimLost as error:
                log.error("claim_lost", delivery_id=attempt.claim.delivery_id, reason=str(error))
                return False
            except StoreUnavailable as error:
                log.error("verdict_not_written", delivery_id=attempt.claim.delivery_id, reason=str(error))
                if self._stopping.wait(STORE_RETRY_S):
                    return False
            else:
                return True

    def _note(self, name: str, outcome: Outcome) -> bool:
        """Let the breaker know; True when the infobase has just come back."""
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
        return bool(before.failures or before.open) and not after.open and not after.failures


def _log_attempt(attempt: Attempt, took_s: float) -> None:
    facts = {
        "infobase": attempt.claim.infobase,
        "event_id": attempt.claim.stored.id,
        "delivery_id": attempt.claim.delivery_id,
        "operation": attempt.claim.operation,
        "took_ms": round(took_s * 1000, 1),
    }
    match attempt.verdict:
        case Done():
            log.info("delivered", **facts)
        case GaveUp(reason):
            log.error("dead_letter", **facts, reason=reason)
        case retry:
            log.warning("delivery_postponed", **facts, wait_s=retry.wait_s, reason=retry.reason)
