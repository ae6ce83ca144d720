"""Room is made among real connections, without cutting off a request that has just come."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from typing import Any

import pytest

from bridge.web import crowd
from bridge.web.server import Server, ServerOptions
from support.rawclient import Line

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def hello(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def turns(server: Server, count: int = 5) -> None:
    for _ in range(count):
        server.turn(0.05)


def test_a_request_that_came_while_room_was_made_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "CROWDED", 3)
    monkeypatch.setattr(crowd, "SPARE", 0)
    server = Server(hello, ServerOptions(port=0, threads=2))
    with ExitStack() as lines:
        idle = []
        for _ in range(3):
            idle.append(lines.enter_context(Line(server.port)))
            turns(server)
        idle[0].send(GET)  # the longest idle
        lines.enter_context(Line(server.port))
        server._server.handle_accept()  # before the loop has read what came
        turns(server)
        assert idle[0].answer().status == 200
        assert idle[1].closed(), "somebody else has to go"
        server.drain(at_once=True)
    server.run()
