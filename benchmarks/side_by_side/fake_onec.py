"""The fake 1C of the parts about hooks: it notes which event it heard when; it may fall and freeze."""

import os
import signal
import time
from collections.abc import Collection

from benchmarks.side_by_side.bench import Bench, Running
from benchmarks.side_by_side.hook_peers import ANSWER
from benchmarks.side_by_side.ledger import MARK, MARK_LENGTH, Heard, read_heard

LOOK_S = 0.02


class FakeOnec:
    """Answers every call of `Event` after `delay_ms`; as many at once as come."""

    def __init__(self, bench: Bench, delay_ms: float) -> None:
        self._bench = bench
        self.delay_ms = delay_ms
        self._log = bench.place("onec") / "heard"
        self._log.touch()
        self.running = self._begin(0)
        self.url = f"http://127.0.0.1:{self.running.port}/ws/VATScalls"

    def _begin(self, port: int) -> Running:
        return self._bench.answerer(
            "fake 1C", ANSWER, delay_ms=self.delay_ms, log=self._log, find=MARK, length=MARK_LENGTH, port=port
        )

    def stop(self) -> None:
        """Its port refuses connections; what it answered is noted."""
        for one in self.running.processes:
            one.terminate()
            one.wait(10)

    def start_again(self) -> None:
        self.running = self._begin(self.running.port)

    def end(self) -> None:
        self.running.end()

    def freeze(self) -> None:
        """Connections are accepted (by the system), nothing is answered."""
        for one in self.running.processes:
            os.kill(one.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for one in self.running.processes:
            os.kill(one.pid, signal.SIGCONT)

    def heard_since(self, place: int) -> list[Heard]:
        """In the order of hearing; `place` is of an earlier `place_now`."""
        return read_heard(self._log, place)

    def times(self) -> list[int]:
        """When each call had come, whatever was in it."""
        with self._log.open("rb") as file:
            return [int(line.split()[0]) for line in file.read().split(b"\n")[:-1]]

    def place_now(self) -> int:
        return self._log.stat().st_size

    def wait_for(
        self, numbers: Collection[int], since: int, *, quiet_s: float = 5.0, limit_s: float = 120.0
    ) -> list[Heard]:
        """Until all these events were heard, or nothing new is for `quiet_s`."""
        wanted, until, size, changed = set(numbers), time.monotonic() + limit_s, -1, time.monotonic()
        while time.monotonic() < until and time.monotonic() - changed < quiet_s:
            if self.place_now() != size:
                size, changed = self.place_now(), time.monotonic()
                if wanted <= {one.number for one in self.heard_since(since)}:
                    break
            time.sleep(LOOK_S)
        return self.heard_since(since)
