"""Everything that strangers' bytes get into, each as a function of bytes that must hold its promise.

A target raises only when the code broke its own contract: an exception it does not announce, an answer
that is no answer, a secret that came out. `seeds` are requests and answers that make sense.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import requests
from lxml import etree

from bridge.core.caller import CallerCard
from bridge.core.dialing import CallResult
from bridge.core.errors import BadEvent, BadNumber, JournalRefused
from bridge.core.numbers import PhoneNumber, mask, same_digits
from bridge.core.ports import HookRequest
from bridge.observe import Figures
from bridge.onec import envelope
from bridge.onec.pages import clean, read_page
from bridge.onec.saying import card_xml, read_card
from bridge.vpbx.mobilon.answers import AnswerReader
from bridge.vpbx.mobilon.hook import MobilonHook
from bridge.vpbx.mobilon.journal import MobilonJournal
from bridge.web.auth import Gatekeeper, token_hash
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.vocabulary import ENGLISH, OPERATIONS
from bridge.wire import Answer, Wire

WIRE = Path(__file__).parents[1] / "wire"
PASSWORD = "a-password-of-tests-0001"
SECRET = "marked-secret-of-the-account-7f3a"
MEDIA = ("text/xml; charset=utf-8", "application/soap+xml", "", "text/xml; charset=windows-1251", "text/html")
STATUSES = {200, 400, 401, 405, 413, 415, 500}


@dataclass(frozen=True, kw_only=True)
class Target:
    """What is tried with bytes. `seeds` are good beginnings."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes]


class Broken(Exception):
    """A promise was not kept."""


# --- what comes in ----------------------------------------------------------------------------------
def _answers() -> dict[str, Any]:
    call = {
        "CallId": "1",
        "Start": datetime(2026, 11, 23, tzinfo=UTC),
        "Direction": "incoming",
        "From": "89235292926",
        "To": "101",
        "Duration": 1,
        "Status": "ANSWERED",
        "RecordUrl": "",
    }
    return {
        "Ping": "pong",
        "MakeCall": {"Result": "SUCCESS", "Message": "Звоним", "Code": 0, "CallId": "1"},
        "GetSubscribers": {"Subscriber": [{"Name": "Анна", "Extension": "101", "Key": "101"}]},
        "GetCallInfo": call,
        "GetCallJournal": {"Call": [call]},
        "PollEvents": {"LastId": 1, "More": False, "Event": []},
    }


def _endpoint() -> SoapEndpoint:
    answers = _answers()
    handlers = {operation.name: lambda _, __, name=operation.name: answers[name] for operation in OPERATIONS}
    return SoapEndpoint(
        ENGLISH,
        cast(Any, handlers),
        gatekeeper=Gatekeeper({"buh": "buh"}, {"buh": [token_hash(PASSWORD)]}),
        public_url="http://127.0.0.1:8080",
        figures=Figures(),
    )


_SOAP = _endpoint()
_LOGIN = requests.auth._basic_auth_str("buh", PASSWORD)


def soap(data: bytes) -> None:
    """The first byte chooses the Content-Type. Every answer is an envelope, and none is an incident."""
    body = data[1:]
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": ENGLISH.path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "SERVER_NAME": "x",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": MEDIA[data[0] % len(MEDIA)] if data else "",
        "HTTP_AUTHORIZATION": _LOGIN,
        "REMOTE_ADDR": "127.0.0.1",
    }
    said: list[str] = []
    answer = b"".join(_SOAP(environ, lambda status, *_: said.append(status)))
    if int(said[-1][:3]) not in STATUSES:
        raise Broken(said[-1])
    root = etree.fromstring(answer)
    if not str(root.tag).endswith("}Envelope") or "Внутренняя ошибка".encode() in answer:
        raise Broken(answer.decode())


def hook(data: bytes) -> None:
    """The first byte chooses the way in. What is read can be stored and told on as JSON."""
    way, rest = (data[0] if data else 0), data[1:]
    request = HookRequest(
        method="GET" if way % 3 == 0 else "POST",
        query=rest.decode("latin-1") if way % 3 == 0 else "",
        media="application/json" if way % 3 == 1 else "application/x-www-form-urlencoded",
        body=b"" if way % 3 == 0 else rest,
    )
    with suppress(BadEvent):
        event = MobilonHook("main").read(request)
        json.dumps(dict(event.fields)).encode()
        if max(len(event.call_id), len(event.from_number), len(event.user_key)) > 128:
            raise Broken("unbounded")


def number(data: bytes) -> None:
    """A number is digits or a refusal that repeats nothing; masked it is no longer a number."""
    text = data.decode("utf-8", "replace")
    same_digits(text)
    if re.search(r"\d{7}", mask(text)):
        raise Broken(mask(text))
    try:
        parsed = PhoneNumber.parse(text)
    except BadNumber as error:
        if len(text) > 8 and text in str(error):
            raise Broken(str(error)) from None
        return
    if not parsed.digits.isascii() or not parsed.digits.isdigit() or len(parsed.digits) > 15:
        raise Broken(parsed.digits)


