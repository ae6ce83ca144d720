"""The waiting room of those who collect their events: bounded, woken by a knock, emptied by a drain.

Who waits holds one of the server's threads, so there are `waiters` seats. When they are taken, half
as many more stand for `PAUSE_S` and leave with an empty answer: a client that asks again at once
then asks once a second, not a thousand times. Whoever finds no room to stand either is answered at
once; `mailroom_full` in the log says that the bridge needs more seats.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from bridge.observe import Figures, log
from bridge.pausing import pausing

# Under the 30 s that a drain lasts and that impatient proxies allow (nginx: 60 s). A 1C whose own
# timeout is shorter must ask for less: the sample of README allows a call 20 s.
LONGEST_WAIT_S = 25.0
PAUSE_S = 1.0
GLANCE_S = 5.0  # look without a knock, too: another process's may have been lost
COMPLAIN_EVERY_S = 60.0


@dataclass
class _Visit:
    """One poll and its patience."""

    infobase: str
    knocks: int  # heard before the last look
    until: float  # monotonic


class MailRoom:
    """Where polls of these infobases wait. `knock` when letters came, `close` when the bridge stops."""

    def __init__(self, waiters: int, infobases: Iterable[str], *, figures: Figures) -> None:
        self._seats = waiters
        self._standing_room = (waiters + 1) // 2
        self._seated = 0
        self._standing = 0
        self._changed = threading.Condition()
        self._knocks = dict.fromkeys(infobases, 0)
        self._closed = False
        self._complained_at = -COMPLAIN_EVERY_S
        self._waiting = figures.mailbox_waiting

    def visit(self, infobase: str, seconds: float) -> Callable[[], bool]:
        """A poll begins; returns its `wait`, for when a look into the mailbox found nothing.

        `wait` blocks until another look is worth it; False: the poll must be answered now. Make it
        before the first look: no knock since then is missed.
        """
        until = time.monotonic() + min(max(seconds, 0.0), LONGEST_WAIT_S)
        with self._changed:
            visit = _Visit(infobase, self._knocks[infobase], until)
        return partial(self._wait, visit)

    def knock(self, *infobases: str) -> None:
        """Something new lies in these mailboxes; names without a mailbox are welcome."""
        with self._changed:
            for name in infobases:
                if name in self._knocks:
                    self._knocks[name] += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Send everybody away; who comes later stands. Safe from any thread, not from a signal.

        Whoever counts holds the lock, and may wait for the figures' lock that the signal's thread holds.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wait(self, visit: _Visit) -> bool:
        with self._changed:
            if time.monotonic() >= visit.until:
                return False
            if self._knocked(visit):
                return True
            if self._closed:
                return self._stand(visit)
            if self._seated >= self._seats:
                self._complain()
                return self._stand(visit)
            self._seated += 1
            try:
                return self._sleep(visit)
            finally:
                self._seated -= 1

    def _stand(self, visit: _Visit) -> bool:
        if self._standing >= self._standing_room:
            return False
        visit.until = min(visit.until, time.monotonic() + PAUSE_S)
        self._standing += 1
        try:
            return self._sleep(visit)
        finally:
            self._standing -= 1

    def _sleep(self, visit: _Visit) -> bool:
        left_s = max(0.0, visit.until - time.monotonic())
        came_after = self._closed
        with self._waiting.track_inprogress(), pausing():
            knocked = self._changed.wait_for(
                lambda: self._closed != came_after or self._knocked(visit), min(left_s, GLANCE_S)
            )
        return self._closed == came_after and (knocked or time.monotonic() < visit.until)

    def _knocked(self, visit: _Visit) -> bool:
        """True once for each knock, or several, since the last look."""
        heard, visit.knocks = visit.knocks, self._knocks[visit.infobase]
        return visit.knocks != heard

    def _complain(self) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_EVERY_S:
            self._complained_at = now
            log.warning("mailroom_full", waiters=self._seats)
