"""The closed loop: what the journal of 1C holds of each call, what 1C answers, and what it refuses."""

import itertools
import json
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
import requests
from lxml import etree
from onec.run.infobase import firm as firms
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.fields import FieldType
from onec.run.infobase.firm import BOOK, CALLER, EXCHANGE_USER, Firm, Office, firm
from onec.run.infobase.infobase import Infobase
from onec.run.infobase.store import Row
from requests.auth import HTTPBasicAuth
from zeep.exceptions import Fault

from bridge.core.delivery import DeliveryState
from bridge.onec.saying import read_card
from bridge.sim.scenarios import SCENARIOS, Cast
from support.hooks import post_all
from support.world import ANNA, HOOK_SECRET, PETR, eventually

NASTY = 'ООО "Рога & Копыта" <Ко>'
NOT_ANSWERED = (
    "missed",
    "group_missed",
    "forwarded_missed",
    "click_unanswered",
    "outgoing_unanswered",
    "ivr_drop",
)
STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path) as made:
        yield made


@pytest.fixture
def published() -> Iterator[Office]:
    """Without a bridge: the test itself calls the web service."""
    with firms.office() as made:
        yield made


def ended(office: Firm, count: int) -> bool:
    """So many calls have come to their END, and the bridge has nothing more to tell of them."""
    over = len([row for row in office.calls().values() if row["Ранг"] == 5]) == count
    return over and not office.bridge.archive().deliveries(state=DeliveryState.QUEUED)


