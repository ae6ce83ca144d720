"""Past calls, as they are asked for, on every store; and that no table is read through for it."""

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bridge.core.calls import CallEvent, CallState
from bridge.core.dialing import CallResult, DialStatus
from bridge.core.errors import TooMuch
from bridge.core.ports import StoredEvent
from bridge.store import calls as sql
from bridge.store.pgconnection import translated
from support.stand import STANDS, START, PostgresStand, SqliteStand, Stand, old_ring, said

SECOND = int(START)
STATEMENTS = ("OF_CALL", "NAMED_SO", "OF_SPAN", "DIALLED", "WHOLE_DAY")


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def accept(stand: Stand, *events: CallEvent) -> None:
    for event in events:
        stand.store.accept(event, [], merge_s=5)


def channel(number: int, at_s: int = SECOND) -> str:
    return f"{at_s}.{number}"


def named(call: str, state: CallState, at_s: int, **fields: Any) -> CallEvent:
    return said(call, state, at_s, fields={"uuid": call, "state": state.value, **fields})


def told(events: Any) -> list[tuple[str, str]]:
    return [(one.event.call_id, one.event.state.value) for one in events]


def test_a_call_is_found_by_its_own_id_with_all_that_was_said(stand: Stand) -> None:
    event = named("c1", CallState.START, SECOND, baseid=channel(1), mood="хорошее")
    accept(stand, event, named("c1", CallState.END, SECOND + 9), named("c2", CallState.START, SECOND))
    found = stand.store.calls.of_call("main", "c1")
    assert told(found) == [("c1", "START"), ("c1", "END")]
    assert isinstance(found[0], StoredEvent)
    assert found[0].event == event
    assert found[0].received_at == START


