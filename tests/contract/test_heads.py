"""A connection that remembers heads takes and answers what one does whose every byte waitress reads."""

import re
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from waitress.buffers import TempfileBasedBuffer
from waitress.task import WSGITask

from bridge.web import heads
from bridge.web.connection import Connection
from bridge.web.server import Server, ServerOptions
from support.hostile_http import FRAMING, HEADERS, LINES

QUICK = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CLIENT = "192.0.2.1"
DATE = re.compile(rb"Date: [^\r]+")

TARGETS = [
    "/ws/Telephony",
    "/",
    "*",
    "//a//b",
    "/%D0%BF?%31=%zz&a=b#c",
    "http://h:1/p;q?r",
    "/a?b?c#d#e",
    "/é",
]
METHODS = ["POST", "GET", "HEAD", "OPTIONS", "PATCH", "post"]
LENGTHS = [
    "Content-Length: {}",
    "content-length:{}",
    "CONTENT-LENGTH: \t{}",
    "Content-Length: {} ",
    "Content_Length: {}",
]
USUAL = [
    "Host: x", "Content-Type: text/xml; charset=utf-8", 'SOAPAction: "a#b:c"', "Authorization: Basic YTpi",
    "Accept: */*", "X-Long: " + "a" * 3000,
]  # fmt: skip
ODD = [
    "Connection: close", "connection: Keep-Alive", "Connection: close, te", "Expect: 100-continue",
    "expect: x",
    "X-Forwarded-For: 198.51.100.7, 203.0.113.9:81", 'X-Forwarded-For: "', "x-forwarded-proto: https",
    "Forwarded: for=1.1.1.1", "X_Forwarded_For: 1.1.1.1", "Host: y", "Transfer-Encoding: chunked",
    "Transfer-Encoding:", "X: \x00", "X: \xe9\x85", "X:", "X : 1", "X: 1", "X: 2", " folded", "x: a\rb",
    "Upgrade: h2c", "Remote-Addr: 1", "Content-Length: 3",
    "Content-Type: a", "Content_Type: b", "Cookie: a=b; c=d",
]  # fmt: skip
BODIES = [
    b"",
    b"a",
    b"hello",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    b"x" * 1100,
    b"\xff" * 9000,
]


class Forgetful(Connection):
    """As waitress does it: every byte read by its parser, every answer written by its task."""

    task_class = WSGITask
    known = property(lambda _: None, lambda *_: None)  # type: ignore[assignment]

    def _send_at_once(self, _: bytes) -> int:
        return 0


class Inline:
    """Instead of threads."""

    def __init__(self) -> None:
        self.tasks: list[Any] = []

    def add_task(self, task: Any) -> None:
        self.tasks.append(task)


