"""What the loop watches beside its connections: a peer that will answer."""

import time
from collections.abc import Callable

from bridge.core.steps import Answer

LOOK_S = 0.05  # how late the end of a wait may be noticed


class Watched:
    """To waitress's loop, one of its dispatchers: it only reads."""

    accepting = False

    def __init__(self, answer: Answer, heard: Callable[["Watched"], None]) -> None:
        self.fd = answer.fileno()
        self._heard = heard
        self.ends_at = answer.ends_at

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def handle_read_event(self) -> None:
        self._heard(self)

    handle_expt_event = handle_close = handle_error = handle_read_event

    def close(self) -> None:
        """The connection is not ours."""


class Watch:
    """All but `add` is for the thread of the loop.

    Args:
        add, remove: to and from what the loop watches; `add` from any thread.
    """

    def __init__(self, add: Callable[[Watched], None], remove: Callable[[Watched], None]) -> None:
        self._add = add
        self._remove = remove
        self._watched: dict[Watched, Callable[[], None]] = {}
        self._looked_at = 0.0

    def __bool__(self) -> bool:
        return bool(self._watched)

    def add(self, answer: Answer, heard: Callable[[], None]) -> None:
        """Call `heard` once, when it is readable or its time is over.

        Raises:
            OSError, ValueError: the system does not watch it; `heard` is not called.
        """
        watched = Watched(answer, self._end)
        self._watched[watched] = heard
        try:
            self._add(watched)
        except Exception:
            if self._watched.pop(watched, None) is not None:  # else its time was over, and it was called
                raise

    def look(self) -> None:
        """Whose time is over has nothing to wait for any more."""
        now = time.monotonic()
        if self._watched and now - self._looked_at >= LOOK_S:
            self._looked_at = now
            self._end(*[one for one in list(self._watched) if one.ends_at <= now])

    def _end(self, *these: Watched) -> None:
        for one in these:
            heard = self._watched.pop(one, None)
            if heard is not None:
                self._remove(one)
                heard()
