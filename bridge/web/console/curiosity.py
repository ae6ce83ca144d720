"""How many numbers somebody may look for who sees none whole: a mask and enough searches would tell each.

In memory of this process; a restart forgives everybody.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

NUMBERS = 30
WINDOW_S = 3600.0


class Curiosity:
    """Counts the different numbers that each user looks for: to turn a page costs nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._looked: dict[str, deque[tuple[float, str]]] = {}

    def may_look_for(self, name: str, digits: str) -> bool:
        """False when this number would be one too many within `WINDOW_S`."""
        now = self._clock()
        with self._lock:
            looked = self._looked.setdefault(name, deque())
            while looked and now - looked[0][0] > WINDOW_S:
                looked.popleft()
            if any(digits == earlier for _, earlier in looked):
                return True
            if len(looked) >= NUMBERS:
                return False
            looked.append((now, digits))
            return True
