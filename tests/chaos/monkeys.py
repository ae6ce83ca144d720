"""Who breaks things, when and how; each break is a `Fault` of the ledger."""

import contextlib
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import urllib3

from .calls import POISON
from .ledger import Fault
from .processes import BridgeProgram, OnecProgram
from .site import HOSTS, TIMEOUT_S, Site

# How 1C fails for a moment. Not `unauthorized`: a wrong login is tried again after a quarter of an hour.
MODES = (
    *("slow", "hang", "session_lost", "locked", "no_licence", "html", "not_found_service", "fault"),
    *("fault_200", "html_200", "empty_200", "accepted_202", "no_return", "wrong_operation", "garbage"),
    *("half", "gzip"),
)
WORKS_S = 1.0  # at most so long, and half of it on average, between two deeds
Cut = Callable[[BridgeProgram], None]


class Diary:
    """The faults made so far."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.faults: list[Fault] = []

    @contextmanager
    def fault(self, kind: str, *, room: int = 0, infobases: tuple[str, ...] = ()) -> Iterator[None]:
        """Notes a fault that lasts as long as the block."""
        at = time.time()
        try:
            yield
        finally:
            with self._lock:
                self.faults.append(Fault(kind=kind, at=at, until=time.time(), room=room, infobases=infobases))


class Monkey:
    """Does `deeds` one after another at random moments of a `progress` from 0 to 1, on its own thread.

    Between two of them there is time to work: faults of what never runs prove nothing. A deed that
    fails is a failure of the test: `wait` raises it.
    """

    def __init__(
        self, name: str, deeds: Sequence[Callable[[], None]], progress: Callable[[], float], seed: int
    ) -> None:
        chance = random.Random(f"{name} {seed}")
        self._deeds = list(deeds)
        chance.shuffle(self._deeds)
        self._chance = chance
        self._moments = sorted(0.03 + 0.94 * chance.random() for _ in deeds)
        self._progress = progress
        self._stop = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        self._thread.start()

    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()

    def wait(self) -> None:
        self._thread.join()
        if self._failed is not None:
            raise self._failed

    def _run(self) -> None:
        for moment, deed in zip(self._moments, self._deeds, strict=True):
            while self._progress() < moment:
                if self._stop.wait(0.02):
                    return
            if self._stop.wait(self._chance.random() * WORKS_S):
                return
            try:
                deed()
            except BaseException as error:  # noqa: BLE001 - raised again by `wait`
                self._failed = error
                return


class Deeds:
    """What can be done to a site, each with its note in the diary."""

    def __init__(self, site: Site, diary: Diary, seed: int) -> None:
        self._site = site
        self._diary = diary
        self._chance = random.Random(seed)

    # --- the bridge -------------------------------------------------------------------------------
    def kill_bridge(self, between: Cut = lambda _: None, kind: str = "bridge killed") -> None:
        """kill -9, then `between` while nothing runs, then a restart."""
        bridge = self._chance.choice(self._site.bridges)
        with self._diary.fault(kind, room=1):  # one call under way at each infobase
            bridge.kill()
            between(bridge)
            time.sleep(self._chance.random() * 0.3)
            bridge.come_up()

    def freeze_bridge(self, longer_s: float = 0.0) -> None:
        bridge = self._chance.choice(self._site.bridges)
        with self._diary.fault("bridge frozen", room=1):
            bridge.send(signal.SIGSTOP)
            time.sleep(0.5 + self._chance.random() * 3 + longer_s)
            bridge.send(signal.SIGCONT)

    # --- 1C ---------------------------------------------------------------------------------------
    def kill_onec(self) -> None:
        onec, infobases = self._an_onec()
        with self._diary.fault("1c killed", room=1, infobases=infobases):
            onec.kill()
            time.sleep(self._chance.random() * 4)
            onec.start()
            onec.wait_ready()
            self._behave(onec)

    def freeze_onec(self) -> None:
        onec, infobases = self._an_onec()
        seconds = 0.5 + self._chance.random() * 5
        with self._diary.fault("1c frozen", room=_calls_in(seconds), infobases=infobases):
            onec.send(signal.SIGSTOP)
            time.sleep(seconds)
            onec.send(signal.SIGCONT)

    def misbehave(self) -> None:
        onec, infobases = self._an_onec()
        mode, seconds = self._chance.choice(MODES), 0.3 + self._chance.random() * 2
        with self._diary.fault(f"1c {mode}", room=_calls_in(seconds), infobases=infobases):
            self._behave(onec, mode=mode, seconds=self._chance.choice((0.1, TIMEOUT_S + 0.5)))
            time.sleep(seconds)
            self._behave(onec)

    def behave(self) -> None:
        """Both 1C are in order; they refuse the poison, and nothing else."""
        for onec in self._site.onecs:
            self._behave(onec)

    def _an_onec(self) -> tuple[OnecProgram, tuple[str, ...]]:
        number = self._chance.randrange(len(self._site.onecs))
        infobases = tuple(name for name, host in HOSTS.items() if host == number)
        return self._site.onecs[number], infobases

    def _behave(self, onec: OnecProgram, **mode: object) -> None:
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            onec.set_mode(**{"mode": "ok", "fault_if_contains": POISON, **mode})


def _calls_in(seconds: float) -> int:
    """How many calls in a row one infobase may give up waiting for."""
    return int(seconds / TIMEOUT_S) + 2
