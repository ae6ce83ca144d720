"""Group commit: whoever writes at the same moment shares one transaction, and so one fsync.

No thread of its own writes. The first who comes leads: commits for all who wait by then, and lets the next
one of those who came meanwhile lead. Who is alone waits for nobody. Whoever has several things to write
brings them all before it waits for the first: they are committed together, with no thread to wake.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bridge.core.errors import RowLocked, StoreUnavailable
from bridge.pausing import pausing
from bridge.store.session import Item, Session, T

MAX_BATCH = 256


class Transaction(Protocol):
    """Does `work` in one transaction of the database; committed durably when it returns.

    Args:
        alone: False when the work is that of several, who may be asked to come one by one instead.

    Raises:
        StoreUnavailable: the database itself fails, for everybody; the rest is about this work, also
            RowLocked.
    """

    def __call__(self, work: Callable[[Session], None], *, alone: bool) -> None: ...


class _Piece:
    """What one asked for, and what became of it. `many` does it for several at once."""

    __slots__ = ("asleep", "done", "error", "item", "many", "result", "turn")

    def __init__(self, many: Callable[[Session, Sequence[Any]], Sequence[Any]] | None, item: Any) -> None:
        self.many = many
        self.item = item
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.asleep = False  # its thread waits for `turn`; else it looks by itself before it would
        self.turn = threading.Lock()  # released once: it is done, or it is to lead
        self.turn.acquire()

    def end(self, error: BaseException | None = None) -> None:
        self.error = error
        self.done = True
        self.turn.release()


class Writer:
    """Runs each piece of work inside a transaction; returns after the commit.

    A piece of work must be safe to run twice: when one of a batch fails, the batch is rolled back
    and each piece runs again alone, so only the guilty one sees its error. When the database itself
    fails (locked, full), all who wait by then are told at once: alone, each would wait in turn.
    """

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._guard = threading.Lock()
        self._idle = threading.Condition(self._guard)
        self._waiting: deque[_Piece] = deque()
        self._leader: _Piece | None = None  # who commits, or is woken to
        self._closed = False

    def run(self, work: Callable[[Session], T]) -> T:
        """Do `work` durably.

        Raises:
            StoreUnavailable: it could not be committed; nothing of it is stored.
        """
        piece = _Piece(None, work)
        self._put(piece)
        result: T = self._await(piece)
        return result

    def gather(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> T:
        """Do `many` for this item and for those of others who ask for the same `many` at this moment.

        Raises:
            StoreUnavailable: as `run`.
        """
        return self.bring(many, item)()

    def bring(self, many: Callable[[Session, Sequence[Item]], Sequence[T]], item: Item) -> Callable[[], T]:
        """The same without waiting: whoever calls what this returns waits, and is told what became of it.

        It must be called: until somebody waits, perhaps nobody writes.

        Raises:
            StoreUnavailable: nothing is taken any more.
        """
        piece = _Piece(many, item)
        self._put(piece)
        return lambda: self._await(piece)

    def close(self) -> None:
        """Finish what was asked for; take nothing more."""
        with self._guard:
            self._closed = True
        while True:
            with self._guard:
                while self._leader is not None:
                    self._idle.wait()
                if not self._waiting:
                    return
                self._leader = _Piece(None, None)  # of nobody: what was brought may be waited for now
            self._lead()

    def _put(self, piece: _Piece) -> None:
        with self._guard:
            if self._closed:
                raise StoreUnavailable("Хранилище закрыто: мост останавливается")
            self._waiting.append(piece)

    def _await(self, piece: _Piece) -> Any:
        if not piece.done:
            with pausing():
                self._see_to(piece)
        if piece.error is not None:
            raise piece.error
        return piece.result

    def _see_to(self, piece: _Piece) -> None:
        """Returns when it is done, whoever led."""
        while True:
            with self._guard:
                if piece.done:
                    return
                leads = self._leader is None or self._leader is piece
                if leads:
                    self._leader = piece
                else:
                    piece.asleep = True
            if leads:
                self._lead()
            else:
                self._wait(piece)

    def _wait(self, piece: _Piece) -> None:
        try:
            piece.turn.acquire()
        except BaseException:  # Ctrl+C: nobody shall wait for one who has gone
            with self._guard:
                if piece in self._waiting:
                    self._waiting.remove(piece)
                    if self._leader is piece:
                        self._appoint()
            raise

    def _lead(self) -> None:
        """Commit for the first of those who wait by now."""
        with self._guard:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_BATCH))]
        try:
            self._commit(batch)
        finally:
            with self._guard:
                self._appoint()

    def _appoint(self) -> None:
        """The next one who sleeps leads; who is awake sees to it by himself. The guard is held."""
        self._leader = next((piece for piece in self._waiting if piece.asleep), None)
        if self._leader is not None:
            self._leader.asleep = False
            self._leader.turn.release()
        else:
            self._idle.notify_all()

    def _commit(self, batch: Sequence[_Piece]) -> None:
        try:
            self._transaction(lambda db: _perform(db, batch), alone=len(batch) == 1)
        except Exception as error:  # noqa: BLE001 - handed to who asked
            if _of_all(error):
                self._refuse(batch, error)
            elif len(batch) == 1:
                batch[0].end(error)
            else:
                self._commit_each(batch)
        except BaseException as error:  # noqa: BLE001 - Ctrl+C is for the one who leads
            batch[0].end(error)
            self._commit_each(batch[1:])
        else:
            for piece in batch:
                piece.end()

    def _commit_each(self, batch: Sequence[_Piece]) -> None:
        for number, piece in enumerate(batch, start=1):
            self._commit([piece])
            if piece.error is not None and _of_all(piece.error):
                self._refuse(batch[number:], piece.error)
                return

    def _refuse(self, batch: Sequence[_Piece], error: BaseException) -> None:
        """Tell these, and those who came while the database was failing."""
        with self._guard:
            late = list(self._waiting)
            self._waiting.clear()
        for piece in (*batch, *late):
            piece.end(StoreUnavailable(str(error)))  # each its own: it gets a traceback where it is raised


def _of_all(error: BaseException) -> bool:
    return isinstance(error, StoreUnavailable) and not isinstance(error, RowLocked)


def _perform(db: Session, batch: Sequence[_Piece]) -> None:
    shared: dict[Any, list[_Piece]] = {}
    for piece in batch:
        if piece.many is None:
            piece.result = piece.item(db)
        else:
            shared.setdefault(piece.many, []).append(piece)
    for many, pieces in shared.items():
        results = many(db, [piece.item for piece in pieces])
        for piece, result in zip(pieces, results, strict=True):
            piece.result = result
