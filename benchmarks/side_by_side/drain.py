"""A backlog after a long silence of 1C: how fast 1,000,000 waiting events are told, and how fast 1,000.

The backlog is filled in past the road: calls of many events, one infobase. Then the bridge is started on it,
one process on one core, with a 1C that answers at once. The small one is told to its end and its first fifth
is left out, while everything gets going; of the large one a window is taken after its first 1,000 events.
On PostgreSQL the large one is 200,000 events unless --long.
"""

import json
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from benchmarks import backlog
from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import Bench, free_port
from benchmarks.side_by_side.fake_onec import FakeOnec
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.postgres import beside, fresh_address
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.tools import Missing
from bridge.store.opening import is_server, open_store

PART, CASE = "drain", "Draining a backlog, by how many events wait"
SMALL, LARGE = 1000, 1_000_000
LESS, LOOK = 200_000, 50_000  # PostgreSQL without --long; rounds of less than a second
WARM = 1000  # of the large one, told before the window
INFOBASE = "buh"
TOLD = "told a second"
FIELDS = json.dumps(
    {"uuid": "2ebc5a-1", "state": "END", "direction": "incoming", "from": "89160000001", "to": "83912000000",
     "userkey": "gW3cyUJAtl50PhF", "subid": "1565770000.25644", "time": 1565770001, "duration": "42"}
)  # fmt: skip
LIMIT_S = 60.0


@dataclass(frozen=True)
class Kind:
    """A bridge to be let loose on a backlog."""

    name: str
    concurrency: int
    postgres: bool = False


KINDS = (
    Kind("bridge P, 64 at once", 64),
    Kind("bridge P, one at a time", 1),
    Kind("bridge P, PostgreSQL, 64 at once", 64, postgres=True),
)


def _kept(name: str) -> Callable[[Results], Spread | None]:
    def ratio(results: Results) -> Spread | None:
        told = [one.at for one in results if (one.case, one.peer) == (CASE, name)]
        return results.ratio(CASE, name, name, max(told, default=LARGE), TOLD, to_at=SMALL)

    return ratio


GOALS = [
    Goal(text=f"A large backlog, {kind.name}: rate to that of 1,000", measure=_kept(kind.name), least=0.8)
    for kind in KINDS
]


def run(bench: Bench) -> None:
    kinds = [kind for kind in KINDS if bench.wants(kind.name)]
    filled: dict[bool, str] = {}
    large = {postgres: _large(bench, postgres=postgres) for postgres in (False, True)}
    for postgres in dict.fromkeys(kind.postgres for kind in kinds):
        try:
            filled[postgres] = _filled(bench, large[postgres], postgres=postgres)
        except Missing as why:
            bench.skip("PostgreSQL", why)
    for turn in range(bench.options.rounds):
        for kind in kinds:
            if kind.postgres not in filled:
                continue
            _tell(bench, kind, _filled(bench, SMALL, postgres=kind.postgres), SMALL, turn)
            _tell(bench, kind, filled[kind.postgres], large[kind.postgres], turn)


def _large(bench: Bench, *, postgres: bool) -> int:
    if bench.options.seconds < 1:
        return LOOK
    return LESS if postgres and not bench.options.long else LARGE


def _filled(bench: Bench, events: int, *, postgres: bool) -> str:
    """The address of a new database with so many events that wait."""
    address = fresh_address() if postgres else str(bench.place("backlog") / "bridge.db")
    began = time.monotonic()
    store = open_store(address)
    backlog.fill(store, address, events, min(10_000, events // 10), infobase=INFOBASE, fields=FIELDS)
    store.close()
    backlog.tidy(address)
    if events > SMALL:
        bench.say(f"  {events:,} events stored in {time.monotonic() - began:.0f} s")
    return address


def _tell(bench: Bench, kind: Kind, address: str, events: int, turn: int) -> None:
    onec, waiting = FakeOnec(bench, 0), _waiting(address)
    folder, port = bench.place(kind.name), free_port()
    infobase = peers.told_at(onec.url, concurrency=kind.concurrency)
    (folder / "bridge.toml").write_text(peers.settings(port, address, infobase), encoding="utf-8")
    machine.wait_for_quiet(1.0)
    running = peers.serve(bench, kind.name, folder, port)
    running = beside(running, address) if kind.postgres else running
    try:
        if events == SMALL:
            times = _until(onec, SMALL)
            times = times[len(times) // 5 :]
            spent = None  # its start would be the most of it
        else:
            first = len(_until(onec, WARM))
            spent = machine.cpu_s(running.pids())
            time.sleep(5 * max(1.0, bench.options.seconds))
            spent = machine.cpu_s(running.pids()) - spent
            times = onec.times()[first:]
    finally:
        running.end()
        onec.end()
    if len(times) < 2:
        bench.skip(f"{kind.name}, {events:,} waiting", f"1C heard {len(times)} events")
        return
    seconds = (times[-1] - times[0]) / 1e9
    figures = {TOLD: (len(times) - 1) / seconds, "waiting": waiting, "window, s": seconds}
    if spent is not None:
        figures["CPU µs an event"] = spent / len(times) * 1e6
    bench.note(PART, CASE, kind.name, events, turn, **figures)


def _until(onec: FakeOnec, events: int) -> list[int]:
    until = time.monotonic() + LIMIT_S
    while len(times := onec.times()) < events and time.monotonic() < until:
        time.sleep(0.02)
    return times


def _waiting(address: str) -> int:
    query = "SELECT sum(waiting) FROM lane"
    if is_server(address):
        with psycopg.connect(address) as db:
            return int((db.execute(query).fetchone() or (0,))[0])
    with sqlite3.connect(address) as file:
        return int(file.execute(query).fetchone()[0])
