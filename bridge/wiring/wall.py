"""What the clock on an exchange's wall shows."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo


def wall_s(at: float, zone: ZoneInfo) -> float:
    """Unix time -> local seconds from 1970-01-01 00:00 of that wall, as `core.watch` counts them.

    >>> wall_s(0.0, ZoneInfo("Europe/Moscow"))
    10800.0
    """
    offset = datetime.fromtimestamp(at, zone).utcoffset() or timedelta()
    return at + offset.total_seconds()
