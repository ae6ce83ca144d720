"""The mailbox of an infobase: what a reader is given, and what it has acknowledged."""

from collections.abc import Callable, Sequence
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


def acknowledge(db: Session, infobase: str, reader: Subscriber | None, after_id: int, now: float) -> int:
    """See `core.ports.Mailbox.acknowledge`."""
    who = {"infobase": infobase, "reader": _name(reader), "now": now}
    known = db.execute(sql.CURSOR, who).fetchone()
    cursor = known["after_id"] if known else 0
    tail = db.execute(sql.TAIL, who).fetchone()
    if after_id == 0 or after_id > (tail["tail"] if tail else 0):
        db.execute(sql.MOVE_CURSOR, who | {"after_id": cursor})
        return int(cursor)
    since = min(cursor, after_id)
    while True:
        found = db.execute(
            sql.WAITING_LETTERS, who | {"since": since, "after_id": after_id, "limit": BATCH}
        ).fetchall()
        for row in found:
            if _addressed(reader, row):
                moves.end(db, row["id"], row["lane_id"], TAKEN, now)
        if len(found) < BATCH:
            break
        since = found[-1]["mail_seq"]
    db.execute(sql.MOVE_CURSOR, who | {"after_id": after_id})
    return after_id


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
    """A card only while it rings; facts to whoever asks for them, even again."""
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
