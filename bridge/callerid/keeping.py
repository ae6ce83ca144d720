"""The durable table behind the memory: read for the first question, written behind, never waited for long."""

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Protocol

from bridge.core.errors import StoreUnavailable
from bridge.flows.name_caller import CallerNote, Told
from bridge.observe import log

WRITE_EVERY_S = 1.0  # one commit for all that was learned meanwhile
RETRY_S = 5.0
LOOKUPS = 64  # that may wait; more than a burst of calls
UNWRITTEN = 10_000  # rows; a database that is away for longer loses the oldest
GOODBYE_S = 5.0


class Callers(Protocol):
    """The table, for everybody on this database. All methods raise `StoreUnavailable`."""

    def now(self) -> float: ...

    def recall(self, infobases: Sequence[str], who: str) -> dict[str, Told]: ...

    def keep(self, notes: Mapping[tuple[str, str], CallerNote]) -> None: ...

    def often(self, infobase: str, *, older_than_s: float, limit: int) -> list[str]: ...


Found = Future[dict[str, Told] | None]  # None: the table could not be read
_LookUp = tuple[Sequence[str], str, Found]


class Shelf:
    """Reads on one thread and writes on another: a database that is slow at one hinders nobody."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._lookups: queue.Queue[_LookUp | None] = queue.Queue(LOOKUPS)
        self._starting = threading.Lock()
        self._started = False
        self._closing = threading.Event()
        self._changed = threading.Lock()
        self._notes: dict[tuple[str, str], CallerNote] = {}  # (infobase, who)
        self._threads = [
            threading.Thread(target=self._read, name="names-read", daemon=True),
            threading.Thread(target=self._write, name="names-write", daemon=True),
        ]
        self._readable = self._writable = True

    def look_up(self, infobases: Sequence[str], who: str) -> Found | None:
        """What the table knows of a caller, to come; None when too many are looked up already."""
        found: Found = Future()
        try:
            self._lookups.put_nowait((infobases, who, found))
        except queue.Full:
            return None
        self._start()
        return found

    def note(self, infobases: Sequence[str], who: str, note: CallerNote) -> None:
        """Write it behind, together with what else is noted within a second."""
        with self._changed:
            for infobase in infobases:
                self._add((infobase, who), note)
        self._start()

    def close(self) -> None:
        """Write what is left, unless the database is away."""
        with self._starting:
            self._closing.set()
            if not self._started:
                return
        with suppress(queue.Full):  # who is busy with so many looks at the clock soon
            self._lookups.put_nowait(None)
        until = time.monotonic() + GOODBYE_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _add(self, key: tuple[str, str], note: CallerNote) -> None:
        if key not in self._notes and len(self._notes) >= UNWRITTEN:
            del self._notes[next(iter(self._notes))]
        self._notes[key] = self._notes.get(key, CallerNote()).and_then(note)

    def _start(self) -> None:
        with self._starting:
            if not self._started and not self._closing.is_set():
                self._started = True
                for thread in self._threads:
                    thread.start()

    # --- in the threads ----------------------------------------------------------------------------
    def _read(self) -> None:
        while not self._closing.is_set():
            item = self._lookups.get()
            if item is None:
                return
            infobases, who, found = item
            found.set_result(self._recalled(infobases, who))

    def _recalled(self, infobases: Sequence[str], who: str) -> dict[str, Told] | None:
        try:
            told = self._callers.recall(infobases, who)
        except Exception as error:  # noqa: BLE001 - 1C can still be asked
            if self._readable:
                log.warning("names_not_read", reason=str(error), exc_info=_trace(error))
            self._readable = False
            return None
        self._readable = True
        return told

    def _write(self) -> None:
        wait_s = WRITE_EVERY_S
        while not self._closing.wait(wait_s):
            wait_s = WRITE_EVERY_S if self._written() else RETRY_S
        self._written()

    def _written(self) -> bool:
        with self._changed:
            notes, self._notes = self._notes, {}
        if not notes:
            return True
        try:
            self._callers.keep(notes)
        except Exception as error:  # noqa: BLE001 - names are answered from memory meanwhile
            if self._writable:
                log.warning("names_not_kept", reason=str(error), exc_info=_trace(error))
            self._writable = False
            self._put_back(notes)
            return False
        self._writable = True
        return True

    def _put_back(self, notes: dict[tuple[str, str], CallerNote]) -> None:
        with self._changed:
            newer, self._notes = self._notes, notes
            for key, note in newer.items():
                self._add(key, note)


def _trace(error: Exception) -> Exception | None:
    return None if isinstance(error, StoreUnavailable) else error
