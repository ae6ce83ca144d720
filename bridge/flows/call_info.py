"""1C asks: what became of this call, and what calls were there on that day.

Our own events first; the exchange is asked for what they do not tell. Nobody learns of a call that
is not his: it is answered exactly like one that there never was.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bridge.core.calls import Direction, Subscriber
from bridge.core.errors import BadNumber, JournalRefused, UnknownRecord
from bridge.core.folded import CallStatus, FoldedCall
from bridge.core.folding import fold
from bridge.core.numbers import PhoneNumber, same_digits
from bridge.core.past_calls import CallEvents, CallInfo, CallJournal, DialledCall, JournalCall, JournalDay
from bridge.core.ports import StoredEvent
from bridge.core.recognition import NEAR_S, clock_shift_s, recognised
from bridge.flows.reconcile import missed_end
from bridge.flows.take_event import concerned

MAX_ID = 128
MOST_NAMES = 2  # of one call, by which the exchange is asked
EDGE_S = 3600.0  # a call at midnight may be of another day by the exchange's journal
GOING_ON = frozenset({CallStatus.RINGING, CallStatus.TALKING})
NO_READER = (
    "Абонент не найден: проверьте ключ, внутренний номер или имя в настройках моста; "
    "пустой ключ — звонки всей базы"
)


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The calls that an infobase may be told of: all of its exchange, or those of some people and numbers.

    Args:
        find: whom 1C means by a handle.
        people, called: as of its `Audience`; with neither, it is told of all.
        missed_by: whom a missed call belongs to.
    """

    infobase: str
    exchange: str
    find: Callable[[str], Subscriber | None]
    people: Sequence[Subscriber] = ()
    called: frozenset[str] = frozenset()
    missed_by: Literal["first", "last"] = "last"

    def shows(self, call: FoldedCall, reader: Subscriber | None) -> bool:
        """Whether the infobase, or in it this subscriber alone, may be told of a call."""
        if reader is not None and not call.belongs_to(reader):
            return False
        if not (self.people or self.called):
            return True
        return concerned(call.numbers, call.keys, people=self.people, called=self.called)


@dataclass(frozen=True, kw_only=True)
class CallView:
    """A call as 1C is told of it. What is not known is empty; `started_s` is unix time.

    `recording`: the name of the call by which its recording is asked for; "" when there is none.
    """

    call_id: str
    started_s: float | None = None
    direction: Direction = Direction.UNKNOWN
    from_number: str = ""
    to_number: str = ""
    duration_s: int = 0
    status: CallStatus = CallStatus.UNKNOWN
    recording: str = ""


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of the exchange's own wall: `text` is `YYYY-MM-DD`, the rest unix time."""

    text: str
    since_s: float
    until_s: float


def call_info(
    handle: str,
    call_id: str,
    *,
    scope: Scope,
    events: CallEvents,
    exchange: CallInfo | None,
    now_s: float,
) -> CallView:
    """What is known of one call.

    Args:
        handle: the subscriber whose call it must be; empty for any of the infobase.
        call_id: the call's own id, any other that the exchange has for it, or what `MakeCall` returned.
        exchange: None when it cannot be asked at all.

    Raises:
        JournalRefused: nothing is known of the call, and the exchange could not be asked.
        StoreUnavailable: nobody knows what is known.
    """
    call_id = call_id.strip()
    reader = scope.find(handle) if handle.strip() else None
    if not call_id or len(call_id) > MAX_ID or (handle.strip() and reader is None):
        return CallView(call_id=call_id)
    heard, click = list(events.of_call(scope.exchange, call_id)), None
    if not heard and (click := events.dialled(scope.infobase, call_id)):
        heard = _of_click(click, scope, events)
        click = click if reader is None or click.subscriber in (reader.key, reader.extension) else None
    call = fold(heard, missed_by=scope.missed_by) if heard else None
    shown = call is not None and scope.shows(call, reader)
    if exchange is not None and not (call is not None and shown and call.ended):
        try:
            told = _asked(exchange, call_id, call if shown else None)
        except JournalRefused:
            if not shown and click is None:
                raise
            told = None
        if told is not None:
            call = _with_end(heard or _like(told, scope, events), told, scope, now_s)
            shown = scope.shows(call, reader)
    if call is not None and shown:
        return replace(_view(call, now_s), call_id=call_id)
    return _of_dial(click, call_id, scope) if click else CallView(call_id=call_id)


