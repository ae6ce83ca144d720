"""One call, folded from what the exchange said of it, in whatever order and however often that came.

Facts about events are those of Mobilon's (1C extension TelephonyMobilon, 2019-12-12): a missed HANGUP
has the firm's number in `to`, `callstatus` comes with the HANGUP of an answered call only, `duration` is a
text, `userkey` is absent when nobody was rung, a click rings the employee by a leg from `CallAPI` or `0000`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.folded import CallStatus, FoldedCall, Person, is_extension
from bridge.core.ports import StoredEvent
from bridge.core.records import record_addresses

ID_FIELDS = ("uuid", "baseid", "subid", "callid")  # `callid` is the word of the exchange's journal
_SECONDS = re.compile(r"[0-9]{1,6}")
_CHANNEL = re.compile(r"(\d{1,12})\.(\d{1,12})")


def fold(events: Sequence[StoredEvent], *, missed_by: Literal["first", "last"] = "last") -> FoldedCall:
    """One call from its events; the same from any order and repetition of them.

    Args:
        events: of one call, at least one.
        missed_by: whom a missed call belongs to, of several who were rung.
    """
    once = [one for one in events if one.merged_into is None] or events
    told = sorted(once, key=_place)
    said = [one.event for one in told]
    talk = [one for one in said if not one.of_click]
    direction = _direction(said, talk)
    by_click = len(talk) < len(said)
    names = _Names(said, direction)
    answered = _answered(talk or said)
    ended = _ended(told)
    rings = _rings(told, names)
    people = _unique(rings)
    speakers = _speakers(told, names, direction, answered=answered, by_click=by_click)
    spoke = {_identity(one) for one in speakers} if answered else set()
    people = tuple(replace(one, answered=_identity(one) in spoke) for one in people)
    from_number, to_number = _from(said, talk), _to(talk, direction)
    # where nobody says who called whom, a client has a number that is no extension
    outgoing = direction is Direction.EXTERNAL or (
        direction is Direction.UNKNOWN and not rings and (not from_number or is_extension(from_number))
    )
    status = _status(said, ended=ended, answered=answered, outgoing=outgoing, rung=bool(people))
    return FoldedCall(
        call_id=said[0].call_id,
        ids=frozenset(name for one in said for name in (one.call_id, *names_of(one.fields))),
        numbers=frozenset(
            filter(None, (*(one.to_number for one in said), *(one.from_number for one in talk)))
        ),
        keys=frozenset(one.user_key for one in said if one.user_key),
        started_s=min(map(_began_s, told)),
        last_s=max(map(_time_s, told)),
        direction=direction,
        from_number=from_number,
        to_number=to_number,
        people=people,
        speakers=speakers,
        person=_owner(told, names, rings, speakers, missed_by),
        duration_s=_duration_s(told) if answered and ended else 0,
        status=status,
        ended=ended,
        clicked=by_click,
        recorded=any(map(_recorded, said)),
    )


def fold_all(
    events: Iterable[StoredEvent], *, missed_by: Literal["first", "last"] = "last"
) -> list[FoldedCall]:
    """The calls of one exchange, from events of many."""
    by_call: dict[str, list[StoredEvent]] = {}
    for one in events:
        by_call.setdefault(one.event.call_id, []).append(one)
    return [fold(told, missed_by=missed_by) for told in by_call.values()]


# --- when ---------------------------------------------------------------------------------------
def _time_s(stored: StoredEvent) -> float:
    return stored.received_at if stored.event.time_s is None else float(stored.event.time_s)


def _began_s(stored: StoredEvent) -> float:
    """What reconciliation adds is an END: its call began a duration earlier."""
    return _time_s(stored) - (_seconds(stored.event) or 0 if stored.event.recovered else 0)


def _place(stored: StoredEvent) -> tuple[Any, ...]:
    """The order of what happened. Arrival means nothing; within a second channels are older or newer."""
    event = stored.event
    channel = _CHANNEL.fullmatch(str(event.fields.get("subid", "")))
    leg = tuple(map(int, channel.groups())) if channel else (0, 0)
    words = (event.user_key, event.to_number, event.from_number, event.direction.value)
    rest = repr(sorted(event.fields.items(), key=str))
    return _time_s(stored), event.rank, event.recovered, leg, words, rest


def _ended(told: Sequence[StoredEvent]) -> bool:
    """An END; or a HANGUP after which nobody was rung or spoke: legs hang up, too."""
    if any(one.event.state is CallState.END for one in told):
        return True
    over = [_time_s(one) for one in told if one.event.state is CallState.HANGUP]
    going_on = [
        _time_s(one)
        for one in told
        if one.event.state in (CallState.START, CallState.IVR, CallState.PREANSWER, CallState.ANSWER)
    ]
    return bool(over) and max(over) >= max(going_on, default=0.0)


# --- who with whom ------------------------------------------------------------------------------
def _direction(said: Sequence[CallEvent], talk: Sequence[CallEvent]) -> Direction:
    if len(talk) < len(said):
        return Direction.EXTERNAL
    return next((one.direction for one in said if one.direction is not Direction.UNKNOWN), Direction.UNKNOWN)


def _from(said: Sequence[CallEvent], talk: Sequence[CallEvent]) -> str:
    named = next((one.from_number for one in talk if one.from_number), "")
    return named or next((one.to_number for one in said if one.of_click and one.to_number), "")


def _to(talk: Sequence[CallEvent], direction: Direction) -> str:
    called = [one.to_number for one in talk if one.to_number]
    public = [] if direction is Direction.EXTERNAL else [one for one in called if not is_extension(one)]
    return next(iter(public or called), "")


class _Names:
    """Keys and extensions of the same people, as the events put them together."""

    def __init__(self, said: Sequence[CallEvent], direction: Direction) -> None:
        self._direction = direction
        self._extension_of: dict[str, str] = {}
        self._key_of: dict[str, str] = {}
        for one in said:
            extension = self._extension(one)
            if one.user_key and extension:
                self._extension_of.setdefault(one.user_key, extension)
                self._key_of.setdefault(extension, one.user_key)

    def person(self, stored: StoredEvent) -> Person | None:
        """The employee whom an event names; None when it names none."""
        event, extension = stored.event, self._extension(stored.event)
        key = event.user_key or self._key_of.get(extension, "")
        extension = extension or self._extension_of.get(key, "")
        if not key and not extension:
            return None
        return Person(user_key=key, extension=extension, at_s=_time_s(stored))

    def _extension(self, event: CallEvent) -> str:
        calling = event.direction is Direction.EXTERNAL and not event.of_click
        number = event.from_number if calling else event.to_number
        return number if is_extension(number) else ""


def _identity(person: Person) -> str:
    return person.user_key or person.extension


def _unique(named: Iterable[Person | None]) -> tuple[Person, ...]:
    people: dict[str, Person] = {}
    for one in named:
        if one is not None:
            people.setdefault(_identity(one), one)
    return tuple(people.values())


def _rings(told: Sequence[StoredEvent], names: _Names) -> list[Person]:
    """Each time that an employee's telephone began to ring for somebody else."""
    rung = (
        names.person(one)
        for one in told
        if one.event.state is CallState.PREANSWER
        and not one.event.of_click
        and one.event.direction is not Direction.EXTERNAL
    )
    return [person for person in rung if person]


