"""Results of dials on their way into the database: known here at once, committed a moment later.

Nobody waits for the commit (docs/decisions/0020-the-end-of-a-dial.md): the next click takes along what has
gathered, and a thread writes what no click took.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bridge.core.dialing import CallResult
from bridge.core.errors import StoreUnavailable
from bridge.observe import log

LINGER_S = 0.005  # longer than a click is behind another one where clicks are many
AGAIN_S = 1.0
SETTLE_S = 1.0

Facts = Mapping[str, Any]  # of one END_DIAL


@dataclass(frozen=True)
class End:
    """Of a dial, on its way."""

    dial_id: int
    facts: Facts
    result: CallResult
    due: float  # the monotonic second by which the thread writes it


class DialEnds:
    """Safe for several threads.

    Args:
        write: all of these in one transaction; raises StoreUnavailable.
    """

    def __init__(self, write: Callable[[Sequence[Facts]], object], *, linger_s: float | None = None) -> None:
        self._write = write
        self._linger_s = LINGER_S if linger_s is None else linger_s
        self._changed = threading.Condition()
        self._waiting: list[End] = []
        self._results: dict[int, CallResult] = {}  # of those that wait and of those being written
        self._readers = 0  # who wait for the database to know
        self._thread: threading.Thread | None = None
        self._asleep = False  # the thread, until it is called; else it looks by itself
        self._added = False  # something, since the thread looked
        self._closed = False

    def add(self, dial_id: int, facts: Facts, result: CallResult) -> None:
        """
        Raises:
            StoreUnavailable: the store is closed.
        """
        end = End(dial_id, facts, result, time.monotonic() + self._linger_s)
        with self._changed:
            if self._closed:
                raise StoreUnavailable("Хранилище закрыто: мост останавливается")
            self._results[dial_id] = result
            self._waiting.append(end)
            self._added = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dial-ends", daemon=True)
                self._thread.start()
            elif self._asleep:
                self._changed.notify_all()

    def result(self, dial_id: int) -> CallResult | None:
        """Of a dial whose end may not be in the database yet."""
        return self._results.get(dial_id)

    def take(self) -> Sequence[End]:
        """What waits, for a transaction; whoever takes it tells `written` or `not_written`."""
        if not self._waiting:
            return ()
        with self._changed:
            ends, self._waiting = self._waiting, []
        return ends

    def written(self, ends: Sequence[End]) -> None:
        """They are in the database."""
        if not ends:
            return
        with self._changed:
            for end in ends:
                self._results.pop(end.dial_id, None)
            if self._readers:
                self._changed.notify_all()

    def not_written(self, ends: Sequence[End]) -> None:
        """They wait again."""
        with self._changed:
            self._waiting[:0] = ends

    @contextmanager
    def _taken(self) -> Iterator[Sequence[Facts]]:
        ends = self.take()
        try:
            yield [end.facts for end in ends]
        except BaseException:
            self.not_written(ends)
            raise
        self.written(ends)

    def settle(self) -> None:
        """What was added before is in the database when this returns, unless the database is away."""
        if not self._results:
            return
        with self._changed:
            these = set(self._results)
            self._readers += 1
            try:
                self._changed.wait_for(lambda: these.isdisjoint(self._results), SETTLE_S)
            finally:
                self._readers -= 1

    def close(self) -> None:
        """Write what waits; take nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while self._gathered():
            try:
                with self._taken() as ends:
                    self._write(ends)
            except StoreUnavailable as error:
                if not self._put_off(error):
                    return
            except Exception as error:  # noqa: BLE001 - a result that no database takes must not stop the next click
                with self._taken() as ends:
                    log.error("dial_results_lost", lost=len(ends), reason=type(error).__name__)

    def _gathered(self) -> bool:
        """Waits until something has waited long enough; False when the store is closed and all is written.

        While there are clicks it looks again and again: a thread that is called for each of them costs more
        than what it would write.
        """
        with self._changed:
            while not self._closed:
                left_s = self._waiting[0].due - time.monotonic() if self._waiting else self._linger_s
                if self._waiting and left_s <= 0:
                    return True
                self._asleep = not self._waiting and not self._added
                self._added = False
                self._changed.wait(None if self._asleep else left_s)
                self._asleep = False
            return bool(self._waiting)

    def _put_off(self, error: StoreUnavailable) -> bool:
        """The database is away: what became of the dials is known here as long as this process lives."""
        with self._changed:
            log.warning("dial_results_wait", waiting=len(self._waiting), reason=str(error))
            if not self._closed:
                self._changed.wait(AGAIN_S)
            return not self._closed
