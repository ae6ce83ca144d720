"""What the hook missed is healed, and its silence noticed: what a bridge does by the clock."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from datetime import time as time_of_day
from typing import Protocol
from zoneinfo import ZoneInfo

from bridge.chores import Chore
from bridge.core.errors import JournalRefused
from bridge.core.past_calls import CallRecords
from bridge.core.ports import Outbox
from bridge.core.watch import Notice, WorkHours, notice
from bridge.flows.reconcile import Reconciliation, reconcile
from bridge.flows.take_event import Audience
from bridge.observe import Figures, log
from bridge.settings import ExchangeSection, Settings
from bridge.vpbx.mobilon.client import BASE_URLS, MobilonApi
from bridge.vpbx.mobilon.journal import MAX_JOURNAL_BYTES, MobilonJournal
from bridge.wire import Wire
from bridge.wiring.wall import wall_s

JOURNAL_S = 60.0  # nobody waits for it but a chore or an operator
START_DELAY_S = 15.0  # what waits is told first
WATCH_EVERY_S = 60.0
SAME_MOMENT_S = 60.0  # clocks of the wall and of the thread drift apart over a day
DAY_S = 24 * 3600.0
OVERLAP_DAYS = 2  # today and yesterday: calls over midnight, and those that were too fresh


class PastCalls(CallRecords, Outbox, Protocol):
    """What healing needs of the store."""


def exchange_journal(section: ExchangeSection, total_s: float = JOURNAL_S) -> MobilonJournal | None:
    """The journal of an exchange; None when its token is not set.

    It is of the API that `connect` dials with (Mobilon, contents/vpbx/api.md, 2017-06-02); the later
    lines document none.
    """
    token = section.journal_token.get_secret_value()
    if not token:
        return None
    own = section.base_url if MobilonApi(section.api) is MobilonApi.CONNECT else None
    return MobilonJournal(
        wire=Wire(connect_s=min(5.0, total_s), total_s=total_s, max_bytes=MAX_JOURNAL_BYTES, reuse=False),
        base_url=section.journal_url or own or BASE_URLS[MobilonApi.CONNECT],
        token=token,
        timezone=section.timezone,
    )


class Healer:
    """Reconciles the exchanges that have a journal. Safe beside a running bridge and another healer.

    Args:
        hint: wakes whoever tells the named infobases.
        clock: unix time in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        store: PastCalls,
        audiences_of: Callable[[str], Sequence[Audience]],
        hint: Callable[..., None],
        figures: Figures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sections = settings.exchange
        self._keep_days = settings.server.keep_days
        self._store = store
        self._audiences_of = audiences_of
        self._hint = hint
        self._figures = figures
        self._clock = clock
        self._journals = {
            name: journal
            for name, section in settings.exchange.items()
            if (journal := exchange_journal(section))
        }

    @property
    def exchanges(self) -> Sequence[str]:
        """Those that have a journal."""
        return tuple(self._journals)

    def days(self, exchange: str, count: int = OVERLAP_DAYS) -> list[str]:
        """The last `count` days on the exchange's wall, `YYYY-MM-DD`, today the last."""
        today = datetime.fromtimestamp(self._clock(), ZoneInfo(self._sections[exchange].timezone)).date()
        return [(today - timedelta(days=ago)).isoformat() for ago in reversed(range(count))]

    def reconcile_day(self, exchange: str, day: str, *, since_s: float = 0.0) -> Reconciliation:
        """Add what the hook missed on that day, and keep the report; calls that ended before `since_s` are
        none of ours.

        Raises:
            JournalRefused: the exchange did not give its journal; nothing was added.
            StoreUnavailable: it could not all be added; doing it again adds the rest.
        """
        try:
            done = reconcile(
                day,
                exchange=exchange,
                journal=self._journals[exchange],
                records=self._store,
                outbox=self._store,
                audiences=self._audiences_of(exchange),
                now_s=self._clock(),
                lag_s=self._sections[exchange].reconcile_lag_s,
                since_s=since_s,
            )
        except JournalRefused as refused:
            self._note(exchange, Reconciliation(day=day), str(refused))
            raise
        if done.hints:
            self._hint(*done.hints)
        self._figures.recovered.labels(exchange).inc(done.added)
        self._note(exchange, done, f"не разобрано записей: {done.unreadable}" if done.unreadable else "")
        log.info(
            "reconciled",
            exchange=exchange,
            day=".".join(reversed(day.split("-"))),  # with hyphens it would look like a telephone number
            in_exchange=done.in_exchange,
            known=done.known,
            added=done.added,
            too_fresh=done.too_fresh,
            too_old=done.too_old,
            unreadable=done.unreadable,
        )
        return done

    def forgotten_s(self) -> float:
        """Calls that ended before may have been told and forgotten since (unix time)."""
        return self._clock() - self._keep_days * DAY_S

    def reconcile_overlap(self, exchange: str, *, since_s: float) -> None:
        """Yesterday and today."""
        for day in self.days(exchange):
            self.reconcile_day(exchange, day, since_s=since_s)

    def next_in(self, exchange: str) -> float:
        """Seconds until the hour of reconciliation on the exchange's wall."""
        section = self._sections[exchange]
        return seconds_until(section.reconcile_at, section.timezone, self._clock())

    def _note(self, exchange: str, done: Reconciliation, problem: str) -> None:
        self._store.note_reconciliation(
            exchange=exchange,
            day=done.day,
            in_exchange=done.in_exchange,
            known=done.known,
            added=done.added,
            problem=problem,
        )


