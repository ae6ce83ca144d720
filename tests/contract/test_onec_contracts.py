"""What every contract with 1C promises to the flows, on every implementation, over real sockets."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC

import pytest

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Away, Delivered, Denied, Faulted, Purpose
from bridge.core.ports import StoredEvent
from bridge.core.wording import OF_EVENT, Wording
from bridge.onec.custom import Custom, Mapped, WebService
from bridge.onec.description import Description
from bridge.onec.event_words import EventWords
from bridge.onec.miko import Miko
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls, data
from bridge.resources import wsdl_dir
from bridge.wire import Wire
from bridge.wiring.partners import NAMESPACES, PUBLISHED
from support.onecserver import OnecServer, http, recorded
from support.rawserver import RawServer, closed_port_url

CRM = "http://crm.example.ru/calls"
USERS = [{"id": "u-246", "extension": "246"}]
NUMBER, KEY, PASSWORD = "89235292926", "k0000000000000aa", "Пароль-1С"
STORED = StoredEvent(
    id=42,
    received_at=1565770002.0,
    event=CallEvent(
        exchange="mobilon",
        call_id="2ebc0000-b5da-4ddb-cd04-000000000001",
        state=CallState.PREANSWER,
        direction=Direction.INCOMING,
        from_number=NUMBER,
        to_number="246",
        user_key=KEY,
        time_s=1565770001,
        raw=b"",
        raw_media="application/json",
        fields={"from": NUMBER, "to": "246", "userkey": KEY, "state": "PREANSWER"},
    ),
)


def custom(transport):
    """A firm's own web service, whose WSDL lies beside the settings."""
    description = Description(transport, wire=Wire(), file=wsdl_dir() / "onec" / "crm.wsdl")
    words = EventWords(people=(), zone=UTC, data=data)
    parameters = {"Номер": "{from}", "Пояснение": "{key} {data}"}
    ring = Mapped(
        "ВходящийЗвонок", {name: Wording.parse(text, OF_EVENT) for name, text in parameters.items()}
    )
    return Custom(WebService(transport, description), words=words, ring=ring, event=None)


class FixedUsers:
    def now(self):
        return USERS


def miko(transport):
    return Miko(transport, users=FixedUsers(), namespace=NAMESPACES["miko"], people=(), patience_s=1)


@dataclass(frozen=True)
class Kind:
    """A contract, and which operation of which namespace a ring calls."""

    made: Callable
    operation: str
    namespace: str


KINDS = {
    "vats": Kind(Vats, "IncomingCall", NAMESPACES["vats"]),
    "vatscalls": Kind(VatsCalls, "Event", NAMESPACES["vatscalls"]),
    "custom": Kind(custom, "ВходящийЗвонок", CRM),
    "miko": Kind(miko, "call_event", NAMESPACES["miko"]),
}


def test_every_contract_is_held_to_its_promises():
    assert set(KINDS) == set(PUBLISHED)


@pytest.fixture(params=KINDS.values(), ids=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def deliver(kind):
    wire = Wire(connect_s=1, total_s=1)

    def delivered(url):
        transport = OnecTransport(
            url=url, namespace=kind.namespace, user="мост", password=PASSWORD, wire=wire
        )
        contract = kind.made(transport)
        return contract.deliver(contract.tell_about(STORED.event).operation, STORED)

    yield delivered
    wire.close()


def value(kind, text):
    response = f"{kind.operation}Response"
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<m:{response} xmlns:m="{kind.namespace}"><m:return>{text}</m:return></m:{response}>'
        "</s:Body></s:Envelope>"
    )
    return http(200, body.encode())


def test_a_ring_is_a_popup_and_its_operation_is_known(kind):
    wire = Wire()
    contract = kind.made(
        OnecTransport(url="http://127.0.0.1:9", namespace="n", user="", password="", wire=wire)
    )
    assert contract.tell_about(STORED.event).purpose is Purpose.POPUP
    wire.close()


def test_delivered(kind, deliver):
    with OnecServer(value(kind, "1")) as server:
        assert deliver(server.url) == Delivered("1")
    assert server.requests[0]["Idempotency-Key"] == "42"


def test_a_kept_answer_is_short_and_holds_no_secret(kind, deliver):
    with OnecServer(value(kind, f"{KEY} {NUMBER} +7 923 529-29-26 " + "да " * 500)) as server:
        outcome = deliver(server.url)
    assert isinstance(outcome, Delivered)
    assert len(outcome.answer) <= 300
    assert_no_secrets(outcome.answer)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("fault-handler", Faulted),
        ("fault-echo", Faulted),
        ("empty-200", Faulted),
        ("fault-no-license", Away),
        ("locked-403", Away),
        ("busy-503", Away),
        ("not-published-404", Away),
        ("no-session-406", Away),
        ("login-page-200", Away),
        ("gzip-200", Away),
        ("login-401", Denied),
        ("forbidden-403", Denied),
        ("fault-no-right", Denied),
    ],
)
def test_a_refusal_has_its_outcome(name, expected, deliver):
    with OnecServer(recorded(name)) as server:
        outcome = deliver(server.url)
    assert type(outcome) is expected
    assert_no_secrets(outcome.reason)


def test_silence_after_sending_is_hung(deliver):
    with RawServer(silent=True) as server:
        outcome = deliver(server.url)
    assert isinstance(outcome, Away)
    assert outcome.hung
    assert_no_secrets(outcome.reason)


def test_an_absent_1c_is_not_hung(deliver):
    outcome = deliver(closed_port_url())
    assert isinstance(outcome, Away)
    assert not outcome.hung
    assert_no_secrets(outcome.reason)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\0" * 1000,
        b"HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: nan\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n<a/>",
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 301 Moved\r\nLocation: http://[bad\r\nContent-Length: 0\r\n\r\n",
        f"<html>{NUMBER} {PASSWORD} {KEY}</html>\r\n\r\n".encode(),
        b"HTTP/1.1 403 No\r\nContent-Type: application/json\r\n\r\n" + b'{"exception":' * 9000,
        b"HTTP/1.1 500 No\r\nContent-Type: text/html; charset=idna\r\n\r\n\xff\xfe",
        b'HTTP/1.1 500 No\r\nContent-Type: application/json\r\n\r\n{"exception": [1]}',
    ],
)
def test_nothing_a_peer_says_raises(answer, deliver):
    with RawServer(answer) as server:
        outcome = deliver(server.url)
    assert isinstance(outcome, (Away, Denied, Faulted))
    assert_no_secrets(outcome.reason)


def assert_no_secrets(text):
    assert NUMBER not in re.sub(r"\D", "", text)
    assert not any(secret in text for secret in (KEY, PASSWORD, "Envelope"))
