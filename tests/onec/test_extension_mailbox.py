"""A base that publishes nothing: the scheduled job and the clients fetch events from the bridge."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from onec.run.infobase import records
from onec.run.infobase.client import Client
from onec.run.infobase.firm import Firm, firm
from onec.run.infobase.infobase import Infobase
from onec.run.infobase.store import CONFLICT

from support.hooks import post_all
from support.ports import free_port
from support.world import ANNA, PETR

FETCHING = "МВ_ЗаборСобытий"
CLEANING = "МВ_УдалениеУстаревших"
CARD = "МВ_ВходящийЗвонок"
STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path, contract="mailbox") as made:
        switch(made.infobase, fetching=True)
        yield made


def switch(infobase: Infobase, *, fetching: bool, days: int = 0) -> None:
    """As the settings form does it."""
    infobase.set_constant("МВ_ЗабиратьСобытия", fetching)
    infobase.set_constant("МВ_ДнейХранения", Decimal(days))
    assert infobase.administration().call("МВ_ПараметрыМоста", "ПрименитьРасписание") == ""


def post(office: Firm, call: str, *states: str) -> None:
    events = [office.event(call, state) for state in states]
    assert post_all(office.bridge.hook, events) == [200] * len(events)


def known(office: Firm) -> tuple[list[str], int]:
    """Calls, and how many events were taken."""
    return sorted(office.calls()), len(office.infobase.rows("МВ_События"))


def position(office: Firm) -> int:
    """Up to where the mailbox was emptied."""
    return int(office.infobase.constant("МВ_НомерСобытия"))


@contextmanager
def locked(infobase: Infobase, call: str) -> Iterator[None]:
    """Somebody else holds the row of a call for too long."""
    other = infobase.administration().connection
    other.begin()
    table = records.table_of(infobase.dump.registers["МВ_Звонки"])
    other.lock(table, {"ИдЗвонка": call}, exclusive=True)
    infobase.store.lock_wait_s = 0.05
    try:
        yield
    finally:
        other.rollback()


class TestByJob:
    def test_events_come_in_once_and_in_order(self, office: Firm) -> None:
        post(office, "c1", *STATES)
        post(office, "c2", "START", "PREANSWER")
        for _ in range(2):
            assert sorted(office.infobase.run_jobs()) == sorted([FETCHING, CLEANING])

        # the bridge keeps no ring of a call that is over
        assert known(office) == (["c1", "c2"], 6)
        assert {name: row["Состояние"] for name, row in office.calls().items()} == {
            "c1": "END",
            "c2": "PREANSWER",
        }
        assert office.infobase.event_log.records == []

    def test_more_than_one_answer_is_fetched_at_once(self, office: Firm) -> None:
        for number in range(60):
            post(office, f"c{number}", "START", "END")
        office.infobase.run_jobs()
        calls, events = known(office)
        assert (len(calls), events) == (60, 120)

    def test_a_failure_in_the_middle_loses_nothing_and_doubles_nothing(self, office: Firm) -> None:
        """The second call cannot be written: the first is rolled back with it, and both come again."""
        post(office, "c1", "START", "END")
        post(office, "c2", "START", "END")
        post(office, "c3", "START", "END")
        with locked(office.infobase, "c2"):
            office.infobase.run_jobs()
            assert (known(office), position(office)) == (([], 0), 0)
        logged = office.infobase.event_log.errors()
        assert logged
        assert all(CONFLICT.splitlines()[0] in one.comment for one in logged)

        office.infobase.run_jobs()
        assert known(office) == (["c1", "c2", "c3"], 6)
        assert position(office) > 0

    def test_two_jobs_at_once_double_nothing(self, office: Firm) -> None:
        post(office, "c1", *STATES)
        jobs = [threading.Thread(target=office.infobase.run_jobs) for _ in range(3)]
        for job in jobs:
            job.start()
        for job in jobs:
            job.join(30)
        assert known(office) == (["c1"], 4)
        assert office.infobase.event_log.errors() == []

    def test_a_bridge_that_is_away_costs_nothing_but_a_line_in_the_log(self, office: Firm) -> None:
        address = office.infobase.constant("МВ_АдресМоста")
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        post(office, "c1", "START")
        office.infobase.run_jobs()
        assert known(office) == ([], 0)
        assert [one.event for one in office.infobase.event_log.errors()] == ["Мост ВАТС.События"]

        office.infobase.set_constant("МВ_АдресМоста", address)
        office.infobase.run_jobs()
        assert known(office) == (["c1"], 1)

    def test_a_job_that_was_switched_off_does_not_run(self, office: Firm) -> None:
        switch(office.infobase, fetching=False)
        post(office, "c1", "START")
        assert office.infobase.run_jobs() == [CLEANING]
        assert known(office) == ([], 0)


class TestByClient:
    def test_a_card_comes_without_a_job(self, office: Firm) -> None:
        client = office.client("Анна")
        post(office, "c1", "START", "PREANSWER")
        client.tick(5)
        assert [card["Номер"] for card in client.opened(CARD)] == ["89160000001"]
        assert known(office) == (["c1"], 2)

        post(office, "c1", "HANGUP", "END")
        client.tick(5)
        assert "завершен" in client.form(CARD)["Состояние"]

    def test_two_clients_fetch_for_each_other(self, office: Firm) -> None:
        anna, petr = office.client("Анна"), office.client("Пётр")
        events = [office.event("c1", "PREANSWER", who) for who in (ANNA, PETR)]
        assert post_all(office.bridge.hook, events) == [200, 200]
        anna.tick(5)
        petr.tick(5)
        assert (len(anna.opened(CARD)), len(petr.opened(CARD))) == (1, 1)
        assert known(office) == (["c1"], 2)

    def test_a_bridge_that_is_away_is_not_waited_for_at_every_step(self, office: Firm) -> None:
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        client = office.client("Анна")
        client.tick(300)

        assert client.screen.errors == []
        assert client.screen.notices == []
        assert client.waits() != [], "it stopped for ever"
        assert len(office.infobase.event_log.errors()) in range(1, 7)

    def test_a_full_mailbox_does_not_hold_a_client_up(self, office: Firm) -> None:
        """One answer of the bridge at a time; the rest comes with the next looks."""
        for number in range(75):
            post(office, f"c{number}", "START", "END")
        client = office.client("Анна")
        client.tick(5)
        assert known(office)[1] == 100
        client.tick(5)
        assert known(office)[1] == 150

    def test_the_job_lets_clients_ask_again(self, office: Firm) -> None:
        address = office.infobase.constant("МВ_АдресМоста")
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        client = office.client("Анна")
        client.tick(5)
        office.infobase.set_constant("МВ_АдресМоста", address)
        post(office, "c1", "START")
        client.tick(60)
        assert known(office) == ([], 0), "it waited for the bridge again"
        office.infobase.run_jobs()
        post(office, "c2", "START")
        client.tick(5)
        assert known(office) == (["c1", "c2"], 2)

    def test_a_bridge_that_is_back_is_heard_again(self, office: Firm) -> None:
        address = office.infobase.constant("МВ_АдресМоста")
        office.infobase.set_constant("МВ_АдресМоста", f"http://127.0.0.1:{free_port()}")
        client = office.client("Анна")
        client.tick(5)
        office.infobase.set_constant("МВ_АдресМоста", address)
        office.infobase.run_jobs()
        post(office, "c1", "PREANSWER")
        office.infobase.run_jobs()
        client.tick(5)
        assert len(client.opened(CARD)) == 1

    def test_a_user_whose_right_is_gone_is_told_once(self, office: Firm) -> None:
        client = office.client("Анна")
        client.session.user = office.infobase.users["Чужой"]
        client.tick(60)
        assert client.opened(CARD) == []
        assert len(client.screen.notices) <= 1


class TestCleaning:
    def test_what_is_old_goes_and_what_is_young_stays(self, office: Firm) -> None:
        infobase = office.infobase
        switch(infobase, fetching=False, days=30)
        now = infobase.clock()
        for days in (10, 29, 31, 400):
            then = now - timedelta(days=days)
            infobase.add_row("МВ_Звонки", ИдЗвонка=f"c{days}", Начало=then)
            infobase.add_row("МВ_События", ИдСобытия=f"e{days}", ИдЗвонка=f"c{days}", Получено=then)
            infobase.add_row("МВ_Карточки", ИдКарточки=f"k{days}", Появилась=then)
            infobase.add_row(
                "МВ_ПоказанныеКарточки", ИдКарточки=f"k{days}", Пользователь="Анна", Показана=then
            )

        assert infobase.run_jobs() == [CLEANING]
        assert sorted(office.calls()) == ["c10", "c29"]
        assert [row["ИдСобытия"] for row in infobase.rows("МВ_События")] == ["e10", "e29"]
        assert infobase.rows("МВ_Карточки") == []
        assert infobase.rows("МВ_ПоказанныеКарточки") == []

    def test_nothing_goes_when_calls_are_kept_for_ever(self, office: Firm) -> None:
        office.infobase.add_row(
            "МВ_Звонки", ИдЗвонка="c1", Начало=office.infobase.clock() - timedelta(days=9999)
        )
        office.infobase.administration().call("МВ_Звонки", "УдалениеУстаревшихПоРасписанию")
        assert list(office.calls()) == ["c1"]

    def test_a_client_that_is_open_goes_on(self, office: Firm) -> None:
        switch(office.infobase, fetching=False, days=1)
        client = Client(office.infobase, "Анна")
        client.start()
        office.infobase.run_jobs()
        client.tick(10)
        assert client.screen.errors == []
