"""A slow reader of the log keeps nobody waiting; what was said is written in order, or counted as lost."""

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge import lines

PATIENCE_S = 20.0


class Blocked(io.StringIO):
    """Takes nothing until it is let go, as a pipe that nobody reads."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.tried = threading.Event()

    def write(self, text: str) -> int:
        self.tried.set()
        self.let_go.wait(PATIENCE_S)
        return super().write(text)


@contextmanager
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Blocked]:
    stream = Blocked()
    monkeypatch.setattr("sys.stderr", stream)
    lines.in_background()
    try:
        yield stream
    finally:
        stream.let_go.set()
        lines.flush()


def test_nobody_waits_for_a_reader_that_sleeps_and_the_order_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    said = [f"line {number}" for number in range(1000)]
    with blocked(monkeypatch) as stream:
        for line in said:
            lines.write(line)
        assert stream.tried.wait(PATIENCE_S)
    assert stream.getvalue().splitlines() == said


def test_what_finds_no_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MAX_WAITING", 10)
    with blocked(monkeypatch) as stream:
        lines.write("the first")
        assert stream.tried.wait(PATIENCE_S)
        before = lines.lost
        for number in range(25):
            lines.write(f"line {number}")
        assert lines.lost == before + 15
    assert stream.getvalue().splitlines() == ["the first", *[f"line {number}" for number in range(10)]]


def test_a_stream_that_cannot_be_written_is_counted_in_the_background_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = lines.lost
    monkeypatch.setattr("sys.stderr", None)
    lines.in_background()
    lines.write("one")
    lines.write("two")
    lines.flush()
    assert lines.lost == before + 2


def test_a_line_is_made_by_who_writes_it_and_one_that_cannot_be_made_is_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before, makers = lines.lost, []

    def made() -> str:
        makers.append(threading.current_thread().name)
        return "made\a"

    with blocked(monkeypatch) as stream:
        lines.write("one")
        lines.write(made)
        lines.write(lambda: str(1 / 0))
        lines.write("two")
    assert stream.getvalue().splitlines() == ["one", "made\\u0007", "two"]
    assert makers == ["log"]
    assert lines.lost == before + 1


def test_of_a_line_that_cannot_be_made_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    before = lines.lost
    lines.write(lambda: str(1 / 0))
    assert capsys.readouterr().err == ""
    assert lines.lost == before + 1


ENDS = {
    "by itself": "",
    "by an error": "raise SystemExit(3)",
    "by a signal that it hears": "import signal; signal.raise_signal(signal.SIGTERM)",
}
PROGRAM = """
import signal, sys
from bridge import lines
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
lines.in_background()
for number in range(500):
    lines.write(f"line {{number}}")
{end}
"""


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_nothing_is_lost_however_a_process_ends_but_by_force(end: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(end=end)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr.splitlines() == [f"line {number}" for number in range(500)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_says_its_own_lines_and_none_of_the_parents() -> None:
    program = """
import os
from bridge import lines
lines.GATHER_S = 0.5
lines.in_background()
lines.write("parent")
pid = os.fork()
if not pid:
    lines.write("child")
    os._exit(0)
os.waitpid(pid, 0)
"""
    quiet = "ignore::DeprecationWarning"  # of a fork beside threads, since Python 3.12
    done = subprocess.run(
        [sys.executable, "-W", quiet, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert sorted(done.stderr.splitlines()) == ["child", "parent"]
