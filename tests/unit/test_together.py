"""Requests that wait for a commit are begun in turn, wait together, and each is answered once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs

from bridge.core.steps import THREAD, Answer, Awaited, Commit
from bridge.web.together import AT_ONCE, BEGIN_S, FEW, GROUP, Together
from support.world import eventually

LONG_S = 20.0


class One:
    """A request; `said` is what happened to all of them, and in which thread it was answered."""

    def __init__(self, said: list[str], name: str, *, known: bool = False, breaks: bool = False) -> None:
        self._said, self._name = said, name
        self._known, self._breaks = known, breaks
        self.settled = threading.Event()
        self.may_settle = threading.Event()
        self.may_settle.set()
        self.then: list[Awaited] = []  # awaited behind the commit
        self.answered_by = ""
        self.answered = threading.Event()
        self.cancelled = threading.Event()

    def begin(self) -> Awaited | None:
        self._said.append(f"begin {self._name}")
        return None if self._known else Commit(lambda: None)

    def go_on(self) -> Awaited | None:
        return self.then.pop(0) if self.then else None

    def settle(self) -> None:
        assert self.may_settle.wait(LONG_S)
        self._said.append(f"settle {self._name}")
        self.settled.set()

    def service(self) -> None:
        self.answered_by = threading.current_thread().name
        self.answered.set()
        if self._breaks:
            raise ValueError(self._name)
        self._said.append(f"answer {self._name}")

    def cancel(self) -> None:
        self.cancelled.set()


def nobody(*_: object) -> None:
    raise AssertionError("nothing is watched and nothing needs a thread")


@contextmanager
def looped(
    watch: Callable[[Answer, Callable[[], None]], None] | None = None,
    aside: Callable[[One], None] | None = None,
) -> Iterator[tuple[Together, threading.Event]]:
    """With a loop that is not running, and whether it was woken."""
    woken = threading.Event()
    together = Together(woken.set, watch or nobody, aside or nobody)
    try:
        yield together, woken
    finally:
        together.stop(LONG_S)


def test_many_are_begun_before_the_first_is_waited_for_and_answered_by_the_loop() -> None:
    said: list[str] = []
    many = [One(said, str(number)) for number in range(FEW + 3)]
    many[0].may_settle.clear()
    with looped() as (together, woken):
        for one in many:
            together.add(one)
        assert together.more()
        together.go_on()
        many[0].may_settle.set()
        assert woken.wait(LONG_S)
        assert together.more()
        together.go_on()
        assert not together.more()
    names = [str(number) for number in range(FEW + 3)]
    assert said == [f"{did} {name}" for did in ("begin", "settle", "answer") for name in names]
    assert {one.answered_by for one in many} == {threading.current_thread().name}


def test_few_are_answered_by_the_thread_that_waited() -> None:
    said: list[str] = []
    one = One(said, "a")
    with looped() as (together, woken):
        together.add(one)
        together.go_on()
        assert one.answered.wait(LONG_S)
        assert not woken.is_set()
    assert one.answered_by != threading.current_thread().name


def test_what_waits_for_nobody_is_answered_at_once() -> None:
    said: list[str] = []
    with looped() as (together, _):
        together.add(One(said, "known", known=True))
        together.go_on()
        assert said == ["begin known", "answer known"]


def test_others_come_while_some_wait() -> None:
    said: list[str] = []
    first, later = One(said, "first"), One(said, "later")
    first.may_settle.clear()
    with looped() as (together, _):
        together.add(first)
        together.go_on()
        together.add(later)
        together.go_on()
        assert said == ["begin first", "begin later"]
        first.may_settle.set()
        assert later.answered.wait(LONG_S)
    assert first.answered.is_set()


def test_one_turn_of_the_loop_begins_only_so_many() -> None:
    said: list[str] = []
    with looped() as (together, _):
        for number in range(AT_ONCE + 1):
            together.add(One(said, str(number), known=True))
        together.go_on()
        assert len(said) == 2 * AT_ONCE
        assert together.more()
        together.go_on()
        assert len(said) == 2 * AT_ONCE + 2


class Slow(One):
    """Its hook is long to read."""

    def begin(self) -> Awaited | None:
        time.sleep(2 * BEGIN_S)
        return super().begin()


def test_what_is_long_to_begin_leaves_the_next_to_another_turn() -> None:
    said: list[str] = []
    with looped() as (together, _):
        for name in ("a", "b"):
            together.add(Slow(said, name, known=True))
        together.go_on()
        assert said == ["begin a", "answer a"]
        assert together.more()
        together.go_on()
        assert said[2:] == ["begin b", "answer b"]


def test_what_breaks_breaks_only_itself() -> None:
    said: list[str] = []
    with looped() as (together, _):
        together.add(One(said, "bad", known=True, breaks=True))
        together.add(One(said, "good", known=True))
        together.go_on()
        bad, good = One(said, "bad", breaks=True), One(said, "good")
        together.add(bad)
        together.add(good)
        together.go_on()
        assert good.answered.wait(LONG_S)
        again = One(said, "again")
        together.add(again)
        together.go_on()
        assert again.answered.wait(LONG_S)


class Broken(One):
    """Raises where it says that it never does."""

    def __init__(self, said: list[str], where: str) -> None:
        super().__init__(said, where)
        self._where = where

    def _at(self, where: str) -> None:
        if where == self._where:
            raise ValueError(where)

    def begin(self) -> Awaited | None:
        self._at("begin")
        return super().begin()

    def settle(self) -> None:
        self._at("settle")
        super().settle()

    def go_on(self) -> Awaited | None:
        self._at("go_on")
        return super().go_on()


@pytest.mark.parametrize("number", [1, FEW + 1])
@pytest.mark.parametrize("where", ["begin", "settle", "go_on"])
def test_what_raises_in_a_step_stops_neither_the_loop_nor_the_thread(where: str, number: int) -> None:
    said: list[str] = []
    with looped() as (together, woken), capture_logs() as logs:
        broken = [Broken(said, where) for _ in range(number)]
        good = One(said, "good")
        for one in [*broken, good]:
            together.add(one)
        together.go_on()
        assert eventually(lambda: woken.is_set() or good.answered.is_set())
        together.go_on()
        assert good.answered.wait(LONG_S)
        ended = [one.answered if where == "settle" else one.cancelled for one in broken]
        assert all(event.wait(LONG_S) for event in ended)
        again = One(said, "again")
        together.add(again)
        together.go_on()
        assert again.answered.wait(LONG_S)
    assert [line["event"] for line in logs] == ["serving_incident"] * number


def refusing(*_: object) -> None:
    raise OSError("no more is watched")


@pytest.mark.parametrize("number", [1, FEW + 1])
def test_what_the_system_does_not_watch_is_heard_by_a_thread(number: int) -> None:
    said: list[str] = []
    aside: list[One] = []
    with looped(watch=refusing, aside=aside.append) as (together, woken), capture_logs() as logs:
        many = stepped(number, said, Peer())
        for one in many:
            together.add(one)
        together.go_on()
        assert number <= FEW or woken.wait(LONG_S)
        together.go_on()
        assert eventually(lambda: len(aside) == number)
    assert aside == many
    assert [line["event"] for line in logs] == ["serving_incident"] * number


def test_who_finds_no_thread_either_is_closed_and_the_next_is_answered() -> None:
    said: list[str] = []
    with looped(watch=refusing, aside=refusing) as (together, _):
        (one,) = stepped(1, said, Peer())
        together.add(one)
        together.go_on()
        assert one.cancelled.wait(LONG_S)
        again = One(said, "again")
        together.add(again)
        together.go_on()
        assert again.answered.wait(LONG_S)


def test_the_end_waits_for_the_commit_of_what_was_begun() -> None:
    said: list[str] = []
    one = One(said, "a")
    one.may_settle.clear()
    with looped() as (together, woken):
        together.add(one)
        together.go_on()
        opening = threading.Timer(0.05, one.may_settle.set)
        opening.start()
        began = time.monotonic()
        together.stop(LONG_S)
        assert time.monotonic() - began < LONG_S
        assert said == ["begin a", "settle a"]
        assert not woken.is_set()


class Peer:
    """`whole`: its answer has come."""

    ends_at = 0.0

    def __init__(self, *, whole: bool = True) -> None:
        self._whole = whole

    def fileno(self) -> int:
        raise AssertionError("it is for `watch`")

    def come(self) -> bool:
        return self._whole


def stepped(number: int, said: list[str], awaited: Awaited) -> list[One]:
    many = [One(said, str(one)) for one in range(number)]
    for one in many:
        one.then.append(awaited)
    return many


@pytest.mark.parametrize("number", [1, FEW + 3])
def test_what_a_peer_answers_is_watched_by_the_loop_and_answered_by_it(number: int) -> None:
    said: list[str] = []
    heard: list[Callable[[], None]] = []
    with looped(watch=lambda _, then: heard.append(then)) as (together, woken):
        many = stepped(number, said, Peer())
        for one in many:
            together.add(one)
        together.go_on()
        assert number <= FEW or woken.wait(LONG_S)
        together.go_on()
        assert eventually(lambda: len(heard) == number)
        assert not together.more()
        for then in heard:
            then()
        together.go_on()
    assert {one.answered_by for one in many} == {threading.current_thread().name}


class Asker(One):
    """It asks a peer behind its commit, or not."""

    asks = True

    def begin(self) -> Awaited | None:
        super().begin()
        return Commit(lambda: None, last=not self.asks)


@pytest.mark.parametrize(("asks", "slow"), [(True, True), (True, False), (False, True)])
def test_who_asks_a_slow_peer_need_not_wait_for_all_who_came_with_it(
    monkeypatch: pytest.MonkeyPatch, *, asks: bool, slow: bool
) -> None:
    monkeypatch.setattr("bridge.web.together.SLOW_S", 0.0 if slow else LONG_S)
    said: list[str] = []
    heard: list[Callable[[], None]] = []
    with looped(watch=lambda _, then: heard.append(then)) as (together, woken):
        first = Asker(said, "first")
        first.then.append(Peer())
        together.add(first)
        together.go_on()
        assert eventually(lambda: len(heard) == 1)
        heard.pop()()

        many = [Asker(said, str(number)) for number in range(3 * GROUP)]
        for one in many:
            one.asks = asks
            one.then.append(Peer())
            together.add(one)
        many[GROUP].may_settle.clear()
        together.go_on()
        assert many[GROUP - 1].settled.wait(LONG_S)
        if asks and slow:
            assert GROUP <= FEW or woken.wait(LONG_S)
            together.go_on()
            assert eventually(lambda: len(heard) == GROUP)
        else:
            together.go_on()
            assert not heard
        many[GROUP].may_settle.set()
        assert many[-1].settled.wait(LONG_S)
        assert eventually(lambda: together.go_on() or len(heard) == len(many))
    assert said.count("begin 0") == 1


@pytest.mark.parametrize("awaited", [THREAD, Peer(whole=False)])
def test_what_must_wait_in_another_way_gets_a_thread(awaited: Awaited) -> None:
    said: list[str] = []
    aside: list[One] = []
    (one,) = stepped(1, said, awaited)
    with looped(watch=lambda _, then: then(), aside=aside.append) as (together, woken):
        together.add(one)
        together.go_on()
        assert eventually(lambda: bool(aside) or together.more())
        together.go_on()
    assert aside == [one]
    assert not woken.is_set()
    assert not one.answered.is_set()
