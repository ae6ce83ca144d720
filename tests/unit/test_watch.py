"""The silent hook: an alarm in working time only, said once."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.watch import DAY_S, Notice, WorkHours, notice

OFFICE = WorkHours.parse("09:00-18:00", "1-5")
HOUR = 3600


def wall(text: str) -> float:
    """Local seconds of a day of November 2026, whose 23rd is a Monday."""
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("23 09:00", "23 13:00", 4),
        ("23 07:00", "23 09:30", 0.5),
        ("23 17:00", "23 23:00", 1),
        ("23 17:00", "24 10:00", 2),
        ("20 17:55", "23 09:05", 1 / 6),  # Friday evening to Monday morning
        ("21 00:00", "23 00:00", 0),  # a weekend
        ("16 00:00", "23 00:00", 45),
        ("23 12:00", "23 12:00", 0),
        ("23 13:00", "23 12:00", 0),  # the clock was moved back
    ],
)
def test_only_working_time_counts(since: str, until: str, hours: float) -> None:
    assert OFFICE.between(wall(since), wall(until)) == pytest.approx(hours * HOUR)


@pytest.mark.parametrize(
    ("days", "chosen"),
    [("1-5", {1, 2, 3, 4, 5}), ("7", {7}), ("1-7", {1, 2, 3, 4, 5, 6, 7}), ("6-2", {6, 7, 1, 2})],
)
def test_days_as_they_are_written(days: str, chosen: set[int]) -> None:
    hours = WorkHours.parse("08:30-20:15", days)
    assert hours.days == chosen
    assert (hours.begin_s, hours.end_s) == (8.5 * HOUR, 20.25 * HOUR)


@given(st.floats(0, 60 * DAY_S), st.floats(0, 20 * DAY_S), st.floats(0, 20 * DAY_S))
def test_working_time_adds_up_and_never_exceeds_the_span(since: float, one: float, two: float) -> None:
    middle, end = since + one, since + one + two
    whole = OFFICE.between(since, end)
    assert whole == pytest.approx(OFFICE.between(since, middle) + OFFICE.between(middle, end), abs=1e-3)
    assert 0 <= whole <= one + two + 1e-3


def test_any_seven_days_hold_one_working_week() -> None:
    for hour in range(7 * 24):
        since = wall("01 00:00") + hour * HOUR
        assert OFFICE.between(since, since + 7 * DAY_S) == 45 * HOUR


@pytest.mark.parametrize(
    ("silent_s", "alarmed", "said"),
    [
        (0, False, None),
        (99, False, None),
        (100, False, Notice.SILENT),
        (100, True, None),
        (99, True, Notice.HEARD_AGAIN),
    ],
)
def test_one_word_at_each_end_of_a_silence(silent_s: float, alarmed: bool, said: Notice | None) -> None:
    assert notice(silent_s, limit_s=100, alarmed=alarmed) is said
