"""What was measured, flat: one record for each part, case, peer, number of connections and round."""

import statistics
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of several rounds, the least and the most of them."""

    median: float
    least: float
    most: float
    rounds: int

    def __format__(self, spec: str) -> str:
        spec = spec or ".2f"
        text = format(self.median, spec)
        if self.rounds > 1:
            text += f" [{format(self.least, spec)}–{format(self.most, spec)}]"
        return text


def spread(values: list[float]) -> Spread | None:
    """None of nothing."""
    if not values:
        return None
    return Spread(median=statistics.median(values), least=min(values), most=max(values), rounds=len(values))


@dataclass(frozen=True, kw_only=True)
class Record:
    """One figure or a set of them. `at` is what was varied within a case: connections, milliseconds, …"""

    part: str
    case: str
    peer: str
    at: int
    round: int
    figures: dict[str, float]


@dataclass
class Results:
    records: list[Record] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # what, why
    machine: dict[str, Any] = field(default_factory=dict)

    def add(self, part: str, case: str, peer: str, at: int, turn: int, **figures: float) -> None:
        self.records.append(Record(part=part, case=case, peer=peer, at=at, round=turn, figures=figures))

    def rounds(self, case: str, peer: str, at: int, name: str) -> dict[int, float]:
        """Round -> the figure called `name`."""
        return {
            one.round: one.figures[name]
            for one in self.records
            if (one.case, one.peer, one.at) == (case, peer, at) and name in one.figures
        }

    def spread(self, case: str, peer: str, at: int, name: str) -> Spread | None:
        return spread(list(self.rounds(case, peer, at, name).values()))

    def ratio(
        self, case: str, peer: str, to: str, at: int, name: str = "rate", *, to_at: int | None = None
    ) -> Spread | None:
        """`peer` by `to`, each pair from one round; None when they never met."""
        return self._pairs(
            case, peer, to, at, name, to_at, lambda mine, other: mine / other if other else None
        )

    def difference(
        self, case: str, peer: str, to: str, at: int, name: str, *, to_at: int | None = None
    ) -> Spread | None:
        """`peer` less `to`, each pair from one round."""
        return self._pairs(case, peer, to, at, name, to_at, lambda mine, other: mine - other)

    def quotient(self, case: str, peer: str, at: int, name: str, by: str) -> Spread | None:
        """Two figures of one peer, one by the other, in each round."""
        mine, other = self.rounds(case, peer, at, name), self.rounds(case, peer, at, by)
        return spread([mine[turn] / other[turn] for turn in mine if other.get(turn)])

    def _pairs(
        self, case: str, peer: str, to: str, at: int, name: str, to_at: int | None, of: Any
    ) -> Spread | None:
        mine = self.rounds(case, peer, at, name)
        other = self.rounds(case, to, at if to_at is None else to_at, name)
        values = [of(mine[turn], other[turn]) for turn in mine if turn in other]
        return spread([value for value in values if value is not None])

    def cases(self, part: str) -> list[str]:
        return list(dict.fromkeys(one.case for one in self.records if one.part == part))

    def peers(self, case: str) -> list[str]:
        return list(dict.fromkeys(one.peer for one in self.records if one.case == case))

    def ats(self, case: str) -> list[int]:
        return sorted({one.at for one in self.records if one.case == case})

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": self.machine,
            "skipped": [{"what": what, "why": why} for what, why in self.skipped],
            "records": [asdict(one) for one in self.records],
        }

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records)
