"""A stolen token dials all it can for a minute: what reaches the exchange, and does the alarm show?

    python -m tests.chaos.fraud --dials 10000 --seconds 60 [--threads 16]

Numbers are mixed: Russian, premium, foreign, satellite, short. Prints a table; exit code 0 when no more
reached the exchange than the policy allows and the log has the alarm.
"""

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import requests
import structlog

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the tests' own support, as pytest finds it

from bridge.core.dial_limits import DialLimits  # noqa: E402
from support.world import ANNA, LOGIN, PASSWORD, World, world  # noqa: E402

KINDS = {
    "russian": lambda chance: f"89{chance.randrange(10**9):09}",
    "premium": lambda chance: f"8809{chance.randrange(10**7):07}",
    "foreign": lambda chance: f"81044207{chance.randrange(10**7):07}",
    "satellite": lambda chance: f"810881{chance.randrange(10**8):08}",
    "emergency": lambda chance: chance.choice(("112", "104", "01", "03")),
}


@dataclass(frozen=True, kw_only=True)
class Raid:
    """What a raid came to."""

    tried: int
    seconds: float
    codes: Counter[int]
    reached: int
    abroad: int  # of those that reached, dials to other than Russian and listed short numbers
    alarms: int


def raid(here: World, *, dials: int, seconds: float, threads: int, seed: int = 1) -> Raid:
    """Dial as fast as it goes, at most for `seconds`, from one token."""
    codes: Counter[int] = Counter()
    lock, until, began = threading.Lock(), time.monotonic() + seconds, time.monotonic()
    left = iter(range(dials))

    def thief(which: int) -> None:
        chance = random.Random(seed * 1000 + which)
        with requests.Session() as session:
            session.auth = (LOGIN, PASSWORD)
            while time.monotonic() < until:
                with lock:
                    if next(left, None) is None:
                        return
                kind = chance.choice(list(KINDS))
                asked = {"key": ANNA.key, "outboundNumber": KINDS[kind](chance)}
                answer = session.get(f"{here.url}/api/call/CallToSubscriber", params=asked, timeout=20)
                with lock:
                    codes[int(answer.json()["code"])] += 1

    with structlog.testing.capture_logs() as lines, ThreadPoolExecutor(threads) as gang:
        for done in [gang.submit(thief, which) for which in range(threads)]:
            done.result()
    reached = here.exchange.dials
    return Raid(
        tried=sum(codes.values()),
        seconds=time.monotonic() - began,
        codes=codes,
        reached=len(reached),
        abroad=sum(not one.number.startswith("89") for one in reached),
        alarms=sum(line["event"] == "dial_burst" for line in lines),
    )


def allowed(seconds: float) -> int:
    """What the default limits let one subscriber begin in that time, at most."""
    limits = DialLimits()
    minutes = int(seconds // 60) + 1
    return min(limits.subscriber_minute * minutes, limits.subscriber_hour, limits.subscriber_day)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--dials", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--threads", type=int, default=16)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fraud-") as folder, world(Path(folder), dial={}) as here:
        done = raid(here, dials=asked.dials, seconds=asked.seconds, threads=asked.threads)
    most = allowed(done.seconds)
    print(f"tried {done.tried} in {done.seconds:.0f} s, by code: {dict(sorted(done.codes.items()))}")
    print(f"reached the exchange {done.reached} (allowed {most}), abroad or paid {done.abroad}")
    print(f"alarms {done.alarms}")
    held = done.reached <= most and not done.abroad and done.alarms > 0
    print("HELD" if held else "BROKEN")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
