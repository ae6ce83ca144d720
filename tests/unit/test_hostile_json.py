"""JSON that makes parsers stumble, wherever strangers' JSON is read: it costs an answer, no more."""

import json
import sys
import time
from typing import Any, cast

import pytest
import requests

from bridge.core.dialing import CallResult, DialStatus
from bridge.core.errors import BadEvent, JournalRefused
from bridge.core.numbers import PhoneNumber
from bridge.core.ports import HookRequest
from bridge.onec.miko_users import read_users
from bridge.onec.pages import read_page
from bridge.vpbx.mobilon.answers import AnswerReader
from bridge.vpbx.mobilon.hook import MobilonHook
from bridge.vpbx.mobilon.journal import MAX_JOURNAL_BYTES, MobilonJournal
from bridge.vpbx.reading import MAX_ANSWER_DEPTH, MAX_DIGITS, MAX_ITEMS, RepeatedName, read_answer
from bridge.wire import Answer, Wire

CPU_S = 2.0
MANY = "9" * 10_000
DEEP = "[" * 100_000
SHALLOWER = 900  # levels that `json` reads on every Python and a recursive function behind it might not
VALUES = {  # what a field may hold -> the JSON of it
    "digits-10000": MANY,
    "digits-4300": "9" * 4_300,
    "minus-digits": f"-{MANY}",
    "exponent": "1e999999",
    "tiny-exponent": "1e-999999",
    "fraction-10000": f"0.{MANY}",
    "nan": "NaN",
    "infinity": "-Infinity",
    "deep": DEEP,
    "deep-objects": '{"a":' * 100_000,
    "deep-whole": "[" * SHALLOWER + "]" * SHALLOWER,
    "deep-objects-whole": '{"a":' * SHALLOWER + "1" + "}" * SHALLOWER,
    "lone-surrogate": r'"\ud800"',
    "nul": r'"a\u0000b"',
    "half-escape": r'"\u12',
}


def answer(body: str, *, status: int = 200, media: str = "application/json") -> Answer:
    headers = requests.structures.CaseInsensitiveDict({"Content-Type": media})
    return Answer(status=status, headers=headers, body=body.encode(), took_s=0.0)


def dialled(body: str, **facts: Any) -> CallResult:
    number = PhoneNumber(digits="79235292926", region="RU")
    return AnswerReader(secrets=("a-key-of-the-account",), number=number, **facts).read(answer(body))


class _Said:
    """As much of a wire as the journal uses."""

    def __init__(self, body: str) -> None:
        self._body = body

    def get(self, url: str, headers: Any = None) -> Answer:
        return answer(self._body)


def journal(body: str) -> MobilonJournal:
    return MobilonJournal(
        wire=cast(Wire, _Said(body)), base_url="http://127.0.0.1", token="a-token-1", timezone="Europe/Moscow"
    )


@pytest.fixture(autouse=True)
def in_time() -> Any:
    began = time.process_time()
    yield
    assert time.process_time() - began < CPU_S


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("way", ["json", "form", "query"])
def test_the_hook_takes_it_as_a_field_or_refuses_it_in_words(value: str, way: str) -> None:
    text = f'{{"uuid": "c1", "state": "END", "time": 1763800000, "x": {value}}}'
    if way == "json":
        request = HookRequest(method="POST", query="", media="application/json", body=text.encode())
    elif way == "form":
        request = HookRequest(method="POST", query="", media="", body=b"data=" + text.encode())
    else:
        request = HookRequest(method="GET", query=f"json={text}", media="", body=b"")
    if value in (VALUES["lone-surrogate"], VALUES["nul"], VALUES["tiny-exponent"]):
        event = MobilonHook("main").read(request)
        json.dumps(dict(event.fields), allow_nan=False)
        return
    with pytest.raises(BadEvent) as refused:
        MobilonHook("main").read(request)
    assert len(str(refused.value)) < 200
    assert "999" not in str(refused.value)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("field", ["callid", "code", "description", "x"])
def test_an_answer_to_a_dial_is_started_or_unknown_never_an_exception(field: str, value: str) -> None:
    result = dialled(f'{{"result": "SUCCESS", "{field}": {value}}}')
    assert result.status is DialStatus.STARTED or "Исход неизвестен" in result.message
    assert len(result.call_id) <= 128
    assert len(result.message) < 300
    refused = dialled(f'{{"result": "FAIL", "{field}": {value}}}')
    assert refused.status is DialStatus.FAILED
    assert len(refused.message) < 300


@pytest.mark.parametrize("any_body", [False, True])
def test_an_answer_that_says_two_things_is_an_unknown_outcome(*, any_body: bool) -> None:
    for said in ('{"result": "FAIL", "result": "SUCCESS"}', '{"result": "SUCCESS", "result": "FAIL"}'):
        result = dialled(said, any_body=any_body)
        assert result.status is DialStatus.FAILED
        assert "Исход неизвестен" in result.message


