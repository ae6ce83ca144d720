"""1C is told: order, patience and gentleness of the delivering half, on real sockets."""

import json
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from bridge.cli import main
from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Delivered, DeliveryState, Outcome, Purpose, Verdict
from bridge.core.errors import ClaimLost, StoreUnavailable
from bridge.core.ports import Claim, StoredEvent, Telling
from bridge.observe import Figures
from bridge.pace import Target
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.sqlite import SqliteStore
from bridge.worker import Worker
from support.hooks import STATES, call_events, post_all, shuffled_a_little
from support.onecserver import OnecServer, http
from support.rawserver import closed_port_url
from support.stand import journal, refusing, said, slow
from support.world import HOOK_SECRET, World, eventually, world


def told(onec: FakeOnec) -> list[tuple[str, str]]:
    events = [json.loads(one.parameters["Data"]) for one in onec.received]
    return [(event["uuid"], event["state"]) for event in events]


def infobase(url: str, **changes: Any) -> dict[str, Any]:
    return {
        "exchange": "main",
        "contract": "vatscalls",
        "url": f"{url}/ws/VATScalls",
        "probe_s": 0.2,
        "timeout_s": 3,
        **changes,
    }


def in_state(here: World, state: DeliveryState, base: str = "") -> int:
    return len(here.archive().deliveries(state=state, infobase=base, limit=10_000))


def command(here: World, *words: str) -> str:
    settings = here.database.with_name("bridge.toml")
    settings.write_text(
        f'[server]\ndatabase = "{here.database.name}"\n[exchange.main]\nhook_secret = "{HOOK_SECRET}"\n'
        '[infobase.buh]\nexchange = "main"\n',
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, [*words[:2], "-c", str(settings), *words[2:]])
    assert result.exit_code == 0, result.output
    return result.output


@contextmanager
def hanging() -> Iterator[str]:
    """The address of a 1C that takes connections and never answers."""
    onec = FakeOnec()
    onec.set_mode("hang")
    with Loopback(onec, threads=32) as server:
        yield server.url
        onec.set_mode("ok")


# --- order and recovery -------------------------------------------------------------------------
def test_a_call_is_told_in_its_order_however_its_hooks_came_while_1c_was_off(tmp_path: Path) -> None:
    events = [event for number in range(12) for event in call_events(f"call-{number}")]
    with world(tmp_path) as here:
        here.onec_server.stop()
        assert set(post_all(here.hook, shuffled_a_little(events, random.Random(3), by=20))) == {200}
        here.onec_server.start()
        assert eventually(lambda: len(here.onec.received) >= len(events), within_s=15)
        for number in range(12):
            assert [state for call, state in told(here.onec) if call == f"call-{number}"] == list(STATES)


def test_the_backlog_of_an_outage_goes_out_as_soon_as_1c_is_back(tmp_path: Path) -> None:
    with world(tmp_path) as here, capture_logs() as lines:
        here.onec_server.stop()
        events = [event for number in range(10) for event in call_events(f"call-{number}", ("START",))]
        post_all(here.hook, events)
        assert eventually(lambda: [one for one in lines if one["event"] == "infobase_away"])
        time.sleep(1)
        here.onec_server.start()
        assert eventually(lambda: len(here.onec.received) == 10)
        assert eventually(lambda: [one for one in lines if one["event"] == "infobase_back"])
        assert eventually(lambda: in_state(here, DeliveryState.DELIVERED) == 10)


def test_a_1c_that_took_no_connection_is_told_as_soon_as_it_is_back_whatever_its_pace(tmp_path: Path) -> None:
    with world(tmp_path, probe_s=60) as here, capture_logs() as lines:
        here.onec_server.stop()
        events = [event for number in range(10) for event in call_events(f"call-{number}", ("START",))]
        post_all(here.hook, events)
        assert eventually(lambda: [one for one in lines if one["event"] == "infobase_away"])
        here.onec_server.start()
        assert eventually(lambda: in_state(here, DeliveryState.DELIVERED) == 10)


def test_what_a_frozen_1c_kept_silent_about_goes_out_with_the_rest(tmp_path: Path) -> None:
    with world(tmp_path, probe_s=60, timeout_s=1, concurrency=3) as here, capture_logs() as lines:
        here.onec.set_mode("hang")
        events = [event for number in range(10) for event in call_events(f"call-{number}", ("START",))]
        post_all(here.hook, events)
        assert eventually(lambda: [one for one in lines if one["event"] == "infobase_away"])
        here.onec.set_mode("ok")
        assert eventually(lambda: in_state(here, DeliveryState.DELIVERED) == 10)


