"""Whoever writes at the same moment shares one transaction; nobody waits for one who failed or has gone."""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from bridge.core.errors import RowLocked, StoreUnavailable
from bridge.store.writer import MAX_BATCH, Writer
from bridge.web.threads import DEEPEST, Threads


class Db:
    """Keeps what was committed, transaction by transaction; the first may be held up."""

    def __init__(self) -> None:
        self.committed: list[list[str]] = []
        self.began = 0
        self.failing: str = ""
        self.entered = threading.Event()
        self.go_on = threading.Event()
        self.go_on.set()

    def transaction(self, work: Callable[[Any], None], *, alone: bool) -> None:
        self.began += 1
        said: list[str] = []
        self.entered.set()
        assert self.go_on.wait(10)
        if self.failing:
            raise StoreUnavailable(self.failing)
        work(said)
        assert not alone or len(said) <= 1
        self.committed.append(said)


def says(word: str) -> Callable[[Any], str]:
    def work(said: Any) -> str:
        if word == "bad":
            raise ValueError(word)
        if word == "locked":
            raise RowLocked(word)
        said.append(word)
        return word.upper()

    return work


def held_up(db: Db, writer: Writer, pool: ThreadPoolExecutor) -> Future[str]:
    """The first piece, whose transaction does not end before `db.go_on`."""
    db.entered.clear()
    db.go_on.clear()
    first = pool.submit(writer.run, says("first"))
    assert db.entered.wait(10)
    return first


def queue(writer: Writer, pool: ThreadPoolExecutor, words: Sequence[str]) -> list[Future[str]]:
    """They come one after another, and wait."""
    asked = []
    for word in words:
        before = len(writer._waiting)
        asked.append(pool.submit(writer.run, says(word)))
        while len(writer._waiting) == before:
            threading.Event().wait(0.001)
    return asked


@pytest.fixture
def pool() -> Any:
    with ThreadPoolExecutor(max_workers=MAX_BATCH + 20) as threads:
        yield threads


def test_who_is_alone_commits_in_its_own_thread() -> None:
    db = Db()
    writer = Writer(db.transaction)
    before = threading.active_count()
    assert writer.run(says("a")) == "A"
    assert (db.committed, threading.active_count()) == ([["a"]], before)


def test_those_who_come_during_a_commit_share_the_next_in_the_order_they_came(
    pool: ThreadPoolExecutor,
) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    others = queue(writer, pool, ["a", "b", "c"])
    db.go_on.set()
    assert [one.result(10) for one in (first, *others)] == ["FIRST", "A", "B", "C"]
    assert db.committed == [["first"], ["a", "b", "c"]]


