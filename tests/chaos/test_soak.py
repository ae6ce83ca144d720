"""The soak, short; and bridges with a defect put in, in which the same soak must find it."""

import sys
import time
from pathlib import Path

import pytest

from .calls import Exchange, plan
from .ledger import SLACK_S, Report
from .site import LISTENERS, TIMEOUT_S, site
from .soak import Plan, soak

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kill -9 and SIGSTOP are of POSIX")


def run(folder: Path, **chosen: object) -> Report:
    report = soak(Plan(**{"freezes": 0, "poison": 0.0, "minutes": 2.0, "drain_s": 60.0, **chosen}), folder)
    assert report.figures["in_time"]
    assert report.figures["ended_by_themselves"] == report.figures["refused_starts"] == 0
    return report


def test_nothing_is_lost_disordered_or_repeated_without_cause(tmp_path: Path) -> None:
    report = run(tmp_path, events=600, kills=8, outages=2, freezes=1, rate=80.0)
    assert report.clean, str(report)
    assert report.figures["drained"]
    assert report.figures["integrity"] == "ok"
    assert report.figures["acknowledged"] > 400
    assert report.figures["faults"]["bridge killed"] == 8


def test_the_soak_finds_an_answer_before_the_commit(tmp_path: Path) -> None:
    report = run(tmp_path, events=300, kills=4, outages=0, rate=80.0, sabotage="early_ack")
    assert any("not in the database" in one for one in report.lost), str(report)


@pytest.mark.parametrize(
    ("defects", "findings"),
    [
        ("no_dedup+no_order", {"duplicates", "misnumbered", "disordered"}),
        ("settle_first", {"lost"}),
    ],
)
def test_an_outage_shows_what_is_wrong_with_the_bridge(
    tmp_path: Path, defects: str, findings: set[str]
) -> None:
    with site(tmp_path, sabotage=defects, listeners=LISTENERS[:1]) as here:
        (onec,) = here.onecs
        onec.set_mode(mode="locked")
        exchange = Exchange(plan(150, 1.0, ["main"], seed=3), lambda: here.hooks, 3)
        exchange.start()
        exchange.wait()
        time.sleep(TIMEOUT_S + SLACK_S)  # the ledger blames nothing that may have been under way
        onec.set_mode(mode="ok")
        assert here.drained(30.0)
        report = here.ledger(exchange.posts, []).report()
    found = {name for name, some in report.findings.items() if some}
    assert found == findings, str(report)
