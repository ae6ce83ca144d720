"""Rows of all tables: transactions that others do not see, locks that conflict, unique keys.

A row is a mapping of fields; its key is a tuple. Strings of a key are compared as a database of 1C does it:
without regard to case and to spaces at the end.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from onec.run.objects import OnecError, Value

Key = tuple[Any, ...]
Row = Mapping[str, Value]
LOCK_WAIT_S = 2.0  # 20 in 1C; a test does not wait so long
CONFLICT = (
    "Конфликт блокировок при выполнении транзакции:\n"
    "Превышено максимальное время ожидания предоставления блокировки"
)
NOT_ACTIVE = "Транзакция не активна"
BROKEN = "В данной транзакции уже происходили ошибки!"


def folded(value: Value) -> Value:
    """A value as the database compares it."""
    return value.rstrip(" ").casefold() if isinstance(value, str) else value


@dataclass
class Transaction:
    depth: int = 1
    broken: bool = False
    changes: dict[str, dict[Key, Row | None]] = field(default_factory=dict)
    locks: list["Lock"] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Lock:
    """Rows of a table whose fields have these values; no values: the whole table."""

    owner: object
    table: str
    values: Mapping[str, Value]
    exclusive: bool

    def conflicts(self, other: "Lock") -> bool:
        return (
            self.owner is not other.owner
            and self.table == other.table
            and (self.exclusive or other.exclusive)
            and all(value == other.values.get(name, value) for name, value in self.values.items())
        )


class Store:
    """What is committed; shared by all sessions."""

    def __init__(self, lock_wait_s: float = LOCK_WAIT_S) -> None:
        self.lock_wait_s = lock_wait_s
        self.tables: dict[str, dict[Key, Row]] = {}
        self.changed = threading.Condition()
        self.locks: list[Lock] = []
        self.waiting = 0  # sessions that wait for a lock now


class Connection:
    """What one session sees of the store. Not for several threads at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._transaction: Transaction | None = None

    @property
    def active(self) -> bool:
        return self._transaction is not None

    def begin(self) -> None:
        if self._transaction is None:
            self._transaction = Transaction()
        else:
            self._check()
            self._transaction.depth += 1

    def commit(self) -> None:
        """Raises OnecError when there is nothing to commit, or something was rolled back inside."""
        transaction = self._there()
        self._check()
        transaction.depth -= 1
        if transaction.depth:
            return
        with self._store.changed:
            for table, rows in transaction.changes.items():
                kept = self._store.tables.setdefault(table, {})
                for key, row in rows.items():
                    if row is None:
                        kept.pop(key, None)
                    else:
                        kept[key] = row
        self._end()

    def rollback(self) -> None:
        transaction = self._there()
        transaction.depth -= 1
        if transaction.depth:
            transaction.broken = True
        else:
            self._end()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """All of it or nothing: what an object writes, it writes in a transaction of its own."""
        self.begin()
        try:
            yield
        except Exception:
            self.rollback()
            raise
        self.commit()

    def abandon(self) -> bool:
        """Roll back whatever is open; True when something was."""
        was = self._transaction is not None
        if was:
            self._end()
        return was

    def fail(self) -> None:
        """An error of the database: a transaction around it cannot be committed any more."""
        if self._transaction is not None:
            self._transaction.broken = True

    def rows(self, table: str) -> Iterator[Row]:
        """A snapshot: everything committed and everything of the own transaction."""
        return iter(self._seen(table).values())

    def find(self, table: str, key: Key) -> Row | None:
        return self._seen(table).get(self._folded(key))

    def put(self, table: str, key: Key, row: Row, *, values: Mapping[str, Value]) -> None:
        """Write a row under its exclusive lock; `values` are the fields of its key."""
        self._change(table, key, dict(row), values)

    def remove(self, table: str, key: Key, *, values: Mapping[str, Value]) -> None:
        self._change(table, key, None, values)

    def lock(self, table: str, values: Mapping[str, Value], *, exclusive: bool) -> None:
        """Until the transaction ends. Raises OnecError when it is not given in time: then it is broken."""
        transaction = self._there()
        wanted = Lock(self, table, {name: folded(value) for name, value in values.items()}, exclusive)
        until = time.monotonic() + self._store.lock_wait_s
        with self._store.changed:
            while any(wanted.conflicts(one) for one in self._store.locks):
                left = until - time.monotonic()
                if left <= 0:
                    self.fail()
                    raise OnecError(CONFLICT)
                self._store.waiting += 1
                self._store.changed.wait(left)
                self._store.waiting -= 1
            self._store.locks.append(wanted)
        transaction.locks.append(wanted)

    def _change(self, table: str, key: Key, row: Row | None, values: Mapping[str, Value]) -> None:
        with self.whole():
            self.lock(table, values, exclusive=True)
            self._there().changes.setdefault(table, {})[self._folded(key)] = row

    def _seen(self, table: str) -> dict[Key, Row]:
        self._check()
        with self._store.changed:
            seen = dict(self._store.tables.get(table, {}))
        if self._transaction is not None:
            for key, row in self._transaction.changes.get(table, {}).items():
                if row is None:
                    seen.pop(key, None)
                else:
                    seen[key] = row
        return seen

    def _check(self) -> None:
        if self._transaction is not None and self._transaction.broken:
            raise OnecError(BROKEN)

    def _there(self) -> Transaction:
        if self._transaction is None:
            raise OnecError(NOT_ACTIVE)
        return self._transaction

    def _end(self) -> None:
        transaction, self._transaction = self._there(), None
        with self._store.changed:
            for one in transaction.locks:
                self._store.locks.remove(one)
            self._store.changed.notify_all()

    @staticmethod
    def _folded(key: Key) -> Key:
        return tuple(map(folded, key))
