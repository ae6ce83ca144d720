"""What became of attempts, written for all whose calls ended at one moment: few statements for many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bridge.core.delivery import DeliveryState, Done, GaveUp, RetryIn, Verdict
from bridge.core.ports import Claim
from bridge.store import moves, rows
from bridge.store import statements as sql
from bridge.store.moves import MAX_ANSWER, Ending
from bridge.store.session import Session


@dataclass(frozen=True)
class Settlement:
    """A verdict on its way into the store; `now` is the store's clock."""

    claim: Claim
    verdict: Verdict
    now: float


def settle(db: Session, settlements: Sequence[Settlement]) -> list[bool]:
    """Write the verdicts; whether more of its call may wait, for each.

    Raises:
        ClaimLost: another process tells an infobase of these.
    """
    for infobase, epoch in sorted({(one.claim.infobase, one.claim.epoch) for one in settlements}):
        db.fence(infobase, epoch)
    # in one order: two processes never wait for each other
    db.lock_lanes(sorted({one.claim.lane_id for one in settlements}))
    told = {one.claim.lane_id: one for one in settlements if isinstance(one.verdict, Done)}
    waiting = _delivered(db, told.values()) if told else {}
    for one in settlements:
        if told.get(one.claim.lane_id) is not one:
            _settle_one(db, one)
    return [waiting.get(one.claim.lane_id, 1) > 0 for one in settlements]


def _delivered(db: Session, told: Iterable[Settlement]) -> dict[int, int]:
    """Close what was told, of each lane one; how much still waits in the lanes."""
    by_answer: dict[str, list[Settlement]] = {}
    for one in told:
        by_answer.setdefault(_answer(one.verdict), []).append(one)
    waiting: dict[int, int] = {}
    for answer, ones in by_answer.items():
        now = max(one.now for one in ones)
        ids = [one.claim.delivery_id for one in ones]
        facts = {"state": DeliveryState.DELIVERED.value, "answer": answer, "attempted": 1, "now": now}
        closing = sql.among(sql.CLOSE_DELIVERIES, len(ids))
        closed = [row["id"] for row in db.execute(closing, {**facts, **sql.those(ids)}).fetchall()]
        if not closed:  # they were erased meanwhile
            continue
        leaving = sql.among(sql.LEAVE_LANES, len(closed))
        for row in db.execute(leaving, {"now": now, **sql.those(closed)}).fetchall():
            waiting[row["id"]] = row["waiting"]
        db.insert(sql.INSERT_ATTEMPTS, [(told, now, "done", answer) for told in closed])
    return waiting


def _answer(verdict: Verdict) -> str:
    return rows.storable(verdict.answer[:MAX_ANSWER]) if isinstance(verdict, Done) else ""


def _settle_one(db: Session, one: Settlement) -> None:
    claim = one.claim
    match one.verdict:
        case Done(answer):
            ending = Ending(DeliveryState.DELIVERED, answer, "done")
            moves.end(db, claim.delivery_id, claim.lane_id, ending, one.now)
        case GaveUp(reason):
            ending = Ending(DeliveryState.DEAD, reason, "gave_up")
            moves.end(db, claim.delivery_id, claim.lane_id, ending, one.now)
        case RetryIn() as verdict:
            moves.postpone(db, claim, verdict, one.now)