@pytest.mark.parametrize("name", ["baseid", "subid", "callid"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_call_is_found_by_every_name_that_one_of_its_events_has(
    stand: Stand, name: str, place: int
) -> None:
    events = [named("c1", CallState.START, SECOND), named("c1", CallState.END, SECOND + 3600)]
    fields: dict[str, Any] = {**events[place].fields, name: channel(77)}
    if name == "callid":
        fields = {**events[place].fields, "bridgeJournal": {"callid": channel(77)}}
    events[place] = replace(events[place], fields=fields)
    accept(stand, *events, named("c2", CallState.START, SECOND, baseid=channel(770)))
    assert told(stand.store.calls.of_call("main", channel(77))) == [("c1", "START"), ("c1", "END")]
    assert told(stand.store.calls.of_call("main", channel(7))) == []


@pytest.mark.parametrize(
    "name", ["", "%", "_", "c%", "1700000000.%", "1700000000.1 OR 1=1", "\0", "\ud800", "9" * 40 + ".1"]
)
def test_a_name_is_only_a_name(stand: Stand, name: str) -> None:
    accept(stand, named("c1", CallState.START, SECOND, baseid=channel(1)))
    assert told(stand.store.calls.of_call("main", name)) == []
    assert stand.store.calls.dialled("buh", name) is None


def test_a_name_in_another_field_or_another_time_or_exchange_names_nothing(stand: Stand) -> None:
    accept(
        stand,
        named("c1", CallState.START, SECOND, note=channel(5)),
        named("c2", CallState.START, SECOND + 24 * 3600, baseid=channel(6)),
        replace(named("c3", CallState.START, SECOND, baseid=channel(7)), exchange="other"),
    )
    for number in (5, 6, 7):
        assert told(stand.store.calls.of_call("main", channel(number))) == []
    assert told(stand.store.calls.of_call("main", "c3")) == []


def test_a_span_gives_whole_calls(stand: Stand) -> None:
    accept(
        stand,
        named("before", CallState.START, SECOND - 10),
        named("into", CallState.START, SECOND - 5),
        named("into", CallState.END, SECOND + 5),
        named("out", CallState.START, SECOND + 90),
        named("out", CallState.END, SECOND + 900),
        named("after", CallState.START, SECOND + 100),
        replace(named("else", CallState.START, SECOND + 1), exchange="other"),
    )
    found = stand.store.calls.of_span("main", since_s=SECOND, until_s=SECOND + 100)
    assert sorted(told(found)) == [("into", "END"), ("into", "START"), ("out", "END"), ("out", "START")]


def test_a_ring_without_a_time_is_of_the_second_it_came_in_and_a_merged_one_is_none(stand: Stand) -> None:
    accept(stand, old_ring())
    stand.clock.advance(1)
    accept(stand, old_ring())  # the same ring
    stand.clock.advance(100)
    accept(stand, old_ring())  # another
    found = stand.store.calls.of_span("main", since_s=START, until_s=START + 50)
    assert [one.received_at for one in found] == [START]
    assert len(stand.store.calls.of_span("main", since_s=START, until_s=START + 500)) == 2
    (ring,) = found
    assert told(stand.store.calls.of_call("main", ring.event.call_id)) == [(ring.event.call_id, "PREANSWER")]


def test_more_than_one_answer_holds_is_refused_and_not_cut(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "MOST_EVENTS", 3)
    accept(stand, *(named(f"c{n}", CallState.START, SECOND + n) for n in range(4)))
    assert len(stand.store.calls.of_span("main", since_s=SECOND, until_s=SECOND + 3)) == 3
    with pytest.raises(TooMuch, match="больше 3"):
        stand.store.calls.of_span("main", since_s=SECOND, until_s=SECOND + 4)


def dial(stand: Stand, call_id: str, *, infobase: str = "buh", who: str = "101") -> None:
    click = stand.store.begin(infobase, who, "79160000001", window_s=0.001)
    result = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id=call_id)
    stand.store.end(click.id, result)


def test_a_click_is_found_by_the_id_of_the_answer_and_by_its_own_infobase_only(stand: Stand) -> None:
    dial(stand, channel(1))
    dial(stand, channel(2), who="102")
    dial(stand, channel(3), infobase="crm")
    click = stand.store.calls.dialled("buh", channel(2))
    assert click is not None
    assert (click.subscriber, click.number, click.begun_at) == ("102", "79160000001", START)
    assert "102" not in repr(click)
    assert stand.store.calls.dialled("buh", channel(3)) is None
    assert stand.store.calls.dialled("crm", channel(3)) is not None
    assert stand.store.calls.dialled("buh", channel(1, SECOND + 7200)) is None


def test_a_click_with_a_name_that_does_not_say_when_is_found_for_a_day(stand: Stand) -> None:
    dial(stand, "2ebc0000-b5da-4ddb-cd04-000000000001")
    dial(stand, "", who="102")
    assert stand.store.calls.dialled("buh", "") is None
    for wait_s, found in ((24 * 3600 - 1, True), (2, False)):
        stand.clock.advance(wait_s)
        assert bool(stand.store.calls.dialled("buh", "2ebc0000-b5da-4ddb-cd04-000000000001")) is found


def test_a_day_is_whole_when_a_reconciliation_after_its_end_left_nothing_out(stand: Stand) -> None:
    def note(day: str = "2026-11-22", **report: Any) -> None:
        facts = {"exchange": "main", "in_exchange": 5, "known": 3, "added": 2, "problem": ""} | report
        stand.store.note_reconciliation(day=day, **facts)

    def whole(after_s: float = START - 1) -> bool:
        return stand.store.calls.whole_day("main", "2026-11-22", after_s=after_s)

    note(problem="АТС не ответила")
    note(in_exchange=6)  # one was too fresh
    note("2026-11-21")
    note(exchange="other")
    assert not whole()
    note()
    assert whole()
    assert not whole(after_s=START)


def test_nothing_is_there_on_an_empty_store(stand: Stand) -> None:
    assert stand.store.calls.of_call("main", channel(1)) == []
    assert stand.store.calls.of_span("main", since_s=0, until_s=2 * START) == []
    assert stand.store.calls.dialled("buh", channel(1)) is None


FACTS: dict[str, Any] = {
    "exchange": "main",
    "infobase": "buh",
    "call_id": "c1",
    "since": SECOND,
    "until": SECOND + 60,
    "limit": 20,
    "like": "%1700000000.1%",
    "day": "2026-11-22",
    "after": 0.0,
}


def filled(stand: Stand) -> None:
    def work(db: Any) -> None:
        for n in range(5000):
            facts = {"call": f"c{n}", "at": SECOND + 60 * n, "n": n}
            db.execute(
                "INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key,"
                " time_s, raw, raw_media, fields, dedup_key, merge_key, received_at)"
                " VALUES ('main', :call, 'END', '', '1', '2', 'k', :at, '', '', '{}', :call, '', :at)",
                facts,
            )
            db.execute(
                "INSERT INTO dial (infobase, subscriber, number, begun_at, call_id)"
                " VALUES ('buh', 'k', '1', :at, :call)",
                facts,
            )
            db.execute(
                "INSERT INTO reconciliation (exchange, day, at, in_exchange, known, added)"
                " VALUES (:call, '2026-11-22', :at, 1, 1, 0)",
                facts,
            )

    stand.store._write(work)


def test_no_table_is_read_from_end_to_end(stand: Stand) -> None:
    filled(stand)
    if isinstance(stand, PostgresStand):
        with psycopg.connect(stand.address, autocommit=True) as other:
            other.execute("ANALYZE")
            plans = {
                name: [
                    str(row[0]) for row in other.execute(f"EXPLAIN {translated(getattr(sql, name))}", FACTS)
                ]
                for name in STATEMENTS
            }
        whole = re.compile(r".*Seq Scan")
    else:
        assert isinstance(stand, SqliteStand)
        reading = sqlite3.connect(stand.path)  # never analysed, as in life
        plans = {
            name: [row[3] for row in reading.execute(f"EXPLAIN QUERY PLAN {getattr(sql, name)}", FACTS)]
            for name in STATEMENTS
        }
        reading.close()
        # what a subquery gave is read through; a table never
        whole = re.compile(r"SCAN (?!near|.*INDEX)")
    assert {name: plan for name, plan in plans.items() if any(map(whole.match, plan))} == {}
