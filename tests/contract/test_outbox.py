"""What every store promises (`core.ports.Outbox`, `DialLog`), and proof that the checks can fail.

A new store becomes one more parameter of `stand`.
"""

import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from bridge.core.calls import CallEvent, CallState, Subscriber
from bridge.core.delivery import DeliveryState, Done, GaveUp, RetryIn, Verdict
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.numbers import same_digits
from bridge.core.ports import Accepted, Claim, DialRecord
from bridge.flows.take_event import Audience
from bridge.onec.vatscalls import VatsCalls
from bridge.store import statements as sql
from bridge.store.lanes import Lanes
from bridge.store.sqlite import SqliteStore
from bridge.store.views import Selection
from support.stand import DAY_S, STANDS, SqliteStand, Stand, journal, old_ring, popup, said, states, words

S = CallState
OK = Done("1")
AWAY = RetryIn(1.0, "1С не ответила", counted=False)
FAULT = RetryIn(60.0, "ошибка в модуле", counted=True)
RANG = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "base"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def claimed(stand: Stand, infobase: str = "buh") -> Claim:
    claim = stand.store.claim(infobase)
    assert claim is not None, "nothing to claim"
    return claim


def told(stand: Stand, infobase: str = "buh") -> list[tuple[str, str]]:
    """Tell everything that is due, in the order the store gives it."""
    order = []
    while claim := stand.store.claim(infobase):
        order.append((claim.stored.event.call_id, claim.stored.event.state.value))
        stand.store.settle(claim, OK)
    return order


# --- intake -------------------------------------------------------------------------------------
def test_an_accepted_event_is_there_after_a_crash(stand: Stand) -> None:
    receipt = stand.store.accept(said(), [journal()], merge_s=5)
    stand.crash()
    assert claimed(stand).stored.id == receipt.event_id


def test_an_accepted_event_is_there_after_a_restart_as_it_came(stand: Stand) -> None:
    event = said(raw='{"кто": 1}'.encode(), fields={"uuid": "c1", "кто": [1, None, "я"]})
    stand.store.accept(event, [journal()], merge_s=5)
    stand.reopen()
    assert claimed(stand).stored.event == event


def test_an_event_and_its_deliveries_are_stored_together_or_not_at_all(stand: Stand) -> None:
    broken = replace(journal("склад"), operation=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r".") as refused:
        stand.store.accept(said(), [journal(), broken], merge_s=5)
    assert not isinstance(refused.value, StoreUnavailable), "coming again would not help"
    assert stand.store.claim("buh") is None
    assert stand.archive().deliveries() == []
    assert stand.store.accept(said(), [journal()], merge_s=5).duplicate_of is None


def test_the_same_event_again_is_counted_and_not_told_again(stand: Stand) -> None:
    first = stand.store.accept(said(), [journal()], merge_s=5)
    again = [stand.store.accept(said(), [journal()], merge_s=5) for _ in range(3)]
    assert [one.duplicate_of for one in again] == [first.event_id] * 3
    assert told(stand) == [("c1", "START")]
    assert stand.store.accept(said(), [journal()], merge_s=5).duplicate_of == first.event_id
    assert told(stand) == []
    assert stand.archive().life(first.event_id).stored.repeats == 4


def test_events_without_a_key_to_recognise_them_by_are_never_duplicates(stand: Stand) -> None:
    receipts = [stand.store.accept(said(dedup_key=""), [journal()], merge_s=5) for _ in range(2)]
    assert [one.duplicate_of for one in receipts] == [None, None]
    assert len(told(stand)) == 2


def test_two_exchanges_do_not_share_keys(stand: Stand) -> None:
    receipts = [
        stand.store.accept(said(exchange=name), [journal()], merge_s=5) for name in ("main", "branch")
    ]
    assert [one.duplicate_of for one in receipts] == [None, None]
    assert len(told(stand)) == 2


def test_the_old_hook_telling_one_ring_twice_is_told_once_and_kept_twice(stand: Stand) -> None:
    first = stand.store.accept(old_ring(), [popup()], merge_s=5)
    stand.clock.advance(4.9)
    second = stand.store.accept(old_ring(), [popup()], merge_s=5)
    assert second.duplicate_of == first.event_id != second.event_id
    assert stand.archive().life(second.event_id).stored.merged_into == first.event_id
    assert len(told(stand)) == 1


def test_the_old_hook_telling_of_the_same_people_later_is_another_ring(stand: Stand) -> None:
    stand.store.accept(old_ring(), [popup()], merge_s=5)
    stand.clock.advance(4)
    stand.store.accept(old_ring(), [popup()], merge_s=5)
    stand.clock.advance(1.1)  # the window is the first ring's: merged ones do not stretch it
    third = stand.store.accept(old_ring(), [popup()], merge_s=5)
    other = stand.store.accept(old_ring(number="9160000002"), [popup()], merge_s=5)
    assert third.duplicate_of is other.duplicate_of is None
    calls = {call for call, _ in told(stand)}
    assert len(calls) == 3, "each ring is a call of its own"
    assert "" not in calls


