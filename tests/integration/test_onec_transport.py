"""The transport over real sockets: what leaves, what comes back, and whose session it is."""

import base64
import gzip
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bridge.core.delivery import Away, Delivered, Denied, Faulted
from bridge.onec.transport import OnecTransport
from bridge.wire import Wire
from support.onecserver import OnecServer, http, recorded
from support.rawserver import RawServer, closed_port_url

FIELDS = [("NumFrom", "89235292926"), ("Key", "k0000000000000aa")]
ONE = recorded("incoming-call")
LOST = recorded("session-400")
FAULT = recorded("fault-handler")


def one_with(session):
    return http(200, ONE.partition(b"\r\n\r\n")[2], f"Set-Cookie: ibsession={session}; path=/base; HttpOnly")


@pytest.fixture
def wire():
    wire = Wire(connect_s=1, total_s=1)
    yield wire
    wire.close()


@pytest.fixture
def onec(wire):
    def made(url, **more):
        settings = {
            "namespace": "http://VATS",
            "user": "Администратор",
            "password": "Пароль-1С",
            "wire": wire,
        }
        return OnecTransport(url=url, **{**settings, **more})

    return made


def ring(transport, **more):
    return transport.call("IncomingCall", FIELDS, **more)


# --- what leaves ----------------------------------------------------------------------------------
def test_the_request_is_the_manuals(onec):
    with OnecServer(ONE) as server:
        assert ring(onec(server.url), event_id="42") == Delivered("1")
    (request,) = server.requests
    assert request.line == "POST /base/ws/VATS HTTP/1.1"
    assert request["Content-Type"] == "text/xml; charset=utf-8"
    assert request["SOAPAction"] == '""'
    assert request["Idempotency-Key"] == "42"
    assert request["IBSession"] == "start"
    scheme, token = request["Authorization"].split()
    assert (scheme, base64.b64decode(token)) == ("Basic", "Администратор:Пароль-1С".encode())
    assert b'<IncomingCall xmlns="http://VATS"><NumFrom>89235292926</NumFrom>' in request.body


@pytest.mark.parametrize("event_id", ["42", ""])
def test_a_call_that_nobody_waits_for_says_the_same(onec, event_id):
    kept = [answer.replace(b"Connection: close", b"X-Kept: yes") for answer in (one_with("a1"), ONE)]
    with OnecServer(*kept, each=3) as server:
        transport = onec(server.url)
        assert transport.begin("IncomingCall", FIELDS, event_id="1", secrets=()) is None, "no connection yet"
        ring(transport)
        ring(transport, event_id=event_id)
        calling = transport.begin("IncomingCall", FIELDS, event_id=event_id, secrets=())
        assert calling is not None
        assert calling.outcome() == Delivered("1")
    _, waited, begun = server.requests
    assert begun["Cookie"] == "ibsession=a1"
    assert sorted(begun.headers.items()) == sorted(waited.headers.items())
    assert (begun.line, begun.body) == (waited.line, waited.body)


def test_no_user_no_authorization(onec):
    with OnecServer(ONE) as server:
        ring(onec(server.url, user=""))
    assert "Authorization" not in server.requests[0]
    assert "Idempotency-Key" not in server.requests[0]


def test_a_cyrillic_operation_leaves(onec):
    answer = http(
        200,
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><ЗвонокResponse xmlns="http://VATS">'
        "<return>да</return></ЗвонокResponse></s:Body></s:Envelope>".encode(),
    )
    with OnecServer(answer) as server:
        assert onec(server.url).call("Звонок", [("Номер", "8")]) == Delivered("да")


# --- sessions -------------------------------------------------------------------------------------
def sessions(server):
    """What each request said of its session."""
    return [(request["IBSession"], request["Cookie"]) for request in server.requests]


START = ("start", "")


def test_a_session_is_started_once_and_reused(onec):
    with OnecServer(one_with("a1"), ONE) as server:
        transport = onec(server.url)
        for _ in range(3):
            assert ring(transport) == Delivered("1")
    assert sessions(server) == [START, ("", "ibsession=a1"), ("", "ibsession=a1")]


