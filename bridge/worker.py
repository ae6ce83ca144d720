"""1C is told: the loop that empties the outbox, each infobase at its own pace.

One scheduler notices what has come due and gives it to the infobase's desk, which tells it and takes the
next by itself. An infobase is asked about in the store only when something of it may be due.
"""

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from bridge.core.breaker import Breaker
from bridge.core.calls import CallEvent
from bridge.core.errors import StoreUnavailable
from bridge.core.ports import Accepted, Outbox
from bridge.desk import Desk
from bridge.observe import Figures, log
from bridge.pace import STORE_RETRY_S, TICK_S, Pace, Target


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
        self._figures = figures
        self._order = deque(targets)
        self._changed = threading.Condition()
        self._asked: dict[str, None] = {}  # infobases that something came for
        self._round_at = 0.0  # monotonic: when everybody is to be looked at
        self._stopping = threading.Event()
        self._paces = {
            name: Pace(name, target, outbox, round_by=self._round_by, stopping=self._stopping, dice=dice)
            for name, target in targets.items()
        }
        self._desks = {name: Desk(pace, outbox, figures) for name, pace in self._paces.items()}
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

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
        with ThreadPoolExecutor(max_workers=len(self._paces) + 1) as goodbyes:
            for pace in self._paces.values():
                goodbyes.submit(pace.idle)

    def hint(self, *infobases: str) -> None:
        """Something new waits for these infobases; with none, look at everybody."""
        startable = [name for name in infobases if name in self._paces and self._paces[name].hint()]
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

    def tell(self, event: CallEvent, accepted: Accepted) -> set[str]:
        """Tell at once those who may hear it now; the others are to be hinted at."""
        desks = ((head, self._desks.get(head.infobase)) for head in accepted.heads)
        return {head.infobase for head, desk in desks if desk and desk.tell(head, event, accepted)}

    def breakers(self) -> dict[str, Breaker]:
        """Who can hear now, for the health page."""
        return {name: pace.breaker for name, pace in self._paces.items()}

    # --- scheduling ------------------------------------------------------------------------------
    def _run(self) -> None:
        last_expiry = 0.0
        while not self._stopping.is_set():
            try:
                for name in self._wait():
                    self._desks[name].give(())
                    self._paces[name].look(self._desks[name].give)
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

    def _expire(self) -> None:
        if ended := self._outbox.expire():
            self._figures.expired.inc(ended)
            log.warning("deliveries_expired", count=ended)

    def _round_by(self, at: float) -> None:
        """Everybody is to be looked at by then."""
        with self._changed:
            if at < self._round_at:
                self._round_at = at
                self._changed.notify()
