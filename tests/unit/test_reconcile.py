"""The road «what was missed?»: exactly what the hook did not tell is added, once, and never as a card."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Delivered, Outcome, Purpose, Verdict
from bridge.core.errors import JournalRefused, StoreUnavailable
from bridge.core.past_calls import HeardCall, JournalCall, JournalDay
from bridge.core.ports import Accepted, Claim, PlannedDelivery, StoredEvent, Telling
from bridge.core.recognition import clock_shift_s, recognised
from bridge.flows.reconcile import JOURNAL, RECOVERED, Reconciliation, reconcile
from bridge.flows.take_event import Audience
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls, data
from support.stand import said

DAY, BEGAN, HOUR = "2026-11-22", 1_795_330_800, 3600
DID = "83912000000"


def told(call_id: str = "1.1", at: int = 0, lasts: int = 14, **changes: Any) -> JournalCall:
    """A call of the journal that begins `at` seconds into the day."""
    call = JournalCall(
        call_id=call_id,
        started_s=BEGAN + at,
        duration_s=lasts,
        direction=Direction.INCOMING,
        from_number="89160000001",
        to_number=DID,
        answered=True,
        raw=json.dumps({"callid": call_id}).encode(),
        raw_media="application/json",
        fields={"callid": call_id, "status": "ANSWERED"},
    )
    return replace(call, **changes)


@dataclass
class Journal:
    """The exchange's side."""

    calls_: Sequence[JournalCall] = ()
    unreadable: int = 0

    def calls(self, day: str) -> JournalDay:
        assert day == DAY
        return JournalDay(calls=self.calls_, unreadable=self.unreadable)


@dataclass
class Books:
    """The bridge's side: what was accepted, and what it knows of calls from that."""

    events: list[tuple[CallEvent, Sequence[PlannedDelivery]]] = field(default_factory=list)
    room: int = 10_000

    def hear(self, *events: CallEvent) -> None:
        for event in events:
            self.accept(event, [], merge_s=5.0)

    def accept(self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float) -> Accepted:
        for place, (known, _) in enumerate(self.events):
            if event.dedup_key and known.dedup_key == event.dedup_key:
                return Accepted(event_id=place, duplicate_of=place)
        if len(self.events) >= self.room:
            raise StoreUnavailable("диск полон")
        self.events.append((event, plan))
        return Accepted(event_id=len(self.events) - 1)

    def bring(
        self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float
    ) -> Callable[[], Accepted]:
        return lambda: self.accept(event, plan, merge_s=merge_s)

    def heard(self, exchange: str, *, since_s: float, until_s: float) -> list[HeardCall]:
        calls: dict[str, list[CallEvent]] = {}
        for event, _ in self.events:
            assert event.time_s is not None
            if event.exchange == exchange and since_s <= event.time_s <= until_s:
                calls.setdefault(event.call_id, []).append(event)
        return [_heard(call_id, events) for call_id, events in calls.items()]

    @property
    def added(self) -> list[tuple[CallEvent, Sequence[PlannedDelivery]]]:
        return [(event, plan) for event, plan in self.events if event.recovered]

    def note_reconciliation(self, **_: Any) -> None: ...
    def claims(self, infobase: str, room: int) -> Sequence[Claim]: ...
    def settle(self, claim: Claim, verdict: Verdict) -> bool: ...
    def due_in(self, infobase: str) -> float | None: ...
    def rest(self, infobase: str) -> None: ...
    def hasten(self, infobase: str, *, hung: bool = False) -> int:
        return 0

    def expire(self) -> int:
        return 0


def _heard(call_id: str, events: list[CallEvent]) -> HeardCall:
    names = {
        str(one.fields[name]) for one in events for name in ("uuid", "baseid", "subid") if name in one.fields
    }
    return HeardCall(
        call_id=call_id,
        ids=frozenset({call_id} | names),
        numbers=frozenset(number for one in events for number in (one.from_number, one.to_number) if number),
        started_s=min(one.time_s or 0 for one in events),
        finished=any(one.rank >= 4 for one in events),
    )


