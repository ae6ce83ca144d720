"""Looking at the outbox and moving what is stuck: for the command line, the console and the figures.

Safe beside a running bridge: it opens the file without owning it, reads, and moves only deliveries
that nobody is attempting (dead and expired ones), one short transaction each.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.core.delivery import DeliveryState
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.ports import DeliveryRecord, StoredEvent
from bridge.store import moves, rows
from bridge.store import statements as sql
from bridge.store.connection import connect

DEFAULT_LIFETIME_S = 24 * 3600.0


@dataclass(frozen=True, kw_only=True)
class AttemptRecord:
    at: float  # unix time
    verdict: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class EventLife:
    """One event with everything that became of it."""

    stored: StoredEvent
    deliveries: tuple[DeliveryRecord, ...]
    attempts: dict[int, tuple[AttemptRecord, ...]]  # by delivery id


@dataclass(frozen=True, kw_only=True)
class Depth:
    """How much waits for one infobase, and since when (unix time of the oldest)."""

    infobase: str
    waiting: int
    oldest_at: float


class Archive:
    """Args: `path` of the SQLite file, which must exist. `clock` gives unix time in seconds."""

    def __init__(self, address: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        path = Path(address)
        if not path.is_file():
            raise StoreUnavailable(f"Нет файла базы {path}: мост ещё не запускался или путь другой")
        self._path = path
        self._clock = clock

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = connect(self._path)
        try:
            yield connection
        except sqlite3.Error as error:
            raise StoreUnavailable(f"База {self._path} не читается: {error}") from None
        finally:
            connection.close()

    def events(self, *, limit: int = 50) -> list[tuple[DeliveryRecord | None, StoredEvent]]:
        """The newest events first, each with its deliveries; None for one that nobody is told."""
        with self._open() as db:
            found = db.execute(
                f"SELECT {sql.EVENT_COLUMNS}, d.* FROM event e LEFT JOIN delivery d ON d.event_id = e.id"  # noqa: S608
                " ORDER BY e.id DESC, d.id DESC LIMIT :limit",
                {"limit": limit},
            ).fetchall()
        return [(rows.delivery_record(row) if row["id"] else None, rows.stored_event(row)) for row in found]

    def backup(self, target: Path) -> None:
        """A whole and consistent copy of the running database.

        Raises:
            StoreUnavailable: it cannot be written, or `target` is there already.
        """
        if target.exists():
            raise StoreUnavailable(f"Файл {target} уже есть, он не тронут")
        with self._open() as db:
            db.execute("VACUUM INTO ?", (str(target),))
        target.chmod(0o600)

    def deliveries(
        self, *, state: DeliveryState | None = None, infobase: str = "", limit: int = 50
    ) -> list[tuple[DeliveryRecord, StoredEvent]]:
        """The newest deliveries first, with their events."""
        where, facts = _filter(state, infobase)
        with self._open() as db:
            found = db.execute(
                f"SELECT d.*, {sql.EVENT_COLUMNS} FROM delivery d JOIN event e ON e.id = d.event_id"  # noqa: S608
                f" WHERE {where} ORDER BY d.id DESC LIMIT :limit",
                facts | {"limit": limit},
            ).fetchall()
        return [(rows.delivery_record(row), rows.stored_event(row)) for row in found]

    def life(self, event_id: int) -> EventLife:
        """Everything about one event.

        Raises:
            UnknownRecord: there is no such event.
        """
        with self._open() as db:
            event = db.execute(
                f"SELECT {sql.EVENT_COLUMNS} FROM event e WHERE e.id = :id",  # noqa: S608
                {"id": event_id},
            ).fetchone()
            if event is None:
                raise UnknownRecord(f"События {event_id} нет")
            deliveries = db.execute(
                "SELECT * FROM delivery WHERE event_id = ? ORDER BY id", (event_id,)
            ).fetchall()
            attempts = {
                row["id"]: tuple(
                    AttemptRecord(at=a["at"], verdict=a["verdict"], answer=a["answer"])
                    for a in db.execute(
                        "SELECT * FROM attempt WHERE delivery_id = ? ORDER BY id", (row["id"],)
                    )
                )
                for row in deliveries
            }
        return EventLife(
            stored=rows.stored_event(event),
            deliveries=tuple(rows.delivery_record(row) for row in deliveries),
            attempts=attempts,
        )

    def counts(self) -> dict[tuple[str, DeliveryState], int]:
        """How many deliveries are in each state, by infobase."""
        with self._open() as db:
            found = db.execute("SELECT infobase, state, count(*) AS n FROM delivery GROUP BY infobase, state")
            return {(row["infobase"], DeliveryState(row["state"])): row["n"] for row in found}

    def depths(self) -> list[Depth]:
        """What waits now. Reads only the waiting rows."""
        with self._open() as db:
            found = db.execute(
                "SELECT infobase, count(*) AS n, min(created_at) AS oldest FROM delivery"
                " WHERE state = 'queued' GROUP BY infobase ORDER BY infobase"
            ).fetchall()
        return [Depth(infobase=row["infobase"], waiting=row["n"], oldest_at=row["oldest"]) for row in found]

    def last_heard(self, exchange: str) -> float | None:
        """When this exchange's hook last said something (unix time)."""
        with self._open() as db:
            row = db.execute(  # the plus keeps SQLite on the primary key, whose last rows are the answer
                "SELECT received_at FROM event WHERE +exchange = ? ORDER BY id DESC LIMIT 1", (exchange,)
            ).fetchone()
        return float(row["received_at"]) if row else None

    def replay(self, *, delivery_ids: list[int], lifetimes: Mapping[tuple[str, str], float]) -> int:
        """Put dead or expired deliveries back at their place in the lane; returns how many moved.

        Args:
            lifetimes: (infobase, purpose) -> seconds to live again; `DEFAULT_LIFETIME_S` for others.

        Raises:
            UnknownRecord: one of the ids is no delivery.
        """
        moved = 0
        with self._open() as db:
            chosen = [
                (one, db.execute("SELECT * FROM delivery WHERE id = ?", (one,)).fetchone())
                for one in delivery_ids
            ]
            unknown = [str(one) for one, row in chosen if row is None]
            if unknown:
                raise UnknownRecord(f"Нет доставок: {', '.join(unknown)}. Ничего не отправлено")
            for _, row in chosen:
                db.execute("BEGIN IMMEDIATE")
                lifetime_s = lifetimes.get((row["infobase"], row["purpose"]), DEFAULT_LIFETIME_S)
                moved += moves.requeue(db, row, self._clock(), lifetime_s)
                db.execute("COMMIT")
        return moved

    def stuck(self, *, infobase: str = "", popups: bool = False) -> list[int]:
        """Ids of the dead letters, the oldest first; stale popups only when they are asked for."""
        where, facts = _filter(DeliveryState.DEAD, infobase)
        with self._open() as db:
            wanted = where if popups else f"{where} AND d.purpose = 'journal'"
            found = db.execute(f"SELECT d.id FROM delivery d WHERE {wanted} ORDER BY d.id", facts)  # noqa: S608
            return [row["id"] for row in found]


def _filter(state: DeliveryState | None, infobase: str) -> tuple[str, dict[str, Any]]:
    facts: dict[str, Any] = {}
    parts = ["1"]
    if state is not None:
        parts.append("d.state = :state")
        facts["state"] = state.value
    if infobase:
        parts.append("d.infobase = :infobase")
        facts["infobase"] = infobase
    return " AND ".join(parts), facts