def call_journal(
    handle: str,
    day: Day,
    *,
    scope: Scope,
    events: CallEvents,
    exchange: CallJournal | None,
    now_s: float,
    whole_after_s: float,
    kept_since_s: float,
    unreadable: Callable[[int], None],
) -> list[CallView]:
    """All calls of a day, the earliest first.

    Args:
        handle: the subscriber whose calls are wanted; empty for all of the infobase.
        exchange: None when it cannot be asked at all: then what its hook told is all there is.
        whole_after_s: a reconciliation of the day that was done later left nothing out.
        kept_since_s: what was heard before may be forgotten.
        unreadable: is told how many records of the exchange could not be read.

    Raises:
        UnknownRecord: nobody is called so.
        JournalRefused: the exchange had to be asked and did not answer; a part is no day.
        TooMuch: a day of more calls than are given at once.
        StoreUnavailable: nobody knows what is known.
    """
    reader = scope.find(handle) if handle.strip() else None
    if handle.strip() and reader is None:
        raise UnknownRecord(NO_READER)
    if day.since_s > now_s:
        return []
    told = JournalDay(calls=())
    healed = day.since_s > kept_since_s and events.whole_day(scope.exchange, day.text, after_s=whole_after_s)
    if exchange is not None and not healed:
        told = exchange.calls(day.text)
        if told.unreadable:
            unreadable(told.unreadable)
    calls = _laid_together(_heard(day, scope, events), told.calls, scope, now_s)
    views = [
        _view(call, now_s)
        for call in calls
        if day.since_s <= call.started_s < day.until_s and scope.shows(call, reader)
    ]
    return sorted(views, key=lambda one: (one.started_s or 0.0, one.call_id))


# --- one call -----------------------------------------------------------------------------------
def _asked(exchange: CallInfo, call_id: str, call: FoldedCall | None) -> JournalCall | None:
    """By the id that 1C has, then by another: which of them the exchange's own is, is documented nowhere."""
    others = sorted(name for name in call.ids if "." in name) if call else []
    for name in list(dict.fromkeys([call_id, *others]))[:MOST_NAMES]:
        if (told := exchange.call(name)) is not None:
            return told
    return None


def _of_click(click: DialledCall, scope: Scope, events: CallEvents) -> list[StoredEvent]:
    """What was heard of a call that the exchange's answer to a dial named in its own way."""
    who = Subscriber(name="", key=click.subscriber, extension=click.subscriber)
    near = _by_call(
        events.of_span(scope.exchange, since_s=click.begun_at - NEAR_S, until_s=click.begun_at + 2 * NEAR_S)
    )
    found: list[tuple[float, str]] = []
    for call_id, heard in near.items():
        call = fold(heard, missed_by=scope.missed_by)
        same = not call.to_number or same_digits(call.to_number) == same_digits(click.number)
        gap_s = abs(call.started_s - click.begun_at)
        ours = call.direction is Direction.EXTERNAL and any(one.is_(who) for one in call.speakers)
        if ours and same and gap_s <= NEAR_S:
            found.append((gap_s, call_id))
    return near[min(found)[1]] if found else []


def _of_dial(click: DialledCall, call_id: str, scope: Scope) -> CallView:
    """All that is known is that it was begun."""
    who = scope.find(click.subscriber)
    try:
        number = PhoneNumber.parse(click.number if len(click.number) < 7 else f"+{click.number}").trunk8
    except BadNumber:
        number = click.number
    return CallView(
        call_id=call_id,
        started_s=click.begun_at,
        direction=Direction.EXTERNAL,
        from_number=who.extension if who else "",
        to_number=number,
    )


