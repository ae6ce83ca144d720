"""A crowd of silent and slow strangers: are real hooks and clicks still answered?

    python -m tests.chaos.crowd --idle 1000 --slow 100 --seconds 120 [--rate 20]

The strangers connect from another process and come back when they are sent away. Prints the latency of
hooks and clicks without and with them; exit code 0 when every one was answered. Figures, not a test.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the tests' own support, as pytest finds it

from support.world import ANNA, HOOK_SECRET, LOGIN, PASSWORD, World, world  # noqa: E402

STRANGERS = Path(__file__).with_name("strangers.py")


@dataclass
class Answers:
    """How long each took, in seconds; `failed` were not answered as they should."""

    hook: list[float] = field(default_factory=list)
    click: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def line(self, kind: str) -> str:
        taken = sorted(getattr(self, kind)) or [0.0]
        shares = [taken[min(len(taken) - 1, int(len(taken) * share))] for share in (0.5, 0.99, 1.0)]
        spread = " / ".join(f"{share * 1000:.0f}" for share in shares)
        return f"{kind:8} {len(taken):6}  p50/p99/max {spread} ms"


def ask(here: World, seconds: float, rate: float, timeout_s: float = 10.0) -> Answers:
    """Hooks and clicks, each on a connection of its own, at `rate` a second each."""
    answers, until, lock = Answers(), time.monotonic() + seconds, threading.Lock()

    def go(kind: str, one: int) -> None:
        began = time.monotonic()
        try:
            if kind == "hook":
                query = {"key": ANNA.key, "number": f"8916{one:07}"}
                answer = requests.get(f"{here.url}/hooks/main/{HOOK_SECRET}", params=query, timeout=timeout_s)
            else:
                query = {"key": ANNA.key, "outboundNumber": f"8926{one:07}"}
                answer = requests.get(
                    f"{here.url}/api/call/CallToSubscriber",
                    params=query,
                    auth=(LOGIN, PASSWORD),
                    timeout=timeout_s,
                )
            answer.raise_for_status()
        except requests.RequestException as error:
            with lock:
                answers.failed.append(f"{kind}: {type(error).__name__}")
            return
        with lock:
            getattr(answers, kind).append(time.monotonic() - began)

    def each(kind: str) -> None:
        turn = 0
        began = time.monotonic()
        while time.monotonic() < until:
            go(kind, turn)
            turn += 1
            time.sleep(max(0.0, began + turn / rate - time.monotonic()))

    people = [threading.Thread(target=each, args=(kind,)) for kind in ("hook", "click")]
    for person in people:
        person.start()
    for person in people:
        person.join()
    return answers


def crowd(
    here: World, *, idle: int, slow: int, seconds: float, rate: float, timeout_s: float = 10.0
) -> Answers:
    """Ask while the strangers are there."""
    parts = urlsplit(here.url)
    facts = (parts.hostname, parts.port, idle, slow, int(seconds) + 5)
    gang = subprocess.Popen([sys.executable, str(STRANGERS), *map(str, facts)], stdout=subprocess.PIPE)
    try:
        assert gang.stdout is not None
        gang.stdout.readline()
        return ask(here, seconds, rate, timeout_s)
    finally:
        gang.terminate()
        gang.communicate()


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--idle", type=int, default=1000)
    parser.add_argument("--slow", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=20, help="hooks and clicks a second, each")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crowd-") as folder, world(Path(folder)) as here:
        alone = ask(here, min(20.0, asked.seconds), asked.rate)
        beside = crowd(here, idle=asked.idle, slow=asked.slow, seconds=asked.seconds, rate=asked.rate)
    for name, answers in (("alone", alone), ("beside the crowd", beside)):
        print(f"{name}: not answered {len(answers.failed)} {answers.failed[:3] or ''}")
        print(f"  {answers.line('hook')}\n  {answers.line('click')}")
    return 1 if beside.failed else 0


if __name__ == "__main__":
    sys.exit(main())
