"""Users of the console and passwords of infobases, changed beside a running bridge: for the command line."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bridge.core.errors import StoreUnavailable
from bridge.store import opening
from bridge.store.accounts import Place, StoredAccounts
from bridge.store.address import said
from bridge.store.looking import LookingAtFile, LookingAtServer
from bridge.store.session import Row, Session, T
from bridge.store.tokens import StoredTokens


@contextmanager
def accounts_at(address: str) -> Iterator[StoredAccounts]:
    """The accounts of a database, for as long as the context lasts; a file that is not there yet is made.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    with _place(address) as place:
        yield StoredAccounts(place, time.time)


@contextmanager
def tokens_at(address: str) -> Iterator[StoredTokens]:
    """The tokens of a database, likewise."""
    with _place(address) as place:
        yield StoredTokens(place, time.time)


@contextmanager
def _place(address: str) -> Iterator[Place]:
    server = opening.is_server(address)
    if not server and not Path(address).is_file():
        opening.migrate(address)
    looking = LookingAtServer(address) if server else LookingAtFile(Path(address))
    try:
        yield _AtOnce(looking)
    except looking.errors as error:
        raise StoreUnavailable(f"База {looking.place} не читается: {said(error)}") from None
    finally:
        looking.close()


class _AtOnce:
    """A `Place` of one connection."""

    def __init__(self, looking: LookingAtFile | LookingAtServer) -> None:
        self._looking = looking

    def read(self, statement: str, **facts: Any) -> Sequence[Row]:
        return self._looking.session.execute(statement, facts).fetchall()

    def write(self, work: Callable[[Session], T]) -> T:
        with self._looking.transaction():
            return work(self._looking.session)
