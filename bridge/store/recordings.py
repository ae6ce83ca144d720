"""Recordings in the store: where one may be, which are copied, and who listened to which."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.core.records import KeptRecord, Traces, record_addresses
from bridge.flows.reconcile import JOURNAL
from bridge.store.rows import storable
from bridge.store.session import Database, Row, Session
from bridge.store.statements import ERASED_MEDIA

NEVER = 1e12  # when a record that was given up is due

TOLD = """
SELECT id, fields, raw_media FROM event WHERE exchange = :exchange AND call_id = :call_id ORDER BY id DESC
"""
# in the order of arrival, which is nearly that of commits: who scans again begins a little earlier
OVER = f"""
SELECT e.id, e.call_id, e.fields, e.received_at FROM event e
 WHERE e.exchange = :exchange AND e.state IN ('HANGUP', 'END') AND e.received_at >= :since
   AND e.raw_media <> '{ERASED_MEDIA}'
   AND (e.received_at, e.id) > (:after_at, :after_id)
   AND NOT EXISTS (SELECT 1 FROM record r WHERE r.exchange = e.exchange AND r.call_id = e.call_id)
 ORDER BY e.received_at, e.id LIMIT :limit
"""  # noqa: S608 - put together from constants
ENQUEUE = """
INSERT INTO record (exchange, call_id, address, due_at) VALUES (:exchange, :call_id, :address, :due_at)
ON CONFLICT (exchange, call_id) DO NOTHING
"""
DUE = """
SELECT * FROM record WHERE file = '' AND due_at <= :now AND exchange = :exchange ORDER BY due_at LIMIT :limit
"""
FIND = "SELECT * FROM record WHERE exchange = :exchange AND call_id = :call_id"
KEEP = """
UPDATE record SET file = :file, media = :media, size = :size, kept_at = :now, problem = ''
 WHERE exchange = :exchange AND call_id = :call_id
"""
POSTPONE = """
UPDATE record SET due_at = :due_at, problem = :problem, tries = tries + :counted
 WHERE exchange = :exchange AND call_id = :call_id AND file = ''
"""
OLD = "SELECT * FROM record WHERE kept_at < :before ORDER BY kept_at LIMIT :limit"
DROP_UNHEARD = """
DELETE FROM record WHERE file = '' AND NOT EXISTS (
  SELECT 1 FROM event e WHERE e.exchange = record.exchange AND e.call_id = record.call_id)
