"""Hook to 1C: an event of its own in each request, until a fake 1C that takes 0, 20 or 200 ms has heard it.

«Told a second» counts from the first hook until 1C has answered the last event, with 64 connections that
post as fast as they are answered. The bridge answers a hook once it is stored and tells 1C by itself; the
peers call 1C first and answer then, and what 1C does not hear is lost. The other table is at 50 events a
second, each with a connection of its own; its times are from the moment of the event until 1C had it.
«64 at once» is the setting `concurrency` of the infobase, 1 as it comes. «1C called directly» is what 64
callers reach without anybody between.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import Bench, Running, own_s, rotated
from benchmarks.side_by_side.fake_onec import FakeOnec
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.hook_peers import HookPeer
from benchmarks.side_by_side.ledger import delays, rate, read_sent
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.tools import Missing

PART = "delivery"
TOLD, STEADY = (
    "Hook to 1C: told a second, by 1C's delay in ms",
    "Hook to 1C: 50 a second, by 1C's delay in ms",
)
DELAYS_MS = (0, 20, 200)
CONNECTIONS, STEADY_RATE = 64, 50
STEADY_S, LONG_STEADY_S = 4.0, 20.0
DIRECT = "1C called directly"
P, P_ONE, PP = "bridge P, 64 at once", "bridge P, one at a time", "bridge PP, 64 at once"
PHP = "PHP SoapClient, 64 children"
CALL = (
    "POST /ws/VATScalls HTTP/1.1\nHost: 127.0.0.1\nContent-Type: text/xml; charset=utf-8\n\n"
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<Event xmlns="http://VATSCalls"><Data>{"subid": "bench-@TOKEN@"}</Data></Event>'
    "</soap:Body></soap:Envelope>"
)


def _ratio(
    case: str, peer: str, other: str, at: int, figure: str = "rate"
) -> Callable[[Results], Spread | None]:
    return lambda results: results.ratio(case, peer, other, at, figure)


GOALS = [
    Goal(
        text=f"Hook to a 1C of 20 ms, {name}, to {words}",
        measure=_ratio(TOLD, name, other, 20),
        least=least,
    )
    for name in (P, PP)
    for words, other, least in (
        ("the ideal rate", DIRECT, 0.93),
        ("Flask + zeep with 64 threads", peers.FLASK_TELL_64.name, 5.0),
        ("PHP's SoapClient with 64 children", PHP, 1.0),
    )
] + [
    Goal(
        text=f"50 events a second, 1C of {delay_ms} ms, {name}: p50 to Flask + zeep's",
        measure=_ratio(STEADY, name, peers.FLASK_TELL.name, delay_ms, "p50_ms"),
        most=1.0,
    )
    for delay_ms in DELAYS_MS
    for name in (P, PP)
]


@dataclass(frozen=True)
class Crew:
    """Who tells 1C. `slots`: how many calls at once; 0 for as many as there are hooks under way."""

    peer: HookPeer
    slots: int = 0


def run(bench: Bench) -> None:
    for delay_ms in DELAYS_MS:
        onec = FakeOnec(bench, delay_ms)
        started = [
            (crew, running)
            for crew in _crews(delay_ms)
            if bench.wants(crew.peer.name) and (running := _start(bench, crew, onec))
        ]
        for turn in range(bench.options.rounds):
            _direct(bench, onec, turn, delay_ms)
            for crew, running in rotated(started, turn):
                _as_fast_as_it_goes(bench, crew, running, onec, turn, delay_ms)
            for crew, running in rotated(started, turn):
                if crew.slots != 1 or STEADY_RATE * delay_ms < 1000:  # else its queue only grows
                    _steady(bench, crew, running, onec, turn, delay_ms)
        for _, running in started:
            running.end()
        onec.end()


def _crews(delay_ms: int) -> list[Crew]:
    def many(onec: str) -> str:
        return peers.told_at(onec, concurrency=64)

    return [
        Crew(peers.bridge(P, many), 64),
        Crew(peers.bridge(P_ONE, peers.told_at), 1),
        Crew(peers.bridge(PP, many, workers=2), 64),
        Crew(peers.FLASK_TELL),
        Crew(peers.FLASK_TELL_64),
        Crew(peers.EXPRESS_TELL),
        Crew(peers.NODE_RED_TELL),
        Crew(peers.php_tell(64 if delay_ms else 2)),
    ]


def _start(bench: Bench, crew: Crew, onec: FakeOnec) -> Running | None:
    """Started and warm; None where it is missing."""
    try:
        running = crew.peer.start(bench, onec.url)
        since, first = onec.place_now(), bench.first
        peers.warm(bench, running, crew.peer.path, count=5 if crew.slots == 1 else 128)
        onec.wait_for(range(first, bench.first), since)
    except Missing as why:
        bench.skip(f"{crew.peer.name}, 1C of {onec.delay_ms} ms", why)
        return None
    return running


class _Spent:
    """Processor time from here on, of the server and of strangers.

    Args:
        onec: whose time is neither's; None when it is the server.
    """

    def __init__(self, running: Running, onec: FakeOnec | None = None) -> None:
        self._running, self._onec = running, onec
        self._before = self._now()

    def _now(self) -> tuple[float, float, float, float]:
        onec_s = machine.cpu_s(self._onec.running.pids()) if self._onec else 0.0
        return time.monotonic(), machine.cpu_s(self._running.pids()), onec_s + own_s(), machine.busy_s()

    def figures(self, events: int) -> dict[str, float]:
        """µs of the server's tree for each of so many events, and the cores that strangers used."""
        pairs = zip(self._now(), self._before, strict=True)
        lasted, server_s, ours_s, busy_s = (now - before for now, before in pairs)
        foreign = max(0.0, busy_s - server_s - ours_s) / lasted
        return {"cpu_us": server_s / max(1, events) * 1e6, "foreign": foreign}


