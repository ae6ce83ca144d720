"""Who tells which infobase, when several processes could: leases in PostgreSQL.

One process at a time holds an infobase: so its breaker, its concurrency and its 1C session are one,
as with a single bridge. The lease is renewed while the process lives; when it is lost, another one
takes over with a new epoch, and what the old one still wants to write is refused by it
(`Session.fence`). Time is the database's: the processes need not agree on theirs.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
from psycopg_pool import ConnectionPool

from bridge.core.errors import StoreUnavailable
from bridge.observe import log
from bridge.store.address import said
from bridge.store.pgconnection import Connection

BEATS = 6  # renewals in the length of a lease

TAKE = """
INSERT INTO post (name, owner, epoch, lease_until)
VALUES (%(name)s, %(owner)s, 1, clock_timestamp() + make_interval(secs => %(lease_s)s))
ON CONFLICT (name) DO UPDATE
   SET owner = excluded.owner, lease_until = excluded.lease_until,
       epoch = CASE WHEN post.owner = excluded.owner THEN post.epoch ELSE post.epoch + 1 END
 WHERE post.owner = excluded.owner OR post.lease_until <= clock_timestamp()
    OR post.lease_until > clock_timestamp() + make_interval(secs => 10 * %(lease_s)s) -- the clock went back
RETURNING epoch
"""
RENEW = """
UPDATE post SET lease_until = clock_timestamp() + make_interval(secs => %(lease_s)s)
 WHERE owner = %(owner)s AND name = ANY(%(names)s)
RETURNING name
"""
RELEASE = "UPDATE post SET lease_until = '-infinity' WHERE owner = %(owner)s AND name = ANY(%(names)s)"


@dataclass(frozen=True)
class _Held:
    epoch: int
    until: float  # monotonic, counted from before the database was asked


class Posts:
    """The posts of one process.

    Args:
        lease_s: longer than one attempt to tell 1C may take. It is renewed during the attempt, too; an
            attempt is begun only while half of it is left, should the database go away meanwhile.
        beat: called with each renewal (the store's clock is set by it).
    """

    def __init__(
        self, pool: ConnectionPool[Connection], owner: str, *, lease_s: float, beat: Callable[[], None]
    ) -> None:
        self._pool = pool
        self._owner = owner
        self._lease_s = lease_s
        self._beat = beat
        self._held: dict[str, _Held] = {}
        self._refused: set[str] = set()  # another one held them when we last asked
        self._guard = threading.Lock()
        self._talking = threading.Lock()  # a renewal must not follow the release it knows nothing of
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def hold(self, name: str) -> int | None:
        """The epoch of this process at the post, taken now if it is free; None when another holds it.

        Raises:
            StoreUnavailable: the database cannot be asked, and our own lease is too short to trust.
        """
        held = self._held.get(name)
        if held is not None and held.until - time.monotonic() > self._lease_s / 2:
            return held.epoch
        asked_at = time.monotonic()
        facts = {"name": name, "owner": self._owner, "lease_s": self._lease_s}
        try:
            with self._pool.connection() as connection:
                row = connection.execute(TAKE, facts).fetchone()
        except psycopg.Error as error:
            raise StoreUnavailable(f"Хранилище не отвечает: {said(error)}") from None
        with self._guard:
            if row is None:
                self._held.pop(name, None)
                self._refused.add(name)
                return None
            self._refused.discard(name)
            self._held[name] = _Held(row["epoch"], asked_at + self._lease_s)
            return int(row["epoch"])

    def elsewhere(self, name: str) -> bool:
        return name in self._refused

    def release(self, *names: str) -> None:
        """Let others take these posts at once. A database that is away lets them run out."""
        with self._talking:
            with self._guard:
                mine = [name for name in names if self._held.pop(name, None)]
            if not mine:
                return
            try:
                with self._pool.connection() as connection:
                    connection.execute(RELEASE, {"owner": self._owner, "names": mine})
            except psycopg.Error as error:
                log.warning("lease_not_released", posts=len(mine), reason=said(error))

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self.release(*self._held)

    def _run(self) -> None:
        while not self._stopping.wait(self._lease_s / BEATS):
            try:
                with self._talking:
                    self._renew()
                self._beat()
            except (psycopg.Error, StoreUnavailable) as error:
                log.warning("lease_not_renewed", posts=len(self._held), reason=said(error))

    def _renew(self) -> None:
        names = list(self._held)
        if not names:
            return
        asked_at = time.monotonic()
        facts = {"owner": self._owner, "lease_s": self._lease_s, "names": names}
        with self._pool.connection() as connection:
            kept = {row["name"] for row in connection.execute(RENEW, facts).fetchall()}
        with self._guard:
            for name in names:
                held = self._held.get(name)
                if held is None:
                    continue
                if name in kept:
                    self._held[name] = _Held(held.epoch, asked_at + self._lease_s)
                else:
                    del self._held[name]
                    log.warning("lease_lost", post=name)
