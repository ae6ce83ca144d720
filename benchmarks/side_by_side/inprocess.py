"""One `MakeCall` in process: our whole SOAP entrance beside stock Spyne, which checks less."""

import json
import subprocess
import sys

from benchmarks.side_by_side.bench import ROOT, Bench, rotated
from benchmarks.side_by_side.goals import Goal
from benchmarks.side_by_side.tools import Missing

PART = "inprocess"
CASE = "MakeCall in process, µs of processor time"
OURS, STOCK = "bridge", "stock Spyne"
CALLS = {OURS: 10_000, STOCK: 3_000}


def run(bench: Bench) -> None:
    if sys.version_info >= (3, 12):
        raise Missing("stock Spyne 2.14 does not import on Python 3.12 and later")
    for turn in range(bench.options.rounds):
        for name in rotated([OURS, STOCK], turn):
            which = "ours" if name == OURS else "stock"
            done = subprocess.run(
                [sys.executable, "-m", "benchmarks.ours.in_process", which, str(CALLS[name])],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
            if done.returncode:
                raise Missing(f"{name}: {done.stderr.strip()[-300:]}")
            bench.note(PART, CASE, name, 1, turn, **json.loads(done.stdout))


GOALS = [
    Goal(
        text="In process: our MakeCall to stock Spyne's",
        measure=lambda results: results.ratio(CASE, OURS, STOCK, 1, "us"),
        most=0.1,
    )
]
