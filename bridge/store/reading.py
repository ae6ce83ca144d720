"""Looking into the database beside a running bridge: for the command line, the console and the figures.

It is opened for each look, without owning it.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from bridge.core.delivery import DeliveryState
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.ports import DeliveryRecord, StoredEvent
from bridge.core.records import KeptRecord
from bridge.core.tokens import Token
from bridge.store import audit, dials, letters, passages, recordings, rows, tokens
from bridge.store import statements as sql
from bridge.store.address import is_server
from bridge.store.looking import LookingAtFile, LookingAtServer, looking
from bridge.store.views import AttemptRecord, Depth, EventLife, ReconciliationRecord, Selection

LATE_S = 2 * 24 * 3600.0  # a hook that comes so late is told of by nobody


class Reading:
    """Args: `address` of the database; a file must exist. `clock` gives unix time in seconds."""

    def __init__(self, address: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._address = str(address)
        self._server = is_server(self._address)
        if not self._server and not Path(address).is_file():
            raise StoreUnavailable(f"Нет файла базы {address}: мост ещё не запускался или путь другой")
        self._clock = clock

    def _open(self) -> AbstractContextManager[LookingAtFile | LookingAtServer]:
        return looking(self._address)

    def events(self, *, limit: int = 50) -> list[tuple[DeliveryRecord | None, StoredEvent]]:
        """The newest events first, each with its deliveries; None for one that nobody is told."""
        with self._open() as db:
            found = db.session.execute(
                f"SELECT {sql.EVENT_COLUMNS}, {sql.DELIVERY_COLUMNS}"  # noqa: S608
                " FROM event e LEFT JOIN delivery d ON d.event_id = e.id"
                " ORDER BY e.id DESC, d.id DESC LIMIT :limit",
                {"limit": limit},
            ).fetchall()
        return [(rows.delivery_record(row) if row["id"] else None, rows.stored_event(row)) for row in found]

    def deliveries(
        self, *, state: DeliveryState | None = None, infobase: str = "", limit: int = 50
    ) -> list[tuple[DeliveryRecord, StoredEvent]]:
        """The newest deliveries first, with their events."""
        where, facts = Selection(state=state, infobase=infobase).where()
        with self._open() as db:
            found = db.session.execute(
                f"SELECT {sql.EVENT_COLUMNS}, {sql.DELIVERY_COLUMNS}"  # noqa: S608
                " FROM delivery d JOIN event e ON e.id = d.event_id"
                f" WHERE {where} ORDER BY d.id DESC LIMIT :limit",
                facts | {"limit": limit},
            ).fetchall()
        return [(rows.delivery_record(row), rows.stored_event(row)) for row in found]

    def life(self, event_id: int) -> EventLife:
        """Everything about one event.

        Raises:
            UnknownRecord: there is no such event.
        """
        one = {"id": event_id}
        with self._open() as db:
            event = db.session.execute(
                f"SELECT {sql.EVENT_COLUMNS} FROM event e WHERE e.id = :id",  # noqa: S608
                one,
            ).fetchone()
            if event is None:
                raise UnknownRecord(f"События {event_id} нет")
            deliveries = db.session.execute(
                "SELECT * FROM delivery WHERE event_id = :id ORDER BY id", one
            ).fetchall()
            attempts = {
                row["id"]: tuple(
                    AttemptRecord(at=a["at"], verdict=a["verdict"], answer=a["answer"])
                    for a in db.session.execute(
                        "SELECT * FROM attempt WHERE delivery_id = :id ORDER BY id", {"id": row["id"]}
                    ).fetchall()
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
            found = db.session.execute(
                "SELECT infobase, state, count(*) AS n FROM delivery GROUP BY infobase, state"
            ).fetchall()
        return {(row["infobase"], DeliveryState(row["state"])): row["n"] for row in found}

    def depths(self) -> list[Depth]:
        """What waits now. Reads only the waiting rows."""
        with self._open() as db:
            found = db.session.execute(
                "SELECT infobase, count(*) AS n, min(created_at) AS oldest FROM delivery"
                " WHERE state = 'queued' GROUP BY infobase ORDER BY infobase"
            ).fetchall()
        return [Depth(infobase=row["infobase"], waiting=row["n"], oldest_at=row["oldest"]) for row in found]

    def last_heard(self, exchange: str) -> float | None:
        """When this exchange's hook last said something (unix time)."""
        with self._open() as db:
            row = db.session.execute(
                "SELECT received_at FROM event WHERE exchange = :exchange AND recovered = 0"
                " ORDER BY received_at DESC LIMIT 1",
                {"exchange": exchange},
            ).fetchone()
        return float(row["received_at"]) if row else None

    def first_heard(self, exchange: str) -> float | None:
        """Since when this exchange's hook tells us, by what is still kept (unix time).

        The time of the first call that it told, or of its telling; a call told a week late is no sign.
        """
        with self._open() as db:
            row = db.session.execute(
                "SELECT received_at, time_s FROM event WHERE exchange = :exchange AND recovered = 0"
                " ORDER BY received_at LIMIT 1",
                {"exchange": exchange},
            ).fetchone()
        if row is None:
            return None
        said, received = row["time_s"], float(row["received_at"])
        return float(said) if said is not None and received - LATE_S < said < received else received

    def last_polled(self) -> dict[str, float]:
        """Infobase -> when its mailbox was last asked (unix time)."""
        with self._open() as db:
            return letters.polled(
                db.session.execute("SELECT infobase, polled_at FROM mail_cursor").fetchall()
            )

    def reconciliations(self, *, limit: int = 20) -> list[ReconciliationRecord]:
        """The newest first."""
        with self._open() as db:
            found = db.session.execute(
                "SELECT * FROM reconciliation ORDER BY id DESC LIMIT :limit", {"limit": limit}
            ).fetchall()
        return [
            ReconciliationRecord(
                exchange=row["exchange"],
                day=row["day"],
                at=row["at"],
                in_exchange=row["in_exchange"],
                known=row["known"],
                added=row["added"],
                problem=row["problem"],
            )
            for row in found
        ]

    def passages(self) -> list[passages.Passage]:
        """The last time that each exchange came by each of its secrets, or from elsewhere."""
        with self._open() as db:
            return passages.latest(db.session)

    def tokens(self) -> list[Token]:
        """What is written of passwords of infobases."""
        with self._open() as db:
            return [tokens.token(row) for row in db.session.execute(tokens.ALL).fetchall()]

    def deeds(self, *, since: float = 0.0, limit: int = 50) -> list[audit.AuditRecord]:
        """The newest first."""
        with self._open() as db:
            return audit.latest(db.session, since=since, limit=limit)

    def clicks(self, *, limit: int = 50) -> list[dials.DialAudit]:
        """The newest clicks first."""
        with self._open() as db:
            return dials.latest(db.session, limit)

    def dial_stops(self) -> list[dials.DialStop]:
        """Who may not dial."""
        with self._open() as db:
            return dials.stops(db.session)

    def listenings(self, *, limit: int = 50) -> list[recordings.Listening]:
        """Who listened to which recording, the newest first."""
        with self._open() as db:
            return recordings.latest_listenings(db.session, limit)

    def record_copies(self, *, limit: int = 50) -> list[KeptRecord]:
        """Copies of recordings, and what became of those that are to be made; the newest first."""
        with self._open() as db:
            return recordings.latest_copies(db.session, limit)

    def chosen(self, selection: Selection) -> list[int]:
        """Ids of the deliveries of a selection, the oldest first."""
        where, facts = selection.where()
        with self._open() as db:
            found = db.session.execute(
                f"SELECT d.id FROM delivery d WHERE {where} ORDER BY d.id",  # noqa: S608
                facts,
            ).fetchall()
        return [row["id"] for row in found]
