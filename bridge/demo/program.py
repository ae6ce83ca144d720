"""The Полигон as a program: started by `bridge.demo.apart`, which tells it the rest by standard input."""

import errno
import json
import math
import os
import shutil
import signal
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from hmac import compare_digest
from pathlib import Path
from typing import Any

from bridge import observe
from bridge.core.errors import BridgeError, TooMuch
from bridge.demo.apart import same_user
from bridge.demo.sandbox import StageSandbox
from bridge.demo.stage import Script, staged
from bridge.observe import log
from bridge.web.console.roads import Played

LONGEST = 64 * 1024  # bytes of a question
QUESTION_S = 5.0
BROKEN = "Полигон споткнулся: причина в журнале моста"
TRIES = ("dial", "ring", "switch_onec")


class Desk(socketserver.ThreadingTCPServer):
    """Answers whoever knows the key, one line each.

    Args:
        address: a name (an abstract one of Linux), or host and port.
    """

    request_queue_size = 16
    allow_reuse_address = os.name == "posix"

    def __init__(self, address: str | list[Any], key: str) -> None:
        self.address_family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sandbox: StageSandbox | None = None
        self.used_at = time.monotonic()
        self._key = key.encode()
        super().__init__(address if isinstance(address, str) else tuple(address), _Visit)  # type: ignore[arg-type]

    def answer(self, line: bytes) -> bytes:
        asked = json.loads(line)
        if self.sandbox is None or not compare_digest(str(asked["key"]).encode(), self._key):
            return b""
        self.used_at = math.inf
        try:
            return _said({"said": self._done(self.sandbox, asked["what"], asked["how"])})
        except TooMuch as error:
            return _said({"busy": str(error)})
        except BridgeError as error:
            return _said({"refused": str(error)})
        except Exception as error:  # noqa: BLE001 - whoever tries is told, and the next may try again
            log.error("sandbox_incident", exc_info=error)
            return _said({"refused": BROKEN})
        finally:
            self.used_at = time.monotonic()

    @staticmethod
    def _done(sandbox: StageSandbox, what: str, how: Mapping[str, Any]) -> Any:
        if what not in TRIES:
            return sandbox.onec_away
        played: Played = getattr(sandbox, what)(**how)
        return asdict(played)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002
        """Another user of this machine has no business here, and gets no thread."""
        return same_user(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever went away, or sent nothing that can be read, is nobody's trouble."""


class _Visit(socketserver.StreamRequestHandler):
    server: Desk
    timeout = QUESTION_S

    def handle(self) -> None:
        if line := self.rfile.readline(LONGEST):
            self.connection.settimeout(QUESTION_S)
            self.wfile.write(self.server.answer(line))


class End:
    """Why the program is to end: whoever started it is gone, or it was asked to, or nobody comes."""

    def __init__(self) -> None:
        self.asked = False
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for whoever started us
        signal.signal(signal.SIGTERM, self._ask)
        threading.Thread(target=self._follow, name="starter", daemon=True).start()

    def _ask(self, *_: object) -> None:
        self.asked = True

    def _follow(self) -> None:
        with suppress(OSError):
            while os.read(sys.stdin.fileno(), 4096):  # not `sys.stdin.read`, whose lock an exit would miss
                pass
        self.asked = True

    def awaited(self, desk: Desk, idle_s: float) -> None:
        while not self.asked and time.monotonic() - desk.used_at < idle_s:
            time.sleep(0.1)  # not an event: a signal might find it holding its lock


def serve(facts: Mapping[str, Any]) -> None:
    """Bound first, so that nobody starts a second one; answered when the stage stands."""
    try:
        desk = Desk(facts["address"], facts["key"])
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        return  # another process of the bridge was first
    with desk:
        end = End()
        with staged(Script(data=Path(facts["folder"]))) as stage:
            desk.sandbox = StageSandbox(stage, here=False)
            desk.used_at = time.monotonic()
            answering = threading.Thread(target=desk.serve_forever, args=(0.1,), name="desk")
            answering.start()
            end.awaited(desk, facts["idle_s"])
            desk.shutdown()
            desk.server_close()  # whoever comes now starts another
            answering.join()


def main(facts: Mapping[str, Any]) -> None:
    """Nothing of it is left in the end. `facts` as `SandboxApart` tells them."""
    observe.configure(json_lines=facts["json_lines"], level="ERROR", marks={"sandbox": True})
    if hasattr(os, "sched_setaffinity"):
        with suppress(OSError):  # whoever started us may be bound to a core of its own
            os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        serve(facts)
    except Exception as error:  # noqa: BLE001 - said here, for nobody else will
        log.error("sandbox_failed", exc_info=error)
        raise SystemExit(1) from None
    finally:
        shutil.rmtree(facts["folder"], ignore_errors=True)


def _said(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer).encode()
