"""What each operation of `Telephony` does, in English names and plain values.

A business refusal is a value; a Fault is for a wrong request, missing rights, or a bridge that
cannot work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from spyne.model.fault import Fault

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallResult
from bridge.core.errors import UnknownRecord
from bridge.core.ports import Collected, Letter, StoredEvent

Arguments = Mapping[str, Any]
NEGATIVE_ID = "Номер события не бывает отрицательным: передайте номер из прошлого ответа или 0"


@dataclass(frozen=True, kw_only=True)
class Telephony:
    """The roads that the SOAP entrance opens into; each takes the name of the calling infobase.

    `subscribers` gives the people an infobase may dial for; `show_keys` whether it may see their
    keys at the exchange; `collect` takes a handle, the last id and how many seconds to wait at most;
    `event_data` is what 1C finds in `Data`.
    """

    ping: Callable[[], str]
    make_call: Callable[[str, str, str], CallResult]
    subscribers: Callable[[str], Sequence[Subscriber]]
    show_keys: Callable[[str], bool]
    collect: Callable[[str, str, int, int], Collected]
    event_data: Callable[[StoredEvent], str]


def handlers(telephony: Telephony) -> dict[str, Callable[[str, Arguments], Any]]:
    """Operation -> handler, for `service.build`."""
    return {
        "Ping": lambda _, __: telephony.ping(),
        "MakeCall": lambda infobase, arguments: _make_call(telephony, infobase, arguments),
        "GetSubscribers": lambda infobase, _: _subscribers(telephony, infobase),
        "GetCallInfo": _not_yet,
        "GetCallJournal": _not_yet,
        "PollEvents": lambda infobase, arguments: _poll_events(telephony, infobase, arguments),
    }


def _make_call(telephony: Telephony, infobase: str, arguments: Arguments) -> dict[str, Any]:
    result = telephony.make_call(infobase, arguments["Key"], arguments["Number"])
    return {
        "Result": result.status.value,
        "Message": result.message,
        "Code": result.code,
        "CallId": result.call_id,
    }


def _subscribers(telephony: Telephony, infobase: str) -> dict[str, Any]:
    show_keys = telephony.show_keys(infobase)
    return {
        "Subscriber": [
            {
                "Name": subscriber.name,
                "Extension": subscriber.extension,
                "Key": _handle(subscriber, show_key=show_keys),
            }
            for subscriber in telephony.subscribers(infobase)
        ]
    }


def _handle(subscriber: Subscriber, *, show_key: bool) -> str:
    """What 1C passes to `MakeCall`; the exchange's own key only where the settings allow it."""
    if show_key and subscriber.key:
        return subscriber.key
    return subscriber.extension or subscriber.name


def _poll_events(telephony: Telephony, infobase: str, arguments: Arguments) -> dict[str, Any]:
    after_id = arguments["AfterId"]
    if after_id < 0:
        raise Fault("Client", NEGATIVE_ID)
    try:
        collected = telephony.collect(infobase, arguments["Key"], after_id, arguments["WaitSeconds"])
    except UnknownRecord as error:
        raise Fault("Client", str(error)) from None
    return {
        "LastId": collected.last_id,
        "More": collected.more,
        "Event": [_event(letter, telephony.event_data(letter.stored)) for letter in collected.letters],
    }


def _event(letter: Letter, data: str) -> dict[str, Any]:
    event = letter.stored.event
    happened_s = letter.stored.received_at if event.time_s is None else event.time_s
    return {
        "Id": letter.id,
        "Time": datetime.fromtimestamp(happened_s, UTC).astimezone(),
        "State": event.state.value,
        "Direction": event.direction.value,
        "CallId": event.call_id,
        "From": event.from_number,
        "To": event.to_number,
        "UserKey": event.user_key,
        "Data": data,
    }


def _not_yet(_: str, __: Arguments) -> Any:
    raise Fault("Server", "Операция ещё не реализована в этой версии моста")
