"""Many deliveries claimed with one look: never two of a call, nothing that is over, the order kept."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.calls import CallState
from bridge.core.delivery import DeliveryState, Done, RetryIn
from bridge.core.errors import StoreUnavailable
from bridge.core.ports import Claim
from bridge.store.lanes import AHEAD
from support.stand import STANDS, Stand, journal, popup, said, states, words

S = CallState
OK = Done("1")
AWAY = RetryIn(1.0, "1С не ответила", counted=False)
MANY = 2 * AHEAD + 10  # more than one look reads ahead


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "base"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def calls_of(claims: list[Claim]) -> list[str]:
    return [claim.stored.event.call_id for claim in claims]


def test_a_look_gives_each_call_once_and_no_more_than_there_is_room_for(stand: Stand) -> None:
    for call in ("c1", "c2", "c3", "c4", "c5"):
        for state, at in ((S.START, 100), (S.ANSWER, 105), (S.END, 160)):
            stand.store.accept(said(call, state, at), [journal()], merge_s=5)
    first = [*stand.store.claims("buh", 2)]
    second = [*stand.store.claims("buh", 64)]
    assert [words(claim) for claim in (*first, *second)] == [(f"c{n}", "START") for n in range(1, 6)]
    assert len(first) == 2
    assert [*stand.store.claims("buh", 64)] == []
    for claim in (*first, *second):
        stand.store.settle(claim, OK)
    assert {words(claim) for claim in stand.store.claims("buh", 64)} == {
        (f"c{n}", "ANSWER") for n in range(1, 6)
    }


def test_what_was_read_ahead_is_told_in_its_order_popups_first(stand: Stand) -> None:
    calls = [f"c{number:03}" for number in range(MANY)]
    for call in calls:
        stand.store.accept(said(call), [journal()], merge_s=5)
        stand.clock.advance(0.01)
    told = calls_of([*stand.store.claims("buh", 3)])
    stand.store.accept(said("ringing", S.PREANSWER), [popup()], merge_s=5)
    told += calls_of([*stand.store.claims("buh", 3)])
    while claims := [*stand.store.claims("buh", 7)]:
        told += calls_of(claims)
        for claim in claims:
            stand.store.settle(claim, OK)
    assert told == [*calls[:3], "ringing", *calls[3:]]


def test_a_call_that_was_postponed_is_not_taken_from_what_was_read_ahead(stand: Stand) -> None:
    for call in ("c1", "c2", "c3"):
        stand.store.accept(said(call), [journal()], merge_s=5)
    (one,) = stand.store.claims("buh", 1)
    stand.store.settle(one, AWAY)
    assert calls_of([*stand.store.claims("buh", 9)]) == ["c2", "c3"]
    stand.clock.advance(1)
    assert calls_of([*stand.store.claims("buh", 9)]) == ["c1"]


def test_what_ended_after_it_was_read_ahead_is_not_told(stand: Stand) -> None:
    for call in ("c1", "c2", "c3"):
        stand.store.accept(said(call, S.PREANSWER, 101), [popup(lifetime_s=30)], merge_s=5)
    stand.store.accept(said("c2", S.END, 160), [journal()], merge_s=5)
    assert calls_of([*stand.store.claims("buh", 1)]) == ["c1"]
    stand.clock.advance(31)
    assert stand.store.expire() == 2
    assert [words(claim) for claim in stand.store.claims("buh", 9)] == [("c2", "END")]


def test_one_look_ends_all_that_is_over_and_goes_on_with_what_waits_behind_it(stand: Stand) -> None:
    for number in range(5):
        stand.store.accept(said(f"c{number}", S.PREANSWER, 101), [popup(lifetime_s=30)], merge_s=5)
        if number % 2:
            stand.store.accept(said(f"c{number}", S.END, 160), [journal()], merge_s=5)
    stand.clock.advance(31)
    assert {words(claim) for claim in stand.store.claims("buh", 9)} == {("c1", "END"), ("c3", "END")}
    assert [*states(stand.archive()).values()].count(DeliveryState.EXPIRED) == 5


def test_threads_that_claim_many_at_once_never_share_a_call(stand: Stand) -> None:
    for state, at in ((S.START, 100), (S.ANSWER, 105), (S.END, 160)):
        for number in range(30):
            stand.store.accept(said(f"c{number}", state, at), [journal()], merge_s=5)
    held: set[str] = set()
    order: list[tuple[str, str]] = []
    trouble: list[str] = []
    guard = threading.Lock()

    def work(room: int) -> None:
        while claims := stand.store.claims("buh", room):
            for claim in claims:
                with guard:
                    call, state = words(claim)
                    trouble.extend([call] if call in held else [])
                    held.add(call)
                    order.append((call, state))
            for claim in claims:
                with guard:
                    held.discard(claim.stored.event.call_id)
                stand.store.settle(claim, OK)

    threads = [threading.Thread(target=work, args=(room,)) for room in (1, 2, 5, 8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    work(64)  # a thread may leave while the last calls are held by others
    assert trouble == []
    assert len(order) == len(set(order)) == 90
    for number in range(30):
        assert [state for call, state in order if call == f"c{number}"] == ["START", "ANSWER", "END"]


def test_a_call_that_was_not_told_keeps_its_place(stand: Stand) -> None:
    for call in ("c1", "c2", "c3"):
        stand.store.accept(said(call), [journal()], merge_s=5)
        stand.clock.advance(0.01)
    (one,) = stand.store.claims("buh", 1)
    stand.store._free("buh", one.lane_id)
    assert calls_of([*stand.store.claims("buh", 2)]) == ["c1", "c2"]


def test_a_look_that_fails_holds_nothing(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    for call in ("c1", "c2"):
        stand.store.accept(said(call), [journal()], merge_s=5)

    def gone(*_: object) -> int:
        raise StoreUnavailable("нет связи")

    with monkeypatch.context() as broken:
        broken.setattr(stand.store._db, "hold", gone)
        with pytest.raises(StoreUnavailable):
            stand.store.claims("buh", 9)
    assert {words(claim) for claim in stand.store.claims("buh", 9)} == {("c1", "START"), ("c2", "START")}
