"""A person is forgotten by their number: what tells who it was goes, that a call was stays.

Why so: docs/decisions/0014-erasing-a-person.md. A call is erased in one transaction, so whoever is
interrupted begins again with what is left.
"""

import json
from collections.abc import Mapping
from typing import Any

from bridge.core.delivery import DeliveryState
from bridge.core.number_trace import NumberTrace
from bridge.store import moves
from bridge.store.moves import Ending
from bridge.store.session import Row, Session
from bridge.store.statements import ERASED_MEDIA
from bridge.store.tracing import Call, Place

ERASED = "стёрто"  # in place of a text
# What the folding of a call, its recognition in the journal of the exchange and the order of its events
# need; of the values in it none may hold the number. Mobilon's words: the 1C extension, 2019-12-12.
KEPT = frozenset(
    {
        "uuid",
        "baseid",
        "subid",
        "callid",
        "state",
        "direction",
        "time",
        "userkey",
        "callstatus",
        "duration",
        "bridgeRecovered",
        "bridgeJournal",
    }
)

LANES = "SELECT id FROM lane WHERE exchange = :exchange AND call_id = :call_id ORDER BY id"
EVENTS = """
SELECT id, from_number, to_number, user_key, fields FROM event
 WHERE exchange = :exchange AND call_id = :call_id ORDER BY id
"""
WAITING = """
SELECT d.id, d.lane_id FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE e.exchange = :exchange AND e.call_id = :call_id AND d.state = 'queued' ORDER BY d.id
"""
ATTEMPTS = """
UPDATE attempt SET answer = '' WHERE answer <> '' AND delivery_id IN (
  SELECT d.id FROM delivery d JOIN event e ON e.id = d.event_id
   WHERE e.exchange = :exchange AND e.call_id = :call_id)
"""
ANSWERS = """
UPDATE delivery SET last_answer = '' WHERE last_answer NOT IN ('', :erased) AND event_id IN (
  SELECT id FROM event WHERE exchange = :exchange AND call_id = :call_id)
"""
EVENT = """
UPDATE event
   SET from_number = :from_number, to_number = :to_number, user_key = :user_key, raw = :raw,
       raw_media = :media, fields = :fields, dedup_key = '', merge_key = '', call_id = :call_id
 WHERE id = :id
"""
LANE = "UPDATE lane SET call_id = :named WHERE exchange = :exchange AND call_id = :call_id"
RECORD = "DELETE FROM record WHERE exchange = :exchange AND call_id = :call_id"


def erase_call(db: Session, one: Call, trace: NumberTrace, now: float, *, force: bool) -> int:
    """Erase one call; returns how many events it had, 0 when it is to be told first.

    Args:
        force: what 1C has not been told of it, it will not be.
    """
    facts: dict[str, Any] = {"exchange": one.exchange, "call_id": one.call_id, "erased": ERASED}
    for lane in db.execute(LANES, facts).fetchall():
        db.lock_lanes([lane["id"]])
    waiting = db.execute(WAITING, facts).fetchall()
    if waiting and not force:
        return 0
    for row in waiting:
        moves.end(db, row["id"], row["lane_id"], Ending(DeliveryState.SUPERSEDED, ERASED), now)
    db.execute(ATTEMPTS, facts)
    db.execute(ANSWERS, facts)
    events = db.execute(EVENTS, facts).fetchall()
    db.execute(RECORD, facts)
    named = one.call_id
    if events and trace.shows(one.call_id):
        named = f"erased-{events[0]['id']}"
        db.execute(LANE, facts | {"named": named})
    for row in events:
        db.execute(EVENT, _left(row, trace) | {"media": ERASED_MEDIA, "call_id": named})
    return len(events)


def erase_row(db: Session, place: Place, found: Row, trace: NumberTrace) -> None:
    """Erase a row of another table: whole, or the texts in it that hold the number."""
    where = " AND ".join(f"{name} = :key_{name}" for name in place.key)
    facts = {f"key_{name}": found[name] for name in place.key}
    if place.goes:
        db.execute(f"DELETE FROM {place.table} WHERE {where}", facts)  # noqa: S608 - names of ours
        return
    said = {name: ERASED for name in place.texts if trace.shows(found[name])}
    change = ", ".join(f"{name} = :{name}" for name in said)
    db.execute(f"UPDATE {place.table} SET {change} WHERE {where}", facts | said)  # noqa: S608


def _left(row: Row, trace: NumberTrace) -> dict[str, Any]:
    """What stays of an event."""
    ends = {
        name: "" if trace.shows(row[name]) else row[name] for name in ("from_number", "to_number", "user_key")
    }
    fields = json.dumps(_technical(json.loads(row["fields"]), trace))
    return {"id": row["id"], "raw": b"", "fields": fields, **ends}


def _technical(fields: Mapping[str, Any], trace: NumberTrace) -> dict[str, Any]:
    left: dict[str, Any] = {}
    for name, value in fields.items():
        if name not in KEPT:
            continue
        if isinstance(value, Mapping):
            left[name] = _technical(value, trace)
        elif isinstance(value, str | int | float) and not trace.shows(str(value)):
            left[name] = value
    return left