"""
DROP = "DELETE FROM record WHERE exchange = :exchange AND call_id = :call_id"
LISTENED = """
INSERT INTO listening (at, infobase, exchange, call_id, peer, status, sent)
VALUES (:now, :infobase, :exchange, :call_id, :peer, :status, :sent)
"""
LISTENINGS = "SELECT * FROM listening WHERE exchange = :exchange AND call_id = :call_id ORDER BY id"
LATEST_LISTENINGS = "SELECT * FROM listening ORDER BY id DESC LIMIT :limit"
LATEST_COPIES = "SELECT * FROM record ORDER BY due_at DESC, call_id LIMIT :limit"
PROBLEM_CHARS = 200
Place = tuple[float, int]  # in the order of arrival: unix time and id of an event
FIRST: Place = (0.0, 0)


@dataclass(frozen=True, kw_only=True)
class OverCall:
    """A call that ended and has a recording, as an event told it. `address` holds no secret."""

    call_id: str
    traces: Traces
    received_at: float
    address: str = ""


@dataclass(frozen=True, kw_only=True)
class Listening:
    """One answer to somebody who held a valid link. `at` is unix time, `sent` bytes of the recording."""

    at: float
    infobase: str
    exchange: str
    call_id: str
    peer: str
    status: int
    sent: int


class Recordings:
    """The tables of recordings, on any `Database`."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    # --- where it may be ----------------------------------------------------------------------------
    def traces(self, exchange: str, call_id: str) -> Traces:
        """What was told of a call. One that was never heard of may still be known to the exchange.

        One that was erased is known to nobody: its recording must not be found by its name again.
        """
        found = self._db.read(TOLD, exchange=exchange, call_id=storable(call_id))
        if any(row["raw_media"] == ERASED_MEDIA for row in found):
            return Traces(addresses=[], call_ids=[])
        return _traces(call_id, [json.loads(row["fields"]) for row in found])

    # --- copies ---------------------------------------------------------------------------------------
    def over(
        self, exchange: str, *, within_s: float, after: Place = FIRST, limit: int = 500
    ) -> tuple[Sequence[OverCall], Place | None]:
        """Calls that ended within so long, have a recording and are not enqueued; and where to go on.

        The place is None when nothing is left.
        """
        since = self._clock() - within_s
        facts = {"exchange": exchange, "since": since, "after_at": after[0], "after_id": after[1]}
        found = self._db.read(OVER, **facts, limit=limit)
        calls = [one for row in found if (one := _over(row))]
        last = (float(found[-1]["received_at"]), int(found[-1]["id"])) if len(found) == limit else None
        return calls, last

    def enqueue(self, exchange: str, calls: Sequence[OverCall], *, wait_s: float) -> int:
        """Let them be fetched so long after their ends; returns how many are new."""
        wanted = [
            {
                "exchange": exchange,
                "call_id": call.call_id,
                "address": storable(call.address),
                "due_at": call.received_at + wait_s,
            }
            for call in calls
        ]
        return self._db.write(lambda db: sum(db.execute(ENQUEUE, facts).rowcount for facts in wanted))

    def due(self, exchange: str, *, limit: int) -> list[KeptRecord]:
        found = self._db.read(DUE, exchange=exchange, now=self._clock(), limit=limit)
        return [_record(row) for row in found]

    def find(self, exchange: str, call_id: str) -> KeptRecord | None:
        found = self._db.read(FIND, exchange=exchange, call_id=storable(call_id))
        return _record(found[0]) if found else None

    def keep(self, one: KeptRecord, *, file: str, media: str, size: int) -> bool:
        """It is copied; False when nobody wants it any more, and the file is nobody's."""
        facts = {"file": file, "media": media, "size": size, "now": self._clock(), **_key(one)}
        return self._db.write(lambda db: db.execute(KEEP, facts).rowcount) > 0

    def postpone(self, one: KeptRecord, problem: str, *, wait_s: float | None, counted: bool = True) -> None:
        """Try again after that; None: never. `counted`: it was one of its limited tries."""
        due_at = NEVER if wait_s is None else self._clock() + wait_s
        said = storable(problem)[:PROBLEM_CHARS]
        facts = {"due_at": due_at, "problem": said, "counted": int(counted), **_key(one)}
        self._db.write(lambda db: db.execute(POSTPONE, facts).rowcount)

    def old(self, *, older_than_s: float, limit: int = 200) -> list[KeptRecord]:
        """Copied longer ago than that."""
        found = self._db.read(OLD, before=self._clock() - older_than_s, limit=limit)
        return [_record(row) for row in found]

    def drop_unheard(self) -> int:
        """Forget what was never copied and whose call is forgotten."""
        return self._db.write(lambda db: db.execute(DROP_UNHEARD).rowcount)

    def drop(self, one: KeptRecord) -> None:
        self._db.write(lambda db: db.execute(DROP, _key(one)).rowcount)

    # --- who listened ---------------------------------------------------------------------------------
    def note_listening(
        self, *, infobase: str, exchange: str, call_id: str, peer: str, status: int, sent: int
    ) -> None:
        facts = {
            "now": self._clock(),
            "infobase": infobase,
            "exchange": exchange,
            "call_id": storable(call_id),
            "peer": storable(peer),
            "status": status,
            "sent": sent,
        }
        self._db.write(lambda db: db.execute(LISTENED, facts).rowcount)

    def listenings(self, exchange: str, call_id: str) -> list[Listening]:
        """Who listened to a recording, the first first."""
        found = self._db.read(LISTENINGS, exchange=exchange, call_id=storable(call_id))
        return [_listening(row) for row in found]


def find(db: Session, exchange: str, call_id: str) -> KeptRecord | None:
    """What became of the recording of a call, in a transaction of the caller."""
    row = db.execute(FIND, {"exchange": exchange, "call_id": call_id}).fetchone()
    return _record(row) if row else None


def latest_listenings(db: Session, limit: int) -> list[Listening]:
    """The newest first, of all recordings."""
    return [_listening(row) for row in db.execute(LATEST_LISTENINGS, {"limit": limit}).fetchall()]


def latest_copies(db: Session, limit: int) -> list[KeptRecord]:
    """What was, is to be, or could not be copied; the newest first."""
    return [_record(row) for row in db.execute(LATEST_COPIES, {"limit": limit}).fetchall()]


def _listening(row: Row) -> Listening:
    names = ("at", "infobase", "exchange", "call_id", "peer", "status", "sent")
    return Listening(**{name: row[name] for name in names})


def _traces(call_id: str, told: Sequence[Mapping[str, Any]]) -> Traces:
    """Newest first. The journal's own `callid` is surely one; the manual's look like a `baseid`."""
    addresses = [address for fields in told for address in record_addresses(fields)]
    journal = [
        str(fields[JOURNAL].get("callid") or "") for fields in told if isinstance(fields.get(JOURNAL), dict)
    ]
    ids = [str(fields.get(name) or "") for name in ("baseid", "uuid", "subid") for fields in told]
    named = [*journal, *ids, call_id]
    return Traces(
        addresses=list(dict.fromkeys(addresses)),
        call_ids=[one for one in dict.fromkeys(named) if one],
    )


def _over(row: Row) -> OverCall | None:
    fields = json.loads(row["fields"])
    answered = str(fields.get("callstatus") or "").upper() == "ANSWER"
    if not answered and not record_addresses(fields):
        return None
    return OverCall(
        call_id=row["call_id"],
        traces=_traces(row["call_id"], [fields]),
        received_at=float(row["received_at"]),
    )


def _record(row: Row) -> KeptRecord:
    names = ("exchange", "call_id", "tries", "problem", "file", "media", "size")
    return KeptRecord(**{name: row[name] for name in names})


def _key(one: KeptRecord) -> dict[str, str]:
    return {"exchange": one.exchange, "call_id": one.call_id}
