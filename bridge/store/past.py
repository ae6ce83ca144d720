"""Calls that are over: what was heard of them, and when they are forgotten."""

import json
from collections.abc import Sequence

from bridge.core.calls import RANK, CallState
from bridge.core.past_calls import HeardCall
from bridge.store import callers
from bridge.store import statements as sql
from bridge.store.session import Row, Session

PURGE_BATCH = 200
RANK_OF = {state.value: rank for state, rank in RANK.items()}  # a word of a later version ends no call
FINAL_RANK = RANK[CallState.HANGUP]
# the exchange's names for a call in the fields of an event: Mobilon's are those of Asterisk channels
# (1C extension TelephonyMobilon, 2019-12-12)
ID_FIELDS = ("uuid", "baseid", "subid")


def heard(found: Sequence[Row]) -> list[HeardCall]:
    """Rows of `sql.HEARD`, gathered by call."""
    calls: dict[str, list[Row]] = {}
    for row in found:
        calls.setdefault(row["call_id"], []).append(row)
    return [_heard(call_id, told) for call_id, told in calls.items()]


def _heard(call_id: str, told: list[Row]) -> HeardCall:
    ids = {call_id}
    for row in told:
        fields = json.loads(row["fields"])
        ids.update(str(fields[name]) for name in ID_FIELDS if fields.get(name))
    return HeardCall(
        call_id=call_id,
        ids=frozenset(ids),
        numbers=frozenset(
            number for row in told for number in (row["from_number"], row["to_number"]) if number
        ),
        started_s=min(
            float(row["time_s"]) if row["time_s"] is not None else row["received_at"] for row in told
        ),
        finished=any(RANK_OF.get(row["state"], 0) >= FINAL_RANK for row in told),
    )


def purge(db: Session, before: float, *, dead: bool = False) -> int:
    """One batch of events received before that, with all that hangs on them; returns how many, 0 when done.

    Args:
        dead: those with dead letters too.
    """
    facts = {"before": before, "limit": PURGE_BATCH, "kept": "queued" if dead else "dead"}
    old = db.execute(sql.OLD_EVENTS, facts).fetchall()
    for row in old:
        db.execute(sql.DROP_ATTEMPTS, {"id": row["id"]})
        lanes = {one["lane_id"] for one in db.execute(sql.DROP_DELIVERIES, {"id": row["id"]}).fetchall()}
        db.execute(sql.DROP_EVENT, {"id": row["id"]})
        for lane_id in lanes:
            db.execute(sql.DROP_LANE, {"lane_id": lane_id})
    if len(old) < PURGE_BATCH:
        db.execute(sql.DROP_DIALS, {"before": before})
        db.execute(sql.DROP_RECONCILIATIONS, {"before": before})
        callers.forget(db, before)
    return len(old)
