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
from waitress.adjustments import Adjustments

from bridge.core.caller import CallerCard
from bridge.core.dialing import CallCode, CallResult, DialStatus
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
from bridge.vpbx.reading import MAX_ANSWER_DEPTH, MAX_DIGITS, read_answer, read_object
from bridge.web.auth import Gatekeeper, token_hash
from bridge.web.callerid import CallerEndpoint
from bridge.web.guard import MAX_HEADERS, GuardedParser
from bridge.web.manual_call import ManualCallEndpoint
from bridge.web.path_secret import PathKeeper
from bridge.web.signing import RecordLinks, Signed
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


_LONG = re.compile(rf"\d{{{MAX_DIGITS + 1}}}")


def json_(data: bytes) -> None:
    """JSON of an event or of an answer: read within the limits, or refused as announced."""
    text = data.decode("utf-8", "replace")
    with suppress(BadEvent):
        json.dumps(read_object(text), allow_nan=False)
    try:
        found = read_answer(text)
    except ValueError:
        return
    again = json.dumps(found, allow_nan=False)
    if len(again) > 16 * len(text) + 16:
        raise Broken("it grew")
    level, most = 0, 0
    for sign in _bare(again):
        level += (sign in "[{") - (sign in "]}")
        most = max(most, level)
    if most > MAX_ANSWER_DEPTH or _LONG.search(_bare(again)):
        raise Broken(again[:200])


def _bare(text: str) -> str:
    return re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)


_SETTINGS = Adjustments(ident=None, max_request_header_size=16 * 1024, max_request_body_size=1024 * 1024)
_ONCE = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization")


def head(data: bytes) -> None:
    """Bytes on a connection: no exception; what is accepted can be framed in one way only."""
    parser, left = GuardedParser(_SETTINGS), data
    while left and not parser.completed:
        taken = parser.received(left)
        if taken <= 0:
            break
        left = left[taken:]
    if not parser.completed or parser.error is not None or parser.empty:
        if parser.error is not None and not 400 <= int(parser.error.code) < 600:
            raise Broken(str(parser.error.code))
        return
    names = [line.partition(b":")[0].strip().lower() for line in parser.head.split(b"\r\n")[1:] if line]
    if len(names) > MAX_HEADERS or any(names.count(name) > 1 for name in _ONCE):
        raise Broken(repr(parser.head))
    if b"content-length" in names and b"transfer-encoding" in names:
        raise Broken(repr(parser.head))
    if parser.chunked and parser.headers.get("CONNECTION") != "close":
        raise Broken("kept open")


class _Names:
    """Who is calling: whoever is asked for."""

    def answer(self, exchange: str, number: str) -> CallerCard:
        return CallerCard(title=number)


def _dial(infobase: str, key: str, number: str) -> CallResult:
    return CallResult(status=DialStatus.STARTED, message=number, code=CallCode.DONE, call_id=key)


_CALLER = CallerEndpoint(PathKeeper({"main": [SECRET]}, figures=Figures()), _Names(), card_xml)
_MANUAL = ManualCallEndpoint(_dial, Gatekeeper({"buh": "buh"}, {"buh": [token_hash(PASSWORD)]}))
_LINKS = RecordLinks(SECRET, "http://127.0.0.1", 60)


def entrances(data: bytes) -> None:
    """The first byte chooses entrance and method, then lines: query, Content-Type, Accept, the body.

    Every answer is whole XML, JSON or text, with a status that the entrance announces; a parameter
    that comes twice is never chosen from.
    """
    way, rest = (data[0] if data else 0), data[1:]
    query, media, accept, body = (*rest.split(b"\n", 3), b"", b"", b"", b"")[:4]
    path, application = ((f"/caller/main/{SECRET}", _CALLER), ("/api/call/CallToSubscriber", _MANUAL))[
        way % 2
    ]
    environ = {
        "REQUEST_METHOD": ("GET", "POST", "HEAD", "PUT")[way // 2 % 4],
        "PATH_INFO": path,
        "QUERY_STRING": query.decode("latin-1"),
        "CONTENT_TYPE": media.decode("latin-1"),
        "HTTP_ACCEPT": accept.decode("latin-1"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "HTTP_AUTHORIZATION": _LOGIN,
        "REMOTE_ADDR": "127.0.0.1",
    }
    said: list[tuple[str, list[tuple[str, str]]]] = []
    answer = b"".join(application(environ, lambda status, headers: said.append((status, headers))))
    status, headers = int(said[-1][0][:3]), dict(said[-1][1])
    if status not in {200, 400, 405}:
        raise Broken(str(status))
    if environ["REQUEST_METHOD"] == "HEAD":
        return
    if "json" in headers["Content-Type"]:
        json.loads(answer)
    elif "xml" in headers["Content-Type"]:
        etree.fromstring(answer)
    word = b"number=" if application is _CALLER else b"key="
    if status == 200 and f"&{query.decode('latin-1')}".encode("latin-1").count(b"&" + word) > 1:
        raise Broken("chosen from two")
    if isinstance(_LINKS.read("/records/x", query.decode("latin-1")), Signed):
        raise Broken("a link opened")


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


JSONS = (
    b'{"result": "SUCCESS", "callid": 1477632923.14530, "code": 0}',
    b'{"uuid": "2ebc-1", "state": "END", "time": 1565770001, "x": [{"y": null}, "a,b"]}',
    b'[1e5, -0.0, NaN, Infinity, "\\ud800", true]',
    b"[" * 15 + b"9" * 31 + b"]" * 15,
)
HEADS = (
    b"POST /ws/Telephony HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc",
    b"POST /hooks/main/s?a=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    b"GET http://x/metrics HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
)
FORM = b"application/x-www-form-urlencoded"
QUERIES = (
    b"\0number=89160000001\n\napplication/json\n",
    b"\x02\n" + FORM + b"\ntext/xml;q=0.5\nnumber=8916%200000001",
    b"\x01key=101&outboundNumber=89235292926\n\n\n",
    b"\x03key=101\n" + FORM + b"; charset=utf-8\n\noutboundNumber=%2B79235292926",
)
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
    "json": Target(run=json_, seeds=JSONS),
    "head": Target(run=head, seeds=HEADS),
    "entrances": Target(run=entrances, seeds=QUERIES),
}
