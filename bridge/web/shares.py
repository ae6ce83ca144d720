"""Workers that accept from one socket hold about as many connections each.

Whoever wakes first accepts, and a connection stays where it was accepted: of 64 that came at once, one of
two workers held 47 to 64, and those waited behind each other beside a worker with nothing to do. So each
tells the others how many it holds, and one that holds more leaves newcomers to them for a moment.
"""

import math
import mmap
import time

SLACK = 2  # connections more than another's; as many are taken when nobody else did
REST_S = 0.004
_ABSENT = 2**31 - 1  # it accepts nothing


class Shares:
    """Made before the fork; what a killed worker held is believed until its place is filled again.

    Args:
        workers: how many there will be.
    """

    def __init__(self, workers: int) -> None:
        self._counts = memoryview(mmap.mmap(-1, 4 * workers)).cast("i")
        for number in range(workers):
            self._counts[number] = _ABSENT

    def of(self, number: int) -> "Share":
        """For the worker of that number, from 0."""
        return Share(self._counts, number)


class Share:
    """One worker's, for the thread of its loop."""

    def __init__(self, counts: memoryview, number: int) -> None:
        self._counts = counts
        self._number = number
        self._others = [other for other in range(len(counts)) if other != number]
        self._rests_until = 0.0  # monotonic; 0: it does not
        self._rested = False  # has just
        self._left = False

    def holds(self, connections: int) -> None:
        if not self._left:
            self._counts[self._number] = connections

    def leave(self) -> None:
        """It accepts no more."""
        self._left = True
        self._counts[self._number] = _ABSENT

    @property
    def resting(self) -> bool:
        return self._rests_until > 0

    def turn(self) -> float:
        """Called before each turn of the loop; returns in how many seconds the next must come."""
        self._rested = False
        if not self._rests_until:
            return math.inf
        left = self._rests_until - time.monotonic()
        if left <= 0:
            self._rests_until, self._rested = 0.0, True
        return max(0.0, left)

    def may_take(self, connections: int) -> int:
        """How many newcomers; none: it rests from now on.

        Args:
            connections: it holds.
        """
        least = min((self._counts[other] for other in self._others), default=_ABSENT)
        spare = max(least + SLACK - connections, SLACK if self._rested else 0)
        if spare <= 0:
            self._rests_until = time.monotonic() + REST_S
        return max(0, spare)
