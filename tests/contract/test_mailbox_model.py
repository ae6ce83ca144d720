"""Readers and their places in the mailbox against a small model: whatever happens, they agree."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bridge.core.calls import CallState, Subscriber
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.ports import Collected, PlannedDelivery
from support.stand import DAY_S, START, PostgresStand, SqliteStand, said

S = CallState
BOX, OTHER = "buh", "sklad"  # two mailboxes; only the first is read
ANNA = Subscriber(name="Иванова Анна", key="k-anna-000000001", extension="101")
PETR = Subscriber(name="Петров Пётр", key="k-petr-000000001", extension="102")
READERS: dict[str, Subscriber | None] = {"all": None, "anna": ANNA, "petr": PETR}
OWNERS = {"a1": ANNA, "a2": ANNA, "p1": PETR, "p2": PETR}
TIMES = {S.START: 100, S.PREANSWER: 101, S.ANSWER: 105, S.END: 160}
EVENTS = [(call, state) for call in OWNERS for state in TIMES]
POPUP_S = 30.0
ABSURD = st.sampled_from([1, 2, 1000, 2**62])  # so far beyond the last number that was given
LIMITS = st.sampled_from([1, 2, 100])


NONE = int(START) - 1  # the number before the first: mailboxes begin with the second of the clock


def written(number: int) -> int:
    """The model counts letters from 1; this is the number that the store gives."""
    return number and number + NONE


def counted(number: int) -> int:
    return number and number - NONE


@dataclass
class Letter:
    """A letter as the model knows it."""

    id: int
    call: str
    state: CallState
    came_at: float
    expires_at: float
    life: DeliveryState = DeliveryState.QUEUED

    @property
    def popup(self) -> bool:
        return self.state is S.PREANSWER

    def is_for(self, reader: Subscriber | None) -> bool:
        return reader in (None, OWNERS[self.call])


@dataclass
class Client:
    """A 1C that keeps to the protocol: it keeps letters and the number to come back with together."""

    last_id: int = 0
    kept: list[int] = field(default_factory=list)


class MailboxAgainstModel(RuleBasedStateMachine):
    make_stand: Callable[[Path], SqliteStand | PostgresStand] = SqliteStand

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="mailbox-model-"))
        (self.folder / "base").mkdir()
        self.stand = type(self).make_stand(self.folder / "base")
        self.letters: list[Letter] = []
        self.seen: set[tuple[str, CallState]] = set()
        self.cursors: dict[str, int] = {}  # of those who were here
        self.began: dict[str, int] = {}  # where each began: with what nobody had taken by then
        self.polled: dict[str, float] = {}
        self.clients = {name: Client() for name in READERS}
        self.crashes = 0

    def teardown(self) -> None:
        try:
            for name in READERS:
                self.everything_for_the_books_reaches(name)
        finally:
            self.stand.close()
            shutil.rmtree(self.folder)

    def everything_for_the_books_reaches(self, name: str) -> None:
        client = self.clients[name]
        while self.keeps(name, limit=2).more:
            pass
        self.keeps(name, limit=100)
        facts = {
            one.id
            for one in self.letters
            if not one.popup and one.is_for(READERS[name]) and one.id > self.began[name]
        }
        assert facts <= set(client.kept), "a letter was lost"

    @property
    def now(self) -> float:
        return self.stand.clock.now

    @property
    def tail(self) -> int:
        return len(self.letters)

    # --- what happens ----------------------------------------------------------------------------
    @initialize(events=st.permutations(EVENTS).map(lambda all_of_them: all_of_them[:3]))
    def some_events_come(self, events: list[Any]) -> None:
        for event in events:
            self.an_event_comes(event)

    @rule(event=st.sampled_from(EVENTS))
    def an_event_comes(self, event: tuple[str, CallState]) -> None:
        call, state = event
        owner = OWNERS[call]
        popup = state is S.PREANSWER
        lifetime_s = POPUP_S if popup else 7 * DAY_S
        plan = [
            PlannedDelivery(
                infobase=name,
                operation="PollEvents",
                purpose=Purpose.POPUP if popup else Purpose.JOURNAL,
                lifetime_s=lifetime_s,
                mail=True,
            )
            for name in (BOX, OTHER)
        ]
        told = said(call, state, TIMES[state], user_key=owner.key, to_number=owner.extension)
        receipt = self.stand.store.accept(told, plan, merge_s=5)
        assert (receipt.duplicate_of is not None) == (event in self.seen)
        if event not in self.seen:
            self.seen.add(event)
            self.letters.append(Letter(self.tail + 1, call, state, self.now, self.now + lifetime_s))

    @rule(name=st.sampled_from(list(READERS)), limit=LIMITS)
    def a_client_polls_and_keeps_the_answer(self, name: str, limit: int) -> None:
        self.keeps(name, limit)

    def keeps(self, name: str, limit: int) -> Collected:
        client = self.clients[name]
        found = self.polls(name, client.last_id, limit)
        client.last_id = found.last_id
        client.kept += [one.id for one in found.letters]
        return found

    @rule(name=st.sampled_from(list(READERS)), limit=LIMITS)
    def an_answer_is_lost(self, name: str, limit: int) -> None:
        after_id = self.clients[name].last_id
        assert self.polls(name, after_id, limit) == self.polls(name, after_id, limit)

    @rule(name=st.sampled_from(list(READERS)), limit=LIMITS)
    def a_client_does_not_know_where_it_was(self, name: str, limit: int) -> None:
        self.polls(name, 0, limit)

    @rule(name=st.sampled_from(list(READERS)), beyond=ABSURD, limit=LIMITS)
    def a_client_knows_of_letters_that_were_never_given(self, name: str, beyond: int, limit: int) -> None:
        self.polls(name, self.tail + beyond, limit)

    @rule(name=st.sampled_from(list(READERS)), back=st.integers(1, 5), limit=LIMITS)
    def a_client_is_restored_from_a_backup(self, name: str, back: int, limit: int) -> None:
        client = self.clients[name]
        for _ in range(2):  # it had everything, and had said so
            self.keeps(name, limit=100)
        client.last_id = max(0, client.last_id - back)
        self.polls(name, client.last_id, limit)

    def polls(self, name: str, after_id: int, limit: int) -> Collected:
        reader = READERS[name]
        start = counted(self.stand.store.acknowledge(BOX, reader, after_id=written(after_id)))
        if name not in self.cursors:
            waiting = [one.id for one in self.letters if one.life is DeliveryState.QUEUED]
            self.cursors[name] = self.began[name] = waiting[0] - 1 if waiting else self.tail
        if 0 < after_id <= self.tail:
            self.cursors[name] = after_id
            for one in self.letters[:after_id]:
                if one.is_for(reader) and one.life is DeliveryState.QUEUED:
                    one.life = self.fate(one, self.polled.get(name, 0.0))
        self.polled[name] = self.now
        assert start == self.cursors[name]
        found = self.reads(BOX, reader, start, limit)
        due = [one for one in self.letters[start:] if one.is_for(reader) and self.worth_giving(one)]
        assert [one.id for one in found.letters] == [one.id for one in due][:limit]
        assert [(one.stored.event.call_id, one.stored.event.state) for one in found.letters] == [
            (one.call, one.state) for one in due
        ][:limit]
        assert len(found.letters) == len([one for one in due if one.id <= found.last_id]), "some were skipped"
        assert start <= found.last_id <= self.tail
        assert found.more == (found.last_id < self.tail)
        return found

    def reads(self, box: str, reader: Subscriber | None, after_id: int, limit: int) -> Collected:
        found = self.stand.store.letters(box, reader, after_id=written(after_id), limit=limit)
        letters = [replace(one, id=counted(one.id)) for one in found.letters]
        return replace(found, letters=letters, last_id=counted(found.last_id))

    def fate(self, one: Letter, polled_at: float) -> DeliveryState:
        """A card that was stale when its reader was last here was not given to him."""
        ended = [end for end in self.letters if (end.call, end.state) == (one.call, S.END)]
        if one.popup and any(end.came_at <= polled_at for end in ended):
            return DeliveryState.SUPERSEDED
        if one.popup and one.expires_at <= polled_at:
            return DeliveryState.EXPIRED
        return DeliveryState.DELIVERED

    def worth_giving(self, one: Letter) -> bool:
        return not one.popup or (one.expires_at > self.now and (one.call, S.END) not in self.seen)

    @rule(seconds=st.sampled_from([1.0, 29.0, 31.0, DAY_S, 8 * DAY_S]))
    def time_passes(self, seconds: float) -> None:
        self.stand.clock.advance(seconds)

    @rule()
    def what_outlived_itself_expires(self) -> None:
        self.stand.store.expire()
        for one in self.letters:
            if one.life is DeliveryState.QUEUED and one.expires_at <= self.now:
                one.life = DeliveryState.EXPIRED

    @rule()
    def the_bridge_is_restarted(self) -> None:
        self.stand.reopen()

    @rule()
    def the_bridge_is_killed(self) -> None:
        if self.crashes < 2:
            self.crashes += 1
            self.stand.crash()

    # --- what must hold --------------------------------------------------------------------------
    @invariant()
    def every_letter_has_a_visible_life(self) -> None:
        lives = {
            (stored.event.call_id, stored.event.state): record.state
            for record, stored in self.stand.archive().deliveries(limit=1000)
            if record.infobase == BOX
        }
        assert lives == {(one.call, one.state): one.life for one in self.letters}

    @invariant()
    def reading_one_mailbox_leaves_the_other_alone(self) -> None:
        found = self.reads(OTHER, None, 0, 100)
        given = [one for one in self.letters if self.worth_giving(one)]
        assert [one.id for one in found.letters] == [one.id for one in given]
        assert found.last_id == self.tail


class PostgresAgainstModel(MailboxAgainstModel):
    make_stand = PostgresStand


BOUNDED = settings(
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MailboxAgainstModel.TestCase.settings = settings(BOUNDED, max_examples=30)
PostgresAgainstModel.TestCase.settings = settings(BOUNDED, max_examples=6)
TestSqliteAgainstModel = MailboxAgainstModel.TestCase
TestPostgresAgainstModel = PostgresAgainstModel.TestCase
