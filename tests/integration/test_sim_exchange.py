"""The fake exchange over real HTTP: its dial lines, its troubles, its hooks, its control page."""

import json
import re
import socket
import threading
import time

import pytest

from bridge.core.calls import Subscriber
from bridge.sim.exchange import ExchangeOptions, FakeExchange
from bridge.sim.loopback import Loopback
from bridge.wire import Wire, WireError

ANNA = Subscriber(name="Анна", key="k0000000000000aa", extension="246")
BORIS = Subscriber(name="Борис", key="k0000000000000bb", extension="247")
NUMBER = "89235292926"
CONNECT = f"/api/call/CallToSubscriber?key={ANNA.key}&outboundNumber={NUMBER}"
LINES = {
    "connect": CONNECT,
    "webapi2": f"/call/{ANNA.key}/{NUMBER}",
    "callapi": f"/call/node-token:{ANNA.key}/{NUMBER}",
    "simple-calls": f"/simple-calls/call/?event=1&password=token&src_num=246&dst_num={NUMBER}",
}


class Hook:
    """A receiver that says ok and remembers what it got."""

    def __init__(self):
        self.got = []

    def __call__(self, environ, start_response):
        body = environ["wsgi.input"].read()
        self.got.append((environ["REQUEST_METHOD"], environ["REQUEST_URI"], body, environ))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]

    @property
    def events(self):
        return [json.loads(body) for _, _, body, _ in self.got]


@pytest.fixture
def exchange():
    return FakeExchange((ANNA, BORIS), seed=1)


@pytest.fixture
def air(exchange):
    with Loopback(exchange) as peer:
        yield peer


@pytest.fixture
def hook():
    return Hook()


@pytest.fixture
def hook_air(hook):
    with Loopback(hook) as peer:
        yield peer


@pytest.fixture
def wire():
    wire = Wire(total_s=5, reuse=False)
    yield wire
    wire.close()


def said(answer):
    return json.loads(answer.body)


@pytest.mark.parametrize("line", LINES)
def test_each_line_dials_exactly_once(line, exchange, air, wire):
    assert wire.get(air.url + LINES[line]).status == 200
    [dial] = exchange.dials
    key = "246" if line == "simple-calls" else ANNA.key
    assert (dial.line, dial.key, dial.number, dial.made) == (line, key, NUMBER, True)


def test_the_oldest_line_answers_in_both_its_shapes(exchange, air, wire):
    answer = said(wire.get(air.url + CONNECT.replace("?", "/?")))
    assert answer["callid"].partition(".")[0].isdigit()
    assert {**answer, "callid": ""} == {
        "result": "SUCCESS",
        "description": "Call had been initialised",
        "code": 0,
        "callid": "",
    }
    exchange.options = ExchangeOptions(shape="v1")
    assert said(wire.get(air.url + CONNECT)) == {"result": "SUCCESS", "message": "Звонок инициирован"}
    unknown = CONNECT.replace(ANNA.key, "nobody")
    assert said(wire.get(air.url + unknown)) == {"result": "FAIL", "message": "Неверный ключ"}


def test_the_line_of_2019_gives_a_uuid_and_a_record(air, wire):
    assert set(said(wire.get(air.url + LINES["callapi"]))) == {"uuid", "recordUrl"}


def test_an_unknown_key_is_refused_as_each_line_documents(exchange, air, wire):
    answers = {line: wire.get(air.url + LINES[line].replace(ANNA.key, "nobody")) for line in LINES}
    assert said(answers["connect"]) == {"result": "FAIL", "description": "Invalid API key", "code": "2"}
    assert said(answers["webapi2"]) == {"result": "FAIL", "message": "Неверный ключ"}
    assert said(answers["callapi"]) == {"result": "FAIL", "message": "Неверный ключ"}
    assert wire.get(air.url + LINES["simple-calls"].replace("246", "999")).status == 403
    assert [dial.made for dial in exchange.dials] == [False, False, False, True, False]


def test_a_wrong_account_token_is_refused(exchange, air, wire):
    exchange.options = ExchangeOptions(secret="right")
    assert wire.get(air.url + LINES["simple-calls"]).status == 403
    assert wire.get(air.url + LINES["simple-calls"].replace("token", "right")).status == 200


@pytest.mark.parametrize("number", ["8-923", "%D1%8F", "", "8%20923", "8%00"])
def test_a_number_of_other_characters_is_code_3(number, air, wire):
    assert said(wire.get(air.url + CONNECT.replace(NUMBER, number)))["code"] == "3"


@pytest.mark.parametrize("code", [1, 2, 3, 4, 5])
def test_any_code_may_be_forced_as_string_or_number(code, exchange, air, wire):
    exchange.options = ExchangeOptions(fail_code=code)
    assert said(wire.get(air.url + CONNECT))["code"] == str(code)
    exchange.options = ExchangeOptions(fail_code=code, code_as="int")
    assert said(wire.get(air.url + CONNECT))["code"] == code


def test_troubles_are_not_answers(exchange, air, wire):
    exchange.options = ExchangeOptions(trouble="http500")
    assert wire.get(air.url + CONNECT).status == 500
    exchange.options = ExchangeOptions(trouble="html")
    assert wire.get(air.url + CONNECT).media == "text/html"
    exchange.options = ExchangeOptions(trouble="empty")
    assert wire.get(air.url + CONNECT).body == b""


