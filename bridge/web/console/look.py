"""How the console shows things: in the language, the time zone and the rights of whoever looks."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from bridge.core.calls import Direction
from bridge.core.folded import PUBLIC_DIGITS
from bridge.core.numbers import mask, same_digits

# what may be somebody's telephone, however it is written; a time and an id of a channel are none
_NUMBER = re.compile(
    r"""(?P<time>"?time"?\s*[:=]\s*"?)?"""
    r"""(?:(?<![\w.-])|(?<=%2[B0b]))(?P<digits>\+?\d[\d ()-]{5,18}\d)(?![\w-]|\.\w)"""
)
MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600


@dataclass(frozen=True, kw_only=True)
class Look:
    """`masked`: whole numbers are not for this one."""

    say: Callable[..., str]
    language: str
    zone: tzinfo
    masked: bool

    def number(self, text: str) -> str:
        """A telephone number; an extension is nobody's secret."""
        if not text:
            return "—"
        return mask(text) if self.masked and len(same_digits(text)) >= PUBLIC_DIGITS else text

    def prose(self, text: str) -> str:
        """What somebody else said, 1C for instance, in which numbers may be."""
        return without_numbers(text) if self.masked else text

    def moment(self, at: float | None) -> str:
        """The day and the second."""
        return datetime.fromtimestamp(at, self.zone).strftime("%d.%m.%Y %H:%M:%S") if at else "—"

    def clock(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%H:%M:%S")

    def day(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.zone).strftime("%d.%m.%Y")

    def iso(self, at: float) -> str:
        """For machines that read pages."""
        return datetime.fromtimestamp(at, self.zone).isoformat(timespec="seconds")

    def span(self, seconds: float) -> str:
        """How long, in the largest unit that says enough."""
        for unit_s, unit in ((DAY_S, "{n} дн."), (HOUR_S, "{n} ч"), (MINUTE_S, "{n} мин")):
            if seconds >= unit_s:
                return self.say(unit, n=int(seconds // unit_s))
        return self.say("{n} с", n=int(max(0, seconds)))

    def took(self, seconds: float) -> str:
        """How long something took that should not take long."""
        if seconds >= MINUTE_S:
            return self.span(seconds)
        return (
            self.say("{n} мс", n=round(seconds * 1000))
            if seconds < 1
            else self.say("{n} с", n=round(seconds, 1))
        )

    def talk(self, seconds: int) -> str:
        """The length of a talk."""
        return f"{seconds // MINUTE_S}:{seconds % MINUTE_S:02d}" if seconds else "—"

    def direction(self, direction: Direction) -> str:
        return {
            Direction.INCOMING: self.say("входящий"),
            Direction.EXTERNAL: self.say("исходящий"),
            Direction.UNKNOWN: self.say("неизвестно"),
        }[direction]


def without_numbers(text: str) -> str:
    """A text without telephone numbers, but for extensions.

    >>> without_numbers('{"from":"89160000001","time":1565770001}')
    '{"from":"89*******01","time":1565770001}'
    """
    return _NUMBER.sub(lambda one: one[0] if one["time"] else mask(one["digits"]), text)
