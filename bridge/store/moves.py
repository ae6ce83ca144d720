"""What happens to events, lanes and deliveries: each move is part of one transaction of its caller."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from bridge.core.calls import CallEvent
from bridge.core.delivery import DeliveryState, Purpose, RetryIn
from bridge.core.ports import Accepted, Claim, PlannedDelivery
from bridge.store import rows
from bridge.store import statements as sql
from bridge.store.session import Row, Session

MAX_ANSWER = 500  # characters of 1C's answer kept for people


class Ending(NamedTuple):
    """How a waiting delivery leaves its lane."""

    state: DeliveryState
    answer: str
    verdict: str = ""  # what the attempt's log says; "" when there was no attempt


def accept(
    db: Session, event: CallEvent, plan: Sequence[PlannedDelivery], now: float, merge_s: float
) -> Accepted:
    window = {"since": now - merge_s, "until": now + merge_s}  # the clock may go back
    facts = rows.event_parameters(event) | window | {"now": now, "merged_into": None}
    if seen := db.execute(sql.FIND_DUPLICATE, facts).fetchone():
        db.execute(sql.COUNT_REPEAT, {"id": seen["id"]})
        return Accepted(event_id=seen["id"], duplicate_of=seen["id"])
    if event.merge_key:
        db.lock_ring(event.exchange, event.merge_key)
    same_ring = db.execute(sql.FIND_SAME_RING, facts).fetchone()
    if same_ring:
        facts["merged_into"] = same_ring["id"]
    event_id = db.execute(sql.INSERT_EVENT, facts).fetchone()["id"]
    if not event.call_id:  # the old hook names no call: each ring is a call of its own
        facts["call_id"] = f"ring-{event_id}"
        db.execute(sql.NAME_CALL, {"id": event_id, "call_id": facts["call_id"]})
    if same_ring:
        return Accepted(event_id=event_id, duplicate_of=same_ring["id"])
    if any(planned.joining or planned.earlier for planned in plan):
        db.lock_ring(event.exchange, facts["call_id"])  # an event that joins must see the one that begins
    for planned in sorted(plan, key=lambda one: one.infobase):  # two of them never wait for each other
        if _follows(db, planned, event_id, facts):
            _enqueue(db, event, event_id, planned, facts)
    return Accepted(event_id=event_id)


def _follows(db: Session, planned: PlannedDelivery, event_id: int, facts: dict[str, Any]) -> bool:
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
            _enqueue(db, stored.event, stored.id, before, facts)
    return True


def _enqueue(
    db: Session, event: CallEvent, event_id: int, planned: PlannedDelivery, facts: dict[str, Any]
) -> None:
    now = facts["now"]
    expires_at = now + planned.lifetime_s
    delivery = {
        "event_id": event_id,
        "infobase": planned.infobase,
        "exchange": event.exchange,
        "call_id": facts["call_id"],
        "operation": planned.operation,
        "purpose": planned.purpose.value,
        "position_time": event.time_s if event.time_s is not None else int(now),
        "position_rank": event.rank,
        "now": now,
        "expires_at": expires_at,
        "urgent_until": expires_at if planned.purpose is Purpose.POPUP else 0.0,
        "mail_seq": None,
    }
    lane = db.execute(sql.ENTER_LANE, delivery).fetchone()
    delivery["lane_id"] = lane["id"]
    if lane["waiting"] > 1:
        db.execute(sql.HASTEN_IF_FIRST, delivery)
    if planned.mail:
        delivery["mail_seq"] = db.execute(sql.NEXT_LETTER, delivery).fetchone()["tail"]
    db.execute(sql.INSERT_DELIVERY, delivery)


def end(db: Session, delivery_id: int, lane_id: int, ending: Ending, now: float) -> int:
    """Close a waiting delivery; returns 0 when it was closed before."""
    facts = {
        "id": delivery_id,
        "lane_id": lane_id,
        "state": ending.state.value,
        "answer": rows.storable(ending.answer[:MAX_ANSWER]),
        "attempted": int(bool(ending.verdict)),
        "verdict": ending.verdict,
        "now": now,
    }
    db.lock_lane(lane_id)
    if db.execute(sql.CLOSE_DELIVERY, facts).rowcount == 0:
        return 0
    db.execute(sql.LEAVE_LANE, facts)
    if ending.verdict:
        db.execute(sql.INSERT_ATTEMPT, facts)
    return 1


def postpone(db: Session, claim: Claim, verdict: RetryIn, now: float) -> None:
    facts = {
        "id": claim.delivery_id,
        "lane_id": claim.lane_id,
        "now": now,
        "due_at": now + verdict.wait_s,
        "counted": int(verdict.counted),
        "postponed": sql.HUNG if verdict.hung else int(not verdict.counted),
        "verdict": "retry",
        "answer": rows.storable(verdict.reason[:MAX_ANSWER]),
    }
    db.lock_lane(claim.lane_id)
    if db.execute(sql.POSTPONE_DELIVERY, facts).rowcount == 0:
        return  # it was erased meanwhile, and the answer may hold the number
    db.execute(sql.POSTPONE_LANE, facts)
    db.execute(sql.INSERT_ATTEMPT, facts)


def requeue(db: Session, row: Row, now: float, lifetime_s: float) -> int:
    """Put a delivery that ended back at its place, a letter at the end of its mailbox.

    Returns 0 when it has changed since `row` was read.
    """
    facts = {
        "id": row["id"],
        "state": row["state"],
        "infobase": row["infobase"],
        "mail_seq": row["mail_seq"],
        "lane_id": row["lane_id"],
        "now": now,
        "expires_at": now + lifetime_s,
        "urgent_until": now + lifetime_s if row["purpose"] == Purpose.POPUP else 0.0,
        "verdict": "replayed",
        "answer": "",
    }
    db.lock_lane(row["lane_id"])
    if row["mail_seq"] is not None:  # its readers have gone past its old number
        facts["mail_seq"] = db.execute(sql.NEXT_LETTER, facts).fetchone()["tail"]
    changed = db.execute(sql.REQUEUE_DELIVERY, facts).rowcount
    if changed:
        db.execute(sql.REJOIN_LANE, facts)
        db.execute(sql.INSERT_ATTEMPT, facts)
    return changed
