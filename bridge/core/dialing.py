"""A click in 1C: what may be dialled, and what the accountant reads afterwards."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.numbers import PhoneNumber


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
    """Where a stolen token may dial: nowhere that costs. Numbers of Russia only, by default.

    Sources of the defaults: premium and international ranges are what toll fraud uses (CFCA).
    """

    countries: frozenset[str] = frozenset({"RU"})
    premium: bool = False
    internal: bool = True
    denied_prefixes: tuple[str, ...] = ("7803", "7809")  # paid services of the Russian plan

    def refusal(self, number: PhoneNumber) -> str | None:
        """None when the number may be dialled, else the Russian reason."""
        if number.internal:
            return None if self.internal else "Звонки на внутренние номера запрещены настройкой моста"
        if number.premium or number.digits.startswith(self.denied_prefixes):
            return None if self.premium else "Звонки на платные номера запрещены настройкой моста"
        if number.region not in self.countries:
            return "Звонки в эту страну запрещены настройкой моста"
        return None
