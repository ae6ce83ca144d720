"""Limits of this machine: how often its disk makes a block durable, how fast C answers over loopback."""

import json
import subprocess

from benchmarks.side_by_side.bench import Bench
from benchmarks.side_by_side.goals import Goal

PART = "limits"
DISK, LOOPBACK = "fdatasync of a 4 KiB block", "HTTP over loopback, C to C"
GOALS: list[Goal] = []


def run(bench: Bench) -> None:
    responder = bench.answerer("C responder", "ok", media="text/plain")
    request = bench.request("GET / HTTP/1.1\nHost: 127.0.0.1\n\n")
    with bench.alive(responder):
        for turn in range(bench.options.rounds):
            said = subprocess.run(
                [bench.tools.fsyncs, bench.folder / "fsyncs", str(bench.options.seconds)],
                capture_output=True,
                text=True,
                timeout=bench.options.seconds + 30,
                check=True,
            )
            figures = json.loads(said.stdout)
            bench.note(PART, DISK, f"disk of {bench.folder.parent}", 1, turn, **figures)
            for connections in (1, 8, 64):
                sample = bench.load(responder, request, connections=connections)
                bench.note(PART, LOOPBACK, responder.name, connections, turn, **vars(sample))
