"""Requests that wait for a commit are begun in turn, wait together, and each is answered once."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bridge.web.together import AT_ONCE, FEW, Together

LONG_S = 20.0


class One:
    """A request; `said` is what happened to all of them, and in which thread it was answered."""

    def __init__(self, said: list[str], name: str, *, known: bool = False, breaks: bool = False) -> None:
        self._said, self._name = said, name
        self._known, self._breaks = known, breaks
        self.settled = threading.Event()
        self.may_settle = threading.Event()
        self.may_settle.set()
        self.answered_by = ""
        self.answered = threading.Event()

    def begin(self) -> bool:
        self._said.append(f"begin {self._name}")
        return not self._known

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


@contextmanager
def looped() -> Iterator[tuple[Together, threading.Event]]:
    """With a loop that is not running, and whether it was woken."""
    woken = threading.Event()
    together = Together(woken.set)
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
