"""Contract `vatscalls`: every event of a call as JSON, for a journal of calls in 1C.

The web service of the extension TelephonyMobilon 2019-12-12; WSDL: wsdl/onec/vatscalls.wsdl.
"""

import json
from collections.abc import Mapping
from typing import Any

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Outcome, Purpose
from bridge.core.ports import StoredEvent, Telling
from bridge.onec.contract import foreign, tell
from bridge.onec.popups import is_popup
from bridge.onec.transport import OnecTransport

EVENT = "Event"
EVENT_ID = "bridgeEventId"  # ours: grows with acceptance, 1C drops a repetition by it


class VatsCalls:
    """`Event(Data)`: the exchange's own JSON and the number of the event at the bridge."""

    def __init__(self, transport: OnecTransport) -> None:
        self._transport = transport

    def tell_about(self, event: CallEvent) -> Telling | None:
        """A ring makes sense while it rings; everything else is for the books, whatever it is called."""
        if event.state is not CallState.PREANSWER:
            return Telling(operation=EVENT, purpose=Purpose.JOURNAL)
        return Telling(operation=EVENT, purpose=Purpose.POPUP) if is_popup(event) else None

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        if operation != EVENT:
            return foreign(operation, "vatscalls")
        return tell(self._transport, operation, [("Data", data(stored))], stored)


def data(stored: StoredEvent) -> str:
    """`Data`: what the exchange sent, as it came and in its order, then what the extension must find."""
    event = stored.event
    fields = event.fields if "uuid" in event.fields else _old_hook(stored)
    # ПрочитатьДанные and Event read these without a guard: a missing one is an exception
    # (TelephonyMobilon 2019-12-12, ВАТССервер)
    guaranteed = {
        "uuid": event.call_id,
        "state": event.state.value,
        "direction": event.direction.value,
        "from": event.from_number,
        "to": event.to_number,
    }
    missing = {name: value for name, value in guaranteed.items() if name not in fields}
    return json.dumps({**fields, **missing, EVENT_ID: stored.id}, ensure_ascii=False)


def _old_hook(stored: StoredEvent) -> Mapping[str, Any]:
    """The exchange's first hook says only who called whom, at the moment of the ring."""
    event: CallEvent = stored.event
    return {
        "uuid": event.call_id,
        "state": CallState.PREANSWER.value,
        "direction": Direction.INCOMING.value,
        "from": event.from_number,
        "to": "",
        "userkey": event.user_key,
        "time": int(stored.received_at),
    }
