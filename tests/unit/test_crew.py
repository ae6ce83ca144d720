"""Threads that take what they are given: all of it, no more at once than there are of them."""

import threading

import pytest

from bridge.crew import Crew


def test_all_that_was_given_is_done_by_no_more_threads_than_allowed() -> None:
    crew, done, at_once = Crew(3, "crew"), [], []
    busy = 0
    guard = threading.Lock()

    def work(number: int) -> None:
        nonlocal busy
        with guard:
            busy += 1
            at_once.append(busy)
        threading.Event().wait(0.002)
        with guard:
            busy -= 1
            done.append(number)

    for number in range(50):
        crew.give(lambda number=number: work(number))
    crew.stop()
    assert sorted(done) == list(range(50))
    assert max(at_once) == 3


def test_a_crew_that_was_given_nothing_has_no_threads() -> None:
    before = threading.active_count()
    crew = Crew(64, "crew")
    assert threading.active_count() == before
    crew.stop()


def test_who_is_free_takes_the_next_and_no_thread_is_made_for_it() -> None:
    crew, names = Crew(8, "crew"), set()
    for _ in range(20):
        done = threading.Event()

        def work(done: threading.Event = done) -> None:
            names.add(threading.get_ident())
            done.set()

        crew.give(work)
        assert done.wait(10)
        while not crew._idle:  # it says so a moment after the work
            pass
    crew.stop()
    assert len(names) == 1


def test_what_is_given_by_work_while_the_crew_stops_is_done_and_nobody_waits_for_ever() -> None:
    crew, done = Crew(2, "crew"), []
    begun, go_on = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        assert go_on.wait(10)
        crew.give(lambda: done.append("second"))
        done.append("first")

    crew.give(first)
    assert begun.wait(10)
    stopping = threading.Thread(target=crew.stop, daemon=True)
    stopping.start()
    stopping.join(0.1)
    go_on.set()
    stopping.join(10)
    assert not stopping.is_alive()
    assert sorted(done) == ["first", "second"]


def test_a_machine_without_a_thread_to_spare_makes_work_wait_for_those_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crew, done = Crew(2, "crew"), []
    go_on = threading.Event()
    crew.give(go_on.wait)

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        crew.give(lambda: done.append("later"))
    go_on.set()
    crew.stop()
    assert done == ["later"]
