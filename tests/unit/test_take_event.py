"""The road «a call happens»: what is stored, for whom, and who is woken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Delivered, Outcome, Purpose, Verdict
from bridge.core.errors import BadEvent, StoreUnavailable
from bridge.core.ports import Accepted, Claim, HookRequest, PlannedDelivery, StoredEvent, Telling
from bridge.flows.deliver import deliver
from bridge.flows.take_event import Audience, Taken, take_event
from support.stand import said

REQUEST = HookRequest(method="POST", query="", media="application/json", body=b"{}")

FIRST = Accepted(event_id=7)


@dataclass
class Reader:
    event: CallEvent | None

    def read(self, request: HookRequest) -> CallEvent:
        if self.event is None:
            raise BadEvent("не событие")
        return self.event


@dataclass
class Listener:
    """A contract that hears some states; PREANSWER is a popup."""

    hears: frozenset[CallState]
    told: list[tuple[str, int]] = field(default_factory=list)

    def tell_about(self, event: CallEvent) -> Telling | None:
        if event.state not in self.hears:
            return None
        popped = event.state is CallState.PREANSWER
        return Telling(operation="Event", purpose=Purpose.POPUP if popped else Purpose.JOURNAL)

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        self.told.append((operation, stored.id))
        return Delivered("1")


@dataclass
class Store:
    """An outbox that only accepts."""

    receipt: Accepted | None = FIRST
    accepted: list[tuple[CallEvent, Sequence[PlannedDelivery], float]] = field(default_factory=list)

    def accept(self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float) -> Accepted:
        if self.receipt is None:
            raise StoreUnavailable("диск полон")
        self.accepted.append((event, plan, merge_s))
        return self.receipt

    def bring(
        self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float
    ) -> Callable[[], Accepted]:
        return lambda: self.accept(event, plan, merge_s=merge_s)

    def claims(self, infobase: str, room: int) -> Sequence[Claim]: ...
    def settle(self, claim: Claim, verdict: Verdict) -> bool: ...
    def due_in(self, infobase: str) -> float | None: ...
    def hasten(self, infobase: str, *, hung: bool = False) -> int:
        return 0

    def expire(self) -> int:
        return 0


def take(event: CallEvent | None, store: Store) -> Taken:
    everything = frozenset(CallState)
    audiences = [
        Audience(infobase="buh", contract=Listener(everything), popup_lifetime_s=9),
        Audience(infobase="sklad", contract=Listener(everything - {CallState.START})),
    ]
    return take_event(REQUEST, reader=Reader(event), audiences=audiences, outbox=store, merge_s=5)


def test_an_event_is_stored_for_all_who_hear_it_and_they_are_woken() -> None:
    store = Store()
    taken = take(said(state=CallState.PREANSWER), store)
    ((event, plan, merge_s),) = store.accepted
    assert (event, merge_s) == (said(state=CallState.PREANSWER), 5)
    assert [(one.infobase, one.purpose, one.lifetime_s) for one in plan] == [
        ("buh", Purpose.POPUP, 9),
        ("sklad", Purpose.POPUP, 30),
    ]
    assert (taken.hints, taken.receipt) == (("buh", "sklad"), Accepted(event_id=7))


def test_a_fact_for_the_books_lives_for_days() -> None:
    store = Store()
    take(said(state=CallState.END), store)
    assert [one.lifetime_s for one in store.accepted[0][1]] == [7 * 24 * 3600.0] * 2


def test_an_infobase_that_has_no_word_for_an_event_is_left_alone() -> None:
    assert take(said(state=CallState.START), Store()).hints == ("buh",)


def test_a_duplicate_wakes_nobody() -> None:
    assert take(said(), Store(Accepted(event_id=7, duplicate_of=7))).hints == ()


def test_what_is_no_event_is_not_stored() -> None:
    store = Store()
    with pytest.raises(BadEvent):
        take(None, store)
    assert store.accepted == []


def test_an_event_that_cannot_be_kept_is_not_taken() -> None:
    with pytest.raises(StoreUnavailable):
        take(said(), Store(receipt=None))


def test_one_claim_is_one_call_and_its_verdict() -> None:
    listener = Listener(frozenset(CallState))
    stored = StoredEvent(id=7, event=said(), received_at=1.0)
    claim = Claim(
        lane_id=1,
        delivery_id=2,
        infobase="buh",
        operation="Event",
        purpose=Purpose.JOURNAL,
        tries=0,
        stored=stored,
    )
    attempt = deliver(claim, contract=listener, limit=3, dice=0.5)
    assert listener.told == [("Event", 7)]
    assert attempt.outcome == Delivered("1")