def test_what_is_gathered_is_done_at_once_for_all_who_brought_something(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    asked: list[list[int]] = []

    def squares(_: Any, items: Sequence[int]) -> list[int]:
        asked.append(list(items))
        return [item * item for item in items]

    first = held_up(db, writer, pool)
    results = []
    for item in range(5):
        results.append(pool.submit(writer.gather, squares, item))
        while len(writer._waiting) <= item:
            threading.Event().wait(0.001)
    single = queue(writer, pool, ["single"])
    db.go_on.set()
    assert [one.result(10) for one in (first, *results, *single)] == ["FIRST", 0, 1, 4, 9, 16, "SINGLE"]
    assert asked == [[0, 1, 2, 3, 4]]
    assert len(db.committed) == 2


def test_only_the_guilty_one_sees_its_error_and_the_rest_is_done(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    a, bad, b = queue(writer, pool, ["a", "bad", "b"])
    db.go_on.set()
    assert [one.result(10) for one in (first, a, b)] == ["FIRST", "A", "B"]
    with pytest.raises(ValueError, match="bad"):
        bad.result(10)
    assert db.committed == [["first"], ["a"], ["b"]]


def test_when_the_database_fails_all_who_wait_are_told_after_one_attempt(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    others = queue(writer, pool, ["a", "b", "c"])
    db.failing = "полон диск"
    db.go_on.set()
    for one in (first, *others):
        with pytest.raises(StoreUnavailable, match="полон диск"):
            one.result(10)
    assert db.began == 1
    db.failing = ""
    assert writer.run(says("after")) == "AFTER"


def test_a_crowd_is_committed_in_several_batches(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    crowd = queue(writer, pool, [f"w{number}" for number in range(MAX_BATCH + 5)])
    db.go_on.set()
    assert [one.result(10) for one in crowd] == [f"W{number}" for number in range(MAX_BATCH + 5)]
    assert first.result(10)
    assert [len(batch) for batch in db.committed] == [1, MAX_BATCH, 5]


def test_closing_lets_what_was_asked_for_be_finished_and_takes_nothing_more(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    others = queue(writer, pool, ["a", "b"])
    closing = pool.submit(writer.close)
    while not writer._closed:
        threading.Event().wait(0.001)
    with pytest.raises(StoreUnavailable, match="останавливается"):
        writer.run(says("late"))
    assert not closing.done()
    db.go_on.set()
    closing.result(10)
    assert db.committed == [["first"], ["a", "b"]]
    assert [one.result(10) for one in (first, *others)] == ["FIRST", "A", "B"]
    writer.close()


@pytest.mark.skipif(sys.platform == "win32", reason="a signal interrupts a wait for a lock on POSIX only")
def test_nobody_waits_for_one_who_has_gone(pool: ThreadPoolExecutor) -> None:
    """Ctrl+C in a command, while another thread commits: whoever comes next still leads."""
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            writer.run(says("gone"))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    others = queue(writer, pool, ["a"])
    db.go_on.set()
    assert [one.result(10) for one in (first, *others)] == ["FIRST", "A"]
    assert db.committed == [["first"], ["a"]]


def test_what_somebody_holds_is_refused_alone_and_the_rest_is_done(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    first = held_up(db, writer, pool)
    a, locked, b = queue(writer, pool, ["a", "locked", "b"])
    db.go_on.set()
    assert [one.result(10) for one in (first, a, b)] == ["FIRST", "A", "B"]
    with pytest.raises(RowLocked):
        locked.result(10)
    assert db.committed == [["first"], ["a"], ["b"]]


def test_a_leader_who_is_interrupted_before_the_commit_strands_nobody(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Db()
    writer = Writer(db.transaction)

    def interrupted(_: Callable[[], bool]) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bridge.store.writer.serve_meanwhile", interrupted)
        with pytest.raises(KeyboardInterrupt):
            writer.gather(lambda _, items: items, "gone")
    assert pool.submit(writer.run, says("next")).result(10) == "NEXT"


class Asks:
    """A request whose thread asks the writer."""

    def __init__(self, ask: Callable[[], None]) -> None:
        self.service = ask

    def cancel(self) -> None: ...


def served(db: Db, items: Sequence[str], *, threads: int, failing: str = "") -> dict[str, Any]:
    """What each of the requests is told, all at hand before the first is begun."""
    writer = Writer(db.transaction)
    crew = Threads(threads, quick=lambda _: True)
    told: dict[str, Any] = {}
    over = threading.Event()

    def many(said: Any, words: Sequence[str]) -> list[str]:
        if failing in words:
            raise ValueError(failing)
        said.extend(words)
        return [word.upper() for word in words]

    def ask(word: str) -> None:
        try:
            told[word] = writer.gather(many, word)
        except (ValueError, StoreUnavailable) as error:
            told[word] = error
        if len(told) == len(items):
            over.set()

    for item in items:
        crew.add_task(Asks(partial(ask, item)))
    crew.give()
    assert over.wait(20)
    crew.shutdown()
    writer.close()
    return told


def test_one_thread_commits_at_once_for_all_requests_at_hand() -> None:
    db, words = Db(), [f"w{number}" for number in range(DEEPEST)]
    assert served(db, words, threads=1) == {word: word.upper() for word in words}
    assert db.committed == [words]


def test_more_requests_than_are_served_inside_each_other_are_committed_in_turns() -> None:
    db, words = Db(), [f"w{number}" for number in range(5 * DEEPEST)]
    assert served(db, words, threads=1) == {word: word.upper() for word in words}
    assert [word for batch in db.committed for word in batch] == words
    assert max(map(len, db.committed)) == DEEPEST + 1


def test_several_threads_tell_each_request_its_own() -> None:
    db, words = Db(), [f"w{number}" for number in range(500)]
    assert served(db, words, threads=8) == {word: word.upper() for word in words}
    assert sorted(word for batch in db.committed for word in batch) == sorted(words)


def test_a_guilty_request_inside_others_is_told_alone() -> None:
    db, words = Db(), ["a", "bad", "b"]
    told = served(db, words, threads=1, failing="bad")
    assert isinstance(told.pop("bad"), ValueError)
    assert told == {"a": "A", "b": "B"}
    assert sorted(word for batch in db.committed for word in batch) == ["a", "b"]


def test_a_database_that_fails_tells_those_inside_each_other() -> None:
    db = Db()
    db.failing = "полон диск"
    told = served(db, ["a", "b", "c"], threads=1)
    assert [str(error) for error in told.values()] == ["полон диск"] * 3
    assert db.began == 1