class Watchdog:
    """Says once that the hook of an exchange fell silent, and once that it speaks again."""

    def __init__(
        self,
        exchange: str,
        section: ExchangeSection,
        *,
        last_heard: Callable[[str], float | None],
        figures: Figures,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._exchange = exchange
        self._limit_s = section.silence_s
        self._hours = WorkHours.parse(section.work_hours, section.work_days)
        self._zone = ZoneInfo(section.timezone)
        self._last_heard = last_heard
        self._figures = figures
        self._clock = clock
        self._began = clock()  # what the bridge did not hear while it was off is no silence
        self._alarmed = False

    def look(self) -> None:
        """Compare now with the last word of the hook.

        Raises:
            StoreUnavailable: nobody knows when that was.
        """
        since = max(self._last_heard(self._exchange) or 0.0, self._began)
        silent_s = self._hours.between(wall_s(since, self._zone), wall_s(self._clock(), self._zone))
        self._figures.hook_silent_seconds.labels(self._exchange).set(silent_s)
        match notice(silent_s, limit_s=self._limit_s, alarmed=self._alarmed):
            case Notice.SILENT:
                self._alarmed = True
                log.warning("hook_silent", exchange=self._exchange, working_hours=round(silent_s / 3600, 1))
            case Notice.HEARD_AGAIN:
                self._alarmed = False
                log.info("hook_heard_again", exchange=self._exchange)


def chores(
    settings: Settings,
    *,
    store: PastCalls,
    first_heard: Callable[[str], float | None],
    last_heard: Callable[[str], float | None],
    audiences_of: Callable[[str], Sequence[Audience]],
    hint: Callable[..., None],
    figures: Figures,
    extra: Sequence[Chore] = (),
    clock: Callable[[], float] = time.time,
) -> list[Chore]:
    """Everything a bridge does by the clock.

    Args:
        first_heard: the same for the first time: calls from before the bridge was told of any are in 1C by
            other ways, or nobody wants them. An operator may still ask for them by the day.
        last_heard: exchange -> when its hook last spoke (unix time), not counting what reconciliation
            added; None when it never did.
        extra: chores that have nothing to do with healing.
    """
    healer = Healer(settings, store=store, audiences_of=audiences_of, hint=hint, figures=figures, clock=clock)
    made = [_reconciling(healer, name, first_heard) for name in healer.exchanges]
    for name, section in settings.exchange.items():
        if section.silence_s:
            watchdog = Watchdog(name, section, last_heard=last_heard, figures=figures, clock=clock)
            made.append(_watching(watchdog, name))
    return [*made, *extra]


def seconds_until(at: str, timezone: str, now: float) -> float:
    """Seconds from `now` (unix time) to the next `HH:MM` on that wall.

    >>> seconds_until("03:30", "Europe/Moscow", 0.0)  # 1970-01-01 03:00 there
    1800.0
    """
    zone = ZoneInfo(timezone)
    day = datetime.fromtimestamp(now, zone).date()
    while True:
        wait_s = datetime.combine(day, time_of_day.fromisoformat(at), zone).timestamp() - now
        if wait_s > SAME_MOMENT_S:
            return wait_s
        day += timedelta(days=1)


def _reconciling(healer: Healer, exchange: str, first_heard: Callable[[str], float | None]) -> Chore:
    def work() -> None:
        since_s = first_heard(exchange)
        if since_s is not None:
            healer.reconcile_overlap(exchange, since_s=max(since_s, healer.forgotten_s()))

    return Chore(
        name=f"reconcile:{exchange}",
        first_in_s=START_DELAY_S,
        next_in=lambda: healer.next_in(exchange),
        work=work,
    )


def _watching(watchdog: Watchdog, exchange: str) -> Chore:
    return Chore(
        name=f"watch:{exchange}",
        first_in_s=WATCH_EVERY_S,
        next_in=lambda: WATCH_EVERY_S,
        work=watchdog.look,
    )
