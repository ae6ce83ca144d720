"""Clicks over a connection that the exchange keeps hold no thread, and are told as honestly as the others."""

import socket
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from traceback import walk_stack
from typing import Any

import pytest
import requests

from bridge.core.dialing import CallCode
from bridge.web import server
from bridge.web.loop import PlainLoop
from support.world import LOGIN, PASSWORD, World, eventually, world

SAID = b'{"result": "SUCCESS", "code": 0, "callid": "1510733344.6"}'
REFUSED = b'{"result": "FAIL", "description": "No such subscriber", "code": 1}'
CLICK = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<MakeCall xmlns="http://vpbx-bridge.ru/telephony/1"><Key>101</Key><Number>8923529{:04}</Number>'
    "</MakeCall></e:Body></e:Envelope>"
)
RUSSIAN = (
    CLICK.replace("/telephony/1", "/telephony/1/ru")
    .replace("MakeCall", "Позвонить")
    .replace("Key", "Ключ")
    .replace("Number", "Номер")
)
SEATS = 4  # half of the threads of a test world
LONG_S = 20.0


class Exchange(ThreadingHTTPServer):
    """Keeps its connections and says so. `how` it answers may be changed; it is asked once for each dial."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.how = "whole"
        self.go_on = threading.Event()
        self.go_on.set()
        self.asked: list[str] = []
        self.peers: set[Any] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Exchange

    def do_GET(self) -> None:
        exchange = self.server
        exchange.asked.append(self.path)
        exchange.peers.add(self.client_address)
        assert exchange.go_on.wait(LONG_S)
        body = REFUSED if exchange.how == "refused" else SAID
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "Connection: keep-alive\r\n\r\n"
        ).encode()
        if exchange.how == "silent":
            threading.Event().wait(4)
        elif exchange.how == "gone":
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        elif exchange.how == "half":
            self.close_connection = True
            self.wfile.write(head + body[:-5])
            return
        elif exchange.how == "pieces":
            for piece in (head[:20], head[20:], body[:10]):
                self.wfile.write(piece)
                self.wfile.flush()
                threading.Event().wait(0.05)
            self.wfile.write(body[10:])
            return
        self.wfile.write(head + body)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def _running() -> Iterator[Exchange]:
    with Exchange() as exchange:
        thread = threading.Thread(target=exchange.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield exchange
        finally:
            exchange.go_on.set()
            exchange.shutdown()
            thread.join()


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with _running() as made:
        yield made


@pytest.fixture(params=["epoll", "select"])
def here(
    request: pytest.FixtureRequest, tmp_path: Path, exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    if request.param == "select":
        monkeypatch.setattr(server, "loop_of", lambda watched, _: PlainLoop(watched))
    with world(tmp_path, exchange={"base_url": exchange.url, "timeout_s": 1}) as made:
        yield made


def click(here: World, number: int, text: str = CLICK, path: str = "/ws/Telephony") -> str:
    answer = here.post(text.format(number).encode(), path)
    assert answer.status_code == 200, answer.text
    return answer.text


def kept(here: World, exchange: Exchange) -> None:
    """From now on there is a connection to ask over: the first click opened it."""
    assert "SUCCESS" in click(here, 9999)
    exchange.asked.clear()


def results(here: World) -> list[Any]:
    """Of all clicks that are over."""
    return [one.result for one in here.archive().clicks(limit=500) if one.result]


def waiting_threads() -> int:
    """How many wait for a peer by the wire."""
    tops = sys._current_frames().values()
    return sum(
        any(frame.f_globals["__name__"] == "bridge.wire" for frame, _ in walk_stack(top)) for top in tops
    )


def test_a_click_that_needs_a_new_connection_takes_a_thread(here: World, exchange: Exchange) -> None:
    exchange.go_on.clear()
    with ThreadPoolExecutor(1) as people:
        one = people.submit(click, here, 1)
        assert eventually(lambda: len(exchange.asked) == 1)
        assert eventually(lambda: waiting_threads() == 1)
        exchange.go_on.set()
        assert "SUCCESS" in one.result(LONG_S)


def test_clicks_one_after_another_share_a_connection_and_are_written(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    for number in range(10):
        assert "<tns:CallId>1510733344.6</tns:CallId>" in click(here, number)
    assert len(exchange.asked) == 10
    assert len(exchange.peers) == 1
    assert eventually(lambda: len(results(here)) == 11)
    assert {one.code for one in results(here)} == {0}


def test_clicks_at_once_are_each_dialled_once(here: World, exchange: Exchange) -> None:
    kept(here, exchange)

    def clicks(first: int) -> list[str]:
        return [click(here, number) for number in range(first, first + 25)]

    with ThreadPoolExecutor(SEATS) as people:
        said = [text for texts in people.map(clicks, range(0, 100, 25)) for text in texts]
    assert all("SUCCESS" in text for text in said)
    assert len(set(exchange.asked)) == len(exchange.asked) == 100
    assert eventually(lambda: len(results(here)) == 101)


def test_the_russian_service_dials_so_too(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    for number in range(3):
        assert "1510733344.6" in click(here, number, RUSSIAN, "/ws/TelephonyRu")
    assert len(exchange.asked) == 3


def test_a_double_click_is_dialled_once_and_both_read_the_answer(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    exchange.go_on.clear()
    with ThreadPoolExecutor(2) as people:
        both = [people.submit(click, here, 1) for _ in range(2)]
        assert eventually(lambda: len(exchange.asked) == 1)
        exchange.go_on.set()
        assert all("1510733344.6" in one.result(LONG_S) for one in both)
    assert len(exchange.asked) == 1


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ("pieces", 0),
        ("refused", 1),
        ("gone", CallCode.OUTCOME_UNKNOWN),
        ("half", CallCode.OUTCOME_UNKNOWN),
        ("silent", CallCode.OUTCOME_UNKNOWN),
    ],
)
def test_whatever_the_exchange_does_it_is_asked_once_and_told_honestly(
    here: World, exchange: Exchange, how: str, code: int
) -> None:
    kept(here, exchange)
    exchange.how = how
    text = click(here, 1)
    assert f"<tns:Code>{code}</tns:Code>" in text
    assert ("Исход неизвестен" in text) == (code == CallCode.OUTCOME_UNKNOWN)
    assert len(exchange.asked) == 1
    exchange.how = "whole"
    assert "SUCCESS" in click(here, 2)
    assert eventually(lambda: [one.code for one in results(here)] == [0, code, 0])


def test_while_an_exchange_is_waited_for_others_are_served(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    exchange.go_on.clear()
    with ThreadPoolExecutor(1) as people:
        one = people.submit(click, here, 1)
        assert eventually(lambda: len(exchange.asked) == 1)
        assert waiting_threads() == 0
        assert requests.get(f"{here.url}/healthz", timeout=5).ok
        exchange.go_on.set()
        assert "SUCCESS" in one.result(LONG_S)


def test_a_client_that_goes_has_dialled_and_its_result_is_written(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    exchange.go_on.clear()
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{here.url}/ws/Telephony",
            data=CLICK.format(1).encode(),
            headers={"Content-Type": "text/xml"},
            auth=(LOGIN, PASSWORD),
            timeout=0.3,
        )
    assert len(exchange.asked) == 1
    exchange.go_on.set()
    assert eventually(lambda: [one.code for one in results(here)] == [0, 0])


def test_a_stop_waits_for_the_answer_of_a_click(here: World, exchange: Exchange) -> None:
    kept(here, exchange)
    exchange.go_on.clear()
    with ThreadPoolExecutor(1) as people:
        one = people.submit(click, here, 1)
        assert eventually(lambda: len(exchange.asked) == 1)
        here.bridge.drain()
        exchange.go_on.set()
        assert "SUCCESS" in one.result(LONG_S)
    assert eventually(lambda: [one.code for one in results(here)] == [0, 0])
