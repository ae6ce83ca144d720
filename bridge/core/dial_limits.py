"""How often may be dialled, so that a stolen token or a runaway program costs little.

Defaults: figures of issue reports and operators' advice against toll fraud and call bombing, gathered
for this project in 2026-11; nobody publishes limits for a 1C connector.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class DialLimits:
    """Dials begun within the last 60 seconds, hour and 24 hours; 0 switches a limit off.

    The same names are the settings `[infobase.….dial]`.
    """

    subscriber_minute: int = 10
    subscriber_hour: int = 60
    subscriber_day: int = 200
    infobase_minute: int = 60
    infobase_hour: int = 600
    infobase_day: int = 2000
    same_number_hour: int = 5
    at_once: int = 10  # asked of the exchange and not answered yet

    @property
    def reach_s(self) -> float:
        """How far back the limits look, in seconds; 0 when all are off."""
        if self.subscriber_day or self.infobase_day:
            return 24 * 3600.0
        if self.subscriber_hour or self.infobase_hour or self.same_number_hour or self.at_once:
            return 3600.0
        return 60.0 if self.subscriber_minute or self.infobase_minute else 0.0

    def refusal(self, begun: "DialsBegun") -> str:
        """The Russian reason why one more may not be begun now; "" when it may."""
        for name, sentence in SENTENCES.items():
            limit = getattr(self, name)
            if limit and getattr(begun, name) >= limit:
                return f"Звонок не начат: {sentence.format(limit)} (предел dial.{name})"
        return ""


@dataclass(frozen=True, kw_only=True)
class DialsBegun:
    """How many dials of this infobase, subscriber and number count towards each limit."""

    subscriber_minute: int
    subscriber_hour: int
    subscriber_day: int
    infobase_minute: int
    infobase_hour: int
    infobase_day: int
    same_number_hour: int
    at_once: int


NO_LIMITS = DialLimits(
    subscriber_minute=0,
    subscriber_hour=0,
    subscriber_day=0,
    infobase_minute=0,
    infobase_hour=0,
    infobase_day=0,
    same_number_hour=0,
    at_once=0,
)
# the one to be waited for longest is told first
SENTENCES = {
    "subscriber_day": "у абонента за сутки уже звонков: {}",
    "infobase_day": "из этой базы 1С за сутки уже звонков: {}",
    "same_number_hour": "на этот номер за час уже звонков: {}; повторите позже",
    "subscriber_hour": "у абонента за час уже звонков: {}; повторите позже",
    "infobase_hour": "из этой базы 1С за час уже звонков: {}; повторите позже",
    "subscriber_minute": "у абонента за минуту уже звонков: {}; повторите через минуту",
    "infobase_minute": "из этой базы 1С за минуту уже звонков: {}; повторите через минуту",
    "at_once": "из этой базы 1С сразу набирается звонков: {}; повторите через минуту",
}
