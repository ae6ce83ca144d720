"""Where a person's number is kept: every table that holds text, looked through in batches."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.core.number_trace import NumberTrace
from bridge.store.session import Row, Session

BATCH = 1000
CALL_TEXTS = ("call_id", "from_number", "to_number", "user_key", "fields", "dedup_key", "merge_key")

EVENTS = """
SELECT id, exchange, call_id, from_number, to_number, user_key, raw, fields, dedup_key, merge_key
  FROM event WHERE id > :after ORDER BY id LIMIT :limit
"""
CALL = """
SELECT e.id, e.received_at,
       (SELECT COUNT(*) FROM delivery d WHERE d.event_id = e.id AND d.state = 'queued') AS waiting,
       (SELECT COUNT(*) FROM delivery d WHERE d.event_id = e.id AND d.state = 'dead') AS dead
  FROM event e WHERE e.exchange = :exchange AND e.call_id = :call_id
"""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A table outside of the events, by what names a row of it and what of it may hold a number.

    Attributes:
        goes: a row with the number is removed whole; else the texts with it are replaced.
    """

    table: str
    key: tuple[str, ...]
    texts: tuple[str, ...]
    goes: bool = False


PLACES = (
    Place(table="delivery", key=("id",), texts=("last_answer",)),
    Place(table="attempt", key=("id",), texts=("answer",)),
    Place(table="dial", key=("id",), texts=("subscriber", "number", "message", "call_id")),
    Place(table="dial_stop", key=("infobase",), texts=("why",)),
    Place(table="reconciliation", key=("id",), texts=("problem",)),
    Place(table="listening", key=("id",), texts=("call_id",)),
    Place(table="audit", key=("id",), texts=("about",)),
    Place(table="caller", key=("infobase", "who"), texts=("who", "title", "category", "manager"), goes=True),
    Place(table="record", key=("exchange", "call_id"), texts=("call_id", "address", "problem"), goes=True),
    Place(table="mail_cursor", key=("infobase", "reader"), texts=("reader",), goes=True),
)


RECORDED = "SELECT COUNT(*) AS n FROM record WHERE exchange = :exchange AND call_id = :call_id"


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call in which the number shows. `waiting` and `dead` are its deliveries that 1C has not had."""

    exchange: str
    call_id: str
    events: int
    records: int  # that are copied, or to be
    waiting: int
    dead: int
    last_at: float  # unix time


@dataclass(frozen=True, kw_only=True)
class Traces:
    """All that was found. `rows`: place -> the rows of it, as far as they are needed to change them."""

    calls: list[Call] = field(default_factory=list)
    rows: Mapping[Place, list[Row]] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        return sum(call.waiting for call in self.calls)

    @property
    def dead(self) -> int:
        return sum(call.dead for call in self.calls)

    def counts(self) -> dict[str, int]:
        """Table -> rows; the calls count as their events."""
        found = Counter({place.table: len(rows) for place, rows in self.rows.items()})
        found["event"] = sum(call.events for call in self.calls)
        found["record"] += sum(call.records for call in self.calls)
        return {table: count for table, count in found.items() if count}


def traces(db: Session, trace: NumberTrace) -> Traces:
    """Look through everything. Nothing is locked meanwhile, so what comes later is not seen."""
    named = {(row["exchange"], row["call_id"]) for row in _events(db) if _shows(trace, row)}
    calls = [_call(db, exchange, call_id) for exchange, call_id in sorted(named)]
    rows = {place: [row for row in _rows(db, place) if _tells(trace, place, row)] for place in PLACES}
    for place, told in rows.items():
        if place.table == "record":  # those of the calls go with them
            told[:] = [row for row in told if (row["exchange"], row["call_id"]) not in named]
    return Traces(calls=calls, rows=rows)


def _events(db: Session) -> Iterator[Row]:
    after = 0
    while found := db.execute(EVENTS, {"after": after, "limit": BATCH}).fetchall():
        yield from found
        after = found[-1]["id"]


def _shows(trace: NumberTrace, row: Row) -> bool:
    return trace.shows("|".join(row[name] for name in CALL_TEXTS)) or trace.shows_in(bytes(row["raw"]))


def _call(db: Session, exchange: str, call_id: str) -> Call:
    which = {"exchange": exchange, "call_id": call_id}
    found = db.execute(CALL, which).fetchall()
    return Call(
        exchange=exchange,
        call_id=call_id,
        events=len(found),
        records=int(db.execute(RECORDED, which).fetchone()["n"]),
        waiting=sum(row["waiting"] for row in found),
        dead=sum(row["dead"] for row in found),
        last_at=max((float(row["received_at"]) for row in found), default=0.0),
    )


def _rows(db: Session, place: Place) -> Iterator[Row]:
    """Every row of a place, in the order of its key."""
    columns = ", ".join(dict.fromkeys((*place.key, *place.texts)))
    keys = ", ".join(place.key)
    statement = f"SELECT {columns} FROM {place.table} {{where}} ORDER BY {keys} LIMIT :limit"  # noqa: S608
    facts: dict[str, Any] = {"limit": BATCH}
    where = ""
    while found := db.execute(statement.format(where=where), facts).fetchall():
        yield from found
        facts |= {f"after_{name}": found[-1][name] for name in place.key}
        where = f"WHERE ({keys}) > ({', '.join(f':after_{name}' for name in place.key)})"


def _tells(trace: NumberTrace, place: Place, row: Row) -> bool:
    known = place.table == "caller" and row["who"] == trace.caller
    return known or any(trace.shows(row[name]) for name in place.texts)