RECORD = '"callid": "1763800000.1", "time": "2025-11-22 09:00:00", "duration": 5, "from": "1", "to": "2"'


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("field", ["status", "record_url", "x"])
def test_the_journal_is_read_or_refused_and_what_is_read_can_be_kept(field: str, value: str) -> None:
    record = f'{{{RECORD}, "{field}": {value}}}'
    if value in (DEEP, VALUES["half-escape"]) or value.startswith(('{"a":', "[")):
        with pytest.raises(JournalRefused) as refused:
            journal(f'{{"calls": [{record}]}}').calls("2025-11-22")
        assert len(str(refused.value)) < 200
        with pytest.raises(JournalRefused):
            journal(record).call("1763800000.1")
        return
    day = journal(f'{{"calls": [{record}]}}').calls("2025-11-22")
    assert len(day.calls) + day.unreadable == 1
    for call in (*day.calls, journal(record).call("1763800000.1")):
        assert call is not None
        json.dumps(dict(call.fields), allow_nan=False)
        json.loads(call.raw)


def test_a_journal_whose_record_repeats_a_name_is_refused_whole() -> None:
    with pytest.raises(JournalRefused):
        journal(f'{{"calls": {{"call": {{{RECORD}}}, "call": {{{RECORD}}}}}}}').calls("2025-11-22")


BOMBS = {  # within the size of a journal, hundreds of megabytes as values
    "objects": ("[" + "{}," * 5_000_000 + "{}]", "]"),
    "lists": ("[" + "[]," * 5_000_000 + "[]]", "]"),
    "elements": ("<calls>" + "<a/>" * 3_000_000 + "</calls>", ">"),
    "attributes": ("<calls " + " ".join(f'a{n}=""' for n in range(1_300_000)) + "/>", ">"),
}


@pytest.mark.parametrize("body", [body for body, _ in BOMBS.values()], ids=BOMBS)
def test_a_journal_of_nothings_is_refused_before_it_is_made_of_objects(body: str) -> None:
    assert len(body) < MAX_JOURNAL_BYTES
    with pytest.raises(JournalRefused):
        journal(body).calls("2025-11-22")


def test_a_busy_day_has_room_in_the_limits() -> None:
    record = {f"field{n}": f"a,[b]{n}" for n in range(9)} | json.loads(f"{{{RECORD}}}")
    text = json.dumps({"calls": [record] * 10_000})
    assert len(read_answer(text)["calls"]) == 10_000
    assert len(text) < MAX_JOURNAL_BYTES


def test_the_limits_of_an_answer_are_exact() -> None:
    deepest = "[" * MAX_ANSWER_DEPTH + "]" * MAX_ANSWER_DEPTH
    assert read_answer(deepest) is not None
    with pytest.raises(ValueError, match="too deep"):
        read_answer(f"[{deepest}]")
    assert read_answer("9" * MAX_DIGITS) == int("9" * MAX_DIGITS)
    assert read_answer("9" * (MAX_DIGITS + 1)) == "9" * (MAX_DIGITS + 1)
    assert len(read_answer("[" + "0," * (MAX_ITEMS - 2) + "0]")) == MAX_ITEMS - 1
    with pytest.raises(ValueError, match="too many"):
        read_answer("[" + "0," * MAX_ITEMS + "0]")
    with pytest.raises(RepeatedName):
        read_answer('[{"a": {"b": 1, "b": 1}}]')


def test_depth_is_looked_at_without_recursion() -> None:
    """A limit of Python's own that is out of the way must not be what holds."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        with pytest.raises(ValueError, match="too deep"):
            read_answer("[" * 5_000 + "]" * 5_000)
    finally:
        sys.setrecursionlimit(usual)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_1c_says_in_json_is_read_or_said_to_be_none(value: str) -> None:
    users = read_users(f'[{{"id": {value}, "extension": "101"}}]')
    assert users is None or len(users) <= 1
    said = f'{{"exception": {{"descr": "Ошибка", "inner": {value}}}}}'
    page = read_page(answer(said, status=400))
    assert len(page.essence) <= len("Ошибка")


CONTROLS = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]


@pytest.mark.parametrize("field", ["uuid", "from", "to", "userkey", "subid"])
def test_no_control_character_gets_into_what_is_shown_of_an_event(field: str) -> None:
    """A terminal obeys some of them, others turn a line of the log around or begin a new one."""
    odd = "".join(f"{chr(code)}a" for code in CONTROLS)
    said = {"uuid": "c1", "state": "END", "time": 1, field: f"1{odd}"}
    request = HookRequest(method="POST", query="", media="", body=json.dumps(said).encode())
    event = MobilonHook("main").read(request)
    shown = event.call_id + event.from_number + event.to_number + event.user_key + event.dedup_key
    assert not {ord(char) for char in shown} & set(CONTROLS)


def test_no_control_character_of_an_exchange_reaches_the_accountant() -> None:
    odd = "".join(f"{chr(code)}1" for code in CONTROLS)
    for said in ({"result": "FAIL", "description": f"x{odd}"}, {"result": "SUCCESS", "callid": f"x{odd}"}):
        result = dialled(json.dumps(said))
        assert not {ord(char) for char in result.message + result.call_id} & set(CONTROLS)
