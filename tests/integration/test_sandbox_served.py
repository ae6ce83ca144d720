"""The Полигон, the doctor and a real call of `serve` as a process, and of several at once."""

import html
import os
import re
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from bridge.core.accounts import Role
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.archive import Archive
from bridge.store.beside import accounts_at
from bridge.web.console import passwords
from support.replica import Replica, alive
from support.world import ANNA, LOGIN, eventually

OPERATOR, PASSWORD = "operator", "a long enough one"
FOLDERS = "vpbx-bridge-sandbox-*"
CLIENT = "89160000001"
TOKEN = re.compile(r'name="form_token" value="(\w+)"')
HIDDEN = re.compile(r'name="(telephone|number|asked|proof)" value="([^"]*)"')
linux = pytest.mark.skipif(sys.platform != "linux", reason="--workers and /proc are Linux's")


class Served:
    """A served bridge, and an operator at its console, whose every request is a new connection."""

    def __init__(self, bridge: Replica, exchange: FakeExchange, folder: Path) -> None:
        self.bridge = bridge
        self.exchange = exchange
        self.folder = folder
        self._session = requests.Session()
        self._session.headers["Connection"] = "close"

    def enter(self) -> "Served":
        with accounts_at(str(self.folder / "bridge.db")) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, passwords.hashed(PASSWORD))
        assert self.post("login", name=OPERATOR, password=PASSWORD).url.endswith("/console/")
        return self

    def get(self, page: str) -> requests.Response:
        return self._session.get(f"{self.bridge.url}/console/{page}", timeout=30)

    def post(self, page: str, **form: str) -> requests.Response:
        token = TOKEN.search(self.get("login" if page == "login" else "password").text)
        assert token
        facts = {"form_token": token[1], **form}
        return self._session.post(f"{self.bridge.url}/console/{page}", data=facts, timeout=60)

    def ring(self, number: str = CLIENT) -> str:
        """What the page shows of a call in the sandbox."""
        told = self.post("sandbox/ring", scenario="answered", number=number, key="101")
        return html.unescape(told.text)

    def sandboxes(self) -> list[int]:
        """Processes of those that run."""
        started = {int(str(one["pid"])) for one in self.bridge.events("sandbox_started")}
        return [pid for pid in started if alive(pid)]

    def threads(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.bridge.pid}/task").iterdir())

    def files(self) -> list[Path]:
        return list(self.folder.glob(FOLDERS))

    @contextmanager
    def only(self, child: str) -> Iterator[None]:
        """Whoever asks now is answered by this child."""
        others = [pid for name, pid in self.bridge.children().items() if name not in (child, "worker")]
        assert eventually(lambda: self._stopped(others))
        try:
            yield
        finally:
            for pid in others:
                os.kill(pid, signal.SIGCONT)

    def _stopped(self, pids: list[int]) -> bool:
        """None of them in the middle of a write, which would hold up everybody."""
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        file = sqlite3.connect(self.folder / "bridge.db", timeout=0.5, isolation_level=None)
        with closing(file), suppress(sqlite3.OperationalError):
            file.execute("BEGIN IMMEDIATE")
            file.execute("ROLLBACK")
            return True
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
        return False


@contextmanager
def served(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str, onec_url: str = ""
) -> Iterator[Served]:
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(folder))
    exchange, onec = FakeExchange((ANNA,)), FakeOnec()
    exchange.options = ExchangeOptions(hooks_after_dial=False)
    with Loopback(exchange) as exchange_server, Loopback(onec) as onec_server:
        bridge = Replica(folder, arguments=arguments).configure(
            database=str(folder / "bridge.db"),
            exchange_url=exchange_server.url,
            onec_url=onec_url or onec_server.url,
        )
        with bridge.running():
            here = Served(bridge, exchange, folder)
            yield here
            bridge.stop()
            # it ends when it sees that nobody holds it any more
            assert eventually(lambda: here.sandboxes() == [] and here.files() == [], within_s=30)
        told = {one.operation for one in onec.received}
        assert told <= {"SayName"}  # of the doctor


