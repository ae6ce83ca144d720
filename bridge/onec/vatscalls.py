"""Contract `vatscalls`: every event of a call as JSON, for a journal of calls in 1C.

The web service of the extension TelephonyMobilon 2019-12-12; WSDL: wsdl/onec/vatscalls.wsdl.
"""

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Outcome, Purpose
from bridge.core.ports import Calling, StoredEvent, Telling
from bridge.core.records import is_record_url, no_record_in, record_addresses
from bridge.core.secrecy import cleaned, suspect
from bridge.onec.contract import begin, foreign, tell
from bridge.onec.popups import is_popup
from bridge.onec.transport import OnecTransport

EVENT = "Event"
EVENT_ID = "bridgeEventId"  # ours: grows with acceptance, 1C drops a repetition by it
RECORD_URL = "recordUrl"
EventData = Callable[[StoredEvent], str]
_written = json.JSONEncoder(ensure_ascii=False).encode


def data(
    stored: StoredEvent,
    record_url: Callable[[StoredEvent], str] | None = None,
    secrets: Collection[str] = (),
) -> str:
    """`Data`: what the exchange sent, as it came and in its order, then what the extension must find.

    Args:
        record_url: our own link to the recording of this call; None or "" where there is none. Without one
            1C is told the exchange's address, unless that holds a token.
        secrets: of the exchange; none of them is ever told.
    """
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
    as_it_came = _written({**fields, **_missing(guaranteed, fields), EVENT_ID: stored.id})
    if no_record_in(as_it_came) and not suspect(as_it_came, secrets):
        return as_it_came
    link = record_url(stored) if record_url and record_addresses(fields) else ""
    told: dict[str, Any] = cleaned(_linked(fields, link, secrets), secrets)
    if link and event.recovered:  # the journal's words are beside those of the hook
        told.setdefault(RECORD_URL, link)
    return _written({**told, **_missing(guaranteed, told), EVENT_ID: stored.id})


def _missing(guaranteed: Mapping[str, str], told: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in guaranteed.items() if name not in told}


class VatsCalls:
    """`Event(Data)`: the exchange's own JSON and the number of the event at the bridge.

    Args:
        event_data: what is told of an event.
    """

    def __init__(self, transport: OnecTransport, event_data: EventData = data) -> None:
        self._transport = transport
        self._event_data = event_data

    def tell_about(self, event: CallEvent) -> Telling | None:
        """A ring makes sense while it rings; everything else is for the books, whatever it is called."""
        if event.state is not CallState.PREANSWER:
            return Telling(operation=EVENT, purpose=Purpose.JOURNAL)
        return Telling(operation=EVENT, purpose=Purpose.POPUP) if is_popup(event) else None

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        if operation != EVENT:
            return foreign(operation, "vatscalls")
        return tell(self._transport, operation, [("Data", self._event_data(stored))], stored)

    def begin(self, operation: str, stored: StoredEvent) -> Calling | None:
        """`Begin` of this contract."""
        if operation != EVENT:
            return None
        return begin(self._transport, operation, [("Data", self._event_data(stored))], stored)


def _linked(value: Any, link: str, secrets: Collection[str]) -> Any:
    """The fields with our link in place of each address of a recording."""
    if not isinstance(value, dict):
        return value
    return {
        name: _openable(one, link, secrets) if is_record_url(name) else _linked(one, link, secrets)
        for name, one in value.items()
    }


def _openable(address: Any, link: str, secrets: Collection[str]) -> Any:
    """Our link, else the address itself if it holds no secret, else nothing."""
    if not address or link:
        return link if address else address
    return address if cleaned(address, secrets) == address else ""


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
