"""Hooks that come together are served by one thread inside each other; every connection goes on after it."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from typing import Any

from bridge.store.writer import Writer
from bridge.web.http import Environ, Reply, StartResponse
from bridge.web.server import Server, ServerOptions

CONNECTIONS = 60
ROUNDS = 5
LONG_S = 30.0  # a turn of the loop that nobody wakes: a lost wake-up is then a test that fails


def transaction(work: Callable[[Any], None], *, alone: bool) -> None:
    time.sleep(0.002)  # others come meanwhile
    work(None)


def conversation(port: int, name: str) -> list[str]:
    """What `ROUNDS` requests on one kept connection are answered, sent without waiting for the answers."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=LONG_S / 2) as connection:
        reader = connection.makefile("rb")
        for number in range(ROUNDS):
            said = f"{name}-{number}"
            connection.sendall(
                f"POST /hooks/{said} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()
            )
            length = 0
            while (line := reader.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            answers.append(reader.read(length).decode())
    return answers


def test_each_of_many_kept_connections_is_told_its_own_and_served_again() -> None:
    writer = Writer(transaction)
    batches: list[int] = []

    def many(_: Any, items: Sequence[str]) -> list[str]:
        batches.append(len(items))
        return [item.upper() for item in items]

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        said = writer.gather(many, environ["PATH_INFO"].removeprefix("/hooks/"))
        return Reply.text(200, said).send(environ, start_response)

    server = Server(application, ServerOptions(port=0, threads=2))
    over = threading.Event()

    def turns() -> None:
        while not over.is_set():
            server.turn(LONG_S)

    looping = threading.Thread(target=turns)
    looping.start()
    told: dict[str, list[str]] = {}
    clients = [
        threading.Thread(
            target=lambda name=f"c{number}": told.update({name: conversation(server.port, name)})
        )
        for number in range(CONNECTIONS)
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    over.set()
    server.drain()
    looping.join()
    server.run()
    assert told == {
        f"c{number}": [f"C{number}-{turn}" for turn in range(ROUNDS)] for number in range(CONNECTIONS)
    }
    assert sum(batches) == CONNECTIONS * ROUNDS
    assert max(batches) > 2, "with two threads, more than two at once only inside each other"


def test_a_connection_that_sent_more_meanwhile_is_read_again() -> None:
    asked, sent = threading.Event(), threading.Event()

    def slow(work: Callable[[Any], None], *, alone: bool) -> None:
        if not asked.is_set():
            asked.set()
            assert sent.wait(LONG_S)
            time.sleep(0.2)  # the loop puts aside who sends while it is served
        work(alone)

    writer = Writer(slow)
    begun = threading.Event()

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not begun.is_set():
            begun.set()
            while not server._threads._tasks:
                time.sleep(0.001)
        return Reply.text(200, writer.gather(lambda _, items: items, environ["PATH_INFO"])).send(
            environ, start_response
        )

    server = Server(application, ServerOptions(port=0, threads=1))
    over = threading.Event()

    def turns() -> None:
        while not over.is_set():
            server.turn(LONG_S)

    looping = threading.Thread(target=turns)
    looping.start()
    with ExitStack() as stack:
        outer, inner = (
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=LONG_S / 3))
            for _ in range(2)
        )
        request = b"GET /hooks/%s HTTP/1.1\r\nHost: x\r\n\r\n"
        outer.sendall(request % b"outer")
        assert begun.wait(LONG_S)
        inner.sendall(request % b"inner")
        assert asked.wait(LONG_S)
        outer.sendall(request % b"again")
        sent.set()
        heard = b""
        while b"/hooks/again" not in heard:
            heard += outer.recv(4096)
        assert heard.index(b"/hooks/outer") < heard.index(b"/hooks/again")
        assert b"/hooks/inner" in inner.recv(4096)
    over.set()
    server.drain()
    looping.join()
    server.run()
