"""One thread writes; whoever waits at the same moment shares one commit, and so one fsync."""

import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from bridge.core.errors import StoreUnavailable
from bridge.store.connection import OutboxConnection
from bridge.store.session import Session, T

Work = Callable[[Session], T]
MAX_BATCH = 256
_STOP = object()


class Writer:
    """Runs each piece of work inside a transaction of the given connection; returns after the commit.

    A piece of work must be safe to run twice: when one of a batch fails, the batch is rolled back
    and each piece runs again alone, so only the guilty one sees its error. When the file itself
    fails (locked, full), all who wait by then are told at once: alone, each would wait in turn.
    """

    def __init__(self, connection: OutboxConnection) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, work: Work[T]) -> T:
        """Do `work` durably.

        Raises:
            StoreUnavailable: it could not be committed; nothing of it is stored.
        """
        future: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreUnavailable("Хранилище закрыто: мост останавливается")
            self._queue.put((work, future))
        return future.result()

    def close(self) -> None:
        """Finish what was asked for and stop."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._queue.put(_STOP)
        self._thread.join()

    def _run(self) -> None:
        while True:
            batch = [self._queue.get()]
            while len(batch) < MAX_BATCH and batch[-1] is not _STOP:
                try:
                    batch.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            stop = batch[-1] is _STOP
            failed = self._commit_all(batch[:-1] if stop else batch)
            if failed and not stop:
                stop = self._refuse_waiting(failed)
            if stop:
                return

    def _refuse_waiting(self, error: BaseException) -> bool:
        """Tell those who came while the file was failing; True when it is time to stop."""
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return False
            if item is _STOP:
                return True
            item[1].set_exception(error)

    def _commit_all(self, batch: list[tuple[Work[Any], Future[Any]]]) -> BaseException | None:
        """Returns the error of the file, when it was that which failed."""
        if not batch:
            return None
        try:
            results = self._transaction([work for work, _ in batch])
        except BaseException as error:  # noqa: BLE001 - handed to who asked; this thread must not die
            if _of_the_file(error):
                for _, future in batch:
                    future.set_exception(_translated(error))
                return _translated(error)
            if len(batch) == 1:
                batch[0][1].set_exception(error)
                return None
            for item in batch:
                self._commit_all([item])
            return None
        for (_, future), result in zip(batch, results, strict=True):
            future.set_result(result)
        return None

    def _transaction(self, works: list[Work[Any]]) -> list[Any]:
        if self._connection.in_transaction:  # the last rollback failed, as on a broken disk
            self._connection.execute("ROLLBACK")
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            results = [work(self._connection) for work in works]
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        return results


def _of_the_file(error: BaseException) -> bool:
    """Locked, full, I/O, corrupt: about the file and everybody. The rest is about one piece of work."""
    return isinstance(error, (sqlite3.OperationalError, sqlite3.InternalError)) or (
        type(error) is sqlite3.DatabaseError
    )


def _translated(error: BaseException) -> StoreUnavailable:
    """A failure of the file becomes one named thing: the caller must come again."""
    return StoreUnavailable(f"Хранилище не принимает запись: {error}")
