"""Which lanes are being attempted, and which come next: kept in the memory of the one process that tells."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

AHEAD = 64  # lanes read beyond those that are wanted now: a look at the database serves so many claims

Look = Callable[
    [str, int], Iterable[int]
]  # a statement of lanes in their order, how many at most -> their ids


@dataclass
class _Queue:
    """One infobase's lanes. `ahead` are in the order of their statement, none of them leased."""

    leased: dict[int, int] = field(default_factory=dict)  # lane -> its delivery, 0 until the head is read
    ahead: dict[str, dict[int, None]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)  # never held while the database is asked
    looking: threading.Lock = field(default_factory=threading.Lock)


class Lanes:
    """The leases of this process. Safe for several threads; infobases do not wait for each other."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    def lease(self, infobase: str, room: int, look: Look, *statements: str) -> Sequence[int]:
        """At most `room` lanes that nobody had, in the order of the statements.

        What was read ahead may have changed since: read the head of a lane only if it is due.
        """
        queue = self._of(infobase)
        taken: list[int] = []
        with queue.looking:
            for statement in statements:
                ahead = queue.ahead.setdefault(statement, {})
                with queue.guard:
                    _take(queue, ahead, room, taken)
                    most = len(queue.leased) + room - len(taken) + AHEAD
                if len(taken) < room:
                    found = dict.fromkeys(look(statement, most))
                    with queue.guard:
                        ahead.update((lane, None) for lane in found if lane not in queue.leased)
                        _take(queue, ahead, room, taken)
                if len(taken) == room:
                    break
        return taken

    def take(self, infobase: str, lane_id: int, delivery_id: int) -> bool:
        """Lease this lane, to tell that of it; False when somebody has it."""
        queue = self._of(infobase)
        with queue.guard:
            if lane_id in queue.leased:
                return False
            for ahead in queue.ahead.values():
                ahead.pop(lane_id, None)
            queue.leased[lane_id] = delivery_id
            return True

    def name(self, infobase: str, lane_id: int, delivery_id: int) -> None:
        """This is what is being told of a leased lane."""
        self._of(infobase).leased[lane_id] = delivery_id

    def settled(self, infobase: str, lane_id: int) -> None:
        queue = self._of(infobase)
        with queue.guard:
            queue.leased.pop(lane_id, None)

    def free(self, infobase: str, lane_id: int) -> None:
        """It was not told; it keeps its place, so what was read ahead of others does not count."""
        queue = self._of(infobase)
        with queue.guard:
            queue.leased.pop(lane_id, None)
            for ahead in queue.ahead.values():
                ahead.clear()

    def unless_leased(self, infobase: str, act: Callable[[str], None]) -> None:
        """`act` while nobody can take a lane of this infobase, and none is taken."""
        queue = self._of(infobase)
        with queue.guard:
            if not queue.leased:
                act(infobase)

    def leased(self, infobase: str) -> set[int]:
        queue = self._of(infobase)
        with queue.guard:
            return set(queue.leased)

    def under_way(self) -> dict[int, int]:
        """Every leased lane and what is being told of it, 0 while that is being looked up."""
        found: dict[int, int] = {}
        for queue in list(self._queues.values()):
            with queue.guard:
                found.update(queue.leased)
        return found

    def _of(self, infobase: str) -> _Queue:
        return self._queues.get(infobase) or self._queues.setdefault(infobase, _Queue())


def _take(queue: _Queue, ahead: dict[int, None], room: int, taken: list[int]) -> None:
    while ahead and len(taken) < room:
        lane = next(iter(ahead))
        for other in queue.ahead.values():  # a leased lane may change
            other.pop(lane, None)
        queue.leased[lane] = 0
        taken.append(lane)
