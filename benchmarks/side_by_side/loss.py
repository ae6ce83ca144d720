"""What is lost: 1C off for 10 s, frozen for 10 s, the bridge or the peer killed, one of its processes killed.

Calls of five events, 50 events a second for 18 s (1C off or frozen from the 4th second on) or 200 a second
for 10 s (killed at the 4th, begun again a second later; a process of the bridge killed three times). The
sender repeats nothing and waits for an answer up to 30 s, as an exchange at its kindest. «Popups out of
date» are not lost: worth telling for 3 s here, 1C came back too late for them, or their call had ended when
they were taken. «200, never told» is what nobody will ever learn of. «Out of order»: first heard after a
later event of its call, though it had been acknowledged before that one was sent. «Drained»: from 1C's
return until it has heard all that was sent before.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side.bench import Bench, Running, end
from benchmarks.side_by_side.fake_onec import FakeOnec
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.hook_peers import HookPeer
from benchmarks.side_by_side.ledger import Popups, account, delays, drained_s, may_expire, read_sent
from benchmarks.side_by_side.results import Results, Spread
from benchmarks.side_by_side.tools import Missing

PART = "loss"
OFF, FROZEN = "1C is off for 10 s", "1C is frozen for 10 s"
KILLED, CHILD = "Killed and begun again a second later", "A process of several killed three times"
STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")
POPUP_S, DEFAULT_POPUP_S = 3.0, 30.0
RINGS, ENDS = [STATES.index("PREANSWER")], [STATES.index("HANGUP"), STATES.index("END")]
LEAD_S, TROUBLE_S, REST_S = 4.0, 10.0, 4.0
P, P_PROBING, PP = "bridge P", "bridge P, probe_s = 0.5", "bridge PP"
P_POSTGRES = "bridge P, PostgreSQL"
AT_ONCE = 1000  # hooks under way: more than come in the longest silence


def _figure(case: str, peer: str, name: str) -> Callable[[Results], Spread | None]:
    return lambda results: results.spread(case, peer, 1, name)


GOALS = [
    Goal(text=f"{case}, {peer}: {words}", measure=_figure(case, peer, name), most=most, unit=unit)
    for case in (OFF, FROZEN)
    for peer in (P, P_PROBING)
    for name, words, most, unit in (
        ("lost", "lost", 0, "events"),
        ("200, never told", "accepted and never told", 0, "events"),
        ("out of order", "out of order within a call", 0, "events"),
        ("drained, s", "what waited drained after 1C's return", 1.0, "s"),
    )
] + [
    Goal(
        text=f"{case}, {peer}: accepted and never told",
        measure=_figure(case, peer, "200, never told"),
        most=0,
    )
    for case, peer in ((KILLED, P), (KILLED, P_POSTGRES), (CHILD, PP))
]


@dataclass(frozen=True)
class Run:
    """A server of hooks under load, and the 1C it tells."""

    bench: Bench
    peer: HookPeer
    running: Running
    onec: FakeOnec
    scale: float

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds * self.scale)


Trouble = Callable[[Run], int]  # what happens meanwhile; when 1C could hear again, 0 if it always could


def run(bench: Bench) -> None:
    off_or_frozen = [
        peers.bridge(P, lambda onec: peers.told_at(onec, popup_lifetime_s=POPUP_S)),
        peers.bridge(P_PROBING, lambda onec: peers.told_at(onec, popup_lifetime_s=POPUP_S, probe_s=0.5)),
        peers.bridge(PP, lambda onec: peers.told_at(onec, popup_lifetime_s=POPUP_S), workers=2),
        peers.bridge(P_POSTGRES, lambda onec: peers.told_at(onec, popup_lifetime_s=POPUP_S), postgres=True),
        *_THEIRS,
    ]
    killed = [
        peers.bridge(P, peers.told_at),
        peers.bridge(PP, peers.told_at, workers=2),
        peers.bridge(P_POSTGRES, peers.told_at, postgres=True),
        *_THEIRS,
    ]
    for turn in range(bench.options.rounds if bench.options.long else 1):
        for case, rate, trouble, crew in (
            (OFF, 50, _off, off_or_frozen),
            (FROZEN, 50, _frozen, off_or_frozen),
            (KILLED, 200, _killed, killed),
            (CHILD, 200, _children_killed, [peers.bridge(PP, peers.told_at, workers=2)]),
        ):
            for peer in crew:
                if bench.wants(peer.name):
                    try:
                        _suffer(bench, peer, case, rate, trouble, turn)
                    except Missing as why:
                        bench.skip(f"{case}: {peer.name}", why)


_THEIRS = [
    peers.FLASK_TELL,
    peers.EXPRESS_TELL,
    peers.NODE_RED_TELL,
    peers.php_tell(8),
]


def _suffer(bench: Bench, peer: HookPeer, case: str, rate: int, trouble: Trouble, turn: int) -> None:
    onec = FakeOnec(bench, 0)
    running = peer.start(bench, onec.url)
    scale = min(1.0, bench.options.seconds)
    try:
        peers.warm(bench, running, peer.path, count=20)
        onec.wait_for(range(bench.first - 20, bench.first), 0, limit_s=30)
        since, log = onec.place_now(), bench.place("sent") / "log"
        requests = [bench.request(peers.hook(peer.path, state=state, call="@CALL@")) for state in STATES]
        lasts = LEAD_S + TROUBLE_S + REST_S if rate == 50 else 10.0
        load = bench.begin_load(
            running.port,
            requests,
            connections=AT_ONCE,
            seconds=lasts * scale,
            rate=rate,
            log=log,
            timeout_s=30.0,
        )
        returned_at = trouble(Run(bench, peer, running, onec, scale))
        said = json.loads(load.communicate(timeout=120)[0])
        sent = read_sent(log)
        ours = peer.path == peers.BRIDGE_PATH  # nobody else knows popups, or tells later
        lifetime_s = POPUP_S if returned_at else DEFAULT_POPUP_S
        popups = Popups(places=RINGS, ends=ENDS, lifetime_s=lifetime_s) if ours else None
        awaited = {one.number for one in sent if one.status == 200}
        if popups:
            awaited -= may_expire(sent, len(STATES), popups, returned_at)
        heard = onec.wait_for(awaited, since, quiet_s=60.0 if ours else 3.0)
    finally:
        running.end()
        onec.end()
    found = account(sent, heard, each=len(STATES), popups=popups, returned_at=returned_at)
    took = delays(heard) if heard else None
    bench.note(
        *(PART, case, peer.name, 1, turn),
        **{
            "sent": found.sent,
            "got 200": found.acknowledged,
            "told": found.reached,
            "popups out of date": found.out_of_date,
            "told twice": found.repeated,
            "lost": found.lost,
            "200, never told": found.broken_promises,
            "out of order": found.out_of_order,
            "popups told late": found.told_late,
            "drained, s": drained_s(heard, returned_at) if returned_at else 0.0,
            "refused": said["refused"],
            "p50, ms": took.p50 if took else 0.0,
            "longest, ms": took.longest if took else 0.0,
        },
    )


def _off(run: Run) -> int:
    return _away(run, run.onec.stop, run.onec.start_again)


def _frozen(run: Run) -> int:
    return _away(run, run.onec.freeze, run.onec.thaw)


def _away(run: Run, go: Callable[[], object], come_back: Callable[[], object]) -> int:
    run.sleep(LEAD_S)
    go()
    run.sleep(TROUBLE_S)
    returned_at = time.monotonic_ns()
    come_back()
    return returned_at


def _killed(run: Run) -> int:
    run.sleep(LEAD_S)
    for one in run.running.processes:
        end(one)
    time.sleep(1.0)
    run.bench.start_again(run.running)
    return 0


def _children_killed(run: Run) -> int:
    for _ in range(3):
        run.sleep(2.5)
        os.kill(entrances(run.running)[0], signal.SIGKILL)
    return 0


def entrances(running: Running) -> list[int]:
    """The children that hold the listening socket: those that take hooks."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listens = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == "0A" and int(row[1].split(":")[1], 16) == running.port
    }
    parents = {one.pid for one in running.processes}
    return [pid for pid in running.pids() if pid not in parents and listens & _open_files(pid)]


def _open_files(pid: int) -> set[str]:
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.add(str(entry.readlink()))
        except OSError:
            continue  # closed meanwhile
    return found
