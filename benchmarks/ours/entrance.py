"""The bridge's SOAP entrance alone, on its own web server, prefork and gatekeeper.

    python -m benchmarks.ours.entrance bridge.toml constant|memory [--workers N]

`constant`: the telephony answers a constant, as the peers do. `memory`: the whole road of a dial, but
its clicks are kept in memory, not on disk: what is left out is what durability costs.
"""

import argparse
import math
import signal
import socket
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bridge import lines, observe
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallResult, DialStatus
from bridge.core.ports import DialRecord
from bridge.core.steps import Steps, whole
from bridge.observe import Figures
from bridge.settings import Settings, load
from bridge.web.auth import Gatekeeper
from bridge.web.prefork import Child, Parent, Tether
from bridge.web.router import Router
from bridge.web.server import Server, bind
from bridge.web.shares import Share, Shares
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.operations import Telephony, handlers, in_steps
from bridge.web.soap.vocabulary import ENGLISH
from bridge.wiring import options
from bridge.wiring.dialling import Dialling
from bridge.wiring.machine import started
from bridge.wiring.processes import BACKLOG, _cores, _shared_figures

STARTED = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="1.1")


class MemoryDialLog:
    """A `DialLog` that a crash would empty; the window of the double click is kept."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest: dict[tuple[str, str, str], tuple[float, int]] = {}
        self._results: dict[int, CallResult] = {}
        self._begun: deque[tuple[float, int, tuple[str, str, str]]] = deque()
        self._id = 0

    def begin(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,  # noqa: ARG002 - of a click that a person confirmed; the bench has none
        limits: DialLimits = NO_LIMITS,  # noqa: ARG002 - the settings of the bench have none
    ) -> DialRecord:
        now, click = time.monotonic(), (infobase, subscriber, number)
        with self._lock:
            at, dial_id = self._latest.get(click, (-window_s, 0))
            if now - at < window_s:
                return DialRecord(id=dial_id, result=self._results.get(dial_id), fresh=False)
            self._forget(now - window_s)
            self._id += 1
            self._latest[click] = (now, self._id)
            self._begun.append((now, self._id, click))
            return DialRecord(id=self._id, result=None, fresh=True)

    def bring_click(self, *click: str, **how: Any) -> Callable[[], DialRecord]:
        record = self.begin(*click, **how)
        return lambda: record

    def _forget(self, before: float) -> None:
        while self._begun and self._begun[0][0] < before:
            _, dial_id, click = self._begun.popleft()
            self._results.pop(dial_id, None)
            if self._latest[click][1] == dial_id:
                del self._latest[click]

    def end(self, dial_id: int, result: CallResult) -> None:
        self._results[dial_id] = result

    def look(self, dial_id: int) -> CallResult | None:
        return self._results.get(dial_id)


def endpoint(
    settings: Settings, click: Callable[[str, str, str], Steps[CallResult]], figures: Figures
) -> SoapEndpoint:
    """`/ws/Telephony` with the road of `click` alone."""
    gatekeeper = Gatekeeper(
        {name: name for name in settings.infobase},
        {name: section.token_hashes for name, section in settings.infobase.items()},
    )
    telephony = _telephony(click)
    return SoapEndpoint(
        ENGLISH,
        handlers(telephony),
        gatekeeper=gatekeeper,
        public_url=settings.server.public_url,
        figures=figures,
        in_steps=in_steps(telephony),
    )


def constant(_infobase: str, _key: str, _number: str) -> Steps[CallResult]:
    yield from ()
    return STARTED


def _telephony(click: Callable[[str, str, str], Steps[CallResult]]) -> Telephony:
    def make_call(*words: str) -> CallResult:
        return whole(click(*words))

    def absent(*_: Any) -> Any:
        raise NotImplementedError

    roads: dict[str, Any] = dict.fromkeys(Telephony.__annotations__, absent)
    return Telephony(**(roads | {"ping": lambda: "benchmark", "make_call": make_call, "click": click}))


def _application(settings: Settings, how: str, figures: Figures) -> Router:
    click = constant
    if how == "memory":
        seats = threading.BoundedSemaphore(max(1, settings.server.threads // 2))
        click = Dialling(settings, dial_log=MemoryDialLog(), figures=figures, seats=seats).click
    return Router(exact={ENGLISH.path: endpoint(settings, click, figures)}, prefixes={}, patterns={})


def _server(
    settings: Settings,
    how: str,
    figures: Figures,
    listener: socket.socket | None = None,
    share: Share | None = None,
) -> Server:
    """As `serve` and its children begin: nothing to collect of what is there, the log written by a thread."""
    server = Server(_application(settings, how, figures), options(settings), listener=listener, share=share)
    started()
    lines.in_background()
    return server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("how", choices=("constant", "memory"))
    parser.add_argument("--workers", type=int, default=0, help="0: one process, no prefork")
    given = parser.parse_args()
    settings = load(given.config)
    observe.configure(json_lines=False)
    if not given.workers:
        _server(settings, given.how, Figures()).run()
        return
    listener = bind(settings.server.host, settings.server.port)
    listener.listen(BACKLOG)
    folder = tempfile.mkdtemp(prefix="figures-")  # in the folder of the bench

    shares = Shares(given.workers)

    def child(number: int) -> Child:
        figures, share = partial(_shared_figures, folder, f"web-{number + 1}"), shares.of(number)

        def make(_: Tether) -> Server:
            return _server(settings, given.how, figures(), listener, share)

        return Child(name=f"web-{number + 1}", make=make, core=cores[number])

    cores = _cores(given.workers, pin=settings.server.pin)
    parent = Parent(
        [child(number) for number in range(given.workers)],
        limit_s=5,
        ending=listener.close,
    )
    signal.signal(signal.SIGTERM, lambda *_: parent.drain())
    started()
    parent.run()


if __name__ == "__main__":
    main()
