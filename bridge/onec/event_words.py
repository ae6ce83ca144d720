"""What an event answers to each word of a firm's settings (`core.wording`)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, tzinfo

from bridge.core.calls import CallState, Subscriber
from bridge.core.ports import StoredEvent
from bridge.onec.persons import person_of
from bridge.onec.vats import num_from

NOBODY = Subscriber(name="")


class EventWords:
    """The values of an event's words.

    Args:
        people: of the exchange.
        zone: of the exchange; 1C's dates know no zone, so it is told the time on the firm's clock.
        data: what the contract `vatscalls` would tell.
    """

    def __init__(
        self, *, people: Sequence[Subscriber], zone: tzinfo, data: Callable[[StoredEvent], str]
    ) -> None:
        self._people = people
        self._zone = zone
        self._data = data

    def values(self, stored: StoredEvent) -> Mapping[str, str]:
        event = stored.event
        person = person_of(event, self._people) or NOBODY
        said_s = stored.received_at if event.time_s is None else event.time_s
        at = datetime.fromtimestamp(said_s, self._zone).replace(tzinfo=None)
        # TelephonyMobilon 2019-12-12: `duration` is a text, `callstatus` is there when it was answered
        answered = event.state is CallState.ANSWER or event.fields.get("callstatus") == "ANSWER"
        duration = str(event.fields.get("duration", "")).strip()
        return {
            "from": num_from(event.from_number),
            "to": num_from(event.to_number),
            "key": event.user_key,
            "extension": person.extension,
            "name": person.name,
            "state": event.state.value,
            "direction": event.direction.value,
            "call_id": event.call_id,
            "event_id": str(stored.id),
            "time": at.isoformat(timespec="seconds"),
            "date": at.date().isoformat(),
            "duration": duration if duration.isdecimal() else "0",
            "answered": "true" if answered else "false",
            "data": self._data(stored),
        }