def hooked(call: JournalCall, state: CallState, uuid: str, late_s: int = 0, **fields: Any) -> CallEvent:
    """What the hook says of a call of the journal, `late_s` after the journal's time of it."""
    over = state in (CallState.HANGUP, CallState.END)
    time_s = call.started_s + late_s + (call.duration_s if over else 0)
    return said(
        uuid,
        state,
        time_s,
        direction=call.direction,
        from_number=call.from_number,
        to_number="101" if state is CallState.PREANSWER else call.to_number,
        fields={"uuid": uuid, **fields},
    )


class Talkative:
    """A contract with a word for everything, and of which everything is a card."""

    def tell_about(self, event: CallEvent) -> Telling | None:
        return Telling(operation="IncomingCall", purpose=Purpose.POPUP)

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        return Delivered("1")


BUH = Audience(infobase="buh", contract=VatsCalls(None))  # type: ignore[arg-type]


def heal(books: Books, *calls: JournalCall, unreadable: int = 0, **changes: Any) -> Reconciliation:
    facts: dict[str, Any] = {"audiences": [BUH], "now_s": BEGAN + 30 * HOUR, "lag_s": 600.0} | changes
    return reconcile(
        DAY,
        exchange="main",
        journal=Journal(calls, unreadable),
        records=books,
        outbox=books,
        **facts,
    )


def test_a_call_that_the_hook_never_told_is_told_in_the_words_of_the_hook() -> None:
    books, call = Books(), told("7.7", at=100, lasts=14)
    assert heal(books, call) == Reconciliation(day=DAY, in_exchange=1, added=1, hints=("buh",))
    ((event, plan),) = books.added
    assert (event.call_id, event.state, event.time_s) == ("7.7", CallState.END, BEGAN + 114)
    assert (event.dedup_key, event.raw, event.raw_media) == ("journal|7.7", call.raw, "application/json")
    assert [(one.infobase, one.purpose, one.operation) for one in plan] == [("buh", Purpose.JOURNAL, "Event")]
    stored = StoredEvent(id=5, event=event, received_at=0.0)
    assert json.loads(data(stored)) == {
        "uuid": "7.7",
        "state": "END",
        "direction": "incoming",
        "from": "89160000001",
        "to": DID,
        "time": BEGAN + 114,
        "duration": "14",
        "callstatus": "ANSWER",
        RECOVERED: True,
        JOURNAL: {"callid": "7.7", "status": "ANSWERED"},
        "bridgeEventId": 5,
    }


def test_a_missed_call_has_no_callstatus() -> None:
    books = Books()
    heal(books, told(answered=False))
    assert "callstatus" not in books.added[0][0].fields


@pytest.mark.parametrize("name", ["uuid", "baseid", "subid"])
def test_a_call_is_recognised_by_any_of_its_ids_however_odd_its_numbers_and_time(name: str) -> None:
    books = Books()
    books.hear(said("u", CallState.END, BEGAN + 3000, fields={"uuid": "u", name: "7.7"}, from_number=""))
    assert heal(books, told("7.7")) == Reconciliation(day=DAY, in_exchange=1, known=1)


def test_legs_that_name_one_heard_call_are_that_call() -> None:
    books = Books()
    books.hear(
        said("u", CallState.START, BEGAN, fields={"uuid": "u", "baseid": "7.7", "subid": "7.7"}),
        said("u", CallState.END, BEGAN + 90, fields={"uuid": "u", "baseid": "7.7", "subid": "7.8"}),
    )
    assert heal(books, told("7.7"), told("7.8", at=40)).known == 2


