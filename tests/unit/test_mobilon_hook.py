"""Mobilon's web hook: the recorded requests of tests/wire/mobilon, and all they could have been."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.errors import BadEvent
from bridge.core.ports import HookRequest
from bridge.vpbx.mobilon import MobilonHook

WIRE = Path(__file__).parents[1] / "wire" / "mobilon"
HOOK = MobilonHook("office")
KEY = "k0000000000000aa"
UUID = "2ebc0000-b5da-4ddb-cd04-000000000001"
EVENT: dict[str, Any] = {"uuid": UUID, "state": "ANSWER", "from": "89160000001", "time": 1565770008}
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def recorded(name: str) -> HookRequest:
    head, _, body = (WIRE / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
    line, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {key.lower(): value for key, _, value in (header.partition(": ") for header in lines)}
    return HookRequest(
        method=method, query=target.partition("?")[2], media=headers.get("content-type", ""), body=body
    )


def read(name: str) -> CallEvent:
    return HOOK.read(recorded(name))


def get(query: str) -> CallEvent:
    return HOOK.read(HookRequest(method="GET", query=query, media="", body=b""))


def post(body: bytes | dict[str, Any], media: str = JSON) -> CallEvent:
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    return HOOK.read(HookRequest(method="POST", query="", media=media, body=body))


# --- the old hook -------------------------------------------------------------------------------
def test_the_recorded_request_of_the_old_hook_is_a_ring() -> None:
    query = f"key={KEY}&number=83910000001"
    assert read("hook-old-get") == CallEvent(
        exchange="office",
        call_id="",
        state=CallState.PREANSWER,
        direction=Direction.INCOMING,
        from_number="83910000001",
        to_number="",
        user_key=KEY,
        time_s=None,
        raw=query.encode(),
        raw_media="query",
        fields={"key": KEY, "number": "83910000001"},
        dedup_key="",
        merge_key=f"{KEY}|3910000001",
    )


def test_the_old_hook_as_a_form_and_as_json_is_the_same_ring() -> None:
    form, body = read("hook-old-form"), read("hook-old-json")
    assert form.merge_key == body.merge_key == read("hook-old-get").merge_key
    assert (form.from_number, form.raw_media, form.raw) == (
        "+7 (391) 000-00-01",
        FORM,
        recorded("hook-old-form").body,
    )
    assert (body.from_number, body.raw_media) == ("83910000001", JSON)


def test_names_of_parameters_are_matched_in_any_case() -> None:
    assert get(f"KEY={KEY}&Number=101").user_key == post({"Key": KEY, "NUMBER": 101}).user_key == KEY


@pytest.mark.parametrize("hidden", ["", "anonymous", "unknown", "Restricted", "CallAPI"])
def test_a_caller_who_hides_the_number_is_not_lost(hidden: str) -> None:
    event = get(f"key={KEY}&number={hidden}")
    assert event.from_number == hidden
    assert event.merge_key == ""  # two hidden callers are not known to be one


def test_a_ring_without_a_number_or_with_an_empty_key_is_still_a_ring() -> None:
    assert get(f"key={KEY}").from_number == ""
    assert post({"key": KEY, "number": None}).from_number == ""
    assert get("key=&number=83910000001").user_key == ""


def test_an_unfilled_template_is_told_to_the_administrator() -> None:
    with pytest.raises(BadEvent, match="АТС не подставила значение в key"):
        read("hook-old-template")


@pytest.mark.parametrize("number", ["{NUMBER}", "%7BNUMBER%7D", "{NUMBER]", "8{NUMBER}"])
def test_the_misprinted_template_of_the_manual_is_recognised(number: str) -> None:
    with pytest.raises(BadEvent, match="АТС не подставила значение в number"):
        get(f"key={KEY}&number={number}")


@pytest.mark.parametrize("query", ["", "number=83910000001", "a=1&b=2", "&&&"])
def test_a_request_without_a_key_says_how_to_write_the_address(query: str) -> None:
    with pytest.raises(BadEvent, match=r"\?key=\{KEY\}&number=\{NUMBER\}"):
        get(query)


def test_an_empty_post_says_what_it_has_in_its_query() -> None:
    query = f"key={KEY}&number=101"
    event = HOOK.read(HookRequest(method="POST", query=query, media=FORM, body=b"\r\n"))
    assert (event.user_key, event.raw, event.raw_media) == (KEY, query.encode(), "query")


# --- the call event -----------------------------------------------------------------------------
def test_the_event_of_the_extension_is_read_whole() -> None:
    event = read("event-preanswer")
    body = recorded("event-preanswer").body
    assert event.dedup_key.startswith(f"{UUID}|PREANSWER|1565770001|1565770000.25644|246|{KEY}|")
    assert event == CallEvent(
        exchange="office",
        call_id=UUID,
        state=CallState.PREANSWER,
        direction=Direction.INCOMING,
        from_number="89160000001",
        to_number="246",
        user_key=KEY,
        time_s=1565770001,
        raw=body,
        raw_media=JSON,
        fields=json.loads(body),
        dedup_key=event.dedup_key,
    )


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("event-start", CallState.START),
        ("event-ivr", CallState.IVR),
        ("event-answer", CallState.ANSWER),
        ("event-hangup-missed", CallState.HANGUP),
        ("event-hangup-answered", CallState.HANGUP),
        ("event-end", CallState.END),
    ],
)
def test_every_state_is_read_and_no_field_is_lost(name: str, state: CallState) -> None:
    event = read(name)
    assert event.state is state
    assert event.fields == json.loads(recorded(name).body)


def test_the_length_of_a_call_stays_the_text_it_was() -> None:
    assert read("event-hangup-answered").fields["duration"] == "52"


def test_the_first_leg_of_a_click_keeps_its_name() -> None:
    assert read("event-click-leg").from_number == "CallAPI"


@pytest.mark.parametrize("name", ["event-form-data", "event-query-fields", "event-curl-d"])
def test_the_same_event_is_the_same_however_it_is_wrapped(name: str) -> None:
    event, plain = read(name), read("event-preanswer")
    assert event.dedup_key == plain.dedup_key
    assert event.raw == (recorded(name).body or recorded(name).query.encode())


@pytest.mark.parametrize("field", ["data", "Data", "json"])
def test_an_event_may_lie_in_a_field_of_a_query(field: str) -> None:
    event = get(urlencode({field: json.dumps(EVENT)}))
    assert (event.call_id, event.raw_media, dict(event.fields)) == (UUID, "query", EVENT)


@pytest.mark.parametrize(
    "media", ["", "text/plain", FORM, "application/octet-stream", "APPLICATION/JSON; charset=x"]
)
def test_the_body_is_believed_before_its_content_type(media: str) -> None:
    assert post(EVENT, media).call_id == UUID
    assert post(f"key={KEY}&number=101".encode(), media).user_key == KEY


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_json_is_read_in_the_encodings_that_1c_people_meet(encoding: str) -> None:
    body = json.dumps({**EVENT, "from": "Скрыт"}, ensure_ascii=False).encode(encoding)
    event = post(body)
    assert (event.from_number, event.raw) == ("Скрыт", body)


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_percent_decoding_knows_both_russian_encodings(encoding: str) -> None:
    assert get(f"key={KEY}&number={quote('Скрыт', encoding=encoding)}").from_number == "Скрыт"


def test_a_query_in_bare_russian_letters_is_read_too() -> None:
    assert get("key=к&number=1").user_key == "к"
    assert get("key=к&number=1".encode().decode("latin-1")).raw == "key=к&number=1".encode()


@pytest.mark.parametrize(
    ("time", "time_s"),
    [
        (1565770008, 1565770008),
        (1565770008.9, 1565770008),
        ("1565770008", 1565770008),
        ("1565770008.25", 1565770008),
        (1565770008123, 1565770008),
        ("1565770008123", 1565770008),
        (1.565770008123e12, 1565770008),
        ("", None),
        (None, None),
        (0, None),
        (-5, None),
        ("вчера", None),
        ("2019-08-14 10:00:00", None),
        ("١٥٦٥٧٧٠٠٠٨", None),
        (15657700081234567, None),
    ],
)
def test_time_is_read_in_seconds_or_not_at_all(time: Any, time_s: int | None) -> None:
    assert post({**EVENT, "time": time}).time_s == time_s


def test_an_event_without_a_time_is_kept() -> None:
    event = post({"uuid": UUID, "state": "END"})
    assert (event.time_s, event.dedup_key) == (None, "")
    assert event.merge_key.startswith(f"{UUID}|END||||")  # a repeat is told by nearness alone


@pytest.mark.parametrize(
    "change", [{"recordUrl": "/r/1"}, {"time": 1565770008456}, {"callstatus": "ANSWER"}, {"menu": "2"}]
)
def test_an_event_with_something_new_to_say_is_no_repeat(change: dict[str, Any]) -> None:
    assert post({**EVENT, **change}).dedup_key != post(EVENT).dedup_key


def test_a_repeat_is_recognised_whatever_the_order_of_its_fields() -> None:
    assert post(dict(reversed(EVENT.items()))).dedup_key == post(EVENT).dedup_key


def test_a_new_state_is_kept_as_it_came_and_told_apart_from_another() -> None:
    first, second = post({**EVENT, "state": "Transfer"}), post({**EVENT, "state": "PARK"})
    assert first.state is second.state is CallState.UNKNOWN
    assert first.fields["state"] == "Transfer"
    assert first.dedup_key != second.dedup_key


def test_a_new_direction_and_new_fields_are_kept() -> None:
    event = post({**EVENT, "direction": "sideways", "queue": {"id": [1, 2]}})
    assert event.direction is Direction.UNKNOWN
    assert event.fields["queue"] == {"id": [1, 2]}


def test_numbers_in_json_are_read_as_their_digits() -> None:
    event = post({**EVENT, "from": 89160000001, "to": 246.0, "subid": 1565770000.25644})
    assert (event.from_number, event.to_number) == ("89160000001", "246")
    assert "|1565770000.25644|" in event.dedup_key


def test_control_characters_leave_the_fields_and_stay_in_the_raw_bytes() -> None:
    dirty = {
        k: f"\x00{v}\x1f\x7f\ud800\uffff\r\n"
        for k, v in {**EVENT, "to": "246", "userkey": KEY, "subid": "1.2"}.items()
    }
    event = post(dirty)
    assert event.dedup_key.startswith(f"{UUID}|ANSWER|1565770008|1.2|246|{KEY}|")
    assert event.from_number == "89160000001"
    assert b"\\u0000" in event.raw
    assert b"\\ud800" in event.raw


# --- what holds no event ------------------------------------------------------------------------
LONG = "9" * 129
BAD_BODIES = {
    "no uuid": b'{"state":"END"}',
    "empty uuid": b'{"uuid":" \\u0000","state":"END"}',
    "no state": b'{"uuid":"secret"}',
    "uuid is a list": b'{"uuid":["secret"],"state":"END"}',
    "uuid is true": b'{"uuid":true,"state":"END"}',
    "time is an object": b'{"uuid":"u","state":"END","time":{}}',
    "a key twice": b'{"uuid":"secret","uuid":"b","state":"END"}',
    "a deep key twice": b'{"uuid":"secret","state":"END","x":[{"a":1,"a":2}]}',
    "a key in two cases": b'{"uuid":"secret","UUID":"b","state":"END"}',
    "NaN": b'{"uuid":"secret","state":"END","x":NaN}',
    "infinity": b'{"uuid":"secret","state":"END","x":-Infinity}',
    "an overflow": b'{"uuid":"secret","state":"END","x":1e999}',
    "an endless integer": b'{"uuid":"secret","state":"END","x":' + b"9" * 33 + b"}",
    "an endless fraction": b'{"uuid":"secret","state":"END","x":0.' + b"9" * 33 + b"}",
    "too deep": b'{"uuid":"secret","state":"END","x":' + b"[" * 8 + b"]" * 8 + b"}",
    "without a bottom": b'{"uuid":' + b"[" * 100_000,
    "deep objects without a bottom": b'{"a":' * 100_000,
    "a list of events": b'[{"uuid":"secret","state":"END"}]',
    "cut short": b'{"uuid":"secret"',
    "text": b'"secret"',
    "a number": b"42",
    "binary": bytes(range(256)),
    "utf-16 cut short": '{"uuid":"secret"}'.encode("utf-16")[:-1],
    "empty": b"",
    "a long uuid": f'{{"uuid":"{LONG}","state":"END"}}'.encode(),
    "a long caller": f'{{"uuid":"secret","state":"END","from":"{LONG}"}}'.encode(),
    "a long subid": f'{{"uuid":"secret","state":"END","subid":"{LONG}"}}'.encode(),
    "33 digits": f'{{"uuid":"secret","state":"END","to":"{"9" * 33}"}}'.encode(),
    "33 digits of a ring": f"key=secret&number={'9' * 33}".encode(),
    "a long key": f"key={LONG}&number=1".encode(),
    "a template in an event": b'{"uuid":"{UUID}","state":"END"}',
    "an unfilled field": b"data={DATA}",
    "a list in a field": b"data=%5B%5D",
    "a broken event in a field": b"data=%7B%22secret",
    "parameter twice": b"key=secret&key=secret&number=1",
    "parameter in two cases": b"key=secret&KEY=secret&number=1",
    "an event twice": b"data=%7B%7D&Data=%7B%7D",
    "an unknown parameter twice": b"key=secret&number=1&secret=1&secret=2",
}


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
@pytest.mark.parametrize("media", [JSON, FORM])
def test_what_holds_no_event_is_refused_in_short_russian_without_echo(body: bytes, media: str) -> None:
    with pytest.raises(BadEvent) as refusal:
        post(body, media)
    sentence = str(refusal.value)
    assert len(sentence) <= 100
    assert any("а" <= letter <= "я" for letter in sentence)
    assert "secret" not in sentence
    assert LONG not in sentence
    assert refusal.value.__cause__ is None


def test_a_repeated_parameter_is_named() -> None:
    with pytest.raises(BadEvent, match="Параметр key повторён"):
        get("key=1&key=2")


def test_the_limits_themselves_are_still_inside() -> None:
    nested = b'{"uuid":"u","state":"END","from":"%s","subid":"%s","x":%s}' % (
        b"9" * 32,
        b"s" * 128,
        b"[" * 7 + b"]" * 7,
    )
    assert post(nested).from_number == "9" * 32
