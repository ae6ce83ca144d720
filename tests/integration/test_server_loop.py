"""What clients do to the loop: go while they are served, read slowly, come in hundreds."""

import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bridge.web import acceptor, crowd, server, threads
from bridge.web.connection import Connection
from bridge.web.crowd import make_room
from bridge.web.loop import PlainLoop
from bridge.web.server import Server, ServerOptions
from support.rawclient import Line, ask
from support.world import eventually

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
EXPECTS = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
WAITS_S = 10.0
LONG_S = 5.0
PIECE = b"x" * 1024 * 1024

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@contextmanager
def served(application: Application) -> Iterator[tuple[Server, threading.Thread]]:
    made = Server(application, ServerOptions(port=0, threads=4))
    thread = threading.Thread(target=made.run)
    thread.start()
    try:
        yield made, thread
    finally:
        made.drain(at_once=True)
        thread.join(40)


def ok(_: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def test_who_goes_with_another_request_announced_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else the thread that serves closes what the loop watches; twenty such clients ended it."""
    gone, delete = threading.Event(), Connection.del_channel
    closed, closed_by = set(), set()

    def deleting(channel: Any, watched: Any = None) -> None:
        closed_by.add(threading.current_thread())
        closed.add(channel)  # some are told so twice
        delete(channel, watched)

    def lasting(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        yield from ok(environ, start_response)
        gone.wait(WAITS_S)

    monkeypatch.setattr(Connection, "del_channel", deleting)
    with served(lasting) as (made, thread):
        for count in range(1, 21):
            gone.clear()
            client = socket.create_connection(("127.0.0.1", made.port), WAITS_S)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # goes by a reset
            client.sendall(GET + EXPECTS)
            assert client.recv(1)
            client.close()
            gone.set()
            assert eventually(lambda: len(closed) == count, within_s=WAITS_S)  # noqa: B023 - asked at once
        assert ask(made.port, GET).status == 200
        assert closed_by == {thread}
    assert "incident" not in capsys.readouterr().err


def test_what_was_announced_behind_another_request_is_still_asked_for() -> None:
    with served(ok) as (made, _), Line(made.port) as line:
        line.send(GET + EXPECTS)
        assert [line.answer().status, line.answer().status] == [200, 100]
        line.send(b"hello")
        assert line.answer().status == 200


def test_who_reads_slowly_counts_as_one_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer longer than what is kept for its client; else others would wait for patience each time."""
    monkeypatch.setattr(threads, "PATIENCE_S", LONG_S)
    paused = threading.Event()
    leave = threads.Threads.leave

    def leaving(crew: threads.Threads) -> None:
        leave(crew)
        paused.set()

    monkeypatch.setattr(threads.Threads, "leave", leaving)

    def long(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/long":
            return ok(environ, start_response)
        start_response("200 OK", [("Content-Length", str(64 * len(PIECE)))])
        return (PIECE for _ in range(64))

    with served(long) as (made, _), Line(made.port, room=4096) as sleeper:
        sleeper.send(GET.replace(b"/ ", b"/long ", 1))
        assert paused.wait(WAITS_S)
        assert eventually(lambda: made._threads._working == 0, within_s=WAITS_S)
        assert ask(made.port, GET).status == 200


def test_where_there_is_only_select_hundreds_of_connections_stop_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Windows: `select` raises at more than 512, and the loop, with it the bridge, would end."""
    monkeypatch.setattr(server, "loop_of", lambda watched, _: PlainLoop(watched))
    monkeypatch.setattr(crowd, "CROWDED", crowd.FEW.crowded)
    monkeypatch.setattr(server, "LIMIT", crowd.FEW.limit)
    most = 0

    def looked(channels: Any) -> int:
        nonlocal most
        most = max(most, len(channels))
        return make_room(channels)

    monkeypatch.setattr(acceptor, "make_room", looked)
    with served(ok) as (made, thread):
        clients = [socket.create_connection(("127.0.0.1", made.port), WAITS_S) for _ in range(600)]
        try:
            assert ask(made.port, GET).status == 200
            assert thread.is_alive()
        finally:
            for client in clients:
                client.close()
    assert crowd.FEW.crowded < most
    assert crowd.FEW.limit + acceptor.ACCEPTS + 2 <= 512  # the listener, and what wakes the loop
    assert most + 2 <= 512
