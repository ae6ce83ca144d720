"""What is told to 1C and shown to people holds no secret of the exchange."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core import secrecy
from bridge.core.calls import CallState
from bridge.core.ports import StoredEvent
from bridge.core.secrecy import cleaned, without_secrets
from bridge.flows.reconcile import JOURNAL, RECOVERED
from bridge.onec.vatscalls import data
from support.stand import said

SECRET = "acc/TOKEN+1"
PIECES = [
    *(
        "token",
        "TOKEN",
        "token=",
        "tOkEn=abc",
        "Token%3Dabc",
        "&amp;",
        "&",
        "?",
        "/r",
        '"',
        "\\",
        "é",
        "ſ",
        "\u212a",
    ),
    *(
        "s3cret-ключ",
        "S3CRET-КЛЮЧ",
        "s3kret-k1",
        "S3KRET-K1",
        "\u017f3kret-k1",
        "s3\u212aret-k1",
        "s3%20x",
        "s3 xyz",
    ),
]
SECRETS = ["s3kret-k1", "s3 xyz", "acc/TOKEN+1", 'q"uote-me']
LINK = "https://bridge.example.ru/records/c1?of=main&for=buh&until=1&sig=x"


def plainly(text: str, secrets: list[str]) -> str:
    """`without_secrets`, looking for everything in every text."""
    shorter = secrecy._TOKEN.sub("", text)
    text = shorter.rstrip("?&") if shorter != text else text
    for spelled in sorted(secrecy.spellings(secrets), key=len, reverse=True):
        text = re.sub(re.escape(spelled), "***", text, flags=re.IGNORECASE)
    return text


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(
    pieces=st.lists(st.one_of(st.sampled_from([*PIECES, *SECRETS]), st.text(max_size=3)), max_size=6),
    secrets=st.sampled_from([[], SECRETS, ["s3cret-ключ"], ["short"]]),
)
def test_nothing_to_hide_is_seen_without_looking_for_each_secret(
    pieces: list[str], secrets: list[str]
) -> None:
    text = "".join(pieces)
    assert without_secrets(text, secrets) == plainly(text, secrets)
    fields = {"uuid": "c1", text: pieces, "inner": {"x": text, "n": 5}}
    assert cleaned(fields, secrets) == secrecy.each_text(fields, lambda one: plainly(one, secrets))
    if not secrecy.suspect(json.dumps(fields, ensure_ascii=False), secrets):
        assert cleaned(fields, secrets) == fields


def told(fields: dict[str, Any], link: str = "", *, recovered: bool = False) -> dict[str, Any]:
    event = replace(said("c1", CallState.HANGUP, fields={"uuid": "c1", **fields}), recovered=recovered)
    stored = StoredEvent(id=7, event=event, received_at=0.0)
    return dict(json.loads(data(stored, lambda _: link, [SECRET])))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"a{SECRET}b", "a***b"),
        ("x=acc%2FTOKEN%2B1", "x=***"),
        ("x=ACC%2ftoken%2b1", "x=***"),
        ("/r?token=abc", "/r"),
        ("/r?token=abc&callid=1", "/r?callid=1"),
        ("/r?callid=1&token=abc", "/r?callid=1"),
        ("/r?callid=1&amp;token=abc&amp;x=2", "/r?callid=1&amp;x=2"),
        ("u=%2Fr%3Ftoken%3Dabc", "u=%2Fr%3F"),
        ("src=ya;token=abc;cmp=b", "src=ya;;cmp=b"),
        ('{"a": "/r?token=abc"}', '{"a": "/r?"}'),
        ("tokens=5 and mytoken=6", "tokens=5 and mytoken=6"),
        ("", ""),
    ],
)
def test_a_text_loses_its_secrets_and_nothing_else(text: str, expected: str) -> None:
    assert without_secrets(text, [SECRET]) == expected


def test_a_short_secret_is_not_looked_for() -> None:
    assert without_secrets("call 12345", ["12345", ""]) == "call 12345"


def test_values_keep_their_kinds() -> None:
    value = {"n": 1, "b": True, "x": None, "f": 1.5, f"k{SECRET}": [SECRET, {"d": "ok"}]}
    expected = {"n": 1, "b": True, "x": None, "f": 1.5, "k***": ["***", {"d": "ok"}]}
    assert cleaned(value, [SECRET]) == expected


def test_the_address_of_a_recording_becomes_our_link() -> None:
    assert told({"recordUrl": "/api/call/record?token=t&callid=1"}, LINK)["recordUrl"] == LINK


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://records.example.ru/1.mp3", "https://records.example.ru/1.mp3"),
        ("/api/call/record?token=t&callid=1", ""),
        ("https://x.example/1.mp3?key=acc%2FTOKEN%2B1", ""),
        ("", ""),
        (None, None),
    ],
)
def test_without_a_link_only_an_open_address_is_told(address: str | None, shown: str | None) -> None:
    assert told({"recordUrl": address})["recordUrl"] == shown


def test_a_call_without_a_recording_gets_no_link() -> None:
    assert "recordUrl" not in told({"callstatus": "ANSWER"}, LINK)
    assert told({"recordUrl": ""}, LINK)["recordUrl"] == ""


def test_a_call_of_the_journal_gets_its_link_where_the_hook_would_have_it() -> None:
    fields = {RECOVERED: True, JOURNAL: {"callid": "1.2", "record_url": "/api/call/record?callid=1.2"}}
    found = told(fields, LINK, recovered=True)
    assert (found["recordUrl"], found[JOURNAL]["record_url"]) == (LINK, LINK)
    assert "recordUrl" not in told(fields, recovered=True)


def test_everything_else_is_as_it_came() -> None:
    fields = {
        "from": "89160000001",
        "utmString": "src=ya",
        "time": 5,
        "duration": "14",
        "x": {"y": [1, None]},
    }
    found = told(fields, LINK)
    assert {name: found[name] for name in fields} == fields