def test_an_event_nobody_is_to_be_told_about_is_kept(stand: Stand) -> None:
    receipt = stand.store.accept(said(), [], merge_s=5)
    assert stand.archive().life(receipt.event_id).deliveries == ()
    assert stand.store.accept(said(), [], merge_s=5).duplicate_of == receipt.event_id


# --- order --------------------------------------------------------------------------------------
LIFE = [(S.START, 100), (S.PREANSWER, 101), (S.ANSWER, 105), (S.HANGUP, 160), (S.END, 160)]


@pytest.mark.parametrize("order", [*permutations(range(5), 5)][::17])
def test_a_call_is_told_in_its_order_whatever_the_order_of_arrival(
    stand: SqliteStand, order: tuple[int, ...]
) -> None:
    for number in order:
        stand.store.accept(said("c1", *LIFE[number]), [journal()], merge_s=5)
    assert told(stand) == [("c1", state.value) for state, _ in LIFE]


def test_of_one_second_and_one_rank_the_first_to_arrive_is_first(stand: Stand) -> None:
    for name in ("b", "a", "c"):
        stand.store.accept(said(dedup_key=name, raw=name.encode()), [journal()], merge_s=5)
    raws = []
    while claim := stand.store.claim("buh"):
        raws.append(claim.stored.event.raw)
        stand.store.settle(claim, OK)
    assert raws == [b"b", b"a", b"c"]