def _like(told: JournalCall, scope: Scope, events: CallEvents) -> list[StoredEvent]:
    """What was heard of a call that the exchange's journal knows by a name that no event had."""
    if not told.started_s:
        return []
    near: dict[str, list[StoredEvent]] = {}
    for at_s in (told.started_s, told.started_s + told.duration_s):  # what lies between may be days
        near |= _by_call(events.of_span(scope.exchange, since_s=at_s - NEAR_S, until_s=at_s + NEAR_S + 1))
    found = recognised([told], [fold(heard).heard() for heard in near.values()])
    return near[found[0].call_id] if found else []


# --- a day --------------------------------------------------------------------------------------
def _heard(day: Day, scope: Scope, events: CallEvents) -> dict[str, list[StoredEvent]]:
    since_s, until_s = day.since_s - EDGE_S, day.until_s + EDGE_S
    return _by_call(events.of_span(scope.exchange, since_s=since_s, until_s=until_s))


def _laid_together(
    heard: Mapping[str, list[StoredEvent]], told: Sequence[JournalCall], scope: Scope, now_s: float
) -> list[FoldedCall]:
    """Our calls, with the ends that the journal tells of them, and the journal's own.

    Raises:
        JournalRefused: the two speak of different hours; every call would be there twice.
    """
    calls = {name: fold(said, missed_by=scope.missed_by) for name, said in heard.items()}
    ours = [call.heard() for call in calls.values()]
    if shift_s := clock_shift_s(told, ours):
        raise JournalRefused(
            f"Времена в журнале АТС и в её веб-хуке расходятся на {shift_s / 3600:+g} ч: "
            "проверьте timezone в настройках ВАТС"
        )
    known_as = recognised(told, ours)
    records: dict[str, list[JournalCall]] = defaultdict(list)
    for place, one in enumerate(told):
        known = known_as.get(place)
        records[known.call_id if known else one.call_id].append(one)
    for name, said in records.items():
        last = max(said, key=lambda one: one.started_s + one.duration_s)
        call = _with_end(heard.get(name, []), last, scope, now_s)
        nameless = name in calls and calls[name].ids <= {name}  # of the old hook: the name is ours
        theirs = [one.call_id for one in said if one.has_record]
        calls[name] = replace(
            call,
            recorded=call.recorded or bool(theirs),
            recorded_as=theirs[0] if nameless and theirs else "",
        )
    return list(calls.values())


# --- both ---------------------------------------------------------------------------------------
def _by_call(events: Sequence[StoredEvent]) -> dict[str, list[StoredEvent]]:
    calls: dict[str, list[StoredEvent]] = defaultdict(list)
    for one in events:
        calls[one.event.call_id].append(one)
    return calls


def _with_end(heard: Sequence[StoredEvent], told: JournalCall, scope: Scope, now_s: float) -> FoldedCall:
    """A call of which the exchange tells, folded as reconciliation would make it known."""
    name = told.call_id
    if heard:
        call = fold(heard, missed_by=scope.missed_by)
        name = call.call_id
        # which status a call has before its end is documented nowhere: only a talk that took time is over
        over = told.answered and told.duration_s > 0
        if call.ended or (call.at(now_s).status in GOING_ON and not over):
            return replace(call, recorded=call.recorded or told.has_record)
        if not told.started_s:
            told = replace(told, started_s=int(call.started_s))
    event = missed_end(told, exchange=scope.exchange, call_id=name)
    end = StoredEvent(id=0, event=event, received_at=float(event.time_s or 0))
    return fold([*heard, end], missed_by=scope.missed_by)


def _view(call: FoldedCall, now_s: float) -> CallView:
    call = call.at(now_s)
    return CallView(
        call_id=call.call_id,
        started_s=call.started_s if call.started_s > 0 else None,
        direction=call.direction,
        from_number=call.from_number,
        to_number=call.to_number,
        duration_s=call.duration_s,
        status=call.status,
        recording=(call.recorded_as or call.call_id) if call.recorded else "",
    )
