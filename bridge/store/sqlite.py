"""The store in one SQLite file: the default, for one machine."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.core.dialing import CallCode
from bridge.core.errors import StoreUnavailable
from bridge.store import statements as sql
from bridge.store.connection import BUSY_TIMEOUT_S, Readers, connect, migrate, own
from bridge.store.engine import Store
from bridge.store.session import Item, Row, Session, T
from bridge.store.writer import Writer

BUSY_PAUSES_S = (0.0002, 0.001)  # the first one and the longest, each twice the one before
INTERRUPTED = "Исход неизвестен: мост перезапускался во время набора; посмотрите, звонит ли телефон"


class SteadyClock:
    """Unix time that never goes back while the process lives.

    A wall clock that jumps ahead may be right (the machine slept), so it is believed; one that
    jumps back would make everything that waits younger than it is, so from there on the steady
    clock of the machine counts, until the wall has caught up or the bridge is started again.
    """

    def __init__(
        self, wall: Callable[[], float] = time.time, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._wall, self._steady = wall, steady
        self._at, self._looked = wall(), steady()
        self._guard = threading.Lock()

    def __call__(self) -> float:
        with self._guard:
            looked = self._steady()
            self._at = max(self._wall(), self._at + looked - self._looked)
            self._looked = looked
            return self._at


class SqliteDatabase:
    """`Database` on a file. The process that owns the file tells every infobase.

    Args:
        owner: False in a child of the owner.
        tells: whether this process tells 1C; of the owner and its children one does. None: the owner.

    Raises:
        StoreUnavailable: the file cannot be opened, or another bridge has it.
    """

    near = True
    repeats_commits = False  # what failed was rolled back, and its ids are given again

    def __init__(self, path: Path, *, owner: bool = True, tells: bool | None = None) -> None:
        self._tells = owner if tells is None else tells
        self._clock = SteadyClock()
        self._lock = own(path) if owner else None
        try:
            if owner:
                migrate(path)
            self._writing = connect(path)
            self._writing.execute("PRAGMA busy_timeout = 0")  # `_begin` waits
        except BaseException:
            if self._lock:
                self._lock.release()
            raise
        self._writer = Writer(self._transaction)
        self._readers = Readers(path)

    def now(self) -> float:
        return self._clock()

    def read(self, statement: str, **facts: Any) -> Sequence[Row]:
        try:
            return self._readers.get().execute(statement, facts).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"Хранилище не читается: {error}") from None

    def write(self, work: Callable[[Session], T]) -> T:
        return self._writer.run(work)

    def gather(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> T:
        return self._writer.gather(many, item)

    def bring(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> Callable[[], T]:
        return self._writer.bring(many, item)

    def _transaction(self, work: Callable[[Session], None], *, alone: bool) -> None:  # noqa: ARG002
        db = self._writing
        try:
            if db.in_transaction:  # the last rollback failed, as on a broken disk
                db.execute("ROLLBACK")
            self._begin(db)
            try:
                work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            if _of_the_file(error):
                raise StoreUnavailable(f"Хранилище не принимает запись: {error}") from None
            raise

    def _begin(self, db: sqlite3.Connection) -> None:
        """Another process may be writing: SQLite itself would sleep for longer and longer, up to 100 ms."""
        until = time.monotonic() + BUSY_TIMEOUT_S
        pause_s, longest_s = BUSY_PAUSES_S
        while True:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                # the last byte: the others say why it is busy
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, longest_s)
            else:
                return

    def hold(self, infobase: str) -> int | None:  # noqa: ARG002 - the file has one owner
        return 0 if self._tells else None

    def elsewhere(self, infobase: str) -> bool:  # noqa: ARG002
        return not self._tells

    def release(self, infobase: str) -> None:
        """Nobody else could take it: the file is ours."""

    def overdue(self, now: float, limit: int) -> Sequence[Row]:
        return self.read(sql.PAST_LIFETIME, now=now, limit=limit)

    def close(self) -> None:
        """Commit what is under way, fold the log into the file, let the file go."""
        self._writer.close()
        self._readers.close()
        with suppress(sqlite3.Error):  # what is in the log is as safe there
            self._writing.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writing.close()
        if self._lock:
            self._lock.release()


def _of_the_file(error: sqlite3.Error) -> bool:
    """Locked, full, I/O, corrupt: about the file and everybody. The rest is about one piece of work."""
    return isinstance(error, (sqlite3.OperationalError, sqlite3.InternalError)) or (
        type(error) is sqlite3.DatabaseError
    )


class SqliteStore(Store):
    """A `Store` in a file; see `SqliteDatabase`.

    Args:
        name: of a child of the owner: one with this name that died left its clicks open.
    """

    def __init__(
        self,
        path: Path,
        *,
        owner: bool = True,
        tells: bool | None = None,
        name: str = "",
        clock: Callable[[], float] | None = None,
    ) -> None:
        super().__init__(SqliteDatabase(path, owner=owner, tells=tells), clock=clock, owner=name)
        if owner or name:
            self._close_interrupted_dials(everybodys=owner)

    def _close_interrupted_dials(self, *, everybodys: bool) -> None:
        """Nobody will answer the clicks that a crash left open, and nobody knows what became of them."""
        facts = {
            "now": self._clock(),
            "unknown": int(CallCode.OUTCOME_UNKNOWN),
            "message": INTERRUPTED,
            "owner": self._owner,
        }
        statement = sql.CLOSE_OPEN_DIALS + ("" if everybodys else " AND owner = :owner")
        self._write(lambda db: db.execute(statement, facts).rowcount)
