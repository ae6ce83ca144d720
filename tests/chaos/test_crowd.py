"""Whoever merely holds a connection locks nobody out. Figures are in `crowd`; here only: is it answered?"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bridge.web import acceptor
from bridge.web.crowd import CROWDED, LIMIT
from support.world import World, world

from .crowd import Answers, crowd

SILENT = LIMIT + 50


def _files() -> int:
    """How many files and sockets a process may have open here, raised as far as it goes."""
    if sys.platform == "win32":  # select() of Windows takes 512 sockets
        return 0
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, 4096 if hard == resource.RLIM_INFINITY else min(4096, hard))
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


pytestmark = pytest.mark.skipif(_files() < 2 * SILENT, reason="a siege takes some two thousand sockets")


@contextmanager
def besieged(folder: Path) -> Iterator[World]:
    with world(folder) as here:
        yield here


def raid(here: World) -> Answers:
    return crowd(here, idle=SILENT, slow=20, seconds=3, rate=5, timeout_s=5)


def test_hooks_and_clicks_are_answered_beside_more_strangers_than_there_are_places(tmp_path: Path) -> None:
    assert CROWDED < LIMIT < SILENT
    with besieged(tmp_path) as here:
        answers = raid(here)
    assert answers.failed == []
    assert min(len(answers.hook), len(answers.click)) > 5


def test_without_making_room_the_same_strangers_lock_everybody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The measurement sees a siege when there is one."""
    monkeypatch.setattr(acceptor, "make_room", lambda _: 0)
    with besieged(tmp_path) as here:
        answers = raid(here)
    assert answers.failed