@pytest.mark.parametrize("name", ["session-400", "not-published-404", "error-page-500", "fault-session-gone"])
def test_a_lost_session_is_started_anew_once(onec, name):
    with OnecServer(one_with("a1"), recorded(name), one_with("b2"), ONE) as server:
        transport = onec(server.url)
        assert [ring(transport), ring(transport), ring(transport)] == [Delivered("1")] * 3
    assert sessions(server) == [START, ("", "ibsession=a1"), START, ("", "ibsession=b2")]


def test_a_lost_session_is_not_chased_for_ever(onec):
    with OnecServer(one_with("a1"), LOST, LOST) as server:
        transport = onec(server.url)
        ring(transport)
        assert isinstance(ring(transport), Away)
    assert sessions(server) == [START, ("", "ibsession=a1"), START]


def test_a_fault_loses_no_session_and_is_not_repeated(onec):
    with OnecServer(one_with("a1"), FAULT, ONE) as server:
        transport = onec(server.url)
        ring(transport)
        assert isinstance(ring(transport), Faulted)
        assert ring(transport) == Delivered("1")
    assert sessions(server) == [START, ("", "ibsession=a1"), ("", "ibsession=a1")]


def test_without_a_session_nothing_is_repeated(onec):
    with OnecServer(LOST) as server:
        assert isinstance(ring(onec(server.url)), Away)
    assert sessions(server) == [START]


def test_406_drops_the_session(onec):
    with OnecServer(one_with("a1"), recorded("no-session-406"), ONE) as server:
        transport = onec(server.url)
        ring(transport)
        outcome = ring(transport)
        ring(transport)
    assert isinstance(outcome, Away)
    assert "лицензии" in outcome.reason
    assert sessions(server) == [START, ("", "ibsession=a1"), START]


def test_a_service_that_keeps_no_sessions_is_asked_no_more(onec):
    with OnecServer(ONE) as server:
        transport = onec(server.url)
        assert [ring(transport), ring(transport)] == [Delivered("1")] * 2
        transport.finish()
        ring(transport)
    assert sessions(server) == [START, ("", ""), START]


def test_sessions_can_be_turned_off(onec):
    with OnecServer(one_with("a1")) as server:
        transport = onec(server.url, session_reuse=False)
        ring(transport)
        ring(transport)
        transport.finish()
    assert sessions(server) == [("", "")] * 2


def test_finish_gives_the_session_back(onec):
    with OnecServer(one_with("a1"), LOST, one_with("b2")) as server:
        transport = onec(server.url)
        ring(transport)
        transport.finish()
        transport.finish()
        ring(transport)
    assert server.requests[1].line == "GET /base/ws/VATS?wsdl HTTP/1.1"
    assert "Authorization" in server.requests[1]
    assert sessions(server) == [START, ("finish", "ibsession=a1"), START]


def test_finish_of_an_absent_1c_is_silent(onec):
    with OnecServer(one_with("a1")) as server:
        transport = onec(server.url)
        ring(transport)
    transport.finish()


def test_calls_at_once_never_share_a_session(onec):
    with OnecServer(one_with("a1"), one_with("b2"), ONE, together=2) as server:
        transport = onec(server.url)
        with ThreadPoolExecutor(2) as pool:
            for _ in range(3):
                assert list(pool.map(lambda _: ring(transport), range(2))) == [Delivered("1")] * 2
    assert sessions(server)[:2] == [START, START]
    for pair in (sessions(server)[2:4], sessions(server)[4:]):
        assert sorted(pair) == [("", "ibsession=a1"), ("", "ibsession=b2")]


def test_many_threads_one_by_one_use_one_session(onec):
    with OnecServer(one_with("a1"), ONE) as server:
        transport = onec(server.url)
        for _ in range(3):
            thread = threading.Thread(target=ring, args=(transport,))
            thread.start()
            thread.join()
    assert sessions(server) == [START, ("", "ibsession=a1"), ("", "ibsession=a1")]


