"""What moves, lanes and letters need of a database: two of them fulfil it, in one dialect of SQL.

Statements name their parameters as `:name`. Rows are read by name: `row["id"]`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Row = Any  # sqlite3.Row or a dict: both are read by name only


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Row: ...
    def fetchall(self) -> list[Row]: ...


class Session(Protocol):
    """One transaction, under way."""

    def execute(self, statement: str, facts: Mapping[str, Any] = ..., /) -> Rows: ...

    def lock_lane(self, lane_id: int) -> None:
        """Nobody else changes this lane or what waits in it before this transaction ends."""

    def lock_ring(self, exchange: str, merge_key: str) -> None:
        """Nobody else looks for the same ring before this transaction ends."""

    def fence(self, infobase: str, epoch: int) -> None:
        """Prove that this process may still write for `infobase`, until this transaction ends.

        Raises:
            ClaimLost: another one holds it.
        """


class Database(Protocol):
    """Where a store keeps everything."""

    def now(self) -> float:
        """Unix time in seconds by the store's clock, the same for all who share the database."""
        ...

    def read(self, statement: str, **facts: Any) -> Sequence[Row]:
        """Outside of any transaction.

        Raises:
            StoreUnavailable: it cannot be read now.
        """
        ...

    # True when `write` may run a work again that was committed, its answer being lost
    repeats_commits: bool

    def write(self, work: Callable[[Session], T]) -> T:
        """Do `work` in one transaction; durable when this returns. It may run more than once.

        Raises:
            StoreUnavailable: it could not be committed.
        """
        ...

    # --- who tells which infobase, where several processes could -------------------------------------
    def hold(self, infobase: str) -> int | None:
        """The epoch under which this process may tell `infobase` now; None when another one does."""
        ...

    def elsewhere(self, infobase: str) -> bool:
        """True when another process held it as we last looked."""
        ...

    def release(self, infobase: str) -> None:
        """Another process may take it at once. Never raises: what is not released runs out."""
        ...

    def overdue(self, now: float, limit: int) -> Sequence[Row]:
        """Waiting deliveries past their lifetime that no other process may be telling (id, lane_id)."""
        ...

    def close(self) -> None: ...