# --- one infobase is not another ----------------------------------------------------------------
def test_neither_a_dead_nor_a_hanging_infobase_delays_a_live_one(tmp_path: Path) -> None:
    dead = closed_port_url()

    def bases(live: str) -> Mapping[str, Any]:
        return {"dead": infobase(dead), "hangs": infobase(slow), "live": infobase(live)}

    with hanging() as slow, world(tmp_path, infobases=bases) as here:
        events = [event for number in range(20) for event in call_events(f"call-{number}")]
        post_all(here.hook, events)
        assert eventually(lambda: len(here.onec.received) == len(events), within_s=2.5), "waited for others"
        assert in_state(here, DeliveryState.QUEUED, "dead") == len(events)
        assert in_state(here, DeliveryState.QUEUED, "hangs") == len(events)


def test_many_hanging_infobases_do_not_use_up_the_threads_of_a_live_one(tmp_path: Path) -> None:
    def bases(live: str) -> Mapping[str, Any]:
        hang = {f"hangs{number}": infobase(slow, timeout_s=4) for number in range(20)}
        return hang | {"live": infobase(live)}

    with hanging() as slow, world(tmp_path, infobases=bases) as here:
        post_all(here.hook, call_events("first", ("START",)))
        assert eventually(lambda: len(here.onec.received) == 1, within_s=2.5), "waited for others"


def test_a_dead_1c_costs_a_probe_per_interval_however_much_waits(tmp_path: Path) -> None:
    with OnecServer(http(500)) as busy:
        url = busy.url.removesuffix("/ws/VATS")
        with world(tmp_path, url=f"{url}/ws/VATScalls", probe_s=0.5) as here:
            began = time.monotonic()
            events = [event for number in range(30) for event in call_events(f"call-{number}", ("START",))]
            post_all(here.hook, events)
            assert eventually(lambda: len(busy.requests) >= 5)
            time.sleep(1)
            probes = (time.monotonic() - began) / (0.5 * 0.8)
            assert len(busy.requests) <= 3 + probes + 1
            assert in_state(here, DeliveryState.QUEUED) == 30


# --- credentials --------------------------------------------------------------------------------
def test_wrong_credentials_stop_the_telling_and_raise_an_alarm(tmp_path: Path) -> None:
    onec = FakeOnec(user="Мост", password="верный-пароль")
    with Loopback(onec) as server, capture_logs() as lines:
        url = f"{server.url}/ws/VATScalls"
        with world(tmp_path, url=url, user="Мост", password="неверный") as here:
            post_all(here.hook, [*call_events("call-1"), *call_events("call-2")])
            assert eventually(lambda: [one for one in lines if one["event"] == "infobase_away"])
            time.sleep(0.7)
            assert onec.received == []
            assert in_state(here, DeliveryState.QUEUED) == 10
            assert in_state(here, DeliveryState.DEAD) == 0
    alarms = [one for one in lines if one["event"] == "infobase_away"]
    assert [(one["log_level"], one["denied"], one["infobase"]) for one in alarms] == [("error", True, "buh")]
    attempts = [one for one in lines if one["event"] == "delivery_postponed"]
    assert len(attempts) == 1, "every wrong login may count towards locking the user"
    assert "неверный" not in json.dumps(lines, ensure_ascii=False, default=str)


def test_a_1c_that_comes_back_with_another_password_raises_an_alarm_too(tmp_path: Path) -> None:
    with world(tmp_path) as here, capture_logs() as lines:
        here.onec.set_mode("html")
        post_all(here.hook, [event for number in range(4) for event in call_events(f"call-{number}")])
        assert eventually(lambda: [one for one in lines if one["event"] == "infobase_away"])
        here.onec.set_mode("unauthorized")
        assert eventually(lambda: [one for one in lines if one.get("denied")])
    away = [one for one in lines if one["event"] == "infobase_away"]
    assert [(one["log_level"], one["denied"]) for one in away] == [("warning", False), ("error", True)]


