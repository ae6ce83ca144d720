"""Periodic work beside the telling of 1C: short chores on one thread, none of which stops another."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bridge.core.errors import BridgeError
from bridge.observe import log

# After a failure in a row; a chore that is due sooner anyway is not kept waiting. Seconds.
RETRY_S: tuple[float, ...] = (60, 300, 900, 3600)


@dataclass(frozen=True, kw_only=True)
class Chore:
    """Something to be done again and again. `next_in` is asked after each time: seconds to the next.

    `apart`: it may take minutes, so it has a thread of its own.
    """

    name: str
    first_in_s: float
    next_in: Callable[[], float]
    work: Callable[[], None]
    apart: bool = False


@dataclass
class _Turn:
    chore: Chore
    due_at: float  # monotonic
    failures: int = 0


class Chores:
    """Start with `start`, end with `stop`.

    Args:
        allowed: whether this process may do the chore of this name now; of several replicas on one
            database one does. A chore that is not allowed is left until its next time.
        retry_s: waits after one, two… failures in a row.
    """

    def __init__(
        self,
        chores: Sequence[Chore],
        *,
        allowed: Callable[[str], bool] = lambda _: True,
        retry_s: Sequence[float] = RETRY_S,
    ) -> None:
        self._allowed = allowed
        self._retry_s = tuple(retry_s)
        self._stopping = threading.Event()
        together = [chore for chore in chores if not chore.apart]
        alone = [[chore] for chore in chores if chore.apart]
        self._threads = [
            threading.Thread(target=self._run, args=(group,), name="chores", daemon=True)
            for group in ([together] if together else []) + alone
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Begin nothing more; wait for what is under way, but not for ever. True when all is quiet."""
        self._stopping.set()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, chores: Sequence[Chore]) -> None:
        now = time.monotonic()
        turns = [_Turn(chore, now + chore.first_in_s) for chore in chores]
        while True:
            turn = min(turns, key=lambda one: one.due_at)
            if self._stopping.wait(max(0.0, turn.due_at - time.monotonic())):
                return
            turn.due_at = self._do(turn) + time.monotonic()

    def _do(self, turn: _Turn) -> float:
        """Do one chore; seconds until its next time."""
        chore = turn.chore
        try:
            if self._allowed(chore.name):
                chore.work()
            wait_s = chore.next_in()
        except Exception as error:  # noqa: BLE001 - one chore must not take the others with it
            wait_s = self._after_failure(turn)
            if not self._stopping.is_set():  # what a stop interrupts is no failure
                trace = None if isinstance(error, BridgeError) else error
                facts = {"chore": chore.name, "reason": str(error), "again_in_s": round(wait_s, 1)}
                log.error("chore_failed", **facts, exc_info=trace)
        else:
            turn.failures = 0
        return max(0.0, wait_s)

    def _after_failure(self, turn: _Turn) -> float:
        wait_s = self._retry_s[min(turn.failures, len(self._retry_s) - 1)]
        turn.failures += 1
        try:
            return min(wait_s, turn.chore.next_in())
        except Exception:  # noqa: BLE001 - it is what failed
            return wait_s