def test_an_absent_1c_costs_no_session(onec):
    with OnecServer(one_with("a1")) as server:
        transport = onec(server.url)
        ring(transport)
    assert isinstance(ring(transport), Away)
    with OnecServer(ONE, port=server.port) as back:
        ring(transport)
    assert sessions(back) == [("", "ibsession=a1")]


# --- what goes wrong ------------------------------------------------------------------------------
def quickly(seconds):
    class Clock:
        def __enter__(self):
            self.started = time.monotonic()

        def __exit__(self, *_):
            assert time.monotonic() - self.started < seconds

    return Clock()


def test_nobody_listens(onec):
    outcome = ring(onec(f"{closed_port_url()}/ws/VATS"))
    assert isinstance(outcome, Away)
    assert not outcome.hung


def test_a_name_that_does_not_exist(onec):
    outcome = ring(onec("http://no-such-host.invalid/ws/VATS"))
    assert isinstance(outcome, Away)
    assert not outcome.hung


@pytest.mark.parametrize("url", ["", "ftp://1c/ws", "http://", "http://[::1/ws", "http://1c:99999/ws"])
def test_an_address_that_is_none(onec, url):
    assert isinstance(ring(onec(url)), Away)


def test_a_silent_1c_hangs(onec):
    with RawServer(silent=True) as server, quickly(3):
        outcome = ring(onec(f"{server.url}/ws/VATS"))
    assert isinstance(outcome, Away)
    assert outcome.hung


@pytest.mark.parametrize("drip_from", [0, len(ONE) - 100])
def test_a_dripping_1c_is_left_at_the_deadline(onec, drip_from):
    with RawServer(ONE, drip_s=0.3, drip_from=drip_from) as server, quickly(3):
        outcome = ring(onec(f"{server.url}/ws/VATS"))
    assert isinstance(outcome, Away)
    assert outcome.hung


@pytest.mark.parametrize("answer", [b"", ONE[:-50], ONE[:20]])
def test_a_reset_is_an_away(onec, answer):
    with RawServer(answer, reset=True) as server:
        outcome = ring(onec(f"{server.url}/ws/VATS"))
    assert isinstance(outcome, Away)
    assert not outcome.hung


def test_a_hung_session_is_not_used_again(onec):
    with OnecServer(one_with("a1"), None, ONE) as server:
        transport = onec(server.url)
        ring(transport)
        assert ring(transport).hung
        ring(transport)
    assert sessions(server) == [START, ("", "ibsession=a1"), START]


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>not HTTP</html>\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n<soap",
        b"HTTP/1.1 999 ?\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_http(onec, answer):
    with RawServer(answer) as server:
        assert isinstance(ring(onec(f"{server.url}/ws/VATS")), Away)


def test_an_endless_answer_is_cut(onec):
    with OnecServer(http(200, b" " * 20_000_000)) as server, quickly(3):
        outcome = ring(onec(server.url))
    assert isinstance(outcome, Away)
    assert "слишком длинный" in outcome.reason


def test_a_gzip_bomb_stays_packed(onec):
    bomb = gzip.compress(b"\0" * 100_000_000)
    with (
        OnecServer(http(200, bomb, "Content-Type: text/xml", "Content-Encoding: gzip")) as server,
        quickly(3),
    ):
        outcome = ring(onec(server.url))
    assert isinstance(outcome, Away)
    assert "сжат" in outcome.reason


def test_a_redirect_is_not_followed(onec):
    with OnecServer(recorded("redirect-307")) as server:
        outcome = ring(onec(server.url))
    assert isinstance(outcome, Away)
    assert "/base/ru_RU/ws/VATS" in outcome.reason
    assert len(server.requests) == 1


def test_a_wrong_address_is_named_without_the_login_in_it(onec):
    with OnecServer(recorded("not-published-404")) as server:
        outcome = ring(onec(server.url.replace("http://", "http://user:hidden@") + "?token=hidden"))
        assert server.url in outcome.reason
    assert "hidden" not in outcome.reason


def test_a_wrong_password(onec):
    with OnecServer(recorded("login-401")) as server:
        assert isinstance(ring(onec(server.url)), Denied)
