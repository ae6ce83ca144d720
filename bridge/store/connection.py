"""Opening the SQLite file: durable, owned by one process, at the right version of the schema."""

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from filelock import FileLock, Timeout

from bridge.core.errors import StoreUnavailable
from bridge.store.applied import NOTED, all_applied
from bridge.store.session import ManyRows, Row

MIGRATIONS = Path(__file__).parent / "migrations" / "sqlite"
BUSY_TIMEOUT_S = 5.0
READER_KB = 256  # of pages, of each that reads: by default 2 MB, and sixty-four read no faster by 130 MB
MIN_SQLITE = (3, 35, 0)  # RETURNING


class OutboxConnection(sqlite3.Connection):
    """`Session` of SQLite: one transaction writes at a time, so there is nobody to lock out."""

    def insert(self, statement: ManyRows, rows: Sequence[Sequence[Any]], /) -> list[Row]:
        found: list[Row] = []
        for text, parameters in statement.parts(rows, "?"):
            found += self.execute(text, parameters).fetchall()
        return found

    def hurry(self) -> None: ...
    def lock_lanes(self, lane_ids: Sequence[int]) -> None: ...
    def lock_ring(self, exchange: str, merge_key: str) -> None: ...
    def fence(self, infobase: str, epoch: int) -> None: ...


def connect(path: Path) -> OutboxConnection:
    """A connection in autocommit mode; transactions are ours to begin.

    WAL with synchronous=FULL: NORMAL survives kill -9, but a power cut takes acknowledged events
    with it (docs/decisions/0002-sqlite-full.md).
    """
    if sqlite3.sqlite_version_info < MIN_SQLITE:
        raise StoreUnavailable(f"Нужна SQLite 3.35 или новее, а здесь {sqlite3.sqlite_version}")
    connection = None
    try:
        connection = sqlite3.connect(
            path,
            timeout=BUSY_TIMEOUT_S,
            isolation_level=None,
            check_same_thread=False,
            factory=OutboxConnection,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is no longer in the file
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        raise StoreUnavailable(f"Файл базы {path} не открывается: {error}") from None
    return connection


def own(path: Path) -> FileLock:
    """Take the file for this process: leases live in memory, so two owners would tell 1C twice.

    Raises:
        StoreUnavailable: another bridge has it.
    """
    path = path.resolve()  # one file under two names has one lock
    # not of a thread: the one that stops the bridge is not always the one that started it
    lock = FileLock(path.with_name(path.name + ".lock"), thread_local=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        path.touch(mode=0o600)  # numbers are personal data; SQLite's other files take the mode of this one
    except Timeout:
        raise StoreUnavailable(f"Базу {path} уже открыл другой мост: остановите его") from None
    except OSError as error:
        if lock.is_locked:
            lock.release()
        what = f"{error.filename or path} ({error.strerror})"
        raise StoreUnavailable(f"База {path} недоступна для записи: {what}; чей это файл?") from None
    return lock


def migrate(path: Path) -> list[str]:
    """Bring the schema up to date; returns the names of what was applied now. Call it as the owner.

    Killed half-way it begins anew: a migration and the note that it was made are one transaction
    (yoyo's own `apply_migrations` makes two), and a lock left in the file is not believed.

    Raises:
        StoreUnavailable: the file is no database, or takes no writes.
    """
    with closing(connect(path)) as connection:  # a new file is WAL from its first page
        if _whole(connection):
            return []
    import yoyo  # nothing else in the process needs it

    applied = []
    try:
        # yoyo hands the path to SQLite as a URI without quoting it: «#» would name another file
        with yoyo.get_backend(f"sqlite:///{quote(path.resolve().as_posix(), safe='/:')}") as backend:
            backend.break_lock()
            for migration in backend.to_apply(yoyo.read_migrations(str(MIGRATIONS))):
                with backend.transaction():
                    migration.process_steps(backend, "apply")
                    backend.mark_one(migration, log=False)
                applied.append(migration.id)
    except sqlite3.Error as error:
        raise StoreUnavailable(f"Схема базы {path} не обновляется: {error}") from None
    return applied


def _whole(connection: OutboxConnection) -> bool:
    """Are all migrations made? A new file and one that cannot be read have no note of any."""
    try:
        noted = {row["migration_hash"] for row in connection.execute(NOTED)}
    except sqlite3.Error:
        return False
    return all_applied(MIGRATIONS, noted)


class Readers:
    """One reading connection for each thread that asks, all closed together."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: list[OutboxConnection] = []
        self._guard = threading.Lock()
        self._closed = False

    def get(self) -> OutboxConnection:
        connection: OutboxConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            with self._guard:
                if self._closed:
                    raise StoreUnavailable("Хранилище закрыто: мост останавливается")
                connection = connect(self._path)
                connection.execute(f"PRAGMA cache_size = -{READER_KB}")
                self._all.append(connection)
            self._local.connection = connection
        return connection

    def close(self) -> None:
        with self._guard:
            self._closed = True
            for connection in self._all:
                connection.close()
            self._all.clear()
