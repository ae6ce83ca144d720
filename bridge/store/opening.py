"""The store at an address: a file of SQLite or a database of PostgreSQL. Who calls it need not know which.

PostgreSQL's library is loaded by whoever has such a database: it takes as long as all of the store.
"""

from pathlib import Path

from bridge.core.ports import Bell
from bridge.store.address import is_server
from bridge.store.connection import migrate as migrate_file
from bridge.store.connection import own
from bridge.store.engine import Store
from bridge.store.sqlite import SqliteStore

MARGIN_S = 5.0  # a lease is longer than an attempt by so much

__all__ = ["Store", "bell_of", "is_server", "migrate", "open_store", "place_of", "weakness_of"]


def open_store(
    address: str,
    *,
    owner: bool = True,
    tells: bool | None = None,
    name: str = "",
    longest_attempt_s: float = 0.0,
) -> Store:
    """The store of a bridge.

    Args:
        owner: False in a process whose parent owns the file already: it accepts and dials.
            It means nothing to PostgreSQL.
        tells: True in that child of the owner which delivers for all of them.
        name: of a child, the same for the one that is forked in place of one that died.
        longest_attempt_s: no attempt to tell 1C takes longer; the leases must outlive it.

    Raises:
        StoreUnavailable: it cannot be opened, or another bridge has the file.
    """
    if is_server(address):
        from bridge.store.postgres import LEASE_S, PostgresStore

        return PostgresStore(address, lease_s=max(LEASE_S, longest_attempt_s + MARGIN_S))
    return SqliteStore(Path(address), owner=owner, tells=tells, name=name)


def bell_of(store: Store) -> Bell | None:
    """How the other processes on this store are woken; None when the file has but one."""
    if isinstance(store, SqliteStore):
        return None
    from bridge.store.postgres import PostgresStore

    return store.bell() if isinstance(store, PostgresStore) else None


def place_of(address: str) -> str:
    """The address as people may see it: a server's without the name and the password."""
    if not is_server(address):
        return address
    from bridge.store import pgconnection

    return f"PostgreSQL {pgconnection.place(address)}"


def weakness_of(address: str) -> str:
    """Why a server's promise to keep what it has committed is worth less than ours; "" when it is not.

    Raises:
        StoreUnavailable: it cannot be asked.
    """
    if not is_server(address):
        return ""
    from bridge.store import pgconnection

    return pgconnection.weakness(address)


def migrate(address: str) -> list[str]:
    """Bring the schema up to date; returns the names of what was applied now.

    Raises:
        StoreUnavailable: it cannot be, or a bridge has the file.
    """
    if is_server(address):
        from bridge.store import pgconnection

        return pgconnection.migrate(address)
    path = Path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = own(path)
    try:
        return migrate_file(path)
    finally:
        lock.release()
