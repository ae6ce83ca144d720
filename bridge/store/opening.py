"""The store at an address: a file of SQLite or a database of PostgreSQL. Who calls it need not know which."""

from pathlib import Path

from bridge.store.connection import migrate as migrate_file
from bridge.store.connection import own
from bridge.store.sqlite import SqliteStore

Store = SqliteStore


def open_store(address: str, *, owner: bool = True) -> Store:
    """The store of a bridge.

    Args:
        owner: False in a process whose parent owns the file already: it accepts, but never delivers.

    Raises:
        StoreUnavailable: it cannot be opened, or another bridge has the file.
    """
    return SqliteStore(Path(address), owner=owner)


def migrate(address: str) -> list[str]:
    """Bring the schema up to date; returns the names of what was applied now.

    Raises:
        StoreUnavailable: it cannot be, or a bridge has the file.
    """
    path = Path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = own(path)
    try:
        return migrate_file(path)
    finally:
        lock.release()
