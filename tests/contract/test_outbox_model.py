"""The store against a model of thirty lines: whatever happens in whatever order, they agree."""

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bridge.core.calls import RANK, CallState
from bridge.core.delivery import DeliveryState, Done, GaveUp, Purpose, RetryIn, Verdict
from bridge.core.ports import Claim
from support.stand import PostgresStand, SqliteStand, journal, popup, said

S = CallState
INFOBASES = ("buh", "sklad")
CALLS = ("c1", "c2")
POPUP_S = 30.0
EVENTS = [
    (call, state, at)
    for call in CALLS
    for state, at in ((S.START, 100), (S.PREANSWER, 101), (S.ANSWER, 105), (S.HANGUP, 160), (S.END, 160))
]
VERDICTS = st.sampled_from(
    [
        Done("1"),
        Done("1"),
        RetryIn(1.0, "нет 1С", counted=False),
        RetryIn(20.0, "сбой", counted=True),
        GaveUp("яд"),
    ]
)


@dataclass
class Planned:
    """A delivery as the model knows it."""

    event: int
    call: str
    position: tuple[int, int, int]
    purpose: Purpose
    final: bool
    expires_at: float
    state: DeliveryState = DeliveryState.QUEUED
    tries: int = 0


@dataclass
class Lane:
    planned: list[Planned] = field(default_factory=list)
    due_at: float = 0.0
    away: bool = False
    held: Planned | None = None

    def waiting(self) -> list[Planned]:
        queued = [one for one in self.planned if one.state is DeliveryState.QUEUED]
        return sorted(queued, key=lambda one: one.position)

    def end(self, one: Planned, state: DeliveryState, now: float) -> None:
        if self.waiting()[0] is one:
            self.due_at, self.away = now, False
        one.state = state

    def sweep(self, now: float) -> Planned | None:
        """The head that may be told, once what is over has ended."""
        while waiting := self.waiting():
            head = waiting[0]
            known = any(one.final and one.state is DeliveryState.DELIVERED for one in self.planned)
            if head.expires_at <= now:
                self.end(head, DeliveryState.EXPIRED, now)
            elif known and head.purpose is Purpose.POPUP:
                self.end(head, DeliveryState.SUPERSEDED, now)
            else:
                return head
        return None


