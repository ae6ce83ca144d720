"""Lines to standard error: at once, or by a thread of their own, so that no request waits for a slow reader.

A full disk, a closed pipe or no console at all stops no call: a line that cannot be written, or finds
no room among those that wait, is counted and forgotten.
"""

import atexit
import os
import re
import sys
import threading
from collections import deque
from collections.abc import Callable

# what rules a terminal, turns a line around or begins a new one; tabs and line ends of a traceback stay
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
MAX_WAITING = 10_000
GATHER_S = 0.02  # a thread that is woken for each line takes the interpreter from whoever works
GOODBYE_S = 2.0

Line = str | Callable[[], str]  # or what makes it when it is written; the time is its caller's

lost = 0  # lines that could not be written; the work goes on without its log


def write(line: Line) -> None:
    """One line, in order. Returns at once when there is a writer, and never raises."""
    global lost
    writer = _writer
    if writer is None:
        _put([line])
    elif not writer.add(line):
        lost += 1


def in_background() -> None:
    """From now on a thread writes, in this process; a child that is forked begins without one."""
    global _writer
    if _writer is None:
        _writer = _Writer()


def flush() -> None:
    """Wait until all that was said is written, not longer than `GOODBYE_S`; from then on at once again."""
    global _writer
    writer, _writer = _writer, None
    if writer is not None:
        writer.close()


class _Writer:
    def __init__(self) -> None:
        self._waiting: deque[Line] = deque()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def add(self, line: Line) -> bool:
        if len(self._waiting) >= MAX_WAITING:
            return False
        self._waiting.append(line)
        if not self._something.is_set():
            self._something.set()
        return True

    def close(self) -> None:
        self._closing.set()
        self._something.set()
        self._thread.join(GOODBYE_S)
        if not self._thread.is_alive():
            self._write()  # what came between

    def _run(self) -> None:
        while not self._closing.is_set():
            self._something.wait()
            self._closing.wait(GATHER_S)
            self._something.clear()
            self._write()

    def _write(self) -> None:
        while self._waiting:
            _put([self._waiting.popleft() for _ in range(min(len(self._waiting), 200))])


def _put(lines: list[Line]) -> None:
    global lost
    made = [text for line in lines if (text := _made(line)) is not None]
    lost += len(lines) - len(made)
    if not made:
        return
    try:
        sys.stderr.write("\n".join(made) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # AttributeError: sys.stderr is None under pythonw
        lost += len(made)


def _made(line: Line) -> str | None:
    """None: it cannot be made."""
    try:
        text = line if isinstance(line, str) else line()
    except Exception:  # noqa: BLE001 - a line less; who said it has gone on long ago
        return None
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text) if _CONTROLS.search(text) else text


def _forked() -> None:
    global _writer
    _writer = None


_writer: _Writer | None = None
atexit.register(flush)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
