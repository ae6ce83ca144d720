"""What pages show of the store: each statement costs what it shows, not what is stored."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.core.delivery import DeliveryState
from bridge.core.overview import (
    HOURS,
    TROUBLES,
    Attempt,
    CallEvents,
    DayFigures,
    DeliveryLife,
    EventLife,
    Heap,
    HourFigures,
    Search,
    StuckDelivery,
    Told,
)
from bridge.core.ports import StoredEvent
from bridge.store import moves, rows, searching
from bridge.store.session import Database, Row, Session
from bridge.store.statements import DELIVERY_COLUMNS, EVENT_COLUMNS

MOST_OF_PAGE = 1_500  # events of all the calls of a page
MOST_COUNTED = 1_000
MOST_OF_DAY = 20_000  # events
LATEST = 300  # attempts, among which each infobase's last is looked for
NEAR = 2_000  # events, among which a hook that gives no time is looked for
HOUR_S = 3600
DISCARDED = "discarded"

STATES_OF_CALL = """
SELECT d.state, count(*) AS n FROM event e JOIN delivery d ON d.event_id = e.id
 WHERE e.exchange = :exchange AND e.call_id = :call_id GROUP BY d.state
"""
OF_CALL = f"""
SELECT {EVENT_COLUMNS} FROM event e
 WHERE e.exchange = :exchange AND e.call_id = :call_id AND e.id > :after ORDER BY e.id LIMIT :limit
"""  # noqa: S608 - put together from constants
EVENT = f"SELECT {EVENT_COLUMNS} FROM event e WHERE e.id = :id"  # noqa: S608 - of constants
DELIVERIES = f"""
SELECT {DELIVERY_COLUMNS}, d.event_id FROM delivery d WHERE d.event_id = :id ORDER BY d.id
"""  # noqa: S608 - put together from constants
ATTEMPTS = """
SELECT at, verdict, answer FROM (
  SELECT id, at, verdict, answer FROM attempt WHERE delivery_id = :id ORDER BY id DESC LIMIT :limit) AS latest
 ORDER BY id
"""
MOST_ATTEMPTS = 30
STUCK = f"""
SELECT {EVENT_COLUMNS}, {DELIVERY_COLUMNS} FROM delivery d JOIN event e ON e.id = d.event_id
 WHERE d.state = '%s' AND d.infobase = :infobase AND d.id < :before ORDER BY d.id DESC LIMIT :limit
"""  # noqa: S608 - put together from constants
HEAP = """
SELECT count(*) AS n FROM (
  SELECT id FROM delivery WHERE infobase = :infobase AND state = '%s' LIMIT :limit) AS heap
"""
OLDEST = """
SELECT created_at FROM delivery WHERE infobase = :infobase AND state = '%s' ORDER BY id LIMIT 1
"""
DAY = """
SELECT CAST(e.received_at - :since AS BIGINT) / 3600 AS hour, count(DISTINCT e.call_id) AS calls,
       count(DISTINCT e.id) AS events,
       COALESCE(SUM(CASE WHEN d.state = 'delivered' THEN 1 ELSE 0 END), 0) AS delivered,
       COALESCE(SUM(CASE WHEN d.state IN ('dead', 'expired') THEN 1 ELSE 0 END), 0) AS failed,
       COALESCE(SUM(CASE WHEN d.state = 'delivered' THEN d.done_at - d.created_at ELSE 0 END), 0) AS took_s
  FROM (SELECT id, call_id, received_at FROM event
         WHERE received_at >= :since AND received_at < :until
         ORDER BY received_at DESC LIMIT :limit) AS e
  LEFT JOIN delivery d ON d.event_id = e.id
 GROUP BY 1 ORDER BY 1
"""
HEARD_BY_TIME = """
SELECT received_at AS at FROM event WHERE exchange = :exchange AND time_s IS NOT NULL AND recovered = 0
 ORDER BY time_s DESC LIMIT 1
"""
HEARD_NEAR = """
SELECT max(received_at) AS at FROM (
  SELECT exchange, recovered, received_at FROM event ORDER BY id DESC LIMIT :limit) AS near
 WHERE exchange = :exchange AND recovered = 0
"""
LAST_TOLD = """
SELECT d.infobase, a.at, a.verdict, a.answer FROM (
  SELECT id, delivery_id, at, verdict, answer FROM attempt ORDER BY id DESC LIMIT :limit) AS a
  JOIN delivery d ON d.id = a.delivery_id ORDER BY a.id
