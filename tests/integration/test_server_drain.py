"""Stopping: whoever has begun gets an answer, nobody new gets in, and `run` returns."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.web.server import Server, ServerOptions, bind
from support.rawclient import Line, ask
from support.world import eventually

SLOW_S = 1.6  # longer than the quiet second after a drain began
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@dataclass
class Slow:
    """An application that is asked and answers when it is let."""

    asked: threading.Event = field(default_factory=threading.Event)
    let: threading.Event = field(default_factory=threading.Event)
    size: int = 4

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.set()
        self.let.wait(10)
        start_response("200 OK", [("Content-Length", str(self.size))])
        return [b"x" * self.size]


@dataclass
class Running:
    server: Server
    thread: threading.Thread
    slow: Slow

    def stopped(self, within_s: float) -> bool:
        self.thread.join(within_s)
        return not self.thread.is_alive()


@pytest.fixture
def running() -> Iterator[Running]:
    yield from served(drain_s=0)


def served(drain_s: float) -> Iterator[Running]:
    slow = Slow()
    server = Server(slow, ServerOptions(port=0, threads=4, drain_s=drain_s))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Running(server, thread, slow)
    slow.let.set()
    server.drain(at_once=True)
    thread.join(40)


def test_a_request_in_flight_is_answered_and_then_run_returns(running: Running) -> None:
    with Line(running.server.port) as line:
        line.send(GET)
        assert running.slow.asked.wait(5)
        running.server.drain()
        assert not running.stopped(within_s=SLOW_S)
        running.slow.let.set()
        assert line.answer().body == b"xxxx"
        assert line.closed()
    assert running.stopped(within_s=3)


def test_nobody_new_is_let_in_once_the_drain_began(running: Running) -> None:
    with Line(running.server.port) as line:
        line.send(GET)
        assert running.slow.asked.wait(5)
        running.server.drain()
        time.sleep(0.1)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.server.port), 1)
        running.slow.let.set()
        assert line.answer().status == 200


def test_a_request_that_is_still_being_sent_when_the_drain_begins_is_answered(running: Running) -> None:
    running.slow.let.set()
    with Line(running.server.port) as line:
        line.send(GET[:-2])
        time.sleep(0.1)
        running.server.drain()
        assert not running.stopped(within_s=SLOW_S)
        line.send(GET[-2:])
        assert line.answer().status == 200
    assert running.stopped(within_s=3)


def test_requests_that_wait_for_a_free_thread_are_answered_too(running: Running) -> None:
    lines = [Line(running.server.port) for _ in range(10)]  # more than there are threads
    try:
        for line in lines:
            line.send(GET)
        assert running.slow.asked.wait(5)
        time.sleep(0.2)
        running.server.drain()
        assert not running.stopped(within_s=SLOW_S)
        running.slow.let.set()
        assert [line.answer().status for line in lines] == [200] * 10
    finally:
        for line in lines:
            line.close()
    assert running.stopped(within_s=3)


def test_an_answer_that_its_client_reads_slowly_is_sent_whole(running: Running) -> None:
    running.slow.size = 12_000_000  # more than the system takes in
    running.slow.let.set()
    with Line(running.server.port, room=4096) as line:
        line.send(GET)
        assert running.slow.asked.wait(5)
        running.server.drain()
        assert not running.stopped(within_s=SLOW_S)
        assert len(line.answer().body) == running.slow.size
    assert running.stopped(within_s=3)


def test_a_silent_connection_does_not_keep_the_server(running: Running) -> None:
    with Line(running.server.port), Line(running.server.port) as kept:
        running.slow.let.set()
        kept.send(GET)
        assert kept.answer().status == 200
        running.server.drain()
        assert running.stopped(within_s=3)


def test_drain_may_be_asked_twice_and_the_port_is_free_afterwards(running: Running) -> None:
    running.slow.let.set()
    assert ask(running.server.port, GET).status == 200
    running.server.drain()
    running.server.drain()
    assert running.stopped(within_s=3)
    again = Server(running.slow, ServerOptions(port=running.server.port, threads=1))
    assert again.port == running.server.port
    again.drain()
    again.run()


# --- behind a proxy: still listening while it looks away -------------------------------------------
LINGERS_S = 1.0


@pytest.fixture
def lingering() -> Iterator[Running]:
    yield from served(LINGERS_S)


def test_while_proxies_look_away_everybody_is_answered_and_asked_to_come_elsewhere(
    lingering: Running,
) -> None:
    lingering.slow.let.set()
    with Line(lingering.server.port) as kept:
        kept.send(GET)
        assert "connection" not in kept.answer().headers
        lingering.server.drain()
        new = ask(lingering.server.port, GET)
        assert (new.status, new.headers["connection"]) == (200, "close")
        kept.send(GET)
        last = kept.answer()
        assert (last.status, last.headers["connection"]) == (200, "close")
        assert kept.closed()
    assert lingering.stopped(within_s=LINGERS_S + 3)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", lingering.server.port), 1)


def test_an_old_client_that_keeps_its_connection_is_told_only_to_close_it(lingering: Running) -> None:
    lingering.slow.let.set()
    lingering.server.drain()
    with Line(lingering.server.port) as line:
        line.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert line.answer().headers["connection"] == "close"
        assert line.closed()


def test_of_requests_sent_together_the_last_answer_closes(lingering: Running) -> None:
    with Line(lingering.server.port) as line:
        line.send(GET)
        assert lingering.slow.asked.wait(5)
        line.send(GET + GET)
        time.sleep(0.2)
        lingering.server.drain()
        lingering.slow.let.set()
        answers = [line.answer() for _ in range(3)]
        assert [answer.status for answer in answers] == [200] * 3
        assert [answer.headers.get("connection") for answer in answers] == [None, None, "close"]
        assert line.closed()


def test_whoever_asks_between_the_stop_and_its_end_is_answered(lingering: Running) -> None:
    lingering.slow.let.set()
    lingering.server.drain()
    statuses = []
    with suppress(
        ConnectionRefusedError, ConnectionResetError
    ):  # reset: it came in the very moment of the end
        while len(statuses) < 100_000:
            statuses.append(ask(lingering.server.port, GET).status)
    assert set(statuses) == {200}
    assert lingering.stopped(within_s=3)


def test_a_drain_at_once_waits_for_no_proxy() -> None:
    for running in served(60.0):
        running.server.drain()
        assert not running.stopped(within_s=0.3)
        running.server.drain(at_once=True)
        assert running.stopped(within_s=3)


def test_who_was_connected_before_listening_stopped_is_answered() -> None:
    slow = Slow()
    slow.let.set()
    server = Server(slow, ServerOptions(port=0, threads=2))
    lines = [Line(server.port) for _ in range(5)]  # nobody accepts them yet
    try:
        for line in lines:
            line.send(GET)
        server.drain()
        thread = threading.Thread(target=server.run)
        thread.start()
        assert [line.answer().status for line in lines] == [200] * 5
        thread.join(10)
        assert not thread.is_alive()
    finally:
        for line in lines:
            line.close()


def test_of_two_servers_on_one_socket_one_may_drain() -> None:
    listener = bind("127.0.0.1", 0)
    slows = [Slow(), Slow()]
    servers = [Server(slow, ServerOptions(threads=1), listener=listener.dup()) for slow in slows]
    listener.close()
    threads = [threading.Thread(target=server.run) for server in servers]
    for thread in threads:
        thread.start()
    lines = [Line(servers[0].port) for _ in range(40)]
    try:
        for line in lines:
            line.send(GET)
        assert eventually(lambda: any(slow.asked.is_set() for slow in slows))
        servers[0].drain()
        for slow in slows:
            slow.let.set()
        assert [line.answer().status for line in lines] == [200] * len(lines)
        threads[0].join(10)
        assert ask(servers[1].port, GET).status == 200  # the other goes on
        servers[1].drain()
        threads[1].join(10)
        assert not any(thread.is_alive() for thread in threads)
    finally:
        for line in lines:
            line.close()
