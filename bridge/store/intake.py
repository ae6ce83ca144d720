"""Events come in: stored with their deliveries, or not at all, each known again when it comes twice.

What the exchange gives an identity is stored for all who bring something at the same moment, with a few
statements of many rows. What must be looked up first is stored one by one: a ring of the old hook, a call
that an infobase may begin to follow.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from bridge.core.calls import CallEvent
from bridge.core.delivery import Purpose
from bridge.core.ports import Accepted, Head, PlannedDelivery
from bridge.store import rows
from bridge.store import statements as sql
from bridge.store.session import Session


class Arrival(NamedTuple):
    """An event and what is to be told of it; `now` is when it came."""

    event: CallEvent
    plan: Sequence[PlannedDelivery]
    now: float
    merge_s: float


class _Told(NamedTuple):
    """An event that is stored, and one telling of it that is to wait."""

    event: CallEvent
    event_id: int
    call_id: str
    planned: PlannedDelivery
    now: float


def accept(db: Session, arrivals: Sequence[Arrival]) -> list[Accepted]:
    """The receipts, in the same order. Events of one call are stored in the order they came in."""
    receipts: dict[int, Accepted] = {}
    usual: dict[int, Arrival] = {}
    firsts: dict[tuple[str, str], int] = {}  # of each call
    crowded = set()  # those behind which another event of the call comes
    for place, arrival in enumerate(arrivals):
        call = arrival.event.exchange, arrival.event.call_id
        first = firsts.setdefault(call, place)
        if first != place:
            crowded.add(first)
        elif _is_usual(arrival):
            usual[place] = arrival
    for place, accepted in zip(usual, _store_usual(db, list(usual.values())), strict=True):
        if accepted is not None:
            receipts[place] = replace(accepted, heads=()) if place in crowded else accepted
    for place, arrival in enumerate(arrivals):
        if place not in receipts:
            receipts[place] = _accept_one(db, arrival)
    return [receipts[place] for place in range(len(arrivals))]


def _is_usual(arrival: Arrival) -> bool:
    event = arrival.event
    if not event.dedup_key or not event.call_id or event.merge_key:
        return False
    if any(planned.joining or planned.earlier for planned in arrival.plan):
        return False
    return len({planned.infobase for planned in arrival.plan}) == len(arrival.plan)


def _store_usual(db: Session, arrivals: Sequence[Arrival]) -> list[Accepted | None]:
    """Their receipts; None for what came before."""
    ids = {
        (row["exchange"], row["dedup_key"]): row["id"]
        for row in db.insert(
            sql.INSERT_EVENTS,
            [rows.event_row(one.event, rows.storable(one.event.call_id), one.now) for one in arrivals],
        )
    }
    # of two that are the same, the first has the id
    found = [ids.pop((one.event.exchange, rows.storable(one.event.dedup_key)), None) for one in arrivals]
    told = [
        _Told(one.event, event_id, rows.storable(one.event.call_id), planned, one.now)
        for one, event_id in zip(arrivals, found, strict=True)
        if event_id is not None
        for planned in one.plan
    ]
    heads: dict[int, tuple[Head, ...]] = {}
    for one, head in zip(told, _enqueue(db, told), strict=True):
        if head:
            heads[one.event_id] = (*heads.get(one.event_id, ()), head)
    return [
        None if event_id is None else Accepted(event_id=event_id, heads=heads.get(event_id, ()))
        for event_id in found
    ]


def _accept_one(db: Session, arrival: Arrival) -> Accepted:
    event, plan, now, merge_s = arrival
    facts: dict[str, Any] = {
        "exchange": event.exchange,
        "call_id": rows.storable(event.call_id),
        "dedup_key": rows.storable(event.dedup_key),
        "merge_key": rows.storable(event.merge_key),
        "since": now - merge_s,  # the clock may go back
        "until": now + merge_s,
    }
    same_ring = None
    if event.merge_key:
        db.lock_ring(event.exchange, event.merge_key)
        if found := db.execute(sql.FIND_SAME_RING, facts).fetchone():
            same_ring = found["id"]
    stored = db.insert(sql.INSERT_EVENTS, [rows.event_row(event, facts["call_id"], now, same_ring)])
    if not stored:
        seen = db.execute(sql.FIND_DUPLICATE, facts).fetchone()["id"]
        db.execute(sql.COUNT_REPEAT, {"id": seen})
        return Accepted(event_id=seen, duplicate_of=seen)
    event_id = stored[0]["id"]
    if not event.call_id:  # the old hook names no call: each ring is a call of its own
        facts["call_id"] = f"ring-{event_id}"
        db.execute(sql.NAME_CALL, {"id": event_id, "call_id": facts["call_id"]})
    if same_ring is not None:
        return Accepted(event_id=event_id, duplicate_of=same_ring)
    if any(planned.joining or planned.earlier for planned in plan):
        db.lock_ring(event.exchange, facts["call_id"])  # an event that joins must see the one that begins
    for planned in sorted(plan, key=lambda one: one.infobase):  # two of them never wait for each other
        if _follows(db, planned, event_id, facts, now):
            _enqueue(db, [_Told(event, event_id, facts["call_id"], planned, now)])
    return Accepted(event_id=event_id)


def _follows(db: Session, planned: PlannedDelivery, event_id: int, facts: dict[str, Any], now: float) -> bool:
    """Whether the infobase hears this event; one that begins with it hears what was said before, too."""
    if not planned.joining and planned.earlier is None:
        return True
    call = {
        "infobase": planned.infobase,
        "exchange": facts["exchange"],
        "call_id": facts["call_id"],
        "event_id": event_id,
    }
    if db.execute(sql.FOLLOWED, call).fetchone():
        return True
    if planned.earlier is None:
        return False
    for row in db.execute(sql.EARLIER, call).fetchall():
        stored = rows.stored_event(row)
        if before := planned.earlier(stored.event):
            _enqueue(db, [_Told(stored.event, stored.id, facts["call_id"], before, now)])
    return True


def _enqueue(db: Session, told: Sequence[_Told]) -> list[Head | None]:
    """Lay deliveries into their lanes, no two of them into the same one; those that are alone there."""
    lanes = _enter_lanes(db, told)
    letters = _letters(db, told)
    deliveries = []
    for one, mail_seq in zip(told, letters, strict=True):
        event, planned, now = one.event, one.planned, one.now
        lane = lanes[planned.infobase, event.exchange, one.call_id]
        position = _position(one)
        if lane["due_at"] > now:
            order = {"position_time": position[0], "position_rank": position[1]}
            db.execute(sql.HASTEN_IF_FIRST, {"lane_id": lane["id"], "now": now, **order})
        deliveries.append(
            (
                lane["id"],
                one.event_id,
                planned.infobase,
                planned.operation,
                planned.purpose.value,
                "queued",
                *position,
                now,
                now + planned.lifetime_s,
                mail_seq,
            )
        )
    ids = {row["lane_id"]: row["id"] for row in db.insert(sql.INSERT_DELIVERIES, deliveries)}
    return [
        _head(one, lane, ids[lane["id"]])
        for one in told
        for lane in (lanes[one.planned.infobase, one.event.exchange, one.call_id],)
    ]


def _head(told: _Told, lane: Any, delivery_id: int) -> Head | None:
    """A popup may be too late by what 1C knows already, and a letter is not told."""
    planned = told.planned
    if lane["waiting"] != 1 or planned.mail or planned.purpose is not Purpose.JOURNAL:
        return None
    return Head(lane["id"], delivery_id, planned.infobase, planned.operation, told.now)


def _enter_lanes(db: Session, told: Sequence[_Told]) -> dict[tuple[str, str, str], Any]:
    entering = [
        (
            one.planned.infobase,
            one.event.exchange,
            one.call_id,
            1,
            one.now,
            one.now + one.planned.lifetime_s if one.planned.purpose is Purpose.POPUP else 0.0,
        )
        for one in told
    ]
    entering.sort()  # so two batches wait for each other in one order
    return {
        (row["infobase"], row["exchange"], row["call_id"]): row
        for row in db.insert(sql.ENTER_LANES, entering)
    }


def _letters(db: Session, told: Sequence[_Told]) -> list[int | None]:
    """Their numbers in their mailboxes; None for what 1C is called for."""
    counts: dict[str, int] = {}
    for one in told:
        if one.planned.mail:
            counts[one.planned.infobase] = counts.get(one.planned.infobase, 0) + 1
    nexts = {}
    for infobase in sorted(counts):
        facts = {"infobase": infobase, "letters": counts[infobase], "now": told[0].now}
        nexts[infobase] = db.execute(sql.NEXT_LETTER, facts).fetchone()["tail"] - counts[infobase]
    numbers: list[int | None] = []
    for one in told:
        if one.planned.mail:
            nexts[one.planned.infobase] += 1
        numbers.append(nexts[one.planned.infobase] if one.planned.mail else None)
    return numbers


def _position(told: _Told) -> tuple[int, int]:
    time_s = told.event.time_s
    return (int(told.now) if time_s is None else time_s), told.event.rank
