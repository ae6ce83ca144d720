"""Recordings over real sockets: a signed link plays, anything else does not, and the token stays inside."""

import json
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from bridge.sim import records as sim_records
from bridge.sim.loopback import Loopback
from bridge.web.signing import CHANGED, EXPIRED
from support.rawserver import RawServer
from support.world import World, eventually, world

SECRET = "a-secret-of-links-for-tests-000000001"
TOKEN = "account-TOKEN-of-tests-777"
MakeWorld = Callable[..., AbstractContextManager[World]]


@pytest.fixture
def make(tmp_path: Path) -> MakeWorld:
    def made(**changes: Any) -> AbstractContextManager[World]:
        changes["server"] = {"link_secret": SECRET, **changes.get("server", {})}
        changes["exchange"] = {"journal_token": TOKEN, **changes.get("exchange", {})}
        return world(tmp_path, **changes)

    return made


@pytest.fixture
def here(make: MakeWorld) -> Iterator[World]:
    with make() as made:
        made.exchange.options = replace(made.exchange.options, secret=TOKEN, record_url="token")
        yield made


def told(here: World, count: int = 5) -> list[dict[str, Any]]:
    """What 1C found in `Data` of a call that was answered."""
    seen = eventually(lambda: len(here.onec.received) >= count and here.onec.received)
    assert seen, "1C was not told"
    return [json.loads(one.parameters["Data"]) for one in seen]


def link(here: World) -> str:
    here.exchange.ring("answered")
    data = told(here)
    found = {one["recordUrl"] for one in data if "recordUrl" in one}
    assert len({one.partition("?")[0] for one in found}) == 1
    return str(found.pop())


def whole(here: World) -> bytes:
    """The recording as the exchange has it."""
    return sim_records.recording(here.exchange.calls[0].callid)


def test_a_recording_plays_through_the_link_that_1c_was_told(here: World) -> None:
    answer = requests.get(link(here), timeout=10)
    assert answer.status_code == 200
    assert answer.content == whole(here)
    assert answer.headers["Content-Type"] == "audio/wav"
    assert answer.headers["Accept-Ranges"] == "bytes"


def test_a_part_beyond_the_end_of_another_recording_is_the_whole_anew(here: World) -> None:
    url, body = link(here), whole(here)
    beyond = {"Range": f"bytes={len(body)}-"}
    answer = requests.get(url, headers={**beyond, "If-Range": '"of what the player has"'}, timeout=10)
    assert (answer.status_code, answer.content) == (200, body)
    known = {**beyond, "If-Range": answer.headers["ETag"]}
    assert requests.get(url, headers=known, timeout=10).status_code == 416


def test_a_player_seeks(here: World) -> None:
    """The dialogue of a browser: the beginning, then whatever the listener drags to."""
    url, body = link(here), whole(here)
    with requests.Session() as player:
        probe = player.get(url, headers={"Range": "bytes=0-"}, timeout=10)
        assert (probe.status_code, probe.content) == (206, body)
        assert probe.headers["Content-Range"] == f"bytes 0-{len(body) - 1}/{len(body)}"
        etag = probe.headers["ETag"]
        for span, expected in {
            "bytes=0-43": body[:44],
            "bytes=20000-": body[20000:],
            "bytes=100-100": body[100:101],
            "bytes=-500": body[-500:],
            f"bytes=40000-{10**9}": body[40000:],
        }.items():
            part = player.get(url, headers={"Range": span, "If-Range": etag}, timeout=10)
            assert (part.status_code, part.content) == (206, expected), span
            assert part.headers["ETag"] == etag
        assert player.get(url, headers={"Range": "bytes=0-1,5-6"}, timeout=10).content == body
        changed = player.get(url, headers={"Range": "bytes=5-9", "If-Range": '"other"'}, timeout=10)
        assert (changed.status_code, changed.content) == (200, body)
        outside = player.get(url, headers={"Range": f"bytes={len(body)}-"}, timeout=10)
        assert (outside.status_code, outside.headers["Content-Range"]) == (416, f"bytes */{len(body)}")


@pytest.mark.parametrize("trick", ["no_range", "octets"])
def test_a_part_is_cut_by_us_where_the_exchange_cannot(here: World, trick: sim_records.Trick) -> None:
    here.exchange.options = replace(here.exchange.options, record=trick)
    url, body = link(here), whole(here)
    part = requests.get(url, headers={"Range": "bytes=30000-30999"}, timeout=10)
    assert (part.status_code, part.content) == (206, body[30000:31000])
    assert part.headers["Content-Range"] == f"bytes 30000-30999/{len(body)}"
    assert part.headers["Content-Type"] == "audio/wav"
    assert requests.get(url, headers={"Range": "bytes=99999999-"}, timeout=10).status_code == 416


