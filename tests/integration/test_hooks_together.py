"""Hooks that come together are committed together; every connection is told its own and goes on after it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import pytest

from bridge.store.writer import Writer
from bridge.web import server
from bridge.web.answer import Task
from bridge.web.connection import Connection
from bridge.web.http import Environ, Later, Reply, StartResponse
from bridge.web.loop import PlainLoop
from bridge.web.server import Server, ServerOptions
from support.rawclient import Line, ask
from support.world import eventually

CONNECTIONS = 60
ROUNDS = 5
LONG_S = 30.0  # a turn of the loop that nobody wakes: a lost wake-up is then a test that fails


class Book:
    """What was committed, batch by batch; a commit may be held up."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()
        self.writer = Writer(self._transaction)
        self._new: list[str] = []

    @property
    def committed(self) -> list[str]:
        return [item for batch in self.batches for item in batch]

    def _transaction(self, work: Callable[[Any], None], *, alone: bool) -> None:
        self.entered.set()
        assert self.go_on.wait(LONG_S)
        time.sleep(0.002)  # others come meanwhile
        work(None)
        self.batches.append(self._new)
        self._new = []

    def many(self, _: Any, items: Sequence[str]) -> list[str]:
        self._new += items
        return [item.upper() for item in items]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Hooks are written; whatever else is asked is not."""
        path: str = environ["PATH_INFO"]
        if not path.startswith("/hooks/"):
            return Reply.text(200, path).send(environ, start_response)
        written = self.writer.bring(self.many, path.removeprefix("/hooks/"))
        return Later(lambda: Reply.text(200, written()), environ, start_response)


@contextmanager
def served(book: Book, *, threads: int = 2) -> Iterator[Server]:
    made = Server(book, ServerOptions(port=0, threads=threads))
    over = threading.Event()

    def turns() -> None:
        while not over.is_set():
            made.turn(LONG_S)
        made.run()

    looping = threading.Thread(target=turns)
    looping.start()
    try:
        yield made
    finally:
        book.go_on.set()
        over.set()
        made.drain(at_once=True)
        looping.join(LONG_S)
        assert not looping.is_alive()
        book.writer.close()


@pytest.fixture(params=["the best loop of this system", "only select"], autouse=True)
def _loop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "only select":
        monkeypatch.setattr(server, "loop_of", lambda watched, _: PlainLoop(watched))


def hook(said: str) -> bytes:
    return f"POST /hooks/{said} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()


def conversation(port: int, name: str) -> list[str]:
    """What `ROUNDS` requests on one kept connection are answered."""
    with Line(port) as line:
        answers = []
        for number in range(ROUNDS):
            line.send(hook(f"{name}-{number}"))
            answers.append(line.answer().text)
    return answers


def test_each_of_many_kept_connections_is_told_its_own_and_served_again() -> None:
    book, told = Book(), {}
    with served(book) as here:
        clients = [
            threading.Thread(
                target=lambda name=f"c{number}": told.update({name: conversation(here.port, name)})
            )
            for number in range(CONNECTIONS)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert told == {
        f"c{number}": [f"C{number}-{turn}" for turn in range(ROUNDS)] for number in range(CONNECTIONS)
    }
    assert len(book.committed) == CONNECTIONS * ROUNDS
    assert max(map(len, book.batches)) > 2, "two threads serve, but a hook needs none"


def test_a_connection_that_sent_more_meanwhile_is_read_again() -> None:
    book = Book()
    book.go_on.clear()
    with served(book, threads=1) as here, Line(here.port) as outer, Line(here.port) as inner:
        outer.send(hook("outer"))
        assert book.entered.wait(LONG_S)
        inner.send(hook("inner"))
        outer.send(hook("again"))
        time.sleep(0.2)  # the loop puts aside who sends while it is served
        book.go_on.set()
        assert [outer.answer().text, outer.answer().text] == ["OUTER", "AGAIN"]
        assert inner.answer().text == "INNER"


def test_what_is_sent_together_is_answered_in_order_whoever_answers_it() -> None:
    click = b"GET /click HTTP/1.1\r\nHost: x\r\n\r\n"
    with served(Book()) as here, Line(here.port) as line:
        line.send(click + hook("a") + click + click + hook("b") + hook("c") + click)
        answers = [line.answer().text for _ in range(7)]
    assert answers == ["/click", "A", "/click", "/click", "B", "C", "/click"]


@pytest.mark.parametrize("resets", [False, True], ids=["closes", "resets"])
def test_what_was_said_by_one_who_went_is_stored_and_stops_nobody(
    capsys: pytest.CaptureFixture[str], *, resets: bool
) -> None:
    book = Book()
    book.go_on.clear()
    with served(book) as here:
        for number in range(20):
            gone = socket.create_connection(("127.0.0.1", here.port), LONG_S)
            gone.sendall(hook(f"gone-{number}"))
            if resets:
                assert eventually(lambda: book.entered.is_set())
                time.sleep(0.01)  # else the reset takes what was sent with it
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.close()
        with Line(here.port) as line:
            line.send(hook("stays"))
            time.sleep(0.05)
            book.go_on.set()
            assert line.answer().text == "STAYS"
    assert sorted(book.committed) == sorted([*(f"gone-{number}" for number in range(20)), "stays"])
    assert "incident" not in capsys.readouterr().err


def test_one_who_reads_no_answers_keeps_nobody_waiting_and_gets_them_all() -> None:
    said = [f"{number}-{'x' * 12_000}" for number in range(500)]  # more than the system takes in
    book = Book()
    with served(book) as here, Line(here.port, LONG_S, room=4096) as slow:
        sending = threading.Thread(target=lambda: slow.send(b"".join(map(hook, said))))
        sending.start()
        assert eventually(lambda: len(book.committed) > 20)
        assert conversation(here.port, "quick") == [f"QUICK-{turn}" for turn in range(ROUNDS)]
        assert [slow.answer().text for _ in said] == [one.upper() for one in said]
        sending.join(LONG_S)


def test_a_stop_answers_those_that_wait_for_their_commit() -> None:
    book = Book()
    book.go_on.clear()
    made = Server(book, ServerOptions(port=0, threads=2))
    running = threading.Thread(target=made.run)
    running.start()
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(made.port)) for _ in range(10)]
        for number, line in enumerate(lines):
            line.send(hook(f"h{number}"))
        assert book.entered.wait(LONG_S)
        made.drain(at_once=True)
        time.sleep(1.5)  # longer than the quiet second after a drain began
        assert running.is_alive()
        book.go_on.set()
        answers = [line.answer() for line in lines]
    running.join(LONG_S)
    assert not running.is_alive()
    assert [answer.text for answer in answers] == [f"H{number}" for number in range(10)]
    assert {answer.headers.get("connection") for answer in answers} == {"close"}


def test_a_flood_of_hooks_leaves_room_for_the_others() -> None:
    book, over = Book(), threading.Event()
    rounds = [0] * 8

    def flood(port: int, number: int) -> None:
        with Line(port) as line:
            while not over.is_set():
                line.send(hook(f"f{number}") * 20)
                for _ in range(20):
                    line.answer()
                rounds[number] += 1

    with served(book) as here:
        floods = [threading.Thread(target=flood, args=(here.port, number)) for number in range(len(rounds))]
        for one in floods:
            one.start()
        try:
            assert eventually(lambda: all(rounds))
            before = list(rounds)
            for _ in range(50):
                assert ask(here.port, b"GET /click HTTP/1.1\r\nHost: x\r\n\r\n").text == "/click"
            assert eventually(lambda: all(now > then for now, then in zip(rounds, before, strict=True)))
        finally:
            over.set()
            for one in floods:
                one.join(LONG_S)


def test_what_breaks_before_the_application_is_answered_500_and_stops_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = Task.get_environment

    def broken(task: Task) -> Environ:
        if task.request.path == "/hooks/broken":
            raise ValueError("a request that nobody thought of")
        return known(task)

    monkeypatch.setattr(Task, "get_environment", broken)
    with served(Book()) as here:
        with Line(here.port) as line:
            line.send(hook("broken"))
            assert line.answer().status == 500
        with Line(here.port) as line:
            line.send(hook("good"))
            assert line.answer().text == "GOOD"


def test_who_cannot_even_be_begun_is_closed_and_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Connection.begin

    def broken(channel: Connection) -> Any:
        if channel.requests[0].path == "/hooks/broken":
            raise ValueError("a request that nobody thought of")
        return begin(channel)

    monkeypatch.setattr(Connection, "begin", broken)
    with served(Book()) as here, socket.create_connection(("127.0.0.1", here.port), LONG_S) as line:
        line.sendall(hook("broken"))
        line.settimeout(0.01)

        def closed() -> bool:
            with Line(here.port) as other:  # each turns the loop, which looks after the others once a second
                other.send(hook("good"))
                assert other.answer().text == "GOOD"
            with suppress(TimeoutError):
                return line.recv(1) == b""
            return False

        assert eventually(closed)
