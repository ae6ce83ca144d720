"""Events that come at the same moment are stored as if they had come one by one, on every store."""

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Done
from bridge.core.ports import Accepted, PlannedDelivery
from bridge.store import intake
from bridge.store.intake import Arrival
from support.stand import STANDS, Stand, journal, old_ring, popup, said

STATES = list(CallState)
LANE = ["waiting", "due_at", "urgent_until", "postponed"]
DELIVERY = ["infobase", "operation", "purpose", "state", "position_time", "position_rank"]
DELIVERY += ["created_at", "expires_at"]


@pytest.fixture(params=STANDS)
def stands(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Stand, Stand]]:
    made = []
    for name in ("together", "alone"):
        (tmp_path / name).mkdir()
        made.append(STANDS[request.param](tmp_path / name))
    yield made[0], made[1]
    for stand in made:
        stand.close()


def arrivals(dice: random.Random, count: int) -> list[Arrival]:
    """Calls that interleave, events that come twice, rings of the old hook, infobases that join."""
    made = []
    for number in range(count):
        event = _event(dice)
        plan = [
            replace(one, mail=one.infobase == "mail", joining=one.infobase == "joins")
            for one in (_planned(dice, name) for name in ("buh", "front", "mail", "joins"))
            if dice.random() < 0.6
        ]
        made.append(Arrival(event, plan, now=1000.0 + number / 64, merge_s=5.0))
    return made


def _event(dice: random.Random) -> CallEvent:
    if dice.random() < 0.2:
        return old_ring(number=f"916000000{dice.randrange(3)}")
    call, state = f"c{dice.randrange(6)}", dice.choice(STATES)
    return said(call, state, dice.choice([100, 101, 102]))


def _planned(dice: random.Random, infobase: str) -> PlannedDelivery:
    planned = journal(infobase) if dice.random() < 0.5 else popup(infobase)
    begins = infobase == "joins" and dice.random() < 0.3
    return replace(planned, earlier=lambda _: journal(infobase)) if begins else planned


def store(stand: Stand, batch: list[Arrival]) -> list[Accepted]:
    return stand.store._db.write(lambda db: intake.accept(db, batch))


def content(stand: Stand) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is stored, without the ids, which depend on the order."""
    read = stand.store._db.read
    events = {
        row["id"]: (row["dedup_key"] or row["merge_key"], row["received_at"])
        for row in read("SELECT * FROM event")
    }
    calls = {row["id"]: row["call_id"] for row in read("SELECT id, call_id FROM event")}
    ring = {call: events[number] for number, call in calls.items() if call == f"ring-{number}"}
    lanes = {row["id"]: row for row in read("SELECT * FROM lane")}

    def _home(delivery: Any) -> bool:
        lane = lanes[delivery["lane_id"]]
        return bool(
            lane["call_id"] == calls[delivery["event_id"]] and lane["infobase"] == delivery["infobase"]
        )

    return {
        "event": sorted(
            (*events[row["id"]], row["state"], row["repeats"], str(events.get(row["merged_into"])))
            for row in read("SELECT * FROM event")
        ),
        "lane": sorted(
            (row["infobase"], str(ring.get(row["call_id"], row["call_id"])), *_columns(row, LANE))
            for row in lanes.values()
        ),
        "delivery": sorted(
            (*_columns(row, DELIVERY), row["mail_seq"] is None, *events[row["event_id"]], _home(row))
            for row in read("SELECT * FROM delivery")
        ),
        "mail": sorted(_columns(row, ["mail_seq"]) for row in read("SELECT mail_seq FROM delivery")),
    }


def _columns(row: Any, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in names)


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_is_stored_as_if_one_by_one(stands: tuple[Stand, Stand], seed: int) -> None:
    together, alone = stands
    dice = random.Random(seed)
    batches = [arrivals(dice, dice.choice([1, 3, 12, 40])) for _ in range(3)]
    for batch in batches:
        receipts = store(together, batch)
        one_by_one = [store(alone, [one])[0] for one in batch]
        assert [one.duplicate_of is None for one in receipts] == [
            one.duplicate_of is None for one in one_by_one
        ]
    assert content(together) == content(alone)


def test_of_two_that_are_the_same_in_one_batch_the_first_is_the_event(stands: tuple[Stand, Stand]) -> None:
    stand, _ = stands
    first, second, other = store(
        stand, [Arrival(said(one), [journal()], stand.clock(), 5.0) for one in "aab"]
    )
    assert (first.duplicate_of, second.duplicate_of, other.duplicate_of) == (None, first.event_id, None)


def test_events_of_one_call_in_one_batch_keep_the_order_they_came_in(stands: tuple[Stand, Stand]) -> None:
    stand, _ = stands
    batch = [
        Arrival(said("c1", time_s=100, dedup_key=f"c1|{number}"), [journal()], stand.clock(), 5.0)
        for number in range(9)
    ]
    ids = [receipt.event_id for receipt in store(stand, batch)]
    assert ids == sorted(ids)
    told = []
    while claim := stand.store.claim("buh"):
        told.append(claim.stored.event.dedup_key)
        stand.store.settle(claim, Done("1"))
    assert told == [f"c1|{number}" for number in range(9)]


def test_a_crowd_of_threads_loses_nothing_and_stores_nothing_twice(stands: tuple[Stand, Stand]) -> None:
    stand, _ = stands
    receipts: list[tuple[str, Accepted]] = []
    guard = threading.Lock()

    def work(number: int) -> None:
        for step in range(12):
            call = f"c{(number * 7 + step) % 40}"
            receipt = stand.store.accept(said(call), [journal(), popup("front")], merge_s=5)
            with guard:
                receipts.append((call, receipt))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(receipts) == 16 * 12
    firsts = {call: one.event_id for call, one in receipts if one.duplicate_of is None}
    assert all(firsts[call] == one.event_id for call, one in receipts)
    read = stand.store._db.read
    assert len(read("SELECT id FROM event")) == len(firsts) == 40
    assert sum(row["repeats"] for row in read("SELECT repeats FROM event")) == 16 * 12 - 40
    assert len(read("SELECT id FROM delivery")) == 80
