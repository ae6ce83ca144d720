"""What the first page says of each link, and what it alarms people about."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bridge.core.accounts import Role
from bridge.core.breaker import Breaker
from bridge.core.calls import Subscriber
from bridge.core.delivery import Away, Denied, Done, Faulted, GaveUp, RetryIn, decide
from bridge.store.archive import Archive
from bridge.store.sqlite import SqliteStore
from bridge.web.console.roads import Condition, Health
from bridge.wiring.console_extras import first_step
from bridge.wiring.console_health import OLD_S, UNCOLLECTED_S, Watch
from support.stand import Clock, journal, said
from support.world import settings

MONDAY_NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Europe/Moscow")).timestamp()
LETTER = replace(journal("box"), mail=True)


class Looking:
    """A store and a watch on it, with a hand on the clock."""

    def __init__(self, folder: Path) -> None:
        def infobases(onec_url: str) -> dict[str, dict[str, object]]:
            return {
                "buh": {"exchange": "main", "contract": "vatscalls", "url": f"{onec_url}/ws/VATScalls"},
                "box": {"exchange": "main", "contract": "mailbox"},
                "desk": {"exchange": "main"},
            }

        made = settings(folder, "http://127.0.0.1:1", "http://127.0.0.1:2", infobases=infobases)
        self.settings = made
        self.clock = Clock(MONDAY_NOON)
        self.store = SqliteStore(Path(made.server.database), clock=self.clock)
        self.archive = Archive(made.server.database, clock=self.clock)
        self.breakers: dict[str, Breaker] = {}
        self._watch = Watch(
            made, self.store.overview, breakers=lambda: self.breakers, began=self.clock(), clock=self.clock
        )

    def look(self) -> Health:
        return self._watch.look()

    def links(self) -> dict[str, Condition]:
        return {one.name: one.condition for one in self.look().links}

    def alarms(self) -> list[tuple[Condition, str]]:
        return [(one.condition, one.name) for one in self.look().alarms]

    def told(self, verdict: object) -> None:
        claim = self.store.claim("buh")
        assert claim is not None
        self.store.settle(claim, verdict)


@pytest.fixture
def looking(tmp_path: Path) -> Iterator[Looking]:
    made = Looking(tmp_path)
    yield made
    made.store.close()


def test_at_first_nothing_is_known_and_nothing_is_wrong(looking: Looking) -> None:
    assert looking.links() == {
        "main": Condition.NEVER_HEARD,
        "buh": Condition.NOT_TOLD,
        "box": Condition.NOT_TOLD,
        "desk": Condition.ONLY_DIALS,
    }
    assert looking.alarms() == []


def test_a_link_is_known_by_what_passed_last(looking: Looking) -> None:
    for call in ("c1", "c2", "c3"):
        looking.store.accept(said(call), [journal()], merge_s=0)
    looking.told(Done("1"))
    assert looking.links()["main"] is Condition.HEARD
    assert looking.links()["buh"] is Condition.HEARS
    looking.told(RetryIn(60.0, "Ошибка записи", counted=True))
    assert looking.links()["buh"] is Condition.FAULTS
    looking.told(GaveUp("нет номенклатуры"))
    link = next(one for one in looking.look().links if one.name == "buh")
    assert (link.condition, link.reason) == (Condition.FAULTS, "нет номенклатуры")
    assert looking.alarms() == [(Condition.DEAD, "buh")]


@pytest.mark.parametrize(("denied", "said_of_it"), [(False, Condition.AWAY), (True, Condition.DENIED)])
def test_a_1c_that_is_away_is_an_alarm_with_its_reason(
    looking: Looking, *, denied: bool, said_of_it: Condition
) -> None:
    looking.breakers = {"buh": Breaker(open=True, denied=denied, reason="соединение отвергнуто")}
    assert looking.links()["buh"] is said_of_it
    (alarm,) = looking.look().alarms
    assert (alarm.condition, alarm.name, alarm.reason) == (said_of_it, "buh", "соединение отвергнуто")


@pytest.mark.parametrize(
    ("outcome", "said_of_it"),
    [
        (Away("соединение отвергнуто"), Condition.AWAY),
        (Away("молчит", hung=True), Condition.AWAY),
        (Denied("HTTP 401"), Condition.DENIED),
        (Faulted("ошибка записи"), None),
    ],
)
def test_where_nobody_tells_1c_the_last_attempt_speaks_for_it(
    looking: Looking, outcome: Away | Denied | Faulted, said_of_it: Condition | None
) -> None:
    """As the entrances of `serve --workers` are, and `--role web`."""
    looking.store.accept(said("c1"), [journal()], merge_s=0)
    looking.told(decide(outcome, tries=0, limit=10, dice=0.5))
    told = [(one.condition, one.name, one.reason) for one in looking.look().alarms]
    assert told == ([(said_of_it, "buh", outcome.reason)] if said_of_it else [])
    looking.breakers = {"buh": Breaker(failures=1, reason=outcome.reason)}  # it is known better here
    assert looking.links()["buh"] is Condition.FAULTS
    looking.breakers = {}
    looking.clock.advance(60)
    looking.told(Done("1"))
    assert looking.alarms() == []
    assert looking.links()["buh"] is Condition.HEARS


def test_what_waits_for_long_is_an_alarm_once(looking: Looking) -> None:
    looking.store.accept(said("c1"), [journal()], merge_s=0)
    looking.clock.advance(OLD_S + 1)
    assert looking.alarms() == [(Condition.OLD, "buh")]
    looking.breakers = {"buh": Breaker(open=True, reason="выключена")}
    assert looking.alarms() == [(Condition.AWAY, "buh")]


def test_a_hook_that_is_silent_in_working_hours_is_an_alarm(looking: Looking) -> None:
    looking.store.accept(said("c1"), [], merge_s=0)
    looking.clock.advance(3 * 3600.0)
    assert looking.alarms() == []
    looking.clock.advance(2 * 3600.0)
    assert looking.alarms() == [(Condition.SILENT, "main")]
    looking.store.accept(said("c2", time_s=200), [], merge_s=0)
    assert looking.alarms() == []


def test_a_night_is_no_silence(looking: Looking) -> None:
    looking.clock.advance(6 * 3600.0)  # 18:00
    looking.store.accept(said("c1"), [], merge_s=0)
    looking.clock.advance(14 * 3600.0)
    assert looking.alarms() == []


def test_a_mailbox_that_nobody_collects_is_an_alarm(looking: Looking) -> None:
    looking.store.accept(said("c1"), [LETTER], merge_s=0)
    anna = Subscriber(name="Анна", extension="101")
    looking.store.acknowledge("box", anna, after_id=0)
    assert looking.links()["box"] is Condition.COLLECTS
    assert looking.alarms() == []
    looking.clock.advance(UNCOLLECTED_S + 1)
    assert looking.alarms() == [(Condition.NOT_COLLECTED, "box")]


def test_stopped_calls_and_a_failed_reconciliation_are_alarms(looking: Looking) -> None:
    looking.archive.stop_dialling("", "украли пароль")
    note = looking.store.note_reconciliation
    facts = {"exchange": "main", "day": "2026-11-22", "in_exchange": 0, "known": 0, "added": 0}
    note(**facts, problem="токен не подходит")
    assert [(one.condition, one.reason) for one in looking.look().alarms] == [
        (Condition.STOPPED, "украли пароль"),
        (Condition.NOT_RECONCILED, "токен не подходит"),
    ]
    looking.archive.allow_dialling("")
    note(**facts, problem="")
    assert looking.alarms() == []


def test_a_bridge_without_users_says_how_the_first_is_made(looking: Looking) -> None:
    with capture_logs() as said:
        first_step(looking.settings, looking.store.accounts)
        looking.store.accounts.add("anna", Role.OPERATOR, "hash")
        first_step(looking.settings, looking.store.accounts)
    (line,) = said
    assert (line["event"], line["then"]) == ("console_without_users", "vpbx-bridge console code")
    assert line["console"] == f"{looking.settings.server.public_url}/console/"
