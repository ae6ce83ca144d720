"""Has the hook fallen silent? Exchanges switch a web hook off without a word, and nobody notices.

Only working hours count, so a quiet night or weekend is no alarm. Times are local seconds: what the
clock on the exchange's wall shows, counted from 1970-01-01 00:00 of that wall.
"""

from dataclasses import dataclass
from enum import Enum, auto

DAY_S = 24 * 3600
_THURSDAY = 3  # 1970-01-01, where Monday is 0


@dataclass(frozen=True, kw_only=True)
class WorkHours:
    """When calls are to be expected. `days` are 1 (Monday) … 7; seconds are counted from midnight."""

    begin_s: int
    end_s: int
    days: frozenset[int]

    @classmethod
    def parse(cls, hours: str, days: str) -> "WorkHours":
        """
        >>> WorkHours.parse("09:00-18:00", "1-5") == WorkHours(
        ...     begin_s=32400, end_s=64800, days=frozenset({1, 2, 3, 4, 5})
        ... )
        True
        """
        begin, _, end = hours.partition("-")
        first, _, last = days.partition("-")
        low, high = int(first), int(last or first)
        # "6-2" goes over Sunday
        span = range(low, high + 1) if low <= high else (*range(low, 8), *range(1, high + 1))
        return cls(begin_s=_of_day(begin), end_s=_of_day(end), days=frozenset(span))

    def holds(self, at_s: float) -> bool:
        """Is this moment of local time within the hours?"""
        return self.between(at_s, at_s + 1) > 0

    def between(self, since_s: float, until_s: float) -> float:
        """Working seconds of a span of local time; 0 when it is empty or runs back."""
        total = 0.0
        for day in range(int(since_s // DAY_S), int(until_s // DAY_S) + 1):
            if (day + _THURSDAY) % 7 + 1 in self.days:
                begin = max(since_s, day * DAY_S + self.begin_s)
                end = min(until_s, day * DAY_S + self.end_s)
                total += max(0.0, end - begin)
        return total


class Notice(Enum):
    """What people are to be told now."""

    SILENT = auto()
    HEARD_AGAIN = auto()


def notice(silent_s: float, *, limit_s: float, alarmed: bool) -> Notice | None:
    """One word at the beginning of a silence and one at its end.

    Args:
        silent_s: working seconds since the hook last spoke.
        limit_s: so long is an alarm.
        alarmed: people know of this silence already.
    """
    silent = silent_s >= limit_s
    if silent == alarmed:
        return None
    return Notice.SILENT if silent else Notice.HEARD_AGAIN


def _of_day(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 3600 + int(minutes) * 60