def _speakers(
    told: Sequence[StoredEvent], names: _Names, direction: Direction, *, answered: bool, by_click: bool
) -> tuple[Person, ...]:
    if direction is Direction.EXTERNAL:
        legs = [one for one in told if one.event.of_click] if by_click else told
        speakers = _unique([*map(names.person, legs), *map(names.person, told)])
        return tuple(replace(one, answered=answered) for one in speakers)
    if not answered:
        return ()
    spoke: dict[str, Person] = {}
    for one in told:
        person = names.person(one) if one.event.state is CallState.ANSWER else None
        if person:
            spoke.pop(_identity(person), None)  # who speaks again is the last
            spoke[_identity(person)] = replace(person, answered=True)
    if not spoke:  # their ANSWER was not heard
        over = _unique(names.person(one) for one in told if _is_answered_end(one.event))
        return tuple(replace(one, answered=True) for one in over)
    return tuple(spoke.values())


def _owner(
    told: Sequence[StoredEvent],
    names: _Names,
    rings: Sequence[Person],
    speakers: Sequence[Person],
    missed_by: Literal["first", "last"],
) -> Person | None:
    if speakers:
        outgoing = any(one.event.of_click or one.event.direction is Direction.EXTERNAL for one in told)
        return speakers[0] if outgoing else speakers[-1]
    if rings:
        return rings[0] if missed_by == "first" else rings[-1]
    # no ring was heard, but `userkey` says that there was one
    over = (one for one in told if one.event.state in (CallState.HANGUP, CallState.END))
    return next((person for one in over if (person := names.person(one))), None)


# --- how it went --------------------------------------------------------------------------------
def _is_answered_end(event: CallEvent) -> bool:
    return event.fields.get("callstatus") == "ANSWER"


def _answered(talk: Sequence[CallEvent]) -> bool:
    return any(_is_answered_end(one) or (one.state is CallState.ANSWER and not one.of_click) for one in talk)


def _status(
    said: Sequence[CallEvent], *, ended: bool, answered: bool, outgoing: bool, rung: bool
) -> CallStatus:
    if answered:
        return CallStatus.ANSWERED if ended else CallStatus.TALKING
    if not ended:
        return CallStatus.RINGING
    if outgoing:
        return CallStatus.NOT_ANSWERED
    in_menu = any(one.state is CallState.IVR for one in said)
    if in_menu and not rung and not any(one.user_key for one in said):
        return CallStatus.IVR
    return CallStatus.MISSED


def _duration_s(told: Sequence[StoredEvent]) -> int:
    """As the last HANGUP says, else the END; else from the first ANSWER to the end."""
    for state in (CallState.HANGUP, CallState.END):
        for one in reversed(told):
            if one.event.state is state and (seconds := _seconds(one.event)) is not None:
                return seconds
    spoke = [_time_s(one) for one in told if one.event.state is CallState.ANSWER and not one.event.of_click]
    return int(max(map(_time_s, told)) - min(spoke)) if spoke else 0


def _seconds(event: CallEvent) -> int | None:
    text = str(event.fields.get("duration", "")).strip()
    return int(text) if _SECONDS.fullmatch(text) else None


def _recorded(event: CallEvent) -> bool:
    if not event.recovered:
        return bool(record_addresses(event.fields))
    # the journal's own words: `record_url` may be there without a recording (vpbx/api.md, 2017-06-02)
    inner = [one for one in event.fields.values() if isinstance(one, Mapping)]
    said = [str(one["has_record"]) for one in inner if "has_record" in one]
    if said:
        return bool({"1", "True"} & set(said))
    return _is_answered_end(event) and bool(record_addresses(event.fields))


def names_of(fields: Mapping[str, Any]) -> Iterable[str]:
    """The names of a call in what the exchange said of it."""
    for said in (fields, *(one for one in fields.values() if isinstance(one, Mapping))):
        yield from (str(said[name]) for name in ID_FIELDS if said.get(name))
