"""Mobilon's journal of calls: the recorded answers of tests/wire/mobilon, and all they could have been."""

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.calls import Direction
from bridge.core.errors import JournalRefused
from bridge.core.past_calls import JournalCall, JournalDay
from bridge.vpbx.mobilon.journal import MAX_JOURNAL_BYTES, MobilonJournal
from bridge.wire import Answer, Wire
from support.rawserver import RawServer, closed_port_url

WIRE = Path(__file__).parents[1] / "wire" / "mobilon"
TOKEN = "t0000000000000000000acc"  # the one inside the recorded answers
DAY = "2026-11-22"
WHOLE = ("xml", "json", "json-nested", "json-list")
ONE = ("json-one", "json-numbers", "json-as-html")
BROKEN = sorted(path.stem.removeprefix("journal-") for path in WIRE.glob("journal-broken-*.http"))


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def journal(url: str, *, token: str = TOKEN, timezone: str = "Europe/Moscow", **wire: Any) -> MobilonJournal:
    limits = {"connect_s": 0.5, "total_s": 3.0, "max_bytes": MAX_JOURNAL_BYTES} | wire
    return MobilonJournal(wire=Wire(reuse=False, **limits), base_url=url, token=token, timezone=timezone)


def ask(name: str, **how: Any) -> JournalDay:
    with RawServer((WIRE / f"journal-{name}.http").read_bytes()) as server:
        return journal(server.url, **how).calls(DAY)


