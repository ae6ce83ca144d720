"""Contract `vats`: the web service of the exchange's manual, a card at a ring and nothing else.

Mobilon, contents/vpbx/integration/1c.md, 2017-06-02; WSDL: wsdl/onec/vats.wsdl.
"""

from bridge.core.calls import CallEvent
from bridge.core.delivery import Outcome, Purpose
from bridge.core.errors import BadNumber
from bridge.core.numbers import PhoneNumber
from bridge.core.ports import Calling, StoredEvent, Telling
from bridge.onec.contract import begin, foreign, tell
from bridge.onec.popups import digits_of, is_popup
from bridge.onec.transport import OnecTransport

INCOMING_CALL = "IncomingCall"


class Vats:
    """`IncomingCall(NumFrom, Key)`: who calls, and the key of the subscriber whose telephone rings."""

    def __init__(self, transport: OnecTransport) -> None:
        self._transport = transport

    def tell_about(self, event: CallEvent) -> Telling | None:
        return Telling(operation=INCOMING_CALL, purpose=Purpose.POPUP) if is_popup(event) else None

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        if operation != INCOMING_CALL:
            return foreign(operation, "vats")
        return tell(self._transport, operation, _parameters(stored), stored)

    def begin(self, operation: str, stored: StoredEvent) -> Calling | None:
        """`Begin` of this contract."""
        if operation != INCOMING_CALL:
            return None
        return begin(self._transport, operation, _parameters(stored), stored)


def _parameters(stored: StoredEvent) -> list[tuple[str, str]]:
    return [("NumFrom", num_from(stored.event.from_number)), ("Key", stored.event.user_key)]


def num_from(number: str) -> str:
    """The caller as the manual writes it; "" for a hidden one, extensions as they are.

    >>> num_from("+79235292926"), num_from("101"), num_from("Anonymous")
    ('89235292926', '101', '')
    """
    try:
        return PhoneNumber.parse(number).trunk8
    except BadNumber:
        return digits_of(number)