def test_a_recording_of_unknown_length_is_played_whole(here: World) -> None:
    here.exchange.options = replace(here.exchange.options, record="no_length")
    answer = requests.get(link(here), headers={"Range": "bytes=10-20"}, timeout=10)
    assert (answer.status_code, answer.content) == (200, whole(here))
    assert answer.headers["Accept-Ranges"] == "none"


def test_a_head_says_what_a_get_would(here: World) -> None:
    url = link(here)
    head, get = requests.head(url, timeout=10), requests.get(url, timeout=10)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "Content-Type", "ETag", "Accept-Ranges", "Content-Disposition"):
        assert head.headers[name] == get.headers[name], name


def test_a_changed_or_expired_link_opens_nothing(make: MakeWorld) -> None:
    with make(server={"record_link_s": 1.0}) as here:
        here.exchange.options = replace(here.exchange.options, secret=TOKEN, record_url="token")
        url = link(here)
        for changed in (url[:-1] + ("A" if url[-1] != "A" else "B"), url.replace("for=buh", "for=crm")):
            answer = requests.get(changed, timeout=10)
            assert (answer.status_code, answer.text) == (403, CHANGED)
        assert eventually(lambda: requests.get(url, timeout=10).status_code == 403, within_s=10)
        assert requests.get(url, timeout=10).text == EXPIRED
        assert requests.post(url, timeout=10).status_code == 405


@pytest.mark.parametrize(
    ("trick", "status", "said"),
    [
        ("404", 404, "удалена или ещё обрабатывается"),
        ("fail", 404, "удалена или ещё обрабатывается"),
        ("html", 502, "что-то другое"),
        ("redirect", 502, "на другой адрес"),
        ("bad_token", 502, "journal_token"),
    ],
)
def test_what_is_no_recording_is_never_sent_on(
    here: World, trick: sim_records.Trick, status: int, said: str
) -> None:
    here.exchange.options = replace(here.exchange.options, record=trick)
    url = link(here)
    for headers in ({}, {"Range": "bytes=0-"}, {"Range": "bytes=500-"}):
        answer = requests.get(url, headers=headers, timeout=10)
        assert (answer.status_code, said in answer.text) == (status, True), answer.text
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_an_exchange_that_is_off_or_silent(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.wiring.records.IDLE_S", 0.5)
    with make() as here:
        here.exchange.options = replace(here.exchange.options, record_url="token")
        url = link(here)
        here.exchange.options = replace(here.exchange.options, delay_s=3.0)
        silent = requests.get(url, timeout=10)
        assert (silent.status_code, "не отвечает" in silent.text) == (504, True)
        here.exchange_server.stop()
        off = requests.get(url, timeout=10)
        assert (off.status_code, "не отвечает" in off.text) == (502, True)


def test_half_a_recording_is_not_passed_off_as_a_whole_one(here: World) -> None:
    here.exchange.options = replace(here.exchange.options, record="half")
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(link(here), timeout=10)


def test_every_listening_is_noted(here: World) -> None:
    url, body = link(here), whole(here)
    requests.get(url, timeout=10)
    requests.get(url, headers={"Range": "bytes=0-99"}, timeout=10)
    here.exchange.options = replace(here.exchange.options, record="404")
    requests.get(url, timeout=10)
    requests.get(url.replace("for=buh", "for=crm"), timeout=10)  # not a valid link: nobody listened
    call_id = str(here.exchange.calls[0].events[0]["uuid"])
    with sqlite3.connect(here.database) as db:
        query = "SELECT infobase, peer, status, sent FROM listening WHERE call_id = ? ORDER BY id"
        noted = eventually(lambda: len(rows := db.execute(query, (call_id,)).fetchall()) >= 3 and rows)
    db.close()
    assert noted == [
        ("buh", "127.0.0.1", 200, len(body)),
        ("buh", "127.0.0.1", 206, 100),
        ("buh", "127.0.0.1", 404, 0),
    ]
    metrics = requests.get(f"{here.url}/metrics", timeout=10).text
    assert 'bridge_records_total{exchange="main",status="206"} 1.0' in metrics


def test_so_many_listen_at_once_and_no_more(make: MakeWorld) -> None:
    """Of eight threads two may stream; who comes later is asked to wait, and everybody else is served."""
    with make() as here:
        here.exchange.options = replace(here.exchange.options, record_url="token", record="drip")
        url = link(here)
        with requests.get(url, stream=True, timeout=10), requests.get(url, stream=True, timeout=10):
            refused = requests.get(url, timeout=10)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
            assert requests.get(f"{here.url}/healthz", timeout=10).status_code == 200
        again = eventually(
            lambda: (got := requests.get(url, stream=True, timeout=10)).status_code == 200 and got,
            within_s=10,
        )
        assert again, "a seat is free again once a listener has gone"
        again.close()


def test_a_listener_who_goes_lets_the_exchange_go(make: MakeWorld) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: 100000000\r\n\r\nID3" + b"x" * 5000
    )
    with (
        RawServer(head + b"y" * 200, drip_s=0.05, drip_from=len(head)) as exchange,
        make(exchange={"journal_url": exchange.url}) as here,
    ):
        here.exchange.options = replace(here.exchange.options, record_url="token")
        with requests.get(link(here), stream=True, timeout=10) as answer:
            assert next(answer.iter_content(4096)).startswith(b"ID3")
        assert eventually(lambda: _noted(here), within_s=10), "the stream never ended"


