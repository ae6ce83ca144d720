"""Who tells 1C computes before those who take hooks.

Threads of Python compute one at a time, and who calls the system may lose its turn by it. Beside a loop that
always has something to do, a desk would get its turn back each time only when the interpreter takes it from
the loop. So between two requests the loop gives way to a desk that has something to do, for a moment at most.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

MOMENT_S = 0.003
SHARE_S = 0.0005  # so long the others compute then, whoever tells
SWITCH_S = 0.0005  # after so long the interpreter is taken from a thread that others wait for; usually 5 ms


class Turns:
    """Of one process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._telling = 0
        self._share_until = 0.0  # monotonic

    def enter(self) -> None:
        """Somebody has something to tell, or was called to look."""
        with self._changed:
            self._telling += 1

    def leave(self) -> None:
        with self._changed:
            self._telling -= 1
            if not self._telling:
                self._changed.notify_all()

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Around what tells 1C, except where it waits."""
        self.enter()
        try:
            yield
        finally:
            self.leave()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Around a wait inside `telling`."""
        self.leave()
        try:
            yield
        finally:
            self.enter()

    def give_way(self) -> None:
        """Called between two requests, and by who has called a desk: waits while somebody tells, not for long
        nor too often."""
        if not self._telling or time.monotonic() < self._share_until:
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._telling, MOMENT_S)
        self._share_until = time.monotonic() + SHARE_S


turns = Turns()
