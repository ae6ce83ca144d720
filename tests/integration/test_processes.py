"""Several processes on one socket and one store: real ones, killed as nobody should be."""

import json
import os
import signal
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from bridge.cli import main
from bridge.core.accounts import Role
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.beside import accounts_at
from bridge.web.console import passwords
from bridge.web.prefork import Tether
from bridge.wiring.processes import TetherBell
from support.hooks import STATES, call_events, post_all
from support.replica import Replica, alive
from support.world import ANNA, LOGIN, PASSWORD, eventually

linux = pytest.mark.skipif(sys.platform != "linux", reason="--workers is for Linux")
FAMILY = {"web-1", "web-2", "worker"}


@dataclass
class Family:
    """A running `serve --workers 2` and its partners."""

    bridge: Replica
    onec: FakeOnec
    exchange: FakeExchange

    def pid(self, child: str) -> int:
        return self.bridge.children()[child]

    def heard(self) -> list[tuple[str, str]]:
        """(call, state) as 1C heard them, the first time each."""
        said = [json.loads(one.parameters["Data"]) for one in self.onec.received]
        return list(dict.fromkeys((one["uuid"], one["state"]) for one in said))

    def has_heard(self, calls: int, within_s: float = 30) -> bool:
        return bool(eventually(lambda: len(self.heard()) == calls * len(STATES), within_s=within_s))

    def in_order(self, call: str) -> bool:
        return [state for name, state in self.heard() if name == call] == list(STATES)

    def forked_again(self, child: str, fallen: int) -> bool:
        return bool(eventually(lambda: alive(pid := self.pid(child)) and pid != fallen, within_s=15))

    def dial(self, number: str) -> requests.Response:
        url = f"{self.bridge.url}/api/call/CallToSubscriber"
        asked = {"key": ANNA.extension, "outboundNumber": number}
        return requests.get(url, params=asked, auth=(LOGIN, PASSWORD), timeout=20)

    def hooks_counted(self) -> float:
        """What /metrics of whichever child says of accepted hooks."""
        text = requests.get(f"{self.bridge.url}/metrics", timeout=10).text
        lines = [line for line in text.splitlines() if line.startswith("bridge_hooks_total{")]
        return sum(float(line.split()[-1]) for line in lines if 'result="200"' in line)


