"""The short way through the usual call event reads what the careful way reads, and leaves the rest to it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.calls import CallEvent
from bridge.core.errors import BadEvent
from bridge.core.ports import HookRequest
from bridge.vpbx.mobilon import MobilonHook
from bridge.vpbx.reading import clean, decode_json, read_object, read_plain

HOOK = MobilonHook("office")
RECORDED = sorted((Path(__file__).parents[1] / "wire" / "mobilon").glob("event-*.http"))
NAMES = ["uuid", "state", "direction", "from", "to", "userkey", "subid", "time", "baseid", "recordUrl"]
WORDS = [
    *(
        "START",
        "end",
        "ANSWER",
        "incoming",
        "outgoing",
        "89160000001",
        "+7 (391) 274-50-00",
        "CallAPI",
        "246",
    ),
    *(
        "",
        " ",
        "a b",
        "k\tk",
        "x\x00",
        "{KEY}",
        "{",
        "}",
        "]",
        '"',
        "\\",
        "\u2028",
        "Анна",
        "\ud800",
        "/",
        "~",
    ),
    *("1565770001", "1565770001.5", "1565770001000", "0", "-1", "1e5", "9" * 33, "9" * 128, "9" * 129, "٣"),
]
texts = st.sampled_from(WORDS) | st.text(max_size=6)
values = texts | st.integers() | st.floats() | st.booleans() | st.none() | st.lists(texts, max_size=1)
names = st.sampled_from([*NAMES, "UUID", "State", "key", "number", " uuid", "", "ключ"]) | st.text(max_size=4)
objects = st.dictionaries(names, values, max_size=6).map(
    lambda more: {"uuid": "2ebc-1", "state": "ANSWER", "time": 1565770008} | more
)
bodies = st.builds(
    lambda said, ascii_only, compact: json.dumps(
        said, ensure_ascii=ascii_only, separators=(",", ":") if compact else None
    ).encode("utf-8", "surrogatepass"),
    objects,
    st.booleans(),
    st.booleans(),
)


def read(way: Any, body: bytes) -> CallEvent | str:
    try:
        event: CallEvent = way(HookRequest(method="POST", query="", media="application/json", body=body))
    except BadEvent as error:
        return str(error)
    return event


@settings(max_examples=1500, deadline=None)
@given(bodies)
def test_both_ways_read_the_same(body: bytes) -> None:
    assert read(HOOK.read, body) == read(HOOK.read_carefully, body)


@settings(max_examples=500, deadline=None)
@given(bodies, st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3))
def test_both_ways_read_the_same_of_damaged_bodies(body: bytes, damages: list[tuple[int, int]]) -> None:
    damaged = bytearray(body)
    for place, byte in damages:
        damaged[place % len(damaged)] = byte
    assert read(HOOK.read, bytes(damaged)) == read(HOOK.read_carefully, bytes(damaged))


@settings(max_examples=500, deadline=None)
@given(bodies)
def test_what_is_plain_is_what_the_careful_reading_gives(body: bytes) -> None:
    plain = read_plain(body)
    if plain is not None:
        fields = read_object(decode_json(body))
        assert plain.fields == fields
        assert plain.texts == {name.lower(): clean(str(value)) for name, value in fields.items()}


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_every_recorded_event_is_read_the_same_both_ways(path: Path) -> None:
    body = path.read_bytes().partition(b"\r\n\r\n")[2]
    assert read(HOOK.read, body) == read(HOOK.read_carefully, body)


def test_the_recorded_events_go_the_short_way() -> None:
    bodies = [path.read_bytes().partition(b"\r\n\r\n")[2] for path in RECORDED]
    plain = [body for body in bodies if body.startswith(b'{"uuid')]
    assert len(plain) > 5
    assert all(read_plain(body) for body in plain)


@pytest.mark.parametrize(
    "body",
    [
        b'{"uuid":"u","uuid":"v"}',
        b'{"uuid":{"a":"b"}}',
        b'{"uuid":"u","UUID":"v"}',
        b'{"uuid":true}',
        b"{",
        b"[]",
    ],
)
def test_what_is_not_plain_is_left_to_the_careful_reading(body: bytes) -> None:
    assert read_plain(body) is None
