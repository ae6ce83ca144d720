"""The promise of the product: 1C is off, the bridge is killed, and every accepted event is told once."""

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from bridge.cli import main
from bridge.core.delivery import DeliveryState, Purpose
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec, Received
from bridge.store.archive import Archive
from support.hooks import STATES, call_events, post_all, shuffled_a_little
from support.ports import free_port
from support.world import HOOK_SECRET, eventually, world

CALLS = 200
POSTERS = 8
KILLS = 2
Event = dict[str, Any]


class Program:
    """The installed program, run as people run it; killed as nobody should be."""

    def __init__(self, folder: Path, port: int, onec_url: str) -> None:
        self._folder = folder
        self._command = [sys.executable, "-m", "bridge", "demo", "--serve", "--json", "--port", str(port)]
        self._command += ["--data", str(folder / "data"), "--onec", onec_url, "--contract", "vatscalls"]
        self.hook = ""
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        with (self._folder / "log.txt").open("a") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        self.hook = json.loads(self._process.stdout.readline())["hook"]

    def kill(self) -> None:
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGKILL)
        self._ended()

    def stop(self) -> int:
        assert self._process is not None
        self._process.terminate()
        return self._ended()

    def _ended(self) -> int:
        process, self._process = self._process, None
        assert process is not None
        assert process.stdout is not None
        with process.stdout:
            return process.wait(timeout=30)

    @contextmanager
    def running(self) -> Iterator["Program"]:
        self.start()
        try:
            yield self
        finally:
            if self._process is not None:
                self.kill()


class Posters:
    """Post events from several threads; `unanswered` are those that must be sent again."""

    def __init__(self, hook: str, events: list[Event]) -> None:
        self._hook = hook
        self._left: queue.SimpleQueue[Event] = queue.SimpleQueue()
        for event in events:
            self._left.put(event)
        self._lock = threading.Lock()
        self.answered: list[Event] = []
        self.unanswered: list[Event] = []
        self._threads = [threading.Thread(target=self._post) for _ in range(POSTERS)]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        with requests.Session() as session:
            while True:
                try:
                    event = self._left.get_nowait()
                except queue.Empty:
                    return
                try:
                    kept = session.post(self._hook, json=event, timeout=20).status_code == 200
                except requests.RequestException:
                    kept = False
                with self._lock:
                    (self.answered if kept else self.unanswered).append(event)


def name(event: Event) -> tuple[str, str]:
    return event["uuid"], event["state"]


def heard(received: list[Received]) -> list[tuple[str, str]]:
    return [name(json.loads(one.parameters["Data"])) for one in received]


def wrongly_ordered(told: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Calls whose events were first told in another order than they happened."""
    by_call: dict[str, list[str]] = {}
    for call, state in dict.fromkeys(told):
        by_call.setdefault(call, []).append(state)
    return [(call, order) for call, order in by_call.items() if order != sorted(order, key=STATES.index)]


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_nothing_accepted_is_lost_or_told_twice_when_1c_is_off_and_the_bridge_is_killed(
    tmp_path: Path,
) -> None:
    chance = random.Random(1)
    events = [event for number in range(CALLS) for event in call_events(f"call-{number}")]
    sent = shuffled_a_little(events, chance, by=12)
    sent += chance.sample(events, 60)
    onec = FakeOnec()
    onec_server = Loopback(onec).start()
    onec_server.stop()  # the port is known, and nobody is there
    with (
        onec_server_stopped(onec_server),
        Program(tmp_path, free_port(), onec_server.url).running() as program,
    ):
        posters = Posters(program.hook, sent)
        assert eventually(lambda: len(posters.answered) >= len(sent) // 3, within_s=30)
        program.kill()
        posters.wait()
        assert posters.unanswered, "killed too late to be in the middle"
        program.start()
        again = Posters(program.hook, posters.unanswered)
        again.wait()
        assert again.unanswered == []

        onec_server.start()
        assert eventually(lambda: len(onec.received) >= CALLS, within_s=30)
        program.kill()
        assert len(onec.received) < CALLS * 4, "killed too late to be delivering"
        program.start()
        journal = {name(event) for event in events if event["state"] != "PREANSWER"}
        assert eventually(lambda: journal <= set(heard(onec.received)), within_s=30)
        assert program.stop() == 0

    told = heard(onec.received)
    assert set(told) <= {name(event) for event in events}, "told what was never sent"
    assert wrongly_ordered(told) == []
    ids = Counter(one.idempotency_key for one in onec.received)
    assert sum(ids.values()) - len(ids) <= KILLS, "more repetitions than deliveries under way at a kill"
    assert len(ids) == len(set(told)), "one event came under two numbers"
    archive = Archive(tmp_path / "data" / "bridge.db")
    rows = archive.deliveries(limit=10_000)
    assert len(rows) == len(events)
    assert {row.state for row, _ in rows if row.purpose is Purpose.JOURNAL} == {DeliveryState.DELIVERED}
    popups = {row.state for row, _ in rows if row.purpose is Purpose.POPUP}
    assert popups <= {DeliveryState.DELIVERED, DeliveryState.SUPERSEDED, DeliveryState.EXPIRED}


@contextmanager
def onec_server_stopped(server: Loopback) -> Iterator[None]:
    try:
        yield
    finally:
        server.stop()


def test_popups_of_an_outage_show_as_expired_and_never_pop_up(tmp_path: Path) -> None:
    with world(tmp_path, popup_lifetime_s=0.3) as here:
        here.onec_server.stop()
        for number in range(5):
            assert set(post_all(here.hook, call_events(f"call-{number}"))) == {200}
        archive = here.archive()
        assert eventually(lambda: len(archive.deliveries(state=DeliveryState.EXPIRED)) == 5)
        here.onec_server.start()
        assert eventually(lambda: len(here.onec.received) == 20)
        told = heard(here.onec.received)
        assert {state for _, state in told} == set(STATES) - {"PREANSWER"}
        assert wrongly_ordered(told) == []
        (tmp_path / "bridge.toml").write_text(
            f'[server]\ndatabase = "{here.database.name}"\n[exchange.main]\nhook_secret = "{HOOK_SECRET}"\n'
            '[infobase.buh]\nexchange = "main"\n',
            encoding="utf-8",
        )
        listing = CliRunner().invoke(
            main, ["events", "list", "-c", str(tmp_path / "bridge.toml"), "--state", "expired"]
        )
        assert listing.exit_code == 0
        assert listing.output.count("истекло") == 5
        assert listing.output.count("PREANSWER") == 5
