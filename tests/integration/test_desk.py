"""1C is told without a thread for each call: kept connections, real sockets, a real store."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.calls import CallState
from bridge.core.delivery import DeliveryState, Verdict
from bridge.core.ports import Calling, Claim, StoredEvent
from bridge.observe import Figures
from bridge.onec.transport import OnecTransport
from bridge.onec.vatscalls import VatsCalls
from bridge.pace import Target
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.archive import Archive
from bridge.store.sqlite import SqliteStore
from bridge.wire import Wire
from bridge.worker import Worker
from support.hooks import call_events
from support.stand import journal, refusing, said
from support.world import eventually

AT_ONCE = 8


class SlowStore(SqliteStore):
    """Writes no verdict before it is let go."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.let_go = threading.Event()
        self.let_go.set()

    def settle(self, claim: Claim, verdict: Verdict) -> bool:
        assert self.let_go.wait(20)
        return super().settle(claim, verdict)

    def settle_all(self, verdicts: Sequence[tuple[Claim, Verdict]]) -> Sequence[bool]:
        assert self.let_go.wait(20)
        return super().settle_all(verdicts)


class Office:
    """A store, a worker and a 1C that hears eight calls at once."""

    def __init__(self, folder: Path, timeout_s: float = 10, at_once: int = AT_ONCE) -> None:
        self.onec = FakeOnec()
        self.path = folder / "bridge.db"
        self.store = SlowStore(self.path)
        self.server = Loopback(self.onec, threads=16).start()
        self.wire = Wire(connect_s=2, total_s=timeout_s, pool_size=2 * AT_ONCE)
        transport = OnecTransport(
            url=f"{self.server.url}/base/ws/VATScalls",
            namespace="http://VATSCalls",
            user="",
            password="",
            wire=self.wire,
        )
        contract = VatsCalls(transport)
        self.begun: list[Calling | None] = []

        def begin(operation: str, stored: StoredEvent) -> Calling | None:
            self.begun.append(contract.begin(operation, stored))
            return self.begun[-1]

        target = Target(contract=contract, begin=begin, concurrency=at_once)
        self.worker = Worker(self.store, {"buh": target}, figures=Figures())
        self.worker.start()

    def say(self, *calls: str, state: CallState = CallState.START, time_s: int = 100) -> None:
        for call in calls:
            fields = call_events(call, (state.value,))[0]
            event = replace(said(call, state=state, time_s=time_s), fields=fields)
            self.store.accept(event, [journal()], merge_s=5)
        self.worker.hint("buh")

    def knows_that_nothing_waits(self) -> bool:
        pace = self.worker._paces["buh"]
        return eventually(lambda: time.monotonic() < pace._look_at)

    def say_at_once(self, *calls: str, state: CallState = CallState.START) -> list[bool]:
        """As the entrance does: told without a look where that can be."""
        told = []
        for call in calls:
            event = replace(said(call, state=state), fields=call_events(call, (state.value,))[0])
            accepted = self.store.accept(event, [journal()], merge_s=5)
            told.append("buh" in self.worker.tell(event, accepted))
            if not told[-1]:
                self.worker.hint("buh")
        return told

    def heard(self) -> list[tuple[str, str]]:
        events = [json.loads(one.parameters["Data"]) for one in self.onec.received]
        return [(event["uuid"], event["state"]) for event in events]

    def delivered(self) -> int:
        return len(Archive(self.path).deliveries(state=DeliveryState.DELIVERED, infobase="", limit=10_000))

    def warm(self) -> None:
        """Eight connections are open, and idle."""
        self.onec.set_mode("slow", seconds=0.3)
        names = [f"warm-{number}" for number in range(AT_ONCE)]
        self.say(*names)
        assert eventually(lambda: self.delivered() == AT_ONCE)
        self.onec.set_mode("ok")
        self.onec.reset()
        self.begun.clear()

    def close(self) -> None:
        self.worker.stop()
        self.server.stop()
        self.wire.close()
        self.store.close()


@pytest.fixture
def open_office(tmp_path: Path) -> Iterator[Callable[..., Office]]:
    offices: list[Office] = []

    def opened(**settings: float) -> Office:
        offices.append(Office(tmp_path, **settings))
        return offices[-1]

    yield opened
    for office in offices:
        office.close()


