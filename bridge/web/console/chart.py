"""The chart of the day: bars by the hour, as numbers that a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.overview import HourFigures

WIDTH, HEIGHT = 720, 158
BASE = 132  # the axis; the hours are written below it
TOP = 26
STEP = WIDTH // 24
BAR = 20
FAILED = 8  # narrower than the calls behind it, which stay in sight when all failed
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One hour. Heights are of the calls, and of what failed, in front of them."""

    figures: HourFigures
    x: int
    width: int
    failed_x: int
    failed_width: int
    calls_y: float
    calls_height: float
    failed_y: float
    failed_height: float
    labelled: bool


@dataclass(frozen=True, kw_only=True)
class Chart:
    width: int
    height: int
    base: int
    top: int
    most: int
    bars: Sequence[Bar]


def chart(hours: Sequence[HourFigures]) -> Chart:
    """The hours of a day as bars below a round number."""
    highest = max((max(one.calls, one.failed) for one in hours), default=0)
    most = next((tick for tick in TICKS if tick >= highest), highest)
    scale = (BASE - TOP) / most
    return Chart(
        width=WIDTH,
        height=HEIGHT,
        base=BASE,
        top=TOP,
        most=most,
        bars=[_bar(one, scale) for one in hours],
    )


def _bar(one: HourFigures, scale: float) -> Bar:
    x = one.hour * STEP + (STEP - BAR) // 2
    calls, failed = round(one.calls * scale, 1), round(one.failed * scale, 1)
    return Bar(
        figures=one,
        x=x,
        width=BAR,
        failed_x=x + (BAR - FAILED) // 2,
        failed_width=FAILED,
        calls_y=BASE - calls,
        calls_height=calls,
        failed_y=BASE - failed,
        failed_height=failed,
        labelled=one.hour % 3 == 0,
    )
