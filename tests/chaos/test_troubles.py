"""A slow disk, a full disk, a foreign lock, a torn log, a jumping clock, poison; each on a real bridge."""

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from bridge.cli import main
from bridge.core.delivery import DeliveryState

from . import powercut
from .calls import POISON, Due, Exchange, plan
from .ledger import Fault, Post, Report
from .site import LISTENERS, Site, site
from .trouble import Trouble

HOUR_S = 3600.0
LOCK_S = 8.0
WAITS_AT_MOST_S = 12.0  # for the batch before it and its own, five seconds each
BUH = LISTENERS[:1]
DRAIN_S = 30.0


@pytest.fixture(autouse=True, scope="module")
def _a_disk_and_a_clock_that_obey() -> None:
    if not powercut.available():
        if "powercut" in os.environ.get("BRIDGE_TESTS_MUST_RUN", ""):
            pytest.fail(powercut.MISSING)
        pytest.skip(powercut.MISSING)


@contextmanager
def troubled(folder: Path) -> Iterator[tuple[Site, Trouble]]:
    trouble = Trouble(folder)
    with site(folder, environment=trouble.environment, listeners=BUH) as here:
        yield here, trouble


def calls(events: int, seed: int, *, seconds: float = 0.5, poison: float = 0.0) -> list[Due]:
    return plan(events, seconds, ["main"], seed, poison=poison)


def posted(here: Site, dues: list[Due]) -> list[Post]:
    """Everything that was tried until all of `dues` were posted."""
    exchange = Exchange(dues, lambda: here.hooks, 1)
    exchange.start()
    exchange.wait()
    return exchange.posts


def acknowledged(posts: list[Post]) -> set[str]:
    return {post.body for post in posts if post.acked_at is not None}


def judged(here: Site, posts: list[Post], faults: list[Fault] | None = None) -> Report:
    assert here.drained(DRAIN_S)
    report = here.ledger(posts, faults or []).report()
    assert report.clean, str(report)
    assert here.integrity() == "ok"
    return report


def test_a_disk_of_ten_milliseconds_is_slow_and_nothing_else(tmp_path: Path) -> None:
    with troubled(tmp_path) as (here, trouble):
        trouble.set(fsync_s=0.01)
        posts = posted(here, calls(60, seed=1))
        assert len(acknowledged(posts)) == 60
        assert min(post.acked_at - post.sent_at for post in posts if post.acked_at) >= 0.01
        judged(here, posts)


def test_a_full_disk_refuses_and_recovers_without_a_restart(tmp_path: Path) -> None:
    with troubled(tmp_path) as (here, trouble):
        (onec,) = here.onecs
        onec.set_mode(mode="slow", seconds=0.3)
        posts = posted(here, calls(20, seed=1, seconds=0.1))
        trouble.set(disk_full=True)
        time.sleep(0.5)
        before = len(here.told())
        refused = posted(here, calls(20, seed=2, seconds=1.0)[:6])
        assert acknowledged(refused) == set()
        assert readiness(here) == 503
        assert len(here.told()) == before, "1C is told while nobody can write that it was"
        trouble.set()
        onec.set_mode(mode="ok")
        posts += refused + posted(here, calls(20, seed=2))
        assert readiness(here) == 200
        report = judged(here, posts, [Fault(kind="disk full", at=0.0, until=time.time(), room=1)])
        assert report.figures["acknowledged"] == 40


def readiness(here: Site) -> int:
    return urllib3.request("GET", f"{here.bridges[0].url}/readyz", timeout=15.0, retries=False).status