# --- what partners answer ----------------------------------------------------------------------------
def card(data: bytes) -> None:
    """Whatever 1C put into `SayName`, a card comes out, and goes on as XML that anybody can read."""
    found = read_card(data.decode("utf-8", "replace"))
    again = etree.fromstring(card_xml(found).encode())
    if again.findtext("title") is None or read_card(card_xml(found)) != found:
        raise Broken(repr(found))
    if not isinstance(found, CallerCard):
        raise Broken(repr(found))


def onec_answer(data: bytes) -> None:
    """1C's body is a value, a Fault, or said not to be SOAP; as a page it becomes one clean line."""
    with suppress(envelope.AnswerError):
        envelope.read_return(data, "http://VATSCalls", "Event")
    page = read_page(_answer(200, data, "text/html"))
    for text in (page.words, page.essence):
        line = clean(text, 200, [SECRET])
        if "\n" in line or len(line) > 200 or SECRET in line:
            raise Broken(line)


def dial_answer(data: bytes) -> None:
    """The exchange's answer to a dial is one result, and repeats no key."""
    reader = AnswerReader(secrets=(SECRET,), number=PhoneNumber(digits="79235292926", region="RU"))
    status = 200 if not data or data[0] % 2 else 400 + data[0]
    result = reader.read(_answer(status, data[1:], "application/json"))
    if not isinstance(result, CallResult) or not result.message or SECRET in result.message + result.call_id:
        raise Broken(repr(result))


class _Said:
    """As much of a wire as the journal uses."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def get(self, url: str, headers: Any = None) -> Answer:
        return _answer(200, self.body, "application/json")


def journal(data: bytes) -> None:
    """A day of the journal is read or refused; the token stays inside."""
    exchange = MobilonJournal(
        wire=cast(Wire, _Said(data)), base_url="http://127.0.0.1", token=SECRET, timezone="Europe/Moscow"
    )
    try:
        day = exchange.calls("2026-11-23")
    except JournalRefused as refused:
        if SECRET in str(refused):
            raise Broken(str(refused)) from None
        return
    for call in day.calls:
        if SECRET.encode() in call.raw or SECRET in json.dumps(dict(call.fields)):
            raise Broken(call.raw.decode())


def _answer(status: int, body: bytes, media: str) -> Answer:
    headers = requests.structures.CaseInsensitiveDict({"Content-Type": media})
    return Answer(status=status, headers=headers, body=body, took_s=0.0)


# --- good beginnings -----------------------------------------------------------------------------------
def _bodies(folder: str, pattern: str) -> Iterator[bytes]:
    for path in sorted((WIRE / folder).glob(pattern)):
        yield path.read_bytes().partition(b"\r\n\r\n")[2] or path.read_bytes()


def _calls() -> Iterator[bytes]:
    for operation in OPERATIONS:
        members = "".join(f"<{name}>1</{name}>" for name in operation.parameters)
        yield b"\0" + envelope.build(ENGLISH.namespace, operation.name, [])
        body = f'<t:{operation.name} xmlns:t="{ENGLISH.namespace}">{members}</t:{operation.name}>'
        twelve = f'<s:Envelope xmlns:s="{envelope.SOAP12}"><s:Body>{body}</s:Body></s:Envelope>'
        yield b"\0" + twelve.encode()


NUMBERS = (
    "8 (923) 529-29-26",
    "+7 391 274-50-00 доб. 12",
    "101",
    "tel:+375291234567",
    "８９２３",
    "8-800-2000-600",
)
CARDS = (
    '<?xml version="1.0"?><data><title>ООО "Рога & Копыта"</title><manager><phone>244</phone></manager>',
    "VIP:Иванов",
    "<error>нет</error>",
    card_xml(CallerCard(title="А < Б", category="1", manager="101")),
)

TARGETS = {
    "soap": Target(run=soap, seeds=[*_calls()]),
    "hook": Target(
        run=hook,
        seeds=[
            *(b"\x01" + body for body in _bodies("mobilon", "event-*.http")),
            *(b"\x00" + quote(text, safe="=&").encode() for text in ("key=k0aa&number=8391", "key=&number=")),
        ],
    ),
    "number": Target(run=number, seeds=[text.encode() for text in NUMBERS]),
    "card": Target(run=card, seeds=[text.encode() for text in CARDS]),
    "onec_answer": Target(run=onec_answer, seeds=[*_bodies("1c", "*.http")]),
    "dial_answer": Target(
        run=dial_answer, seeds=[b"\1" + body for body in _bodies("mobilon", "answer-*.http")]
    ),
    "journal": Target(run=journal, seeds=[*_bodies("mobilon", "journal-*.http")]),
}
