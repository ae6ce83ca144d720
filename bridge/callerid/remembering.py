"""What the infobases said, at hand: the callers asked about last, in memory, with their counts to be kept."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

from bridge.flows.name_caller import Told

LIMIT = 20_000  # callers; some hundred bytes each


class Memory:
    """Caller -> infobase -> what it said. The least recently used is forgotten first. Safe for threads."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._known: OrderedDict[str, dict[str, Told]] = OrderedDict()

    def get(self, who: str) -> dict[str, Told] | None:
        """None when nothing is at hand: the durable table may still know."""
        with self._lock:
            known = self._known.get(who)
            if known is None:
                return None
            self._known.move_to_end(who)
            return dict(known)

    def put(self, who: str, told: Mapping[str, Told]) -> None:
        """What was kept. What is at hand already and was said later stays."""
        with self._lock:
            known = self._place(who)
            for infobase, one in told.items():
                if infobase not in known or known[infobase].told_at <= one.told_at:
                    known[infobase] = one

    def learn(self, who: str, infobase: str, told: Told) -> None:
        """What 1C has just said, whatever the clock says: it may have gone back."""
        with self._lock:
            self._place(who)[infobase] = told

    def _place(self, who: str) -> dict[str, Told]:
        known = self._known.setdefault(who, {})
        self._known.move_to_end(who)
        while len(self._known) > self._limit:
            self._known.popitem(last=False)
        return known
