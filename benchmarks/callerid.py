"""Who is calling, with a 1C of five seconds, a hung one and one that is off.

    python -m benchmarks.callerid --questions 300

One bridge as a process and one fake 1C on loopback. Printed: milliseconds from the beginning of the
exchange's request to the end of its answer, and how many were named. Bounded, ends what it began.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests

from benchmarks.neighbours import SECRET, bridge, free_port, settings
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_data import Client

KNOWN = [f"8916{number:07}" for number in range(200)]
UNKNOWN = [f"8999{number:07}" for number in range(2_000)]


class Exchange:
    """Asks one question after another over one connection, as the exchange does."""

    def __init__(self, port: int) -> None:
        self._session = requests.Session()
        self._url = f"http://127.0.0.1:{port}/caller/main/{SECRET}"

    def ask(self, title: str, numbers: list[str]) -> None:
        took, named = [], 0
        for number in numbers:
            began = time.perf_counter()
            answer = self._session.get(self._url, params={"number": number}, timeout=15)
            took.append((time.perf_counter() - began) * 1000)
            answer.raise_for_status()
            named += "<title></title>" not in answer.text
        took.sort()
        p99 = took[int(len(took) * 0.99)]
        counts = f"{named:4} of {len(took):4}"
        print(f"{title:44} {statistics.median(took):8.1f} {p99:8.1f} {took[-1]:8.1f}   {counts}", flush=True)


def phases(given: argparse.Namespace, ask: Callable[[str, list[str]], None], onec: FakeOnec) -> None:
    many = (KNOWN * (given.questions // len(KNOWN) + 1))[: given.questions]
    ask("first question, 1C at once", KNOWN)
    time.sleep(1.5)  # what was learned is written
    ask("known, 1C at once", many)
    onec.set_mode("slow", seconds=5)
    ask("known, 1C at 5 s", many)
    ask("unknown, 1C at 5 s (deadline 800)", UNKNOWN[:10])
    ask("known, 1C still busy with those", many)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--questions", type=int, default=300)
    given = parser.parse_args()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="callerid-")))
        onec = FakeOnec([Client(name=f"Клиент {number}", number=number) for number in KNOWN])
        server = running.enter_context(Loopback(onec))
        port = free_port()
        text = settings(port, folder, {"buh": server.url})
        (folder / "bridge.toml").write_text(text, encoding="utf-8")
        print(f"{'':44} {'p50':>8} {'p99':>8} {'max':>8}   named   ms")
        with bridge(port, folder):
            phases(given, Exchange(port).ask, onec)
        server.stop()
        onec.set_mode("ok")
        with bridge(port, folder):
            ask = Exchange(port).ask
            ask("1C off, just restarted: known (from the table)", KNOWN)
            ask("1C off: known", (KNOWN * 10)[: given.questions])
            ask("1C off: unknown", UNKNOWN[:100])


if __name__ == "__main__":
    main()