def test_a_foreign_lock_delays_and_refuses_but_takes_nothing(tmp_path: Path) -> None:
    with site(tmp_path, listeners=BUH) as here:
        posts = posted(here, calls(30, seed=1))
        foreign = sqlite3.connect(here.database, isolation_level=None, check_same_thread=False)
        foreign.execute("BEGIN IMMEDIATE")
        release = threading.Timer(LOCK_S, foreign.rollback)
        release.start()
        during = posted(here, calls(30, seed=2))
        release.join()
        foreign.close()
        waited_s = [post.acked_at - post.sent_at for post in during if post.acked_at]
        assert len(waited_s) < len(during) or max(waited_s) > 1, "the lock was not felt"
        assert max(waited_s) < WAITS_AT_MOST_S
        posts += during + posted(here, calls(30, seed=2))
        assert len(acknowledged(posts)) == 60
        judged(here, posts)


def test_a_torn_log_takes_its_own_tail_and_nothing_else(tmp_path: Path) -> None:
    """No promise covers a log cut by hand; the bridge must start from it and know what it knows."""
    chance = random.Random(5)
    with site(tmp_path, listeners=BUH) as here:
        (onec,), (bridge,) = here.onecs, here.bridges
        onec.set_mode(mode="locked")
        everything: list[Post] = []
        for seed in range(3):
            exchange = Exchange([], lambda: here.hooks, seed)
            for due in calls(40, seed):  # one after another: a commit for each
                assert exchange.post(due.exchange, due.body)
            everything += exchange.posts
            bridge.kill()
            log = Path(f"{here.database}-wal")
            os.truncate(log, chance.randrange(log.stat().st_size))
            bridge.start()
            bridge.wait_ready()
            assert here.integrity() == "ok"
            survived = {row.body for row in here.kept()}
            order = list(dict.fromkeys(post.body for post in exchange.posts))
            known = [body in survived for body in order]
            assert known == sorted(known, reverse=True), "a later event outlived an earlier one"
            everything = [post for post in everything if post.body in survived]
        onec.set_mode(mode="ok")
        everything += posted(here, calls(20, seed=9))
        assert here.drained(DRAIN_S)
        report = here.ledger(everything, []).report()
        assert report.clean, str(report)


def test_a_clock_that_jumps_an_hour_and_back_loses_and_storms_nothing(tmp_path: Path) -> None:
    with troubled(tmp_path) as (here, trouble):
        (onec,) = here.onecs
        posts = posted(here, calls(30, seed=1))
        for seed, hours in enumerate((1, 0, -1, 0), start=2):
            onec.set_mode(mode="locked")
            posts += posted(here, calls(10, seed * 10))  # waits, with the time of before the jump
            trouble.set(clock_s=hours * HOUR_S)
            posts += posted(here, calls(10, seed * 10 + 1))
            onec.set_mode(mode="ok")
            posts += posted(here, calls(10, seed * 10 + 2))
        judged(here, posts)
        off = {round((row.created_at - time.time()) / HOUR_S) for row in here.kept()}
        assert off == {0, 1}, "a jump ahead is believed, one back is not (store/sqlite.py, SteadyClock)"


def test_poison_goes_aside_with_a_reason_and_can_be_replayed(tmp_path: Path) -> None:
    with site(tmp_path, listeners=BUH, attempts=2) as here:
        (onec,) = here.onecs
        onec.set_mode(mode="ok", fault_if_contains=POISON)
        dues = calls(200, seed=4, seconds=1.0, poison=0.1)
        poisoned = {due.body for due in dues if POISON in due.body}
        posts = posted(here, dues)
        report = judged(here, posts)
        assert report.figures["kept_dead"] == len(poisoned) > 2
        dead = here.archive().deliveries(state=DeliveryState.DEAD, limit=1000)
        assert all(one.last_answer and one.attempts == 2 for one, _ in dead)

        onec.set_mode(mode="ok")
        config = str(tmp_path / "bridge-0.toml")
        result = CliRunner().invoke(main, ["events", "replay", "-c", config, "--dead"])
        assert result.exit_code == 0, result.output
        assert here.drained(DRAIN_S)
        report = here.ledger(posts, [], frozenset(one.id for one, _ in dead)).report()
        assert report.clean, str(report)
        assert report.figures["kept_dead"] == 0
        heard = "".join(told.parameters["Data"] for told in here.told())
        assert heard.count(POISON) == len(poisoned)