@pytest.mark.parametrize(
    ("from_number", "to_number", "direction", "known"),
    [
        ("89160000001", DID, Direction.INCOMING, True),
        ("+7 (916) 000-00-01", "101", Direction.INCOMING, True),  # `to` is whoever answered
        ("9160000001", "", Direction.INCOMING, True),
        ("89160000002", DID, Direction.INCOMING, False),  # the firm's own number proves nothing
        ("", DID, Direction.INCOMING, False),
        ("89160000001", DID, Direction.UNKNOWN, True),
        (DID, "89160000001", Direction.EXTERNAL, True),
        ("101", "89160000002", Direction.EXTERNAL, False),
        ("102", "101", Direction.INCOMING, False),
    ],
)
def test_without_ids_a_call_is_recognised_by_the_client(
    from_number: str, to_number: str, direction: Direction, known: bool
) -> None:
    books = Books()
    books.hear(said("u", CallState.START, BEGAN + 7), said("u", CallState.END, BEGAN + 21))
    call = told(from_number=from_number, to_number=to_number, direction=direction)
    assert heal(books, call).known == int(known)


@pytest.mark.parametrize(("late_s", "known"), [(60, 1), (-60, 1), (61, 0), (-61, 0)])
def test_without_ids_a_minute_apart_is_another_call(late_s: int, known: int) -> None:
    books = Books()
    call = told(at=HOUR, lasts=0)
    books.hear(hooked(call, CallState.START, "u", late_s), hooked(call, CallState.END, "u", late_s))
    assert heal(books, call).known == known


def test_a_call_whose_beginning_was_not_heard_is_recognised_by_its_end() -> None:
    books, call = Books(), told(lasts=900)
    books.hear(hooked(call, CallState.HANGUP, "u"))
    assert heal(books, call).known == 1


def test_of_two_calls_of_one_client_within_a_minute_one_was_heard() -> None:
    books = Books()
    first, second = told("1.1", at=0, lasts=5), told("1.2", at=40, lasts=5)
    books.hear(hooked(second, CallState.START, "u", 2), hooked(second, CallState.END, "u", 2))
    done = heal(books, first, second)
    assert (done.known, done.added) == (1, 1)
    assert books.added[0][0].call_id == "1.1"


def test_an_id_is_believed_before_a_nearer_time() -> None:
    """The first record alone would take the second one's call."""
    books = Books()
    first, second = told("1.1", at=0, lasts=0), told("1.2", at=30, lasts=0)
    for state in (CallState.START, CallState.END):
        books.hear(hooked(first, state, "u", baseid="1.2"))
    done = heal(books, first, second)
    assert [event.call_id for event, _ in books.added] == ["1.1"]
    assert done.known == 1


def test_hidden_callers_are_recognised_unless_somebody_else_was_heard() -> None:
    books, call = Books(), told(from_number="anonymous")
    books.hear(hooked(call, CallState.START, "u"), hooked(call, CallState.END, "u"))
    assert heal(books, call).known == 1
    stranger = Books()
    named = replace(call, from_number="89160000009")
    stranger.hear(hooked(named, CallState.START, "u"), hooked(named, CallState.END, "u"))
    assert heal(stranger, call).added == 1


def test_a_half_heard_call_gets_its_end_and_stays_one_call() -> None:
    books, call = Books(), told("7.7", lasts=300)
    books.hear(hooked(call, CallState.START, "u-1", 2), hooked(call, CallState.PREANSWER, "u-1", 3))
    assert heal(books, call).added == 1
    ((event, _),) = books.added
    assert (event.call_id, event.fields["uuid"], event.dedup_key) == ("u-1", "u-1", "journal|7.7")
    assert heal(books, call).added == 0


def test_of_several_legs_of_a_half_heard_call_the_last_one_ends_it() -> None:
    books = Books()
    books.hear(said("u", CallState.START, BEGAN, fields={"uuid": "u", "baseid": "7.7", "subid": "7.8"}))
    legs = told("7.7", lasts=40), told("7.8", at=30, lasts=60)
    done = heal(books, *legs)
    assert (done.in_exchange, done.added, done.known) == (2, 1, 1)
    assert books.added[0][0].time_s == BEGAN + 90
    assert heal(books, *legs).added == 0


