"""Outgoing HTTP: bounded in bytes and in total time, nothing followed, nothing trusted by mistake."""

import gc
import select
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bridge.wire import Wire, WireError
from bridge.wire.reading import read_reply
from support.rawserver import RawServer, closed_port_url
from support.world import eventually

TLS = Path(__file__).parents[1] / "wire" / "tls"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    connections: set[tuple[str, int]]

    def do_GET(self) -> None:
        self.server.peers.append(self.client_address)  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", "2")
        for name, value in self.server.promises.items():  # type: ignore[attr-defined]
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"ok" + self.server.more)  # type: ignore[attr-defined]
        self.close_connection = self.server.closes  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Tests read answers, not logs."""


@contextmanager
def server(
    *, tls: bool = False, promises: Mapping[str, str] | None = None, more: bytes = b"", closes: bool = False
) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """A keep-alive server; yields its address and the client sockets it saw, one entry a request.

    Args:
        promises: headers of its answers.
        more: bytes behind each answer that nobody asked for.
        closes: the connection after each answer, without a word.
    """
    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.peers = []  # type: ignore[attr-defined]
    running.promises = promises or {}  # type: ignore[attr-defined]
    running.more, running.closes = more, closes  # type: ignore[attr-defined]
    running.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
        running.socket = context.wrap_socket(running.socket, server_side=True)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        scheme = "https" if tls else "http"
        yield f"{scheme}://127.0.0.1:{running.server_address[1]}/", running.peers  # type: ignore[attr-defined]
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.fixture
def wire() -> Iterator[Callable[..., Wire]]:
    made: list[Wire] = []

    def make(**options: object) -> Wire:
        made.append(Wire(**options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_a_certificate_of_an_unknown_authority_is_refused_before_anything_is_sent(
    wire: Callable[..., Wire],
) -> None:
    with server(tls=True) as (url, requests), pytest.raises(WireError, match="нельзя доверять") as caught:
        wire().get(url)
    assert caught.value.sent is False
    assert requests == []


def test_a_certificate_of_the_firms_own_authority_is_trusted_when_the_settings_name_it(
    wire: Callable[..., Wire],
) -> None:
    with server(tls=True) as (url, _):
        assert wire(ca_file=str(TLS / "ca.pem")).get(url).body == b"ok"


def test_connections_are_reused_while_they_are_fresh(wire: Callable[..., Wire]) -> None:
    with server() as (url, requests):
        peer = wire()
        for _ in range(3):
            peer.get(url)
        peer.close()
    assert len(requests) == 3
    assert len(set(requests)) == 1


def test_what_must_not_be_repeated_gets_a_connection_of_its_own(wire: Callable[..., Wire]) -> None:
    with server() as (url, requests):
        peer = wire(reuse=False)
        for _ in range(3):
            peer.get(url)
    assert len(set(requests)) == 3


@pytest.mark.parametrize(
    ("promises", "connections"),
    [
        ({}, 3),
        ({"Connection": "close"}, 3),
        ({"Keep-Alive": "timeout=0"}, 3),
        ({"Connection": "keep-alive"}, 1),
        ({"Connection": "Keep-Alive", "Keep-Alive": "timeout=60, max=100"}, 1),
    ],
)
def test_what_must_not_be_repeated_goes_only_over_a_connection_that_was_promised(
    wire: Callable[..., Wire], promises: Mapping[str, str], connections: int
) -> None:
    with server(promises=promises) as (url, requests):
        peer = wire(once=True)
        for _ in range(3):
            peer.get(url)
        peer.close()
    assert len(requests) == 3
    assert len(set(requests)) == connections


@pytest.mark.parametrize("once", [False, True])
def test_a_connection_that_was_closed_without_a_word_is_not_used(
    wire: Callable[..., Wire], once: bool
) -> None:
    with server(promises={"Connection": "keep-alive"}, closes=True) as (url, requests):
        peer = wire(once=once)
        for _ in range(3):
            assert peer.get(url).body == b"ok"
            waiting = [one for idle in peer._pool._idle.values() for one in idle]
            assert eventually(lambda: not any(one.silent() for one in waiting))  # noqa: B023
    assert len(set(requests)) == 3


def test_what_comes_behind_an_answer_answers_nothing(wire: Callable[..., Wire]) -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
    with server(promises={"Connection": "keep-alive"}, more=forged) as (url, requests):
        peer = wire()
        for _ in range(3):
            assert peer.get(url).body == b"ok"
        peer.close()
    assert len(set(requests)) == 3


@pytest.mark.parametrize("tls", [False, True])
def test_a_request_is_begun_over_a_kept_connection_and_finished_when_its_answer_has_come(
    wire: Callable[..., Wire], tls: bool
) -> None:
    with server(tls=tls, promises={"Connection": "keep-alive"}) as (url, requests):
        peer = wire(once=True, ca_file=str(TLS / "ca.pem"))
        assert peer.begin_get(url) is None, "there is no connection yet"
        assert requests == []
        peer.get(url)
        for _ in range(3):
            begun = peer.begin_get(url)
            assert begun is not None
            assert select.select([begun.fileno()], [], [], 10)[0]
            begun.come()
            assert peer.finish(begun).body == b"ok"
        assert peer.begin_get("ftp://nowhere") is None
        peer.close()
    assert len(requests) == 4
    assert len(set(requests)) == 1


def test_many_threads_share_the_connections(wire: Callable[..., Wire]) -> None:
    with server(promises={"Connection": "keep-alive"}) as (url, requests), ThreadPoolExecutor(8) as threads:
        peer = wire(pool_size=8)
        answers = list(threads.map(lambda _: peer.get(url).body, range(200)))
        peer.close()
    assert answers == [b"ok"] * 200
    assert len(requests) == 200
    assert len(set(requests)) <= 16


def test_a_body_that_ends_too_early_is_no_answer(wire: Callable[..., Wire]) -> None:
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\nConnection: close\r\n\r\nhalf"
    with RawServer(cut) as peer, pytest.raises(WireError) as caught:
        wire().get(peer.url)
    assert caught.value.sent


def test_an_answer_over_the_limit_is_refused(wire: Callable[..., Wire]) -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000
    with RawServer(big) as peer, pytest.raises(WireError, match="слишком длинный"):
        wire(max_bytes=1000).get(peer.url)


def test_a_redirect_is_an_answer_and_its_body_is_bounded_too(wire: Callable[..., Wire]) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: %d\r\n\r\n"
    with RawServer(head % 5 + b"moved") as peer:
        assert wire().get(peer.url).status == 302
    with RawServer(head % 5000 + b"x" * 5000) as peer, pytest.raises(WireError, match="слишком длинный"):
        wire(max_bytes=1000).get(peer.url)


def test_a_gzip_bomb_is_never_inflated(wire: Callable[..., Wire]) -> None:
    packed = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"
    with RawServer(packed) as peer:
        assert wire().get(peer.url).body == b"\x1f\x8b\x08"


@pytest.mark.parametrize("drip_from", [0, 60])
def test_a_peer_that_drips_is_cut_by_the_total_deadline(wire: Callable[..., Wire], drip_from: int) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 200\r\n\r\n" + b"x" * 200
    started = time.monotonic()
    with (
        RawServer(answer, drip_s=0.05, drip_from=drip_from) as peer,
        pytest.raises(WireError, match="за отведённое время") as caught,
    ):
        wire(total_s=0.5).get(peer.url)
    assert caught.value.timeout
    assert time.monotonic() - started < 5


def test_a_closed_port_surely_received_nothing(wire: Callable[..., Wire]) -> None:
    with pytest.raises(WireError, match="соединение отвергнуто") as caught:
        wire().get(closed_port_url())
    assert caught.value.sent is False


@pytest.mark.parametrize("url", ["http://127.0.0.1:99999/", "http:///x", "http://[::1/x"])
def test_a_wrong_address_is_an_error_of_ours_without_the_address_in_it(
    wire: Callable[..., Wire], url: str
) -> None:
    with pytest.raises(WireError) as caught:
        wire().get(f"{url}?key=tops3cret")
    assert caught.value.sent is False
    assert "tops3cret" not in str(caught.value)


def test_an_unusual_answer_is_forgotten_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a ring of references what it was read from may go first; Python 3.13 complains of errors then."""

    class Chunked:
        def receive(self, most: int, deadline: object) -> bytes:
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

    complaints: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda about: complaints.append(about.exc_value))
    reply = read_reply(Chunked(), None)  # type: ignore[arg-type]
    ring: list[object] = [reply]
    ring.append(ring)
    reply._stream.ring = ring  # type: ignore[union-attr]
    del reply, ring
    gc.collect()
    assert complaints == []
