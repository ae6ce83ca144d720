"""The soak: python -m tests.chaos.soak --events 20000 --kills 100 --outages 40 --seed 1.

Bridges, two fake 1C and the exchange run as processes on loopback; bridges and 1C are killed,
frozen and made to fail while calls come in. Then everything may finish, and the ledger decides:
exit code 0 only if nothing is lost, disordered, repeated without cause, stale, invented or changed.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from . import postgres
from .calls import Exchange, plan
from .ledger import Report
from .monkeys import Deeds, Diary, Monkey
from .powercut import PowerCuts
from .site import EXCHANGES, Site, site

BRIDGE_UP_S = 2.5  # a kill, a start and some work in between, on a loaded machine
OUTAGE_S = 3.5
LEASE_S = 20.0  # of bridge/store/postgres.py; longer when 1C may be slow


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`rate`: events a second; 0 chooses one that leaves room for all the faults."""

    events: int = 20_000
    kills: int = 100
    outages: int = 40
    freezes: int = 4
    long_freezes: int = 0  # of a replica, for longer than its lease: another one takes over
    power_cuts: int = 0
    pg_restarts: int = 0
    replicas: int = 1
    store: str = "sqlite"
    seed: int = 1
    rate: float = 0.0
    minutes: float = 30.0
    sabotage: str = ""
    poison: float = 0.002
    drain_s: float = 180.0

    @property
    def seconds(self) -> float:
        """How long the calls come in."""
        if self.rate:
            return self.events / self.rate
        bridge_s = (self.kills + self.power_cuts + self.freezes) * BRIDGE_UP_S
        bridge_s += self.long_freezes * LEASE_S
        return max(self.events / 80.0, bridge_s, self.outages * OUTAGE_S, self.pg_restarts * 6.0)


def soak(chosen: Plan, folder: Path, server: postgres.Server | None = None) -> Report:
    """Run it in `folder`, which then holds logs, ledgers and the database of SQLite.

    Args:
        server: for `store = "postgres"`; without it one is started and stopped.
    """
    until = time.monotonic() + chosen.minutes * 60
    with ExitStack() as running:
        cuts = PowerCuts(folder / "data", folder / "cuts", chosen.seed) if chosen.power_cuts else None
        if chosen.store == "postgres" and server is None:
            server = running.enter_context(postgres.server())
        here = running.enter_context(
            site(
                folder,
                database=server.fresh() if server else "",
                replicas=chosen.replicas,
                sabotage=chosen.sabotage,
                environment=cuts.environment if cuts else None,
            )
        )
        diary = Diary()
        deeds = Deeds(here, diary, chosen.seed)
        deeds.behave()
        dues = plan(chosen.events, chosen.seconds, EXCHANGES, chosen.seed, poison=chosen.poison)
        exchange = Exchange(dues, lambda: here.hooks, chosen.seed)
        monkeys = [
            Monkey("bridge", _bridge_deeds(chosen, deeds, cuts), exchange.progress, chosen.seed),
            Monkey("onec", _onec_deeds(chosen, deeds), exchange.progress, chosen.seed),
        ]
        if server:
            restarts = [_restart(server, diary, chosen.replicas)] * chosen.pg_restarts
            monkeys.append(Monkey("postgres", restarts, exchange.progress, chosen.seed))
        in_time = _storm(exchange, monkeys, until)
        deeds.behave()
        ended = sum(not program.running() for program in (*here.bridges, *here.onecs))
        drained = here.drained(min(chosen.drain_s, max(5.0, until - time.monotonic())))
        report = here.ledger(exchange.posts, diary.faults).report()
        report.figures |= {"in_time": in_time, "drained": drained, "ended_by_themselves": ended}
        if cuts:
            report.figures["forgotten"] = cuts.forgotten
        if not server:
            report.figures["integrity"] = here.integrity()
        _look_at_logs(here, report)
    return report


def _storm(exchange: Exchange, monkeys: list[Monkey], until: float) -> bool:
    """Calls and faults until both are over or the time is; True when it was enough."""
    for monkey in monkeys:
        monkey.start()
    exchange.start()
    while time.monotonic() < until and (exchange.alive() or any(one.alive() for one in monkeys)):
        time.sleep(0.1)
    in_time = time.monotonic() < until
    exchange.stop()
    for monkey in monkeys:
        monkey.stop()
    exchange.wait()
    for monkey in monkeys:
        monkey.wait()
    return in_time


def _bridge_deeds(chosen: Plan, deeds: Deeds, cuts: PowerCuts | None) -> list[Callable[[], None]]:
    kills: list[Callable[[], None]] = [deeds.kill_bridge] * chosen.kills
    if cuts is not None:
        kills += [lambda: deeds.kill_bridge(lambda _: cuts.cut(), "power cut")] * chosen.power_cuts
    kills += [lambda: deeds.freeze_bridge(LEASE_S)] * chosen.long_freezes
    return kills + [deeds.freeze_bridge] * chosen.freezes


def _onec_deeds(chosen: Plan, deeds: Deeds) -> list[Callable[[], None]]:
    kinds = (deeds.misbehave, deeds.kill_onec, deeds.misbehave, deeds.freeze_onec)
    return [kinds[number % len(kinds)] for number in range(chosen.outages)]


def _restart(server: postgres.Server, diary: Diary, replicas: int) -> Callable[[], None]:
    def deed() -> None:
        with diary.fault("postgres restarted", room=replicas):
            server.restart()

    return deed


def _look_at_logs(here: Site, report: Report) -> None:
    """Incidents are defects that the bridge caught: shown, for the ledger judges what came of them."""
    text = "".join(bridge.log() for bridge in here.bridges)
    report.figures["refused_starts"] = sum(bridge.refused_starts for bridge in here.bridges)
    for word in ("_incident", "Traceback", "verdict_not_written", "hook_not_stored", "claim_lost"):
        report.figures[f"log_{word.strip('_').lower()}"] = text.count(word)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in Plan().__dict__.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    parser.add_argument("--folder", type=Path, help="keep logs, ledgers and the database here")
    parser.add_argument("--json", action="store_true", help="the report as JSON")
    given = vars(parser.parse_args())
    folder, as_json = given.pop("folder"), given.pop("json")
    with ExitStack() as running:
        if folder is None:
            folder = Path(running.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            parser.error(f"{folder} is not empty: what an earlier run left would be judged too")
        report = soak(Plan(**given), folder.resolve())
    print(report.as_json() if as_json else report)
    figures = report.figures
    whole = figures["in_time"] and figures["drained"] and not figures["ended_by_themselves"]
    return 0 if report.clean and whole else 1


if __name__ == "__main__":
    sys.exit(main())
