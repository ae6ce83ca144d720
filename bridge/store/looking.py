"""A database opened for a short look: nobody's lease is taken, nobody is shut out."""

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bridge.core.errors import StoreUnavailable
from bridge.store import pgconnection
from bridge.store.connection import connect
from bridge.store.session import Session


class LookingAtFile:
    """SQLite beside its owner."""

    def __init__(self, path: Path) -> None:
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

    def settle(self) -> bool:
        """Let nothing of what was overwritten stay beside the file; False when somebody reads it just now."""
        busy = self.session.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        return not busy

    def close(self) -> None:
        self.session.close()


class LookingAtServer:
    """PostgreSQL, on a connection of its own."""

    def __init__(self, address: str) -> None:
        self._connection = pgconnection.connect(address)
        self.session: Session = pgconnection.PostgresSession(self._connection, owner="")

    def transaction(self) -> AbstractContextManager[Any]:
        return self._connection.transaction()

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
    server = pgconnection.is_server(address)
    if not server and not Path(address).is_file():
        raise StoreUnavailable(f"Нет файла базы {address}: мост ещё не запускался или путь другой")
    db = LookingAtServer(address) if server else LookingAtFile(Path(address))
    try:
        yield db
    except (sqlite3.Error, psycopg.Error) as error:
        where = pgconnection.place(address) if server else address
        if _older(error):
            raise StoreUnavailable(
                f"База {where} от прежней версии моста: перезапустите мост или vpbx-bridge migrate"
            ) from None
        raise StoreUnavailable(f"База {where} не читается: {pgconnection.said(error)}") from None
    finally:
        db.close()


def _older(error: sqlite3.Error | psycopg.Error) -> bool:
    """Is what this version asks for not in the schema yet?"""
    if isinstance(error, sqlite3.Error):
        return str(error).startswith(("no such table", "no such column"))
    return isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn)
