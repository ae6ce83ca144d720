"""1C dials: the desks of the infobases, their rules, and the alarm when somebody dials too often."""

import math
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache, partial
from zoneinfo import ZoneInfo

from bridge.core.calls import Subscriber
from bridge.core.dial_limits import DialLimits
from bridge.core.dialing import CallCode, CallResult, DialPolicy
from bridge.core.numbers import mask
from bridge.core.ports import DialLog, Exchange
from bridge.core.steps import Steps, whole
from bridge.core.watch import WorkHours
from bridge.flows.make_call import Desk, click
from bridge.observe import Figures, log
from bridge.pausing import pausing
from bridge.settings import Settings
from bridge.settings.partners import DialSection
from bridge.wiring.partners import exchange_client, people_of, subscribers_of
from bridge.wiring.wall import wall_s

LOOK_EVERY_S = 0.05  # into the database: another process may be dialling
ALARM_EVERY_S = 60.0
WAITING_SHARE = 4  # of the threads, this part may wait for the answer to another click of one infobase
BUSY = CallResult.fail(CallCode.BUSY, "Мост занят другими наборами, звонок не начат: повторите через минуту")


class Dialling:
    """What `MakeCall` and its HTTP twin open into.

    Args:
        seats: how many may be dialled at once; slow dials must leave threads for the hooks.
    """

    def __init__(
        self, settings: Settings, *, dial_log: DialLog, figures: Figures, seats: threading.BoundedSemaphore
    ) -> None:
        self._settings = settings
        self._dial_log = dial_log
        self._counters = cache(figures.dials.labels)
        self._seats = seats
        self._alarm = _Alarm()
        self._answers = _Answers(dial_log)
        self._zones = {name: ZoneInfo(section.timezone) for name, section in settings.exchange.items()}
        clients = {name: exchange_client(section) for name, section in settings.exchange.items()}
        self.desks: Mapping[str, Desk] = {
            name: desk(settings, name, clients[section.exchange])
            for name, section in settings.infobase.items()
        }
        waiters = max(1, settings.server.threads // WAITING_SHARE)
        self._waiting = {name: threading.BoundedSemaphore(waiters) for name in self.desks}

    def dial(self, infobase: str, handle: str, number: str, *, since: float = math.inf) -> CallResult:
        """One click; what the accountant reads.

        Args:
            since: as of `flows.make_call.click`.
        """
        return whole(self.click(infobase, handle, number, since=since))

    def click(self, infobase: str, handle: str, number: str, *, since: float = math.inf) -> Steps[CallResult]:
        """`dial` in steps."""
        if not self._seats.acquire(blocking=False):
            result = BUSY
        else:
            try:
                result = yield from self._click(infobase, handle, number, since)
            finally:
                self._seats.release()
        self._tell(infobase, handle, number, result)
        return result

    def _click(self, infobase: str, handle: str, number: str, since: float) -> Steps[CallResult]:
        exchange = self._settings.infobase[infobase].exchange
        patience_s = self._settings.exchange[exchange].timeout_s
        try:
            return (
                yield from click(
                    handle,
                    number,
                    desk=self.desks[infobase],
                    dial_log=self._dial_log,
                    wait_for_first=partial(self._answers.wait, patience_s, self._waiting[infobase]),
                    wall_s=wall_s(time.time(), self._zones[exchange]),
                    since=since,
                )
            )
        finally:
            self._answers.tell()

    def _tell(self, infobase: str, handle: str, number: str, result: CallResult) -> None:
        self._counters(infobase, str(result.code)).inc()
        subscriber = self.desks[infobase].find(handle)
        log.info(
            "dial",
            infobase=infobase,
            subscriber=subscriber.name or "unlisted" if subscriber else "unknown",
            number=mask(number),
            result=result.status.value,
            code=result.code,
        )
        if result.code == CallCode.TOO_OFTEN and (refused := self._alarm.ring(infobase)):
            log.warning("dial_burst", infobase=infobase, refused=refused, reason=result.message)


class _Alarm:
    """Says a thing that happens often at most once in `ALARM_EVERY_S`, with how often it happened."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._said_at: dict[str, float] = {}

    def ring(self, infobase: str) -> int:
        """How many refusals to tell of now; 0 when the last word is still fresh."""
        now = time.monotonic()
        with self._lock:
            self._counts[infobase] = self._counts.get(infobase, 0) + 1
            if now - self._said_at.get(infobase, -ALARM_EVERY_S) < ALARM_EVERY_S:
                return 0
            self._said_at[infobase] = now
            return self._counts.pop(infobase)


class _Answers:
    """Whoever clicked a number that is being dialled waits here for the answer to the first click."""

    def __init__(self, log_of_dials: DialLog) -> None:
        self._log_of_dials = log_of_dials
        self._told = threading.Condition()
        self._waiting = 0

    def tell(self) -> None:
        """A dial of this process has its answer."""
        if self._waiting:
            with self._told:
                self._told.notify_all()

    def wait(self, patience_s: float, seats: threading.BoundedSemaphore, dial_id: int) -> CallResult | None:
        """The answer, waited for not longer than the exchange may take.

        Without a seat it looks once: one number clicked again and again must not keep everybody from
        dialling.
        """
        if not seats.acquire(blocking=False):
            return self._log_of_dials.look(dial_id)
        until = time.monotonic() + patience_s
        with self._told:
            self._waiting += 1
        try:
            while (result := self._log_of_dials.look(dial_id)) is None and time.monotonic() < until:
                with pausing(), self._told:
                    self._told.wait(LOOK_EVERY_S)
            return result
        finally:
            with self._told:
                self._waiting -= 1
            seats.release()


def desk(settings: Settings, name: str, client: Exchange) -> Desk:
    """What the infobase called `name` may dial with."""
    section = settings.infobase[name]
    exchange = settings.exchange[section.exchange]
    people, everybody = people_of(settings, name), subscribers_of(exchange)
    return Desk(
        infobase=name,
        exchange=client,
        subscribers=people,
        others=[one for one in everybody if one not in people],
        policy=_policy(section.dial, everybody),
        limits=DialLimits(**{limit: getattr(section.dial, limit) for limit in DialLimits.__annotations__}),
        unlisted_keys=section.unlisted_keys,
        area_code=exchange.area_code,
        double_click_s=section.dial.double_click_s,
    )


def _policy(dial: DialSection, people: Sequence[Subscriber]) -> DialPolicy:
    short = {person.extension for person in people if person.extension}
    for numbers in dial.short_numbers:
        first, _, last = numbers.partition("-")
        short.update(f"{one:0{len(first)}}" for one in range(int(first), int(last or first) + 1))
    return DialPolicy(
        countries=frozenset(dial.countries),
        premium=dial.premium,
        allowed=tuple(dial.allow),
        denied=tuple(dial.deny),
        short=frozenset(short) if dial.internal else frozenset(),
        hours=WorkHours.parse(dial.hours, dial.days) if dial.hours else None,
    )
