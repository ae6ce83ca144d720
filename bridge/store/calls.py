"""Past calls as they are asked for: one by any of its names, and all of a span of time."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.core.errors import TooMuch
from bridge.core.folding import names_of
from bridge.core.past_calls import DialledCall
from bridge.core.ports import StoredEvent
from bridge.store import rows
from bridge.store.session import Database
from bridge.store.statements import EVENT_COLUMNS

MOST_EVENTS = 20_000
MOST_OF_CALL = 1_000
# Mobilon's names of a call but the uuid are Asterisk's names of channels, `<second>.<number>`
_CHANNEL = re.compile(r"(\d{9,10})\.\d{1,12}")
BEFORE_S, AFTER_S = 600, 4 * 3600  # of the second in a name, where its call is looked for
CLOCKS_S = 3600  # the exchange's clock and ours
DAY_S = 24 * 3600

OF_CALL = f"""
SELECT {EVENT_COLUMNS} FROM event e
 WHERE e.exchange = :exchange AND e.call_id = :call_id AND e.merged_into IS NULL
 ORDER BY e.id LIMIT :limit
"""  # noqa: S608 - put together from constants
# The names are inside `fields`: the index brings a few hours, which are read through, up to `limit`.
NAMED_SO = """
SELECT near.call_id, near.fields
  FROM (SELECT call_id, fields FROM event
         WHERE exchange = :exchange AND time_s BETWEEN :since AND :until
         ORDER BY time_s LIMIT :limit) AS near
 WHERE near.fields LIKE :like
"""
OF_SPAN = f"""
SELECT {EVENT_COLUMNS} FROM event e
 WHERE e.exchange = :exchange AND e.merged_into IS NULL AND e.call_id IN (
   SELECT call_id FROM event WHERE exchange = :exchange AND time_s >= :since AND time_s < :until
   UNION
   SELECT call_id FROM event
    WHERE exchange = :exchange AND time_s IS NULL AND merged_into IS NULL
      AND received_at >= :since AND received_at < :until)
 LIMIT :limit
"""  # noqa: S608 - put together from constants
DIALLED = """
SELECT subscriber, number, begun_at FROM dial
 WHERE infobase = :infobase AND begun_at BETWEEN :since AND :until AND call_id = :call_id AND call_id <> ''
 ORDER BY begun_at DESC LIMIT 1
"""
# What was too fresh, too old or unreadable is neither known nor added.
WHOLE_DAY = """
SELECT id FROM reconciliation
 WHERE exchange = :exchange AND day = :day AND at > :after AND problem = '' AND in_exchange = known + added
 LIMIT 1
"""


class Calls:
    """`CallEvents` on any `Database`.

    Args:
        settle: returns when the results of dials that this process knows are in the database.
    """

    def __init__(
        self, db: Database, clock: Callable[[], float], settle: Callable[[], None] = lambda: None
    ) -> None:
        self._db = db
        self._clock = clock
        self._settle = settle

    def of_call(self, exchange: str, call_id: str) -> Sequence[StoredEvent]:
        facts = {"exchange": exchange, "call_id": rows.storable(call_id), "limit": MOST_OF_CALL}
        found = self._db.read(OF_CALL, **facts)
        if not found and (named := self._named_so(exchange, call_id)):
            found = self._db.read(OF_CALL, **facts | {"call_id": named})
        return rows.stored_events(found)

    def _named_so(self, exchange: str, name: str) -> str | None:
        """The id of the call that the exchange also calls `name`."""
        channel = _CHANNEL.fullmatch(name)
        if channel is None:
            return None
        second = int(channel[1])
        near = self._db.read(
            NAMED_SO,
            exchange=exchange,
            since=second - BEFORE_S,
            until=second + AFTER_S,
            limit=MOST_EVENTS,
            like=f"%{name}%",
        )
        exact = (row["call_id"] for row in near if name in names_of(rows.fields(row)))
        return next(exact, None)

    def of_span(self, exchange: str, *, since_s: float, until_s: float) -> Sequence[StoredEvent]:
        facts: Mapping[str, Any] = {
            "exchange": exchange,
            "since": math.floor(since_s),
            "until": math.ceil(until_s),
            "limit": MOST_EVENTS + 1,
        }
        found = self._db.read(OF_SPAN, **facts)
        if len(found) > MOST_EVENTS:
            raise TooMuch(f"За это время больше {MOST_EVENTS} событий: мост не отдаёт столько сразу")
        return rows.stored_events(found)

    def dialled(self, infobase: str, call_id: str) -> DialledCall | None:
        """By a name that does not say when, only what was dialled of late."""
        channel = _CHANNEL.fullmatch(call_id)
        until = int(channel[1]) + CLOCKS_S if channel else self._clock()
        since = until - (2 * CLOCKS_S if channel else DAY_S)
        self._settle()
        found = self._db.read(
            DIALLED, infobase=infobase, call_id=rows.storable(call_id), since=since, until=until
        )
        if not found:
            return None
        row = found[0]
        return DialledCall(subscriber=row["subscriber"], number=row["number"], begun_at=row["begun_at"])

    def whole_day(self, exchange: str, day: str, *, after_s: float) -> bool:
        return bool(self._db.read(WHOLE_DAY, exchange=exchange, day=day, after=after_s))
