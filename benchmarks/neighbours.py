"""What a bad neighbour costs: the delay of healthy infobases while another one is slow, silent or off.

    python -m benchmarks.neighbours --seconds 20 --rate 50

One bridge as a process, four healthy fake 1Cs and a fifth whose behaviour changes from phase to phase.
Each event goes to all five. Printed: milliseconds from the beginning of the hook's request to the
moment when a healthy 1C had the event. Loopback only, bounded, ends what it began.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests

from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.ports import free_port  # noqa: E402

HEALTHY = ("a", "b", "c", "d")
SECRET = "benchmark-hook-secret"
PHASES = {  # name -> how the fifth behaves
    "all healthy": {"name": "ok"},
    "one answers in 30 s": {"name": "slow", "seconds": 30.0},
    "one never answers": {"name": "hang"},
    "one is off": None,
    "all healthy again": {"name": "ok"},
}


def settings(port: int, folder: Path, urls: dict[str, str]) -> str:
    text = [
        f"[server]\nlisten = \"127.0.0.1:{port}\"\ndatabase = '{folder / 'bridge.db'}'\n",
        f'[exchange.main]\nhook_secret = "{SECRET}"\nsilence_s = 0\n',
    ]
    text += [
        f'[infobase.{name}]\nexchange = "main"\ncontract = "vatscalls"\nurl = "{url}/ws/VATScalls"\n'
        f"timeout_s = 30\n"
        for name, url in urls.items()
    ]
    return "\n".join(text)


@contextmanager
def bridge(port: int, folder: Path) -> Iterator[None]:
    with (folder / "bridge.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "serve", "--config", str(folder / "bridge.toml")],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=log,
            stdout=log,
        )
        try:
            until = time.monotonic() + 30
            while time.monotonic() < until:
                try:
                    if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=1).status_code == 200:
                        break
                except requests.RequestException:
                    time.sleep(0.1)
            yield
        finally:
            process.kill()
            process.wait(10)


def post(port: int, seconds: float, rate: float) -> dict[str, float]:
    """Call id -> when its hook was begun (unix time)."""
    begun, session = {}, requests.Session()
    start = time.monotonic()
    for number in range(int(seconds * rate)):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        call = uuid.uuid4().hex
        body = {"uuid": call, "state": "END", "direction": "incoming", "from": "89160000001",
                "to": "83912000000", "time": int(time.time()), "subid": "1.1"}  # fmt: skip
        begun[call] = time.time()
        session.post(f"http://127.0.0.1:{port}/hooks/main/{SECRET}", json=body, timeout=10).raise_for_status()
    return begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=50.0)
    given = parser.parse_args()
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="neighbours-")))
        ones = {name: FakeOnec() for name in HEALTHY}
        urls = {name: running.enter_context(Loopback(one)).url for name, one in ones.items()}
        bad, off = FakeOnec(), free_port()
        bad_server = running.enter_context(Loopback(bad))
        print(f"{'':22} {'p50':>8} {'p99':>8} {'max':>8}  ms   (hook begun -> healthy 1C has it)")
        for name, behaviour in PHASES.items():
            port = free_port()
            place = folder / name.replace(" ", "-")
            place.mkdir()
            for one in (*ones.values(), bad):
                one.reset()
            if behaviour:
                bad.set_mode(**behaviour)
            bad_url = bad_server.url if behaviour else f"http://127.0.0.1:{off}"
            (place / "bridge.toml").write_text(
                settings(port, place, {**urls, "bad": bad_url}), encoding="utf-8"
            )
            with bridge(port, place):
                post(port, 2, given.rate)  # warm
                begun = post(port, given.seconds, given.rate)
                time.sleep(1.5)
                delays = sorted(
                    (one.at - begun[call]) * 1000
                    for fake in ones.values()
                    for one in fake.received
                    if (call := json.loads(one.parameters["Data"])["uuid"]) in begun
                )
            assert len(delays) == len(begun) * len(HEALTHY), (name, len(delays), len(begun))
            p99 = delays[int(len(delays) * 0.99)]
            print(f"{name:22} {statistics.median(delays):8.1f} {p99:8.1f} {delays[-1]:8.1f}", flush=True)
            bad.set_mode("ok")  # lets go whoever hangs


if __name__ == "__main__":
    main()
