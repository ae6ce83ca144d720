"""Two replicas behind a proxy, a steady load, and each replica restarted in the midst of it."""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from support.hooks import STATES, call_events
from support.ports import free_port
from support.replica import ROOT, Replica
from support.world import ANNA, HOOK_SECRET, LOGIN, PASSWORD, eventually

DRAIN_S = 1.5
POSTERS = 16
DIALLERS = 8
SOAP = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>\
<MakeCall xmlns="http://vpbx-bridge.ru/telephony/1"><Key>{key}</Key><Number>{number}</Number></MakeCall>\
</s:Body></s:Envelope>"""
AUTHORIZATION = "Basic " + b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()

Starter = Callable[[Path, int, Sequence[int]], list[str]]  # folder, port, upstreams -> command of a proxy


@contextmanager
def program(command: Sequence[str], folder: Path, name: str, port: int, **environment: str) -> Iterator[None]:
    """A program that answers HTTP at a port; ended by its process id."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": paths, **environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        up = eventually(lambda: _answers(port) or process.poll() is not None, within_s=30)
        said = (folder / f"{name}.log").read_text(errors="replace")[-2000:]
        assert up, said
        assert process.poll() is None, said
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status > 0
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass
class Site:
    replicas: list[Replica]
    url: str  # of the proxy
    ledger: Path
    exchange_url: str

    def told(self) -> dict[str, list[str]]:
        """Call -> its states as 1C heard them, repetitions too."""
        told: dict[str, list[str]] = defaultdict(list)
        for line in self.ledger.read_bytes().split(b"\n")[:-1]:  # the last one may still be written
            data = json.loads(json.loads(line)["parameters"]["Data"])
            told[data["uuid"]].append(data["state"])
        return told

    def told_events(self) -> int:
        """How many different ones 1C heard."""
        return sum(len(set(states)) for states in self.told().values())

    def dialled(self) -> Counter[str]:
        """Number -> how often the exchange was asked for it."""
        with urlopen(f"{self.exchange_url}/sim/dials", timeout=10) as answer:
            return Counter(one["number"] for one in json.load(answer))


@contextmanager
def site(
    folder: Path,
    database: str,
    *,
    proxy: Starter | None = None,
    drain_s: float = DRAIN_S,
    exchange_delay_s: float = 0.02,
) -> Iterator[Site]:
    """Everything up: a fake 1C, a fake exchange, two replicas on one database, a proxy."""
    with ExitStack() as running:
        onec, exchange, front = free_port(), free_port(), free_port()
        ledger = folder / "1c.ledger"
        ledger.touch()
        fake = [sys.executable, "-m", "bridge", "simulate"]
        command = [*fake, "1c", "--port", str(onec), "--ledger", str(ledger)]
        running.enter_context(program(command, folder, "1c", onec))
        command = [
            *fake,
            "exchange",
            "--port",
            str(exchange),
            "--key",
            ANNA.key,
            "--extension",
            ANNA.extension,
        ]
        running.enter_context(program(command, folder, "exchange", exchange))
        exchange_url = f"http://127.0.0.1:{exchange}"
        options = f"{exchange_url}/sim/options?hooks_after_dial=0&delay_s={exchange_delay_s}"
        with urlopen(Request(options, method="POST"), timeout=10) as answer:
            assert answer.status == 200
        replicas = [
            Replica(folder, name).configure(
                database=database,
                exchange_url=exchange_url,
                onec_url=f"http://127.0.0.1:{onec}",
                public_url=f"http://127.0.0.1:{front}",
                drain_s=drain_s,
            )
            for name in ("one", "two")
        ]
        for replica in replicas:
            running.enter_context(replica.running())
        upstreams = [replica.port for replica in replicas]
        command = (proxy or ours)(folder, front, upstreams)
        running.enter_context(program(command, folder, "proxy", front))
        made = Site(replicas, f"http://127.0.0.1:{front}", ledger, exchange_url)
        assert eventually(lambda: _ready(made.url), within_s=10), "the proxy finds no replica"
        yield made


def _ready(url: str) -> bool:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def ours(folder: Path, port: int, upstreams: Sequence[int]) -> list[str]:
    """The proxy of support/proxy.py as a program."""
    return [sys.executable, "-m", "support.proxy", str(port), *map(str, upstreams)]


def keeping(folder: Path, port: int, upstreams: Sequence[int]) -> list[str]:
    """The same, keeping its connections to the replicas."""
    return [sys.executable, "-m", "support.proxy", "keep", str(port), *map(str, upstreams)]


# --- the load --------------------------------------------------------------------------------------
@dataclass
class Result:
    """What the callers saw."""

    hooks: int = 0
    dials: int = 0
    failures: list[str] = field(default_factory=list)
    took_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lag_s: float = 0.0  # how far behind its plan the load fell, at worst
    calls: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)

    def share(self, kind: str, share: float) -> float:
        """The time that this share of the requests stayed under."""
        took_s = sorted(self.took_s[kind])
        return took_s[min(len(took_s) - 1, int(len(took_s) * share))] if took_s else 0.0


