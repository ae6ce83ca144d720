"""Outgoing HTTP read piece by piece: the same limits as for an answer that is read whole."""

import gzip
from collections.abc import Iterator

import pytest

from bridge.wire import Wire, WireError
from support.rawserver import RawServer, closed_port_url


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode() + body


def read(chunks: Iterator[bytes]) -> bytes:
    return b"".join(chunks)


def test_a_body_comes_in_pieces() -> None:
    body = bytes(1_000_000)
    with RawServer(answer(body, "Content-Length: 1000000")) as peer:
        with Wire(reuse=False, max_bytes=10**6).stream(peer.url, {"Range": "bytes=0-"}) as flow:
            assert flow.status == 200
            pieces = list(flow.chunks)
        assert b"Range: bytes=0-" in peer.requests[0]
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 64 * 1024


def test_pieces_come_as_they_are_sent() -> None:
    """The whole would take forty seconds, of which ten are given."""
    head = answer(b"", "Content-Length: 4000")
    dripping = RawServer(head + bytes(4000), drip_s=0.01, drip_from=len(head))
    with dripping, Wire(reuse=False).stream(dripping.url) as flow:
        assert next(flow.chunks)


def test_chunks_of_a_transfer_are_put_together() -> None:
    chunked = answer(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", "Transfer-Encoding: chunked")
    with RawServer(chunked) as peer, Wire(reuse=False).stream(peer.url) as flow:
        assert read(flow.chunks) == b"abcde"


def test_nothing_is_inflated() -> None:
    bomb = gzip.compress(bytes(1_000_000))
    zipped = answer(bomb, "Content-Encoding: gzip", f"Content-Length: {len(bomb)}")
    with RawServer(zipped) as peer, Wire(reuse=False).stream(peer.url) as flow:
        assert read(flow.chunks) == bomb


def test_a_redirect_is_told_and_not_followed() -> None:
    with (
        RawServer(
            answer(b"", f"Location: {closed_port_url()}", "Content-Length: 0", status="302 Found")
        ) as peer,
        Wire(reuse=False).stream(peer.url) as flow,
    ):
        assert (flow.status, read(flow.chunks)) == (302, b"")


@pytest.mark.parametrize("head", [("Content-Length: 1000",), ("Content-Length: 500",), ()])
def test_too_much_is_refused(head: tuple[str, ...]) -> None:
    small = Wire(reuse=False, max_bytes=499)
    peer = RawServer(answer(bytes(1000), *head))
    with peer, small.stream(peer.url) as flow, pytest.raises(WireError, match="слишком длинный"):
        read(flow.chunks)


def test_a_body_that_breaks_off_is_said_so() -> None:
    with RawServer(answer(b"half", "Content-Length: 8")) as peer, Wire(reuse=False).stream(peer.url) as flow:
        assert next(flow.chunks) == b"half"
        with pytest.raises(WireError, match=r"оборвался|прерван"):
            next(flow.chunks)


def test_each_wait_is_bounded_and_so_is_the_whole() -> None:
    head = answer(b"", "Content-Length: 100")
    hasty, patient = Wire(reuse=False, idle_s=0.3), Wire(reuse=False, idle_s=5.0, total_s=0.8)
    stopping = RawServer(head + bytes(100), drip_s=3.0, drip_from=len(head) + 1)
    with stopping, hasty.stream(stopping.url) as flow:
        assert next(flow.chunks) == b"\0"
        with pytest.raises(WireError) as idle:
            next(flow.chunks)
    dripping = RawServer(head + bytes(100), drip_s=0.1, drip_from=len(head))
    with dripping, patient.stream(dripping.url) as flow, pytest.raises(WireError) as total:
        read(flow.chunks)
    assert idle.value.timeout
    assert total.value.timeout


def test_a_peer_that_is_off_or_silent() -> None:
    with pytest.raises(WireError) as off, Wire(reuse=False).stream(closed_port_url()):
        pass
    assert not off.value.sent
    hasty = Wire(reuse=False, idle_s=0.3)
    with RawServer(silent=True) as peer, pytest.raises(WireError) as silent, hasty.stream(peer.url):
        pass
    assert silent.value.timeout


def test_the_readers_own_error_is_left_alone() -> None:
    peer = RawServer(answer(b"body", "Content-Length: 4"))
    with peer, pytest.raises(KeyError), Wire(reuse=False).stream(peer.url):
        raise KeyError("mine")
