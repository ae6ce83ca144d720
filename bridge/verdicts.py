"""What became of the calls to one infobase, on its way into the store: all that ended meanwhile at once."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bridge.core.delivery import Done, GaveUp
from bridge.core.errors import ClaimLost, RowLocked, StoreUnavailable
from bridge.core.ports import Outbox
from bridge.flows.deliver import Attempt
from bridge.observe import log
from bridge.pace import STORE_RETRY_S, Pace

# while calls are under way, verdicts are written together
GATHER_S = 0.008
GATHERED = 0.5  # of the seats

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """Its verdict is to be written."""

    attempt: Attempt
    took_s: float
    at: float  # monotonic


class Verdicts:
    """Filled by any thread; written by one at a time, a group at once.

    Args:
        hand_over: has something done by another thread; False when there is none.
        wake: there may be something to do for who tells.
    """

    def __init__(
        self,
        pace: Pace,
        outbox: Outbox,
        *,
        hand_over: Callable[[Callable[[], None]], bool],
        wake: Callable[[], object],
    ) -> None:
        self._pace = pace
        self._outbox = outbox
        self._hand_over = hand_over
        self._wake = wake
        self._guard = threading.Lock()
        self._writing = False  # somebody writes, who will look again
        self._ended: deque[Ended] = deque()
        self._retry_at = 0.0  # monotonic: when the store is asked again to take one

    def add(self, attempt: Attempt, took_s: float) -> None:
        self._ended.append(Ended(attempt, took_s, time.monotonic()))

    def due_in(self) -> float | None:
        """Seconds until `write` has something to do; None when nothing waits for it."""
        with self._guard:
            if not self._ended or self._writing:
                return None
            first = self._ended[0]
        if self._pace.stopping.is_set():
            return 0.0
        at = self._retry_at
        if self._pace.calling() and len(self._ended) < GATHERED * self._pace.target.concurrency:
            at = max(at, first.at + GATHER_S)
        return max(0.0, at - time.monotonic())

    def write(self) -> bool:
        """Write what is due: here if no call is under way, else on another thread, if there is one.

        Returns whether it was written here.
        """
        if self.due_in() != 0.0:
            return False
        with self._guard:
            self._writing = True  # nobody else begins to
        if self._pace.calling() and self._hand_over(self._write_on):
            return False
        self._write_on()
        return True

    def _write_on(self) -> None:
        """Write until nothing is due."""
        try:
            self._write(_drained(self._ended))
            while self._goes_on():
                self._write(_drained(self._ended))
        except BaseException:
            with self._guard:
                self._writing = False
            raise
        finally:
            self._say()

    def _goes_on(self) -> bool:
        with self._guard:
            self._writing = bool(self._ended) and self._retry_at <= time.monotonic()
            return self._writing

    def _say(self) -> None:
        if self._ended or self._pace.wanted() or not self._pace.busy():
            self._wake()

    def _write(self, ended: Sequence[Ended]) -> None:
        if len(ended) == 1 and not self._pace.calling():  # nobody waits for it: it may wait for its lane
            self._write_alone(ended[0])
            return
        hints = self._pace.hints
        verdicts = [(one.attempt.claim, one.attempt.verdict) for one in ended]
        try:
            self._note(ended, self._outbox.settle_all(verdicts), hints)
        except StoreUnavailable as error:
            if isinstance(error, RowLocked):
                self._write_each(ended)
            else:
                self._later(ended, error)
        except Exception:  # noqa: BLE001 - one of them is guilty, and will say so
            self._write_each(ended)

    def _write_each(self, ended: Sequence[Ended]) -> None:
        for one in ended:
            if not self._hand_over(partial(self._write_apart, one)):
                self._write_alone(one)

    def _write_apart(self, one: Ended) -> None:
        self._write_alone(one)
        self._say()

    def _write_alone(self, one: Ended) -> None:
        claim, hints = one.attempt.claim, self._pace.hints
        try:
            self._note([one], [self._outbox.settle(claim, one.attempt.verdict)], hints)
        except ClaimLost as error:  # another replica took the infobase over: it is told once more
            log.error("claim_lost", delivery_id=claim.delivery_id, reason=str(error))
            self._pace.written(1, more=True)
        except StoreUnavailable as error:
            self._later([one], error)
        except Exception as error:  # noqa: BLE001 - nobody would see it, and the infobase would wait for ever
            # its lane is held until the next start: rather one call late than told again and again
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            self._pace.written(1, more=True)

    def _note(self, ended: Sequence[Ended], waits: Sequence[bool], hints: int) -> None:
        """They are written; behind whom more `waits`."""
        # who looked at a hint while the verdicts were being written found these lanes still held
        self._pace.written(len(ended), more=any(waits) or self._pace.hints != hints)
        for one in ended:
            _log_attempt(one)

    def _later(self, ended: Sequence[Ended], error: StoreUnavailable) -> None:
        """However long the store is away: until then nothing more is sent in their stead.

        When the bridge stops first, they are told once more.
        """
        for one in ended:
            log.error("verdict_not_written", delivery_id=one.attempt.claim.delivery_id, reason=str(error))
        if self._pace.stopping.is_set():
            self._pace.written(len(ended), more=False)
            return
        self._pace.refused()
        self._retry_at = time.monotonic() + STORE_RETRY_S
        self._ended.extend(ended)


def _drained(row: deque[T]) -> list[T]:
    found = []
    while row:
        found.append(row.popleft())
    return found


def _log_attempt(ended: Ended) -> None:
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