def test_a_fresh_call_is_left_for_the_next_time() -> None:
    books, call = Books(), told(at=0, lasts=100)
    assert heal(books, call, now_s=BEGAN + 699, lag_s=600) == Reconciliation(
        day=DAY, in_exchange=1, too_fresh=1
    )
    assert books.events == []
    assert heal(books, call, now_s=BEGAN + 700, lag_s=600).added == 1


def test_no_card_is_shown_whatever_a_contract_says() -> None:
    books = Books()
    audiences = [
        Audience(infobase="cards", contract=Talkative()),
        Audience(infobase="vats", contract=Vats(None)),  # type: ignore[arg-type]
        BUH,
    ]
    assert heal(books, told(), audiences=audiences).hints == ("buh",)
    assert [one.infobase for one in books.added[0][1]] == ["buh"]


def test_what_nobody_is_told_is_kept_all_the_same() -> None:
    books = Books()
    assert heal(books, told(), audiences=[]) == Reconciliation(day=DAY, in_exchange=1, added=1)
    assert len(books.added) == 1


def test_records_that_cannot_be_read_are_reported() -> None:
    assert heal(Books(), told(), unreadable=2) == Reconciliation(
        day=DAY, in_exchange=3, added=1, unreadable=2, hints=("buh",)
    )


def test_a_full_disk_keeps_what_was_added_and_the_next_time_adds_the_rest() -> None:
    books = Books(room=1)
    calls = told("1.1"), told("1.2", at=HOUR)
    with pytest.raises(StoreUnavailable):
        heal(books, *calls)
    books.room = 10
    assert heal(books, *calls).added == 1
    assert heal(books, *calls).added == 0


# --- the clocks ----------------------------------------------------------------------------------
def busy_day(hours: float = 0, *, ids: bool = False) -> tuple[Books, list[JournalCall]]:
    """Twenty calls that the hook told, in a journal whose clock is so many hours ahead."""
    books, calls = Books(), []
    for number in range(20):
        call = told(f"{number}.1", at=number * 700, lasts=50, from_number=f"8916{number:07}")
        named = {"baseid": call.call_id} if ids else {}
        for state in (CallState.START, CallState.END):
            books.hear(hooked(call, state, f"u-{number}", 3, **named))
        calls.append(replace(call, started_s=call.started_s + int(hours * HOUR)))
    return books, calls


@pytest.mark.parametrize("hours", [4, -4, 0.5, 13])
@pytest.mark.parametrize("ids", [True, False])
def test_a_journal_read_in_a_wrong_time_zone_is_refused(hours: float, ids: bool) -> None:
    books, calls = busy_day(hours, ids=ids)
    with pytest.raises(JournalRefused, match=f"на \\{hours:+g} ч: проверьте timezone"):
        heal(books, *calls)
    assert books.added == []


def test_in_the_right_zone_all_are_known() -> None:
    books, calls = busy_day()
    assert heal(books, *calls).known == 20


def test_a_client_who_calls_every_half_hour_is_no_wrong_zone() -> None:
    """A day that the hook lost, after an evening that it told."""
    books = Books()
    for number in range(20):
        evening = told("x", at=-10 * HOUR + number * 1800, lasts=20)
        books.hear(*(hooked(evening, state, f"u-{number}") for state in (CallState.START, CallState.END)))
    calls = [told(f"{number}.1", at=number * 1800, lasts=20) for number in range(8)]
    others = [told(f"{n}.2", at=n * 900, from_number=f"8917{n:07}") for n in range(10)]
    assert heal(books, *calls, *others).added == 18