"""
ONE = "SELECT * FROM delivery WHERE id = :id"
DISCARD = """
UPDATE delivery SET state = 'superseded', done_at = :now WHERE id = :id AND state IN ('dead', 'expired')
"""
NOTE = "INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES (:id, :now, :verdict, :answer)"


class StoredOverview:
    """`core.overview.Overview` on any `Database`."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    # --- calls -----------------------------------------------------------------------------------
    def calls(self, search: Search, *, limit: int) -> list[CallEvents]:
        floor, before = self._span(search)
        statement, facts = searching.statement(search)
        found = self._db.read(statement, **facts, floor=floor, before=before, limit=limit)
        left, calls = MOST_OF_PAGE, []
        for row in found:
            call = {"exchange": row["exchange"], "call_id": row["call_id"]}
            told = self._db.read(OF_CALL, **call, after=0, limit=max(1, min(left, MOST_OF_PAGE // 10)))
            left -= len(told)
            states = {DeliveryState(one["state"]): one["n"] for one in self._db.read(STATES_OF_CALL, **call)}
            calls.append(CallEvents(place=row["id"], events=rows.stored_events(told), states=states, **call))
        return calls

    def _span(self, search: Search) -> tuple[int, int]:
        """Ids grow with the time of acceptance: a span of it is a span of them."""
        before = searching.AFTER_ALL if search.before is None else search.before
        floor = 0 if search.since is None else self._first_at(search.since)
        if search.until is not None:
            before = min(before, self._first_at(search.until))
        return floor, before

    def _first_at(self, moment: float) -> int:
        found = self._db.read(searching.FIRST_AT, moment=moment)
        return int(found[0]["id"]) if found else searching.AFTER_ALL

    def call(self, exchange: str, call_id: str, *, after: int, limit: int) -> list[EventLife]:
        call = {"exchange": rows.storable(exchange), "call_id": rows.storable(call_id)}
        facts = {**call, "after": after, "limit": limit}
        return [
            EventLife(stored=stored, deliveries=self._deliveries(stored.id))
            for stored in rows.stored_events(self._db.read(OF_CALL, **facts))
        ]

    def _deliveries(self, event_id: int) -> list[DeliveryLife]:
        return [
            DeliveryLife(
                record=rows.delivery_record(row),
                attempts=[
                    Attempt(at=one["at"], verdict=one["verdict"], answer=one["answer"])
                    for one in self._db.read(ATTEMPTS, id=row["id"], limit=MOST_ATTEMPTS)
                ],
            )
            for row in self._db.read(DELIVERIES, id=event_id)
        ]

    def event(self, event_id: int) -> StoredEvent | None:
        found = rows.stored_events(self._db.read(EVENT, id=event_id))
        return found[0] if found else None

    # --- what is stuck ---------------------------------------------------------------------------
    def stuck(
        self, state: DeliveryState, infobase: str, *, before: int | None, limit: int
    ) -> list[StuckDelivery]:
        place = searching.AFTER_ALL if before is None else before
        found = self._db.read(STUCK % state.value, infobase=infobase, before=place, limit=limit)
        return [
            StuckDelivery(record=rows.delivery_record(row), stored=rows.stored_event(row)) for row in found
        ]

    def heaps(self, infobases: Sequence[str]) -> list[Heap]:
        heaps = []
        for infobase in infobases:
            for state in (DeliveryState.QUEUED, *TROUBLES):
                oldest = self._db.read(OLDEST % state.value, infobase=infobase)
                if oldest:
                    (row,) = self._db.read(HEAP % state.value, infobase=infobase, limit=MOST_COUNTED + 1)
                    heaps.append(
                        Heap(
                            infobase=infobase,
                            state=state,
                            count=min(row["n"], MOST_COUNTED),
                            more=row["n"] > MOST_COUNTED,
                            oldest_at=oldest[0]["created_at"],
                        )
                    )
        return heaps

    def of_heap(self, delivery_ids: Sequence[int], infobase: str, state: DeliveryState) -> list[int]:
        found = {one: self._db.read(ONE, id=one) for one in dict.fromkeys(delivery_ids)}
        wanted = (infobase, state.value)
        return [one for one, row in found.items() if row and (row[0]["infobase"], row[0]["state"]) == wanted]

    def replay(self, delivery_ids: Sequence[int], lifetimes: Mapping[tuple[str, str], float]) -> int:
        moved = 0
        for delivery_id in delivery_ids:  # one lane at a time: two would wait for an intake that waits for us
            found = self._db.read(ONE, id=delivery_id)
            if found and DeliveryState(found[0]["state"]) in TROUBLES:
                moved += self._requeue(found[0], lifetimes[found[0]["infobase"], found[0]["purpose"]])
        return moved

    def _requeue(self, row: Row, lifetime_s: float) -> int:
        now = self._clock()
        return self._db.write(lambda db: moves.requeue(db, row, now, lifetime_s))

    def discard(self, delivery_ids: Sequence[int], who: str) -> int:
        now = self._clock()
        said = rows.storable(who)[: moves.MAX_ANSWER]

        def work(db: Session) -> int:
            gone = 0
            for delivery_id in sorted(delivery_ids):
                facts: dict[str, Any] = {"id": delivery_id, "now": now, "verdict": DISCARDED, "answer": said}
                if db.execute(DISCARD, facts).rowcount:
                    db.execute(NOTE, facts)
                    gone += 1
            return gone

        return self._db.write(work)

    # --- figures ---------------------------------------------------------------------------------
    def day(self, since: float) -> DayFigures:
        found = self._db.read(DAY, since=since, until=since + HOURS * HOUR_S, limit=MOST_OF_DAY)
        hours = {
            row["hour"]: HourFigures(
                hour=row["hour"],
                calls=row["calls"],
                delivered=row["delivered"],
                failed=row["failed"],
                took_s=row["took_s"] / row["delivered"] if row["delivered"] else 0.0,
            )
            for row in found
            if row["hour"] < HOURS
        }
        delivered = sum(row["delivered"] for row in found)
        return DayFigures(
            hours=[hours.get(hour, HourFigures(hour=hour)) for hour in range(HOURS)],
            calls=sum(row["calls"] for row in found),
            delivered=delivered,
            failed=sum(row["failed"] for row in found),
            took_s=sum(row["took_s"] for row in found) / delivered if delivered else 0.0,
            cut=sum(row["events"] for row in found) >= MOST_OF_DAY,
        )

    def last_heard(self, exchange: str) -> float | None:
        by_time = self._db.read(HEARD_BY_TIME, exchange=exchange)
        near = self._db.read(HEARD_NEAR, exchange=exchange, limit=NEAR)
        seen = [row["at"] for row in (*by_time, *near) if row["at"] is not None]
        return max(seen, default=None)

    def last_told(self) -> dict[str, Told]:
        found = self._db.read(LAST_TOLD, limit=LATEST)
        return {
            row["infobase"]: Told(at=row["at"], verdict=row["verdict"], answer=row["answer"]) for row in found
        }
