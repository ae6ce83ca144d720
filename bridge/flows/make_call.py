"""1C dials: a click becomes one request to the exchange and one honest Russian sentence."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bridge.core.calls import Subscriber
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallCode, CallResult, DialPolicy
from bridge.core.errors import BadNumber, StoreUnavailable
from bridge.core.numbers import PhoneNumber
from bridge.core.ports import DialLog, Exchange
from bridge.core.steps import THREAD, Commit, Steps, whole

IN_PROGRESS = CallResult.fail(
    CallCode.IN_PROGRESS, "Этот звонок уже набирается: подождите; если телефон не зазвонит, повторите позже"
)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """What one infobase may dial with: its exchange, its people and its rules."""

    infobase: str
    exchange: Exchange
    subscribers: Sequence[Subscriber]
    policy: DialPolicy = field(default_factory=DialPolicy)
    limits: DialLimits = NO_LIMITS
    others: Sequence[Subscriber] = ()  # of the exchange, whom this infobase may not dial for
    unlisted_keys: bool = False  # a key the bridge was not told of is passed to the exchange as it is
    area_code: str = ""
    double_click_s: float = 10.0

    def find(self, handle: str) -> Subscriber | None:
        """The subscriber 1C means by a key, an extension or a name; None when there is none."""
        handle = handle.strip()
        for subscriber in self.subscribers:
            if subscriber.answers_to(handle):
                return subscriber
        listed = any(other.answers_to(handle) for other in self.others)
        if handle and self.unlisted_keys and not listed:
            return Subscriber(name="", key=handle, extension=handle if handle.isdigit() else "")
        return None


def make_call(
    handle: str,
    number_text: str,
    *,
    desk: Desk,
    dial_log: DialLog,
    wait_for_first: Callable[[int], CallResult | None],
    wall_s: float = 0.0,
) -> CallResult:
    """All steps of `click`, waited for."""
    return whole(
        click(handle, number_text, desk=desk, dial_log=dial_log, wait_for_first=wait_for_first, wall_s=wall_s)
    )


def click(
    handle: str,
    number_text: str,
    *,
    desk: Desk,
    dial_log: DialLog,
    wait_for_first: Callable[[int], CallResult | None],
    wall_s: float = 0.0,
    since: float = math.inf,
) -> Steps[CallResult]:
    """Dial `number_text` for the subscriber meant by `handle`; at most once for one click.

    A refusal is a value, never an exception: the accountant reads `message`.

    Args:
        wait_for_first: given the id of a click that is being dialled, waits a bounded time for its
            answer; None when there is none yet.
        wall_s: local time at the exchange, as `WorkHours` counts it.
        since: unix time; the same click since then is this one, however short a double click is.

    Raises:
        StoreUnavailable: the click could not be recorded, so nothing was dialled.
    """
    subscriber = desk.find(handle)
    if subscriber is None:
        return CallResult.fail(
            CallCode.UNKNOWN_SUBSCRIBER,
            "Абонент не найден: проверьте ключ, внутренний номер или имя в настройках",
        )
    try:
        number = PhoneNumber.parse(number_text, area_code=desk.area_code)
    except BadNumber as error:
        return CallResult.fail(CallCode.BAD_NUMBER, str(error))
    if refusal := desk.policy.refusal(number, wall_s):
        return refusal

    caller = subscriber.key or subscriber.extension
    committed = dial_log.bring_click(
        desk.infobase,
        caller,
        number.digits,
        window_s=desk.double_click_s,
        since=since,
        limits=desk.limits,
    )
    yield Commit(committed, last=False)
    begun = committed()
    if not begun.fresh:
        if begun.result:
            return begun.result
        yield THREAD
        return _first_answer(begun.id, wait_for_first) or IN_PROGRESS
    dialled = desk.exchange.begin(subscriber, number)
    if dialled is None:
        yield THREAD
        result = desk.exchange.dial(subscriber, number)
    else:
        yield dialled
        result = dialled.result()
    try:
        dial_log.end(begun.id, result)
    except StoreUnavailable:  # the telephone is ringing: that is what the accountant must read
        return replace(result, message=f"{result.message} (в журнал моста не записано)")
    return result


def _first_answer(dial_id: int, wait: Callable[[int], CallResult | None]) -> CallResult | None:
    try:
        return wait(dial_id)
    except StoreUnavailable:  # the first click goes on: to say that nothing was dialled would be a lie
        return None