# --- poison and replay --------------------------------------------------------------------------
def test_a_poison_event_becomes_a_dead_letter_and_nothing_else_stops(tmp_path: Path) -> None:
    with world(tmp_path, attempts=2) as here:
        here.onec.set_mode("fault", fault_if_contains="poison-mark")
        poison, *rest = call_events("call-1")
        post_all(here.hook, [{**poison, "comment": "poison-mark"}, *rest, *call_events("call-2")])
        assert eventually(lambda: len(here.onec.received) == 9, within_s=10)
        assert [state for call, state in told(here.onec) if call == "call-1"] == list(STATES[1:])
        ((record, stored),) = here.archive().deliveries(state=DeliveryState.DEAD)
        assert (stored.event.state.value, record.attempts) == ("START", 2)
        assert record.last_answer

        here.onec.set_mode("ok")
        assert "1 из 1" in command(here, "events", "replay", "--dead")
        assert eventually(lambda: ("call-1", "START") in told(here.onec)), "the running bridge did not notice"
        assert eventually(lambda: in_state(here, DeliveryState.DELIVERED) == 10)
        assert "повторено" in command(here, "events", "show", str(stored.id))


# --- the store away -----------------------------------------------------------------------------
def test_the_hook_is_told_to_come_again_while_the_store_cannot_commit(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        with slow(here.database), ThreadPoolExecutor(8) as posters:
            began = time.monotonic()
            events = [call_events(f"call-{number}", ("START",)) for number in range(8)]
            refused = list(posters.map(lambda event: post_all(here.hook, event), events))
            took_s = time.monotonic() - began
        assert refused == [[503]] * 8
        assert took_s < 20, "each waited for the lock in turn"
        assert here.onec.received == []
        assert [post_all(here.hook, event) for event in events] == [[200]] * 8
        assert eventually(lambda: len(here.onec.received) == 8), "it did not recover by itself"


def test_nothing_more_is_sent_while_the_verdict_cannot_be_written(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.onec.set_mode("slow", seconds=0.5)
        post_all(here.hook, [event for number in range(4) for event in call_events(f"c{number}", ("START",))])
        assert eventually(lambda: len(here.onec.received) == 1)
        with refusing(here.database):
            time.sleep(1.5)
            assert len(here.onec.received) == 1
        here.onec.set_mode("ok")
        assert eventually(lambda: in_state(here, DeliveryState.DELIVERED) == 4)
        assert len(here.onec.received) == 4, "told twice"


# --- stopping -----------------------------------------------------------------------------------
def test_stopping_finishes_the_attempt_under_way(tmp_path: Path) -> None:
    with world(tmp_path, timeout_s=10) as here:
        here.onec.set_mode("slow", seconds=3)  # longer than the drain of the server
        post_all(here.hook, call_events("call-1"))
        assert eventually(lambda: len(here.onec.received) == 1)
    assert len(here.onec.received) == 1, "claimed after the stop"
    assert in_state(here, DeliveryState.DELIVERED) == 1
    assert in_state(here, DeliveryState.QUEUED) == 4


def test_a_bridge_stopped_and_started_goes_on_where_it_was(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.onec_server.stop()
        post_all(here.hook, call_events("call-1"))
    with world(tmp_path) as here:
        assert eventually(lambda: len(here.onec.received) == 5)
        assert [state for _, state in told(here.onec)] == list(STATES)


# --- defects of our own -------------------------------------------------------------------------
class Listener:
    """A contract that keeps what it is told, and breaks at the calls it is asked to break at."""

    def __init__(self, breaks_at: str = "") -> None:
        self.told: list[str] = []
        self._breaks_at = breaks_at

    def tell_about(self, event: CallEvent) -> Telling | None:
        return Telling(operation="Event", purpose=Purpose.JOURNAL)

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        self.told.append(stored.event.call_id)
        if stored.event.call_id == self._breaks_at:
            raise RuntimeError("a defect")
        return Delivered("1")


class DefectiveStore(SqliteStore):
    """Breaks when asked for infobase `bad`, and once at the verdict of the call `unlucky`."""

    def claims(self, infobase: str, room: int) -> Sequence[Claim]:
        if infobase == "bad":
            raise KeyError("a defect")
        return super().claims(infobase, room)

    def settle(self, claim: Claim, verdict: Verdict) -> bool:
        if claim.stored.event.call_id == "unlucky":
            raise KeyError("a defect")
        return super().settle(claim, verdict)


@pytest.fixture
def defective(tmp_path: Path) -> Iterator[tuple[DefectiveStore, Listener]]:
    store, listener = DefectiveStore(tmp_path / "bridge.db"), Listener(breaks_at="breaks")
    targets = {name: Target(contract=listener, attempts=1) for name in ("bad", "buh")}
    worker = Worker(store, targets, figures=Figures())
    worker.start()
    yield store, listener
    worker.stop()
    store.close()


@pytest.mark.parametrize("unfortunate", ["breaks", "unlucky"])
def test_a_defect_of_ours_at_one_event_stops_neither_the_infobase_nor_the_others(
    defective: tuple[DefectiveStore, Listener], unfortunate: str
) -> None:
    store, listener = defective
    with capture_logs() as lines:
        for call in (unfortunate, "c1", "c2"):
            store.accept(said(call), [journal("bad"), journal("buh")], merge_s=5)
        assert eventually(lambda: {"c1", "c2"} <= set(listener.told))
        assert eventually(lambda: [one for one in lines if one["event"] == "delivery_incident"])
        assert eventually(lambda: [one for one in lines if one["event"] == "scheduler_incident"])
    assert listener.told.count(unfortunate) == 1
    assert "scheduler" in {thread.name for thread in threading.enumerate()}


class LockedStore(SqliteStore):
    """A stranger holds the lane of infobase `bad`, and everything that has outlived itself."""

    def claims(self, infobase: str, room: int) -> Sequence[Claim]:
        if infobase == "bad":
            raise StoreUnavailable("a lock")
        return super().claims(infobase, room)

    def expire(self) -> int:
        raise StoreUnavailable("a lock")


def test_an_infobase_whose_lane_is_locked_delays_no_other(tmp_path: Path) -> None:
    store, listener = LockedStore(tmp_path / "bridge.db"), Listener(breaks_at="")
    worker = Worker(store, {name: Target(contract=listener) for name in ("bad", "buh")}, figures=Figures())
    store.accept(said("c1"), [journal("bad"), journal("buh")], merge_s=5)
    worker.start()
    try:
        assert eventually(lambda: listener.told == ["c1"], within_s=10)
    finally:
        worker.stop()
        store.close()


def test_what_comes_between_the_commit_of_a_verdict_and_the_end_of_its_lease_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks in between finds the lane still held, and the verdict says that nothing waits."""
    monkeypatch.setattr("bridge.worker.TICK_S", 60.0)
    monkeypatch.setattr("bridge.pace.TICK_S", 60.0)
    looked = threading.Event()

    class Watched(SqliteStore):
        def due_in(self, infobase: str) -> float | None:
            try:
                return super().due_in(infobase)
            finally:
                looked.set()

    store, listener = Watched(tmp_path / "bridge.db"), Listener()
    worker = Worker(store, {"buh": Target(contract=listener, concurrency=2)}, figures=Figures())
    settled = store._lanes.settled

    def late(infobase: str, lane_id: int) -> None:
        if len(listener.told) == 1:
            store.accept(said("c1", state=CallState.END), [journal()], merge_s=5)
            looked.clear()
            worker.hint("buh")
            assert looked.wait(10)
            time.sleep(0.05)  # until the look has ended
        settled(infobase, lane_id)

    monkeypatch.setattr(store._lanes, "settled", late)
    store.accept(said("c1", state=CallState.START), [journal()], merge_s=5)
    worker.start()
    try:
        assert eventually(lambda: listener.told == ["c1", "c1"], within_s=10)
    finally:
        worker.stop()
        store.close()


def test_a_claim_that_another_replica_took_over_is_dropped_and_the_rest_goes_on(tmp_path: Path) -> None:
    class TakenOver(SqliteStore):
        lost = False

        def settle(self, claim: Claim, verdict: Verdict) -> bool:
            if claim.stored.event.call_id == "c1" and not self.lost:
                self.lost = True
                self._free(claim.infobase, claim.lane_id)
                raise ClaimLost("taken over")
            return super().settle(claim, verdict)

    store, listener = TakenOver(tmp_path / "bridge.db"), Listener(breaks_at="")
    worker = Worker(store, {"buh": Target(contract=listener)}, figures=Figures())
    with capture_logs() as lines:
        store.accept(said("c1"), [journal()], merge_s=5)
        store.accept(said("c2"), [journal()], merge_s=5)
        worker.start()
        try:
            assert eventually(lambda: "c2" in listener.told, within_s=10)
        finally:
            worker.stop()
            store.close()
    assert sorted(listener.told) == ["c1", "c1", "c2"]
    said_of_it = [one["event"] for one in lines if one.get("delivery_id") == 1]
    assert said_of_it == ["claim_lost", "delivered"]


def test_one_session_serves_all_calls_and_its_licence_is_given_back_at_the_end(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.exchange.ring("answered", "89160000001")
        assert eventually(lambda: len(here.onec.received) == 5)
        assert here.onec.sessions == 1
        assert len(here.onec.open_sessions) == 1
        onec = here.onec
        here.bridge.drain()
        assert eventually(lambda: onec.open_sessions == frozenset())
