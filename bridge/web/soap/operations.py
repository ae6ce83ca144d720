"""What each operation of `Telephony` does, in English names and plain values.

A business refusal is a value; a Fault is for a wrong request, missing rights, or a bridge that
cannot work.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spyne.model.fault import Fault

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallResult

Arguments = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Telephony:
    """The roads that the SOAP entrance opens into; each takes the name of the calling infobase.

    `subscribers` gives the people an infobase may dial for; `show_keys` whether it may see their
    keys at the exchange.
    """

    ping: Callable[[], str]
    make_call: Callable[[str, str, str], CallResult]
    subscribers: Callable[[str], Sequence[Subscriber]]
    show_keys: Callable[[str], bool]


def handlers(telephony: Telephony) -> dict[str, Callable[[str, Arguments], Any]]:
    """Operation -> handler, for `service.build`."""
    return {
        "Ping": lambda _, __: telephony.ping(),
        "MakeCall": lambda infobase, arguments: _make_call(telephony, infobase, arguments),
        "GetSubscribers": lambda infobase, _: _subscribers(telephony, infobase),
        "GetCallInfo": _not_yet,
        "GetCallJournal": _not_yet,
        "PollEvents": _not_yet,
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


def _not_yet(_: str, __: Arguments) -> Any:
    raise Fault("Server", "Операция ещё не реализована в этой версии моста")
