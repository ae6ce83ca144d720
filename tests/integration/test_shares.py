"""Several servers on one socket: their connections are shared evenly, and none is left to nobody."""

import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from bridge.web import shares
from bridge.web.server import Server, ServerOptions, bind
from bridge.web.shares import SLACK, Share, Shares
from support.rawclient import Line
from support.world import eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="--workers is for Linux")
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
MANY = 41


def ok(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with bind("127.0.0.1", 0) as listener:
        listener.listen(1024)
        yield listener


def made(door: socket.socket, share: Share) -> Server:
    return Server(ok, ServerOptions(threads=2), listener=door.dup(), share=share)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.drain(at_once=True)
        thread.join(40)


@contextmanager
def clients(door: socket.socket, count: int) -> Iterator[list[Line]]:
    """Each has been answered."""
    with ExitStack() as opened:
        lines = [opened.enter_context(Line(door.getsockname()[1])) for _ in range(count)]
        for line in lines:
            line.send(GET)
        assert [line.answer().status for line in lines] == [200] * count
        yield lines


def held(server: Server) -> int:
    return len(server._server.active_channels)


def test_what_comes_at_once_is_shared(door: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "REST_S", 10.0)  # whoever is slow to wake still gets its share
    among = Shares(3)
    with ExitStack() as opened:
        servers = [opened.enter_context(running(made(door, among.of(number)))) for number in range(3)]
        with clients(door, 4 * SLACK):  # as many as nobody need rest for: two at SLACK, the third beyond
            assert min(held(server) for server in servers) >= SLACK


def test_who_is_stuck_keeps_nobody_waiting(door: socket.socket) -> None:
    """It says that it holds nothing, and takes nothing."""
    among = Shares(2)
    stuck = made(door, among.of(0))
    with running(made(door, among.of(1))) as server, clients(door, MANY):
        assert held(server) == MANY
    with running(stuck):
        pass


def test_who_drains_leaves_newcomers_to_others(door: socket.socket) -> None:
    among = Shares(2)
    with running(made(door, among.of(0))) as stays:
        with running(made(door, among.of(1))), clients(door, 4):
            pass
        with clients(door, MANY) as lines:
            assert held(stays) == MANY
            for line in lines:
                line.close()
        assert eventually(lambda: held(stays) == 0, within_s=10)
