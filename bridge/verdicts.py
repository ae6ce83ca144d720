"""What became of the calls to one infobase, on its way into the store: all that ended meanwhile at once."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from bridge.core.delivery import Done, GaveUp, Outcome
from bridge.core.errors import ClaimLost, RowLocked, StoreUnavailable
from bridge.core.ports import Outbox
from bridge.flows.deliver import Attempt
from bridge.observe import log
from bridge.pace import STORE_RETRY_S, Pace

T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """Its verdict is to be written."""

    attempt: Attempt
    took_s: float


@dataclass(frozen=True)
class Noted:
    """Nothing of it is to be written any more; `more` may be told now."""

    outcome: Outcome
    more: bool


class Verdicts:
    """Filled by any thread, written by the one of the desk.

    Args:
        hand_over: has something done by another thread, which says `wake` when it is done.
    """

    def __init__(
        self,
        pace: Pace,
        outbox: Outbox,
        *,
        hand_over: Callable[[Callable[[], None]], None],
        wake: Callable[[], object],
    ) -> None:
        self._pace = pace
        self._outbox = outbox
        self._hand_over = hand_over
        self._wake = wake
        self._ended: deque[Ended] = deque()
        self._noted: deque[Noted] = deque()
        self._retry_at = 0.0  # monotonic: when the store is asked again to take one

    def add(self, attempt: Attempt, took_s: float) -> None:
        self._ended.append(Ended(attempt, took_s))

    def due_in(self) -> float | None:
        """Seconds until there is something to do here; None when nothing waits."""
        if self._noted:
            return 0.0
        return max(0.0, self._retry_at - time.monotonic()) if self._ended else None

    def write(self, *, alone: bool) -> Sequence[Noted]:
        """Write what is due; all that was noted since the last time.

        Args:
            alone: nobody waits for the one there is, so it may wait for whoever holds its lane.
        """
        if time.monotonic() >= self._retry_at or self._pace.stopping.is_set():
            ended = _drained(self._ended)
            if alone and len(ended) == 1:
                self._write_alone(ended[0])
            elif ended:
                self._write_all(ended)
        return _drained(self._noted)

    def _write_all(self, ended: Sequence[Ended]) -> None:
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
            self._hand_over(partial(self._write_alone, one))

    def _write_alone(self, one: Ended) -> None:
        claim, hints = one.attempt.claim, self._pace.hints
        try:
            self._note([one], [self._outbox.settle(claim, one.attempt.verdict)], hints)
        except ClaimLost as error:  # another replica took the infobase over: it is told once more
            log.error("claim_lost", delivery_id=claim.delivery_id, reason=str(error))
            self._noted.append(Noted(one.attempt.outcome, more=True))
        except StoreUnavailable as error:
            self._later([one], error)
        except Exception as error:  # noqa: BLE001 - nobody would see it, and the infobase would wait for ever
            # its lane is held until the next start: rather one call late than told again and again
            log.error("delivery_incident", delivery_id=claim.delivery_id, exc_info=error)
            self._noted.append(Noted(one.attempt.outcome, more=True))
        self._wake()

    def _note(self, ended: Sequence[Ended], waits: Sequence[bool], hints: int) -> None:
        """They are written; behind whom more `waits`."""
        # who looked at a hint while the verdicts were being written found these lanes still held
        hinted = self._pace.hints != hints
        for one, more in zip(ended, waits, strict=True):
            _log_attempt(one)
            self._noted.append(Noted(one.attempt.outcome, more=hinted or more))

    def _later(self, ended: Sequence[Ended], error: StoreUnavailable) -> None:
        """However long the store is away: until then nothing more is sent in their stead.

        When the bridge stops first, they are told once more.
        """
        for one in ended:
            log.error("verdict_not_written", delivery_id=one.attempt.claim.delivery_id, reason=str(error))
        if self._pace.stopping.is_set():
            self._noted.extend(Noted(one.attempt.outcome, more=False) for one in ended)
            return
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
