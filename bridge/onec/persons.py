"""Whose call it is: the one subscriber whom an event names."""

from collections.abc import Sequence

from bridge.core.calls import CallEvent, Direction, Subscriber
from bridge.onec.popups import PUBLIC_DIGITS, digits_of


def person_of(event: CallEvent, people: Sequence[Subscriber]) -> Subscriber | None:
    """The subscriber by key, else by the extension that is called or calls; None when the event names nobody.

    An extension of nobody that the settings know is a subscriber without a name. A missed HANGUP
    carries the firm's number in `to` and no key (TelephonyMobilon 2019-12-12): it names nobody.
    """
    if event.user_key:
        known = next((one for one in people if one.key == event.user_key), None)
        if known:
            return known
    for end in map(digits_of, (firms_end(event), others_end(event))):
        if 0 < len(end) < PUBLIC_DIGITS:
            return next((one for one in people if one.extension == end), Subscriber(name="", extension=end))
    return None


def firms_end(event: CallEvent) -> str:
    """The end of a call that is the firm's: its number, or an extension."""
    return event.from_number if event.direction is Direction.EXTERNAL else event.to_number


def others_end(event: CallEvent) -> str:
    return event.to_number if event.direction is Direction.EXTERNAL else event.from_number
