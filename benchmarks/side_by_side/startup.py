"""From the start of the process to its first right answer to a MakeCall; memory at rest and after work.

The bridge is the whole one, on a database that exists; cpu_s is the processor time of all its processes
until then. Memory is the proportional set size (PSS) of the process tree; "largest" is that of its largest
process: a worker.
"""

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import START_S, Bench, Options, Running, rotated
from benchmarks.side_by_side.envelope import ANSWER, DIALLED, MAKE_CALL
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.report import OURS
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.servers import bare_waitress, bridge, node_soap, php_soap, stock_spyne
from benchmarks.side_by_side.tools import Missing

PART = "startup"
START = "Start to the first answer, s, and memory at rest, MB"
GROWTH = "Memory after so many requests, MB"
P, PP = "bridge P", "bridge PP"
REST_S = 1.0
LOOK = (1_000, 10_000)  # with one round
USUAL = (10_000, 100_000)
LONG = (*USUAL, 1_000_000)

Start = Callable[[Bench], Running]


def run(bench: Bench) -> None:
    exchange = bench.answerer("exchange", DIALLED, media="application/json")
    url = f"http://127.0.0.1:{exchange.port}"
    with ExitStack() as alive:
        alive.enter_context(bench.alive(exchange))
        peers = [
            (P, _again(bench, P, upstream=url)),
            (PP, _again(bench, PP, upstream=url, workers=2)),
            ("node-soap", partial(node_soap, wait=False)),
            ("PHP-FPM + nginx", partial(php_soap, children=2, wait=False)),
            ("stock Spyne", partial(stock_spyne, name="stock Spyne", wait=False)),
            ("bare waitress", partial(bare_waitress, name="bare waitress", answer=ANSWER, wait=False)),
        ]
        peers = [(name, start) for name, start in peers if bench.wants(name)]
        for turn in range(bench.options.rounds):
            for name, start in rotated(peers, turn):
                try:
                    _one_start(bench, name, start, turn)
                except Missing as why:
                    bench.skip(f"{START}: {name}", why)
        for name, start in peers:
            try:
                _grow(bench, name, start)
            except Missing as why:
                bench.skip(f"{GROWTH}: {name}", why)


def _again(bench: Bench, name: str, *, upstream: str, workers: int = 0) -> Start:
    """A bridge that has run before: its database is made."""
    before = bridge(bench, name, upstream=upstream, workers=workers)
    before.end()
    return partial(
        bridge,
        name=name,
        upstream=upstream,
        workers=workers,
        wait=False,
        folder=before.folder,
        port=before.port,
    )


def _one_start(bench: Bench, name: str, start: Start, turn: int) -> None:
    machine.wait_for_quiet(1.0)
    began = time.monotonic()
    running = start(bench)
    with bench.alive(running):
        _first_answer(bench, running)
        start_s, cpu_s = time.monotonic() - began, machine.cpu_s(running.pids())
        time.sleep(REST_S)
        bench.note(PART, START, name, 1, turn, start_s=start_s, cpu_s=cpu_s, **_memory(running))


def _grow(bench: Bench, name: str, start: Start) -> None:
    running = start(bench)
    with bench.alive(running):
        _first_answer(bench, running)
        done, request = 0, bench.request(MAKE_CALL)
        for step in _steps(bench.options, ours=name.startswith(OURS)):
            said = bench.raw_load(running.port, request, connections=8, count=step - done, expect="SUCCESS")
            if said["ok"] < said["sent"]:
                raise Missing(f"{said['sent'] - said['ok']} wrong answers")
            done = step
            time.sleep(REST_S)
            bench.note(PART, GROWTH, name, step, 0, **_memory(running))


def _steps(options: Options, *, ours: bool) -> Sequence[int]:
    if options.long and ours:
        return LONG
    return USUAL if options.rounds > 1 else LOOK


def _memory(running: Running) -> dict[str, float]:
    each = [machine.pss_mb([pid]) for pid in running.pids()]
    return {"pss_mb": sum(each), "largest_mb": max(each), "processes": len(each)}


def _first_answer(bench: Bench, running: Running) -> None:
    """Ask until the answer is right; a number that nobody has dialled, as `load` would."""
    head, _, body = MAKE_CALL.replace("@NUMBER@", f"{bench.first:07}").partition("\n\n")
    bench.first += 1
    content = body.encode()
    head = f"{head}\nContent-Length: {len(content)}\nConnection: close".replace("\n", "\r\n")
    asked = f"{head}\r\n\r\n".encode() + content
    until = time.monotonic() + START_S
    while time.monotonic() < until and all(one.poll() is None for one in running.processes):
        try:
            with socket.create_connection(("127.0.0.1", running.port), timeout=5) as connection:
                connection.sendall(asked)
                answer = b"".join(iter(partial(connection.recv, 65536), b""))
        except OSError:
            answer = b""
        if b"SUCCESS" in answer:
            return
        time.sleep(0.002)
    raise Missing(f"{running.name} gave no right answer in {START_S:.0f} s")


def _grown(results: Results, peer: str) -> Spread | None:
    """From request 10,000 to the last."""
    steps = results.ats(GROWTH)
    if len(steps) < 2 or steps[0] != LONG[0]:
        return None
    return results.difference(GROWTH, peer, peer, steps[-1], "pss_mb", to_at=steps[0])


def _goals(peer: str) -> list[Goal]:
    return [
        Goal(
            text=f"{peer}: start to the first answer",
            measure=lambda results: results.spread(START, peer, 1, "start_s"),
            most=0.5,
            unit="s",
        ),
        Goal(
            text=f"{peer}: PSS of a worker after 100,000 requests",
            measure=lambda results: results.spread(GROWTH, peer, 100_000, "largest_mb"),
            most=60,
            unit="MB",
        ),
        Goal(
            text=f"{peer}: growth from request 10,000 to the last (1,000,000 with --long)",
            measure=lambda results: _grown(results, peer),
            most=2,
            unit="MB",
        ),
    ]


GOALS = [*_goals(P), *_goals(PP)]
