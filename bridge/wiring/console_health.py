"""How each link of the bridge is, for the console's first page: looked up anew each time."""

import time
from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from bridge.core.breaker import Breaker
from bridge.core.delivery import DeliveryState
from bridge.core.overview import Heap, Overview, Told
from bridge.core.watch import WorkHours
from bridge.settings import ExchangeSection, InfobaseSection, Settings
from bridge.store.archive import Archive
from bridge.web.console.roads import Alarm, Condition, Health, Link
from bridge.wiring.wall import wall_s

OLD_S = 900.0  # what waits longer, and 1C is there, is stuck
UNCOLLECTED_S = 600.0
WAITING, DEAD = DeliveryState.QUEUED, DeliveryState.DEAD
FAILED = ("retry", "away", "denied", "gave_up")
TOLD_OF = {"away": Condition.AWAY, "denied": Condition.DENIED}
BROKEN = (Condition.SILENT, Condition.AWAY, Condition.DENIED, Condition.NOT_COLLECTED)


class Watch:
    """Looks at everything that the settings name.

    Args:
        breakers: of the infobases that this process tells; empty in a process that tells nobody: there the
            last attempt of whoever does speaks for them.
        began: when the bridge did, unix time: what it did not hear while it was off is no silence.
        clock: unix time in seconds.
    """

    def __init__(
        self,
        settings: Settings,
        overview: Overview,
        *,
        breakers: Callable[[], Mapping[str, Breaker]],
        began: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._overview = overview
        self._breakers = breakers
        self._clock = clock
        self._began = began

    def look(self) -> Health:
        """
        Raises:
            StoreUnavailable: nobody knows.
        """
        now = self._clock()
        counted = self._overview.heaps(list(self._settings.infobase))
        heaps = {(one.infobase, one.state): one for one in counted}
        links = [self._exchange(name, section, now) for name, section in self._settings.exchange.items()]
        told, polled, breakers = self._overview.last_told(), self._polled(), self._breakers()
        for name, section in self._settings.infobase.items():
            if section.contract == "mailbox":
                links.append(_mailbox(name, polled.get(name), heaps.get((name, WAITING)), now))
            else:
                links.append(_infobase(name, section, breakers.get(name), told.get(name), now))
        alarms = [
            Alarm(condition=link.condition, name=link.name, ago_s=link.ago_s, reason=link.reason)
            for link in links
            if link.condition in BROKEN
        ]
        broken = {one.name for one in alarms}
        alarms += [*_stuck(counted, broken, now), *self._stopped(now)]
        return Health(links=links, alarms=alarms, heaps=counted)

    def _exchange(self, name: str, section: ExchangeSection, now: float) -> Link:
        heard = self._overview.last_heard(name)
        zone, hours = ZoneInfo(section.timezone), WorkHours.parse(section.work_hours, section.work_days)
        since = max(heard or 0.0, self._began)
        silent_s = hours.between(wall_s(since, zone), wall_s(now, zone))
        condition = Condition.HEARD if heard else Condition.NEVER_HEARD
        if section.silence_s and silent_s >= section.silence_s:
            condition = Condition.SILENT
        return Link(
            kind="exchange", name=name, condition=condition, ago_s=max(0.0, now - heard) if heard else None
        )

    def _polled(self) -> Mapping[str, float]:
        if all(one.contract != "mailbox" for one in self._settings.infobase.values()):
            return {}
        return self._archive().last_polled()

    def _stopped(self, now: float) -> list[Alarm]:
        archive = self._archive()
        alarms = [
            Alarm(
                condition=Condition.STOPPED, name=one.infobase, ago_s=max(0.0, now - one.at), reason=one.why
            )
            for one in archive.dial_stops()
        ]
        latest = {one.exchange: one for one in reversed(archive.reconciliations())}
        return alarms + [
            Alarm(
                condition=Condition.NOT_RECONCILED,
                name=name,
                ago_s=max(0.0, now - one.at),
                reason=one.problem,
            )
            for name, one in latest.items()
            if one.problem and name in self._settings.exchange
        ]

    def _archive(self) -> Archive:
        return Archive(self._settings.server.database)


def _infobase(
    name: str, section: InfobaseSection, breaker: Breaker | None, told: Told | None, now: float
) -> Link:
    condition, reason = Condition.NOT_TOLD, ""
    if section.contract == "none":
        condition = Condition.ONLY_DIALS
    elif breaker and breaker.open:
        condition, reason = Condition.DENIED if breaker.denied else Condition.AWAY, breaker.reason
    elif told and told.verdict == "done":
        condition = Condition.HEARS
    elif told and breaker is None and told.verdict in TOLD_OF:
        condition, reason = TOLD_OF[told.verdict], told.answer
    elif told and told.verdict in FAILED:
        condition, reason = Condition.FAULTS, told.answer
    ago_s = max(0.0, now - told.at) if told and condition is not Condition.ONLY_DIALS else None
    return Link(kind="infobase", name=name, condition=condition, ago_s=ago_s, reason=reason)


def _mailbox(name: str, polled_at: float | None, waiting: Heap | None, now: float) -> Link:
    ago_s = None if polled_at is None else max(0.0, now - polled_at)
    forgotten = waiting is not None and (ago_s is None or ago_s > UNCOLLECTED_S)
    condition = Condition.NOT_COLLECTED if forgotten else Condition.COLLECTS
    return Link(
        kind="mailbox",
        name=name,
        condition=condition if waiting or polled_at else Condition.NOT_TOLD,
        ago_s=ago_s,
    )


def _stuck(heaps: Iterable[Heap], broken: set[str], now: float) -> list[Alarm]:
    alarms = []
    for heap in heaps:
        ago_s = max(0.0, now - heap.oldest_at)
        if heap.state is DEAD:
            alarms.append(Alarm(condition=Condition.DEAD, name=heap.infobase, count=heap.count, ago_s=ago_s))
        elif heap.state is WAITING and ago_s > OLD_S and heap.infobase not in broken:
            alarms.append(Alarm(condition=Condition.OLD, name=heap.infobase, count=heap.count, ago_s=ago_s))
    return alarms
