"""Contracts `custom` and `miko` without a wire: which event is told, as what, and what the words mean."""

import re
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bridge.core.calls import CallState, Direction, Subscriber
from bridge.core.delivery import Purpose
from bridge.core.ports import StoredEvent, Telling
from bridge.core.wording import OF_EVENT, OF_NUMBER, Wording
from bridge.onec.custom import Custom, Mapped, WebService
from bridge.onec.description import Description
from bridge.onec.event_words import EventWords
from bridge.onec.miko import Miko
from bridge.onec.miko_users import UserList, users_of
from bridge.onec.persons import person_of
from bridge.onec.transport import OnecTransport
from bridge.settings import InfobaseSection
from bridge.wire import Wire
from bridge.wiring.partners import longest_attempt_s
from support.stand import said
from support.world import ANNA, PETR

MANUAL = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
RING = Telling(operation="ring", purpose=Purpose.POPUP)
CARD = Telling(operation="event", purpose=Purpose.POPUP)
FACT = Telling(operation="event", purpose=Purpose.JOURNAL)
PANEL_CARD = Telling(operation="call_event", purpose=Purpose.POPUP)
PANEL_END = Telling(operation="call_event", purpose=Purpose.JOURNAL)
INTERNAL = {"from_number": "102", "to_number": "101"}
CLICK = {"from_number": "CallAPI", "to_number": "101"}


@pytest.fixture
def transport():
    wire = Wire()
    yield OnecTransport(url="http://127.0.0.1:9", namespace="n", user="", password="", wire=wire)
    wire.close()


@pytest.fixture
def words():
    return EventWords(people=(ANNA, PETR), zone=ZoneInfo("Asia/Krasnoyarsk"), data=lambda stored: "{}")


def values(words, event):
    return words.values(StoredEvent(id=7, event=event, received_at=1_763_800_000.9))


@pytest.mark.parametrize(
    ("roles", "event", "telling"),
    [
        (("ring", "event"), said(state=CallState.PREANSWER), RING),
        (("ring",), said(state=CallState.PREANSWER), RING),
        (("event",), said(state=CallState.PREANSWER), CARD),
        ((), said(state=CallState.PREANSWER), None),
        (("ring", "event"), said(state=CallState.PREANSWER, **INTERNAL), None),
        (("event",), said(state=CallState.PREANSWER, **CLICK), None),
        (("ring",), said(state=CallState.HANGUP), None),
        *((("ring", "event"), said(state=one), FACT) for one in CallState if one is not CallState.PREANSWER),
        (("event",), said(state=CallState.HANGUP, **INTERNAL), FACT),
    ],
)
def test_a_ring_is_a_card_and_the_rest_is_for_the_books(roles, event, telling, transport, words):
    service = WebService(transport, Description(transport, wire=Wire()))
    mapped = {name: Mapped("Операция", {}) if name in roles else None for name in ("ring", "event")}
    assert Custom(service, words=words, **mapped).tell_about(event) == telling


@pytest.mark.parametrize(
    ("event", "telling"),
    [
        (said(state=CallState.PREANSWER), PANEL_CARD),
        (said(state=CallState.ANSWER), PANEL_CARD),
        (said(state=CallState.PREANSWER, direction=Direction.EXTERNAL), PANEL_CARD),
        (said(state=CallState.HANGUP), PANEL_END),
        (said(state=CallState.START), None),
        (said(state=CallState.IVR), None),
        (said(state=CallState.END), None),
        (said(state=CallState.UNKNOWN), None),
        (said(state=CallState.PREANSWER, **INTERNAL), None),
        (said(state=CallState.ANSWER, **CLICK), None),
    ],
)
def test_the_panel_hears_of_a_ring_an_answer_and_the_end(event, telling, transport):
    miko = Miko(transport, users=UserList(transport), namespace="n", people=(), patience_s=1)
    assert miko.tell_about(event) == telling


def test_every_word_has_a_value_and_is_in_the_manual(words):
    assert set(values(words, said())) == set(OF_EVENT)
    table = re.findall(r"^\| (`\{[^|]+) \|", MANUAL, re.MULTILINE)
    assert sorted(re.findall(r"\{(\w+)\}", " ".join(table))) == sorted((*OF_EVENT, *OF_NUMBER))


