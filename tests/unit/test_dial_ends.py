"""Results of dials on their way into the database: none is lost while its process lives."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import structlog

from bridge.core.dialing import CallResult, DialStatus
from bridge.core.errors import StoreUnavailable
from bridge.store import dial_ends
from bridge.store.dial_ends import DialEnds
from support.world import eventually

RANG = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")
LONG_S = 3600.0


class Database:
    """Remembers what was written; while `away` it takes nothing, and never what is in `poison`."""

    def __init__(self) -> None:
        self.away = False
        self.poison = -1
        self.tried = 0
        self.written: list[int] = []
        self.going_on = threading.Event()
        self.going_on.set()

    def write(self, ends: Sequence[Any]) -> None:
        self.tried += 1
        assert self.going_on.wait(10)
        if self.away:
            raise StoreUnavailable("диск полон")
        if self.poison in [end["id"] for end in ends]:
            raise ValueError("no database takes this")
        self.written += [end["id"] for end in ends]


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture(params=[0.0, 0.005])
def ends(request: pytest.FixtureRequest, database: Database) -> Iterator[DialEnds]:
    made = DialEnds(database.write, linger_s=request.param)
    yield made
    database.going_on.set()
    made.close()


@pytest.fixture
def slow(database: Database) -> Iterator[DialEnds]:
    """Whose thread writes nothing before the end."""
    made = DialEnds(database.write, linger_s=LONG_S)
    yield made
    made.close()


def add(ends: DialEnds, *ids: int) -> None:
    for dial_id in ids:
        ends.add(dial_id, {"id": dial_id}, RANG)


def test_a_result_is_known_at_once_and_written_soon(ends: DialEnds, database: Database) -> None:
    database.going_on.clear()
    add(ends, 1)
    assert ends.result(1) == RANG
    assert eventually(lambda: database.tried == 1)
    assert ends.result(1) == RANG, "until it is committed"
    database.going_on.set()
    assert eventually(lambda: ends.result(1) is None)
    assert database.written == [1]


def test_a_click_takes_along_what_waits(slow: DialEnds, database: Database) -> None:
    add(slow, 1, 2)
    taken = slow.take()
    assert [one.facts["id"] for one in taken] == [1, 2]
    assert slow.result(1) == RANG
    assert not slow.take()
    slow.written(taken)
    assert slow.result(1) is None
    assert database.tried == 0


def test_what_a_click_could_not_write_waits_again_in_order(slow: DialEnds, database: Database) -> None:
    add(slow, 1, 2)
    taken = slow.take()
    add(slow, 3)
    slow.not_written(taken)
    assert slow.result(1) == slow.result(3) == RANG
    slow.close()
    assert database.written == [1, 2, 3]


def test_a_database_that_is_away_gets_everything_when_it_is_back(
    ends: DialEnds, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dial_ends, "AGAIN_S", 0.01)
    database.away = True
    with structlog.testing.capture_logs() as lines:
        add(ends, 1, 2)
        assert eventually(lambda: database.tried >= 3)
    assert {line["event"] for line in lines} == {"dial_results_wait"}
    assert ends.result(1) == ends.result(2) == RANG
    database.away = False
    assert eventually(lambda: sorted(database.written) == [1, 2])


def test_a_result_that_no_database_takes_stops_nobody(ends: DialEnds, database: Database) -> None:
    database.poison = 1
    with structlog.testing.capture_logs() as lines:
        add(ends, 1)
        assert eventually(lambda: ends.result(1) is None)
    assert [line["event"] for line in lines] == ["dial_results_lost"]
    add(ends, 2)
    assert eventually(lambda: database.written == [2])


def test_a_reader_waits_until_all_is_written(ends: DialEnds, database: Database) -> None:
    ends.settle()
    add(ends, 1, 2, 3)
    ends.settle()
    assert sorted(database.written) == [1, 2, 3]


def test_a_store_that_closes_writes_what_waits_and_takes_nothing_more(
    slow: DialEnds, database: Database
) -> None:
    add(slow, 1)
    slow.close()
    assert database.written == [1]
    with pytest.raises(StoreUnavailable):
        add(slow, 2)


def test_a_store_that_cannot_write_closes_nevertheless(slow: DialEnds, database: Database) -> None:
    add(slow, 1)
    database.away = True
    slow.close()
    assert database.written == []


def test_nothing_is_lost_among_many_threads(ends: DialEnds, database: Database) -> None:
    def clicks(first: int) -> None:
        for number in range(first, first + 200):
            taken = ends.take()
            database.write([end.facts for end in taken])
            ends.written(taken)
            add(ends, number)

    threads = [threading.Thread(target=clicks, args=(1000 * which,)) for which in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ends.close()
    assert len(database.written) == len(set(database.written)) == 8 * 200
