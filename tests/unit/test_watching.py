"""One thread waits for many sockets: each is told once, also when its number is used again."""

import math
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bridge import watching
from bridge.watching import Watch

SYSTEMS = [one for one in (watching._Plain, getattr(watching, "_Epoll", None)) if one]


class Pair:
    """A socket that is waited for, and its peer."""

    def __init__(self, ends_at: float = math.inf) -> None:
        self.near, self.far = socket.socketpair()
        self.ends_at = ends_at
        self.fileno = self.near.fileno

    def come(self) -> bool:
        return bool(self.near.recv(100))

    def close(self) -> None:
        self.near.close()
        self.far.close()


@pytest.fixture(params=SYSTEMS)
def watch(request: pytest.FixtureRequest) -> Iterator[Watch[str]]:
    made: Watch[str] = Watch(request.param)
    yield made
    made.close()


def test_what_comes_is_told_once_and_again_when_it_is_asked_for_again(watch: Watch[str]) -> None:
    pair = Pair()
    for word in ("first", "second", "third"):
        assert watch.add(pair, word)
        pair.far.send(b"x")
        assert watch.wait(5) == [word]
        assert watch.wait(0) == [], "nobody asked for it"
        assert pair.come()
    pair.close()


def test_a_number_that_another_socket_has_now_is_told_too(watch: Watch[str]) -> None:
    old = Pair()
    assert watch.add(old, "old")
    old.far.send(b"x")
    assert watch.wait(5) == ["old"]
    number = old.fileno()
    old.close()
    new = Pair()
    assert number in (new.fileno(), new.far.fileno())
    if new.fileno() != number:
        new.near, new.far = new.far, new.near
        new.fileno = new.near.fileno
    assert watch.add(new, "new")
    assert watch.wait(0) == []
    new.far.send(b"x")
    assert watch.wait(5) == ["new"]
    new.close()


def test_whoever_is_over_is_told_and_the_others_are_waited_for(watch: Watch[str]) -> None:
    silent, later = Pair(time.monotonic() + 0.2), Pair(time.monotonic() + 60)
    assert watch.add(silent, "silent")
    assert watch.add(later, "later")
    began = time.monotonic()
    assert watch.wait(20) == ["silent"]
    assert time.monotonic() - began >= 0.19
    silent.far.send(b"too late")
    assert watch.wait(0) == []
    later.far.send(b"x")
    assert watch.wait(5) == ["later"]
    silent.close()
    later.close()


def test_the_end_of_one_that_has_answered_hurries_nobody(watch: Watch[str]) -> None:
    quick, slow = Pair(time.monotonic() + 0.1), Pair(time.monotonic() + 0.4)
    assert watch.add(quick, "quick")
    assert watch.add(slow, "slow")
    quick.far.send(b"x")
    assert watch.wait(5) == ["quick"]
    found: list[str] = []
    while not found:
        found = watch.wait(5)
    assert found == ["slow"]
    assert time.monotonic() >= slow.ends_at
    quick.close()
    slow.close()


def test_a_wake_is_not_lost_by_who_does_not_wait_yet(watch: Watch[str]) -> None:
    for _ in range(3):
        watch.wake()
    assert watch.wait(20) == []
    timer = threading.Timer(0.1, watch.wake)
    timer.start()
    assert watch.wait(20) == []
    timer.join()


def test_a_closed_socket_cannot_be_waited_for(watch: Watch[str]) -> None:
    pair = Pair()
    pair.close()
    assert not watch.add(pair, "closed")
