"""The Полигон of a bridge that serves: a process of its own, started by a press, ended by idleness.

Everything it does is out of the way of real calls: its threads, its memory, its files, its log lines.
Processes that have agreed on one `Meeting` before their fork share its process, whichever of them started
it: its address is known beforehand, and who comes second finds it taken.
"""

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from bridge.core.calls import Subscriber
from bridge.core.errors import BridgeError, TooMuch
from bridge.demo.meeting import Address, Meeting, somewhere
from bridge.demo.stage import SUBSCRIBERS
from bridge.observe import log
from bridge.pausing import pausing
from bridge.sim.scenarios import SCENARIOS
from bridge.web.console.roads import Exchanged, Played

IDLE_S = 15 * 60.0
START_S = 30.0
ANSWER_S = 30.0
END_S = 15.0
LONGEST = 8 * 1024 * 1024  # bytes of an answer
STARTING = "Полигон поднимается: повторите через несколько секунд"
CROWDED = "На Полигон пришло слишком много сразу: повторите через несколько секунд"
FAILED = "Полигон не запустился: причина в журнале моста"
# the same code as ours, wherever that is
PROGRAM = """
import json, sys
facts = json.loads(sys.stdin.readline())
sys.path[:] = facts.pop("path")
from bridge.demo.program import main
main(facts)
"""
LATE = "Полигон не ответил вовремя: повторите"


class SandboxApart:
    """`web.console.roads.Sandbox` in another process.

    Args:
        meeting: the same in processes that share it.
        idle_s: after so long without a press the process ends, and what was in it is forgotten.
        json_lines: how its errors are written into our log.
    """

    here = False
    people: Sequence[Subscriber] = SUBSCRIBERS
    scenarios: Sequence[str] = tuple(SCENARIOS)

    def __init__(
        self, *, meeting: Meeting | None = None, idle_s: float = IDLE_S, json_lines: bool = False
    ) -> None:
        meeting = meeting or Meeting()
        self.idle_s = idle_s
        self._json_lines = json_lines
        self._key = meeting.key
        self._address = meeting.address
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._awaited: threading.Thread | None = None

    @property
    def onec_away(self) -> bool:
        """Nobody is started to answer this."""
        if not isinstance(self._address, str) and not self._alive():
            return False
        with suppress(ConnectionError, TooMuch):
            return bool(self._said("onec_away", {}))
        return False

    def dial(self, handle: str, number: str, *, russian: bool) -> Played:
        return _played(self._ask("dial", handle=handle, number=number, russian=russian))

    def ring(self, scenario: str, number: str, handle: str) -> Played:
        return _played(self._ask("ring", scenario=scenario, number=number, handle=handle))

    def switch_onec(self, *, away: bool) -> Played:
        return _played(self._ask("switch_onec", away=away))

    def close(self) -> None:
        """End the process, if this one has started it; safe to call twice."""
        process = self._process
        if process is None or process.stdin is None or self._awaited is None:
            return
        with suppress(OSError):
            process.stdin.close()
        self._awaited.join(END_S)
        if process.poll() is None:
            process.kill()
            self._awaited.join(END_S)

    def _ask(self, what: str, **how: Any) -> Any:
        for _ in range(2):  # it may be ending for idleness just as somebody comes
            try:
                return self._said(what, how)
            except ConnectionError:
                self._start()
        try:
            return self._said(what, how)
        except ConnectionError:
            raise BridgeError(FAILED) from None

    def _said(self, what: str, how: dict[str, Any]) -> Any:
        """
        Raises:
            ConnectionError: there is nobody to ask.
            TooMuch: it is busy.
            BridgeError: it cannot.
        """
        try:
            with pausing(), _connected(self._address) as line:
                line.sendall(json.dumps({"key": self._key, "what": what, "how": how}).encode() + b"\n")
                said = _everything(line)
        except TimeoutError:
            raise BridgeError(LATE) from None
        except BlockingIOError:  # more stand at its door than it has places for
            raise TooMuch(CROWDED) from None
        if not said:
            raise ConnectionResetError
        answer = json.loads(said)
        if "busy" in answer:
            raise TooMuch(answer["busy"])
        if "refused" in answer:
            raise BridgeError(answer["refused"])
        return answer["said"]

    # --- its life --------------------------------------------------------------------------------
    def _start(self) -> None:
        """Come back when somebody listens at the address, whoever started it."""
        if not self._starting.acquire(blocking=False):
            raise TooMuch(STARTING)
        try:
            if isinstance(self._address, str) and _answers(self._address):
                return
            process = self._started()
            until = time.monotonic() + START_S
            while not _answers(self._address):
                if process.poll() is not None and not _answers(self._address):
                    raise BridgeError(FAILED)
                if time.monotonic() > until:
                    raise BridgeError(LATE)
                time.sleep(0.02)
        finally:
            self._starting.release()

    def _started(self) -> subprocess.Popen[bytes]:
        if not isinstance(self._address, str):
            self._address = somewhere()  # the port of before may be somebody's by now
        try:
            folder = tempfile.mkdtemp(prefix="vpbx-bridge-sandbox-")
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-P", "-c", PROGRAM],
                stdin=subprocess.PIPE,  # its end is the end of the process, which so outlives nobody
                stdout=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # of Windows
            )
        except OSError as error:
            log.error("sandbox_failed", reason=str(error))
            raise BridgeError(FAILED) from None
        log.info("sandbox_started", pid=process.pid)
        self._process = process
        self._awaited = threading.Thread(target=_outlive, args=(process, folder), name="sandbox", daemon=True)
        self._awaited.start()
        facts = {
            "path": sys.path,
            "address": self._address,
            "key": self._key,
            "folder": folder,
            "idle_s": self.idle_s,
            "json_lines": self._json_lines,
        }
        with suppress(OSError):  # it has ended by itself, and whoever waits for it sees that
            if process.stdin:
                process.stdin.write(json.dumps(facts).encode() + b"\n")
                process.stdin.flush()
        return process

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None


def _outlive(process: subprocess.Popen[bytes], folder: str) -> None:
    """Nothing is left of it, even if it was killed."""
    code = process.wait()
    if process.stdin:
        with suppress(OSError):
            process.stdin.close()
    shutil.rmtree(folder, ignore_errors=True)
    log.info("sandbox_ended", pid=process.pid, code=code)


def _connected(address: Address) -> socket.socket:
    line = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    try:
        line.settimeout(ANSWER_S)
        line.connect(address)
        stranger = not same_user(line)  # the name may be taken when its process has ended
    except BaseException:
        line.close()
        raise
    if stranger:  # who is told no key, and not believed
        line.close()
        raise ConnectionRefusedError
    return line


def same_user(line: socket.socket) -> bool:
    """Is it our user at the other end? Linux tells it of a name; of a port nobody does."""
    if sys.platform != "linux" or line.family != socket.AF_UNIX:
        return True
    _, user, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return bool(user == os.geteuid())


def _answers(address: Address) -> bool:
    try:
        _connected(address).close()
    except OSError:
        return False
    return True


def _everything(line: socket.socket) -> bytes:
    parts, length = [], 0
    while part := line.recv(65536):
        parts.append(part)
        length += len(part)
        if length > LONGEST:
            raise BridgeError(LATE)
    return b"".join(parts)


def _played(said: Any) -> Played:
    return Played(steps=[Exchanged(**one) for one in said["steps"]])
