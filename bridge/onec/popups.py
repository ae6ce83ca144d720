"""When a ring deserves a card on the screen: one rule for every contract."""

import re

from bridge.core.calls import CallEvent, CallState, Direction

PUBLIC_DIGITS = 7  # shorter numbers are extensions (TelephonyMobilon 2019-12-12)


def is_popup(event: CallEvent) -> bool:
    """True when a client's call rings at a subscriber now."""
    return (
        event.state is CallState.PREANSWER
        and event.direction in (Direction.INCOMING, Direction.UNKNOWN)
        and with_client(event)
    )


def with_client(event: CallEvent) -> bool:
    """False for a call between colleagues, and while an employee's own telephone rings for a click in 1C."""
    return not event.of_click and not _internal(event.from_number, event.to_number)


def _internal(caller: str, called: str) -> bool:
    """Both are extensions. A hidden caller is a client; the old hook names nobody as called."""
    digits = digits_of(caller)
    return 0 < len(digits) < PUBLIC_DIGITS and len(digits_of(called)) < PUBLIC_DIGITS


def digits_of(number: str) -> str:
    """
    >>> digits_of("+7 (923) 529-29-26")
    '79235292926'
    """
    return re.sub(r"[^0-9]", "", number)
