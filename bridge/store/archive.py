"""Moving what is stuck, and what a person may stop: for the command line and the console.

Safe beside a running bridge: it opens the database without owning it, reads, and moves only
deliveries that nobody is attempting (dead and expired ones), one short transaction each.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.core.delivery import DeliveryState
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.store import audit, dials, moves, past
from bridge.store import statements as sql
from bridge.store.audit import Deed
from bridge.store.reading import Reading

DEFAULT_LIFETIME_S = 24 * 3600.0
REPLAYED = frozenset({DeliveryState.DEAD, DeliveryState.EXPIRED})
REPLAYABLE = "SELECT d.*, e.raw_media FROM delivery d JOIN event e ON e.id = d.event_id WHERE d.id = :id"


@dataclass
class Counted:
    """How many a deed has concerned, told by whoever does it."""

    count: int = 0


class Archive(Reading):
    """What is there, and the moves that people may make."""

    def backup(self, target: Path) -> None:
        """A whole and consistent copy of the running database, which is a file.

        Raises:
            StoreUnavailable: it cannot be written, or `target` is there already, or it is PostgreSQL.
        """
        if self._server:
            raise StoreUnavailable("Базу PostgreSQL копируйте его средствами: pg_dump")
        if target.exists():
            raise StoreUnavailable(f"Файл {target} уже есть, он не тронут")
        with self._open() as db:
            try:
                db.session.execute("VACUUM INTO :target", {"target": str(target)})
            except sqlite3.Error as error:
                raise StoreUnavailable(f"Копия {target} не пишется: {error}") from None
        target.chmod(0o600)

    @contextmanager
    def deed(self, who: str, deed: Deed, about: str = "") -> Iterator[Counted]:
        """Write down what is done inside, before it is done; what fails half-way stays as not finished."""
        with self._open() as db, db.transaction():
            deed_id = audit.begin(db.session, who, deed, about, self._clock())
        counted = Counted()
        yield counted
        with self._open() as db, db.transaction():
            audit.finish(db.session, deed_id, counted.count)

    def stop_dialling(self, infobase: str, why: str) -> None:
        """From now on nothing is dialled for `infobase`, or for `dials.EVERYBODY`."""
        with self._open() as db, db.transaction():
            dials.stop(db.session, infobase, why, self._clock())

    def allow_dialling(self, infobase: str) -> bool:
        """Dialling may go on; False when it was not stopped under this name."""
        with self._open() as db, db.transaction():
            return dials.allow(db.session, infobase)

    def replay(
        self,
        *,
        delivery_ids: list[int],
        lifetimes: Mapping[tuple[str, str], float],
        delivered: bool = False,
    ) -> int:
        """Put dead or expired deliveries back at their place in the lane; returns how many moved.

        What was erased is told to nobody.

        Args:
            delivered: what 1C has taken already, too: it may have been restored from a backup.
            lifetimes: (infobase, purpose) -> seconds to live again; `DEFAULT_LIFETIME_S` for others.

        Raises:
            UnknownRecord: one of the ids is no delivery.
        """
        moved = 0
        with self._open() as db:
            chosen = [(one, db.session.execute(REPLAYABLE, {"id": one}).fetchone()) for one in delivery_ids]
            unknown = [str(one) for one, row in chosen if row is None]
            if unknown:
                raise UnknownRecord(f"Нет доставок: {', '.join(unknown)}. Ничего не отправлено")
            again = REPLAYED | {DeliveryState.DELIVERED} if delivered else REPLAYED
            wanted = [
                row for _, row in chosen if row["state"] in again and row["raw_media"] != sql.ERASED_MEDIA
            ]
            for row in wanted:
                lifetime_s = lifetimes.get((row["infobase"], row["purpose"]), DEFAULT_LIFETIME_S)
                with db.transaction():  # one lane at a time: two would wait for an intake that waits for us
                    moved += moves.requeue(db.session, row, self._clock(), lifetime_s)
        return moved

    def purge(self, *, older_than_s: float, dead: bool = False) -> int:
        """Forget events that ended longer ago than that; returns how many.

        Args:
            dead: dead letters too. What still waits stays in any case.
        """
        before, gone = self._clock() - older_than_s, 0
        while True:
            with self._open() as db, db.transaction():
                batch = past.purge(db.session, before, dead=dead)
            gone += batch
            if not batch:
                return gone
