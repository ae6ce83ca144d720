"""A bridge as administrators run it: `python -m bridge serve`, with a settings file and a process id."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bridge.web.auth import token_hash
from support.ports import free_port
from support.rawclient import ask
from support.world import ANNA, HOOK_SECRET, LOGIN, PASSWORD, eventually

ROOT = Path(__file__).parents[2]
STARTS_WITHIN_S = 30.0


def settings_text(
    *,
    port: int,
    database: str,
    exchange_url: str,
    onec_url: str,
    public_url: str = "",
    drain_s: float = 0,
    threads: int = 16,
) -> str:
    """Exchange `main`, infobase `buh` that dials and hears `vatscalls`."""
    return f"""
[server]
listen = "127.0.0.1:{port}"
public_url = "{public_url or f"http://127.0.0.1:{port}"}"
database = '{database}'
threads = {threads}
drain_s = {drain_s}
log_format = "json"

[exchange.main]
base_url = "{exchange_url}"
hook_secret = "{HOOK_SECRET}"
timeout_s = 3
subscribers = [{{ name = "{ANNA.name}", key = "{ANNA.key}", extension = "{ANNA.extension}" }}]

[infobase.{LOGIN}]
exchange = "main"
contract = "vatscalls"
url = "{onec_url}/ws/VATScalls"
token_hashes = ["{token_hash(PASSWORD)}"]
concurrency = 4
probe_s = 0.2
timeout_s = 3

[infobase.{LOGIN}.dial]
double_click_s = 0.5
subscriber_minute = 0
subscriber_hour = 0
subscriber_day = 0
infobase_minute = 0
infobase_hour = 0
infobase_day = 0
same_number_hour = 0
at_once = 0
"""


class Replica:
    """One `serve` with its log; ended by its own process id."""

    def __init__(self, folder: Path, name: str = "bridge", *, arguments: Sequence[str] = ()) -> None:
        self.port = free_port()
        self.config = folder / f"{name}.toml"
        self._log = folder / f"{name}.log"
        self._arguments = list(arguments)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/main/{HOOK_SECRET}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def configure(self, *, database: str, exchange_url: str, onec_url: str, **more: object) -> "Replica":
        text = settings_text(
            port=self.port, database=database, exchange_url=exchange_url, onec_url=onec_url, **more
        )  # type: ignore[arg-type]
        self.config.write_text(text, encoding="utf-8")
        return self

    def start(self) -> None:
        command = [sys.executable, "-m", "bridge", "serve", "--config", str(self.config), *self._arguments]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.config.parent,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl+C is for it and its children alone
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until and self._process.poll() is None:
            if self.ready() == "ready":
                return
            time.sleep(0.02)
        raise AssertionError(f"it did not come up:\n{self.log()[-3000:]}")

    def ready(self) -> str:
        """What /readyz says; "" when nobody answers."""
        try:
            return ask(self.port, b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").text
        except OSError:
            return ""

    def signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def wait(self, within_s: float = 30.0) -> int:
        assert self._process is not None
        return self._process.wait(within_s)

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def restart(self) -> None:
        assert self.stop() == 0, self.log()[-3000:]
        self.start()

    @contextmanager
    def running(self) -> Iterator["Replica"]:
        self.start()
        try:
            yield self
        finally:
            children = self.children()
            self.signal(signal.SIGKILL)
            if self._process is not None:
                self._process.wait(10)
            assert eventually(lambda: not any(map(alive, children.values())), within_s=60), "orphans"

    # --- what it said ----------------------------------------------------------------------------
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    def events(self, name: str) -> list[dict[str, object]]:
        """The facts of the log lines called `name`."""
        lines = (line for line in self.log().splitlines() if line.startswith("{"))
        return [facts for line in lines if (facts := json.loads(line))["event"] == name]

    def children(self) -> dict[str, int]:
        """Name -> process id of the children that were started last."""
        return {str(facts["child"]): int(str(facts["pid"])) for facts in self.events("child_started")}


def alive(pid: int) -> bool:
    """A process of this id runs; one that waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return not re.search(r"\) [ZX] ", state)
