"""What was missed? The exchange's journal of a day is laid beside what its hook told, and healed.

A call of the journal is known when the hook told how it ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Purpose
from bridge.core.errors import JournalRefused
from bridge.core.past_calls import CallJournal, CallRecords, HeardCall, JournalCall
from bridge.core.ports import Outbox, PlannedDelivery
from bridge.core.recognition import clock_shift_s, recognised
from bridge.flows.take_event import Audience

MARGIN_S = 24 * 3600  # a wrong time zone must not hide what was heard
RECOVERED = "bridgeRecovered"
JOURNAL = "bridgeJournal"  # the journal's own words about the call


@dataclass(frozen=True, kw_only=True)
class Reconciliation:
    """What came of one day: `in_exchange` is the sum of the rest. `hints`: who has something new."""

    day: str
    in_exchange: int = 0
    known: int = 0
    added: int = 0
    too_fresh: int = 0  # their hooks may still come
    too_old: int = 0  # from before the bridge heard this exchange at all
    unreadable: int = 0
    hints: tuple[str, ...] = ()


def reconcile(
    day: str,
    *,
    exchange: str,
    journal: CallJournal,
    records: CallRecords,
    outbox: Outbox,
    audiences: Sequence[Audience],
    now_s: float,
    lag_s: float,
    since_s: float = 0.0,
) -> Reconciliation:
    """Accept an END for each call of `day` whose end the hook did not tell. Doing it again adds nothing.

    Args:
        day: `YYYY-MM-DD` of the exchange's own time zone.
        lag_s: calls that ended later than so long ago are left for the next time.
        since_s: calls that ended before are none of ours (unix time), unless the hook told of them.

    Raises:
        JournalRefused: nothing was changed.
        StoreUnavailable: what was added so far is kept.
    """
    told = journal.calls(day)
    heard = _heard(records, exchange, told.calls)
    if shift_s := clock_shift_s(told.calls, heard):  # every call would be added a second time
        raise JournalRefused(
            f"Времена в журнале АТС и в её веб-хуке расходятся на {shift_s / 3600:+g} ч: "
            "проверьте timezone в настройках ВАТС; ничего не добавлено"
        )
    known_as = recognised(told.calls, heard)
    ours = {call.call_id for call in known_as.values()}
    missing = _missing(told.calls, known_as)
    added, too_fresh, too_old, hints = 0, 0, 0, set[str]()
    for call_id, call in missing.items():
        if call_id not in ours and _ended_s(call) < since_s:
            too_old += 1
            continue
        if _ended_s(call) > now_s - lag_s:
            too_fresh += 1
            continue
        event = missed_end(call, exchange=exchange, call_id=call_id)
        plan = [planned for audience in audiences if (planned := _planned(audience, event))]
        if outbox.accept(event, plan, merge_s=0.0).duplicate_of is None:
            added += 1
            hints.update(planned.infobase for planned in plan)
    return Reconciliation(
        day=day,
        in_exchange=len(told.calls) + told.unreadable,
        known=len(told.calls) - added - too_fresh - too_old,
        added=added,
        too_fresh=too_fresh,
        too_old=too_old,
        unreadable=told.unreadable,
        hints=tuple(sorted(hints)),
    )


def missed_end(call: JournalCall, *, exchange: str, call_id: str) -> CallEvent:
    """The END that the hook should have told, in the words of Mobilon's hook of 2019."""
    fields: dict[str, Any] = {
        "uuid": call_id,
        "state": CallState.END.value,
        "direction": call.direction.value,
        "from": call.from_number,
        "to": call.to_number,
        "time": _ended_s(call),
        "duration": str(call.duration_s),  # a text there (TelephonyMobilon extension, 2019-12-12)
    }
    if call.answered:
        fields["callstatus"] = "ANSWER"
    return CallEvent(
        exchange=exchange,
        call_id=call_id,
        state=CallState.END,
        direction=call.direction,
        from_number=call.from_number,
        to_number=call.to_number,
        user_key="",
        time_s=_ended_s(call),
        raw=call.raw,
        raw_media=call.raw_media,
        fields=fields | {RECOVERED: True, JOURNAL: dict(call.fields)},
        dedup_key=f"journal|{call.call_id}",
        recovered=True,
    )


def _heard(records: CallRecords, exchange: str, calls: Sequence[JournalCall]) -> Sequence[HeardCall]:
    if not calls:
        return ()
    return records.heard(
        exchange,
        since_s=min(call.started_s for call in calls) - MARGIN_S,
        until_s=max(_ended_s(call) for call in calls) + MARGIN_S,
    )


def _missing(calls: Sequence[JournalCall], known_as: Mapping[int, HeardCall]) -> Mapping[str, JournalCall]:
    """Call id at the bridge -> the record of it that ended last, for calls whose end was not heard."""
    missing: dict[str, JournalCall] = {}
    for place, call in enumerate(calls):
        one = known_as.get(place)
        if one is not None and one.finished:
            continue
        call_id = call.call_id if one is None else one.call_id
        if call_id not in missing or _ended_s(call) > _ended_s(missing[call_id]):
            missing[call_id] = call
    return missing


def _planned(audience: Audience, event: CallEvent) -> PlannedDelivery | None:
    """What was missed is for the books only: nobody's telephone rings now."""
    planned = audience.plan(event)
    return None if planned is None or planned.purpose is Purpose.POPUP else planned


def _ended_s(call: JournalCall) -> int:
    return call.started_s + call.duration_s