class _Caller(threading.Thread):
    """Sends its share of the load on one kept connection, each request at its planned moment."""

    def __init__(self, url: str, result: Result, guard: threading.Lock, began: float) -> None:
        super().__init__()
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._result = result
        self._guard = guard
        self._began = began

    def _send(
        self, kind: str, at_s: float, path: str, body: bytes, headers: Mapping[str, str], right: bytes
    ) -> None:
        wait_s = self._began + at_s - time.monotonic()
        if wait_s > 0:
            time.sleep(wait_s)
        started = time.monotonic()
        try:
            self._connection.request("POST", path, body=body, headers=dict(headers))
            answer = self._connection.getresponse()
            content = answer.read()
            wrong = "" if answer.status == 200 and right in content else f"{answer.status} {content[-300:]!r}"
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            wrong = f"{type(error).__name__}: {error}"
        now = time.monotonic()
        with self._guard:
            self._result.took_s[kind].append(now - started)
            self._result.lag_s = max(self._result.lag_s, -wait_s)
            if wrong:
                self._result.failures.append(f"{kind} at {now - self._began:.2f} s: {wrong}")


class _Poster(_Caller):
    def plan(self, calls: Sequence[tuple[float, str]], every_s: float) -> "_Poster":
        self._calls, self._every_s = calls, every_s
        return self

    def run(self) -> None:
        path = f"/hooks/main/{HOOK_SECRET}"
        for at_s, call in self._calls:
            for place, event in enumerate(call_events(call)):
                body = json.dumps(event).encode()
                moment_s = at_s + place * self._every_s
                self._send("hook", moment_s, path, body, {"Content-Type": "application/json"}, b"")
        self._connection.close()


class _Dialler(_Caller):
    def plan(self, dials: Sequence[tuple[float, str]]) -> "_Dialler":
        self._dials = dials
        return self

    def run(self) -> None:
        headers = {"Content-Type": "text/xml; charset=utf-8", "Authorization": AUTHORIZATION}
        for at_s, number in self._dials:
            body = SOAP.format(key=ANNA.extension, number=number).encode()
            self._send("dial", at_s, "/ws/Telephony", body, headers, b">SUCCESS<")
        self._connection.close()


def roll(
    here: Site,
    *,
    webhooks: float,
    dials: float,
    seconds: float,
    restart: Callable[[Replica], None] = Replica.restart,
) -> Result:
    """The load for so long; in the midst of it each replica is restarted once. Nothing is asserted here."""
    result, guard = Result(), threading.Lock()
    began = time.monotonic() + 0.2
    callers: list[_Caller] = []
    every_s = POSTERS / webhooks
    for poster in range(POSTERS):
        each = [
            (poster * every_s / POSTERS + turn * every_s * len(STATES), f"call-{poster}-{turn}")
            for turn in range(max(1, int(seconds / (every_s * len(STATES)))))
        ]
        result.calls += [call for _, call in each]
        callers.append(_Poster(here.url, result, guard, began).plan(each, every_s))
    planned = [(turn / dials, f"89{turn:09d}") for turn in range(int(dials * seconds))]
    result.numbers = [number for _, number in planned]
    callers += [
        _Dialler(here.url, result, guard, began).plan(planned[dialler::DIALLERS])
        for dialler in range(DIALLERS)
    ]
    result.hooks, result.dials = len(result.calls) * len(STATES), len(planned)
    for caller in callers:
        caller.start()
    for replica, share in zip(here.replicas, (0.2, 0.6), strict=True):
        time.sleep(max(0.0, began + share * seconds - time.monotonic()))
        stopping = time.monotonic()
        restart(replica)
        back_s = time.monotonic() - stopping
        result.restarts.append(
            f"{replica.config.stem}: at {stopping - began:.1f} s, back after {back_s:.1f} s"
        )
    for caller in callers:
        caller.join()
    return result


def verdicts(here: Site, result: Result, *, within_s: float = 60.0) -> dict[str, int]:
    """What is wrong, each with how often; all 0 is what it should be. `repeated` is allowed to be some."""
    want = result.hooks
    lines = here.ledger.read_bytes
    eventually(lambda: lines().count(b"\n") >= want and here.told_events() >= want, within_s=within_s)
    told, dialled = here.told(), here.dialled()
    return {
        "failed requests": len(result.failures),
        "events not told": want - here.told_events(),
        "calls out of order": sum(not _in_order(told[call]) for call in result.calls),
        "numbers not dialled": sum(not dialled[number] for number in result.numbers),
        "numbers dialled twice": sum(dialled[number] > 1 for number in result.numbers),
        "repeated": sum(len(states) - len(set(states)) for states in told.values()),
    }


def _in_order(states: Sequence[str]) -> bool:
    places = [STATES.index(state) for state in dict.fromkeys(states)]
    return places == sorted(places)
