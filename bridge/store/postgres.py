"""The store in PostgreSQL: several processes, on one machine or many, share one outbox."""

import logging
import os
import random
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure, UniqueViolation
from psycopg_pool import ConnectionPool

from bridge.core.dialing import CallCode
from bridge.core.errors import RowLocked, StoreUnavailable
from bridge.pausing import pausing
from bridge.store.address import said
from bridge.store.bell import PostgresBell
from bridge.store.engine import Store
from bridge.store.pgconnection import (
    Connection,
    PostgresSession,
    arguments,
    configure,
    migrate,
    translated,
)
from bridge.store.posts import Posts
from bridge.store.session import Item, Row, Session, T
from bridge.store.sqlite import INTERRUPTED
from bridge.store.writer import Writer

PATIENCE_S = 5.0  # a restart of the server is waited for so long before the caller is told to come again
LEASE_S = 20.0
# two replicas did the same at once: the second looks again and finds what the first has done
_AGAIN = (UniqueViolation, SerializationFailure, DeadlockDetected)
# What another process holds now, it ends itself: it may be telling it at this moment.
OVERDUE = """
SELECT id, lane_id FROM delivery d WHERE state = 'queued' AND expires_at <= :now AND NOT EXISTS (
  SELECT 1 FROM post p WHERE p.name = d.infobase AND p.owner <> :owner AND p.lease_until > clock_timestamp())
 LIMIT :limit
"""
# Nobody will answer the clicks of a process that is gone, and nobody knows what became of them.
CLOSE_ORPHANED_DIALS = """
UPDATE dial SET ended_at = :now, status = 'FAIL', code = :unknown, message = :message
 WHERE status = '' AND NOT EXISTS (
   SELECT 1 FROM post p WHERE p.name = 'process:' || dial.owner AND p.lease_until > clock_timestamp())
"""
# A row for each process that ever ran would pile up.
FORGET_PROCESSES = """
DELETE FROM post WHERE name LIKE 'process:%' AND lease_until < clock_timestamp() - interval '1 hour'
"""


class PostgresDatabase:
    """`Database` on a server. Waits for it are bounded; a restart of it is survived.

    Args:
        lease_s: see `Posts`.
        connections: at most so many at once from this process.
        clock: unix time in seconds instead of the database's.

    Raises:
        StoreUnavailable: the server is away or refuses us.
    """

    near = False
    repeats_commits = True

    def __init__(
        self,
        address: str,
        *,
        lease_s: float = LEASE_S,
        connections: int = 16,
        clock: Callable[[], float] | None = None,
    ) -> None:
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # we say ourselves what follows from it
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        migrate(address)
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            address,
            kwargs=arguments(address),
            configure=configure,
            min_size=1,
            max_size=connections,
            timeout=PATIENCE_S,
            max_idle=60.0,
            reconnect_timeout=1.0,  # then the next one who asks tries again: no long waits between attempts
            open=True,
        )
        self._writer = Writer(self._together)
        self._clock = clock
        self._offset = 0.0  # of the database's clock against our steady one
        try:
            self._set_clock()
            self._posts = Posts(self._pool, self.owner, lease_s=lease_s, beat=self._beat)
            self.write(lambda db: db.execute(FORGET_PROCESSES).rowcount)
            self._posts.hold(f"process:{self.owner}")
            self._beat()
        except BaseException:
            self._pool.close()
            raise

    def now(self) -> float:
        return self._clock() if self._clock else time.monotonic() + self._offset

    def _set_clock(self) -> None:
        before = time.monotonic()
        (row,) = self.read("SELECT extract(epoch FROM clock_timestamp())::float8 AS now")
        self._offset = row["now"] - (before + time.monotonic()) / 2

    def _beat(self) -> None:
        self._set_clock()
        facts = {"now": self.now(), "unknown": int(CallCode.OUTCOME_UNKNOWN), "message": INTERRUPTED}
        self.write(lambda db: db.execute(CLOSE_ORPHANED_DIALS, facts).rowcount)

    def read(self, statement: str, **facts: Any) -> Sequence[Row]:
        def work(connection: Connection) -> Sequence[Row]:
            return connection.execute(translated(statement), facts or None).fetchall()

        return self._patiently(work)

    def write(self, work: Callable[[PostgresSession], T]) -> T:
        def whole(connection: Connection) -> T:
            with connection.transaction():
                return work(PostgresSession(connection, self.owner))

        return self._patiently(whole)

    def gather(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> T:
        return self._writer.gather(many, item)

    def bring(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> Callable[[], T]:
        return self._writer.bring(many, item)

    def _together(self, work: Callable[[Session], None], *, alone: bool) -> None:
        def whole(connection: Connection) -> None:
            with connection.transaction():
                session = PostgresSession(connection, self.owner)
                if not alone:  # it holds the lanes of many, and is taken apart instead of waiting
                    session.hurry()
                work(session)

        def batch(connection: Connection) -> None:
            try:
                whole(connection)
            except (LockNotAvailable, DeadlockDetected) as error:
                raise _Contended from error

        self._patiently(whole if alone else batch)

    def _patiently(self, work: Callable[[Connection], T]) -> T:
        """Work on a connection; again on another one when this one has died, within `PATIENCE_S`."""
        until = time.monotonic() + PATIENCE_S
        pause_s = 0.02
        while True:
            try:
                with (
                    pausing(),
                    self._pool.connection(timeout=max(0.05, until - time.monotonic())) as connection,
                ):
                    return work(connection)
            except _AGAIN as error:
                if time.monotonic() > until:
                    raise StoreUnavailable(f"Хранилище занято: {said(error)}") from None
            except LockNotAvailable as error:
                raise RowLocked(f"Хранилище занято: {said(error)}") from None
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
                if time.monotonic() > until or self._pool.closed or not _passing(error):
                    raise StoreUnavailable(f"Хранилище не отвечает: {said(error)}") from None
            with pausing():
                time.sleep(pause_s * (0.5 + random.random()))  # noqa: S311 - so that two do not meet again
            pause_s = min(0.5, 2 * pause_s)

    def hold(self, infobase: str) -> int | None:
        return self._posts.hold(infobase)

    def elsewhere(self, infobase: str) -> bool:
        return self._posts.elsewhere(infobase)

    def release(self, infobase: str) -> None:
        self._posts.release(infobase)

    def overdue(self, now: float, limit: int) -> Sequence[Row]:
        return self.read(OVERDUE, now=now, limit=limit, owner=self.owner)

    def close(self) -> None:
        self._writer.close()
        self._posts.close()
        self._pool.close()


class _Contended(Exception):
    """Another process holds a lane that a batch needs, and may need one that the batch holds."""


def _passing(error: psycopg.Error) -> bool:
    """The server restarts or the connection broke: worth another try. A full disk or a lock is not."""
    state = error.sqlstate or ""
    # 53300: too many connections; 25P03: we were stopped in the middle of a transaction
    return not state or state.startswith(("08", "57P")) or state in ("53300", "25P03")


class PostgresStore(Store):
    """A `Store` on a server; see `PostgresDatabase`."""

    def __init__(
        self,
        address: str,
        *,
        lease_s: float = LEASE_S,
        connections: int = 16,
        clock: Callable[[], float] | None = None,
    ) -> None:
        database = PostgresDatabase(address, lease_s=lease_s, connections=connections, clock=clock)
        super().__init__(database, owner=database.owner)
        self._address = address

    def bell(self) -> PostgresBell:
        """Tells the other processes on this database what waits."""
        return PostgresBell(self._address)