@contextmanager
def family(
    folder: Path, *arguments: str, database: str = "", exchange: dict[str, Any] | None = None, **settings: Any
) -> Iterator[Family]:
    onec, sim = FakeOnec(), FakeExchange((ANNA,))
    sim.options = ExchangeOptions(hooks_after_dial=False, **(exchange or {}))
    with Loopback(sim, threads=32) as exchange_server, Loopback(onec) as onec_server:
        bridge = Replica(folder, arguments=arguments or ("--workers", "2")).configure(
            database=database or str(folder / "bridge.db"),
            exchange_url=exchange_server.url,
            onec_url=onec_server.url,
            **settings,
        )
        with bridge.running():
            yield Family(bridge, onec, sim)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """Whoever connects now is served by another child."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@linux
def test_figures_of_the_killed_are_removed_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setenv("TMPDIR", str(shared))
    foreign = shared / "vpbx-bridge-figures-of-another-version"
    foreign.mkdir()

    def folders() -> set[Path]:
        return set(shared.iterdir()) - {foreign}

    for name in ("one", "two", "three"):
        (tmp_path / name).mkdir()
    with family(tmp_path / "one") as killed:
        (left,) = folders()
        children = [killed.bridge.children()[name] for name in FAMILY]
        killed.bridge.signal(signal.SIGKILL)
        assert eventually(lambda: not any(map(alive, children)), within_s=60)
    assert folders() == {left}
    with family(tmp_path / "two"):
        (used,) = folders()
        assert used != left
        with family(tmp_path / "three") as third:
            assert used in folders()
            assert len(folders()) == 2, "the folder of a bridge that lives is left alone"
            assert third.bridge.stop() == 0
        assert folders() == {used}
    assert foreign.is_dir(), "nobody knows whether it is in use"


@linux
def test_whoever_entered_the_console_by_one_child_is_known_to_the_other(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        assert eventually(lambda: set(here.bridge.children()) == FAMILY)
        with accounts_at(str(tmp_path / "bridge.db")) as accounts:
            accounts.add("operator", Role.OPERATOR, passwords.hashed("a long enough one"))
        console, session = f"{here.bridge.url}/console/", requests.Session()
        session.headers["Connection"] = "close"  # each request may come to another child
        form = session.get(f"{console}login", timeout=10).text
        token = form.partition('name="form_token" value="')[2].partition('"')[0]
        facts = {"form_token": token, "name": "operator", "password": "a long enough one"}
        with frozen(here.pid("web-1")):
            assert session.post(f"{console}login", data=facts, timeout=20).url == console
        with frozen(here.pid("web-2")):
            assert session.get(f"{console}calls", timeout=20).url == f"{console}calls"
            assert "Проверить" in session.get(f"{console}doctor", timeout=20).text


@linux
def test_what_any_child_takes_one_process_tells_in_order_and_soon(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        assert eventually(lambda: set(here.bridge.children()) == FAMILY)
        late_s = []
        for number in range(3):
            for place, event in enumerate(call_events(f"call-{number}")):
                with frozen(here.pid(f"web-{place % 2 + 1}")):  # taken by the other one
                    assert post_all(here.bridge.hook, [event]) == [200]
                posted = time.monotonic()
                want = number * len(STATES) + place + 1
                assert eventually(lambda want=want: len(here.onec.received) == want, within_s=10)
                late_s.append(time.monotonic() - posted)
        assert all(here.in_order(f"call-{number}") for number in range(3))
        print(f"bell: median {statistics.median(late_s) * 1000:.1f} ms, max {max(late_s) * 1000:.1f} ms")  # noqa: T201
        # without the bell the worker, who has just looked, would look again in a second
        assert statistics.median(late_s) < 0.5


@linux
def test_the_parent_has_no_thread_and_the_entrances_have_a_core_each(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        assert eventually(lambda: set(here.bridge.children()) == FAMILY)
        assert len(list(Path(f"/proc/{here.bridge.pid}/task").iterdir())) == 1
        cores = sorted(os.sched_getaffinity(0))
        pinned = [os.sched_getaffinity(here.pid(name)) for name in ("web-1", "web-2")]
        assert pinned == ([{cores[0]}, {cores[1]}] if len(cores) > 1 else [set(cores)] * 2)
        assert os.sched_getaffinity(here.pid("worker")) == set(cores)


@linux
@pytest.mark.parametrize("fallen", ["web-1", "worker"])
def test_a_killed_child_is_forked_again_and_nothing_is_lost(tmp_path: Path, fallen: str) -> None:
    with family(tmp_path) as here:
        calls = 30
        victims = [here.pid(fallen)]

        def kill() -> None:
            time.sleep(0.2)
            os.kill(victims[0], signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        for number in range(calls):
            for event in call_events(f"call-{number}"):
                while not posted(here.bridge.hook, event):  # cut off with its child: the exchange repeats
                    pass
        killer.join()
        assert here.forked_again(fallen, victims[0])
        assert here.has_heard(calls)
        assert all(here.in_order(f"call-{number}") for number in range(calls))
        (death,) = here.bridge.events("child_died")
        assert (death["child"], death["pid"], death["code"]) == (fallen, victims[0], -9)
        assert {name for name in FAMILY if alive(here.pid(name))} == FAMILY


def posted(hook: str, event: dict[str, Any]) -> bool:
    try:
        return requests.post(hook, json=event, timeout=10).status_code == 200
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):  # also after the headers
        return False


@linux
def test_a_child_asked_to_end_is_replaced_at_once(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        first = here.pid("web-1")
        os.kill(first, signal.SIGTERM)
        assert here.forked_again("web-1", first)
        assert [facts["child"] for facts in here.bridge.events("child_ended")] == ["web-1"]
        assert here.bridge.events("child_died") == []


@linux
def test_children_end_when_their_parent_is_killed_and_leave_port_and_file(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        children = list(here.bridge.children().values())
        here.bridge.signal(signal.SIGKILL)
        here.bridge.wait()
        assert eventually(lambda: not any(map(alive, children)), within_s=20)
        here.bridge.start()  # at the same port, on the same file
        assert post_all(here.bridge.hook, call_events("after")) == [200] * len(STATES)
        assert here.has_heard(1)


@linux
def test_a_file_in_use_is_refused_to_another_bridge_even_after_a_child_died(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        worker = here.pid("worker")
        os.kill(worker, signal.SIGKILL)
        assert here.forked_again("worker", worker)
        refused = CliRunner().invoke(main, ["serve", "--config", str(here.bridge.config), "--workers", "2"])
        assert (refused.exit_code, "уже открыл другой мост" in refused.output) == (2, True)


@linux
@pytest.mark.parametrize(
    "ask", [Replica.signal, lambda bridge, number: os.killpg(bridge.pid, number)], ids=["parent", "group"]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_lets_what_is_under_way_finish(
    tmp_path: Path, ask: Callable[[Replica, signal.Signals], None], number: signal.Signals
) -> None:
    with family(tmp_path, exchange={"delay_s": 1.0}) as here, ThreadPoolExecutor(4) as clickers:
        clicks = [clickers.submit(here.dial, f"8923529290{n}") for n in range(4)]
        assert eventually(lambda: len(here.exchange.dials) == 4)
        children = list(here.bridge.children().values())
        ask(here.bridge, number)
        assert [click.result().json()["result"] for click in clicks] == ["SUCCESS"] * 4
        assert here.bridge.wait() == 0
        assert not any(map(alive, children))
        assert len(here.bridge.events("stopped")) == 4


@linux
def test_a_second_signal_ends_everybody_at_once(tmp_path: Path) -> None:
    with family(tmp_path, drain_s=60) as here:
        children = list(here.bridge.children().values())
        here.bridge.signal(signal.SIGTERM)
        assert eventually(lambda: here.bridge.ready() == "draining")
        here.bridge.signal(signal.SIGTERM)
        assert here.bridge.wait(10) == 130
        assert eventually(lambda: not any(map(alive, children)))


@linux
def test_draining_is_said_while_everything_is_still_answered(tmp_path: Path) -> None:
    with family(tmp_path, drain_s=1.5) as here:
        here.bridge.signal(signal.SIGTERM)
        assert eventually(lambda: here.bridge.ready() == "draining")
        answer = requests.post(here.bridge.hook, json=call_events("late")[0], timeout=10)
        assert (answer.status_code, answer.headers["Connection"]) == (200, "close")
        assert here.bridge.wait() == 0
        assert [state for _, state in here.heard()] == ["START"]  # told before the end, by the worker


@linux
def test_figures_are_those_of_all_children_whoever_is_asked_and_outlive_a_child(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        for child in ("web-1", "web-2"):
            with frozen(here.pid(child)):
                post_all(here.bridge.hook, call_events(f"not-{child}"))
        for child in ("web-1", "web-2"):
            with frozen(here.pid(child)):
                assert here.hooks_counted() == 2 * len(STATES)
        fallen = here.pid("web-1")
        os.kill(fallen, signal.SIGKILL)
        assert here.forked_again("web-1", fallen)
        post_all(here.bridge.hook, call_events("third"))
        assert here.hooks_counted() == 3 * len(STATES)


@linux
def test_what_only_the_worker_knows_is_shown_by_any_child(tmp_path: Path) -> None:
    with family(tmp_path) as here:
        here.onec.set_mode("locked")
        post_all(here.bridge.hook, call_events("waiting"))

        def figures() -> str:
            return requests.get(f"{here.bridge.url}/metrics", timeout=10).text

        for line in (
            f'bridge_waiting{{infobase="{LOGIN}"}} 5.0',
            f'bridge_infobase_away{{infobase="{LOGIN}"}} 1.0',
        ):
            assert eventually(lambda line=line: line in figures(), within_s=15), figures()


@linux
def test_one_click_dials_once_whichever_child_hears_it(tmp_path: Path) -> None:
    # threads enough for seven clicks that wait for the first
    with family(tmp_path, exchange={"delay_s": 0.5}, threads=32) as here, ThreadPoolExecutor(8) as clickers:
        answers = list(clickers.map(lambda _: here.dial("89235292926").json()["result"], range(8)))
        assert answers == ["SUCCESS"] * 8
        assert len(here.exchange.dials) == 1


def test_a_bell_without_room_drops_hints_and_never_waits() -> None:
    parent, child = socket.socketpair(*pair())
    with parent, child:
        bell = TetherBell(Tether(child))
        began = time.monotonic()
        for _ in range(20_000):  # nobody reads
            bell.ring([f"infobase-{number}" for number in range(50)])
        assert time.monotonic() - began < 20
    bell.ring(["after the end"])


def test_a_bell_tells_every_name_and_its_tether_the_end() -> None:
    parent, child = socket.socketpair(*pair())
    names = [f"infobase-{number:020}" for number in range(500)]  # more than one message
    heard: list[str] = []
    lost = threading.Event()
    with child:
        tether = Tether(child)
        TetherBell(tether).listen(heard.extend)
        tether.follow(lost.set)
        with parent:
            TetherBell(Tether(parent)).ring(names)
            assert eventually(lambda: len(heard) == len(names))
            assert not lost.is_set()
        assert lost.wait(5)
    assert heard == names


def pair() -> tuple[int, int]:
    if sys.platform != "linux":
        pytest.skip("--workers is for Linux")
    return socket.AF_UNIX, socket.SOCK_SEQPACKET


# --- what is refused -------------------------------------------------------------------------------
def serve(folder: Path, *arguments: str) -> tuple[int, str]:
    there = Replica(folder).configure(
        database=str(folder / "bridge.db"), exchange_url="http://127.0.0.1:9", onec_url="http://127.0.0.1:9"
    )
    here = {"BRIDGE__SERVER__PIN": "false"}  # else all tests after this one would have one core
    ran = CliRunner().invoke(main, ["serve", "--config", str(there.config), *arguments], env=here)
    return ran.exit_code, ran.output


def test_workers_are_refused_where_one_port_is_not_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.cli.serving.sys.platform", "win32")
    code, said = serve(tmp_path, "--workers", "2")
    assert code == 2
    assert "--workers работает только на Linux" in said
    assert "Запустите serve без --workers" in said


@pytest.mark.parametrize("role", ["web", "worker"])
def test_roles_apart_are_refused_on_a_file(tmp_path: Path, role: str) -> None:
    code, said = serve(tmp_path, "--role", role)
    assert code == 2
    assert "PostgreSQL" in said
    assert "serve --workers" in said


@linux
def test_a_role_without_entrances_has_no_workers(tmp_path: Path) -> None:
    code, said = serve(tmp_path, "--role", "worker", "--workers", "2")
    assert (code, "--role worker" in said) == (2, True)


# --- on PostgreSQL ---------------------------------------------------------------------------------
@pytest.fixture
def database() -> Iterator[str]:
    from support.postgres import drop_database, fresh_database

    address = fresh_database()
    yield address
    drop_database(address)


@linux
def test_children_share_postgresql_too(tmp_path: Path, database: str) -> None:
    with family(tmp_path, database=database) as here:
        for number in range(5):
            assert post_all(here.bridge.hook, call_events(f"call-{number}")) == [200] * len(STATES)
        assert here.has_heard(5)
        assert all(here.in_order(f"call-{number}") for number in range(5))
        assert here.hooks_counted() == 5 * len(STATES)
        assert here.bridge.stop() == 0


@linux
def test_entrances_and_worker_live_apart_on_postgresql(tmp_path: Path, database: str) -> None:
    with family(tmp_path, "--role", "web", database=database) as here:
        assert post_all(here.bridge.hook, call_events("early")) == [200] * len(STATES)
        assert here.heard() == []
        worker = Replica(tmp_path, "worker", arguments=("--role", "worker"))
        text = here.bridge.config.read_text(encoding="utf-8")
        worker.config.write_text(text.replace(f":{here.bridge.port}", f":{worker.port}"), encoding="utf-8")
        with worker.running():
            assert here.has_heard(1)
            late_s = []
            for number, event in enumerate(call_events("late")):
                assert post_all(here.bridge.hook, [event]) == [200]
                posted = time.monotonic()
                want = len(STATES) + number + 1
                assert eventually(lambda want=want: len(here.heard()) == want, within_s=10)
                late_s.append(time.monotonic() - posted)
            print(f"bell of PostgreSQL: median {statistics.median(late_s) * 1000:.1f} ms")  # noqa: T201
            assert statistics.median(late_s) < 0.5
            assert requests.get(f"{worker.url}/metrics", timeout=10).status_code == 200
            assert requests.post(f"{worker.url}/ws/Telephony", data=b"x", timeout=10).status_code == 404
            assert worker.stop() == 0
