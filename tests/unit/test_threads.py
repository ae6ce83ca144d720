"""One request computes at a time; whoever waits lets the next one in, having said so or not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from bridge.pausing import pausing
from bridge.web import threads
from bridge.web.threads import Threads

LONG_S = 20.0


class Task:
    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.cancelled = False

    def service(self) -> None:
        self._work()

    def cancel(self) -> None:
        self.cancelled = True


@contextmanager
def given(crew: Threads) -> Iterator[None]:
    """As the loop does, until the block is left."""
    over = threading.Event()

    def give() -> None:
        while not over.is_set():
            over.wait(min(0.001, crew.give()))

    giver = threading.Thread(target=give)
    giver.start()
    try:
        yield
    finally:
        over.set()
        giver.join()
        crew.shutdown()


def test_requests_that_compute_do_so_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE_S", LONG_S)
    crew, done = Threads(8), threading.Event()
    inside, most, served = 0, 0, 0

    def compute() -> None:
        nonlocal inside, most, served
        inside += 1
        most = max(most, inside)
        sum(range(20_000))
        inside -= 1
        served += 1
        if served == 100:
            done.set()

    for _ in range(100):
        crew.add_task(Task(compute))
    with given(crew):
        assert done.wait(LONG_S)
    assert most == 1


def test_whoever_pauses_lets_the_next_one_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "PATIENCE_S", LONG_S)
    crew, together = Threads(8), threading.Barrier(8)

    def wait() -> None:
        with pausing(), pausing():  # the inner one does nothing
            together.wait(LONG_S)

    for _ in range(8):
        crew.add_task(Task(wait))
    with given(crew):
        together_at = time.monotonic() + LONG_S
        while not together.broken and crew._tasks and time.monotonic() < together_at:
            time.sleep(0.001)
    assert not together.broken


def test_whoever_waits_without_a_word_keeps_nobody_for_long() -> None:
    crew, together = Threads(8), threading.Barrier(9)
    for _ in range(8):
        crew.add_task(Task(lambda: str(together.wait(LONG_S)) and None))
    with given(crew):
        together.wait(LONG_S)


def test_after_a_pause_the_next_request_is_served_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves and comes back is counted right: else nobody would be woken any more."""
    monkeypatch.setattr(threads, "PATIENCE_S", LONG_S)
    crew = Threads(2)

    def pause() -> None:
        with pausing():
            time.sleep(0.001)

    with given(crew):
        for _ in range(50):
            done = threading.Event()
            crew.add_task(Task(pause))
            crew.add_task(Task(done.set))
            assert done.wait(LONG_S)


def test_no_more_threads_are_started_than_wait_at_once() -> None:
    crew, together, done = Threads(64), threading.Barrier(11), threading.Event()

    def wait() -> None:
        with pausing():
            together.wait(LONG_S)

    assert 0 < served_by() < 11
    for _ in range(10):
        crew.add_task(Task(wait))
    with given(crew):
        together.wait(LONG_S)
        for _ in range(100):
            crew.add_task(Task(lambda: None))
        crew.add_task(Task(done.set))
        assert done.wait(LONG_S)
        assert 10 <= served_by() < 64
    assert not served_by()


def test_where_the_system_gives_no_more_threads_those_at_hand_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    started = 0

    class Scarce(threading.Thread):
        def start(self) -> None:
            nonlocal started
            started += 1
            if started > 6:
                raise RuntimeError("can't start new thread")
            super().start()

    monkeypatch.setattr(threads, "threading", SimpleNamespace(Thread=Scarce, Lock=threading.Lock))
    crew, served = Threads(64), threading.Semaphore(0)

    def wait() -> None:
        with pausing():
            time.sleep(0.001)
        served.release()

    for _ in range(100):
        crew.add_task(Task(wait))
    with capture_logs() as lines, given(crew):
        for _ in range(100):
            assert served.acquire(timeout=LONG_S)
    assert {line["event"] for line in lines} == {"thread_not_started"}
    assert lines[-1]["threads"] == 6


def served_by() -> int:
    return sum(one.name.startswith("waitress-") for one in threading.enumerate())


def test_an_error_costs_no_thread(capsys: pytest.CaptureFixture[str]) -> None:
    crew, done = Threads(1), threading.Event()

    def fail() -> None:
        raise ValueError("x")

    crew.add_task(Task(fail))
    crew.add_task(Task(done.set))
    with given(crew):
        assert done.wait(LONG_S)
    capsys.readouterr()


def test_what_still_waits_at_the_end_is_cancelled() -> None:
    crew, entered, let_go = Threads(1), threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        let_go.wait(LONG_S)

    late = Task(lambda: None)
    crew.add_task(Task(hold))
    crew.add_task(late)
    crew.give()
    assert entered.wait(LONG_S)
    crew.shutdown(timeout=0.01)
    assert late.cancelled
    let_go.set()


def test_a_pause_in_a_thread_that_serves_nobody_is_nothing() -> None:
    with pausing():
        pass
