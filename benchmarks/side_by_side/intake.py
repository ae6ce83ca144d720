"""Durable intake of hooks: an event of its own in each request, 200 once it is safe.

The bridge keeps the raw event and its meaning, drops repetitions, and queues a delivery for each
infobase that hears of it («nobody to tell» leaves the queue out, as the peers do); it tells nobody here:
its 1C is away. P is one process on one core, PP two. express, Node-RED and PHP make each event durable by
a commit of its own (WAL, synchronous = FULL), Flask as its documentation shows it. «storing nothing» and
the responder in C are limits.
"""

from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side.bench import Bench, Running, rotated
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.hook_peers import HookPeer
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.tools import Missing

PART, CASE = "intake", "Durable intake of hooks"
CONNECTIONS = (1, 8, 64)
AWAY = "http://127.0.0.1:9/ws/VATScalls"  # nobody listens there
P, P_EVENT = "bridge P", "bridge P, nobody to tell"
AGAINST = (
    ("the same waitress storing nothing", peers.STORING_NOTHING.name, 0.55),
    ("express + better-sqlite3", peers.EXPRESS_STORE.name, 2.0),
    ("Node-RED with a durable store", peers.NODE_RED_STORE.name, 2.0),
    ("the Flask script", peers.FLASK_STORE.name, 9.0),
)


def _ratio(results: Results, name: str, other: str) -> Spread | None:
    return results.ratio(CASE, name, other, 64)


GOALS = [
    Goal(
        text=f"Durable intake at 64 connections, {name}, to {words}",
        measure=lambda results, name=name, other=other: _ratio(results, name, other),
        least=least,
    )
    for name in (P, P_EVENT)
    for words, other, least in AGAINST
]


def run(bench: Bench) -> None:
    started = [one for peer in _peers() if bench.wants(peer.name) and (one := _start(bench, peer))]
    started.append((bench.answerer("C responder", "ok", media="text/plain"), peers.PATH))
    for turn in range(bench.options.rounds):
        for running, path in rotated(started, turn):
            request = bench.request(peers.hook(path))
            for connections in CONNECTIONS:
                sample = bench.load(running, request, connections=connections, expect="ok")
                bench.note(PART, CASE, running.name, connections, turn, **vars(sample))
    for running, _ in started:
        running.end()


def _peers() -> list[HookPeer]:
    def away(_: str) -> str:
        return peers.told_at(AWAY)

    return [
        peers.bridge(P, away),
        peers.bridge(P_EVENT, lambda _: 'contract = "none"\n'),
        peers.bridge("bridge P, mailbox", lambda _: 'contract = "mailbox"\n'),
        peers.bridge("bridge PP", away, workers=2),
        peers.bridge("bridge P, PostgreSQL", away, postgres=True),
        peers.bridge("bridge PP, PostgreSQL", away, workers=2, postgres=True),
        peers.STORING_NOTHING,
        peers.EXPRESS_STORE,
        peers.NODE_RED_STORE,
        peers.PHP_STORE,
        peers.FLASK_STORE,
    ]


def _start(bench: Bench, peer: HookPeer) -> tuple[Running, str] | None:
    """Started and warm; None where it is missing."""
    try:
        running = peer.start(bench, AWAY)
        peers.warm(bench, running, peer.path)
    except Missing as why:
        bench.skip(peer.name, why)
        return None
    return running, peer.path
