"""Clicks: begun at most once, not oftener than the limits allow, and not while dialling is stopped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.core.dial_limits import DialLimits, DialsBegun
from bridge.core.dialing import CallCode, CallResult
from bridge.core.ports import DialRecord
from bridge.store import rows
from bridge.store import statements as sql
from bridge.store.session import Session

LONGEST_DIAL_S = 300.0  # no exchange is waited for longer
EVERYBODY = ""  # the name under which dialling of all infobases is stopped

# In one statement: the click, unless there is one of a moment ago or dialling is stopped.
BEGIN_UNLESS = """
INSERT INTO dial (infobase, subscriber, number, begun_at, owner)
SELECT :infobase, :subscriber, :number, :now, :owner
 WHERE NOT EXISTS (SELECT 1 FROM dial_stop WHERE infobase IN (:infobase, ''))
   AND NOT EXISTS (RECENT) RETURNING id
""".replace("RECENT", sql.RECENT_DIAL)
# One pass over the clicks of one infobase, as far back as a limit of it reaches. What the clock has not
# reached yet counts too: it may have gone back. A refused dial has rung nobody, so its number may be tried
# again.
BEGUN = """
SELECT COALESCE(SUM(CASE WHEN subscriber = :subscriber AND begun_at > :now - 60 THEN 1 ELSE 0 END), 0)
           AS subscriber_minute,
       COALESCE(SUM(CASE WHEN subscriber = :subscriber AND begun_at > :now - 3600 THEN 1 ELSE 0 END), 0)
           AS subscriber_hour,
       COALESCE(SUM(CASE WHEN subscriber = :subscriber THEN 1 ELSE 0 END), 0) AS subscriber_day,
       COALESCE(SUM(CASE WHEN begun_at > :now - 60 THEN 1 ELSE 0 END), 0) AS infobase_minute,
       COALESCE(SUM(CASE WHEN begun_at > :now - 3600 THEN 1 ELSE 0 END), 0) AS infobase_hour,
       COUNT(*) AS infobase_day,
       COALESCE(SUM(CASE WHEN number = :number AND begun_at > :now - 3600
                          AND (status <> 'FAIL' OR code = :unknown) THEN 1 ELSE 0 END), 0)
           AS same_number_hour,
       COALESCE(SUM(CASE WHEN ended_at IS NULL AND begun_at > :now - :longest THEN 1 ELSE 0 END), 0)
           AS at_once
  FROM dial WHERE infobase = :infobase AND begun_at > :now - :reach
"""
STOPPED = "SELECT why FROM dial_stop WHERE infobase IN (:infobase, '') ORDER BY infobase LIMIT 1"
STOP = """
INSERT INTO dial_stop (infobase, at, why) VALUES (:infobase, :now, :why)
ON CONFLICT (infobase) DO UPDATE SET at = excluded.at, why = excluded.why
"""
ALLOW = "DELETE FROM dial_stop WHERE infobase = :infobase"
STOPS = "SELECT infobase, at, why FROM dial_stop ORDER BY infobase"
LATEST = """
SELECT infobase, subscriber, number, begun_at, ended_at, status, message, code, call_id FROM dial
 ORDER BY id DESC LIMIT :limit
"""


@dataclass(frozen=True, kw_only=True)
class DialStop:
    """Dialling of an infobase, or of `EVERYBODY`, was stopped by a person."""

    infobase: str
    at: float  # unix time
    why: str


@dataclass(frozen=True, kw_only=True)
class DialAudit:
    """A click that the exchange was asked to dial. `result` is None while it has not answered."""

    infobase: str
    subscriber: str  # the exchange's key, or the extension
    number: str
    begun_at: float  # unix time
    ended_at: float | None
    result: CallResult | None


@dataclass(frozen=True, slots=True)
class Click:
    """One to begin, and the results of earlier dials that it takes along.

    Args:
        facts: infobase, subscriber, number, now, owner; since, until, unknown of the double click.
        repeats: whether the database runs a work again that it had committed.
        ours: ids that earlier runs of this very work have made, whose commit was not answered.
    """

    facts: Mapping[str, Any]
    limits: DialLimits
    ended: Sequence[Mapping[str, Any]]
    repeats: bool
    ours: set[int] = field(default_factory=set)


def begin_all(db: Session, clicks: Sequence[Click]) -> list[DialRecord]:
    """Record each click, find the one of a moment ago, or refuse."""
    for click in clicks:
        end(db, click.ended)
    return [_begin(db, click) for click in clicks]


def _begin(db: Session, click: Click) -> DialRecord:
    facts = {**click.facts, "longest": LONGEST_DIAL_S}
    db.lock_ring(str(facts["infobase"]), "dial")
    too_often = _too_often(db, facts, click.limits)
    begun = None if too_often else db.execute(BEGIN_UNLESS, facts).fetchone()
    if not begun:
        recent = db.execute(sql.RECENT_DIAL, facts).fetchone()
        if recent:
            fresh = click.repeats and recent["id"] in click.ours
            return DialRecord(id=recent["id"], result=rows.call_result(recent), fresh=fresh)
        if refused := _stopped(db, facts) or too_often:
            return DialRecord(id=0, result=refused, fresh=False)
        begun = db.execute(sql.BEGIN_DIAL, facts).fetchone()  # it was allowed again in between
    dial_id = int(begun["id"])
    click.ours.add(dial_id)
    return DialRecord(id=dial_id, result=None, fresh=True)


def _too_often(db: Session, facts: Mapping[str, Any], limits: DialLimits) -> CallResult | None:
    if not limits.reach_s:
        return None
    begun = db.execute(BEGUN, {**facts, "reach": limits.reach_s}).fetchone()
    refusal = limits.refusal(DialsBegun(**{name: int(begun[name]) for name in DialsBegun.__annotations__}))
    return CallResult.fail(CallCode.TOO_OFTEN, refusal) if refusal else None


def _stopped(db: Session, facts: Mapping[str, Any]) -> CallResult | None:
    stopped = db.execute(STOPPED, facts).fetchone()
    if not stopped:
        return None
    why = f": {stopped['why']}" if stopped["why"] else ""
    return CallResult.fail(CallCode.STOPPED, f"Звонки из 1С остановлены администратором моста{why}")


def end(db: Session, ended: Sequence[Mapping[str, Any]]) -> None:
    """What the exchange answered, of each dial by its id."""
    for facts in ended:
        db.execute(sql.END_DIAL, facts)


def stop(db: Session, infobase: str, why: str, now: float) -> None:
    """From now on nothing is dialled for `infobase`, or for `EVERYBODY`, in any process."""
    db.execute(STOP, {"infobase": infobase, "why": rows.storable(why), "now": now})


def allow(db: Session, infobase: str) -> bool:
    """Dialling may go on; False when it was not stopped under this name."""
    return db.execute(ALLOW, {"infobase": infobase}).rowcount > 0


def stops(db: Session) -> list[DialStop]:
    """Who may not dial."""
    return [
        DialStop(infobase=row["infobase"], at=row["at"], why=row["why"])
        for row in db.execute(STOPS).fetchall()
    ]


def latest(db: Session, limit: int) -> list[DialAudit]:
    """The newest clicks first."""
    return [
        DialAudit(
            infobase=row["infobase"],
            subscriber=row["subscriber"],
            number=row["number"],
            begun_at=row["begun_at"],
            ended_at=row["ended_at"],
            result=rows.call_result(row),
        )
        for row in db.execute(LATEST, {"limit": limit}).fetchall()
    ]
