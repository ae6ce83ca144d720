"""Build and run everything side by side, in one run: `python -m benchmarks`.

    python -m benchmarks                              all parts, 5 rounds (about half an hour)
    python -m benchmarks --rounds 1 --seconds 1       a look
    python -m benchmarks --only soap,startup --long   some parts, with their long lines
    python -m benchmarks --peers "bridge,node"        peers whose name holds one of these words

Loopback only; bounded; ends whatever it started. Writes results.json, report.md and plots into --out.
"""

import argparse
import importlib
import json
import os
import platform
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import ROOT, Bench, Options
from benchmarks.side_by_side.goals import Goal, verdicts, verdicts_as_json
from benchmarks.side_by_side.report import plots, tables
from benchmarks.side_by_side.results import Results
from benchmarks.side_by_side.tools import Missing

PARTS = ("limits", "inprocess", "soap", "intake", "delivery", "loss", "drain", "callers", "startup")


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell starts behind itself
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended
    out = Path(given.out)
    out.mkdir(parents=True, exist_ok=True)
    wanted = tuple(part for part in given.only.split(",") if part)
    if unknown := set(wanted) - set(PARTS):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    options = Options(
        rounds=given.rounds,
        seconds=given.seconds,
        long=given.long,
        peers=tuple(word for word in given.peers.split(",") if word),
    )
    parts = {name: _part(name) for name in wanted or PARTS}
    goals = [goal for part in parts.values() for goal in part.GOALS]
    began = time.monotonic()
    try:
        with Bench(options) as bench:
            bench.results.machine = _machine(options)
            try:
                for name, part in parts.items():
                    bench.say(f"{name}: {part.__doc__.splitlines()[0]}")
                    _run(name, part, bench)
                    _write(out, bench.results, list(parts), goals)  # what was measured survives a Ctrl+C
            except KeyboardInterrupt:
                bench.say("interrupted: what follows was measured until now")
                _write(out, bench.results, list(parts), goals)
            text = (out / "report.md").read_text(encoding="utf-8")
    except Missing as why:
        raise SystemExit(f"cannot measure here: {why}") from None
    print(f"\n{text}\nin {time.monotonic() - began:.0f} s; results.json, report.md and plots: {out}")


def _run(name: str, part: Any, bench: Bench) -> None:
    try:
        part.run(bench)
    except Missing as why:
        bench.skip(name, why)


def _part(name: str) -> Any:
    return importlib.import_module(f"benchmarks.side_by_side.{name}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each load")
    parser.add_argument("--only", default="", help=f"parts, by commas: {', '.join(PARTS)}")
    parser.add_argument("--peers", default="", help="words, by commas; a peer's name must hold one of them")
    parser.add_argument("--long", action="store_true", help="what takes minutes too")
    parser.add_argument("--out", default=str(ROOT / "benchmarks" / "out"))
    return parser.parse_args()


def _machine(options: Options) -> dict[str, Any]:
    return {
        "cores": machine.CORES,
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "rounds": options.rounds,
        "seconds": options.seconds,
        "load_before": os.getloadavg()[0],
        "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def _write(out: Path, results: Results, parts: list[str], goals: list[Goal]) -> None:
    whole = results.as_json() | {"verdicts": verdicts_as_json(goals, results)}
    (out / "results.json").write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    facts = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    text = [f"Measured: {facts}.", "### Goals", verdicts(goals, results)]
    for part in parts:
        if results.cases(part):
            text += [f"### {part}", _part(part).__doc__.strip(), tables(results, part)]
        for name, drawing in plots(results, part).items():
            (out / name).write_text(drawing, encoding="utf-8")
    if results.skipped:
        text += ["### Skipped", "\n".join(f"- {what}: {why}" for what, why in results.skipped)]
    (out / "report.md").write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
