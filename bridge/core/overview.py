"""What people look at: calls with what became of them, what is stuck, and how the day went."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.core.calls import Subscriber
from bridge.core.delivery import DeliveryState
from bridge.core.ports import DeliveryRecord, StoredEvent

TROUBLES = (DeliveryState.DEAD, DeliveryState.EXPIRED)
HOURS = 24


@dataclass(frozen=True, kw_only=True)
class Search:
    """Which calls. Times are unix seconds of their acceptance; empty fields ask for nothing.

    `digits` as `core.numbers.same_digits` gives them: with them the person is not asked for. `before` is
    where the page above ended.
    """

    digits: str = ""
    person: Subscriber | None = None
    since: float | None = None
    until: float | None = None
    before: int | None = None


@dataclass(frozen=True, kw_only=True)
class CallEvents:
    """A call with what became of its events. `place` is where the next page goes on."""

    place: int
    exchange: str
    call_id: str
    events: Sequence[StoredEvent]
    states: Mapping[DeliveryState, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One telling of 1C, or what a person did instead; `at` is unix time."""

    at: float
    verdict: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class DeliveryLife:
    record: DeliveryRecord
    attempts: Sequence[Attempt]


@dataclass(frozen=True, kw_only=True)
class EventLife:
    stored: StoredEvent
    deliveries: Sequence[DeliveryLife]


@dataclass(frozen=True, kw_only=True)
class StuckDelivery:
    record: DeliveryRecord
    stored: StoredEvent


@dataclass(frozen=True, kw_only=True)
class Heap:
    """How many deliveries of an infobase are in a state, counted up to a limit; `oldest_at` is unix time."""

    infobase: str
    state: DeliveryState
    count: int
    more: bool
    oldest_at: float


@dataclass(frozen=True, kw_only=True)
class HourFigures:
    """One hour of the day. `took_s` is how long the delivered waited, on average."""

    hour: int
    calls: int = 0
    delivered: int = 0
    failed: int = 0
    took_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DayFigures:
    """`cut`: the day had more events than are looked at; these are of its latest."""

    hours: Sequence[HourFigures]
    calls: int
    delivered: int
    failed: int
    took_s: float
    cut: bool


@dataclass(frozen=True, kw_only=True)
class Told:
    """The last that was heard of an infobase: `answer` is 1C's."""

    at: float
    verdict: str
    answer: str


class Overview(Protocol):
    """What pages need of the store. What each costs does not grow with what is stored."""

    def calls(self, search: Search, *, limit: int) -> Sequence[CallEvents]:
        """The newest calls first, by the last of their events that the search means."""
        ...

    def call(self, exchange: str, call_id: str, *, after: int, limit: int) -> Sequence[EventLife]:
        """The events of a call with an id above `after`, in the order of arrival."""
        ...

    def event(self, event_id: int) -> StoredEvent | None: ...

    def stuck(
        self, state: DeliveryState, infobase: str, *, before: int | None, limit: int
    ) -> Sequence[StuckDelivery]:
        """Deliveries to an infobase in a state, the newest first."""
        ...

    def heaps(self, infobases: Sequence[str]) -> Sequence[Heap]:
        """What waits, what is dead and what expired."""
        ...

    def of_heap(self, delivery_ids: Sequence[int], infobase: str, state: DeliveryState) -> list[int]:
        """Those of the deliveries that are an infobase's and in that state."""
        ...

    def replay(self, delivery_ids: Sequence[int], lifetimes: Mapping[tuple[str, str], float]) -> int:
        """Put dead and expired deliveries back into their lanes; returns how many moved.

        `lifetimes`: (infobase, purpose) -> seconds to live again.
        """
        ...

    def discard(self, delivery_ids: Sequence[int], who: str) -> int:
        """Nobody needs these dead and expired deliveries any more; returns how many it concerned."""
        ...

    def day(self, since: float) -> DayFigures:
        """The 24 hours from `since`, unix time."""
        ...

    def last_heard(self, exchange: str) -> float | None:
        """When its hook last spoke, unix time; None when not of late."""
        ...

    def last_told(self) -> Mapping[str, Told]:
        """Infobase -> what became of the latest attempt to tell it."""
        ...
