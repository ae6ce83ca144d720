"""One call from its events: the recorded traps, and the same call from any order and repetition."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.calls import CallEvent, CallState, Direction, Subscriber
from bridge.core.folded import RINGING_S, TALKING_S, CallStatus, FoldedCall, Person
from bridge.core.folding import fold, fold_all
from bridge.core.past_calls import JournalCall
from bridge.core.ports import HookRequest, StoredEvent
from bridge.flows.reconcile import missed_end
from bridge.sim.scenarios import SCENARIOS, Cast
from bridge.vpbx.mobilon.hook import MobilonHook

CALLS = Path(__file__).parents[1] / "wire" / "mobilon" / "calls"
RECORDED = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(CALLS.glob("*.json"))}
ANNA = Subscriber(name="Анна", key="k0000000000000aa", extension="246")
BORIS = Subscriber(name="Борис", key="k0000000000000bb", extension="247")
VERA = Subscriber(name="Вера", key="k0000000000000cc", extension="248")
BEGAN = 1565770000


def heard(event: dict[str, Any]) -> CallEvent:
    if "state" not in event:
        query = "&".join(f"{name}={value}" for name, value in event.items())
        return MobilonHook("main").read(HookRequest(method="GET", query=query, media="", body=b""))
    body = json.dumps(event).encode()
    return MobilonHook("main").read(HookRequest(method="POST", query="", media="application/json", body=body))


def stored(events: list[dict[str, Any]]) -> list[StoredEvent]:
    """As they were accepted, one a second, hours after they happened."""
    return [
        StoredEvent(id=place, event=heard(event), received_at=BEGAN + 9000.0 + place)
        for place, event in enumerate(events, 1)
    ]


def play(scenario: str, **cast: Any) -> list[StoredEvent]:
    given_cast = {"subscribers": (ANNA, BORIS), "uuid": "u1", "time_s": BEGAN, "seed": 7} | cast
    return stored(SCENARIOS[scenario](Cast(**given_cast)))


def shown(person: Person | None) -> str | None:
    return None if person is None else person.extension or person.user_key


def summary(events: list[StoredEvent]) -> dict[str, Any]:
    call, first = fold(events, missed_by="last"), fold(events, missed_by="first")
    return {
        "started": call.started_s,
        "direction": call.direction.value,
        "from": call.from_number,
        "to": call.to_number,
        "people": [
            {"extension": one.extension, "userkey": one.user_key, "answered": one.answered}
            for one in call.people
        ],
        "last": shown(call.person),
        "first": shown(first.person),
        "duration": call.duration_s,
        "status": call.status.value,
        "ended": call.ended,
        "clicked": call.clicked,
        "recorded": call.recorded,
        "internal": call.internal,
    }


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_call_folds_as_it_was(name: str) -> None:
    assert summary(stored(RECORDED[name]["events"])) == RECORDED[name]["folded"]


def test_every_status_but_the_unknown_one_is_recorded() -> None:
    assert {one["folded"]["status"] for one in RECORDED.values()} == set(CallStatus) - {CallStatus.UNKNOWN}


@given(st.sampled_from(sorted(RECORDED)), st.data())
def test_neither_order_nor_repetition_matters(name: str, data: st.DataObject) -> None:
    events = [heard(event) for event in RECORDED[name]["events"]]
    again = data.draw(st.lists(st.sampled_from(events), max_size=4))
    mixed = data.draw(st.permutations(events + again))
    late = data.draw(st.integers(0, 100_000))
    arrived = [
        StoredEvent(id=place + 1, event=event, received_at=float(BEGAN + late + place))
        for place, event in enumerate(mixed)
    ]
    straight = stored(RECORDED[name]["events"])
    for missed_by in ("first", "last"):
        assert fold(arrived, missed_by=missed_by) == fold(straight, missed_by=missed_by)


SPOKEN = st.builds(
    lambda state, caller, called, key, time, more: {
        "uuid": "u1", "state": state, "direction": "incoming", "from": caller, "to": called,
        "userkey": key, "time": BEGAN + time, **more,
    },
    st.sampled_from(["START", "IVR", "PREANSWER", "ANSWER", "HANGUP", "END", "ELSE"]),
    st.sampled_from(["89160000001", "246", "CallAPI", "0000", ""]),
    st.sampled_from(["83912000000", "246", "247", ""]),
    st.sampled_from(["", "k1", "k2"]),
    st.integers(0, 3),
    st.sampled_from([{}, {"duration": "5"}, {"duration": 7, "callstatus": "ANSWER"}, {"subid": "1.10"}]),
)  # fmt: skip


@given(st.lists(SPOKEN, min_size=1, max_size=7), st.data())
def test_whatever_is_said_folds_to_one_call_in_any_order(events: list[Any], data: st.DataObject) -> None:
    straight = fold(stored(events))
    mixed = data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events), max_size=3))))
    assert fold(stored(mixed)) == straight
    assert straight.status is not CallStatus.UNKNOWN
    assert straight.duration_s >= 0
    assert not ({"CallAPI", "0000"} & {straight.from_number, straight.to_number})


@pytest.mark.parametrize(
    ("scenario", "status", "person"),
    [
        ("answered", "ANSWERED", "246"),
        ("missed", "MISSED", "246"),
        ("transferred", "ANSWERED", "247"),
        ("transfer_missed", "ANSWERED", "246"),
        ("group", "ANSWERED", "247"),
        ("group_missed", "MISSED", "247"),
        ("forwarded", "ANSWERED", "247"),
        ("forwarded_missed", "MISSED", "247"),
        ("click_to_call", "ANSWERED", "246"),
        ("click_unanswered", "NOT_ANSWERED", "246"),
        ("outgoing", "ANSWERED", "246"),
        ("outgoing_unanswered", "NOT_ANSWERED", "246"),
        ("ivr_drop", "IVR", None),
        ("internal", "ANSWERED", "246"),
        ("old_hook", "RINGING", "k0000000000000aa"),
        ("duplicates", "ANSWERED", "246"),
        ("shuffled", "ANSWERED", "247"),
    ],
)
@pytest.mark.parametrize("seed", range(6))
def test_every_play_of_the_fake_exchange_folds(
    scenario: str, status: str, person: str | None, seed: int
) -> None:
    call = fold(play(scenario, seed=seed))
    assert (call.status.value, shown(call.person)) == (status, person)


def test_all_plays_are_looked_at() -> None:
    (mark,) = [
        one
        for one in test_every_play_of_the_fake_exchange_folds.pytestmark  # type: ignore[attr-defined]
        if "scenario" in one.args[0]
    ]
    assert {case[0] for case in mark.args[1]} == set(SCENARIOS)


def test_the_old_hook_tells_of_a_ring_and_of_no_end() -> None:
    call = fold(play("old_hook"))
    assert (call.from_number, call.to_number, call.ended) == ("89160000001", "", False)
    assert call.started_s == BEGAN + 9001.0
    assert call.at(call.last_s + RINGING_S + 1).status is CallStatus.UNKNOWN


def test_a_ring_that_was_merged_is_no_second_ring() -> None:
    first, second = stored([{"key": "k1", "number": "89160000001"}] * 2)
    call = fold([replace(second, merged_into=first.id, received_at=1.0), first])
    assert call.started_s == first.received_at
    assert call == fold([first])


def test_what_goes_on_too_long_is_not_known_any_more() -> None:
    ringing, talking = play("answered")[:2], play("answered")[:3]
    for events, patience_s in ((ringing, RINGING_S), (talking, TALKING_S)):
        call = fold(events)
        assert call.at(call.last_s + patience_s) == call
        assert call.at(call.last_s + patience_s + 1).status is CallStatus.UNKNOWN
    over = fold(play("answered"))
    assert over.at(over.last_s + 1e9) == over


def journal_call(**changes: Any) -> JournalCall:
    facts = {
        "call_id": "1565770000.77",
        "started_s": BEGAN,
        "duration_s": 42,
        "direction": Direction.INCOMING,
        "from_number": "89160000001",
        "to_number": "83912000000",
        "answered": True,
        "raw": b"{}",
        "raw_media": "application/json",
        "fields": {"callid": "1565770000.77", "has_record": "1", "record_url": "/r?callid=1565770000.77"},
    } | changes
    return JournalCall(**facts)  # type: ignore[arg-type]


def recovered(call_id: str = "1565770000.77", **changes: Any) -> StoredEvent:
    event = missed_end(journal_call(**changes), exchange="main", call_id=call_id)
    return StoredEvent(id=99, event=event, received_at=BEGAN + 90_000.0)


def test_a_call_that_only_the_journal_told_folds() -> None:
    call = fold([recovered()])
    assert (call.started_s, call.duration_s, call.status) == (BEGAN, 42, CallStatus.ANSWERED)
    assert (call.from_number, call.to_number, call.recorded) == ("89160000001", "83912000000", True)
    assert call.person is None
    assert call.ids == {"1565770000.77"}


def test_a_half_heard_call_is_ended_by_the_journal() -> None:
    call = fold([*play("answered")[:2], recovered("u1")])
    assert (call.status, call.duration_s, shown(call.person)) == (CallStatus.ANSWERED, 42, "246")
    assert {"u1", "1565770000.77"} <= call.ids
    missed = fold([*play("missed")[:2], recovered("u1", answered=False, duration_s=14)])
    assert (missed.status, missed.duration_s, shown(missed.person)) == (CallStatus.MISSED, 0, "246")


def test_a_missed_call_of_the_journal_has_no_recording_though_it_has_an_address() -> None:
    fields = {"callid": "1", "has_record": 0, "record_url": "/api/call/record?callid=1"}
    assert not fold([recovered(answered=False, fields=fields)]).recorded


@pytest.mark.parametrize(
    ("caller", "status"), [("89160000001", "MISSED"), ("246", "NOT_ANSWERED"), ("", "NOT_ANSWERED")]
)
def test_where_no_direction_is_said_a_client_has_a_whole_number(caller: str, status: str) -> None:
    told = recovered(answered=False, direction=Direction.UNKNOWN, from_number=caller)
    assert fold([told]).status == status


def owners(call: FoldedCall) -> list[str]:
    return [one.extension for one in (ANNA, BORIS, VERA) if call.belongs_to(one)]


@pytest.mark.parametrize(
    ("scenario", "last", "first"),
    [
        ("answered", ["246"], ["246"]),
        ("group", ["247"], ["247"]),  # 246 missed nothing
        ("group_missed", ["247"], ["246"]),
        ("forwarded_missed", ["247"], ["246"]),
        ("transferred", ["246", "247"], ["246", "247"]),
        ("transfer_missed", ["246"], ["246"]),
        ("internal", ["246", "247"], ["246", "247"]),  # who called has called
        ("click_unanswered", ["246"], ["246"]),
        ("ivr_drop", [], []),
    ],
)
def test_whose_call_it_is(scenario: str, last: list[str], first: list[str]) -> None:
    assert owners(fold(play(scenario), missed_by="last")) == last
    assert owners(fold(play(scenario), missed_by="first")) == first


def test_an_answered_call_of_nobody_knows_whom_is_of_all_who_were_rung() -> None:
    rung = [one for one in play("group") if one.event.state in (CallState.START, CallState.PREANSWER)]
    call = fold([*rung, recovered("u1")])
    assert (call.status, call.speakers) == (CallStatus.ANSWERED, ())
    assert owners(call) == ["246", "247"]


def test_while_it_rings_it_is_everybodys() -> None:
    ringing = [one for one in play("group") if one.event.state in (CallState.START, CallState.PREANSWER)]
    assert owners(fold(ringing)) == ["246", "247"]
    assert owners(fold(ringing).at(BEGAN + 1e6)) == ["246", "247"]


def test_many_calls_fold_apart() -> None:
    mixed = [*play("answered"), *play("missed", uuid="u2"), *play("group", uuid="u3")]
    calls = {one.call_id: one.status.value for one in fold_all(reversed(mixed))}
    assert calls == {"u1": "ANSWERED", "u2": "MISSED", "u3": "ANSWERED"}


def test_no_key_of_a_person_is_printed() -> None:
    assert ANNA.key not in repr(fold(play("answered")))
