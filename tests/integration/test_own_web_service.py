"""Contracts `custom` and `miko` against the fake 1C: what it is told, and what becomes of its failures."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.core.caller import NOBODY, DirectoryAway
from bridge.core.calls import CallState, Direction
from bridge.core.delivery import Away, Delivered, DeliveryState, Denied, Faulted, Outcome
from bridge.core.ports import StoredEvent
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec, Received
from bridge.sim.onec_data import MANUAL_CLIENT, Client
from bridge.wiring.partners import Publication, publications
from support.hooks import call_events, post_all
from support.own_service import custom, infobase
from support.stand import said
from support.world import ANNA, HOOK_SECRET, PETR, World, eventually, settings, world

CONTRACTS = ("vatscalls", "custom", "miko")
FAILURES = (
    "hang",
    "session_lost",
    "locked",
    "no_licence",
    "html",
    "unauthorized",
    "not_found_service",
    "fault",
    "fault_200",
    "html_200",
    "empty_200",
    "accepted_202",
    "no_return",
    "wrong_operation",
    "garbage",
    "half",
    "gzip",
)


def told(onec: FakeOnec, operation: str = "") -> list[Received]:
    return [one for one in onec.received if operation in ("", one.operation)]


def ring(number: int = 1, **changes: Any) -> StoredEvent:
    event = said(f"call-{number}", CallState.PREANSWER, 1_763_800_000, to_number="101", **changes)
    return StoredEvent(id=40 + number, event=event, received_at=1_763_800_001.0)


def hangup(number: int = 1, **changes: Any) -> StoredEvent:
    event = said(f"call-{number}", CallState.HANGUP, 1_763_800_060, **changes)
    return StoredEvent(id=60 + number, event=event, received_at=1_763_800_061.0)


@pytest.fixture
def onec() -> FakeOnec:
    return FakeOnec((MANUAL_CLIENT, Client(name='ООО "Рога & Копыта"', number="+7 916 000-00-01")))


@pytest.fixture
def air(onec: FakeOnec) -> Iterator[Loopback]:
    with Loopback(onec) as server:
        yield server
        onec.set_mode("ok")


@pytest.fixture
def published(air: Loopback, tmp_path: Path) -> Mapping[str, Publication]:
    def bases(url: str) -> Mapping[str, Any]:
        return {name: infobase(url, name, timeout_s=1) for name in CONTRACTS}

    return publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))


def deliver(publication: Publication, stored: StoredEvent) -> Outcome:
    telling = publication.contract.tell_about(stored.event)
    assert telling
    return publication.contract.deliver(telling.operation, stored)


def notes(here: World) -> dict[str, str]:
    """State of a call -> what is written beside its delivery."""
    deliveries = here.archive().deliveries(limit=100)
    return {stored.event.state.value: record.last_answer for record, stored in deliveries}


# --- custom: what is told --------------------------------------------------------------------------
def test_a_firms_own_web_service_is_told_of_a_whole_call_in_its_own_words(tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", popup_lifetime_s=3600 * 24 * 10)}

    events = call_events("call-1")
    events[3] |= {"duration": "55", "callstatus": "ANSWER"}
    with world(tmp_path, infobases=bases, exchange={"timezone": "Asia/Krasnoyarsk"}) as here:
        assert set(post_all(here.hook, events)) == {200}
        assert eventually(lambda: len(told(here.onec)) == 5)
    first, card, *rest = told(here.onec)
    assert dict(card.parameters) == {
        "Номер": "89160000001",
        "Добавочный": "101",
        "Время": "2025-11-22T15:26:41",  # 1 763 800 001 in Krasnoyarsk
        "Пояснение": "звонят Иванова Анна",
    }
    assert [one.operation for one in (first, card, *rest)] == [
        "ЗаписатьСобытие",
        "ВходящийЗвонок",
        *["ЗаписатьСобытие"] * 3,
    ]
    facts = [one.parameters for one in (first, *rest)]
    assert [one["Состояние"] for one in facts] == ["START", "ANSWER", "HANGUP", "END"]
    assert [one["Отвечен"] for one in facts] == ["false", "true", "true", "false"]
    assert [one["Секунд"] for one in facts] == ["0", "0", "55", "0"]
    assert {one["Дата"] for one in facts} == {"2025-11-22"}
    assert {one["Вложение"] for one in facts} == {""}, "what the settings do not name is sent empty"
    ids = [int(one["НомерСобытия"]) for one in facts]
    assert ids == sorted(set(ids))
    assert [json.loads(one["Данные"])["bridgeEventId"] for one in facts] == ids


def test_the_description_is_asked_for_once(published: Mapping[str, Publication], onec: FakeOnec) -> None:
    for number in range(5):
        assert deliver(published["custom"], ring(number)) == Delivered("true")
    assert onec.sessions == 1
    assert len(told(onec)) == 5


def test_without_a_ring_the_event_tells_of_rings_too(air: Loopback, onec: FakeOnec, tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom=custom(ring=None))}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    assert deliver(made["crm"], ring()) == Delivered("")
    assert told(onec)[0].parameters["Состояние"] == "PREANSWER"


def test_the_example_of_the_manual_works_as_it_stands(air: Loopback, onec: FakeOnec, tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
    (example,) = (block for block in re.findall(r"```toml\n(.*?)```", manual, re.DOTALL) if "custom" in block)
    section = tomllib.loads(example)["infobase"]["crm"]
    section["url"] = section["url"].replace("http://server/base", air.url)
    made = publications(
        settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=lambda _: {"crm": section})
    )
    assert deliver(made["crm"], ring()) == Delivered("true")
    assert deliver(made["crm"], hangup()) == Delivered("")
    assert made["crm"].directory
    assert made["crm"].directory.say_name("89235292926").manager == "244"
    assert [one.operation for one in told(onec)] == ["ВходящийЗвонок", "ЗаписатьСобытие", "НайтиКлиента"]


# --- what becomes of failures ----------------------------------------------------------------------
@pytest.mark.parametrize("mode", FAILURES)
def test_a_failure_has_the_same_outcome_whatever_the_contract(
    mode: str, published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    assert {type(deliver(published[name], ring(1))) for name in CONTRACTS} == {Delivered}
    outcomes = {}
    for name in CONTRACTS:
        onec.set_mode(mode)
        outcomes[name] = deliver(published[name], ring(2))
        onec.set_mode("ok")
    expected = outcomes.pop("vatscalls")
    if mode == "no_return":  # what `call_event` returns is unknown: its response element is proof
        assert isinstance(outcomes.pop("miko"), Delivered)
    for name, outcome in outcomes.items():
        assert type(outcome) is type(expected), name
        assert getattr(outcome, "hung", None) is getattr(expected, "hung", None), name


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("locked", Away),
        ("no_licence", Away),
        ("html", Away),
        ("not_found_service", Away),
        ("hang", Away),
        ("unauthorized", Denied),
    ],
)
def test_a_1c_that_does_not_give_its_description_is_away_and_comes_back(
    mode: str, expected: type, published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    onec.set_mode(mode)
    outcome = deliver(published["custom"], ring())
    assert type(outcome) is expected
    assert not getattr(outcome, "hung", False), "a silence about the WSDL is not this event's doing"
    onec.set_mode("ok")
    assert eventually(lambda: deliver(published["custom"], ring()) == Delivered("true"))


@pytest.mark.parametrize("contract", ["custom", "miko"])
def test_a_backlog_goes_out_once_1c_is_back(contract: str, tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"own": infobase(url, contract, popup_lifetime_s=3600 * 24 * 10)}

    with world(tmp_path, infobases=bases) as here:
        here.onec_server.stop()
        for number in range(4):
            post_all(here.hook, call_events(f"call-{number}"))
        here.onec_server.start()
        assert eventually(lambda: not here.archive().deliveries(state=DeliveryState.QUEUED), within_s=15)
        assert not here.archive().deliveries(state=DeliveryState.DEAD)
    if contract == "custom":
        assert len(told(here.onec, "ЗаписатьСобытие")) == 16
    else:
        finished = [one for one in told(here.onec, "call_event") if "Finished" in one.parameters["Data"]]
        assert len(finished) == 4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ring": {"operation": "Звонок"}}, "нет операции «Звонок»; есть: ВходящийЗвонок, ЗаписатьСобытие"),
        (
            {"ring": {"operation": "ВходящийЗвонок", "parameters": {"Номр": "{from}"}}},
            "нет параметра «Номр»; есть: Номер, Добавочный, Время, Пояснение",
        ),
        ({"service": "CRM2"}, "нет веб-сервиса «CRM2»; есть: CRM"),
        ({"port": "CRMHttp"}, "нет порта SOAP «CRMHttp»; есть: CRMSoap, CRMSoap12"),
    ],
)
def test_settings_that_do_not_fit_hold_events_up_and_say_what_there_is(
    changes: dict[str, Any], said: str, air: Loopback, tmp_path: Path
) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom=custom(**changes))}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    outcome = deliver(made["crm"], ring())
    assert isinstance(outcome, Away)
    assert said in outcome.reason


def test_a_value_of_another_type_is_about_this_event_alone(
    air: Loopback, onec: FakeOnec, tmp_path: Path
) -> None:
    wrong = {"operation": "ВходящийЗвонок", "parameters": {"Добавочный": "{name}"}}

    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom=custom(ring=wrong))}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    outcome = deliver(made["crm"], ring())
    assert isinstance(outcome, Faulted)
    assert "«Добавочный» не подходит типу decimal" in outcome.reason
    assert ANNA.name not in outcome.reason
    assert told(onec) == []


def test_the_soap_12_port_may_be_asked_for(air: Loopback, onec: FakeOnec, tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom=custom(port="CRMSoap12"))}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    assert deliver(made["crm"], ring()) == Delivered("true")
    assert len(told(onec)) == 1


def test_what_waits_from_another_contract_is_not_sent(published: Mapping[str, Publication]) -> None:
    for name, operation in (("custom", "Event"), ("custom", "IncomingCall"), ("miko", "ring")):
        outcome = published[name].contract.deliver(operation, ring())
        assert isinstance(outcome, Faulted)
        assert operation in outcome.reason


# --- custom: who is calling ------------------------------------------------------------------------
@pytest.mark.parametrize(
    "who",
    [
        {},
        {"operation": "КтоЗвонит", "category": ""},
    ],
)
def test_the_firms_own_web_service_says_who_is_calling(
    who: dict[str, Any], air: Loopback, onec: FakeOnec, tmp_path: Path
) -> None:
    section = custom()

    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom={**section, "who": {**section["who"], **who}})}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    directory = made["crm"].directory
    assert directory
    card = directory.say_name("89235292926")
    assert (card.title, card.manager) == ("Фэйковый чиж", "244")
    assert directory.say_name("89160000001").title == 'ООО "Рога & Копыта"'
    assert directory.say_name("89999999999") == NOBODY
    for mode in ("fault", "locked", "no_return", "garbage"):
        onec.set_mode(mode)
        with pytest.raises(DirectoryAway) as away:
            directory.say_name("89235292926")
        assert "89235292926" not in str(away.value)
    with pytest.raises(DirectoryAway):
        directory.say_name_by_inn("2460000001")


def test_the_exchange_is_told_who_is_calling_by_the_firms_own_web_service(tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom")}

    with world(tmp_path, infobases=bases) as here:
        asked = f"{here.url}/caller/main/{HOOK_SECRET}?number=89235292926"
        assert eventually(lambda: "Фэйковый чиж" in requests.get(asked, timeout=5).content.decode())
        assert [one.operation for one in told(here.onec)] == ["НайтиКлиента"], "asked once, then remembered"


def test_a_name_that_the_answer_has_no_place_for_is_told(air: Loopback, tmp_path: Path) -> None:
    section = custom()

    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "custom", custom={**section, "who": {**section["who"], "title": "Имя"}})}

    made = publications(settings(tmp_path, "http://127.0.0.1:9", air.url, infobases=bases))
    assert made["crm"].directory
    with pytest.raises(DirectoryAway, match="нет «Имя»; есть: Наименование, Категория, ТелефонМенеджера"):
        made["crm"].directory.say_name("89235292926")


# --- miko ------------------------------------------------------------------------------------------
def calls_of(onec: FakeOnec) -> list[tuple[str, str]]:
    """(user, state) of what the panel was shown."""
    data = [json.loads(one.parameters["Data"]) for one in told(onec, "call_event")]
    return [(one["user_id"], one["state"]) for one in data]


def test_mikos_panel_is_shown_a_call_as_it_goes(tmp_path: Path) -> None:
    def bases(url: str) -> Mapping[str, Any]:
        return {"crm": infobase(url, "miko", popup_lifetime_s=3600 * 24 * 10)}

    with world(tmp_path, infobases=bases) as here:
        post_all(here.hook, call_events("call-1"))
        assert eventually(lambda: len(calls_of(here.onec)) == 3)
        assert eventually(lambda: not here.archive().deliveries(state=DeliveryState.QUEUED))
    assert calls_of(here.onec) == [("u-101", "Calling"), ("u-101", "Connected"), ("u-101", "Finished")]
    assert len(told(here.onec, "user_list")) == 1, "asked again within two minutes"
    first = told(here.onec, "call_event")[0].parameters
    assert first["Subject"] == "provider.v1.calls"
    assert json.loads(first["Data"]) == {
        "user_id": "u-101",
        "entire_id": "call-1",
        "feature": "",
        "time": "2025-11-22T08:26:41Z",
        "state": "Calling",
        "from": {"number": "89160000001", "extension": ""},
        "to": {"number": "", "extension": "101"},
        "call_id": "call-1",
    }


def test_the_cards_of_a_missed_call_are_closed_for_all_whom_it_rang(
    published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    miko = published["miko"]
    for extension, key in (("101", ANNA.key), ("102", PETR.key)):
        event = said(
            "call-1", CallState.PREANSWER, to_number=extension, user_key=key, from_number="89160000001"
        )
        assert isinstance(deliver(miko, StoredEvent(id=1, event=event, received_at=1.0)), Delivered)
    assert deliver(miko, hangup(user_key="")) == Delivered("1")
    assert calls_of(onec) == [
        ("u-101", "Calling"),
        ("u-102", "Calling"),
        ("u-101", "Finished"),
        ("u-102", "Finished"),
    ]
    # the call is over and forgotten
    again = deliver(miko, hangup(user_key=""))
    assert isinstance(again, Delivered)
    assert "ВАТС не назвала, чей это звонок" in again.answer


def test_closing_cards_goes_on_where_1c_went_away(
    published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    miko = published["miko"]
    for extension in ("101", "102"):
        event = said("call-1", CallState.PREANSWER, to_number=extension, user_key="")
        deliver(miko, StoredEvent(id=1, event=event, received_at=1.0))
    onec.set_mode("fault", fault_if_contains="u-102")
    assert isinstance(deliver(miko, hangup(user_key="")), Faulted)
    onec.set_mode("ok")
    assert isinstance(deliver(miko, hangup(user_key="")), Delivered)
    assert calls_of(onec)[2:] == [("u-101", "Finished"), ("u-102", "Finished")]


def test_a_card_that_1c_fails_to_close_keeps_no_other_open_and_nobody_is_told_twice(
    published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    miko = published["miko"]
    for extension in ("101", "102"):
        event = said("call-1", CallState.PREANSWER, to_number=extension, user_key="")
        deliver(miko, StoredEvent(id=1, event=event, received_at=1.0))
    onec.set_mode("fault", fault_if_contains="u-101")
    end = hangup(user_key=PETR.key)
    assert isinstance(deliver(miko, end), Faulted)
    assert isinstance(deliver(miko, end), Faulted)
    onec.set_mode("ok")
    assert isinstance(deliver(miko, end), Delivered)
    assert calls_of(onec)[2:] == [("u-102", "Finished"), ("u-101", "Finished")]


@pytest.mark.parametrize(
    ("extension", "why"),
    [("103", "несколько пользователей с внутренним номером 103"), ("109", "нет пользователя с внутренним")],
)
def test_whoever_is_not_exactly_one_user_of_the_panel_is_not_shown_the_call(
    extension: str, why: str, published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    event = said("call-1", CallState.PREANSWER, to_number=extension, user_key="")
    outcome = deliver(published["miko"], StoredEvent(id=1, event=event, received_at=1.0))
    assert isinstance(outcome, Delivered)
    assert outcome.answer.startswith("не показано")
    assert why in outcome.answer
    assert calls_of(onec) == []


def test_a_call_to_an_employees_mobile_is_shown_to_the_employee(
    published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    event = said("call-1", CallState.ANSWER, to_number="89160000101", user_key="")
    assert isinstance(deliver(published["miko"], StoredEvent(id=1, event=event, received_at=1.0)), Delivered)
    assert calls_of(onec) == [("u-101", "Connected")]


def test_an_outgoing_call_has_its_ends_the_other_way_round(
    published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    event = said(
        "call-1",
        CallState.ANSWER,
        direction=Direction.EXTERNAL,
        from_number="102",
        to_number="+79160000001",
        user_key="",
    )
    deliver(published["miko"], StoredEvent(id=1, event=event, received_at=1.0))
    data = json.loads(told(onec, "call_event")[0].parameters["Data"])
    assert (data["user_id"], data["from"]["extension"], data["to"]["number"]) == (
        "u-102",
        "102",
        "89160000001",
    )


@pytest.mark.parametrize("mode", ["fault", "no_return", "locked", "garbage"])
def test_a_list_of_users_that_cannot_be_had_is_no_fault_of_the_event(
    mode: str, published: Mapping[str, Publication], onec: FakeOnec
) -> None:
    onec.set_mode(mode)
    assert isinstance(deliver(published["miko"], ring()), Away)


def test_what_the_panel_says_that_is_no_list_is_read_without_harm() -> None:
    from bridge.onec.miko_users import read_users

    assert read_users('[{"id": 7, "extension": 101}, {"extension": "1"}, 5, null]') == [
        {"id": 7, "extension": 101}
    ]
    for text in ("", "1", "{}", "[", "[" * 100_000, '{"id": 1}'):
        assert read_users(text) is None
