"""The employee's own leg of a click rings a telephone, and never shows a card to anybody."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.core.calls import CLICK_LEGS, CallEvent, CallState, Subscriber
from bridge.core.delivery import Purpose
from bridge.core.ports import HookRequest, Vocabulary
from bridge.onec.mailbox import MailboxContract
from bridge.onec.popups import is_popup
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls
from bridge.sim.scenarios import SCENARIOS, Cast
from bridge.vpbx.mobilon.hook import MobilonHook
from bridge.wire import Wire

CALLS = Path(__file__).parents[1] / "wire" / "mobilon" / "calls"
PEOPLE = (
    Subscriber(name="Анна", key="k0000000000000aa", extension="246"),
    Subscriber(name="Борис", key="k0000000000000bb", extension="247"),
)
PLAYS = {
    f"{name}-{seed}": scenario(Cast(subscribers=PEOPLE, uuid="u1", time_s=1565770000, seed=seed))
    for name, scenario in SCENARIOS.items()
    if name != "old_hook"
    for seed in range(4)
}
RECORDED = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))["events"] for path in CALLS.glob("*.json")
}
EVERYTHING = PLAYS | RECORDED
TRANSPORT = OnecTransport(url="http://127.0.0.1:9/", namespace="n", user="", password="", wire=Wire())
CONTRACTS: dict[str, Vocabulary] = {
    "vats": Vats(TRANSPORT),
    "vatscalls": VatsCalls(TRANSPORT),
    "mailbox": MailboxContract(),
}
# of each play: who gets a card
CARDS = {
    "answered": ["246"],
    "missed": ["246"],
    "transferred": ["246", "247"],
    "group": ["246", "247"],
    "group_missed": ["246", "247"],
    "forwarded": ["246", "247"],
    "forwarded_missed": ["246", "247"],
    "transfer_missed": ["246", "247"],
    "click_to_call": [],
    "click_unanswered": [],
    "outgoing": [],
    "outgoing_unanswered": [],
    "ivr_drop": [],
    "internal": [],
    "shuffled": ["246", "247"],
}


def heard(event: dict[str, Any]) -> CallEvent:
    body = json.dumps(event).encode()
    return MobilonHook("main").read(HookRequest(method="POST", query="", media="application/json", body=body))


def popups(contract: str, events: list[dict[str, Any]]) -> list[CallEvent]:
    told = [(event, CONTRACTS[contract].tell_about(event)) for event in map(heard, events)]
    return [event for event, telling in told if telling and telling.purpose is Purpose.POPUP]


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("name", EVERYTHING)
def test_a_leg_of_a_click_is_no_popup_in_any_contract(contract: str, name: str) -> None:
    for event in popups(contract, EVERYTHING[name]):
        assert event.from_number not in {"CallAPI", "0000"}
        assert len(event.from_number) >= 7 or not event.from_number.isdigit()


@pytest.mark.parametrize("contract", CONTRACTS)
@pytest.mark.parametrize("scenario", CARDS)
def test_whom_a_call_shows_a_card(contract: str, scenario: str) -> None:
    for seed in range(4):
        assert (
            sorted(one.to_number for one in popups(contract, PLAYS[f"{scenario}-{seed}"])) == CARDS[scenario]
        )


def test_every_play_is_looked_at_and_there_are_clicks_in_both_words() -> None:
    assert set(CARDS) == set(SCENARIOS) - {"old_hook", "duplicates"}
    from_words = {event["from"].lower() for events in EVERYTHING.values() for event in events}
    assert from_words >= CLICK_LEGS


@pytest.mark.parametrize("word", ["CallAPI", "0000", " CallAPI ", "callapi"])
@pytest.mark.parametrize("direction", ["incoming", "", "external"])
def test_however_the_leg_is_spelled(word: str, direction: str) -> None:
    event = heard(
        {"uuid": "u1", "state": "PREANSWER", "direction": direction, "from": word, "to": "246", "time": 1}
    )
    assert event.state is CallState.PREANSWER
    assert not is_popup(event)
