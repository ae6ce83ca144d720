"""What becomes of deliveries and their lanes: each move is part of one transaction of its caller."""

from typing import NamedTuple

from bridge.core.delivery import DeliveryState, Purpose, RetryIn
from bridge.core.ports import Claim
from bridge.store import rows
from bridge.store import statements as sql
from bridge.store.session import Row, Session

MAX_ANSWER = 500  # characters of 1C's answer kept for people


class Ending(NamedTuple):
    """How a waiting delivery leaves its lane."""

    state: DeliveryState
    answer: str
    verdict: str = ""  # what the attempt's log says; "" when there was no attempt


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
    db.lock_lanes([lane_id])
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
        "verdict": verdict.word,
        "answer": rows.storable(verdict.reason[:MAX_ANSWER]),
    }
    db.lock_lanes([claim.lane_id])
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
        "letters": 1,
    }
    db.lock_lanes([row["lane_id"]])
    if row["mail_seq"] is not None:  # its readers have gone past its old number
        facts["mail_seq"] = db.execute(sql.NEXT_LETTER, facts).fetchone()["tail"]
    changed = db.execute(sql.REQUEUE_DELIVERY, facts).rowcount
    if changed:
        db.execute(sql.REJOIN_LANE, facts)
        db.execute(sql.INSERT_ATTEMPT, facts)
    return changed
