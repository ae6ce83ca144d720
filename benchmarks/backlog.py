"""What a backlog costs: accepting and claiming beside a thousand waiting events and beside a million.

    python -m benchmarks.backlog --store sqlite --store postgres --events 1000000 --lanes 10000

Builds both backlogs in fresh databases (bulk, not through the road), measures a live infobase beside
them in turns, and prints medians, 99th percentiles and memory. Loopback only; removes what it made.
"""

import argparse
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Done, Purpose
from bridge.core.ports import PlannedDelivery
from bridge.store.engine import Store
from bridge.store.opening import is_server, open_store
from bridge.store.pgconnection import translated

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from support.postgres import drop_database, fresh_database

LIVE = PlannedDelivery(infobase="live", operation="Event", purpose=Purpose.JOURNAL, lifetime_s=86400.0)
SMALL = 1000
LANES = """
INSERT INTO lane (infobase, exchange, call_id, waiting, due_at)
SELECT :infobase, 'main', 'c' || s.n, :each, :now FROM {numbers} ORDER BY s.n
"""
EVENTS = """
INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key, time_s, raw,
                   raw_media, fields, dedup_key, merge_key, received_at)
SELECT 'main', lane.call_id, 'END', 'incoming', '1', '2', 'k', 100 + s.n, :body, '', :fields,
       lane.call_id || '-' || s.n, '', :now FROM {numbers} CROSS JOIN lane
 WHERE lane.infobase = :infobase ORDER BY s.n, lane.id
"""
DELIVERIES = """
INSERT INTO delivery (lane_id, event_id, infobase, operation, purpose, state, position_time, position_rank,
                      created_at, expires_at)
SELECT l.id, e.id, :infobase, 'Event', 'journal', 'queued', e.time_s, 5, :now, :until
  FROM event e JOIN lane l ON l.infobase = :infobase AND l.exchange = 'main' AND l.call_id = e.call_id
 WHERE e.id > :last ORDER BY e.id
"""
NUMBERS = {  # from 1 to :top, by whether it is a server
    False: "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < :top) SELECT n FROM r)"
    " AS s",
    True: "generate_series(1, :top) AS s(n)",
}


def said(call: str) -> CallEvent:
    return CallEvent(
        exchange="main",
        call_id=call,
        state=CallState.END,
        direction=Direction.INCOMING,
        from_number="89160000001",
        to_number="83912000000",
        user_key="k",
        time_s=int(time.time()),
        raw=b"{}" * 300,
        raw_media="application/json",
        fields={"uuid": call},
        dedup_key=call,
    )


@contextmanager
def database(kind: str) -> Iterator[str]:
    if kind == "postgres":
        address = fresh_database()
        try:
            yield address
        finally:
            drop_database(address)
        return
    folder = Path(tempfile.mkdtemp(prefix="backlog-"))
    try:
        yield str(folder / "bridge.db")
    finally:
        shutil.rmtree(folder)


def fill(
    store: Store, address: str, events: int, lanes: int, *, infobase: str = "dead", fields: str = "{}"
) -> None:
    """`events` that wait on `lanes` lanes of an infobase, each lane due, none ever told."""
    each, now = events // lanes, store._clock()
    facts: dict[str, Any] = {"now": now, "each": each, "until": now + 7 * 86400.0, "body": b"{}" * 300}
    facts |= {"infobase": infobase, "fields": fields}
    server = is_server(address)

    def whole(execute: Callable[[str, dict[str, Any]], Any]) -> None:
        execute(LANES.format(numbers=NUMBERS[server]), facts | {"top": lanes})
        execute(EVENTS.format(numbers=NUMBERS[server]), facts | {"top": each})
        execute(DELIVERIES, facts | {"last": last})

    if server:  # past the store, whose statements may not take so long
        with psycopg.connect(address) as db:
            (last,) = db.execute("SELECT coalesce(max(id), 0) FROM event").fetchone() or (0,)
            whole(lambda statement, given: db.execute(translated(statement), given))
        return
    with closing(sqlite3.connect(address)) as file, file:
        (last,) = file.execute("SELECT coalesce(max(id), 0) FROM event").fetchone()
        whole(file.execute)


def tidy(address: str) -> None:
    """What autovacuum does by itself a minute later."""
    if is_server(address):
        with psycopg.connect(address, autocommit=True) as other:
            other.execute("VACUUM ANALYZE")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    result = work()
    return (time.perf_counter() - began) * 1000, result


def measure(store: Store, rounds: int, name: str) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {"accept": [], "claim": [], "claim dead": [], "settle": []}
    for number in range(rounds):
        ms, _ = timed(lambda n=number: store.accept(said(f"{name}-{n}"), [LIVE], merge_s=5))
        took["accept"].append(ms)
        ms, claim = timed(lambda: store.claim("live"))
        took["claim"].append(ms)
        assert claim is not None
        ms, _ = timed(lambda one=claim: store.settle(one, Done("1")))
        took["settle"].append(ms)
        ms, dead = timed(lambda: store.claim("dead"))
        took["claim dead"].append(ms)
        assert dead is not None
        store._free("dead", dead.lane_id)
    return took


def resident_mb() -> float:
    if sys.platform != "linux":
        return float("nan")
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="append", choices=["sqlite", "postgres"])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--lanes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2000)
    given = parser.parse_args()
    for kind in given.store or ["sqlite", "postgres"]:
        with database(kind) as little, database(kind) as much:
            small, large = open_store(little), open_store(much)
            began = time.monotonic()
            fill(small, little, SMALL, min(given.lanes, SMALL // 10))
            fill(large, much, given.events, given.lanes)
            for address in (little, much):
                tidy(address)
            built_s = time.monotonic() - began
            print(
                f"\n{kind}: {given.events:,} events on {given.lanes:,} lanes, built in {built_s:.0f} s",
                flush=True,
            )
            measure(small, 100, "warm")
            measure(large, 100, "warm")
            before = resident_mb()
            figures: dict[str, dict[str, list[float]]] = {"small": {}, "large": {}}
            for turn in range(4):  # in turns, so that a noisy neighbour disturbs both
                for label, store in (("small", small), ("large", large)):
                    for what, took in measure(store, given.rounds // 4, f"t{turn}").items():
                        figures[label].setdefault(what, []).extend(took)
            print(f"{'':12} {SMALL:>10,} waiting      {given.events:>10,} waiting    (ms: p50 / p99)")
            for what in figures["small"]:
                row = []
                for label in ("small", "large"):
                    took = sorted(figures[label][what])
                    row.append(f"{statistics.median(took):8.3f} / {took[int(len(took) * 0.99)]:7.3f}")
                print(f"{what:12} {row[0]:>22} {row[1]:>24}")
            print(f"memory {before:.0f} MB -> {resident_mb():.0f} MB over {given.rounds * 2:,} rounds")
            small.close()
            large.close()


if __name__ == "__main__":
    main()
