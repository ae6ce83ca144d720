"""The store in one SQLite file: the default, for one machine and one process."""

import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bridge.core.backoff import SCHEDULE_S
from bridge.core.calls import CallEvent
from bridge.core.delivery import DeliveryState, Done, GaveUp, Purpose, RetryIn, Verdict
from bridge.core.dialing import CallCode, CallResult
from bridge.core.errors import StoreUnavailable
from bridge.core.ports import Accepted, Claim, DialRecord, PlannedDelivery
from bridge.store import moves, rows
from bridge.store import statements as sql
from bridge.store.connection import Readers, connect, migrate, own
from bridge.store.moves import Ending
from bridge.store.writer import Writer

EXPIRE_BATCH = 500
LONGEST_DIAL_S = 300.0  # no exchange is waited for longer
INTERRUPTED = "Исход неизвестен: мост перезапускался во время набора; посмотрите, звонит ли телефон"
HORIZON_S = 2 * SCHEDULE_S[-1]  # nothing is postponed for longer


class SqliteStore:
    """`Outbox` and `DialLog` in one file. Leases are in memory: the process owns the file.

    Args:
        clock: unix time in seconds; the store's clock adds every duration.

    Raises:
        StoreUnavailable: the file cannot be opened, or another bridge has it.
    """

    def __init__(
        self, path: Path, *, owner: bool = True, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._lock = own(path) if owner else None
        try:
            if owner:
                migrate(path)
            self._writing = connect(path)
        except BaseException:
            if self._lock:
                self._lock.release()
            raise
        self._writer = Writer(self._writing)
        self._readers = Readers(path)
        if owner:
            self._close_interrupted_dials()
        self._leases: dict[str, set[int]] = {}  # infobase -> lanes being attempted now
        self._leasing = threading.Lock()

    def _close_interrupted_dials(self) -> None:
        """Nobody will answer the clicks that a crash left open, and nobody knows what became of them."""
        facts = {"now": self._clock(), "unknown": CallCode.OUTCOME_UNKNOWN, "message": INTERRUPTED}
        self._writer.run(lambda db: db.execute(sql.CLOSE_OPEN_DIALS, facts).rowcount)

    def close(self) -> None:
        """Commit what is under way, fold the log into the file, let the file go."""
        self._writer.close()
        self._readers.close()
        with suppress(sqlite3.Error):  # what is in the log is as safe there
            self._writing.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._writing.close()
        if self._lock:
            self._lock.release()

    # --- intake ----------------------------------------------------------------------------------
    def accept(self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float) -> Accepted:
        now = self._clock()
        return self._writer.run(lambda db: moves.accept(db, event, plan, now, merge_s))

    # --- claiming --------------------------------------------------------------------------------
    def claim(self, infobase: str) -> Claim | None:
        while (lane_id := self._lease(infobase)) is not None:
            claimed = False
            try:
                claim = self._head(lane_id)
                claimed = claim is not None
            finally:
                if not claimed:
                    self._free(infobase, lane_id)
            if claim is not None:
                return claim
        return None

    def _lease(self, infobase: str) -> int | None:
        """The lane to serve next, now leased: live popups first, then the longest due."""
        with self._leasing:
            leased = self._leases.setdefault(infobase, set())
            facts = {"infobase": infobase, "now": self._clock(), "horizon": HORIZON_S}
            for statement in (sql.URGENT_LANES, sql.DUE_LANES, sql.STRANDED_LANES):
                for row in self._read(statement, **facts, limit=len(leased) + 1):
                    if row["id"] not in leased:
                        leased.add(row["id"])
                        return int(row["id"])
        return None

    def _head(self, lane_id: int) -> Claim | None:
        """The first waiting delivery of a leased lane, read after the lease; ends those that are over."""
        while found := self._read(sql.HEAD, lane_id=lane_id):
            row = found[0]
            if row["expires_at"] <= self._clock():
                ending = Ending(DeliveryState.EXPIRED, "срок жизни истёк")
            elif row["over"] and row["purpose"] == Purpose.POPUP:
                ending = Ending(DeliveryState.SUPERSEDED, "звонок уже завершён")
            else:
                try:
                    return rows.claim(row, lane_id)
                except ValueError:  # a word that this version does not know: it must not stop the lane
                    ending = Ending(DeliveryState.DEAD, "запись не читается этой версией моста")
            self._end(row["id"], lane_id, ending)
        return None

    def _free(self, infobase: str, lane_id: int) -> None:
        with self._leasing:
            self._leases[infobase].discard(lane_id)

    # --- what became of it -----------------------------------------------------------------------
    def settle(self, claim: Claim, verdict: Verdict) -> None:
        match verdict:
            case Done(answer):
                self._end(claim.delivery_id, claim.lane_id, Ending(DeliveryState.DELIVERED, answer, "done"))
            case GaveUp(reason):
                self._end(claim.delivery_id, claim.lane_id, Ending(DeliveryState.DEAD, reason, "gave_up"))
            case RetryIn():
                self._postpone(claim, verdict)
        self._free(claim.infobase, claim.lane_id)

    def _end(self, delivery_id: int, lane_id: int, ending: Ending) -> None:
        now = self._clock()
        self._writer.run(lambda db: moves.end(db, delivery_id, lane_id, ending, now))

    def _postpone(self, claim: Claim, verdict: RetryIn) -> None:
        now = self._clock()
        self._writer.run(lambda db: moves.postpone(db, claim, verdict, now))

    def due_in(self, infobase: str) -> float | None:
        with self._leasing:
            leased = set(self._leases.get(infobase, ()))
        for row in self._read(sql.NEXT_DUE, infobase=infobase, limit=len(leased) + 1):
            if row["id"] not in leased:
                wait_s = float(row["due_at"]) - self._clock()
                return max(0.0, wait_s) if wait_s <= HORIZON_S else 0.0
        return None

    def hasten(self, infobase: str) -> int:
        facts = {"infobase": infobase, "now": self._clock()}
        return self._writer.run(lambda db: db.execute(sql.HASTEN, facts).rowcount)

    def expire(self) -> int:
        now = self._clock()
        with self._leasing:  # what is being told right now ends by its own verdict
            leased = set().union(*self._leases.values()) if self._leases else set()
        ended = [
            (row["id"], row["lane_id"])
            for row in self._read(sql.PAST_LIFETIME, now=now, limit=EXPIRE_BATCH + len(leased))
            if row["lane_id"] not in leased
        ]
        ending = Ending(DeliveryState.EXPIRED, "срок жизни истёк")

        def work(db: sqlite3.Connection) -> int:
            return sum(moves.end(db, delivery_id, lane_id, ending, now) for delivery_id, lane_id in ended)

        return self._writer.run(work) if ended else 0

    def rest(self, infobase: str) -> None:
        """Nobody else could tell it: the file is ours."""

    # --- clicks ----------------------------------------------------------------------------------
    def begin(self, infobase: str, subscriber: str, number: str, *, window_s: float) -> DialRecord:
        now = self._clock()
        facts = {"infobase": infobase, "subscriber": subscriber, "number": number, "now": now}
        window = facts | {
            "since": now - window_s,
            "until": now + window_s,  # the clock may go back
            "longest": LONGEST_DIAL_S,
            "unknown": CallCode.OUTCOME_UNKNOWN,
        }

        def work(db: sqlite3.Connection) -> DialRecord:
            recent = db.execute(sql.RECENT_DIAL, window).fetchone()
            if recent:
                return DialRecord(id=recent["id"], result=rows.call_result(recent), fresh=False)
            (dial_id,) = db.execute(sql.BEGIN_DIAL, facts).fetchone()
            return DialRecord(id=dial_id, result=None, fresh=True)

        return self._writer.run(work)

    def end(self, dial_id: int, result: CallResult) -> None:
        facts = {
            "id": dial_id,
            "now": self._clock(),
            "status": result.status.value,
            "message": rows.storable(result.message),
            "code": result.code,
            "call_id": rows.storable(result.call_id),
        }
        self._writer.run(lambda db: db.execute(sql.END_DIAL, facts).rowcount)

    def look(self, dial_id: int) -> CallResult | None:
        found = self._read(sql.LOOK_DIAL, id=dial_id)
        return rows.call_result(found[0]) if found else None

    # --- health ----------------------------------------------------------------------------------
    def ping(self) -> None:
        """Prove that the store can commit.

        Raises:
            StoreUnavailable: it cannot.
        """
        now = self._clock()
        self._writer.run(lambda db: db.execute(sql.PULSE, {"now": now}).rowcount)

    def _read(self, statement: str, **parameters: Any) -> list[sqlite3.Row]:
        try:
            return self._readers.get().execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"Хранилище не читается: {error}") from None
