"""A store on a stand: opened, crashed and reopened on a real file, with a hand on its clock."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.ports import Claim, PlannedDelivery
from bridge.store.archive import Archive
from bridge.store.postgres import PostgresStore
from bridge.store.sqlite import SqliteStore
from support.postgres import drop_database, fresh_database

DAY_S = 24 * 3600.0
START = 1_700_000_000.0


class Clock:
    """Unix time that moves when told."""

    def __init__(self, now: float = START) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


class SqliteStand:
    """The SQLite store. Another database has a stand of its own with the same methods."""

    def __init__(
        self, folder: Path, clock: Clock | None = None, make: Callable[..., SqliteStore] = SqliteStore
    ) -> None:
        self.clock = clock or Clock()
        self.folder = folder
        self.path = folder / "bridge.db"
        self._make = make
        self.store = make(self.path, clock=self.clock)

    def close(self) -> None:
        self.store.close()

    def reopen(self) -> SqliteStore:
        """Stop and start again, as after an update."""
        self.store.close()
        self.store = self._make(self.path, clock=self.clock)
        return self.store

    def crash(self) -> SqliteStore:
        """Go on from what the disk holds at this very moment, as after `kill -9`."""
        fallen = self.folder.with_name(self.folder.name + "-fallen")
        fallen.mkdir()
        for name in ("bridge.db", "bridge.db-wal"):
            if (self.folder / name).exists():
                shutil.copy(self.folder / name, fallen / name)
        self.store.close()
        self.folder, self.path = fallen, fallen / "bridge.db"
        self.store = self._make(self.path, clock=self.clock)
        return self.store

    def archive(self) -> Archive:
        return Archive(self.path, clock=self.clock)

    def refusing(self) -> AbstractContextManager[None]:
        return refusing(self.path)

    def slow(self) -> AbstractContextManager[None]:
        return slow(self.path)


class PostgresStand:
    """The PostgreSQL store, in a database of its own."""

    def __init__(
        self, folder: Path, clock: Clock | None = None, make: Callable[..., PostgresStore] = PostgresStore
    ) -> None:
        self.clock = clock or Clock()
        self.address = fresh_database()
        self._make = make
        self.store = make(self.address, clock=self.clock, connections=8)

    def close(self) -> None:
        self.store.close()
        drop_database(self.address)

    def reopen(self) -> PostgresStore:
        self.store.close()
        self.store = self._make(self.address, clock=self.clock, connections=8)
        return self.store

    def crash(self) -> PostgresStore:
        """Its connections are cut and its leases run out, as after `kill -9` and some seconds."""
        with self._other() as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        self.store.close()
        with self._other() as other:
            other.execute("UPDATE post SET lease_until = '-infinity'")
        self.store = self._make(self.address, clock=self.clock, connections=8)
        return self.store

    def archive(self) -> Archive:
        return Archive(self.address, clock=self.clock)

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nothing can be committed meanwhile: the disk is full."""
        tables = ("event", "delivery", "lane", "attempt", "dial", "pulse", "mail_cursor")
        with self._other() as other:
            other.execute(
                "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100'; END $$"
            )
            for table in tables:
                other.execute(
                    f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table}"
                    " EXECUTE FUNCTION full_disk()"
                )
            try:
                yield
            finally:
                other.execute("DROP FUNCTION full_disk CASCADE")

    @contextmanager
    def slow(self) -> Iterator[None]:
        """Another program writes: commits wait until the end, or as long as their patience lasts."""
        with self._other() as other, other.transaction():
            other.execute("LOCK TABLE event, delivery, lane IN EXCLUSIVE MODE")
            yield

    def _other(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self.address, autocommit=True)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Nothing can be committed meanwhile."""
    with _other(path) as other:
        other.execute("ALTER TABLE attempt RENAME TO attempt_gone")
    try:
        yield
    finally:
        with _other(path) as other:
            other.execute("ALTER TABLE attempt_gone RENAME TO attempt")


@contextmanager
def slow(path: Path) -> Iterator[None]:
    """Another program writes: commits wait until the end, or as long as their patience lasts."""
    with _other(path) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def _other(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=5)
    try:
        yield connection
    finally:
        connection.close()


Stand = SqliteStand | PostgresStand
STANDS: dict[str, type[SqliteStand] | type[PostgresStand]] = {
    "sqlite": SqliteStand,
    "postgres": PostgresStand,
}


def said(
    call: str = "c1", state: CallState = CallState.START, time_s: int | None = 100, **changes: object
) -> CallEvent:
    """An event of the call `call`; two with the same words are the same event."""
    event = CallEvent(
        exchange="main",
        call_id=call,
        state=state,
        direction=Direction.INCOMING,
        from_number="89160000001",
        to_number="83912000000",
        user_key="gW3cyUJAtl50PhF",
        time_s=time_s,
        raw=b"{}",
        raw_media="application/json",
        fields={"uuid": call},
        dedup_key=f"{call}|{state.value}|{time_s}",
    )
    return replace(event, **changes)  # type: ignore[arg-type]


def old_ring(key: str = "gW3cyUJAtl50PhF", number: str = "9160000001") -> CallEvent:
    """The exchange's first hook: no call, no time, nothing to be recognised by but who and whom."""
    return said("", CallState.PREANSWER, None, dedup_key="", merge_key=f"{key}|{number}")


def journal(infobase: str = "buh", lifetime_s: float = 7 * DAY_S) -> PlannedDelivery:
    return PlannedDelivery(
        infobase=infobase, operation="Event", purpose=Purpose.JOURNAL, lifetime_s=lifetime_s
    )


def popup(infobase: str = "buh", lifetime_s: float = 30.0) -> PlannedDelivery:
    return PlannedDelivery(
        infobase=infobase, operation="IncomingCall", purpose=Purpose.POPUP, lifetime_s=lifetime_s
    )


def words(claim: Claim | None) -> tuple[str, str] | None:
    """The call and the state that a claim is about."""
    return claim and (claim.stored.event.call_id, claim.stored.event.state.value)


def states(archive: Archive) -> dict[tuple[str, str], DeliveryState]:
    """(call, state) -> what became of its delivery."""
    found = archive.deliveries(limit=10_000)
    return {(stored.event.call_id, stored.event.state.value): one.state for one, stored in found}
