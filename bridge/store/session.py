"""What moves, lanes and letters need of a database: two of them fulfil it, in one dialect of SQL.

Statements name their parameters as `:name`. Rows are read by name: `row["id"]`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, Protocol, TypeVar

T = TypeVar("T")
Item = TypeVar("Item")
Row = Any  # sqlite3.Row or a dict: both are read by name only


MAX_ROWS = 32  # of one statement


@dataclass(frozen=True)
class ManyRows:
    """An INSERT of as many rows as there are: one statement costs less than one for each.

    Args:
        head: up to `VALUES`.
        columns: of a row.
        then: what follows the rows.
    """

    head: str
    columns: int
    then: str = ""

    def parts(self, rows: Sequence[Sequence[Any]], mark: str) -> Iterator[tuple[str, list[Any]]]:
        """Statements and their parameters, in order, for a database whose parameters are marked so.

        They are of 2**n rows, so that few different ones must be prepared.
        """
        done = 0
        while left := len(rows) - done:
            size = min(MAX_ROWS, 1 << left.bit_length() - 1)
            flat = list(chain.from_iterable(rows[done : done + size]))
            yield _text(self, size, mark), flat
            done += size


@lru_cache(maxsize=64)
def _text(statement: ManyRows, rows: int, mark: str) -> str:
    row = f"({', '.join([mark] * statement.columns)})"
    return f"{statement.head} {', '.join([row] * rows)} {statement.then}"


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Row: ...
    def fetchall(self) -> list[Row]: ...


class Session(Protocol):
    """One transaction, under way."""

    def execute(self, statement: str, facts: Mapping[str, Any] = ..., /) -> Rows: ...

    def insert(self, statement: ManyRows, rows: Sequence[Sequence[Any]], /) -> list[Row]:
        """What the statement returns of each row; of none, nothing."""

    def hurry(self) -> None:
        """From here on rather fail with RowLocked than wait long for what another process holds."""

    def lock_lanes(self, lane_ids: Sequence[int]) -> None:
        """Nobody else changes these lanes or what waits in them before this transaction ends."""

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

    # True when reading asks no server
    near: bool

    # True when `write` may run a work again that was committed, its answer being lost
    repeats_commits: bool

    def write(self, work: Callable[[Session], T]) -> T:
        """Do `work` in one transaction; durable when this returns. It may run more than once.

        Raises:
            StoreUnavailable: it could not be committed.
        """
        ...

    def gather(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Do `many` in one transaction for this item and for those that others bring at this moment.

        Returns what `many` gave for this item; durable when this returns. `many` may run more than once, for
        the same items or for this one alone.

        Raises:
            StoreUnavailable: it could not be committed.
        """
        ...

    def bring(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> Callable[[], T]:
        """`gather` without waiting: what it returns must be called, and waits for the commit.

        Raises:
            StoreUnavailable: nothing is taken any more.
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
