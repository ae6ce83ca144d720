"""How many threads may wait for somebody else at once: each road has its share, all together leave some."""

import threading


class Seats:
    """So many of its own, each of which takes one of those that all such roads share."""

    def __init__(self, own: int, shared: threading.BoundedSemaphore) -> None:
        self._own = threading.BoundedSemaphore(max(1, own))
        self._shared = shared

    def acquire(self, *, blocking: bool = False) -> bool:  # noqa: ARG002 - nobody waits for a seat
        if not self._own.acquire(blocking=False):
            return False
        if self._shared.acquire(blocking=False):
            return True
        self._own.release()
        return False

    def release(self) -> None:
        self._shared.release()
        self._own.release()
