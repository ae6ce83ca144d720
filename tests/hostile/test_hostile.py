"""The hostile list leaves a real bridge as it was, and the judge of it is not blind."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from bridge.sim.exchange import FakeExchange
from support.rawserver import RawServer
from support.world import ANNA, HOOK_SECRET

from .__main__ import CPU_S, GROWTH_KB, good, table
from .attack import Attack, attack, faults, judged
from .shots import ENTRANCES, Shot

LEAST = 200


@pytest.fixture(scope="module")
def done() -> Attack:
    return attack()


def test_every_request_got_what_it_must_get(done: Attack) -> None:
    wrong = [f"{hit.shot.entrance} {hit.shot.name}: {hit.wrong}" for hit in done.hits if hit.wrong]
    assert wrong == []
    assert good(done), table(done)


def test_no_request_made_the_bridge_compute_for_long(done: Attack) -> None:
    assert [hit.shot.name for hit in done.hits if hit.cpu_s >= CPU_S] == []


def test_memory_is_where_it_was(done: Attack) -> None:
    if done.grew_kb is None:
        pytest.skip("no /proc on this system")
    assert done.grew_kb < GROWTH_KB


def test_nothing_was_logged_contacted_or_stored_that_may_not_be(done: Attack) -> None:
    assert done.faults == []
    assert done.contacted == 0
    assert done.stored == sum(hit.shot.event for hit in done.hits)


def test_the_list_is_long_and_knows_every_entrance(done: Attack) -> None:
    assert len({hit.shot.request for hit in done.hits}) > 10 * LEAST
    counts = Counter(hit.shot.entrance for hit in done.hits)
    assert set(counts) == set(ENTRANCES)
    assert min(counts.values()) >= 30


BAD_ANSWERS = {  # what a server might say -> what the judge must say of it
    "html": (b"200 OK\r\nContent-Type: text/html\r\n", b"<html>", "text/html instead of"),
    "status": (b"500 x\r\nContent-Type: text/plain\r\n", b"", "500 instead of"),
    "traceback": (b"200 OK\r\nContent-Type: text/plain\r\n", b"Traceback (most recent", "holds 'traceback'"),
    "secret": (b"200 OK\r\nContent-Type: text/plain\r\n", HOOK_SECRET.encode(), "holds"),
    "control": (b"200 OK\r\nContent-Type: text/plain\r\n", b"a\x1b[2J", "control"),
    "no-answer": (b"", b"", "no answer"),
}


@pytest.mark.parametrize(("head", "body", "says"), BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_the_judge_sees_a_wrong_answer(head: bytes, body: bytes, says: str) -> None:
    said = b"HTTP/1.1 %sContent-Length: %d\r\n\r\n%s" % (head, len(body), body)
    request = b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    shot = Shot(entrance="health", name="x", request=request, status=200, media=("text/plain",))
    with RawServer(said if head else b"") as server:
        assert says in judged(shot, int(server.url.rpartition(":")[2]), FakeExchange((ANNA,)))


@pytest.mark.parametrize(
    "line",
    [
        "Traceback (most recent call last):",
        "x incident=1",
        f"reason={HOOK_SECRET}",
        "number=+79234000001",
        "a\x1b[2J",
        "a\u2028b",
    ],
)
def test_the_judge_sees_what_no_log_may_hold(line: str) -> None:
    assert faults(f"a good line\n{line}\nanother\r\n") == [line]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"grew_kb": GROWTH_KB},
        {"faults": ["Traceback"]},
        {"contacted": 1},
        {"stored": -1},
        {"slow": True},
        {"wrong": "x"},
    ],
    ids=str,
)
def test_the_verdict_needs_all_of_it(done: Attack, spoiled: dict[str, Any]) -> None:
    first, changes = done.hits[0], dict(spoiled)
    if changes.pop("slow", False):
        changes["hits"] = [replace(first, cpu_s=CPU_S), *done.hits[1:]]
    if wrong := changes.pop("wrong", ""):
        changes["hits"] = [replace(first, wrong=wrong), *done.hits[1:]]
    assert not good(replace(done, **changes))
