"""What 1C is told of calls, where the exchange and our own events speak of the same ones."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bridge.core.calls import Direction, Subscriber
from bridge.core.errors import JournalRefused, UnknownRecord
from bridge.core.folded import RINGING_S, TALKING_S, CallStatus
from bridge.core.past_calls import DialledCall, JournalCall, JournalDay
from bridge.core.ports import HookRequest, StoredEvent
from bridge.flows.call_info import call_info
from bridge.flows.call_journal import Day, call_journal
from bridge.flows.call_view import CallView, Scope
from bridge.sim.scenarios import SCENARIOS, Cast
from bridge.vpbx.mobilon.hook import MobilonHook

ANNA = Subscriber(name="Анна", key="k0000000000000aa", extension="246")
BORIS = Subscriber(name="Борис", key="k0000000000000bb", extension="247")
DAY = Day(text="2019-08-14", since_s=1565730000.0, until_s=1565816400.0)
BEGAN = 1565770000
OVER_S = BEGAN + 1e6
CLIENT, DID = "89160000001", "83912000000"


@dataclass
class Events:
    """What the hook told."""

    told: list[StoredEvent] = field(default_factory=list)
    click: DialledCall | None = None
    whole: bool = False
    asked_whole: list[float] = field(default_factory=list)

    def play(self, scenario: str, *, count: int | None = None, at_s: int = BEGAN, **cast: Any) -> None:
        facts = {"subscribers": (ANNA, BORIS), "uuid": "u1", "time_s": at_s, "seed": 7} | cast
        for event in SCENARIOS[scenario](Cast(**facts))[:count]:
            body = json.dumps(event).encode()
            read = MobilonHook("main").read(
                HookRequest(method="POST", query="", media="application/json", body=body)
            )
            self.told.append(StoredEvent(id=len(self.told) + 1, event=read, received_at=BEGAN + 1.0))

    def of_call(self, exchange: str, call_id: str) -> Sequence[StoredEvent]:
        return [one for one in self.told if (one.event.exchange, one.event.call_id) == (exchange, call_id)]

    def of_span(self, exchange: str, *, since_s: float, until_s: float) -> Sequence[StoredEvent]:
        times = {one.event.call_id for one in self.told if since_s <= (one.event.time_s or 0) < until_s}
        return [one for one in self.told if one.event.call_id in times and one.event.exchange == exchange]

    def dialled(self, infobase: str, call_id: str) -> DialledCall | None:
        return self.click if (infobase, call_id) == ("buh", "click.1") else None

    def whole_day(self, exchange: str, day: str, *, after_s: float) -> bool:
        self.asked_whole.append(after_s)
        return self.whole and (exchange, day) == ("main", DAY.text)


@dataclass
class Exchange:
    """What the exchange knows; None: it refuses."""

    known: list[JournalCall] | None = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    unreadable: int = 0

    def call(self, call_id: str) -> JournalCall | None:
        self.asked.append(call_id)
        if self.known is None:
            raise JournalRefused("АТС не ответила")
        return next((one for one in self.known if one.call_id == call_id), None)

    def calls(self, day: str) -> JournalDay:
        self.asked.append(day)
        if self.known is None:
            raise JournalRefused("АТС не ответила")
        return JournalDay(calls=self.known, unreadable=self.unreadable)


def record(call_id: str = "u1", **changes: Any) -> JournalCall:
    facts = {
        "call_id": call_id,
        "started_s": BEGAN,
        "duration_s": 42,
        "direction": Direction.INCOMING,
        "from_number": CLIENT,
        "to_number": DID,
        "answered": True,
        "raw": b"{}",
        "raw_media": "application/json",
        "has_record": True,
        "fields": {"callid": call_id, "has_record": "1"},
    } | changes
    return JournalCall(**facts)  # type: ignore[arg-type]


def find(handle: str) -> Subscriber | None:
    return next((one for one in (ANNA, BORIS) if one.answers_to(handle)), None)


SCOPE = Scope(infobase="buh", exchange="main", find=find)


def info(
    events: Events,
    exchange: Exchange | None = None,
    *,
    call_id: str = "u1",
    handle: str = "",
    now_s: float = OVER_S,
    scope: Scope = SCOPE,
) -> CallView:
    return call_info(handle, call_id, scope=scope, events=events, exchange=exchange, now_s=now_s)


def listed(
    events: Events, exchange: Exchange | None = None, *, handle: str = "", now_s: float = OVER_S, **more: Any
) -> list[CallView]:
    facts: dict[str, Any] = {
        "scope": SCOPE,
        "whole_after_s": DAY.until_s + 600,
        "kept_since_s": 0.0,
        "unreadable": lambda _: None,
    }
    return call_journal(handle, DAY, events=events, exchange=exchange, now_s=now_s, **facts | more)


@pytest.fixture
def events() -> Events:
    return Events()


# --- a call that goes on ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("heard", "told", "soon", "late"),
    [
        (2, {"answered": False, "duration_s": 0}, "RINGING", "MISSED"),
        (2, {"answered": True, "duration_s": 0}, "RINGING", "ANSWERED"),
        (2, {"answered": True, "duration_s": 9}, "ANSWERED", "ANSWERED"),
        (3, {"answered": False, "duration_s": 0}, "TALKING", "ANSWERED"),
        (3, {"answered": True, "duration_s": 0}, "TALKING", "ANSWERED"),
        (3, {"answered": True, "duration_s": 9}, "ANSWERED", "ANSWERED"),
        (3, None, "TALKING", "UNKNOWN"),
        (2, None, "RINGING", "UNKNOWN"),
    ],
)
def test_what_the_exchange_says_too_early_ends_no_call(
    events: Events, heard: int, told: dict[str, Any] | None, soon: str, late: str
) -> None:
    events.play("answered", count=heard)
    known = [] if told is None else [record(**told)]
    patience_s = {2: RINGING_S, 3: TALKING_S}[heard]
    last_s = BEGAN + {2: 1, 3: 5}[heard]
    assert info(events, Exchange(known), now_s=last_s + patience_s).status == soon
    assert info(events, Exchange(known), now_s=last_s + patience_s + 1).status == late


def test_a_call_whose_end_was_heard_asks_nobody(events: Events) -> None:
    events.play("answered")
    exchange = Exchange(None)
    assert info(events, exchange).status is CallStatus.ANSWERED
    assert exchange.asked == []


def test_the_exchange_is_asked_by_two_names_at_most(events: Events) -> None:
    events.play("transferred", count=3)
    exchange = Exchange()
    assert info(events, exchange, now_s=OVER_S).status is CallStatus.UNKNOWN
    assert exchange.asked == ["u1", str(events.told[0].event.fields["baseid"])]


def test_what_is_half_known_is_told_when_the_exchange_is_silent(events: Events) -> None:
    events.play("answered", count=2)
    view = info(events, Exchange(None))
    assert (view.status, view.from_number, view.started_s) == (CallStatus.UNKNOWN, CLIENT, BEGAN)
    with pytest.raises(JournalRefused):
        info(events, Exchange(None), call_id="u2")


# --- a call of others ---------------------------------------------------------------------------
PEOPLE = replace(SCOPE, people=(BORIS,))
NUMBERS = replace(SCOPE, called=frozenset({"3912000001"}))


@pytest.mark.parametrize(("scope", "handle"), [(PEOPLE, ""), (NUMBERS, ""), (SCOPE, "247")])
@pytest.mark.parametrize("scenario", ["answered", "missed", "outgoing", "click_to_call", "ivr_drop"])
def test_a_call_of_others_is_like_none(events: Events, scope: Scope, handle: str, scenario: str) -> None:
    events.play(scenario)
    for exchange in (Exchange(), Exchange([record()]), None):
        assert info(events, exchange, scope=scope, handle=handle) == CallView(call_id="u1")
        if exchange is not None:
            assert exchange.asked[0] == "u1", "asking nobody would be a sign"
        assert listed(events, Exchange([record()]), scope=scope, handle=handle) == []
    with pytest.raises(JournalRefused):
        info(events, Exchange(None), scope=scope, handle=handle)


@pytest.mark.parametrize(
    ("scope", "scenario"),
    [(PEOPLE, "transferred"), (PEOPLE, "group"), (PEOPLE, "internal"),
     (replace(SCOPE, called=frozenset({"3912000000"})), "ivr_drop")],
)  # fmt: skip
def test_a_call_that_concerns_an_infobase_is_told_to_it(events: Events, scope: Scope, scenario: str) -> None:
    events.play(scenario)
    assert info(events, scope=scope).from_number
    assert [one.call_id for one in listed(events, scope=scope)] == ["u1"]


def test_the_journals_own_call_is_shown_by_the_numbers_in_it(events: Events) -> None:
    theirs = replace(SCOPE, called=frozenset({"3912000000"}))
    exchange = Exchange(
        [record("1.1"), record("2.2", to_number="247"), record("3.3", to_number="83912000009")]
    )
    assert [one.call_id for one in listed(events, exchange, scope=theirs)] == ["1.1"]
    assert [one.call_id for one in listed(events, exchange, scope=PEOPLE)] == ["2.2"]
    assert [one.call_id for one in listed(events, exchange, handle="247")] == ["2.2"]
    assert info(events, exchange, call_id="3.3", scope=theirs) == CallView(call_id="3.3")


# --- clicks -------------------------------------------------------------------------------------
def test_a_click_of_another_person_or_number_is_not_taken_for_this_one(events: Events) -> None:
    events.click = DialledCall(subscriber=ANNA.key, number="79160000001", begun_at=BEGAN + 2.0)
    events.play("click_to_call", uuid="other-number", caller="89160000009")
    events.play("click_to_call", uuid="other-person", subscribers=(BORIS, ANNA))
    events.play("answered", uuid="from-the-same-client")
    events.play("click_to_call", uuid="too-late", at_s=BEGAN + 100)
    view = info(events, call_id="click.1")
    assert (view.status, view.from_number, view.to_number) == (CallStatus.UNKNOWN, "246", "89160000001")
    events.play("click_to_call", uuid="this", at_s=BEGAN + 4)
    view = info(events, call_id="click.1")
    assert (view.call_id, view.status, view.recording) == ("click.1", CallStatus.ANSWERED, "this")


@pytest.mark.parametrize(("number", "shown"), [("79160000001", "89160000001"), ("247", "247"), ("x", "x")])
def test_a_click_without_a_word_is_told_as_it_began(events: Events, number: str, shown: str) -> None:
    events.click = DialledCall(subscriber="246", number=number, begun_at=BEGAN)
    assert info(events, Exchange(None), call_id="click.1").to_number == shown
    assert info(events, call_id="click.1", handle="247") == CallView(call_id="click.1")


@pytest.mark.parametrize("heard", [slice(0, 2), slice(3, 5)], ids=["beginning", "end"])
def test_a_call_under_a_name_of_the_exchanges_own_is_recognised(events: Events, heard: slice) -> None:
    events.play("missed", uuid="u0", at_s=BEGAN - 500)
    events.play("answered")
    events.told = [*events.told[:4], *events.told[4:][heard]]
    long = record("7.7", duration_s=47)
    view = info(events, Exchange([long]), call_id="7.7", handle="246")
    assert (view.call_id, view.status, view.recording) == ("7.7", CallStatus.ANSWERED, "u1")
    assert info(events, Exchange([long]), call_id="7.7", handle="247") == CallView(call_id="7.7")


# --- a day --------------------------------------------------------------------------------------
def test_legs_of_one_call_are_one_call(events: Events) -> None:
    events.play("transferred", count=3)
    baseid, subid = (str(events.told[-1].event.fields[name]) for name in ("baseid", "subid"))
    legs = [
        record(baseid, duration_s=30, has_record=False, fields={}),
        record(subid, started_s=BEGAN + 30, duration_s=60, has_record=False, fields={}),
        record("u1", duration_s=5),
    ]
    (view,) = listed(events, Exchange(legs))
    assert (view.call_id, view.status, view.duration_s, view.recording) == ("u1", "ANSWERED", 60, "u1")


def test_a_call_at_midnight_is_of_one_day_whatever_the_clocks_say(events: Events) -> None:
    midnight = int(DAY.until_s)
    events.play("answered", uuid="before", at_s=midnight - 1)
    events.play("answered", uuid="after", at_s=midnight + 1, caller="89160000002")
    told = [
        record("1.1", started_s=midnight + 2),
        record("2.2", started_s=midnight - 2, from_number="89160000002"),
    ]
    assert [one.call_id for one in listed(events, Exchange(told))] == ["before"]
    next_day = Day(text="2019-08-15", since_s=DAY.until_s, until_s=DAY.until_s + 86400)
    views = call_journal(
        "", next_day, scope=SCOPE, events=events, exchange=Exchange(told), now_s=OVER_S,
        whole_after_s=0.0, kept_since_s=0.0, unreadable=lambda _: None,
    )  # fmt: skip
    assert [one.call_id for one in views] == ["after"]


def test_a_healed_day_is_not_asked_for_unless_it_may_be_forgotten(events: Events) -> None:
    events.play("answered")
    events.whole, exchange = True, Exchange(None)
    assert len(listed(events, exchange)) == 1
    assert exchange.asked == []
    assert events.asked_whole == [DAY.until_s + 600]
    with pytest.raises(JournalRefused):
        listed(events, exchange, kept_since_s=DAY.since_s + 1)


def test_records_that_cannot_be_read_are_counted_and_hide_no_other(events: Events) -> None:
    counted: list[int] = []
    views = listed(events, Exchange([record("1.1")], unreadable=3), unreadable=counted.append)
    assert ([one.call_id for one in views], counted) == (["1.1"], [3])


def test_a_key_of_nobody_has_no_journal(events: Events) -> None:
    exchange = Exchange()
    with pytest.raises(UnknownRecord, match="Абонент не найден"):
        listed(events, exchange, handle="999")
    assert info(events, exchange, handle="999") == CallView(call_id="u1")
    assert exchange.asked == []


def test_a_recording_that_only_the_journal_knows_of_is_offered(events: Events) -> None:
    events.play("missed")
    events.play("answered", uuid="u2", caller="89160000002")
    events.told = [
        replace(
            one,
            event=replace(one.event, fields={k: v for k, v in one.event.fields.items() if k != "recordUrl"}),
        )
        for one in events.told
    ]
    assert [one.recording for one in listed(events)] == ["", ""]
    told = [
        record("u1", has_record=False, fields={"has_record": "0"}),
        record("u2", from_number="89160000002"),
    ]
    assert {one.call_id: one.recording for one in listed(events, Exchange(told))} == {"u1": "", "u2": "u2"}


def test_a_short_answer_of_the_exchange_says_no_more_than_it_does(events: Events) -> None:
    short = record("7.7", started_s=0, from_number="", to_number="", direction=Direction.UNKNOWN)
    view = info(events, Exchange([short]), call_id="7.7")
    assert view == CallView(call_id="7.7", status=CallStatus.ANSWERED, duration_s=42, recording="7.7")
