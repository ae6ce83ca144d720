"""Stopping: whoever has begun gets an answer, nobody new gets in, and `run` returns."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.web.server import Server, ServerOptions
from support.rawclient import Line, ask

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
    slow = Slow()
    server = Server(slow, ServerOptions(port=0, threads=4))
    thread = threading.Thread(target=server.run)
    thread.start()
    yield Running(server, thread, slow)
    slow.let.set()
    server.drain()
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
