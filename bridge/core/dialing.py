"""A click in 1C: what may be dialled, and what the accountant reads afterwards."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.numbers import PhoneNumber
from bridge.core.watch import WorkHours

PAID = ("7803", "7809")  # paid services of the Russian numbering plan
# Abkhazia, within Russia's +7 (Interfax, 2009-09-28); libphonenumber calls it Russian
ABROAD = ("7840", "7940")


class CallCode:
    """`CallResult.Code`: 0 done, 1…5 the exchange's own codes, ours from 100 (docs/operating.md)."""

    DONE = 0
    EXCHANGE_REFUSED = 100  # a refusal that the exchange gave no known code for
    UNKNOWN_SUBSCRIBER = 101
    BAD_NUMBER = 102
    NOT_ALLOWED = 103
    OUTCOME_UNKNOWN = 104
    EXCHANGE_AWAY = 105
    IN_PROGRESS = 106
    EXCHANGE_BROKEN = 107  # the exchange answered something that is not an answer
    BUSY = 108  # too many clicks are being dialled; this one was not begun
    TOO_OFTEN = 109  # `DialLimits`
    STOPPED = 110  # a person stopped dialling
    OFF_HOURS = 111


class DialStatus(StrEnum):
    STARTED = "SUCCESS"
    FAILED = "FAIL"


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """The honest answer to a click. `message` is one Russian sentence; `code` is a `CallCode` or 1…5."""

    status: DialStatus
    message: str
    code: int
    call_id: str = ""

    @classmethod
    def fail(cls, code: int, message: str, call_id: str = "") -> "CallResult":
        return cls(status=DialStatus.FAILED, message=message, code=code, call_id=call_id)


@dataclass(frozen=True, kw_only=True)
class DialPolicy:
    """Where and when a stolen token may dial: nowhere that costs. Numbers of Russia only, by default.

    Sources of the defaults: premium and international ranges are what toll fraud uses (CFCA). Short public
    numbers (112, paid services) look like extensions, so only those that are known here are dialled.

    Args:
        allowed, denied: beginnings of E.164 digits, beside `countries` and the paid ranges.
        short: extensions and other short numbers that may be dialled.
        hours: when, on the exchange's wall; None at any time.
    """

    countries: frozenset[str] = frozenset({"RU"})
    premium: bool = False
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    short: frozenset[str] = frozenset()
    hours: WorkHours | None = None

    def refusal(self, number: PhoneNumber, wall_s: float) -> CallResult | None:
        """None when the number may be dialled now, else what the accountant reads.

        Args:
            wall_s: what the exchange's wall shows, in seconds from its 1970-01-01.
        """
        if self.hours and not self.hours.holds(wall_s):
            return CallResult.fail(
                CallCode.OFF_HOURS, "Сейчас звонить запрещено настройкой моста (dial.hours)"
            )
        reason = self._forbidden(number)
        return CallResult.fail(CallCode.NOT_ALLOWED, reason) if reason else None

    def _forbidden(self, number: PhoneNumber) -> str:
        if number.internal:
            if number.digits in self.short:
                return ""
            return "Короткий номер не из списка абонентов моста: звонить на него запрещено настройкой"
        if number.digits.startswith(self.denied):
            return "Звонки на этот номер запрещены настройкой моста"
        if number.digits.startswith(self.allowed):
            return ""
        if (number.premium or number.digits.startswith(PAID)) and not self.premium:
            return "Звонки на платные номера запрещены настройкой моста"
        if number.region not in self.countries or number.digits.startswith(ABROAD):
            return "Звонки в эту страну запрещены настройкой моста"
        return ""