def test_a_day_of_half_hours_that_was_added_is_known_the_next_time() -> None:
    """Of an added call only its end is known: it must not look like a clock that is wrong."""
    books = Books()
    calls = [told(f"{n}.1", at=n * 2000, lasts=1800, from_number=f"8916{n:07}") for n in range(5)]
    assert heal(books, *calls).added == 5
    assert heal(books, *calls).known == 5


# --- any day -------------------------------------------------------------------------------------
PEOPLE = [
    ("89160000001", DID, Direction.INCOMING),
    ("+79160000002", "101", Direction.INCOMING),
    ("101", "83912000007", Direction.EXTERNAL),
    ("102", "101", Direction.INCOMING),  # internal
    ("", "83912000099", Direction.INCOMING),  # hidden, on a line of its own
]
HOW = ["whole", "whole", "begun", "ended", "lost"]


@dataclass(frozen=True)
class Happened:
    call: JournalCall
    how: str
    uuid: str
    late_s: int
    named: str  # which field of the hook is the journal's `callid`; "" for none

    @property
    def events(self) -> list[CallEvent]:
        states = {
            "whole": (CallState.START, CallState.PREANSWER, CallState.HANGUP, CallState.END),
            "begun": (CallState.START, CallState.PREANSWER),
            "ended": (CallState.END,),
            "lost": (),
        }[self.how]
        uuid = self.call.call_id if self.named == "uuid" else self.uuid
        fields = {self.named: self.call.call_id} if self.named not in ("", "uuid") else {}
        return [hooked(self.call, state, uuid, self.late_s, **fields) for state in states]


@st.composite
def days(draw: st.DrawFn) -> list[Happened]:
    """Calls of several clients; nobody speaks in two calls at once, nor calls again within two minutes."""
    happened: list[Happened] = []
    named = draw(st.sampled_from(["", "uuid", "baseid", "subid"]))
    for caller, called, direction in PEOPLE:
        at = draw(st.integers(0, 900))
        for _ in range(draw(st.integers(0, 5))):
            lasts = draw(st.integers(0, 2000))
            number = len(happened)
            call = told(f"{number}.9", at, lasts, from_number=caller, to_number=called, direction=direction)
            late_s = draw(st.integers(-5, 5))
            happened.append(Happened(call, draw(st.sampled_from(HOW)), f"u-{number}", late_s, named))
            at += lasts + draw(st.integers(140, 4000))
    return draw(st.permutations(happened))


@given(days(), st.randoms(use_true_random=False))
def test_what_is_added_is_exactly_what_was_not_told(happened: list[Happened], chance: Any) -> None:
    books = Books()
    hooks = [event for one in happened for event in one.events]
    chance.shuffle(hooks)
    books.hear(*hooks)
    calls = [one.call for one in happened]
    done = heal(books, *calls)
    missing = {one.call.call_id for one in happened if one.how in ("begun", "lost")}
    assert {event.dedup_key for event, _ in books.added} == {f"journal|{one}" for one in missing}
    assert (done.added, done.known, done.too_fresh) == (len(missing), len(calls) - len(missing), 0)
    ends = [event.call_id for event, _ in books.events if event.state is CallState.END]
    assert len(ends) == len(set(ends)) == len(calls), "each call has one end, under one name"
    before = list(books.events)
    again = heal(books, *calls)
    assert (again.added, again.known) == (0, len(calls))
    assert books.events == before


@given(days())
def test_no_heard_call_is_recognised_by_likeness_twice(happened: list[Happened]) -> None:
    books = Books()
    books.hear(*(event for one in happened for event in one.events))
    calls = [one.call for one in happened] * 2  # the journal says everything twice, under two names
    calls = [replace(call, call_id=f"n{place}") for place, call in enumerate(calls)]
    heard = books.heard("main", since_s=0, until_s=BEGAN + 90 * HOUR)
    found = recognised(calls, heard)
    names = [one.call_id for one in found.values()]
    assert len(names) == len(set(names)) == len(heard)
    assert clock_shift_s(calls, heard) == 0