def test_kept_connections_are_told_without_a_thread_for_each_call(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.warm()
    office.onec.set_mode("slow", seconds=0.2)
    office.say(*[f"c{number}" for number in range(AT_ONCE)])
    assert eventually(lambda: office.delivered() == 2 * AT_ONCE)
    assert len(office.begun) == AT_ONCE
    assert all(office.begun), "a thread waited for 1C"


def test_order_within_a_call_is_kept_while_calls_overtake_each_other(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.warm()
    calls = [f"c{number}" for number in range(12)]
    states = (CallState.START, CallState.ANSWER, CallState.HANGUP, CallState.END)
    for number, state in enumerate(states):
        office.say(*calls, state=state, time_s=100 + number)
    assert eventually(lambda: office.delivered() == AT_ONCE + 48)
    for call in calls:
        assert [state for one, state in office.heard() if one == call] == [state.value for state in states]
    assert len(office.heard()) == 48


def test_one_call_that_1c_keeps_silent_about_delays_no_other_and_is_told_later(
    open_office: Callable[..., Office],
) -> None:
    office = open_office(timeout_s=3)
    office.warm()
    office.onec.set_mode("hang", times=1)
    office.say("hangs")
    assert eventually(lambda: len(office.begun) == 1)
    assert eventually(lambda: office.onec.mode.name == "ok")  # it has met its silence
    office.say(*[f"c{number}" for number in range(30)])
    assert eventually(lambda: office.delivered() == AT_ONCE + 30, within_s=2.5), "waited for the silent one"
    assert eventually(lambda: ("hangs", "START") in office.heard(), within_s=15)
    assert eventually(lambda: office.delivered() == AT_ONCE + 31)


def test_connections_that_1c_has_closed_meanwhile_lose_nothing(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.warm()
    office.server.stop()
    office.server.start()
    calls = [f"c{number}" for number in range(AT_ONCE)]
    office.say(*calls)
    assert eventually(lambda: office.delivered() == 2 * AT_ONCE, within_s=15)
    assert {call for call, _ in office.heard()} == set(calls)


def test_a_forgotten_session_is_asked_for_again_by_the_call_itself(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.warm()
    office.onec.set_mode("session_lost")
    office.say("c1")
    assert eventually(lambda: office.delivered() == AT_ONCE + 1)
    assert office.heard() == [("c1", "START")]


def test_verdicts_that_the_store_refuses_are_written_when_it_takes_them(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    office.warm()
    office.onec.set_mode("slow", seconds=0.5)
    office.say(*[f"c{number}" for number in range(AT_ONCE)])
    assert eventually(lambda: len(office.heard()) == AT_ONCE)
    with refusing(office.path):
        office.onec.set_mode("ok")
        threading.Event().wait(1.5)
        assert len(office.heard()) == AT_ONCE, "told twice, or more was told"
    assert eventually(lambda: office.delivered() == 2 * AT_ONCE)
    assert len(office.heard()) == AT_ONCE


@pytest.mark.parametrize(("at_once", "told"), [(AT_ONCE, 2 * AT_ONCE), (1, 1)])
def test_while_verdicts_are_being_written_several_are_told_on_and_one_at_a_time_is_not(
    open_office: Callable[..., Office], at_once: int, told: int
) -> None:
    office = open_office(at_once=at_once)
    office.store.let_go.clear()
    calls = [f"c{number}" for number in range(4 * AT_ONCE)]
    office.say(*calls)
    assert eventually(lambda: len(office.heard()) == told)
    threading.Event().wait(0.5)
    assert len(office.heard()) == told, "more would be told again after a crash"
    assert office.delivered() == 0
    office.store.let_go.set()
    assert eventually(lambda: office.delivered() == len(calls))
    assert sorted(call for call, _ in office.heard()) == sorted(calls), "told twice"


def test_what_was_just_stored_is_told_at_once_and_once(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.warm()
    calls = [f"c{number}" for number in range(40)]
    for call in calls:
        assert office.knows_that_nothing_waits()
        assert office.say_at_once(call) == [True]
    assert eventually(lambda: office.delivered() == AT_ONCE + len(calls))
    assert sorted(call for call, _ in office.heard()) == sorted(calls), "told twice"


def test_who_has_no_seat_for_it_is_told_later_and_in_its_order(open_office: Callable[..., Office]) -> None:
    office = open_office()
    office.warm()
    office.onec.set_mode("slow", seconds=0.3)
    calls = [f"c{number}" for number in range(AT_ONCE)]
    assert office.knows_that_nothing_waits()
    assert all(office.say_at_once(*calls))
    assert office.say_at_once("late") == [False], "more at once than 1C was said to hear"
    assert office.say_at_once(*calls, state=CallState.END) == [False] * AT_ONCE
    assert eventually(lambda: office.delivered() == 3 * AT_ONCE + 1)
    for call in calls:
        assert [state for one, state in office.heard() if one == call] == ["START", "END"]


def test_without_a_connection_what_was_just_stored_is_told_by_the_crew(
    open_office: Callable[..., Office],
) -> None:
    office = open_office()
    assert office.knows_that_nothing_waits()
    assert office.say_at_once("first") == [True]
    assert eventually(lambda: office.delivered() == 1)
    assert not any(office.begun)


def test_one_at_a_time_is_one_at_a_time(open_office: Callable[..., Office]) -> None:
    office = open_office(at_once=1)
    office.store.let_go.clear()
    assert office.knows_that_nothing_waits()
    assert office.say_at_once("c1", "c2") == [True, False]
    assert eventually(lambda: len(office.heard()) == 1)
    assert office.say_at_once("c3") == [False], "the verdict on c1 is not written"
    office.store.let_go.set()
    assert eventually(lambda: office.delivered() == 3)
    assert [call for call, _ in office.heard()] == ["c1", "c2", "c3"]


def test_a_stop_waits_for_verdicts_that_are_being_written(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.store.let_go.clear()
    office.say(*[f"c{number}" for number in range(AT_ONCE)])
    assert eventually(lambda: len(office.heard()) == AT_ONCE)
    stopping = threading.Thread(target=office.worker.stop, daemon=True)
    stopping.start()
    stopping.join(0.3)
    assert stopping.is_alive()
    office.store.let_go.set()
    stopping.join(20)
    assert not stopping.is_alive()
    assert office.delivered() == AT_ONCE
    office.close()


def test_a_stop_ends_what_is_under_way_and_begins_nothing(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.warm()
    office.onec.set_mode("slow", seconds=1)
    office.say(*[f"c{number}" for number in range(3 * AT_ONCE)])
    assert eventually(lambda: len(office.heard()) == AT_ONCE)
    office.close()
    assert len(office.heard()) == AT_ONCE
    assert office.delivered() == 2 * AT_ONCE
