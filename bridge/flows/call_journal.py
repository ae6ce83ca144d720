"""1C asks: what calls were there on that day. The same rules as of one call (flows/call_info.py)."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bridge.core.errors import JournalRefused, UnknownRecord
from bridge.core.folded import FoldedCall
from bridge.core.folding import fold
from bridge.core.past_calls import CallEvents, CallJournal, JournalCall, JournalDay
from bridge.core.ports import StoredEvent
from bridge.core.recognition import clock_shift_s, recognised
from bridge.flows.call_view import CallView, Scope, by_call, view, with_end

EDGE_S = 3600.0  # a call at midnight may be of another day by the exchange's journal
NO_READER = (
    "Абонент не найден: проверьте ключ, внутренний номер или имя в настройках моста; "
    "пустой ключ — звонки всей базы"
)


@dataclass(frozen=True, kw_only=True)
class Day:
    """A day of the exchange's own wall: `text` is `YYYY-MM-DD`, the rest unix time."""

    text: str
    since_s: float
    until_s: float


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
        view(call, now_s)
        for call in calls
        if day.since_s <= call.started_s < day.until_s and scope.shows(call, reader)
    ]
    return sorted(views, key=lambda one: (one.started_s or 0.0, one.call_id))


def _heard(day: Day, scope: Scope, events: CallEvents) -> dict[str, list[StoredEvent]]:
    since_s, until_s = day.since_s - EDGE_S, day.until_s + EDGE_S
    return by_call(events.of_span(scope.exchange, since_s=since_s, until_s=until_s))


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
        call = with_end(heard.get(name, []), last, scope, now_s)
        nameless = name in calls and calls[name].ids <= {name}  # of the old hook: the name is ours
        theirs = [one.call_id for one in said if one.has_record]
        calls[name] = replace(
            call,
            recorded=call.recorded or bool(theirs),
            recorded_as=theirs[0] if nameless and theirs else "",
        )
    return list(calls.values())