class OutboxAgainstModel(RuleBasedStateMachine):
    stands: type[SqliteStand] | type[PostgresStand] = SqliteStand

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="outbox-model-"))
        (self.folder / "base").mkdir()
        self.stand = self.stands(self.folder / "base")
        self.seen: dict[tuple[Any, ...], int] = {}
        self.repeats: dict[int, int] = {}
        self.lanes: dict[tuple[str, str], Lane] = {}
        self.claims: dict[int, tuple[Claim, Lane]] = {}
        self.crashes = 0

    def teardown(self) -> None:
        self.stand.close()
        shutil.rmtree(self.folder)

    @property
    def now(self) -> float:
        return self.stand.clock.now

    @initialize(events=st.permutations(EVENTS).map(lambda all_of_them: all_of_them[:2]))
    def some_events_come(self, events: list[Any]) -> None:
        for event in events:
            self.come(event)

    @rule(event=st.sampled_from(EVENTS))
    def an_event_comes(self, event: Any) -> None:
        self.come(event)

    def come(self, event: tuple[str, CallState, int]) -> None:
        call, state, at = event
        make = popup if state is S.PREANSWER else journal
        receipt = self.stand.store.accept(
            said(call, state, at), [make(name) for name in INFOBASES], merge_s=5
        )
        if event in self.seen:
            assert receipt.duplicate_of == receipt.event_id == self.seen[event]
            self.repeats[receipt.event_id] += 1
            return
        assert receipt.duplicate_of is None
        self.seen[event] = receipt.event_id
        self.repeats[receipt.event_id] = 0
        for name in INFOBASES:
            lane = self.lanes.setdefault((name, call), Lane())
            position = (at, RANK[state], receipt.event_id)
            waiting = lane.waiting()
            if not waiting:
                lane.due_at, lane.away = self.now, lane.away
            elif position < waiting[0].position:
                lane.due_at = min(lane.due_at, self.now)
            popped = state is S.PREANSWER
            lane.planned.append(
                Planned(
                    event=receipt.event_id,
                    call=call,
                    position=position,
                    purpose=Purpose.POPUP if popped else Purpose.JOURNAL,
                    final=RANK[state] >= RANK[S.HANGUP],
                    expires_at=self.now + (POPUP_S if popped else journal().lifetime_s),
                )
            )

    @rule(name=st.sampled_from(INFOBASES))
    def something_is_claimed(self, name: str) -> None:
        self.are_claimed(name, 1)

    @rule(name=st.sampled_from(INFOBASES), room=st.sampled_from([2, 3, 64]))
    def are_claimed(self, name: str, room: int) -> None:
        claims = self.stand.store.claims(name, room)
        assert len(claims) <= room
        free = {
            call: lane
            for (infobase, call), lane in self.lanes.items()
            if infobase == name and lane.held is None and lane.waiting() and lane.due_at <= self.now
        }
        told = [(claim, free.pop(claim.stored.event.call_id)) for claim in claims]  # KeyError: held, not due
        if len(claims) < room:
            assert [lane.sweep(self.now) for lane in free.values()] == [None] * len(free), "more was due"
        for passed in free.values():  # lanes the store looked at first may have been all over
            if passed.waiting() and self.state_of(name, passed.waiting()[0]) is not DeliveryState.QUEUED:
                assert passed.sweep(self.now) is None
        for claim, lane in told:
            head = lane.sweep(self.now)
            assert head is not None
            assert (head.event, head.tries, head.purpose) == (claim.stored.id, claim.tries, claim.purpose)
            lane.held = head
            self.claims[claim.lane_id] = (claim, lane)

    def state_of(self, infobase: str, one: Planned) -> DeliveryState:
        life = self.stand.archive().life(one.event)
        return next(record.state for record in life.deliveries if record.infobase == infobase)

    @precondition(lambda self: self.claims)
    @rule(which=st.randoms(use_true_random=False), verdict=VERDICTS)
    def an_attempt_ends(self, which: Any, verdict: Verdict) -> None:
        self.ends(which.choice(sorted(self.claims)), verdict)

    def ends(self, lane_id: int, verdict: Verdict) -> None:
        claim, lane = self.claims.pop(lane_id)
        self.stand.store.settle(claim, verdict)
        held, lane.held = lane.held, None
        assert held is not None
        match verdict:
            case Done():
                lane.end(held, DeliveryState.DELIVERED, self.now)
            case GaveUp():
                lane.end(held, DeliveryState.DEAD, self.now)
            case RetryIn(wait_s, _, counted):
                held.tries += counted
                if lane.waiting()[0] is held:
                    lane.due_at, lane.away = self.now + wait_s, not counted

    @rule(name=st.sampled_from(INFOBASES), event=st.sampled_from(EVENTS), verdict=VERDICTS)
    def an_event_comes_during_an_attempt(self, name: str, event: Any, verdict: Verdict) -> None:
        before = set(self.claims)
        self.something_is_claimed(name)
        self.come(event)
        for lane_id in set(self.claims) - before:
            self.ends(lane_id, verdict)

    @rule(seconds=st.sampled_from([0.5, 1.0, 7.0, 20.0, 31.0]))
    def time_passes(self, seconds: float) -> None:
        self.stand.clock.advance(seconds)

    @rule()
    def what_outlived_itself_expires(self) -> None:
        ended = 0
        for lane in self.lanes.values():
            for one in lane.waiting():
                if one.expires_at <= self.now and one is not lane.held:
                    lane.end(one, DeliveryState.EXPIRED, self.now)
                    ended += 1
        assert self.stand.store.expire() == ended

    @rule(name=st.sampled_from(INFOBASES))
    def an_infobase_is_back(self, name: str) -> None:
        woken = self.stand.store.hasten(name)
        waiting = [
            lane
            for (infobase, _), lane in self.lanes.items()
            if infobase == name and lane.waiting() and lane.due_at > self.now and lane.away
        ]
        assert woken == len(waiting)
        for lane in waiting:
            lane.due_at, lane.away = self.now, False

    @precondition(lambda self: self.crashes < 2)
    @rule()
    def the_bridge_is_killed_and_started(self) -> None:
        self.crashes += 1
        self.stand.crash()
        self.claims.clear()
        for lane in self.lanes.values():
            lane.held = None

    @rule(name=st.sampled_from(INFOBASES))
    def the_poison_is_given_up_at_the_second_attempt(self, name: str) -> None:
        for verdict in (RetryIn(1.0, "сбой", counted=True), GaveUp("яд")):
            before = set(self.claims)
            self.something_is_claimed(name)
            for lane_id in set(self.claims) - before:
                self.ends(lane_id, verdict)
            self.stand.clock.advance(1.0)

    @rule(state=st.sampled_from([DeliveryState.DEAD, DeliveryState.EXPIRED]))
    def a_person_replays(self, state: DeliveryState) -> None:
        found = [
            (record.id, record, stored) for record, stored in self.stand.archive().deliveries(state=state)
        ]
        if not found:
            return
        _, record, stored = found[0]
        lifetimes = {(name, "popup"): POPUP_S for name in INFOBASES}
        assert self.stand.archive().replay(delivery_ids=[record.id], lifetimes=lifetimes) == 1
        lane = self.lanes[record.infobase, stored.event.call_id]
        one = next(one for one in lane.planned if one.event == stored.id)
        one.state, one.tries = DeliveryState.QUEUED, 0
        lifetime_s = POPUP_S if one.purpose is Purpose.POPUP else 24 * 3600.0
        one.expires_at = self.now + lifetime_s
        if lane.waiting()[0] is one:
            lane.due_at, lane.away = self.now, False

    @invariant()
    def every_delivery_is_where_the_model_has_it(self) -> None:
        found = {
            (record.infobase, record.event_id): record.state
            for record, _ in self.stand.archive().deliveries(limit=1000)
        }
        expected = {
            (name, one.event): one.state for (name, _), lane in self.lanes.items() for one in lane.planned
        }
        assert found == expected

    @invariant()
    def the_next_moment_is_the_models(self) -> None:
        for name in INFOBASES:
            waits = [
                max(0.0, lane.due_at - self.now)
                for (infobase, _), lane in self.lanes.items()
                if infobase == name and lane.waiting() and lane.held is None
            ]
            assert self.stand.store.due_in(name) == (min(waits) if waits else None)


OutboxAgainstModel.TestCase.settings = settings(
    max_examples=80,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TestOutboxAgainstModel = OutboxAgainstModel.TestCase


class PostgresOutboxAgainstModel(OutboxAgainstModel):
    stands = PostgresStand


PostgresOutboxAgainstModel.TestCase.settings = settings(OutboxAgainstModel.TestCase.settings, max_examples=20)
TestPostgresOutboxAgainstModel = PostgresOutboxAgainstModel.TestCase
