"""Throw the hostile list at a real bridge and print what it cost.

    python -m tests.hostile [--all]

Exit code 0 when every request got what it must get, nothing was logged that may not be, no request cost more
than two seconds of the processor and memory grew by less than 20 MB.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # the tests' own support, as pytest finds it

from .attack import Attack, attack
from .shots import ENTRANCES

CPU_S = 2.0
GROWTH_KB = 20 * 1024


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def good(done: Attack) -> bool:
    held = not done.faults and not done.contacted and (done.grew_kb or 0) < GROWTH_KB
    told = sum(hit.shot.event for hit in done.hits)
    return held and done.stored == told and all(not hit.wrong and hit.cpu_s < CPU_S for hit in done.hits)


def table(done: Attack) -> str:
    rows = [f"{'entrance':16}{'requests':>9}{'wrong':>7}{'worst CPU, s':>14}  answers"]
    for entrance in ENTRANCES:
        hits = [hit for hit in done.hits if hit.shot.entrance == entrance]
        statuses = Counter(hit.shot.status for hit in hits)
        answers = " ".join(f"{status}x{count}" for status, count in sorted(statuses.items()))
        wrong, worst = sum(bool(hit.wrong) for hit in hits), max(hit.cpu_s for hit in hits)
        rows.append(f"{entrance:16}{len(hits):>9}{wrong:>7}{worst:>14.2f}  {answers}")
    worst_hit = max(done.hits, key=lambda hit: hit.cpu_s)
    distinct = len({hit.shot.request for hit in done.hits})
    wrong, told = sum(bool(hit.wrong) for hit in done.hits), sum(hit.shot.event for hit in done.hits)
    rows += [
        f"{'all':16}{len(done.hits):>9}{wrong:>7}{worst_hit.cpu_s:>14.2f}",
        f"distinct requests: {distinct}; worst: {worst_hit.shot.entrance} {worst_hit.shot.name}",
        f"memory grew by {'?' if done.grew_kb is None else f'{done.grew_kb / 1024:.1f}'} MB; "
        f"tracebacks, incidents and secrets in the log: {len(done.faults)}",
        f"addresses contacted: {done.contacted}; events told: {told}, stored: {done.stored}; "
        f"took {done.took_s:.0f} s",
    ]
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", action="store_true", help="name each request with its status and cost")
    asked = parser.parse_args()
    done = attack()
    for hit in done.hits:
        if asked.all or hit.wrong:
            shot = hit.shot
            _say(f"{shot.entrance} {shot.name}: {hit.wrong or shot.status}, {hit.cpu_s:.2f} s")
    for line in done.faults[:20]:
        _say(f"log: {line[:200]}")
    _say(table(done))
    return 0 if good(done) else 1


if __name__ == "__main__":
    sys.exit(main())
