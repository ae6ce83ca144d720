"""Several bridges on one PostgreSQL: killed, cut off from it, and still one voice to each infobase."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import postgres
from .calls import Exchange, plan
from .site import LISTENERS, site
from .soak import Plan, soak

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and SIGSTOP are of POSIX")


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    if postgres.binaries() is None:
        if "postgres" in os.environ.get("BRIDGE_TESTS_MUST_RUN", ""):
            pytest.fail(postgres.MISSING)
        pytest.skip(postgres.MISSING)
    with postgres.server() as running:
        yield running


def test_replicas_lose_and_repeat_nothing_when_they_and_the_server_die(
    tmp_path: Path, server: postgres.Server
) -> None:
    chosen = Plan(
        store="postgres",
        replicas=2,
        events=240,
        rate=30.0,
        kills=1,
        pg_restarts=1,
        outages=1,
        freezes=0,
        poison=0.0,
        drain_s=60.0,
        sabotage="short_leases",
    )
    report = soak(chosen, tmp_path, server)
    assert report.clean, str(report)
    assert report.figures["in_time"]
    assert report.figures["drained"]
    assert report.figures["ended_by_themselves"] == 0
    assert report.figures["acknowledged"] > 150


def test_the_ledger_finds_two_owners_of_one_infobase(tmp_path: Path, server: postgres.Server) -> None:
    with site(
        tmp_path, database=server.fresh(), replicas=2, sabotage="two_owners", listeners=LISTENERS[:1]
    ) as here:
        (onec,) = here.onecs
        onec.set_mode(mode="slow", seconds=0.05)
        exchange = Exchange(plan(60, 1.0, ["main"], seed=1), lambda: here.hooks, 1)
        exchange.start()
        exchange.wait()
        assert here.drained(30.0)
        time.sleep(0.2)  # the slower of two tellings may still be under way
        report = here.ledger(exchange.posts, []).report()
    assert report.lost == []
    assert report.duplicates, str(report)
