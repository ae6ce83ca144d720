"""1C asks about calls: whose it may know, what its exchange may still be asked, and within which time."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta, tzinfo
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

from bridge.core.calls import Subscriber
from bridge.core.errors import JournalRefused
from bridge.core.numbers import same_digits
from bridge.core.past_calls import CallEvents, CallInfo, CallJournal, JournalCall, JournalDay
from bridge.flows.call_info import call_info
from bridge.flows.call_journal import Day, call_journal
from bridge.flows.call_view import CallView, Scope
from bridge.observe import log
from bridge.settings import Settings
from bridge.wiring.healing import exchange_journal
from bridge.wiring.partners import people_of
from bridge.wiring.seats import Seats

# 1C waits for 20 s as a rule; one call may be asked for by two of its names
DAY_S = 10.0
CALL_S = 5.0
BUSY = "мост уже задаёт АТС столько вопросов, сколько может сразу"


class Calls:
    """What `GetCallInfo` and `GetCallJournal` open into.

    Args:
        finders: infobase -> whom it means by a handle.
        seats: how many may wait for an exchange at once; they must leave threads for the hooks.
        clock: unix time in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        events: CallEvents,
        finders: Mapping[str, Callable[[str], Subscriber | None]],
        seats: int,
        outside: threading.BoundedSemaphore,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._events = events
        self._clock = clock
        self._scopes = {name: _scope(settings, name, find) for name, find in finders.items()}
        waiting = Seats(seats, outside)
        self._asked = {
            name: _Asked(exchange_journal(section, DAY_S), exchange_journal(section, CALL_S), waiting)
            for name, section in settings.exchange.items()
            if section.journal_token.get_secret_value()
        }

    def zone(self, infobase: str) -> tzinfo:
        """Of the wall of its exchange."""
        return ZoneInfo(self._settings.exchange[self._scopes[infobase].exchange].timezone)

    def info(self, infobase: str, handle: str, call_id: str) -> CallView:
        """One call; see the flow."""
        scope = self._scopes[infobase]
        return call_info(
            handle,
            call_id,
            scope=scope,
            events=self._events,
            exchange=self._asked.get(scope.exchange),
            now_s=self._clock(),
        )

    def journal(self, infobase: str, handle: str, day: date) -> list[CallView]:
        """The calls of one day; see the flow."""
        scope, now_s = self._scopes[infobase], self._clock()
        since_s, until_s = (_midnight(one, self.zone(infobase)) for one in (day, day + timedelta(days=1)))
        section = self._settings.exchange[scope.exchange]
        return call_journal(
            handle,
            Day(text=day.isoformat(), since_s=since_s, until_s=until_s),
            scope=scope,
            events=self._events,
            exchange=self._asked.get(scope.exchange),
            now_s=now_s,
            whole_after_s=until_s + section.reconcile_lag_s,
            kept_since_s=now_s - self._settings.server.keep_days * 24 * 3600.0,
            unreadable=lambda count: log.warning(
                "journal_unreadable", exchange=scope.exchange, records=count
            ),
        )


class _Asked:
    """An exchange that only so many may wait for."""

    def __init__(self, of_day: CallJournal | None, of_call: CallInfo | None, waiting: Seats) -> None:
        self._of_day = of_day
        self._of_call = of_call
        self._waiting = waiting

    def calls(self, day: str) -> JournalDay:
        with self._seat():
            return self._of_day.calls(day) if self._of_day else JournalDay(calls=())

    def call(self, call_id: str) -> JournalCall | None:
        with self._seat():
            return self._of_call.call(call_id) if self._of_call else None

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._waiting.acquire(blocking=False):
            raise JournalRefused(BUSY)
        try:
            yield
        finally:
            self._waiting.release()


def _scope(settings: Settings, infobase: str, find: Callable[[str], Subscriber | None]) -> Scope:
    section = settings.infobase[infobase]
    return Scope(
        infobase=infobase,
        exchange=section.exchange,
        find=find,
        people=people_of(settings, infobase) if section.subscribers else (),
        called=frozenset(map(same_digits, section.called)),
        missed_by=settings.exchange[section.exchange].missed_by,
    )


def _midnight(day: date, zone: tzinfo) -> float:
    return datetime.combine(day, time_of_day(), zone).timestamp()
