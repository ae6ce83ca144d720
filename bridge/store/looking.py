"""A database opened for a short look: nobody's lease is taken, nobody is shut out."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from bridge.core.errors import StoreUnavailable
from bridge.store.address import is_server, said
from bridge.store.connection import connect
from bridge.store.session import Session


class LookingAtFile:
    """SQLite beside its owner."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self.session = connect(path)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.session.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.session.execute("COMMIT")
        except BaseException:
            if self.session.in_transaction:
                self.session.execute("ROLLBACK")
            raise

    def older(self, error: Exception) -> bool:
        """Is what this version asks for not in the schema yet?"""
        return str(error).startswith(("no such table", "no such column"))

    def settle(self) -> bool:
        """Let nothing of what was overwritten stay beside the file; False when somebody reads it just now."""
        busy = self.session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        self.session.close()


class LookingAtServer:
    """PostgreSQL, on a connection of its own."""

    def __init__(self, address: str) -> None:
        import psycopg

        from bridge.store import pgconnection

        self.errors: tuple[type[Exception], ...] = (psycopg.Error,)
        self._older = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)
        self.place = pgconnection.place(address)
        self._connection = pgconnection.connect(address)
        self.session: Session = pgconnection.PostgresSession(self._connection, owner="")

    def transaction(self) -> AbstractContextManager[Any]:
        return self._connection.transaction()

    def older(self, error: Exception) -> bool:
        return isinstance(error, self._older)

    def settle(self) -> bool:
        """The server's own VACUUM does it."""
        return True

    def close(self) -> None:
        self._connection.close()


@contextmanager
def looking(address: str) -> Iterator[LookingAtFile | LookingAtServer]:
    """The database at an address, for as long as the context lasts.

    Raises:
        StoreUnavailable: there is none, or it cannot be read.
    """
    server = is_server(address)
    if not server and not Path(address).is_file():
        raise StoreUnavailable(f"Нет файла базы {address}: мост ещё не запускался или путь другой")
    db = LookingAtServer(address) if server else LookingAtFile(Path(address))
    try:
        yield db
    except db.errors as error:
        if db.older(error):
            raise StoreUnavailable(
                f"База {db.place} от прежней версии моста: перезапустите мост или vpbx-bridge migrate"
            ) from None
        raise StoreUnavailable(f"База {db.place} не читается: {said(error)}") from None
    finally:
        db.close()