class TestJournal:
    def test_a_call_is_one_row_with_everything(self, office: Firm) -> None:
        office.infobase.add_row(BOOK, Телефон=CALLER[-10:], Наименование=NASTY)
        office.says("c1", "START", who=None)
        office.says("c1", "PREANSWER", "ANSWER")
        link = "https://records.example.ru/1.mp3"
        office.says("c1", "HANGUP", duration="42", callstatus="ANSWER", recordUrl=link)
        office.says("c1", "END", duration="42")

        row = office.calls()["c1"]
        assert {name: row[name] for name in ("Направление", "Откуда", "Куда", "Абонент", "Собеседник")} == {
            "Направление": "Входящий",
            "Откуда": CALLER,
            "Куда": "101",
            "Абонент": "101",
            "Собеседник": NASTY,
        }
        assert (row["Состояние"], row["Итог"], row["Длительность"], row["Запись"]) == (
            "END",
            "Отвечен",
            42,
            link,
        )
        assert row["Начало"] == office.infobase.clock()

    def test_every_call_of_the_exchange_ends_in_the_journal(self, office: Firm) -> None:
        scenarios = sorted(set(SCENARIOS) - {"old_hook"})
        for number, scenario in enumerate(scenarios, 1):
            before = office.calls().keys()
            office.bridge.exchange.ring(scenario)
            assert eventually(partial(ended, office, number)), scenario
            (call,) = office.calls().keys() - before
            answered = office.calls()[call]["Итог"] == "Отвечен"
            assert answered is (scenario not in NOT_ANSWERED), scenario
        assert office.infobase.event_log.errors() == []

    def test_a_call_that_the_journal_gave_back(self, published: Office) -> None:
        """The bridge tells the END alone, when the hook was out: it began before it ended."""
        event = published.event("c1", "END", None, duration="90", callstatus="ANSWER", bridgeRecovered=True)
        assert published.soap().Event(Data=json.dumps(event)) == "1"

        row = published.calls()["c1"]
        assert (row["Итог"], row["Длительность"]) == ("Отвечен", 90)
        assert row["Начало"] == published.infobase.clock() - timedelta(seconds=90)

    def test_duplicates_change_nothing(self, published: Office) -> None:
        service = published.soap()
        events = [published.event("c1", state) | {"bridgeEventId": n} for n, state in enumerate(STATES, 1)]
        for event in events:
            assert service.Event(Data=json.dumps(event)) == "1"
        before = everything(published.infobase)
        for event in [*events, *reversed(events)]:
            assert service.Event(Data=json.dumps(event)) == "1"

        assert everything(published.infobase) == before
        assert len(published.infobase.rows("МВ_События")) == len(STATES)

    def test_the_same_event_twice_at_once_is_one_event(self, published: Office) -> None:
        """Two connections of a web server: the second waits for the lock of the call, then sees the first."""
        event = json.dumps(published.event("c1", "PREANSWER") | {"bridgeEventId": 7})
        gate = threading.Barrier(4)
        answers = []

        def tell(service: Any) -> None:
            gate.wait(10)
            answers.append(service.Event(Data=event))

        threads = [threading.Thread(target=tell, args=(published.soap(),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert answers == ["1"] * 4
        assert len(published.infobase.rows("МВ_События")) == 1
        assert len(published.infobase.rows("МВ_Карточки")) == 1
        assert published.infobase.event_log.errors() == []

    def test_nobody_was_rung(self, office: Firm) -> None:
        """No `userkey`: the extension of the exchange itself fails here."""
        office.says("c1", "START", "IVR", "HANGUP", "END", who=None)
        row = office.calls()["c1"]
        assert (row["Состояние"], row["Абонент"]) == ("END", "")
        assert office.infobase.event_log.errors() == []

    @pytest.mark.parametrize("missing", ["userkey", "to", "from", "direction", "time", "state", "subid"])
    def test_a_missing_field_is_no_error(self, published: Office, missing: str) -> None:
        event = published.event("c1", "PREANSWER") | {missing: None}
        told = {name: value for name, value in event.items() if value is not None}
        assert published.soap().Event(Data=json.dumps(told)) == "1"
        assert list(published.calls()) == ["c1"]

    @pytest.mark.parametrize("scenario", ["answered", "missed", "transferred", "group", "forwarded_missed"])
    def test_the_order_of_arrival_does_not_matter(self, scenario: str) -> None:
        """Late events do not put a call back: every order folds to the same row."""
        cast = Cast(subscribers=(ANNA, PETR), uuid="c1", time_s=int(Infobase().clock.unix()))
        events = [one | {"bridgeEventId": n} for n, one in enumerate(SCENARIOS[scenario](cast), 1)]
        orders = list(itertools.permutations(events))
        chosen = [events, *random.Random(0).sample(orders, min(len(orders), 12))]
        folded = [folded_row(order) for order in chosen]

        for order, row in zip(chosen, folded, strict=True):
            assert row == folded[0], [one["state"] + "/" + one["to"] for one in order]


def folded_row(events: Sequence[Mapping[str, Any]]) -> Row:
    infobase = Infobase()
    session = infobase.administration()
    for event in events:
        assert session.call("МВ_Звонки", "ПринятьСобытие", json.dumps(event)) == "1"
    assert infobase.defects == []
    (row,) = infobase.rows("МВ_Звонки")
    return row


def everything(infobase: Infobase) -> dict[str, list[Row]]:
    return {name: infobase.rows(name) for name in infobase.dump.registers if name != "МВ_Секреты"}


class TestQuestions:
    def test_a_name_with_an_ampersand_reaches_the_exchange(self, office: Firm) -> None:
        office.infobase.add_row(
            BOOK, Телефон=CALLER[-10:], Наименование=NASTY, Категория="А & Б", ТелефонОтветственного="102"
        )
        answer = office.soap().SayName(Number=CALLER)
        card = etree.fromstring(answer)
        assert card.findtext("title") == NASTY
        assert card.findtext("manager/phone") == "102"

        asked = requests.get(
            f"{office.bridge.url}/caller/main/{HOOK_SECRET}", params={"number": CALLER}, timeout=10
        )
        assert read_card(asked.text).title == NASTY

    def test_a_stranger_has_no_name(self, published: Office) -> None:
        card = etree.fromstring(published.soap().SayName(Number="89990001122"))
        assert [one.text for one in card.iter("title", "phone")] == [None, None]

    def test_a_client_is_found_by_its_inn(self) -> None:
        clients = Catalog(
            name="Контрагенты", synonym="Контрагенты", attributes={"ИНН": FieldType(kind="Строка", length=12)}
        )
        clients.add("ООО Чиж", ИНН="2460000001")
        with firms.office(catalogs=(clients,)) as office:
            card = etree.fromstring(office.soap().SayNameByINN(INN="2460000001"))
            assert card.findtext("title") == "ООО Чиж"
            assert etree.fromstring(office.soap().SayNameByINN(INN="1")).findtext("title") in (None, "")

    @pytest.mark.parametrize("number", ["+7 (916) 000-00-01", "79160000001", "9160000001"])
    def test_a_number_is_found_however_it_is_written(self, published: Office, number: str) -> None:
        published.infobase.add_row(BOOK, Телефон=CALLER[-10:], Наименование="Чиж")
        assert "Чиж" in published.soap().SayName(Number=number)


class Spoiler:
    """Something on the way that breaks the JSON of chosen events."""

    def __init__(self, app: WSGIApplication, marks: list[bytes]) -> None:
        self._app = app
        self._marks = marks

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        body = environ["wsgi.input"].read()
        if any(mark in body for mark in self._marks):
            body = body.replace(b"}</", b"</")
        environ["wsgi.input"] = _Body(body)
        return self._app(environ, start_response)


class _Body:
    def __init__(self, body: bytes) -> None:
        self.read = lambda: body


class TestFaults:
    @pytest.mark.parametrize("data", ["", "не JSON", '{"uuid": "c1"', "[1]", "{}", '{"uuid": ""}', "null"])
    def test_what_is_no_event_is_a_fault_and_is_logged(self, published: Office, data: str) -> None:
        with pytest.raises(Fault):
            published.soap().Event(Data=data)
        assert published.calls() == {}
        assert [one.event for one in published.infobase.event_log.errors()] == ["Мост ВАТС.События"]

    def test_a_broken_event_is_a_dead_letter_and_holds_nothing_up(self, tmp_path: Path) -> None:
        marks = [b"poison-mark"]
        with firm(tmp_path, attempts=2, between=lambda app: Spoiler(app, marks)) as office:
            told = [
                office.event("c1", "START", comment="poison-mark"),
                office.event("c1", "END"),
                office.event("c2", "START"),
            ]
            assert post_all(office.bridge.hook, told) == [200, 200, 200]

            assert eventually(lambda: {"c1", "c2"} <= office.calls().keys(), within_s=15)
            ((record, stored),) = office.bridge.archive().deliveries(state=DeliveryState.DEAD)
            assert (stored.event.state.value, record.attempts) == ("START", 2)
            assert office.calls()["c1"]["Состояние"] == "END"

    def test_a_user_without_the_role_is_refused(self) -> None:
        with firms.office(user=replace(EXCHANGE_USER, roles=())) as office:
            with pytest.raises(Fault, match="Нарушение прав доступа"):
                office.soap().Event(Data=json.dumps(office.event("c1", "START")))
            assert office.calls() == {}

    def test_a_wrong_password_is_refused(self, published: Office) -> None:
        answer = requests.post(published.address, data=b"", auth=("МостВАТС".encode(), b"?"), timeout=10)
        assert answer.status_code == 401
        assert "Basic" in answer.headers["WWW-Authenticate"]

    def test_the_user_of_the_exchange_may_nothing_else(self, published: Office) -> None:
        rights = published.infobase.users[EXCHANGE_USER.name].granted
        assert {right for _, right in rights} == {"Use"}
        assert {thing.rpartition(".")[0] for thing, _ in rights} == {"WebService.VATS.Operation"}

    def test_the_envelope_is_that_of_1c(self, published: Office) -> None:
        """As the exchange's own curl asks: no SOAPAction."""
        body = (
            '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
            '<v:IncomingCall xmlns:v="http://VATS"><v:NumFrom>89160000001</v:NumFrom><v:Key>к</v:Key>'
            "</v:IncomingCall></soap:Body></soap:Envelope>"
        )
        auth = HTTPBasicAuth(EXCHANGE_USER.name.encode(), EXCHANGE_USER.password.encode())
        answer = requests.post(published.address, data=body.encode(), auth=auth, timeout=10)

        assert answer.status_code == 200
        assert '<m:IncomingCallResponse xmlns:m="http://VATS">' in answer.text
        assert ">1</m:return>" in answer.text
