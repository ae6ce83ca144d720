"""What each operation of `Telephony` does, in English names and plain values.

A business refusal is a value; a Fault is for a wrong request, missing rights, or a bridge that
cannot work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from spyne.model.fault import Fault

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallResult
from bridge.core.errors import JournalRefused, TooMuch, UnknownRecord
from bridge.core.ports import Collected, Letter, StoredEvent
from bridge.core.steps import Steps
from bridge.flows.call_view import CallView

Arguments = Mapping[str, Any]
EMPTY_DATE = datetime(1, 1, 1)  # of 1C: it knows no zone
YEARS = range(2000, 2200)  # Mobilon is not older
NO_DAY = "Не указан день журнала: передайте дату, например 2026-11-23"
NEGATIVE_ID = "Номер события не бывает отрицательным: передайте номер из прошлого ответа или 0"


@dataclass(frozen=True, kw_only=True)
class Telephony:
    """The roads that the SOAP entrance opens into; each takes the name of the calling infobase.

    `subscribers` gives the people an infobase may dial for; `show_keys` whether it may see their
    keys at the exchange; `click` is `make_call` in steps; `collect` takes a handle, the last id and how
    many seconds to wait at most;
    `event_data` is what 1C finds in `Data`; `call_info` takes a handle and an id of a call,
    `call_journal` a handle and a day; `zone` is of the exchange's wall; `record_url` makes the link to the
    recording of a call.
    """

    ping: Callable[[], str]
    make_call: Callable[[str, str, str], CallResult]
    click: Callable[[str, str, str], Steps[CallResult]]
    subscribers: Callable[[str], Sequence[Subscriber]]
    show_keys: Callable[[str], bool]
    collect: Callable[[str, str, int, int], Collected]
    event_data: Callable[[str, StoredEvent], str]
    call_info: Callable[[str, str, str], CallView]
    call_journal: Callable[[str, str, date], Sequence[CallView]]
    zone: Callable[[str], tzinfo]
    record_url: Callable[[str, str], str]


def handlers(telephony: Telephony) -> dict[str, Callable[[str, Arguments], Any]]:
    """Operation -> handler, for `service.build`."""
    return {
        "Ping": lambda _, __: telephony.ping(),
        "MakeCall": lambda infobase, arguments: _make_call(telephony, infobase, arguments),
        "GetSubscribers": lambda infobase, _: _subscribers(telephony, infobase),
        "GetCallInfo": lambda infobase, arguments: _call_info(telephony, infobase, arguments),
        "GetCallJournal": lambda infobase, arguments: _call_journal(telephony, infobase, arguments),
        "PollEvents": lambda infobase, arguments: _poll_events(telephony, infobase, arguments),
    }


def in_steps(telephony: Telephony) -> dict[str, Callable[[str, Arguments], Steps[Any]]]:
    """Of `handlers`, those that can be taken in steps."""
    return {"MakeCall": lambda infobase, arguments: _click(telephony, infobase, arguments)}


def _make_call(telephony: Telephony, infobase: str, arguments: Arguments) -> dict[str, Any]:
    return _dialled(telephony.make_call(infobase, arguments["Key"], arguments["Number"]))


def _click(telephony: Telephony, infobase: str, arguments: Arguments) -> Steps[dict[str, Any]]:
    return _dialled((yield from telephony.click(infobase, arguments["Key"], arguments["Number"])))


def _dialled(result: CallResult) -> dict[str, Any]:
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
        "Event": [
            _event(letter, telephony.event_data(infobase, letter.stored)) for letter in collected.letters
        ],
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


def _call_info(telephony: Telephony, infobase: str, arguments: Arguments) -> dict[str, Any]:
    try:
        call = telephony.call_info(infobase, arguments["Key"], arguments["CallId"])
    except JournalRefused as error:
        raise Fault("Server", f"АТС сейчас не дала сведений о звонке: повторите позже ({error})") from None
    return _call(telephony, infobase, call)


def _call_journal(telephony: Telephony, infobase: str, arguments: Arguments) -> dict[str, Any]:
    day = arguments["Date"]
    if not isinstance(day, date) or day.year not in YEARS:
        raise Fault("Client", NO_DAY)
    try:
        calls = telephony.call_journal(infobase, arguments["Key"], day)
    except UnknownRecord as error:
        raise Fault("Client", str(error)) from None
    except JournalRefused as error:
        raise Fault("Server", f"АТС сейчас не дала журнал звонков: повторите позже ({error})") from None
    except TooMuch as error:
        raise Fault("Server", str(error)) from None
    return {"Call": [_call(telephony, infobase, call) for call in calls]}


def _call(telephony: Telephony, infobase: str, call: CallView) -> dict[str, Any]:
    start = EMPTY_DATE
    if call.started_s is not None:
        start = datetime.fromtimestamp(call.started_s, telephony.zone(infobase))
    return {
        "CallId": call.call_id,
        "Start": start,
        "Direction": call.direction.value,
        "From": call.from_number,
        "To": call.to_number,
        "Duration": call.duration_s,
        "Status": call.status.value,
        "RecordUrl": telephony.record_url(infobase, call.recording) if call.recording else "",
    }
