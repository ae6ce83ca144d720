"""What people see of the store: one event's life, how much waits, and which deliveries they mean."""

from dataclasses import dataclass
from typing import Any

from bridge.core.delivery import DeliveryState
from bridge.core.ports import DeliveryRecord, StoredEvent


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    at: float  # unix time
    verdict: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class EventLife:
    """One event with everything that became of it."""

    stored: StoredEvent
    deliveries: tuple[DeliveryRecord, ...]
    attempts: dict[int, tuple[AttemptRecord, ...]]  # by delivery id


@dataclass(frozen=True, kw_only=True)
class Depth:
    """How much waits for one infobase, and since when (unix time of the oldest)."""

    infobase: str
    waiting: int
    oldest_at: float


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which deliveries; `since` and `until` are unix times of their acceptance."""

    state: DeliveryState | None = None
    infobase: str = ""
    since: float | None = None
    until: float | None = None
    popups: bool = True

    def where(self) -> tuple[str, dict[str, Any]]:
        """A condition on `d`, a delivery, and its facts."""
        parts, facts = ["1 = 1"], dict[str, Any]()
        if self.state is not None:
            parts.append("d.state = :state")
            facts["state"] = self.state.value
        if self.infobase:
            parts.append("d.infobase = :infobase")
            facts["infobase"] = self.infobase
        if self.since is not None:
            parts.append("d.created_at >= :since")
            facts["since"] = self.since
        if self.until is not None:
            parts.append("d.created_at < :until")
            facts["until"] = self.until
        if not self.popups:
            parts.append("d.purpose = 'journal'")
        return " AND ".join(parts), facts


@dataclass(frozen=True, kw_only=True)
class ReconciliationRecord:
    """The report of one reconciliation of one day; `problem` is "" when it was done."""

    exchange: str
    day: str
    at: float
    in_exchange: int
    known: int
    added: int
    problem: str
