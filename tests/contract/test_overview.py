"""What people look at, on every store: found once, in order, and along an index however much is stored."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bridge.core.calls import CallState, Subscriber
from bridge.core.delivery import DeliveryState, Done, GaveUp, RetryIn
from bridge.core.overview import Search
from bridge.store import overview, searching
from bridge.store.pgconnection import translated
from bridge.store.searching import statement
from support.stand import DAY_S, STANDS, START, PostgresStand, SqliteStand, Stand, journal, popup, said

CLIENT = "89160000001"
ANNA = Subscriber(name="Иванова Анна", key="gW3cyUJAtl50PhF", extension="101")
PETR = Subscriber(name="Петров Пётр", key="k0000000000000aa", extension="102")
WEEK = {("buh", "journal"): 7 * DAY_S, ("buh", "popup"): 30.0}


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def ring(stand: Stand, call: str, *, client: str = CLIENT, who: Subscriber = ANNA, **changes: object) -> None:
    """A call as the exchange tells it: the person is only in its second event."""
    stand.store.accept(said(call, from_number=client, user_key="", **changes), [journal()], merge_s=0)
    stand.store.accept(
        said(
            call,
            CallState.END,
            from_number=client,
            to_number=who.extension,
            user_key=who.key,
            **changes,
        ),
        [journal()],
        merge_s=0,
    )


def found(stand: Stand, *, limit: int = 50, **asked: object) -> list[str]:
    return [one.call_id for one in stand.store.overview.calls(Search(**asked), limit=limit)]


def settled(stand: Stand, verdict: object, count: int = 100) -> None:
    for _ in range(count):
        claim = stand.store.claim("buh")
        if claim is None:
            return
        stand.store.settle(claim, verdict)


# --- calls ----------------------------------------------------------------------------------------
def test_calls_come_newest_first_each_once_with_all_its_events(stand: Stand) -> None:
    for call in ("c1", "c2"):
        ring(stand, call)
    stand.store.accept(said("c1", CallState.HANGUP), [], merge_s=0)
    calls = stand.store.overview.calls(Search(), limit=50)
    assert [(one.call_id, len(one.events)) for one in calls] == [("c1", 3), ("c2", 2)]


def test_pages_follow_each_other_without_a_gap_and_without_repetition(stand: Stand) -> None:
    for number in range(7):
        ring(stand, f"c{number}")
    seen: list[str] = []
    place = None
    while page := stand.store.overview.calls(Search(before=place), limit=3):
        seen += [one.call_id for one in page]
        place = page[-1].place
    assert seen == [f"c{number}" for number in reversed(range(7))]


@pytest.mark.parametrize("written", ["89160000001", "+79160000001", "9160000001"])
def test_a_number_is_found_however_it_begins(stand: Stand, written: str) -> None:
    ring(stand, "c1", client=written)
    ring(stand, "c2", client="89160000002")
    assert found(stand, digits="9160000001") == ["c1"]


def test_the_number_that_was_called_is_found_too_and_an_extension(stand: Stand) -> None:
    ring(stand, "c1")
    ring(stand, "c2", who=PETR)
    assert found(stand, digits="3912000000") == ["c2", "c1"]
    assert found(stand, digits="102") == ["c2"]


def test_a_person_is_found_by_key_and_by_extension(stand: Stand) -> None:
    ring(stand, "c1")
    ring(stand, "c2", who=PETR)
    stand.store.accept(said("c3", user_key="", to_number="101"), [], merge_s=0)
    assert found(stand, person=ANNA) == ["c3", "c1"]
    assert found(stand, person=PETR) == ["c2"]


def test_pages_of_a_number_follow_each_other_too(stand: Stand) -> None:
    for number in range(5):
        ring(stand, f"c{number}", client=CLIENT if number % 2 else "89160000002")
    first = stand.store.overview.calls(Search(digits="9160000001"), limit=1)
    assert [one.call_id for one in first] == ["c3"]
    assert found(stand, digits="9160000001", before=first[0].place) == ["c1"]


def test_a_span_of_time_has_the_calls_that_were_accepted_in_it(stand: Stand) -> None:
    for call in ("c1", "c2", "c3"):
        ring(stand, call)
        stand.clock.advance(DAY_S)
    assert found(stand, since=START + DAY_S - 1, until=START + 2 * DAY_S - 1) == ["c2"]
    assert found(stand, since=START + 9 * DAY_S) == []
    assert found(stand, until=START) == []


def test_a_call_says_what_became_of_its_deliveries(stand: Stand) -> None:
    ring(stand, "c1")
    settled(stand, Done("1"), 1)
    (one,) = stand.store.overview.calls(Search(), limit=50)
    assert one.states == {DeliveryState.DELIVERED: 1, DeliveryState.QUEUED: 1}


def test_the_life_of_a_call_has_each_attempt(stand: Stand) -> None:
    stand.store.accept(said("c1"), [journal()], merge_s=0)
    settled(stand, RetryIn(0.0, "1С занята", counted=True), 1)
    settled(stand, Done("1"), 1)
    (one,) = stand.store.overview.call("main", "c1", after=0, limit=10)
    (delivery,) = one.deliveries
    assert delivery.record.state is DeliveryState.DELIVERED
    assert [(attempt.verdict, attempt.answer) for attempt in delivery.attempts] == [
        ("retry", "1С занята"),
        ("done", "1"),
    ]
    assert stand.store.overview.call("main", "c1", after=one.stored.id, limit=10) == []


def test_an_event_is_found_by_its_id_and_only_by_it(stand: Stand) -> None:
    stand.store.accept(said("c1"), [], merge_s=0)
    stored = stand.store.overview.event(1)
    assert stored is not None
    assert stored.event.call_id == "c1"
    assert stand.store.overview.event(2**60) is None


# --- what is stuck --------------------------------------------------------------------------------
def test_heaps_tell_how_much_is_where_and_since_when(stand: Stand) -> None:
    ring(stand, "c1")
    settled(stand, GaveUp("нет номенклатуры"), 1)
    stand.clock.advance(100.0)
    ring(stand, "c2")
    heaps = stand.store.overview.heaps(["buh", "crm"])
    assert [(one.infobase, one.state.value, one.count, one.oldest_at - START) for one in heaps] == [
        ("buh", "queued", 3, 0.0),
        ("buh", "dead", 1, 0.0),
    ]


def test_what_is_dead_is_listed_the_newest_first_page_by_page(stand: Stand) -> None:
    for number in range(3):
        stand.store.accept(said(f"c{number}"), [journal()], merge_s=0)
    settled(stand, GaveUp("нет"))
    listed = stand.store.overview.stuck(DeliveryState.DEAD, "buh", before=None, limit=2)
    rest = stand.store.overview.stuck(DeliveryState.DEAD, "buh", before=listed[-1].record.id, limit=2)
    assert [one.stored.event.call_id for one in (*listed, *rest)] == ["c2", "c1", "c0"]
    assert stand.store.overview.stuck(DeliveryState.DEAD, "crm", before=None, limit=2) == []


def test_what_is_sent_again_waits_again_and_only_what_had_ended(stand: Stand) -> None:
    for number in range(2):
        stand.store.accept(said(f"c{number}"), [journal()], merge_s=0)
    settled(stand, GaveUp("нет"), 1)
    assert stand.store.overview.replay([1, 2, 999], WEEK) == 1
    settled(stand, Done("1"))
    assert {one.state for one, _ in stand.archive().deliveries()} == {DeliveryState.DELIVERED}


def test_what_is_dropped_is_told_nobody_and_says_who_dropped_it(stand: Stand) -> None:
    stand.store.accept(said("c0"), [popup()], merge_s=0)
    stand.store.accept(said("c1"), [journal()], merge_s=0)
    stand.clock.advance(60.0)
    stand.store.expire()
    assert stand.store.overview.discard([1, 2, 999], "anna") == 1
    (one,) = stand.store.overview.call("main", "c0", after=0, limit=1)
    assert one.deliveries[0].record.state is DeliveryState.SUPERSEDED
    assert (one.deliveries[0].attempts[-1].verdict, one.deliveries[0].attempts[-1].answer) == (
        "discarded",
        "anna",
    )
    assert stand.store.overview.replay([1], WEEK) == 0


# --- figures --------------------------------------------------------------------------------------
def test_the_day_is_counted_by_the_hour(stand: Stand) -> None:
    ring(stand, "c1")
    stand.clock.advance(0.5)
    settled(stand, Done("1"), 2)
    stand.clock.advance(3600.0)
    ring(stand, "c2")
    settled(stand, GaveUp("нет"), 1)
    day = stand.store.overview.day(START - 60)
    assert [(one.hour, one.calls, one.delivered, one.failed) for one in day.hours if one.calls] == [
        (0, 1, 2, 0),
        (1, 1, 0, 1),
    ]
    assert len(day.hours) == 24
    assert (day.calls, day.delivered, day.failed, day.cut) == (2, 2, 1, False)
    assert day.took_s == pytest.approx(0.5, abs=0.01)


def test_a_hook_is_heard_by_its_last_word_and_reconciliation_is_none(stand: Stand) -> None:
    look = stand.store.overview.last_heard
    assert look("main") is None
    stand.store.accept(said("c1"), [], merge_s=0)
    stand.clock.advance(10.0)
    stand.store.accept(said("c2", time_s=None, dedup_key="x"), [], merge_s=0)
    stand.clock.advance(10.0)
    stand.store.accept(said("c3", recovered=True), [], merge_s=0)
    assert look("main") == START + 10.0
    assert look("other") is None


def test_the_last_attempt_of_an_infobase_is_told(stand: Stand) -> None:
    for call in ("c1", "c2"):
        stand.store.accept(said(call), [journal()], merge_s=0)
    settled(stand, Done("1"), 1)
    stand.clock.advance(5.0)
    settled(stand, GaveUp("нет прав"), 1)
    assert {
        name: (one.verdict, one.answer, one.at - START)
        for name, one in stand.store.overview.last_told().items()
    } == {"buh": ("gave_up", "нет прав", 5.0)}


# --- what it costs --------------------------------------------------------------------------------
FACTS = {
    "digits": "9160000001",
    "user_key": "k7",
    "extension": "101",
    "before": 10**9,
    "floor": 0,
    "limit": 40,
    "moment": START,
    "infobase": "base7",
    "exchange": "main",
    "call_id": "c7",
    "after": 0,
    "since": START,
    "until": START + 60,
    "id": 7,
}
STATEMENTS = {
    "by number": statement(Search(digits="9160000001"))[0],
    "by person": statement(Search(person=ANNA))[0],
    "all": statement(Search())[0],
    "first at": searching.FIRST_AT,
    "of call": overview.OF_CALL,
    "states of call": overview.STATES_OF_CALL,
    "event": overview.EVENT,
    "deliveries": overview.DELIVERIES,
    "attempts": overview.ATTEMPTS,
    "day": overview.DAY,
    "heard by time": overview.HEARD_BY_TIME,
    "heard near": overview.HEARD_NEAR,
    "last told": overview.LAST_TOLD,
    **{
        f"{name} {state}": text % state
        for name, text in (("stuck", overview.STUCK), ("heap", overview.HEAP), ("oldest", overview.OLDEST))
        for state in ("queued", "dead", "expired")
    },
}
# these read an index in its order; the others sort what they found, which is bounded
IN_ORDER = [
    "all",
    *(f"{name} {state}" for name in ("stuck", "oldest") for state in ("queued", "dead", "expired")),
]
INDEXES = ("delivery_dead", "delivery_expired", "delivery_waiting", "event_from", "event_to", "event_user")
ALONG = {
    "by number": ["event_from", "event_to"],
    "by person": ["event_from", "event_to", "event_user"],
    **{
        f"{name} {state}": [index]
        for name in ("stuck", "heap", "oldest")
        for state, index in (
            ("queued", "delivery_waiting"),
            ("dead", "delivery_dead"),
            ("expired", "delivery_expired"),
        )
    },
}
FILLED = 4_000


EVENT = """
INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key, time_s, raw,
                   raw_media, fields, dedup_key, merge_key, received_at)
