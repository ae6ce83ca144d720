"""The fake exchange's scripts keep the traps of the real one."""

import json

import pytest

from bridge.core.calls import Subscriber
from bridge.sim.scenarios import SCENARIOS, Cast

ANNA = Subscriber(name="Анна", key="k0000000000000aa", extension="246")
BORIS = Subscriber(name="Борис", key="k0000000000000bb", extension="247")
UUID = "2ebc0000-b5da-4ddb-cd04-000000000001"
CALLS = [name for name in SCENARIOS if name != "old_hook"]


def play(name, **other):
    cast = {"subscribers": (ANNA, BORIS), "uuid": UUID, "time_s": 1565770000, "seed": 7} | other
    return SCENARIOS[name](Cast(**cast))


def states(events):
    return [event["state"] for event in events]


def hangup(events):
    return next(event for event in events if event["state"] == "HANGUP")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_same_cast_gives_the_same_bytes(name):
    assert json.dumps(play(name)) == json.dumps(play(name))


@pytest.mark.parametrize("name", CALLS)
def test_every_event_of_a_call_has_its_one_uuid_and_a_numeric_time(name):
    events = play(name)
    assert {event["uuid"] for event in events} == {UUID}
    assert all(isinstance(event["time"], int) for event in events)
    assert all(isinstance(event.get("duration", ""), str) for event in events)
    assert {event["direction"] for event in events} <= {"incoming", "external"}


@pytest.mark.parametrize("name", CALLS)
def test_callstatus_never_comes_with_anything_but_an_answered_hangup(name):
    assert all(event["state"] == "HANGUP" for event in play(name) if "callstatus" in event)


@pytest.mark.parametrize("name", [name for name in CALLS if name != "shuffled"])
def test_time_never_runs_back(name):
    times = [event["time"] for event in play(name)]
    assert times == sorted(times)


def test_an_answered_call_says_so_at_hangup():
    events = play("answered")
    assert states(events) == ["START", "PREANSWER", "ANSWER", "HANGUP", "END"]
    assert hangup(events) == {
        "uuid": UUID,
        "baseid": events[0]["subid"],
        "subid": events[0]["subid"],
        "state": "HANGUP",
        "direction": "incoming",
        "from": "89160000001",
        "to": "246",
        "userkey": ANNA.key,
        "time": 1565770047,
        "duration": "42",
        "recordUrl": f"https://records.sim.invalid/{UUID}.mp3",
        "callstatus": "ANSWER",
    }


def test_a_missed_call_ends_on_the_firms_own_number():
    events = play("missed")
    assert states(events) == ["START", "PREANSWER", "HANGUP", "END"]
    assert hangup(events)["to"] == "83912000000"
    assert not any("callstatus" in event or "recordUrl" in event for event in events)
    assert events[1]["to"] == "246"


def test_a_transfer_rings_two_telephones_on_legs_of_their_own():
    rung = [event for event in play("transferred") if event["state"] == "PREANSWER"]
    assert [event["userkey"] for event in rung] == [ANNA.key, BORIS.key]
    assert len({event["subid"] for event in rung}) == 2


def test_a_group_rings_everyone_before_anyone_answers():
    assert states(play("group")) == ["START", "PREANSWER", "PREANSWER", "ANSWER", "HANGUP", "END"]


def test_a_lone_subscriber_is_given_a_colleague():
    rung = [event["userkey"] for event in play("group", subscribers=(ANNA,)) if event["state"] == "PREANSWER"]
    assert len(set(rung)) == 2


def test_a_click_begins_with_an_incoming_leg_from_nobody():
    events = play("click_to_call")
    legs = {(event["direction"], event["from"]) for event in events}
    assert ("external", "246") in legs
    assert legs - {("external", "246")} <= {("incoming", "CallAPI"), ("incoming", "0000")}
    assert events[0]["state"] == "PREANSWER"
    assert events[0]["direction"] == "incoming"


def test_both_names_of_nobody_are_met():
    assert {play("click_to_call", seed=seed)[0]["from"] for seed in range(20)} == {"CallAPI", "0000"}


def test_who_left_in_the_menu_rang_nobody():
    events = play("ivr_drop")
    assert states(events) == ["START", "IVR", "HANGUP", "END"]
    assert not any("userkey" in event for event in events)


def test_an_internal_call_has_short_numbers():
    assert all(len(event["from"]) < 7 and len(event["to"]) < 7 for event in play("internal"))


def test_the_old_hook_says_only_who_is_called_by_whom():
    assert play("old_hook") == [{"key": ANNA.key, "number": "89160000001"}]


def test_duplicates_repeat_events_and_lose_none():
    events, once = play("duplicates"), play("answered")
    assert [event for event in once if event not in events] == []
    assert all(1 <= events.count(event) <= 3 for event in once)
    assert len(events) > len(once)


def test_shuffled_events_are_the_transferred_ones_in_another_order():
    mixed, straight = play("shuffled"), play("transferred")
    assert mixed != straight
    assert sorted(map(json.dumps, mixed)) == sorted(map(json.dumps, straight))


def test_the_utm_marks_come_while_the_telephone_rings():
    marked = [event["state"] for event in play("answered", utm="src=ya;cmp=brand") if "utmString" in event]
    assert marked == ["START", "PREANSWER"]