def test_a_late_earlier_event_becomes_the_head_and_does_not_inherit_the_backoff(stand: Stand) -> None:
    stand.store.accept(said(state=S.ANSWER, time_s=105), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    assert stand.store.claim("buh") is None
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    claim = claimed(stand)
    assert (words(claim), claim.tries) == (("c1", "START"), 0)


def test_a_late_earlier_event_that_comes_during_an_attempt_does_not_wait_for_its_backoff(
    stand: SqliteStand,
) -> None:
    stand.store.accept(said(state=S.ANSWER, time_s=105), [journal()], merge_s=5)
    under_way = claimed(stand)
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    assert stand.store.claim("buh") is None, "the lane is held"
    stand.store.settle(under_way, FAULT)
    assert words(claimed(stand)) == ("c1", "START")


def test_a_later_event_waits_behind_the_backoff_of_the_head(stand: Stand) -> None:
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    assert stand.store.claim("buh") is None
    stand.clock.advance(60)
    assert told(stand) == [("c1", "START"), ("c1", "END")]


def test_what_ends_behind_the_head_does_not_shorten_the_wait_of_the_head(stand: Stand) -> None:
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.accept(said(state=S.PREANSWER, time_s=101), [popup(lifetime_s=10)], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    stand.clock.advance(11)
    assert stand.store.expire() == 1
    assert stand.store.claim("buh") is None
    assert stand.store.due_in("buh") == pytest.approx(49)


# --- lanes --------------------------------------------------------------------------------------
def test_one_lane_is_never_claimed_twice_at_once(stand: Stand) -> None:
    for state, at in LIFE:
        stand.store.accept(said("c1", state, at), [journal()], merge_s=5)
    first = claimed(stand)
    assert stand.store.claim("buh") is None
    stand.store.settle(first, OK)
    assert words(claimed(stand)) == ("c1", "PREANSWER")


def test_many_threads_claim_each_delivery_once_and_in_order(stand: Stand) -> None:
    calls = [f"c{number}" for number in range(12)]
    for state, at in reversed(LIFE):
        for call in calls:
            stand.store.accept(said(call, state, at), [journal()], merge_s=5)
    order: list[tuple[str, str]] = []
    guard = threading.Lock()

    def work() -> None:
        while claim := stand.store.claim("buh"):
            with guard:
                order.append((claim.stored.event.call_id, claim.stored.event.state.value))
            stand.store.settle(claim, OK)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    order += told(stand)  # a thread may leave while the last lanes are held by others
    for call in calls:
        assert [state for one, state in order if one == call] == [state.value for state, _ in LIFE]
    assert len(order) == len(calls) * len(LIFE)


def test_calls_do_not_wait_for_each_other(stand: Stand) -> None:
    for call in ("c1", "c2", "c3"):
        stand.store.accept(said(call), [journal()], merge_s=5)
    assert {words(claimed(stand)) for _ in range(3)} == {(call, "START") for call in ("c1", "c2", "c3")}
    assert stand.store.claim("buh") is None


def test_infobases_do_not_wait_for_each_other(stand: Stand) -> None:
    stand.store.accept(said(), [journal("buh"), journal("sklad")], merge_s=5)
    assert words(claimed(stand, "buh")) == words(claimed(stand, "sklad")) == ("c1", "START")
    assert stand.store.claim("nobody") is None


def test_a_postponed_call_does_not_stop_the_others(stand: Stand) -> None:
    for number in range(20):
        stand.store.accept(said(f"c{number}"), [journal()], merge_s=5)
    for _ in range(19):
        stand.store.settle(claimed(stand), FAULT)
    assert words(claimed(stand)) == ("c19", "START")


def test_a_live_popup_goes_before_the_backlog(stand: Stand) -> None:
    for number in range(20):
        stand.store.accept(said(f"old{number}"), [journal()], merge_s=5)
        stand.clock.advance(1)
    stand.store.accept(said("ringing", S.PREANSWER), [popup()], merge_s=5)
    assert words(claimed(stand)) == ("ringing", "PREANSWER")
    assert words(claimed(stand)) == ("old0", "START"), "then the longest due"


def test_a_popup_hurries_the_events_of_its_call_that_must_go_before_it(stand: Stand) -> None:
    stand.store.accept(said("old"), [journal()], merge_s=5)
    stand.clock.advance(1)
    stand.store.accept(said("ringing", S.START, 100), [journal()], merge_s=5)
    stand.store.accept(said("ringing", S.PREANSWER, 101), [popup()], merge_s=5)
    assert told(stand) == [("ringing", "START"), ("ringing", "PREANSWER"), ("old", "START")]


# --- lifetimes ----------------------------------------------------------------------------------
def test_a_delivery_past_its_lifetime_is_not_claimed_and_shows_as_expired(stand: Stand) -> None:
    stand.store.accept(said(state=S.PREANSWER), [popup(lifetime_s=30)], merge_s=5)
    stand.clock.advance(30)
    assert stand.store.claim("buh") is None
    ((record, _),) = stand.archive().deliveries(state=DeliveryState.EXPIRED)
    assert (record.attempts, record.last_answer, record.done_at) == (0, "срок жизни истёк", stand.clock.now)


def test_expire_ends_what_nobody_claims(stand: Stand) -> None:
    for call in ("c1", "c2"):
        stand.store.accept(said(call, S.PREANSWER, 101), [popup(lifetime_s=30)], merge_s=5)
    stand.store.accept(said("c1", S.END, 160), [journal()], merge_s=5)
    assert stand.store.expire() == 0
    stand.clock.advance(31)
    assert (stand.store.expire(), stand.store.expire()) == (2, 0)
    assert len(stand.archive().deliveries(state=DeliveryState.EXPIRED)) == 2
    assert told(stand) == [("c1", "END")]


def test_what_is_being_told_does_not_expire_under_the_hand(stand: Stand) -> None:
    stand.store.accept(said(state=S.PREANSWER), [popup(lifetime_s=30)], merge_s=5)
    claim = claimed(stand)
    stand.clock.advance(31)
    assert stand.store.expire() == 0
    stand.store.settle(claim, OK)
    assert states(stand.archive()) == {("c1", "PREANSWER"): DeliveryState.DELIVERED}


def test_a_popup_is_not_shown_once_1c_knows_that_the_call_is_over(stand: Stand) -> None:
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    assert told(stand) == [("c1", "END")]
    stand.store.accept(said(state=S.PREANSWER, time_s=101), [popup()], merge_s=5)
    stand.store.accept(said(state=S.ANSWER, time_s=105), [journal()], merge_s=5)
    assert told(stand) == [("c1", "ANSWER")], "the journal is told all the same"
    assert states(stand.archive())["c1", "PREANSWER"] is DeliveryState.SUPERSEDED


# --- verdicts -----------------------------------------------------------------------------------
def test_only_counted_attempts_count(stand: Stand) -> None:
    receipt = stand.store.accept(said(), [journal()], merge_s=5)
    tries = []
    for verdict in (AWAY, FAULT, AWAY, FAULT):
        claim = claimed(stand)
        tries.append(claim.tries)
        stand.store.settle(claim, verdict)
        stand.clock.advance(verdict.wait_s)
    assert [*tries, claimed(stand).tries] == [0, 0, 1, 1, 2]
    life = stand.archive().life(receipt.event_id)
    assert life.deliveries[0].attempts == 4
    assert [one.answer for one in life.attempts[life.deliveries[0].id]][:2] == [AWAY.reason, FAULT.reason]


def test_a_postponed_delivery_is_due_when_its_wait_is_over_and_not_before(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    stand.clock.advance(59.9)
    assert stand.store.claim("buh") is None
    stand.clock.advance(0.1)
    assert claimed(stand).tries == 1


def test_a_given_up_delivery_is_a_dead_letter_and_its_call_goes_on(stand: Stand) -> None:
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    stand.clock.advance(60)
    stand.store.settle(claimed(stand), GaveUp("ошибка в модуле"))
    claim = claimed(stand)
    assert (words(claim), claim.tries) == (("c1", "END"), 0), "tries are of the event, not of its call"
    ((record, _),) = stand.archive().deliveries(state=DeliveryState.DEAD)
    assert (record.attempts, record.last_answer) == (2, "ошибка в модуле")


def test_words_of_1c_that_no_database_takes_do_not_stop_the_lane(stand: Stand) -> None:
    for verdict in (RetryIn(1, "плохо \ud800", counted=True), GaveUp("x\udfff"), Done("1\ud800")):
        stand.store.accept(said(dedup_key=str(verdict)), [journal()], merge_s=5)
        stand.store.settle(claimed(stand), verdict)
        stand.clock.advance(1)
    assert told(stand) == [("c1", "START")]


def test_hasten_wakes_only_what_waits_for_1c(stand: Stand) -> None:
    for call, verdict in (("away", AWAY), ("poison", FAULT)):
        stand.store.accept(said(call), [journal(), journal("sklad")], merge_s=5)
        stand.store.settle(claimed(stand), verdict)
        stand.store.settle(claimed(stand, "sklad"), verdict)
    assert stand.store.claim("buh") is None
    assert stand.store.hasten("buh") == 1
    assert words(claimed(stand)) == ("away", "START")
    assert stand.store.claim("buh") is None
    assert stand.store.claim("sklad") is None, "another infobase is still away"


def test_hasten_wakes_what_1c_kept_silent_about_only_when_told_to(stand: Stand) -> None:
    stand.store.accept(said("silent"), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), RetryIn(60.0, "молчит", counted=True, hung=True))
    assert stand.store.hasten("buh") == 0
    assert stand.store.claim("buh") is None
    assert stand.store.hasten("buh", hung=True) == 1
    assert (words(claim := claimed(stand)), claim.tries) == (("silent", "START"), 1)


def test_due_in_tells_when_to_look_again(stand: Stand) -> None:
    assert stand.store.due_in("buh") is None
    stand.store.accept(said(), [journal()], merge_s=5)
    assert stand.store.due_in("buh") == 0
    claim = claimed(stand)
    assert stand.store.due_in("buh") is None, "what is being told is not waiting"
    stand.store.settle(claim, FAULT)
    stand.clock.advance(10)
    assert stand.store.due_in("buh") == pytest.approx(50)
    stand.clock.advance(500)
    assert stand.store.due_in("buh") == 0


def test_a_lane_is_free_only_after_the_commit(stand: Stand) -> None:
    for state, at in LIFE:
        stand.store.accept(said("c1", state, at), [journal()], merge_s=5)
    claim = claimed(stand)
    seen: list[object] = []
    with stand.slow():
        settling = threading.Thread(target=stand.store.settle, args=(claim, OK))
        settling.start()
        until = time.monotonic() + 0.3
        while time.monotonic() < until and not seen:
            seen += [words(early)] if (early := stand.store.claim("buh")) else []
    settling.join()
    assert seen == [], "claimed while the verdict was not written"
    assert words(claimed(stand)) == ("c1", "PREANSWER")


def test_a_verdict_that_cannot_be_written_leaves_the_lane_held(stand: Stand) -> None:
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    claim = claimed(stand)
    for verdict in (OK, FAULT, GaveUp("x")):
        with stand.refusing(), pytest.raises(StoreUnavailable):
            stand.store.settle(claim, verdict)
        assert stand.store.claim("buh") is None
    stand.store.settle(claim, OK)
    assert words(claimed(stand)) == ("c1", "END")


def test_a_crash_during_an_attempt_lets_it_be_told_again(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    claimed(stand)
    stand.crash()
    assert told(stand) == [("c1", "START")]


def test_what_was_told_is_not_told_again_after_a_crash(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    assert told(stand) == [("c1", "START")]
    stand.crash()
    assert told(stand) == []


# --- replay -------------------------------------------------------------------------------------
def _ids(stand: Stand, state: DeliveryState) -> list[int]:
    return [record.id for record, _ in stand.archive().deliveries(state=state)]


def _replay(stand: Stand, ids: list[int]) -> int:
    return stand.archive().replay(delivery_ids=ids, lifetimes={("buh", "popup"): 30.0})


def test_a_replayed_dead_letter_is_back_at_its_place_with_new_tries(stand: Stand) -> None:
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    stand.clock.advance(60)
    stand.store.settle(claimed(stand), GaveUp("x"))
    assert _replay(stand, _ids(stand, DeliveryState.DEAD)) == 1
    claim = claimed(stand)
    assert (words(claim), claim.tries) == (("c1", "START"), 0)
    stand.store.settle(claim, OK)
    assert told(stand) == [("c1", "END")]


def test_a_replayed_expired_popup_lives_again_as_long_as_a_new_one(stand: Stand) -> None:
    stand.store.accept(said("old"), [journal()], merge_s=5)
    stand.store.accept(said("ringing", S.PREANSWER), [popup(lifetime_s=30)], merge_s=5)
    stand.clock.advance(31)
    stand.store.expire()
    expired = _ids(stand, DeliveryState.EXPIRED)
    assert _replay(stand, expired) == 1
    assert words(claimed(stand)) == ("ringing", "PREANSWER"), "as urgent as a new one"
    stand.reopen()
    stand.clock.advance(31)
    assert stand.store.expire() == 1


def test_a_replay_behind_the_head_does_not_shorten_its_wait(stand: Stand) -> None:
    stand.store.accept(said(state=S.END, time_s=160), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), GaveUp("x"))
    stand.store.accept(said(state=S.START, time_s=100), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), FAULT)
    assert _replay(stand, _ids(stand, DeliveryState.DEAD)) == 1
    assert stand.store.claim("buh") is None
    stand.clock.advance(60)
    assert told(stand) == [("c1", "START"), ("c1", "END")]


def test_what_was_delivered_cannot_be_replayed(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    told(stand)
    assert _replay(stand, _ids(stand, DeliveryState.DELIVERED)) == 0
    assert told(stand) == []


def test_a_replay_of_what_waits_changes_nothing(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    assert _replay(stand, _ids(stand, DeliveryState.QUEUED)) == 0
    assert told(stand) == [("c1", "START")]


def test_a_replay_of_an_unknown_delivery_is_refused(stand: Stand) -> None:
    with pytest.raises(UnknownRecord, match="77"):
        _replay(stand, [77])


def test_figures_of_the_archive_are_those_of_the_outbox(stand: Stand) -> None:
    for number, verdict in enumerate((OK, GaveUp("x"), FAULT)):
        stand.store.accept(said(f"c{number}"), [journal()], merge_s=5)
        stand.clock.advance(1)
        stand.store.settle(claimed(stand), verdict)
    archive = stand.archive()
    assert archive.counts() == {
        ("buh", state): 1 for state in (DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.QUEUED)
    }
    assert [(depth.infobase, depth.waiting) for depth in archive.depths()] == [("buh", 1)]
    assert archive.last_heard("main") == stand.clock.now - 1
    assert archive.last_heard("nobody") is None
    assert archive.chosen(Selection(state=DeliveryState.DEAD)) == _ids(stand, DeliveryState.DEAD)


# --- clicks -------------------------------------------------------------------------------------
def _click(
    stand: SqliteStand, who: str = "101", number: str = "79235292926", base: str = "buh"
) -> DialRecord:
    return stand.store.begin(base, who, number, window_s=10)


def test_a_click_asked_for_at_a_moment_is_that_of_that_moment_however_long_it_took_to_come(
    stand: Stand,
) -> None:
    def confirmed(asked_at: float) -> bool:
        return stand.store.begin("buh", "101", "79235292926", window_s=0.001, since=asked_at).fresh

    asked_at = stand.clock.now
    stand.clock.advance(0.5)
    first = _click(stand)
    stand.store.end(first.id, RANG)
    stand.clock.advance(100)
    assert not confirmed(asked_at)
    assert confirmed(stand.clock.now)


def test_a_second_click_in_the_window_does_not_dial_and_sees_the_first_answer(stand: Stand) -> None:
    first = _click(stand)
    assert first.fresh
    assert not _click(stand).fresh
    assert stand.store.look(first.id) is None
    stand.store.end(first.id, RANG)
    again = _click(stand)
    assert (again.id, again.fresh, again.result) == (first.id, False, RANG)
    assert stand.store.look(first.id) == RANG


def test_a_click_after_the_window_dials(stand: Stand) -> None:
    stand.store.end(_click(stand).id, RANG)
    stand.clock.advance(10)
    assert _click(stand).fresh


def test_another_number_subscriber_or_infobase_dials(stand: Stand) -> None:
    _click(stand)
    assert _click(stand, number="79235292927").fresh
    assert _click(stand, who="102").fresh
    assert _click(stand, base="sklad").fresh


def test_a_click_that_a_crash_left_open_is_not_dialled_again_in_the_window(stand: Stand) -> None:
    first = _click(stand)
    stand.crash()
    again = _click(stand)
    assert (again.id, again.fresh) == (first.id, False)
    assert again.result is not None
    assert again.result.code == CallCode.OUTCOME_UNKNOWN
    assert again.result.message.startswith("Исход неизвестен")


def test_a_click_that_is_still_being_answered_is_not_dialled_again_after_its_window(
    stand: SqliteStand,
) -> None:
    first = _click(stand)
    stand.clock.now += 60
    again = _click(stand)
    assert (again.id, again.fresh, again.result) == (first.id, False, None)
    stand.store.end(first.id, RANG)
    stand.clock.now += 5
    assert not _click(stand).fresh, "the window counts from the answer"


def test_of_clicks_at_one_moment_one_dials(stand: Stand) -> None:
    records: list[DialRecord] = []
    threads = [threading.Thread(target=lambda: records.append(_click(stand))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.fresh for one in records) == [False] * 7 + [True]
    assert len({one.id for one in records}) == 1


def test_an_unknown_click_has_no_result(stand: Stand) -> None:
    assert stand.store.look(99) is None


# --- the clock ----------------------------------------------------------------------------------
def test_a_clock_that_goes_back_stops_neither_telling_nor_dialling(stand: Stand) -> None:
    stand.store.accept(said("waiting"), [journal()], merge_s=5)
    stand.store.accept(said("postponed"), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), AWAY)
    stand.store.end(_click(stand).id, RANG)
    stand.clock.advance(-3600)
    assert stand.store.due_in("buh") == 0
    assert {call for call, _ in told(stand)} == {"waiting", "postponed"}
    assert _click(stand).fresh


# --- infobases that hear only some calls ---------------------------------------------------------
ANNA = Subscriber(name="Анна", key="k-anna", extension="246")
PETR = Subscriber(name="Пётр", key="k-petr", extension="247")
WORDS = VatsCalls(transport=None)  # type: ignore[arg-type] - it is asked for words only
HEARS_ANNA = Audience(infobase="buh", contract=WORDS, people=[ANNA])
HEARS_LINE = Audience(infobase="sklad", contract=WORDS, called=frozenset({same_digits("83912000000")}))

START = said(state=S.START, time_s=100, user_key="", to_number="83912000000")
RINGS_ANNA = said(state=S.PREANSWER, time_s=101, user_key="k-anna", to_number="246")
RINGS_PETR = said(state=S.PREANSWER, time_s=102, user_key="k-petr", to_number="247")
HANGUP = said(state=S.HANGUP, time_s=110, user_key="", to_number="83912000000")


def comes(stand: Stand, event: CallEvent, *audiences: Audience) -> None:
    plan = [planned for audience in audiences if (planned := audience.plan(event))]
    stand.store.accept(event, plan, merge_s=5)


def test_an_infobase_follows_a_call_once_it_concerns_it_and_hears_what_was_said_before(stand: Stand) -> None:
    for event in (START, RINGS_PETR, RINGS_ANNA):
        comes(stand, event, HEARS_ANNA)
    assert told(stand) == [("c1", "START"), ("c1", "PREANSWER")]
    comes(stand, HANGUP, HEARS_ANNA)  # it names nobody, but the call is hers
    assert told(stand) == [("c1", "HANGUP")]


def test_events_in_any_order_of_arrival_reach_the_infobase_that_they_concern(stand: Stand) -> None:
    for number, order in enumerate(permutations([START, RINGS_ANNA, HANGUP])):
        call = f"p{number}"
        for event in order:
            comes(
                stand,
                replace(event, call_id=call, dedup_key=f"{call}{event.dedup_key}"),
                HEARS_ANNA,
                HEARS_LINE,
            )
        heard = {state for name, state in told(stand) if name == call}
        assert heard >= {"START", "HANGUP"}, order
        assert len(told(stand, "sklad")) >= 2, order


def test_a_call_of_others_is_not_heard_and_delays_nobody(stand: Stand) -> None:
    for event in (START, RINGS_PETR, HANGUP):
        comes(stand, event, HEARS_ANNA)
    assert told(stand) == []
    assert stand.archive().deliveries() == []
    assert len(stand.archive().events()) == 3, "kept all the same"


def test_a_card_is_for_whom_it_rings(stand: Stand) -> None:
    comes(stand, RINGS_ANNA, HEARS_ANNA)
    comes(stand, RINGS_PETR, HEARS_ANNA)
    assert [one.purpose for one, _ in stand.archive().deliveries()] == ["popup"]


# --- past calls, and forgetting them -------------------------------------------------------------
def test_heard_gathers_what_is_known_of_each_call(stand: Stand) -> None:
    stand.store.accept(
        said("u1", S.START, 1000, fields={"uuid": "u1", "baseid": "b.1", "subid": "b.2"}), [], merge_s=5
    )
    stand.store.accept(said("u1", S.HANGUP, 1060, to_number="246"), [], merge_s=5)
    stand.store.accept(said("u2", S.START, 2000), [], merge_s=5)
    stand.store.accept(said("u3", S.START, 9000), [], merge_s=5)
    one, two = sorted(stand.store.heard("main", since_s=900.5, until_s=2000.5), key=lambda call: call.call_id)
    assert (one.ids, one.started_s, one.finished) == ({"u1", "b.1", "b.2"}, 1000, True)
    assert one.numbers == {"89160000001", "83912000000", "246"}
    assert (two.call_id, two.finished) == ("u2", False)
    assert stand.store.heard("other", since_s=0, until_s=1e10) == []


def test_the_old_hook_is_heard_by_when_it_came(stand: Stand) -> None:
    stand.store.accept(old_ring(), [], merge_s=5)
    (ring,) = stand.store.heard("main", since_s=stand.clock.now - 1, until_s=stand.clock.now + 1)
    assert (ring.started_s, ring.finished) == (stand.clock.now, False)


def test_purge_forgets_what_ended_long_ago_and_nothing_else(stand: Stand) -> None:
    for call in ("done", "dead", "waits"):
        stand.store.accept(said(call), [journal(lifetime_s=900 * DAY_S)], merge_s=5)
        if call != "waits":
            stand.store.settle(claimed(stand), OK if call == "done" else GaveUp("яд"))
    stand.store.accept(old_ring(), [], merge_s=5)
    stand.store.accept(old_ring(), [], merge_s=5)  # merged into the first
    _click(stand)
    stand.clock.advance(200 * DAY_S)
    stand.store.accept(said("new"), [], merge_s=5)
    gone = 0
    while batch := stand.store.purge(older_than_s=180 * DAY_S):
        gone += batch
    assert gone == 3
    left = {stored.event.call_id for _, stored in stand.archive().events()}
    assert left == {"dead", "waits", "new"}
    stand.store.accept(said("done"), [journal()], merge_s=5)  # its lane is gone, too, and made anew
    assert ("done", "START") in told(stand)
    assert stand.archive().purge(older_than_s=0, dead=True) >= 1
    assert stand.archive().chosen(Selection(state=DeliveryState.DEAD)) == []


def test_retention_leaves_what_was_put_back_into_the_queue_meanwhile(stand: Stand) -> None:
    receipt = stand.store.accept(said(), [journal()], merge_s=5)
    for statement in (sql.DROP_ATTEMPTS, sql.DROP_DELIVERIES, sql.DROP_EVENT):  # it was chosen before

        def work(db: Any, statement: str = statement) -> None:
            db.execute(statement, {"id": receipt.event_id})

        stand.store._write(work)
    assert told(stand) == [("c1", "START")]


def test_what_waits_behind_an_attempt_expires_meanwhile_and_the_attempt_does_not(stand: Stand) -> None:
    """Else a lane that is always being attempted would keep its stale card for ever."""
    stand.store.accept(said(state=S.START, time_s=100), [popup(lifetime_s=20)], merge_s=5)
    stand.store.accept(said(state=S.PREANSWER, time_s=101), [popup(lifetime_s=20)], merge_s=5)
    claim = claimed(stand)
    stand.clock.advance(21)
    assert stand.store.expire() == 1
    assert states(stand.archive()) == {
        ("c1", "START"): DeliveryState.QUEUED,
        ("c1", "PREANSWER"): DeliveryState.EXPIRED,
    }
    stand.store.settle(claim, OK)
    assert states(stand.archive())["c1", "START"] is DeliveryState.DELIVERED


def test_a_stale_backlog_ends_in_turns(stand: Stand) -> None:
    """One look ends some of it; then the other infobases have their turn."""
    for number in range(50):
        stand.store.accept(said(f"c{number}"), [popup()], merge_s=5)
    stand.clock.advance(31)
    stand.store.accept(said("live"), [journal()], merge_s=5)
    assert stand.store.claim("buh") is None
    looks = 1
    while (claim := stand.store.claim("buh")) is None and looks < 10:
        looks += 1
    assert claim is not None
    assert claim.stored.event.call_id == "live"
    assert looks > 1


def test_a_long_acknowledgement_ends_every_letter(stand: Stand) -> None:
    letters = 1100
    for number in range(letters):
        stand.store.accept(said(f"c{number}"), [replace(journal(), mail=True)], merge_s=5)
    first = stand.store.letters("buh", None, after_id=0, limit=1).last_id
    assert stand.store.acknowledge("buh", None, after_id=first + letters - 1) == first + letters - 1
    assert stand.archive().counts() == {("buh", DeliveryState.DELIVERED): letters}
    assert stand.store.acknowledge("buh", None, after_id=0) == first + letters - 1


# --- a person sends again ------------------------------------------------------------------------
def test_what_1c_took_is_sent_again_only_when_asked_for(stand: Stand) -> None:
    stand.store.accept(said(), [journal()], merge_s=5)
    stand.store.settle(claimed(stand), OK)
    (one,) = stand.archive().chosen(Selection(state=DeliveryState.DELIVERED))
    assert stand.archive().replay(delivery_ids=[one], lifetimes={}) == 0
    assert stand.archive().replay(delivery_ids=[one], lifetimes={}, delivered=True) == 1
    assert told(stand) == [("c1", "START")]


def test_a_selection_by_time_and_infobase_picks_what_it_says(stand: Stand) -> None:
    for call in ("early", "late"):
        stand.store.accept(said(call), [journal(), journal("sklad"), popup()], merge_s=5)
        stand.clock.advance(100)
    since = stand.clock.now - 150
    picked = stand.archive().chosen(Selection(infobase="buh", since=since, popups=False))
    found = {one.id: stored.event.call_id for one, stored in stand.archive().deliveries()}
    assert [found[one] for one in picked] == ["late"]
    assert stand.archive().chosen(Selection(until=since, infobase="sklad")) != []


# --- negative controls: stores that break one promise each, and the check that must notice --------
class AnswersBeforeTheCommit(SqliteStore):
    def accept(self, event: CallEvent, plan: Any, *, merge_s: float) -> Accepted:
        later = threading.Timer(
            0.2, lambda: super(AnswersBeforeTheCommit, self).accept(event, plan, merge_s=merge_s)
        )
        later.start()
        self._later = later
        return Accepted(event_id=1)

    def close(self) -> None:
        if hasattr(self, "_later"):
            self._later.join()
        super().close()


class IgnoresTheDedupKey(SqliteStore):
    def accept(self, event: CallEvent, plan: Any, *, merge_s: float) -> Accepted:
        return super().accept(replace(event, dedup_key=""), plan, merge_s=merge_s)


class NeverMerges(SqliteStore):
    def accept(self, event: CallEvent, plan: Any, *, merge_s: float) -> Accepted:
        return super().accept(event, plan, merge_s=-1)


class ClaimsByArrival(SqliteStore):
    def _read(self, statement: str, **parameters: Any) -> Any:
        return super()._read(
            statement.replace("d.position_time, d.position_rank, d.id", "d.id"), **parameters
        )


class ForgetsItsLeases(SqliteStore):
    def claim(self, infobase: str) -> Claim | None:
        self._lanes = Lanes()
        return super().claim(infobase)


class FreesBeforeTheCommit(SqliteStore):
    def settle(self, claim: Claim, verdict: Verdict) -> bool:
        self._free(claim.infobase, claim.lane_id)
        return super().settle(claim, verdict)


class HoldsThePopupsBack(SqliteStore):
    def _read(self, statement: str, **parameters: Any) -> Any:
        return [] if statement == sql.URGENT_LANES else super()._read(statement, **parameters)


class KnowsNoLifetime(SqliteStore):
    def _read(self, statement: str, **parameters: Any) -> Any:
        return super()._read(statement.replace("d.expires_at,", "9e9 * 9 AS expires_at,"), **parameters)


class WakesEverybody(SqliteStore):
    def hasten(self, infobase: str, *, hung: bool = False) -> int:
        waking = sql.HASTEN.replace("AND postponed IN (1, :hung)", "")
        return self._write(
            lambda db: db.execute(waking, {"infobase": infobase, "now": self._clock()}).rowcount
        )


class DialsEveryClick(SqliteStore):
    def bring_click(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> Callable[[], DialRecord]:
        return super().bring_click(infobase, subscriber, number, window_s=0, limits=limits)


CONTROLS: list[tuple[type[SqliteStore], Callable[[Stand], None]]] = [
    (AnswersBeforeTheCommit, test_an_accepted_event_is_there_after_a_crash),
    (IgnoresTheDedupKey, test_the_same_event_again_is_counted_and_not_told_again),
    (NeverMerges, test_the_old_hook_telling_one_ring_twice_is_told_once_and_kept_twice),
    (ClaimsByArrival, test_a_late_earlier_event_becomes_the_head_and_does_not_inherit_the_backoff),
    (ForgetsItsLeases, test_one_lane_is_never_claimed_twice_at_once),
    (FreesBeforeTheCommit, test_a_lane_is_free_only_after_the_commit),
    (FreesBeforeTheCommit, test_a_verdict_that_cannot_be_written_leaves_the_lane_held),
    (HoldsThePopupsBack, test_a_live_popup_goes_before_the_backlog),
    (KnowsNoLifetime, test_a_delivery_past_its_lifetime_is_not_claimed_and_shows_as_expired),
    (WakesEverybody, test_hasten_wakes_only_what_waits_for_1c),
    (DialsEveryClick, test_a_second_click_in_the_window_does_not_dial_and_sees_the_first_answer),
]


@pytest.mark.parametrize(("broken", "check"), CONTROLS, ids=[f"{broken.__name__}" for broken, _ in CONTROLS])
def test_the_suite_notices_a_store_that_breaks_a_promise(
    broken: type[SqliteStore], check: Callable[[Stand], None], tmp_path: Path
) -> None:
    folder = tmp_path / "base"
    folder.mkdir()
    stand = SqliteStand(folder, make=broken)
    try:
        with pytest.raises(AssertionError):
            check(stand)
    finally:
        stand.close()


@pytest.mark.parametrize(
    "code", [1, 5, CallCode.EXCHANGE_REFUSED, CallCode.EXCHANGE_AWAY, CallCode.EXCHANGE_BROKEN]
)
def test_a_click_that_surely_dialled_nothing_may_be_repeated_at_once(stand: Stand, code: int) -> None:
    first = _click(stand)
    stand.store.end(first.id, CallResult.fail(code, "Звонок не начат"))
    assert _click(stand).fresh


def test_a_click_whose_outcome_is_unknown_is_not_repeated(stand: Stand) -> None:
    first = _click(stand)
    unknown = CallResult.fail(CallCode.OUTCOME_UNKNOWN, "Исход неизвестен")
    stand.store.end(first.id, unknown)
    again = _click(stand)
    assert (again.fresh, again.result) == (False, unknown)
