"""The mailbox of an infobase: what a reader is given, and what it has acknowledged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bridge.core.calls import Subscriber
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.ports import Collected, Letter
from bridge.store import moves, rows
from bridge.store import statements as sql
from bridge.store.moves import Ending
from bridge.store.session import Row, Session

BATCH = 500  # letters looked through, or acknowledged, in one go
TAKEN = Ending(DeliveryState.DELIVERED, "забрано из ящика", "done")


@dataclass(frozen=True, kw_only=True)
class Step:
    """How far an acknowledgement has come. Each step is durable; a lost one is repeated by the next poll."""

    done: bool = False
    place: int = 0  # when done: the number to read on from
    since: int | None = None  # letters up to here are dealt with
    polled_at: float = 0.0  # when the reader was last here, before this poll


def acknowledge(
    db: Session, infobase: str, reader: Subscriber | None, *, after_id: int, now: float, so_far: Step
) -> Step:
    """One step of `core.ports.Mailbox.acknowledge`: at most `BATCH` letters."""
    who = {"infobase": infobase, "reader": _name(reader), "now": now}
    if so_far.since is None:
        given = db.execute(sql.TAIL, who).fetchone()
        tail = int(given["tail"]) if given else 0
        known = db.execute(sql.CURSOR, who).fetchone()
        cursor = int(known["after_id"]) if known else _beginning(db, who, tail)
        if after_id == 0 or after_id > tail:
            db.execute(sql.MOVE_CURSOR, who | {"after_id": cursor})
            return Step(done=True, place=cursor)
        so_far = Step(
            since=min(cursor, after_id) if known else 0, polled_at=known["polled_at"] if known else 0.0
        )
    facts = {"since": so_far.since, "after_id": after_id, "limit": BATCH, "polled_at": so_far.polled_at}
    found = db.execute(sql.WAITING_LETTERS, who | facts).fetchall()
    for row in found:
        if _addressed(reader, row):
            moves.end(db, row["id"], row["lane_id"], _fate(row, so_far.polled_at), now)
    if len(found) == BATCH:
        return replace(so_far, since=found[-1]["mail_seq"])
    db.execute(sql.MOVE_CURSOR, who | {"after_id": after_id})
    return Step(done=True, place=after_id)


def _beginning(db: Session, who: dict[str, Any], tail: int) -> int:
    """Where a reader begins that was never here: with what nobody has taken yet, not with all the past."""
    waiting = db.execute(sql.FIRST_WAITING, who).fetchone()
    return int(waiting["mail_seq"]) - 1 if waiting else tail


def _fate(row: Row, polled_at: float) -> Ending:
    """What became of a letter that its reader has gone past: a card that was stale by then was not given."""
    if row["purpose"] == Purpose.POPUP and row["was_over"]:
        return Ending(DeliveryState.SUPERSEDED, "звонок уже завершён")
    if row["purpose"] == Purpose.POPUP and row["expires_at"] <= polled_at:
        return Ending(DeliveryState.EXPIRED, "срок жизни истёк")
    return TAKEN


def look(
    read: Callable[..., Sequence[Row]],
    infobase: str,
    reader: Subscriber | None,
    *,
    after_id: int,
    limit: int,
    now: float,
) -> Collected:
    """See `core.ports.Mailbox.letters`."""
    found = read(sql.LETTERS, infobase=infobase, after_id=after_id, limit=BATCH)
    given: list[Letter] = []
    last_id = after_id
    for row in found:
        if len(given) == limit:
            return Collected(letters=given, last_id=last_id, more=True)
        if _addressed(reader, row) and _worth_giving(row, now):
            given.append(Letter(id=row["mail_seq"], stored=rows.stored_event(row)))
        last_id = row["mail_seq"]
    return Collected(letters=given, last_id=last_id, more=len(found) == BATCH)


def _worth_giving(row: Row, now: float) -> bool:
    """A card only while it rings; facts to whoever asks for them, even again, but for what was erased."""
    if row["raw_media"] == sql.ERASED_MEDIA:
        return False
    if row["purpose"] == Purpose.POPUP:
        live = row["state"] in (DeliveryState.QUEUED, DeliveryState.DELIVERED)  # another reader took it
        return live and not rows.outlived(row, now) and not row["is_over"]
    return True


def _addressed(reader: Subscriber | None, row: Row) -> bool:
    """Whose event it is: by the key, or by the extension where one of the two names no key."""
    if reader is None:
        return True
    if row["user_key"] and reader.key:
        return bool(row["user_key"] == reader.key)
    return bool(reader.extension) and reader.extension in (row["from_number"], row["to_number"])


def _name(reader: Subscriber | None) -> str:
    """The name of a cursor: one for each subscriber, "" for whoever collects for all."""
    return "" if reader is None else reader.key or reader.extension


def polled(rows_of_cursors: Sequence[Any]) -> dict[str, float]:
    """Infobase -> when its mailbox was last asked (unix time)."""
    latest: dict[str, float] = {}
    for row in rows_of_cursors:
        latest[row["infobase"]] = max(row["polled_at"], latest.get(row["infobase"], 0.0))
    return latest
