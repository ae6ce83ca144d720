"""SOAP `MakeCall` from N connections: no exchange behind it, one that answers at once, one that takes 50 ms.

Everybody gets the same bytes, a login among them; the bridge checks it, the peers do not. With no exchange
behind, the bridge is its web server, guard, router, gatekeeper and SOAP entrance over a telephony that
answers a constant, as the peers do. With one it is the whole `vpbx-bridge serve`, which commits each click
durably before it dials and its result after that, and logs it; the peers store nothing. "no journal" is the
same road with the clicks kept in memory. P: one process on one core; PP: two, a core each.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial

from benchmarks.side_by_side.bench import Bench, Running, rotated
from benchmarks.side_by_side.envelope import ANSWER, DIAL, DIALLED, MAKE_CALL
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.servers import (
    bare_waitress,
    bridge,
    entrance,
    node_soap,
    php_soap,
    stock_spyne,
)
from benchmarks.side_by_side.tools import Missing

PART = "soap"
NOBODY = "MakeCall, no exchange behind"
INSTANT = "MakeCall, exchange answers at once"
SLOW = "MakeCall, exchange answers in 50 ms"
CONNECTIONS = (1, 8, 64)
WARM_S = 1.5
P, PP = "bridge P", "bridge PP"
P_MEMORY, PP_MEMORY = "bridge P, no journal", "bridge PP, no journal"
NODE, PHP, SPYNE, SPYNE_PINNED = "node-soap", "PHP-FPM + nginx", "stock Spyne", "stock Spyne pinned"
BARE, C, DIRECT = "limit: bare waitress pinned", "limit: responder in C", "limit: exchange called directly"

Start = Callable[[Bench], Running]


def run(bench: Bench) -> None:
    _case(
        bench,
        NOBODY,
        [
            (P, lambda bench: entrance(bench, P, "constant")),
            (PP, lambda bench: entrance(bench, PP, "constant", workers=2)),
            (NODE, node_soap),
            (PHP, partial(php_soap, children=2)),
            (SPYNE, partial(stock_spyne, name=SPYNE)),
            (SPYNE_PINNED, partial(stock_spyne, name=SPYNE_PINNED, pinned=True)),
            (BARE, partial(bare_waitress, name=BARE, answer=ANSWER)),
            (C, lambda bench: bench.answerer(C, ANSWER)),
        ],
        CONNECTIONS,
    )
    for case, delay_ms, children, threads in ((INSTANT, 0, 2, 4), (SLOW, 50, 64, 64)):
        exchange = bench.answerer(DIRECT, DIALLED, media="application/json", delay_ms=delay_ms)
        url = f"http://127.0.0.1:{exchange.port}"
        with bench.alive(exchange):
            _case(bench, case, _dialling(url, children, threads), CONNECTIONS, exchange)


def _dialling(url: str, children: int, threads: int) -> Sequence[tuple[str, Start]]:
    return [
        (P, lambda bench: bridge(bench, P, upstream=url)),
        (PP, lambda bench: bridge(bench, PP, upstream=url, workers=2)),
        (P_MEMORY, lambda bench: entrance(bench, P_MEMORY, "memory", upstream=url)),
        (PP_MEMORY, lambda bench: entrance(bench, PP_MEMORY, "memory", upstream=url, workers=2)),
        (NODE, partial(node_soap, upstream=url)),
        (PHP, partial(php_soap, children=children, upstream=url)),
        (SPYNE, partial(stock_spyne, name=SPYNE, upstream=url, threads=threads)),
        (SPYNE_PINNED, partial(stock_spyne, name=SPYNE_PINNED, upstream=url, threads=threads, pinned=True)),
    ]


def _case(
    bench: Bench,
    case: str,
    peers: Sequence[tuple[str, Start]],
    connections: Sequence[int],
    exchange: Running | None = None,
) -> None:
    """All peers alive at once, each loaded in its turn; `exchange` is loaded directly beside them."""
    soap, dial = bench.request(MAKE_CALL), bench.request(DIAL)
    with ExitStack() as alive:
        servers = [(exchange, dial)] if exchange else []
        for name, start in peers:
            if not bench.wants(name) and not name.startswith("limit"):
                continue
            try:
                server = start(bench)
                alive.enter_context(bench.alive(server))
                warm(bench, server)
            except Missing as why:
                bench.skip(f"{case}: {name}", why)
                continue
            servers.append((server, soap))
        beside = [exchange] if exchange else []
        for turn in range(bench.options.rounds):
            for number in connections:
                for server, request in rotated(servers, turn):
                    sample = bench.load(
                        server,
                        request,
                        connections=number,
                        expect="SUCCESS",
                        beside=[one for one in beside if one is not server],
                    )
                    bench.note(PART, case, server.name, number, turn, **vars(sample))


def warm(bench: Bench, server: Running) -> None:
    """Raises Missing when the answers are not right."""
    request = bench.request(MAKE_CALL)
    said = bench.raw_load(server.port, request, connections=64, seconds=WARM_S, expect="SUCCESS")
    if said["ok"] < said["sent"]:
        server.end()
        raise Missing(f"{server.name} answers wrongly: {said['statuses']}, {said['wrong']} without SUCCESS")


def _goals() -> list[Goal]:
    goals = [
        _ratio(NOBODY, PP, NODE, 1.0),
        _ratio(NOBODY, PP, PHP, 1.1),
        _ratio(INSTANT, PP, NODE, 1.3),
        _ratio(INSTANT, PP, PHP, 1.3),
        _ratio(INSTANT, PP_MEMORY, NODE, 1.3),
        _ratio(INSTANT, PP_MEMORY, PHP, 1.3),
    ]
    goals += [
        Goal(
            text=f"{NOBODY}: CPU per request of P to bare waitress's, {at} connections",
            measure=lambda results, at=at: results.ratio(NOBODY, P, BARE, at, "cpu_us"),
            most=1.4,
        )
        for at in CONNECTIONS
    ]
    for case, peer in ((NOBODY, P), (NOBODY, PP), (INSTANT, P), (INSTANT, PP)):
        goals += [
            Goal(
                text=f"{case}: {peer} at 64 connections to itself at 8",
                measure=lambda results, case=case, peer=peer: results.ratio(case, peer, peer, 64, to_at=8),
                least=0.9,
            ),
            Goal(
                text=f"{case}: {peer}, p99 to p50 at 64 connections",
                measure=lambda results, case=case, peer=peer: results.quotient(
                    case, peer, 64, "p99_ms", "p50_ms"
                ),
                most=3.0,
            ),
        ]
    for peer in (P, P_MEMORY):
        goals += [
            Goal(
                text=f"{INSTANT}: added by {peer} to p50 at 1 connection",
                measure=lambda results, peer=peer: results.difference(INSTANT, peer, DIRECT, 1, "p50_ms"),
                most=0.3,
                unit="ms",
            ),
            Goal(
                text=f"{SLOW}: {peer} to the direct rate, 64 connections",
                measure=lambda results, peer=peer: results.ratio(SLOW, peer, DIRECT, 64),
                least=0.95,
            ),
            Goal(
                text=f"{SLOW}: added by {peer} to p50 at 64 connections",
                measure=lambda results, peer=peer: results.difference(SLOW, peer, DIRECT, 64, "p50_ms"),
                most=1.0,
                unit="ms",
            ),
        ]
    return goals


def _ratio(case: str, peer: str, to: str, least: float) -> Goal:
    return Goal(
        text=f"{case}: {peer} to {to}, 64 connections",
        measure=lambda results: results.ratio(case, peer, to, 64),
        least=least,
    )


GOALS = _goals()
