"""Power cuts: what was acknowledged outlives them; without `synchronous = FULL` it does not.

kill -9 alone proves nothing of this: the kernel keeps what a dead process has written.
"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from . import powercut
from .powercut import PowerCuts
from .soak import Plan, soak

CUTS = 5
ROUNDS = 3
QUIET = {"kills": 0, "outages": 0, "freezes": 0, "poison": 0.0, "minutes": 2.0, "drain_s": 60.0}


@pytest.fixture(autouse=True, scope="module")
def _a_disk_that_can_forget() -> None:
    if not powercut.available():
        if "powercut" in os.environ.get("BRIDGE_TESTS_MUST_RUN", ""):
            pytest.fail(powercut.MISSING)
        pytest.skip(powercut.MISSING)


def test_nothing_acknowledged_is_lost_in_power_cuts(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        plan = Plan(events=400, rate=80.0, power_cuts=CUTS, seed=number, **QUIET)
        report = soak(plan, tmp_path / str(number))
        assert report.clean, str(report)
        assert report.figures["faults"] == {"power cut": CUTS}
        assert report.figures["integrity"] == "ok"
        assert report.figures["acknowledged"] > 200
        if report.figures["forgotten"]:
            return
    pytest.fail("no cut took anything: nothing was proved")


def test_the_control_without_full_loses_some(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        plan = Plan(events=300, rate=100.0, power_cuts=3, sabotage="normal", seed=number, **QUIET)
        report = soak(plan, tmp_path / str(number))
        if report.lost:
            return
    pytest.fail(f"{ROUNDS} rounds of cuts took nothing: the simulated disk does not forget")


# --- the simulated disk itself -------------------------------------------------------------------
WRITER = """
import os, sys
file = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
folder = os.open(os.path.dirname(sys.argv[1]), os.O_RDONLY)
if "name" in sys.argv: os.fsync(folder)
os.pwrite(file, b"kept" * 256, 0)
if "data" in sys.argv: os.fsync(file)
os.pwrite(file, b"lost" * 256, 512)
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize(
    ("promised", "possible"),
    [
        ((), lambda data: True),
        (("name",), lambda data: data is not None),
        (("name", "data"), lambda data: data is not None and data[:512] == b"kept" * 128),
    ],
)
def test_a_cut_leaves_what_was_promised_and_forgets_something_else(tmp_path, promised, possible):
    seen = set()
    for seed in range(25):
        cuts = PowerCuts(tmp_path / str(seed), tmp_path / "scratch", seed)
        path = tmp_path / str(seed) / "file"
        subprocess.run(
            [sys.executable, "-c", WRITER, str(path), *promised],
            env={**os.environ, **cuts.environment},
            timeout=20,
            check=False,
        )
        assert path.read_bytes() == b"kept" * 128 + b"lost" * 256, "it was there before the cut"
        cuts.cut()
        data = path.read_bytes() if path.exists() else None
        assert possible(data), (seed, promised)
        seen.add(data)
    assert len(seen) > 1, "every cut left the same"


def test_a_cut_forgets_nothing_of_a_file_that_sqlite_has_committed_to(tmp_path):
    program = (
        "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('PRAGMA journal_mode = WAL'); db.execute('PRAGMA synchronous = FULL');"
        "db.execute('CREATE TABLE t (n)');"
        "[db.execute('INSERT INTO t VALUES (?)', (n,)) for n in range(40)];"
        "db.execute('BEGIN'); db.execute('INSERT INTO t VALUES (-1)'); os.kill(os.getpid(), 9)"
    )
    for seed in range(5):
        cuts = PowerCuts(tmp_path / str(seed), tmp_path / "scratch", seed)
        path = tmp_path / str(seed) / "file.db"
        subprocess.run(
            [sys.executable, "-c", program, str(path)],
            env={**os.environ, **cuts.environment},
            timeout=20,
            check=False,
        )
        cuts.cut()
        connection = sqlite3.connect(path)
        assert connection.execute("SELECT count(*), min(n) FROM t").fetchone() == (40, 0)
        connection.close()
