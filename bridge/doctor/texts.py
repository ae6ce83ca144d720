"""Times as an administrator reads them."""

from datetime import datetime

MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 24 * 3600.0


def milliseconds(seconds: float) -> str:
    """
    >>> milliseconds(0.0421), milliseconds(3.21)
    ('42 мс', '3.2 с')
    """
    return f"{max(1, round(seconds * 1000))} мс" if seconds < 1 else f"{seconds:.1f} с"


def span(seconds: float) -> str:
    """
    >>> span(12), span(600), span(7200), span(260000)
    ('12 с', '10 мин', '2 ч', '3 дн')
    """
    for unit_s, name in ((DAY_S, "дн"), (HOUR_S, "ч"), (MINUTE_S, "мин")):
        if seconds >= 1.5 * unit_s or (unit_s == MINUTE_S and seconds >= unit_s):
            return f"{seconds / unit_s:.0f} {name}"
    return f"{max(0.0, seconds):.0f} с"


def day(at: float) -> str:
    """A date on this computer's wall, from unix time."""
    return datetime.fromtimestamp(at).astimezone().strftime("%d.%m.%Y")
