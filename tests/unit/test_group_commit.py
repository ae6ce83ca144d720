"""Whoever writes at the same moment shares one transaction; nobody waits for one who failed or has gone."""

import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from bridge.core.errors import RowLocked, StoreUnavailable
from bridge.store.writer import MAX_BATCH, Writer


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


def test_what_was_brought_and_left_alone_is_committed_with_the_next_one() -> None:
    db = Db()
    writer = Writer(db.transaction)
    writer.bring(upper_of(), "left")
    assert writer.run(says("next")) == "NEXT"
    assert [sorted(batch) for batch in db.committed] == [["left", "next"]]
    writer.close()


def test_what_was_brought_and_left_alone_is_committed_before_the_end() -> None:
    db = Db()
    writer = Writer(db.transaction)
    left = writer.bring(upper_of(), "left")
    writer.close()
    assert db.committed == [["left"]]
    assert left() == "LEFT"
    with pytest.raises(StoreUnavailable):
        writer.bring(upper_of(), "late")


def test_who_waits_for_what_the_end_commits_begins_no_second_commit(pool: ThreadPoolExecutor) -> None:
    db = Db()
    writer = Writer(db.transaction)
    left = writer.bring(upper_of(), "left")
    db.go_on.clear()
    closing = pool.submit(writer.close)
    assert db.entered.wait(10)
    told = pool.submit(left)
    threading.Event().wait(0.05)
    assert db.began == 1
    db.go_on.set()
    assert (told.result(10), closing.result(10)) == ("LEFT", None)
    assert (db.began, db.committed) == (1, [["left"]])


def upper_of(failing: str = "-") -> Callable[[Any, Sequence[str]], list[str]]:
    """Says several words at once."""

    def many(said: Any, words: Sequence[str]) -> list[str]:
        if failing in words:
            raise ValueError(failing)
        said.extend(words)
        return [word.upper() for word in words]

    return many


def brought(db: Db, words: Sequence[str], *, failing: str = "-") -> dict[str, Any]:
    """What each of the words is told, when all were brought before the first is waited for."""
    writer = Writer(db.transaction)
    many = upper_of(failing)
    told: dict[str, Any] = {}
    for word, wait in [(word, writer.bring(many, word)) for word in words]:
        try:
            told[word] = wait()
        except (ValueError, StoreUnavailable) as error:
            told[word] = error
    writer.close()
    return told


def test_one_thread_commits_at_once_all_that_it_brought() -> None:
    db, words = Db(), [f"w{number}" for number in range(100)]
    assert brought(db, words) == {word: word.upper() for word in words}
    assert db.committed == [words]


def test_more_than_fits_into_one_commit_is_committed_in_order() -> None:
    db, words = Db(), [f"w{number}" for number in range(3 * MAX_BATCH)]
    assert brought(db, words) == {word: word.upper() for word in words}
    assert [word for batch in db.committed for word in batch] == words
    assert len(db.committed) == 3


def test_several_threads_are_each_told_their_own(pool: ThreadPoolExecutor) -> None:
    db, words = Db(), [f"w{number}" for number in range(500)]
    writer = Writer(db.transaction)
    many = upper_of()
    told = list(pool.map(lambda word: writer.bring(many, word)(), words))
    assert told == [word.upper() for word in words]
    assert sorted(word for batch in db.committed for word in batch) == sorted(words)


def test_the_guilty_one_of_those_brought_is_told_alone() -> None:
    db = Db()
    told = brought(db, ["a", "bad", "b"], failing="bad")
    assert isinstance(told.pop("bad"), ValueError)
    assert told == {"a": "A", "b": "B"}
    assert sorted(word for batch in db.committed for word in batch) == ["a", "b"]


def test_a_database_that_fails_tells_all_that_were_brought() -> None:
    db = Db()
    db.failing = "полон диск"
    told = brought(db, ["a", "b", "c"])
    assert [str(error) for error in told.values()] == ["полон диск"] * 3
    assert db.began == 1