def _noted(here: World) -> list[Any]:
    db = sqlite3.connect(here.database)
    try:
        return db.execute("SELECT status, sent FROM listening").fetchall()
    finally:
        db.close()


def test_a_recording_of_unknown_length_that_breaks_off_is_not_taken_for_whole(make: MakeWorld) -> None:
    """Neither side says how long it is: only the end of the connection tells the listener."""
    part = b"ID3" + b"x" * 5000
    head = b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
    cut = head + b"%x\r\n" % len(part) + part + b"\r\n"
    for answer, complete in ((cut, False), (cut + b"0\r\n\r\n", True)):
        with RawServer(answer) as exchange, make(exchange={"journal_url": exchange.url}) as here:
            here.exchange.options = replace(here.exchange.options, record_url="token")
            address = urlsplit(link(here))
            with socket.create_connection((address.hostname, address.port), timeout=10) as listener:
                listener.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                heard = b"".join(iter(lambda: listener.recv(65536), b""))
            assert part in heard
            assert heard.endswith(b"\r\n0\r\n\r\n") is complete


def test_a_listener_who_sleeps_is_left(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than fits into every buffer on the way: the thread must come back although nobody reads."""
    monkeypatch.setattr("bridge.web.guard.STALL_S", 1.0)
    size = 40_000_000
    head = f"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: {size}\r\n\r\nID3".encode()
    with RawServer(head + bytes(size - 3)) as exchange, make(exchange={"journal_url": exchange.url}) as here:
        here.exchange.options = replace(here.exchange.options, record_url="token")
        address = urlsplit(link(here))
        with socket.create_connection((address.hostname, address.port), timeout=10) as sleeper:
            sleeper.sendall(f"GET {address.path}?{address.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            assert sleeper.recv(12) == b"HTTP/1.1 200"
            noted = eventually(lambda: _noted(here), within_s=20)
        assert noted
        assert noted[0][0] == 200
        assert noted[0][1] < size


def test_1c_is_told_no_address_that_holds_a_token(make: MakeWorld) -> None:
    """Without links: nothing, rather than an address with the token; and an open address as it is."""
    with make(server={"link_secret": ""}) as here:
        here.exchange.options = replace(here.exchange.options, record_url="token")
        here.exchange.ring("answered")
        assert {one["recordUrl"] for one in told(here) if "recordUrl" in one} == {""}
    with make() as here:
        here.exchange.ring("answered")
        uuid = here.exchange.calls[0].events[0]["uuid"]
        said = {one["recordUrl"] for one in told(here) if "recordUrl" in one}
        assert said == {f"https://records.sim.invalid/records/{uuid}.mp3"}


def test_a_recording_on_another_server_of_the_settings(make: MakeWorld) -> None:
    exchanges: list[Any] = []
    with Loopback(lambda environ, start: exchanges[-1](environ, start)) as other:
        host = other.url.removeprefix("http://")
        for hosts in ([], [host]):
            with make(exchange={"record_hosts": hosts}) as here:
                exchanges.append(here.exchange)
                here.exchange.options = replace(here.exchange.options, secret=TOKEN, record_base=other.url)
                url = link(here)
                if not hosts:  # a server that is none of ours, and an address without a secret
                    assert url.startswith(other.url)
                    continue
                answer = requests.get(url, timeout=10)
                uuid = here.exchange.calls[0].events[0]["uuid"]
                assert url.startswith(here.url)
                assert answer.status_code == 200
                assert answer.content == sim_records.recording(f"/records/{uuid}.mp3")