def _direct(bench: Bench, onec: FakeOnec, turn: int, delay_ms: int) -> None:
    log, since, seconds = _log(bench), onec.place_now(), _seconds(bench, delay_ms)
    spent = _Spent(onec.running)
    bench.raw_load(onec.running.port, bench.request(CALL), connections=CONNECTIONS, seconds=seconds, log=log)
    heard = onec.wait_for({one.number for one in read_sent(log)}, since)
    took = delays(heard)
    bench.note(
        *(PART, TOLD, DIRECT, delay_ms, turn),
        rate=rate(heard, answer_s=delay_ms / 1000),
        p50_ms=took.p50,
        p99_ms=took.p99,
        **spent.figures(len(heard)),
    )


def _as_fast_as_it_goes(
    bench: Bench, crew: Crew, running: Running, onec: FakeOnec, turn: int, delay_ms: int
) -> None:
    """Who answers before 1C has heard gets a fixed count, so that what waits is told within the time."""
    log, since, seconds = _log(bench), onec.place_now(), _seconds(bench, delay_ms)
    count = None
    if crew.slots:
        ideal = crew.slots / (delay_ms / 1000) if delay_ms else 500 * min(crew.slots, 4)
        count = int(ideal * seconds)
    machine.wait_for_quiet(min(1.0, seconds))
    spent = _Spent(running, onec)
    bench.raw_load(
        running.port,
        bench.request(peers.hook(crew.peer.path)),
        connections=CONNECTIONS,
        seconds=None if count else seconds,
        count=count,
        log=log,
        expect="ok",
    )
    _note(bench, crew, spent, onec, log, since, TOLD, turn, delay_ms)


def _steady(bench: Bench, crew: Crew, running: Running, onec: FakeOnec, turn: int, delay_ms: int) -> None:
    log, since = _log(bench), onec.place_now()
    seconds = LONG_STEADY_S if bench.options.long else STEADY_S * min(1.0, bench.options.seconds)
    spent = _Spent(running, onec)
    load = bench.begin_load(
        running.port,
        [bench.request(peers.hook(crew.peer.path))],
        connections=1000,
        seconds=seconds,
        rate=STEADY_RATE,
        log=log,
    )
    load.communicate(timeout=seconds + 60)
    _note(bench, crew, spent, onec, log, since, STEADY, turn, delay_ms)


def _note(
    bench: Bench,
    crew: Crew,
    spent: _Spent,
    onec: FakeOnec,
    log: Path,
    since: int,
    case: str,
    turn: int,
    delay_ms: int,
) -> None:
    numbers = {one.number for one in read_sent(log)}
    heard = [one for one in onec.wait_for(numbers, since) if one.number in numbers]
    if not heard:
        bench.skip(f"{crew.peer.name}, 1C of {delay_ms} ms", "1C heard nothing")
        return
    took = delays(heard)
    bench.note(
        *(PART, case, crew.peer.name, delay_ms, turn),
        rate=rate(heard, answer_s=delay_ms / 1000),
        p50_ms=took.p50,
        p99_ms=took.p99,
        **spent.figures(len(numbers)),
        failed=len(numbers - {one.number for one in heard}),
    )


def _log(bench: Bench) -> Path:
    return bench.place("sent") / "log"


def _seconds(bench: Bench, delay_ms: int) -> float:
    """Long enough for ten calls one after another."""
    return max(bench.options.seconds, delay_ms / 100)
