"""Rolling restarts at full rate: two replicas on PostgreSQL behind a proxy, each restarted once under load.

    python -m tests.chaos.rolling --webhooks 200 --dials 50 --seconds 60 [--proxy ours|keep|haproxy]

Prints a table; exit code 0 when nothing failed, was lost, dialled twice or told out of order.
`keep` keeps its connections to the replicas; `haproxy` is the installed program, set up as in
docker-compose.yml.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))  # the tests' own support, as pytest finds it

from support.postgres import drop_database, fresh_database  # noqa: E402
from support.rolling import DRAIN_S, Result, keeping, ours, roll, site, verdicts  # noqa: E402

HAPROXY_DRAIN_S = 2.5  # more than its `inter`


def haproxy(folder: Path, port: int, upstreams: Sequence[int]) -> list[str]:
    """The proxy of docker-compose.yml, with the addresses that it reads from its environment."""
    program = shutil.which("haproxy") or "/usr/sbin/haproxy"
    first, second = (f"BRIDGE_{number}=127.0.0.1:{one}" for number, one in enumerate(upstreams, 1))
    config = ROOT / "deploy" / "haproxy.cfg"
    return ["env", f"LISTEN=127.0.0.1:{port}", first, second, program, "-f", str(config)]


PROXIES = {"ours": ours, "keep": keeping, "haproxy": haproxy}


def table(result: Result, found: dict[str, int], seconds: float) -> str:
    lines = [
        f"{'hooks':24}{result.hooks:8}  {result.hooks / seconds:.0f}/s",
        f"{'dials':24}{result.dials:8}  {result.dials / seconds:.0f}/s",
        *(f"{'restart':24}{restart}" for restart in result.restarts),
    ]
    for kind in ("hook", "dial"):
        spread = " / ".join(f"{result.share(kind, share) * 1000:.0f}" for share in (0.5, 0.99, 1.0))
        lines.append(f"{kind + ' p50/p99/max, ms':24}{spread}")
    lines.append(f"{'load behind plan, s':24}{result.lag_s:.2f}")
    lines += [f"{name:24}{count:8}" for name, count in found.items()]
    return "\n".join(lines + [f"  {failure}" for failure in result.failures[:10]])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--webhooks", type=float, default=200, help="per second")
    parser.add_argument("--dials", type=float, default=50, help="per second")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--proxy", choices=sorted(PROXIES), default="ours")
    asked = parser.parse_args()
    database = fresh_database()
    try:
        with tempfile.TemporaryDirectory(prefix="rolling-") as folder:
            drain_s = HAPROXY_DRAIN_S if asked.proxy == "haproxy" else DRAIN_S
            with site(Path(folder), database, proxy=PROXIES[asked.proxy], drain_s=drain_s) as here:
                result = roll(here, webhooks=asked.webhooks, dials=asked.dials, seconds=asked.seconds)
                found = verdicts(here, result)
    finally:
        drop_database(database)
    print(table(result, found, asked.seconds))
    return int(any(count for name, count in found.items() if name != "repeated"))


if __name__ == "__main__":
    raise SystemExit(main())
