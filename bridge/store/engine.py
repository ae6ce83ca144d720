"""The outbox itself, on any `Database`: who is claimed next, and what becomes of it.

Which lanes are being attempted is kept in memory: one process at a time tells an infobase
(`Database.hold`), so nobody else needs to know.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from bridge.core.backoff import SCHEDULE_S
from bridge.core.calls import CallEvent, Subscriber
from bridge.core.delivery import DeliveryState, Purpose, Verdict
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallCode, CallResult
from bridge.core.errors import ClaimLost
from bridge.core.past_calls import HeardCall
from bridge.core.ports import Accepted, Claim, Collected, DialRecord, Head, PlannedDelivery, StoredEvent
from bridge.store import audit, dials, intake, letters, moves, past, rows, settling
from bridge.store import statements as sql
from bridge.store.accounts import StoredAccounts
from bridge.store.callers import Callers
from bridge.store.calls import Calls
from bridge.store.dial_ends import DialEnds, End
from bridge.store.intake import Arrival
from bridge.store.lanes import Lanes
from bridge.store.moves import Ending
from bridge.store.passages import Passages
from bridge.store.recordings import Recordings
from bridge.store.session import Database, Row, Session, T
from bridge.store.settling import Settlement
from bridge.store.tokens import StoredTokens

if TYPE_CHECKING:
    from bridge.store.overview import StoredOverview

EXPIRE_BATCH = 500
LOOKS_PER_CLAIM = 20  # at lanes in which nothing is left to tell; then the other infobases have their turn
HORIZON_S = 2 * SCHEDULE_S[-1]  # nothing is postponed for longer


class _Begun:
    """Waits for the commit of a click once, whoever asks how often."""

    def __init__(self, committed: Callable[[], DialRecord], ends: DialEnds, taken: Sequence[End]) -> None:
        self._committed = committed
        self._ends = ends
        self._taken = taken

    def __call__(self) -> DialRecord:
        taken, self._taken = self._taken, ()
        try:
            record = self._committed()
        except BaseException:
            if taken:
                self._ends.not_written(taken)
            raise
        self._ends.written(taken)
        if record.fresh or record.result:
            return record
        return replace(record, result=self._ends.result(record.id))


class Store:
    """`Outbox`, `DialLog`, `Mailbox` and `CallRecords` on one database.

    Args:
        clock: unix time in seconds instead of the database's own; the store adds every duration.
        owner: the name of this process, written beside the clicks it asks the exchange for.
    """

    def __init__(self, db: Database, *, clock: Callable[[], float] | None = None, owner: str = "") -> None:
        self._db = db
        self._clock = clock or db.now
        self._owner = owner
        self.recordings = Recordings(db, self._clock)
        self._ends = DialEnds(lambda ended: self._write(lambda db: dials.end(db, ended)))
        self.calls = Calls(db, self._clock, self._ends.settle)
        self.callers = Callers(db, self._clock)
        self.accounts = StoredAccounts(db, self._clock)
        self.passages = Passages(db, self._clock)
        self._lanes = Lanes()
        self.tokens = StoredTokens(db, self._clock)

    @cached_property
    def overview(self) -> "StoredOverview":
        """Loaded for the console, when somebody looks."""
        from bridge.store.overview import StoredOverview

        return StoredOverview(self._db, self._clock)

    def close(self) -> None:
        """Commit what is under way and let the database go."""
        self._ends.close()
        self._db.close()

    # --- intake ----------------------------------------------------------------------------------
    def accept(self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float) -> Accepted:
        return self.bring(event, plan, merge_s=merge_s)()

    def bring(
        self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float
    ) -> Callable[[], Accepted]:
        return self._db.bring(intake.accept, Arrival(event, plan, self._clock(), merge_s))

    # --- claiming --------------------------------------------------------------------------------
    def claim(self, infobase: str) -> Claim | None:
        """The first of `claims`."""
        return next(iter(self.claims(infobase, 1)), None)

    def claims(self, infobase: str, room: int) -> Sequence[Claim]:
        found: list[Claim] = []
        try:
            for _ in range(LOOKS_PER_CLAIM):
                lanes = self._lease(infobase, room - len(found))
                claims = self._claimed(infobase, lanes)
                found += claims
                if len(claims) == len(lanes):  # all that was due, or as much as was wanted
                    break
        except BaseException:
            for claim in found:
                self._free(infobase, claim.lane_id)
            raise
        return found

    def _lease(self, infobase: str, room: int) -> Sequence[int]:
        """The lanes to serve next, now leased: live popups first, then the longest due."""
        facts = {"infobase": infobase, "now": self._clock(), "horizon": HORIZON_S}

        def look(statement: str, limit: int) -> list[int]:
            return [row["id"] for row in self._read(statement, **facts, limit=limit)]

        lanes = self._lanes.lease(infobase, room, look, sql.URGENT_LANES, sql.DUE_LANES)
        return lanes or self._lanes.lease(infobase, room, look, sql.STRANDED_LANES)

    def _claimed(self, infobase: str, lanes: Sequence[int]) -> list[Claim]:
        """What may be told of leased lanes; the others are free again."""
        claims: list[Claim] = []
        try:
            epoch = self._db.hold(infobase) if lanes else None
            if epoch is not None:
                claims = self._heads(lanes, epoch)
        finally:
            told = {claim.lane_id for claim in claims}
            for lane_id in lanes:
                if lane_id not in told:
                    self._free(infobase, lane_id)
        for claim in claims:
            self._lanes.name(infobase, claim.lane_id, claim.delivery_id)
        return claims

    def _heads(self, lanes: Sequence[int], epoch: int) -> list[Claim]:
        """The first waiting delivery of each leased lane, read after the lease; ends those that are over."""
        claims: dict[int, Claim] = {}
        left = lanes
        while left:
            over: list[tuple[int, int, Ending]] = []  # lane, delivery
            now, heads = self._clock(), sql.among(sql.HEADS, len(left))
            for row in self._read(heads, **sql.those(left), now=now, horizon=HORIZON_S):
                lane_id = row["lane_id"]
                if rows.outlived(row, now):
                    over.append((lane_id, row["id"], Ending(DeliveryState.EXPIRED, "срок жизни истёк")))
                elif row["is_over"] and row["purpose"] == Purpose.POPUP:
                    over.append((lane_id, row["id"], Ending(DeliveryState.SUPERSEDED, "звонок уже завершён")))
                else:
                    try:
                        claims[lane_id] = rows.claim(row, lane_id, epoch)
                    except ValueError:  # a word that this version does not know: it must not stop the lane
                        unread = Ending(DeliveryState.DEAD, "запись не читается этой версией моста")
                        over.append((lane_id, row["id"], unread))
            self._end(over)
            left = [lane_id for lane_id, _, _ in over]
        return [claims[lane_id] for lane_id in lanes if lane_id in claims]

    def _free(self, infobase: str, lane_id: int) -> None:
        self._lanes.free(infobase, lane_id)

    def take(self, head: Head, event: CallEvent, accepted: Accepted) -> Claim | None:
        epoch = self._db.hold(head.infobase) if self._db.near else None
        if epoch is None or not self._lanes.take(head.infobase, head.lane_id, head.delivery_id):
            return None
        queued = None
        try:  # behind the lease: it may have been told and settled before it
            queued = self._read(sql.STILL_QUEUED, id=head.delivery_id)
        finally:
            if not queued:
                self._free(head.infobase, head.lane_id)
        if not queued:
            return None
        return Claim(
            lane_id=head.lane_id,
            delivery_id=head.delivery_id,
            infobase=head.infobase,
            operation=head.operation,
            purpose=Purpose.JOURNAL,
            tries=0,
            stored=StoredEvent(id=accepted.event_id, event=rows.as_stored(event), received_at=head.at),
            epoch=epoch,
        )

    def rest(self, infobase: str) -> None:
        self._lanes.unless_leased(infobase, self._db.release)

    # --- what became of it -----------------------------------------------------------------------
    def settle(self, claim: Claim, verdict: Verdict) -> bool:
        try:
            more = self._db.gather(settling.settle, Settlement(claim, verdict, self._clock()))
        except ClaimLost:
            self._free(claim.infobase, claim.lane_id)
            raise
        self._lanes.settled(claim.infobase, claim.lane_id)
        return more

    def settle_all(self, verdicts: Sequence[tuple[Claim, Verdict]]) -> Sequence[bool]:
        now = self._clock()
        settlements = [Settlement(claim, verdict, now) for claim, verdict in verdicts]

        def work(db: Session) -> Sequence[bool]:
            db.hurry()
            return settling.settle(db, settlements)

        more = self._write(work)
        for claim, _ in verdicts:
            self._lanes.settled(claim.infobase, claim.lane_id)
        return more

    def _end(self, over: Sequence[tuple[int, int, Ending]]) -> int:
        """End deliveries, by lane; returns how many had not ended before."""
        if not over:
            return 0
        now = self._clock()

        def work(db: Session) -> int:
            # in one order: two processes never wait for each other
            return sum(moves.end(db, told, lane_id, ending, now) for lane_id, told, ending in sorted(over))

        return self._write(work)

    def due_in(self, infobase: str) -> float | None:
        if self._db.elsewhere(infobase):
            return None
        leased = self._lanes.leased(infobase)
        for row in self._read(sql.NEXT_DUE, infobase=infobase, limit=len(leased) + 1):
            if row["id"] not in leased:
                wait_s = float(row["due_at"]) - self._clock()
                return max(0.0, wait_s) if wait_s <= HORIZON_S else 0.0
        return None

    def hasten(self, infobase: str, *, hung: bool = False) -> int:
        facts = {"infobase": infobase, "now": self._clock(), "hung": sql.HUNG if hung else 1}
        return self._write(lambda db: db.execute(sql.HASTEN, facts).rowcount)

    def expire(self) -> int:
        now = self._clock()
        under_way = self._lanes.under_way()
        ending = Ending(DeliveryState.EXPIRED, "срок жизни истёк")
        return self._end(
            [
                (row["lane_id"], row["id"], ending)
                for row in self._db.overdue(now, EXPIRE_BATCH + len(under_way))
                # what is being told right now ends by its own verdict; what waits behind it does not
                if under_way.get(row["lane_id"]) not in (0, row["id"])
            ]
        )

    # --- clicks ----------------------------------------------------------------------------------
    def begin(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> DialRecord:
        click = self.bring_click(infobase, subscriber, number, window_s=window_s, since=since, limits=limits)
        return click()

    def bring_click(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> Callable[[], DialRecord]:
        now = self._clock()
        reach_s = max(window_s, now - since)
        facts = {
            "infobase": infobase,
            "subscriber": rows.storable(subscriber),
            "number": rows.storable(number),
            "now": now,
            "owner": self._owner,
            "since": now - reach_s,
            "until": now + reach_s,  # the clock may go back
            "unknown": int(CallCode.OUTCOME_UNKNOWN),
        }
        ends = self._ends.take()
        try:
            click = dials.Click(facts, limits, [end.facts for end in ends], self._db.repeats_commits)
            committed = self._db.bring(dials.begin_all, click)
        except BaseException:
            self._ends.not_written(ends)
            raise
        return _Begun(committed, self._ends, ends)

    def end(self, dial_id: int, result: CallResult) -> None:
        facts = {
            "id": dial_id,
            "now": self._clock(),
            "status": result.status.value,
            "message": rows.storable(result.message),
            "code": int(result.code),
            "call_id": rows.storable(result.call_id),
        }
        self._ends.add(dial_id, facts, result)

    def look(self, dial_id: int) -> CallResult | None:
        if result := self._ends.result(dial_id):
            return result
        found = self._read(sql.LOOK_DIAL, id=dial_id)
        return rows.call_result(found[0]) if found else None

    # --- the mailbox -----------------------------------------------------------------------------
    def acknowledge(self, infobase: str, reader: Subscriber | None, *, after_id: int) -> int:
        now, step = self._clock(), letters.Step()

        def acknowledge(db: Session, *, so_far: letters.Step) -> letters.Step:
            return letters.acknowledge(db, infobase, reader, after_id=after_id, now=now, so_far=so_far)

        while not step.done:  # a transaction for each batch: it holds the lanes of all its letters
            step = self._write(partial(acknowledge, so_far=step))
        return step.place

    def letters(self, infobase: str, reader: Subscriber | None, *, after_id: int, limit: int) -> Collected:
        return letters.look(self._read, infobase, reader, after_id=after_id, limit=limit, now=self._clock())

    # --- past calls ------------------------------------------------------------------------------
    def heard(self, exchange: str, *, since_s: float, until_s: float) -> Sequence[HeardCall]:
        facts = {"exchange": exchange, "since": math.floor(since_s), "until": math.ceil(until_s)}
        return past.heard(self._read(sql.HEARD, **facts))

    def note_reconciliation(
        self, *, exchange: str, day: str, in_exchange: int, known: int, added: int, problem: str
    ) -> None:
        """Keep the report of one reconciliation; `problem` is "" when it was done."""
        facts = {
            "exchange": exchange,
            "day": day,
            "now": self._clock(),
            "in_exchange": in_exchange,
            "known": known,
            "added": added,
            "problem": rows.storable(problem),
        }
        self._write(lambda db: db.execute(sql.NOTE_RECONCILIATION, facts).rowcount)

    def purge(self, *, older_than_s: float) -> int:
        """Forget events that ended longer ago than that, one small batch; returns how many, 0 when done.

        What still waits and dead letters stay, however old.
        """
        before = self._clock() - older_than_s
        return self._write(lambda db: past.purge(db, before))

    def forget_deeds(self, *, older_than_s: float) -> int:
        """Forget who did what, and who listened to what, longer ago than that; returns how many."""
        before = self._clock() - older_than_s
        return self._write(lambda db: audit.forget(db, before))

    def may(self, chore: str) -> bool:
        """True in the one process that does this chore for all on this database."""
        return self._db.hold(f"chore:{chore}") is not None

    # --- health ----------------------------------------------------------------------------------
    def ping(self) -> None:
        """Prove that the store can commit.

        Raises:
            StoreUnavailable: it cannot.
        """
        now = self._clock()
        self._write(lambda db: db.execute(sql.PULSE, {"now": now}).rowcount)

    def _read(self, statement: str, **facts: Any) -> Sequence[Row]:
        return self._db.read(statement, **facts)

    def _write(self, work: Callable[[Session], T]) -> T:
        return self._db.write(work)