VALUES (:exchange, :call_id, :state, 'incoming', :from_number, :to_number, :user_key, :time_s, :raw,
        '', '{}', :dedup_key, '', :at)
"""
LANE = """
INSERT INTO lane (infobase, exchange, call_id, waiting, due_at) VALUES (:infobase, 'main', :call_id, 1, 0)
"""
DELIVERY = """
INSERT INTO delivery (lane_id, event_id, infobase, operation, purpose, state, position_time, position_rank,
                      created_at, expires_at, done_at)
VALUES ((SELECT max(id) FROM lane), :id, :infobase, 'Event', 'journal', :delivery, :time_s, 1, :at, :at, :at)
"""


def filled(stand: Stand) -> None:
    def work(db: object) -> None:
        for number in range(FILLED):
            event = said(
                f"c{number // 4}",
                list(CallState)[number % 4],
                from_number=f"8916{number % 500:07d}",
                user_key=f"k{number % 30}",
                time_s=int(START) + number,
            )
            facts = {
                **{
                    name: getattr(event, name)
                    for name in ("exchange", "call_id", "time_s", "raw", "raw_media")
                },
                **{
                    name: getattr(event, name)
                    for name in ("from_number", "to_number", "user_key", "dedup_key")
                },
                "state": event.state.value,
                "at": START + number,
                "id": number + 1,
                "infobase": f"base{number // 4 % 9}",
                "delivery": ("queued", "dead", "expired", "delivered")[number % 4],
            }
            db.execute(EVENT, facts)
            if number % 4 == 0:
                db.execute(LANE, facts)
            db.execute(DELIVERY, facts)
            db.execute(
                "INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES (:id, :at, 'done', '')", facts
            )

    stand.store._db.write(work)


def plans(stand: Stand) -> dict[str, str]:
    if isinstance(stand, PostgresStand):
        with psycopg.connect(stand.address, autocommit=True) as other:
            other.execute("ANALYZE")
            other.execute(
                "SET enable_seqscan = off"
            )  # of so few rows it would be cheaper: is there another way?
            return {
                name: "\n".join(str(row[0]) for row in other.execute(f"EXPLAIN {translated(text)}", FACTS))
                for name, text in STATEMENTS.items()
            }
    assert isinstance(stand, SqliteStand)
    reading = sqlite3.connect(stand.path)  # never analysed, as in life
    try:
        return {
            name: "\n".join(row[3] for row in reading.execute(f"EXPLAIN QUERY PLAN {text}", FACTS))
            for name, text in STATEMENTS.items()
        }
    finally:
        reading.close()


def test_no_page_reads_a_table_from_end_to_end(stand: Stand) -> None:
    """On SQLite a scan of the ids downwards, up to a limit, is the index."""
    filled(stand)
    found = plans(stand)
    whole = {
        name: plan
        for name, plan in found.items()
        if re.search(r"Seq Scan", plan) or re.search(r"SCAN (lane|delivery|d|x)\b(?!.*INDEX)", plan)
    }
    assert whole == {}
    sorted_ = {
        name: found[name] for name in IN_ORDER if re.search(r"\bSort\b|TEMP B-TREE FOR ORDER", found[name])
    }
    assert sorted_ == {}
    if isinstance(stand, PostgresStand):
        return  # of so few rows any index will do; which it takes of a million, benchmarks/console.py shows
    used = {name: [index for index in INDEXES if index in found[name]] for name in ALONG}
    assert used == {name: sorted(indexes) for name, indexes in ALONG.items()}