class Said:
    """A wire on which the exchange says these bytes, for the tests that need thousands of answers."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._answer = Answer(status=status, headers={}, body=body, took_s=0.0)  # type: ignore[arg-type]

    def get(self, url: str) -> Answer:
        return self._answer


def read(value: Any, *, token: str = TOKEN, timezone: str = "Europe/Moscow", day: str = DAY) -> JournalDay:
    wire: Any = Said(value if isinstance(value, bytes) else json.dumps(value).encode())
    return MobilonJournal(wire=wire, base_url="http://x", token=token, timezone=timezone).calls(day)


def record(**changes: Any) -> dict[str, Any]:
    return {
        "callid": "1.1",
        "status": "ANSWERED",
        "duration": "14",
        "from": "89160000001",
        "direction": "INCOMING",
        "to": "101",
        "time": f"{DAY} 10:00:00",
        **changes,
    }


def only(day: JournalDay) -> JournalCall:
    assert day.unreadable == 0
    (call,) = day.calls
    return call


@pytest.mark.parametrize("name", WHOLE)
def test_the_same_day_is_read_whatever_it_is_written_in(name: str) -> None:
    day = ask(name)
    assert day.unreadable == 0
    assert [
        (one.call_id, one.started_s, one.duration_s, one.direction, one.from_number, one.to_number)
        for one in day.calls
    ] == [
        (
            "1478100000.15120",
            utc("2026-11-22 07:00"),
            14,
            Direction.INCOMING,
            "89160000001",
            "83912000000",
        ),
        ("1478100300.15124", utc("2026-11-22 07:05"), 61, Direction.EXTERNAL, "246", "89235292926"),
        ("1478100600.15130", utc("2026-11-22 07:10"), 0, Direction.INCOMING, "89160000002", "83912000000"),
    ]
    assert [one.answered for one in day.calls] == [True, True, False]


@pytest.mark.parametrize("name", ONE)
def test_one_call_is_a_list_of_one_and_numbers_stay_as_spelled(name: str) -> None:
    call = only(ask(name))
    assert (call.call_id, call.duration_s, call.from_number) == ("1478100000.15120", 14, "89160000001")
    assert call.answered


@pytest.mark.parametrize("name", ["empty-json", "empty-xml"])
def test_a_day_without_calls_is_a_day(name: str) -> None:
    assert ask(name) == JournalDay(calls=[])


def test_the_day_is_asked_for_once_with_the_token_and_json() -> None:
    with RawServer((WIRE / "journal-json.http").read_bytes()) as server:
        journal(server.url + "/", token="tok+en/№1").calls(DAY)
        token = quote("tok+en/№1", safe="")
        assert server.target == f"/api/call/journal?token={token}&date={DAY}&format=json"


@pytest.mark.parametrize("name", [*WHOLE, *ONE, "strange", "malformed"])
def test_the_token_is_nowhere_in_what_is_kept(name: str) -> None:
    day = ask(name)
    assert day.calls
    for call in day.calls:
        kept = repr(call) + call.raw.decode() + json.dumps(dict(call.fields))
        assert TOKEN not in kept
        assert "token" not in kept.lower()
        assert json.loads(call.raw) == call.fields
        assert call.raw_media == "application/json"


def test_the_link_to_the_recording_stays_without_the_token() -> None:
    first, *_ = ask("json").calls
    assert first.fields["record_url"] == "/api/call/record?callid=1478100000.15120"


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (f"/api/call/record?callid=1&token={TOKEN}", "/api/call/record?callid=1"),
        (f"/api/call/record?TOKEN={TOKEN}", "/api/call/record"),
        ("/api/call/record?token=other-account&callid=1", "/api/call/record?callid=1"),
        (f"/api/call/record?token={TOKEN}&amp;callid=1", "/api/call/record?callid=1"),
        (f"/records/{TOKEN.upper()}/1", "/records/***/1"),
        ("/api/call/record?mytoken=1", "/api/call/record?mytoken=1"),
    ],
)
def test_a_token_is_hidden_wherever_it_stands(url: str, kept: str) -> None:
    assert only(read([record(record_url=url)])).fields["record_url"] == kept


def test_words_the_manual_does_not_have_stay_as_they_came() -> None:
    call = only(ask("strange"))
    assert call.direction is Direction.UNKNOWN
    assert not call.answered
    assert (call.fields["direction"], call.fields["status"]) == ("REDIRECTED", "VOICEMAIL")
    assert call.fields["comment"] == {"nested": ["see /api/call/record?callid=1"]}


def test_a_broken_record_hides_no_other_and_is_counted() -> None:
    day = ask("malformed")
    assert [(one.call_id, one.duration_s) for one in day.calls] == [
        ("1478100000.15120", 14),
        ("1478100300.15124", 0),  # without a duration: of no length
    ]
    assert day.unreadable == 8


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_journal_is_refused_in_russian_without_the_token(name: str) -> None:
    with pytest.raises(JournalRefused) as refused:
        ask(name)
    assert re.search("[а-яё]{4}", str(refused.value))
    assert TOKEN not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("broken-fail", "Token *** is wrong"),
        ("broken-fail-xml", "Неверный ключ"),
        ("broken-fail-403", "Неверный ключ"),
        ("broken-401", "journal_token"),
        ("broken-500", "HTTP 500"),
        ("broken-half-json", "не разобрать"),
        ("broken-html", "не разобрать"),
    ],
)
def test_the_reason_says_what_to_do(name: str, says: str) -> None:
    with pytest.raises(JournalRefused, match=re.escape(says)):
        ask(name)


def test_an_exchange_that_is_away_slow_or_endless_is_refused_in_time() -> None:
    started = time.monotonic()
    with pytest.raises(JournalRefused):
        journal(closed_port_url()).calls(DAY)
    with RawServer(silent=True) as server, pytest.raises(JournalRefused):
        journal(server.url, total_s=0.3).calls(DAY)
    whole = (WIRE / "journal-json.http").read_bytes()
    with RawServer(whole, drip_s=0.05) as server, pytest.raises(JournalRefused):
        journal(server.url, total_s=0.3).calls(DAY)
    with RawServer(whole) as server, pytest.raises(JournalRefused, match="слишком длинный"):
        journal(server.url, max_bytes=200).calls(DAY)
    assert time.monotonic() - started < 10


def test_a_busy_day_fits() -> None:
    calls = [record(callid=f"{n}.1", record_url=f"/r?token={TOKEN}&callid={n}") for n in range(10_000)]
    body = json.dumps({"calls": calls}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode()
    with RawServer(head + body) as server:
        assert len(journal(server.url, total_s=30.0).calls(DAY).calls) == 10_000


@pytest.mark.parametrize(
    ("timezone", "wall", "at"),
    [
        ("Asia/Krasnoyarsk", "2026-11-22 10:00:00", "2026-11-22 03:00"),
        ("Europe/Moscow", "2026-11-22T10:00:00", "2026-11-22 07:00"),
        ("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25 00:30"),  # occurs twice: the first
        ("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29 01:30"),  # does not occur
        ("UTC", "2026-11-22 23:59:59", "2026-11-22 23:59:59"),
    ],
)
def test_times_are_of_the_wall_of_the_exchange(timezone: str, wall: str, at: str) -> None:
    call = only(read([record(time=wall)], timezone=timezone, day=wall[:10]))
    assert call.started_s == utc(at)


def test_what_no_database_takes_is_not_kept() -> None:
    call = only(read([record(callid="1\ud800.1", status="\x00ANSWERED", note="a\x01b\udfff")]))
    assert (call.call_id, call.answered, call.fields["note"]) == ("1.1", True, "ab")


@pytest.mark.parametrize("token", ["1", "12345"])
def test_a_short_token_spoils_no_numbers(token: str) -> None:
    call = only(read([record(callid="12345.1", record_url=f"/r?token={token}&callid=12345.1")], token=token))
    assert (call.call_id, call.fields["record_url"]) == ("12345.1", "/r?callid=12345.1")


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["calls", "call", "callid", "time", "from", "result", "to"]), inner)
    ),
    max_leaves=12,
)
FIELD = st.sampled_from(["callid", "time", "duration", "from", "to", "status", "direction", "record_url"])


def survives(ask_for: Callable[[], JournalDay]) -> None:
    try:
        day = ask_for()
    except JournalRefused:
        return
    for call in day.calls:
        assert call.call_id
        assert json.loads(call.raw) == call.fields


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_no_json_is_more_than_refused(value: Any) -> None:
    survives(lambda: read(value))


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_are_more_than_refused(body: bytes) -> None:
    survives(lambda: read(body))


@given(st.dictionaries(FIELD, JSON, max_size=3), st.lists(FIELD, max_size=2))
@settings(max_examples=200, deadline=None)
def test_one_record_never_costs_another(changes: dict[str, Any], lost: list[str]) -> None:
    odd = {name: value for name, value in record(**changes).items() if name not in lost}
    day = read({"calls": [record(callid="first"), odd, record(callid="last")]})
    ids = [one.call_id for one in day.calls]
    assert (ids[0], ids[-1]) == ("first", "last")
    assert len(ids) + day.unreadable == 3


# --- one call by its id ---------------------------------------------------------------------------
CALL = "1478100000.15120"
INFO_WHOLE = ("xml-head", "json", "json-nested", "json-list", "json-calls", "json-numbers", "json-as-html")
INFO_SHORT = ("xml-short", "json-short")
INFO_UNKNOWN = sorted(path.stem.removeprefix("info-") for path in WIRE.glob("info-unknown-*.http"))
INFO_BROKEN = sorted(path.stem.removeprefix("info-") for path in WIRE.glob("info-broken-*.http"))


def ask_of(name: str, call_id: str = CALL, **how: Any) -> JournalCall | None:
    with RawServer((WIRE / f"info-{name}.http").read_bytes()) as server:
        return journal(server.url, **how).call(call_id)


def told_of(name: str, call_id: str = CALL) -> JournalCall:
    call = ask_of(name, call_id)
    assert call is not None
    return call


@pytest.mark.parametrize("name", INFO_WHOLE)
def test_one_call_is_read_whatever_it_is_written_in(name: str) -> None:
    call = told_of(name)
    assert (call.call_id, call.started_s, call.duration_s) == (CALL, utc(f"{DAY} 07:00"), 14)
    assert (call.direction, call.from_number, call.to_number) == (
        Direction.INCOMING,
        "89160000001",
        "83912000000",
    )
    assert (call.answered, call.has_record) == (True, True)
    assert call.record == f"/api/call/record?callid={CALL}"


def test_the_manuals_own_answer_has_neither_direction_nor_has_record() -> None:
    call = told_of("xml")
    assert (call.direction, call.answered, call.has_record) == (Direction.UNKNOWN, True, True)
    assert (call.from_number, call.to_number) == ("89160000001", "83912000000")


@pytest.mark.parametrize("name", INFO_SHORT)
def test_the_first_answers_told_neither_who_nor_when(name: str) -> None:
    call = told_of(name)
    assert (call.answered, call.duration_s, call.has_record) == (True, 14, True)
    assert (call.from_number, call.to_number) == ("", "")
    assert call.started_s == 1478100000  # the id begins with the second
    assert told_of(name, "2ebc0000-b5da-4ddb-cd04-000000000001").started_s == 0


def test_an_address_is_no_recording() -> None:
    assert not told_of("no-record").has_record
    assert not told_of("no-record").answered


@pytest.mark.parametrize("name", INFO_UNKNOWN)
def test_an_id_that_the_exchange_does_not_know_is_no_refusal(name: str) -> None:
    assert ask_of(name) is None


@pytest.mark.parametrize("name", INFO_BROKEN)
def test_what_says_nothing_of_the_call_is_refused(name: str) -> None:
    with pytest.raises(JournalRefused) as refused:
        ask_of(name)
    assert TOKEN not in str(refused.value)
    assert re.search("[а-я]", str(refused.value))


@pytest.mark.parametrize("name", ["xml", *INFO_WHOLE, *INFO_SHORT, "no-record"])
def test_the_token_stays_behind(name: str) -> None:
    call = told_of(name)
    assert TOKEN not in f"{call.raw!r}{call.fields}{call.record}{call!r}"


def test_one_call_is_asked_for_as_the_manual_says() -> None:
    with RawServer((WIRE / "info-json.http").read_bytes()) as server:
        journal(server.url).call(CALL)
        (line,) = [request.split(b"\r\n")[0] for request in server.requests]
    assert line == f"GET /api/call/info?token={TOKEN}&callid={CALL}&format=json HTTP/1.1".encode()


def test_an_id_cannot_ask_for_something_else() -> None:
    with RawServer((WIRE / "info-unknown-fail.http").read_bytes()) as server:
        assert journal(server.url).call("1&date=2026-11-22#/..") is None
        assert b"callid=1%26date%3D2026-11-22%23%2F..&format" in server.requests[0]


def test_an_exchange_that_is_away_is_no_unknown_call() -> None:
    with pytest.raises(JournalRefused):
        journal(closed_port_url()).call(CALL)
    with RawServer(silent=True) as server, pytest.raises(JournalRefused):
        journal(server.url, total_s=0.3).call(CALL)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_no_json_of_one_call_is_more_than_refused(value: Any) -> None:
    wire: Any = Said(json.dumps(value).encode())
    try:
        call = MobilonJournal(wire=wire, base_url="http://x", token=TOKEN, timezone="UTC").call(CALL)
    except JournalRefused:
        return
    assert call is None or call.call_id == CALL


@pytest.mark.parametrize(
    ("value", "url", "has"),
    [
        ("1", "/r", True), (1, "/r", True), (True, "/r", True), ("0", "/r", False), (0, "/r", False),
        (False, "/r", False), (None, "/r", True), (None, "", False), ("yes", "/r", False), ([], "/r", False),
    ],
)  # fmt: skip
def test_a_recording_is_there_when_the_exchange_says_so(value: Any, url: str, has: bool) -> None:
    changes = {"record_url": url} | ({} if value is None else {"has_record": value})
    assert only(read([record(**changes)])).has_record is has
