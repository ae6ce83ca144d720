"""Who did what with the bridge, and who listened to recordings: told together, kept for their own time."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bridge.store.rows import storable
from bridge.store.session import Row, Session

MOST_ABOUT = 500  # characters

BEGIN = "INSERT INTO audit (at, who, did, about) VALUES (:now, :who, :did, :about) RETURNING id"
FINISH = "UPDATE audit SET count = :count WHERE id = :id"
# What was listened to is in a table of its own; `sent` is what it counts.
LATEST = """
SELECT at, who, did, about, count FROM (
  SELECT at, who, did, about, count, id, 0 AS part FROM audit WHERE at >= :since
  UNION ALL
  SELECT at, infobase || ' (' || peer || ')', 'listened',
         exchange || ', ' || call_id || ', HTTP ' || CAST(status AS TEXT), sent, id, 1
    FROM listening WHERE at >= :since) AS deeds
 ORDER BY at DESC, part, id DESC LIMIT :limit
"""
FORGET = "DELETE FROM audit WHERE at < :before"
FORGET_LISTENINGS = "DELETE FROM listening WHERE at < :before"


class Deed(StrEnum):
    """What people do that others may ask about later."""

    REPLAY = "replay"
    PURGE = "purge"
    TOKEN = "token"  # noqa: S105 - a word for its making
    DIAL = "dial"  # from the console
    REVOKE = "revoke"  # of such a token
    DIAL_STOP = "dial_stop"
    DIAL_ALLOW = "dial_allow"
    ERASE = "erase"
    RECONCILE = "reconcile"
    BACKUP = "backup"
    SHOW_FULL = "show_full"
    DISCARD = "discard"
    HURRY = "hurry"  # 1C is tried without waiting for the next probe
    CHECK = "check"  # the doctor, from the console
    ENTER = "enter"
    USER = "user"  # of the console: made, removed, given another password
    LISTENED = "listened"


@dataclass(frozen=True, kw_only=True)
class AuditRecord:
    """`at` is unix time; `who` a user of the system or of the console, or an infobase and its address.

    `count`: how many it concerned, for LISTENED bytes; None when it was not finished.
    """

    at: float
    who: str
    did: Deed
    about: str
    count: int | None


def begin(db: Session, who: str, deed: Deed, about: str, now: float) -> int:
    """Write it down before it is done; returns the id for `finish`."""
    facts: Mapping[str, Any] = {
        "now": now,
        "who": storable(who),
        "did": deed.value,
        "about": storable(about)[:MOST_ABOUT],
    }
    return int(db.execute(BEGIN, facts).fetchone()["id"])


def finish(db: Session, deed_id: int, count: int) -> None:
    """It is done, and concerned so many."""
    db.execute(FINISH, {"id": deed_id, "count": count})


def latest(db: Session, *, since: float, limit: int) -> list[AuditRecord]:
    """The newest first."""
    return [_record(row) for row in db.execute(LATEST, {"since": since, "limit": limit}).fetchall()]


def forget(db: Session, before: float) -> int:
    """What was done, or listened to, longer ago than that; returns how many."""
    facts = {"before": before}
    return db.execute(FORGET, facts).rowcount + db.execute(FORGET_LISTENINGS, facts).rowcount


def _record(row: Row) -> AuditRecord:
    return AuditRecord(
        at=row["at"], who=row["who"], did=Deed(row["did"]), about=row["about"], count=row["count"]
    )