def test_silence_dials_all_the_same(exchange, air):
    exchange.options = ExchangeOptions(trouble="silence")
    impatient = Wire(total_s=0.3, reuse=False)
    with pytest.raises(WireError) as silence:
        impatient.get(air.url + CONNECT)
    impatient.close()
    assert silence.value.timeout
    assert [dial.made for dial in exchange.dials] == [True]


def test_a_silent_exchange_stops_at_once(exchange):
    exchange.options = ExchangeOptions(trouble="silence")
    peer = Loopback(exchange).start()
    client = socket.create_connection(("127.0.0.1", peer.port))
    client.sendall(f"GET {CONNECT} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    while not exchange.dials:
        time.sleep(0.01)
    started = time.monotonic()
    peer.stop()
    assert time.monotonic() - started < 2
    assert client.recv(100) == b""
    client.close()


def test_after_a_dial_the_hook_hears_the_click(exchange, hook, air, hook_air, wire):
    exchange.hook_url = hook_air.url + "/hooks/mobilon/secret"
    uuid = said(wire.get(air.url + LINES["callapi"]))["uuid"]
    exchange.wait()
    assert [post.status for post in exchange.posts] == [200] * 6
    assert {event["uuid"] for event in hook.events} == {uuid}
    assert hook.events[0]["from"] in ("CallAPI", "0000")
    assert hook.events[-1]["to"] == NUMBER


def test_a_refused_dial_rings_nobody(exchange, hook, air, hook_air, wire):
    exchange.hook_url = hook_air.url
    exchange.options = ExchangeOptions(fail_code=1)
    wire.get(air.url + CONNECT)
    exchange.options = ExchangeOptions(hooks_after_dial=False)
    wire.get(air.url + CONNECT)
    exchange.wait()
    assert hook.got == []


def test_a_ring_tells_the_hook_event_by_event(exchange, hook, hook_air):
    exchange.hook_url = hook_air.url + "/hook"
    posted = exchange.ring("missed", from_number="89160000001", subscriber=BORIS)
    assert [post.event for post in posted] == hook.events == [post.event for post in exchange.posts]
    assert [post.answer for post in posted] == ["ok"] * 4
    assert hook.events[1]["userkey"] == BORIS.key
    assert hook.got[0][3]["CONTENT_TYPE"] == "application/json"


def test_the_old_hook_comes_as_curl_came(exchange, hook, hook_air):
    exchange.hook_url = hook_air.url + "/hook/s?key={KEY}&number={NUMBER}"
    exchange.ring("old_hook", from_number="83910000001")
    exchange.hook_url = hook_air.url + "/hook/s"
    exchange.ring("old_hook", from_number="83910000001")
    for method, uri, body, environ in hook.got:
        assert (method, uri, body) == ("GET", f"/hook/s?key={ANNA.key}&number=83910000001", b"")
        assert environ["HTTP_USER_AGENT"].startswith("curl/7.22.0")
        assert environ["HTTP_ACCEPT"] == "*/*"


def test_a_hook_that_is_away_is_tried_once_and_remembered(exchange, hook):
    gone = Loopback(hook).start()
    gone.stop()
    exchange.hook_url = gone.url
    [post] = exchange.ring("old_hook")
    assert post.status == 0
    assert post.error


def test_people_drive_it_by_the_control_page(exchange, hook, air, hook_air, wire):
    exchange.hook_url = hook_air.url
    assert "Имитатор АТС" in wire.get(air.url + "/").body.decode()
    posts = said(wire.post(f"{air.url}/sim/ring?scenario=group&from=8912&key={BORIS.key}", b"", {}))
    assert [post["status"] for post in posts] == [200] * 6
    assert posts[0]["event"]["from"] == "8912"
    changed = said(wire.post(air.url + "/sim/options?fail_code=5&code_as=int&hooks_after_dial=0", b"", {}))
    assert (changed["fail_code"], changed["hooks_after_dial"]) == (5, False)
    wire.get(air.url + CONNECT)
    assert [dial["made"] for dial in said(wire.get(air.url + "/sim/dials"))] == [False]
    assert len(said(wire.get(air.url + "/sim/posts"))) == 6


@pytest.mark.parametrize(
    "wish",
    [
        "ring?scenario=nothing",
        "ring?key=nobody",
        "ring",
        "options?fail_code=9",
        "options?fail_code=x",
        "options?trouble=%00",
        "options?colour=red",
        "options?" + "&".join(f"a{n}=1" for n in range(100)),
    ],
)
def test_a_wrong_wish_is_named(wish, air, wire):
    answer = wire.post(f"{air.url}/sim/{wish}", b"", {})
    assert answer.status == 400
    assert re.search("[а-я]", answer.body.decode())


@pytest.mark.parametrize(
    "path", ["/call/%FF%00:/%0A/", "/%2e%2e/", "/call//", "//call", "/sim/ring", "/?%ZZ=%"]
)
def test_hostile_paths_do_not_break_it(path, air, wire):
    assert wire.get(air.url + path).status in (200, 400, 404)


def test_a_fake_listens_on_loopback_only(exchange):
    for host in ("0.0.0.0", "192.0.2.1"):
        with pytest.raises(ValueError, match=r"127\.0\.0\.1"):
            Loopback(exchange, host=host)


def test_a_taken_port_is_reported_and_nothing_leaks(exchange, air):
    before = threading.active_count()
    with pytest.raises(OSError, match="in use"):
        Loopback(exchange, air.port).start()
    assert threading.active_count() == before