def echo(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """What the application sees; how it answers depends on what it is asked."""
    came = environ.pop("wsgi.input").read()
    assert environ.pop("waitress.client_disconnected")() is False
    assert environ.pop("wsgi.errors")
    body = repr((sorted(environ.items(), key=lambda one: one[0]), came)).encode()
    environ.clear()  # the next request has one of its own
    kind = len(came) % 7
    length = [("content-length" if kind == 1 else "Content-Length", str(len(body) + (kind == 2)))]
    media = [("X-Content-Type-Options", "nosniff"), ("Content-Type", "text/xml")]
    if kind == 3:
        start_response("204 No Content", [])
        return []
    if kind == 4:
        start_response("200 OK", media)
        return [body]
    if kind == 5:
        start_response(
            "401 Unauthorized", [*media, *length, ("WWW-Authenticate", "Basic"), ("date", "today")]
        )
        return [body]
    start_response("200 OK", [*media, *length])
    return iter([b"", body[:9], body[9:]]) if kind == 6 else [body]


class Wire:
    """One connection to a server whose loop is the caller."""

    def __init__(self, made: Server, channel: type[Connection]) -> None:
        self._server, self._tasks = made._server, Inline()
        self._ours, theirs = socket.socketpair()
        self._ours.setblocking(False)
        self.channel = channel(made._server, theirs, (CLIENT, 50_000), made._server.adj, map={})

    def packet(self, data: bytes) -> None:
        """It comes at once, is read as far as it is wanted, and served; what is to be sent is sent."""
        self._server.task_dispatcher = self._tasks
        with suppress(OSError):
            self._ours.send(data)
        while self.channel.connected and self.channel.readable() and self.channel.unread():
            self.channel.handle_read()
            while self._tasks.tasks:
                self._tasks.tasks.pop(0).service()
            if self.channel.connected and self.channel.writable():
                self.channel.handle_write()

    def said(self) -> bytes:
        answers = b""
        with suppress(OSError):
            while more := self._ours.recv(1_000_000):
                answers += more
        return DATE.sub(b"Date: now", answers)

    def close(self) -> None:
        self.channel.handle_close()
        self._ours.close()


@pytest.fixture(scope="module", params=["", CLIENT], ids=["no proxy", "behind a proxy"])
def here(request: pytest.FixtureRequest) -> Iterator[Server]:
    made = Server(echo, ServerOptions(port=0, threads=1, trusted_proxy=request.param))
    threads = made._server.task_dispatcher
    yield made
    made._server.task_dispatcher = threads
    made.drain(at_once=True)
    made.run()


@contextmanager
def wire(made: Server, channel: type[Connection]) -> Iterator[Wire]:
    opened = Wire(made, channel)
    try:
        yield opened
    finally:
        opened.close()


def compare(made: Server, packets: Iterable[bytes]) -> int:
    """Both say the same after each packet, and stay or go; returns how many requests had a known head."""
    repeated = 0

    class Counting(Connection):
        def _repeated(self, request: Any) -> bool:
            nonlocal repeated
            repeated += 1
            return super()._repeated(request)

    with wire(made, Counting) as ours, wire(made, Forgetful) as theirs:
        for packet in packets:
            ours.packet(packet)
            theirs.packet(packet)
            assert ours.said() == theirs.said()
            for state in ("connected", "will_close", "close_when_flushed", "refused", "total_outbufs_len"):
                assert getattr(ours.channel, state) == getattr(theirs.channel, state)
            assert (ours.channel.began is None) == (theirs.channel.began is None)
            assert ours.channel.busy() == theirs.channel.busy()
    return repeated


def whole(line: str, headers: Iterable[str], length: str, body: bytes, digits: str = "") -> bytes:
    lines = [line, *headers, *([length.format(digits or len(body))] if length else [])]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


@st.composite
def conversations(draw: st.DrawFn) -> list[bytes]:
    """Requests of one client: mostly the head of the one before, sometimes a little different; in packets."""
    packets: list[bytes] = []
    line, headers, length = "", [""], ""
    for _ in range(draw(st.integers(2, 6))):
        if not line or draw(st.integers(0, 4)) == 0:
            version = draw(st.sampled_from(["HTTP/1.1"] * 5 + ["HTTP/1.0", "HTTP/1.2"]))
            line = f"{draw(st.sampled_from(METHODS))} {draw(st.sampled_from(TARGETS))} {version}"
            headers = ["Host: x", *draw(st.lists(st.sampled_from(USUAL[1:]), max_size=4, unique=True))]
            headers += draw(st.lists(st.sampled_from(ODD), max_size=draw(st.sampled_from([0, 0, 0, 2]))))
            length = draw(st.sampled_from([*LENGTHS, LENGTHS[0], LENGTHS[0], ""]))
        body = draw(st.sampled_from(BODIES)) if length else b""
        wrong = ["0", "00", "5 5", "+1", "", "7" * 8, "0" * 5 + str(len(body)), str(len(body) + 1)]
        digits = draw(st.sampled_from([*[str(len(body))] * 20, *wrong]))
        request = whole(line, headers, length, body, digits)
        match draw(st.integers(0, 9)):
            case 0:  # in pieces, as often as not the body apart from the head
                apart = request.find(b"\r\n\r\n") + 4
                anywhere = st.integers(1, len(request) - 1) | st.just(apart)
                cuts = draw(st.sets(anywhere, min_size=1, max_size=3))
                edges = [0, *sorted(cuts), len(request) + 1]
                packets += [request[begin:end] for begin, end in pairwise(edges) if request[begin:end]]
            case 1:  # one byte is another, or there is one more
                at = draw(st.integers(0, min(len(request) - 1, 300)))
                odd = draw(st.sampled_from([b"", b"\0", b" ", b"\r", b"\n", b"_", b"9", b"A", b"\xe9"]))
                packets.append(request[:at] + odd + request[at + draw(st.integers(0, 1)) :])
            case 2:  # with something behind it
                packets.append(request + draw(st.sampled_from([b"\r\n", b"x", request, request[:20]])))
            case _:
                packets.append(request)
    return packets


@QUICK
@given(packets=conversations())
def test_a_known_head_changes_nothing_that_is_seen_or_said(here: Server, packets: list[bytes]) -> None:
    compare(here, packets)


HOSTILE = [
    *(one[0] for one in (FRAMING | HEADERS).values()),
    *(one[0] + b"\r\nHost: x\r\n\r\n" for one in LINES.values()),
]
GOOD = whole("POST / HTTP/1.1", USUAL[:4], LENGTHS[0], b"hello")


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_after_a_good_request_a_hostile_one_is_what_it_was(here: Server, number: int) -> None:
    hostile = HOSTILE[number][:8000]
    assert compare(here, [GOOD, GOOD, hostile, GOOD]) >= 1
    compare(here, [hostile, hostile, GOOD])


def test_a_repeated_head_is_known_whatever_its_body(here: Server) -> None:
    other = whole("POST / HTTP/1.1", USUAL[:4], LENGTHS[0], b"another body")
    assert compare(here, [GOOD, other, GOOD, other + b"x", GOOD]) == 2
    get = whole("GET /?a=b HTTP/1.1", USUAL[:1], "", b"")
    assert compare(here, [get, get, get + get, get]) >= 1


@pytest.mark.parametrize("length", [LENGTHS[0], ""], ids=["with a body", "without"])
def test_a_known_head_in_two_packets_is_what_it_was_wherever_it_is_cut(here: Server, length: str) -> None:
    known = whole("POST /?a=b HTTP/1.1", USUAL[:4], length, b"hello" if length else b"")
    head = known.index(b"\r\n\r\n") + 4
    for cut in range(1, len(known)):
        assert compare(here, [known, known[:cut], known[cut:], known]) == (2 if cut >= head else 1)
        assert compare(here, [known, known + known[:cut], known[cut:], known]) == 1


def test_a_body_that_comes_apart_from_its_head_is_its_own(here: Server) -> None:
    """However many packets it takes, and with the next request in its last."""
    body = bytes(range(256)) * 40
    known = whole("POST / HTTP/1.1", USUAL[:4], LENGTHS[0], body)
    head = known.index(b"\r\n\r\n") + 4
    pieces = [known[:head], body[:1], body[1:9000], body[9000:]]
    assert compare(here, [GOOD, *pieces[:-1], pieces[-1] + known[:head], body, GOOD]) == 2
    assert compare(here, [GOOD, *pieces[:-1], pieces[-1] + GOOD + known[:head], body]) == 1


def test_a_body_that_comes_apart_is_kept_in_memory(here: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Any) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(TempfileBasedBuffer, "newfile", refuse)
    known = whole("POST / HTTP/1.1", USUAL[:4], LENGTHS[0], b"x" * (heads.LONGEST_BODY // 7 * 7))
    for cut in (known.index(b"\r\n\r\n") + 4, 8000):
        assert compare(here, [GOOD, known[:cut], known[cut:], GOOD]) == 2


@pytest.mark.parametrize("length", [heads.LONGEST_BODY + 1, 1024 * 1024, 9_999_999])
def test_a_long_body_is_for_waitress_to_accept_or_refuse(here: Server, length: int) -> None:
    assert compare(here, [GOOD, whole("POST / HTTP/1.1", USUAL[:4], LENGTHS[0], b"x", str(length))]) == 0


def test_what_an_application_does_to_its_environ_is_gone_with_it(here: Server) -> None:
    """`echo` empties it; so a second and a third see what the first saw."""
    behind = [*USUAL[:2], "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 203.0.113.9", "Connection: te"]
    proxied = whole("POST / HTTP/1.1", behind, LENGTHS[0], b"hello")
    assert compare(here, [proxied, proxied, proxied]) == 2


def test_more_headers_than_are_worth_keeping_are_read_each_time(here: Server) -> None:
    many = whole("GET / HTTP/1.1", ["Host: x", *(f"X-{number}: 1" for number in range(heads.MOST))], "", b"")
    assert compare(here, [many, many]) == 0


def test_a_careless_memory_is_caught(here: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What would be a request smuggled behind another."""

    def careless(self: heads.Head, data: bytes) -> heads.Repeated | None:
        head, _, body = data.partition(b"\r\n\r\n")
        return heads.Repeated(self, "5", body) if head.startswith(self._before) else None

    monkeypatch.setattr(heads.Head, "again", careless)
    with pytest.raises(AssertionError):
        compare(here, [GOOD, GOOD + GOOD])
