"""Chores: each at its time, none stopped by another, all stopped in bounded time."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from bridge import observe
from bridge.chores import RETRY_S, Chore, Chores
from bridge.core.errors import JournalRefused
from support.world import eventually

OFTEN_S = 0.01
NEVER_S = 3600.0


@contextmanager
def at_work(*chores: Chore, **changes: Any) -> Iterator[Chores]:
    working = Chores(chores, **changes)
    working.start()
    try:
        yield working
    finally:
        assert working.stop()


def chore(
    work: Callable[[], Any], name: str = "one", first_in_s: float = 0.0, every_s: float = OFTEN_S
) -> Chore:
    return Chore(name=name, first_in_s=first_in_s, next_in=lambda: every_s, work=work)


class Broken:
    """Fails the first `times` times."""

    def __init__(self, times: int, error: Exception | None = None) -> None:
        self.at: list[float] = []
        self._times = times
        self._error = error or RuntimeError("no such thing")

    def __call__(self) -> None:
        self.at.append(time.monotonic())
        if len(self.at) <= self._times:
            raise self._error


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, Any]]]:
    observe.configure(json_lines=True)
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_chores_are_done_again_and_again_each_at_its_own_pace() -> None:
    often, rarely, later = Broken(0), Broken(0), Broken(0)
    with at_work(
        chore(often), chore(rarely, every_s=NEVER_S), chore(later, first_in_s=NEVER_S), chore(Broken(0))
    ):
        assert eventually(lambda: len(often.at) >= 5)
    assert len(rarely.at) == 1
    assert later.at == []


def test_a_failing_chore_is_named_and_stops_no_other(lines: Callable[[], list[dict[str, Any]]]) -> None:
    observe.hide("s3cret-token")
    bad, good = Broken(99, RuntimeError("s3cret-token is wrong")), Broken(0)
    with at_work(chore(bad, "bad"), chore(good, "good"), retry_s=(NEVER_S,)):
        assert eventually(lambda: len(good.at) >= 3)
    (line,) = [one for one in lines() if one["event"] == "chore_failed"][:1]
    assert (line["chore"], line["reason"], line["level"]) == ("bad", "*** is wrong", "error")
    assert "RuntimeError" in line["exception"]


def test_an_error_of_the_bridge_needs_no_traceback(lines: Callable[[], list[dict[str, Any]]]) -> None:
    bad = Broken(1, JournalRefused("АТС отказала"))
    with at_work(chore(bad)):
        assert eventually(lambda: len(bad.at) >= 2)
    (line,) = lines()
    assert line["reason"] == "АТС отказала"
    assert "exception" not in line


def test_after_failures_the_wait_grows_and_after_a_success_it_is_forgotten(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    turns: list[float] = []

    def work() -> None:
        turns.append(time.monotonic())
        if len(turns) != 4:
            raise RuntimeError("not yet")

    with at_work(chore(work, every_s=0.3), retry_s=(0.1, 0.2)):
        assert eventually(lambda: len(turns) >= 6)
    assert [one["again_in_s"] for one in lines()][:5] == [0.1, 0.2, 0.2, 0.1, 0.2]
    for wait_s, least in zip(
        [after - before for before, after in pairwise(turns)], (0.1, 0.2, 0.2, 0.3, 0.1), strict=False
    ):
        assert wait_s >= least * 0.99
    assert tuple(sorted(RETRY_S)) == RETRY_S


def test_a_chore_that_is_due_anyway_is_not_kept_waiting_by_its_failure() -> None:
    bad = Broken(99)
    with at_work(chore(bad), retry_s=(NEVER_S,)):
        assert eventually(lambda: len(bad.at) >= 3)


def test_a_chore_that_does_not_know_its_next_time_is_tried_again() -> None:
    asked = Broken(2)

    def next_in() -> float:
        asked()
        return OFTEN_S

    done = Broken(0)
    with at_work(Chore(name="odd", first_in_s=0, next_in=next_in, work=done), retry_s=(OFTEN_S,)):
        assert eventually(lambda: len(done.at) >= 4)


def test_what_is_not_allowed_here_is_left_and_asked_about_again() -> None:
    allowed = threading.Event()
    asked: list[str] = []

    def may(name: str) -> bool:
        asked.append(name)
        return allowed.is_set()

    done = Broken(0)
    with at_work(chore(done, "night"), allowed=may):
        assert eventually(lambda: len(asked) >= 3)
        assert done.at == []
        allowed.set()
        assert eventually(lambda: done.at)
    assert set(asked) == {"night"}


def test_a_store_that_cannot_say_who_may_is_a_failure_like_any_other(
    lines: Callable[[], list[dict[str, Any]]],
) -> None:
    doubt = Broken(1)

    def may(name: str) -> bool:
        doubt()
        return True

    done = Broken(0)
    with at_work(chore(done), allowed=may):
        assert eventually(lambda: done.at)
    assert lines()[0]["event"] == "chore_failed"


def test_stop_does_not_wait_for_the_next_time_and_begins_nothing_more() -> None:
    done = Broken(0)
    working = Chores([chore(done, every_s=NEVER_S)])
    working.start()
    assert eventually(lambda: done.at)
    started = time.monotonic()
    assert working.stop(timeout_s=30.0)
    assert time.monotonic() - started < 15
    assert len(done.at) == 1


def test_stop_does_not_wait_for_ever_for_what_hangs() -> None:
    release = threading.Event()
    hanging = threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(30)

    working = Chores([chore(hang)])
    working.start()
    assert hanging.wait(5)
    assert not working.stop(timeout_s=0.05)
    release.set()
    assert working.stop()


def test_what_a_stop_interrupts_is_no_failure(lines: Callable[[], list[dict[str, Any]]]) -> None:
    hanging, release = threading.Event(), threading.Event()

    def hang() -> None:
        hanging.set()
        release.wait(30)
        raise RuntimeError("the store is closed")

    working = Chores([chore(hang)])
    working.start()
    assert hanging.wait(5)
    working.stop(timeout_s=0.0)
    release.set()
    assert working.stop()
    assert lines() == []


def test_nothing_to_do_and_never_started_are_stopped_too() -> None:
    with at_work():
        pass
    assert Chores([chore(Broken(0))]).stop()


def test_a_chore_apart_holds_up_no_other() -> None:
    busy, go_on = threading.Event(), threading.Event()

    def long_work() -> None:
        busy.set()
        go_on.wait(10)

    other = Broken(0)
    slow = Chore(name="slow", first_in_s=0.0, next_in=lambda: NEVER_S, work=long_work, apart=True)
    with at_work(slow, chore(other)):
        assert busy.wait(10)
        done = len(other.at)
        assert eventually(lambda: len(other.at) > done + 3)
        go_on.set()
