"""A database opened for a short look: nobody's lease is taken, nobody is shut out."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

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

    def close(self) -> None:
        self.session.close()


class LookingAtServer:
    """PostgreSQL, on a connection of its own."""

    def __init__(self, address: str) -> None:
        self._connection = pgconnection.connect(address)
        self.session: Session = pgconnection.PostgresSession(self._connection, owner="")

    def transaction(self) -> AbstractContextManager[Any]:
        return self._connection.transaction()

    def close(self) -> None:
        self._connection.close()