@linux
def test_the_sandbox_of_a_served_bridge_writes_nothing_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path, monkeypatch) as here:
        here.enter()
        threads = here.threads()
        assert "Отправить события" in here.get("sandbox").text
        assert here.sandboxes() == []  # looking starts nothing
        shown = here.ring()
        assert "ВАТС сообщает мосту о событии" in shown
        assert "Мост сообщает 1С" in shown
        assert len(here.sandboxes()) == 1
        assert here.threads() <= threads + 1
        assert Archive(tmp_path / "bridge.db").deliveries() == []
        assert CLIENT not in here.get("calls").text
        here.post("sandbox/onec", away="1")
        assert "Мост сообщает 1С" not in here.ring("89160000002")
        assert "Мост сообщает 1С" in html.unescape(here.post("sandbox/onec", away="0").text)
        (pid,) = here.sandboxes()
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: here.files() == [])
        assert "Мост сообщает 1С" in here.ring()
        lines = [
            line for line in here.bridge.log().splitlines() if "demo" in line or '"sandbox": true' in line
        ]
        assert [line for line in lines if '"sandbox": true' not in line] == []


@linux
def test_every_child_has_the_same_sandbox_and_its_doctor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path, monkeypatch, "--workers", "2") as here:
        assert eventually(lambda: len(here.bridge.children()) == 3)
        here.enter()
        with here.only("web-1"):
            assert "Мост сообщает 1С" in here.ring()
            here.post("sandbox/onec", away="1")
        with here.only("web-2"):
            page = here.get("sandbox").text
            assert "Включить 1С" in page
            assert "Мост сообщает 1С" not in here.ring("89160000002")
        with here.only("web-1"):
            assert "Мост сообщает 1С" in html.unescape(here.post("sandbox/onec", away="0").text)
        assert len(here.sandboxes()) == 1
        cores = os.sched_getaffinity(here.bridge.pid)
        assert os.sched_getaffinity(here.sandboxes()[0]) == cores  # not of the child that started it
        os.kill(here.bridge.children()["web-1"], signal.SIGKILL)  # which takes the sandbox with it
        assert eventually(lambda: here.sandboxes() == [] and here.files() == [], within_s=30)
        with here.only("web-2"):
            assert "Мост сообщает 1С" in here.ring()
        for child in ("web-1", "web-2"):
            with here.only(child):
                told = here.post("doctor/run").text
                assert 'class="found"' in told
                assert "badge good" in told


@linux
def test_one_confirmation_is_one_call_whichever_children_it_comes_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path, monkeypatch, "--workers", "2") as here:
        assert eventually(lambda: len(here.bridge.children()) == 3)
        here.enter()
        with here.only("web-1"):
            page = here.post("sandbox/real", telephone=f"{LOGIN}/101", number="8 923 529-29-26").text
        facts = {name: html.unescape(value) for name, value in HIDDEN.findall(page)} | {"real": "yes"}
        for child in ("web-2", "web-1", "web-2"):
            with here.only(child):
                assert "сначала зазвонит ваш телефон" in here.post("sandbox/called", **facts).text
        assert [one.number for one in here.exchange.dials if one.made] == ["89235292926"]


@linux
def test_entrances_that_tell_nobody_say_that_1c_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path, monkeypatch, "--workers", "2", onec_url="http://127.0.0.1:1") as here:
        assert eventually(lambda: len(here.bridge.children()) == 3)
        here.enter()
        assert "1С не отвечает" not in here.get("").text
        here.exchange.hook_url = here.bridge.hook
        here.exchange.ring("answered", CLIENT, ANNA)
        for child in ("web-1", "web-2"):
            with here.only(child):
                assert eventually(lambda: "1С не отвечает, события ждут" in here.get("").text)
