"""Programs under test: each started, killed, frozen and awaited by its own process id."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import urllib3

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the tests' own support, as pytest finds it

from support.ports import free_port  # noqa: E402

SABOTAGE = Path(__file__).with_name("sabotage.py")
STARTS_WITHIN_S = 60.0


class Program:
    """One program at one port; it answers `page` with 200 when it is ready."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        port: int,
        page: str,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.port = port
        self.refused_starts = 0
        self.url = f"http://127.0.0.1:{port}"
        self._command = [sys.executable, *command]
        self._page = page
        self._log = log
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._http = urllib3.PoolManager(retries=False, timeout=2.0)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._log.parent,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def wait_ready(self) -> None:
        """Raises RuntimeError, with the end of the log, when it does not come up."""
        until = time.monotonic() + STARTS_WITHIN_S
        while time.monotonic() < until:
            if not self.running():
                break
            if self.answers():
                return
            time.sleep(0.02)
        raise RuntimeError(f"{self._command[1:4]} did not come up:\n{self.log()[-2000:]}")

    def come_up(self) -> None:
        """`start` and `wait_ready`; started again when it ends by itself, as a service manager would."""
        until = time.monotonic() + STARTS_WITHIN_S
        self.start()
        while True:
            try:
                self.wait_ready()
            except RuntimeError:
                if self.running() or time.monotonic() > until:
                    raise
                self.refused_starts += 1
                time.sleep(0.2)
                self.start()
            else:
                return

    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def answers(self) -> bool:
        try:
            return self._http.request("GET", f"{self.url}{self._page}").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def send(self, sign: signal.Signals) -> None:
        if self.running():
            os.kill(self.pid, sign)

    def kill(self) -> None:
        """As nobody should end: no goodbye, nothing flushed."""
        self.send(signal.SIGKILL)
        self._ended(10.0)

    def stop(self, within_s: float = 30.0) -> int:
        """As an administrator ends it; the exit code, -9 when it had to be killed."""
        self.send(signal.SIGTERM)
        try:
            return self._ended(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9

    def _ended(self, within_s: float) -> int:
        process = self._process
        code = 0 if process is None else process.wait(timeout=within_s)
        self._process = None
        self._http.clear()
        return code

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


class OnecProgram(Program):
    """The fake 1C as a process; what it hears is in `ledger`, one JSON line each."""

    def __init__(self, folder: Path, name: str) -> None:
        self.ledger = folder / f"{name}.ledger"
        self.ledger.touch()
        port = free_port()
        command = ["-m", "bridge", "simulate", "1c", "--port", str(port), "--ledger", str(self.ledger)]
        super().__init__(command, port=port, page="/", log=folder / f"{name}.log")

    def set_mode(self, **mode: object) -> None:
        """Raises urllib3's HTTPError when it is not there."""
        fields = {name: str(value) for name, value in mode.items()}
        answer = self._http.request("POST", f"{self.url}/sim/mode?{urlencode(fields)}")
        assert answer.status == 200, answer.data


class BridgeProgram(Program):
    """A bridge by its settings file; `sabotage` names what is changed in it (see sabotage.py)."""

    def __init__(
        self,
        config: Path,
        *,
        port: int,
        sabotage: str = "",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        how = [str(SABOTAGE), sabotage] if sabotage else ["-m", "bridge"]
        super().__init__(
            [*how, "serve", "--config", str(config)],
            port=port,
            page="/healthz",
            log=config.with_suffix(".log"),
            environment=environment,
        )