def test_words_of_an_answered_call(words):
    event = said(
        state=CallState.HANGUP,
        time_s=1_763_800_060,
        fields={"callstatus": "ANSWER", "duration": "55"},
        from_number="+7 (916) 000-00-01",
        to_number="83912000000",
    )
    assert values(words, event) == {
        "from": "89160000001",
        "to": "83912000000",
        "key": ANNA.key,
        "extension": "101",
        "name": "Иванова Анна",
        "state": "HANGUP",
        "direction": "incoming",
        "call_id": "c1",
        "event_id": "7",
        "time": "2025-11-22T15:27:40",
        "date": "2025-11-22",
        "duration": "55",
        "answered": "true",
        "data": "{}",
    }


def test_words_of_an_event_that_says_little(words):
    event = said(time_s=None, user_key="", to_number="", from_number="Anonymous", fields={"duration": "abc"})
    found = values(words, event)
    assert (found["from"], found["name"], found["extension"]) == ("", "", "")
    assert found["time"] == "2025-11-22T15:26:40", "when it was received"
    assert (found["duration"], found["answered"]) == ("0", "false")


@pytest.mark.parametrize(
    ("changes", "person"),
    [
        ({"user_key": ANNA.key, "to_number": "102"}, ANNA),
        ({"user_key": "", "to_number": "102"}, PETR),
        ({"user_key": "unknown", "to_number": "102"}, PETR),
        ({"user_key": "", "to_number": "555"}, Subscriber(name="", extension="555")),
        ({"user_key": "", "to_number": "83912000000"}, None),
        ({"user_key": "", "to_number": ""}, None),
        ({"user_key": "", "to_number": "102", "from_number": "101", "direction": Direction.EXTERNAL}, ANNA),
        ({"user_key": "", "to_number": "102", "from_number": "101"}, PETR),
    ],
)
def test_whose_call_it_is(changes, person):
    assert person_of(said(**changes), (ANNA, PETR)) == person


@pytest.mark.parametrize(
    ("to", "ids"),
    [
        ("101", {"1"}),
        ("102", {"2", "3"}),
        ("109", set()),
        ("+7 916 000-01-01", {"1"}),
        ("89160009999", set()),
        ("", set()),
    ],
)
def test_who_of_the_panel_is_meant(to, ids):
    users = [
        {"id": 1, "extension": 101, "mobile": "8 (916) 000-01-01"},
        {"id": "1", "extension": "101"},
        {"id": 2, "extension": "102", "mobile": None},
        {"id": 3, "extension": " 102 ", "mobile": ""},
        {"id": 4, "extension": "", "mobile": ""},
    ]
    event = said(user_key="", to_number=to)
    assert set(users_of(event, person_of(event, ()), users)) == ids


def test_only_who_needs_zeep_loads_it():
    said = "import sys, bridge.wiring; sys.exit('zeep' in sys.modules)"
    here = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", said], check=False, timeout=60, cwd=here).returncode == 0


@pytest.mark.parametrize(("contract", "attempt_s"), [("vats", 13), ("custom", 26), ("miko", 39)])
def test_a_lease_outlives_all_calls_of_one_telling(contract, attempt_s):
    own = {"custom": {"ring": {"operation": "Звонок"}}} if contract == "custom" else {}
    section = InfobaseSection(exchange="main", contract=contract, url="http://h/b/ws/X", **own)
    assert longest_attempt_s(section) == attempt_s


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{from}", "1"),
        ("тел. {from}, {to}", "тел. 1, 2"),
        ("{{{from}}}", "{1}"),
        ("{{from}}", "{from}"),
        ("", ""),
        ("без слов", "без слов"),
    ],
)
def test_a_text_is_filled_with_words(text, filled):
    # a value is never read as words again
    assert Wording.parse(text, OF_EVENT).fill({"from": "1", "to": "2"}) == filled
    assert Wording.parse("{from}", OF_EVENT).fill({"from": "{to}"}) == "{to}"


@pytest.mark.parametrize(
    "text", ["{", "}", "{from", "from}", "{}", "{ from }", "{number}", "{from!r}", "{from.x}"]
)
def test_what_is_no_word_is_refused_with_a_list_of_words(text):
    with pytest.raises(ValueError, match=r"есть слова: \{from\}, \{to\}"):
        Wording.parse(text, OF_EVENT)
