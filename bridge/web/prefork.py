"""Several processes on one socket (Linux): the parent holds it, forks the children, forks the fallen again.

The parent has no thread and no connection, so that a child may start both. Each child is tied to it
by a socket pair, the tether: what one child says there the parent passes on to the others; when the
parent is gone, even by `kill -9`, the tether ends, and the child ends too.
"""

import math
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from bridge import lines
from bridge.core.errors import BridgeError
from bridge.observe import log

LONGEST_MESSAGE = 8192
SOON_S = 5.0  # a child that lived shorter is forked again with a pause, longer each time
PAUSES_S = (0.5, 1.0, 2.0, 5.0, 15.0)
_OURS = (signal.SIGTERM, signal.SIGINT)


class Service(Protocol):
    """What a child runs until it is asked to end."""

    def run(self) -> None: ...

    def drain(self, *, at_once: bool = False) -> None:
        """End soon; safe from any thread and from a signal."""
        ...


class Tether:
    """A child's end. Messages are hints: one that finds no room is dropped."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self.heard: Callable[[bytes], None] = lambda _: None

    def say(self, message: bytes) -> None:
        """To all other children. Returns at once and never raises."""
        with suppress(OSError):
            self._end.send(message, socket.MSG_DONTWAIT)

    def follow(self, lost: Callable[[], None]) -> None:
        """Listen on a thread from now on; `lost` is called when the parent is gone."""
        threading.Thread(target=self._listen, args=(lost,), name="tether", daemon=True).start()

    def _listen(self, lost: Callable[[], None]) -> None:
        with suppress(OSError):
            while message := self._end.recv(LONGEST_MESSAGE):
                try:
                    self.heard(message)
                except Exception as error:  # noqa: BLE001 - the thread must live to hear the parent's end
                    log.error("tether_incident", exc_info=error)
        lost()


@dataclass(frozen=True, kw_only=True)
class Child:
    """A process to keep running.

    Args:
        make: called after the fork; makes what the process runs.
        core: the only processor core for it; None for any.
        last: asked to end only when all that are not last have ended.
    """

    name: str
    make: Callable[[Tether], Service]
    core: int | None = None
    last: bool = False


@dataclass
class _Place:
    """One child and what is known of its present process."""

    child: Child
    pid: int = 0  # 0 while there is none
    end: socket.socket | None = None
    began: float = 0.0
    due: float = 0.0  # monotonic: when to fork it
    falls: int = 0  # in a row, each soon after its fork
    asked: bool = field(default=False)


class Parent:
    """Keeps children running while `run` runs; `drain` ends them, `kill` at once.

    Args:
        limit_s: how long an end may take, before it is made by force.
        ending: called once when it begins, to let go of what the children hold by themselves.
    """

    def __init__(self, children: Sequence[Child], *, limit_s: float, ending: Callable[[], None]) -> None:
        self._places = [_Place(child) for child in children]
        self._limit_s = limit_s
        self._ending = ending
        self._drain_asked = False
        self._force_at = math.inf
        self._selector = selectors.PollSelector()
        self._woken, self._wake = socket.socketpair()
        for end in (self._woken, self._wake):
            end.setblocking(False)

    def run(self) -> None:
        signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the loop
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        while not (self._drain_asked and not any(place.pid for place in self._places)):
            if self._drain_asked:
                self._end_children()
            else:
                self._fork_due()
            for key, _ in self._selector.select(self._patience_s()):
                if key.fileobj is self._woken:
                    with suppress(BlockingIOError):
                        self._woken.recv(4096)
                else:
                    self._pass_on(key.data)
            self._bury()
        signal.set_wakeup_fd(-1)
        for end in (self._woken, self._wake, self._selector):
            end.close()

    def drain(self) -> None:
        """Ask the children to end, and end after them; safe from a signal."""
        self._drain_asked = True

    def kill(self) -> None:
        """End the children now."""
        for place in self._places:
            if place.pid:
                os.kill(place.pid, signal.SIGKILL)

    def _patience_s(self) -> float:
        """How long nothing has to be done, unless something happens."""
        now = time.monotonic()
        due = [place.due - now for place in self._places if not place.pid]
        return 0.5 if self._drain_asked else max(0.0, min([5.0, *due]))

    # --- to live ---------------------------------------------------------------------------------
    def _fork_due(self) -> None:
        for place in self._places:
            if not place.pid and time.monotonic() >= place.due:
                self._fork(place)

    def _fork(self, place: _Place) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        signal.pthread_sigmask(signal.SIG_BLOCK, _OURS)  # the child must not run the parent's handlers
        pid = os.fork()
        if pid == 0:
            ours.close()
            self._be(place.child, theirs)
        place.pid, place.end, place.began = pid, ours, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
        theirs.close()
        ours.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ, place)
        log.info("child_started", child=place.child.name, pid=pid)

    def _be(self, child: Child, end: socket.socket) -> NoReturn:
        """The life of a child, from its fork to its end."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for other in (self._woken, self._wake, *(place.end for place in self._places)):
                if other is not None:
                    other.close()  # else the parent's end would not be noticed
            _live(child, Tether(end))
            code = 0
        except BridgeError as error:
            log.error("child_failed", child=child.name, reason=str(error))
        except BaseException as error:  # noqa: BLE001 - said here, for nobody else will
            log.error("child_failed", child=child.name, exc_info=error)
        finally:
            lines.flush()
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError, AttributeError):
                    stream.flush()
            os._exit(code)  # what the parent would do at its exit is not for the child to do

    # --- what happens ----------------------------------------------------------------------------
    def _pass_on(self, place: _Place) -> None:
        """What a child said goes to the others; whoever is full does without."""
        said: dict[bytes, None] = {}
        with suppress(BlockingIOError, ConnectionError):
            while place.end and (message := place.end.recv(LONGEST_MESSAGE)):
                said[message] = None
            if place.end:
                self._let_go(place)  # it closed its end; its death is heard of by itself
        others = [other.end for other in self._places if other is not place and other.end]
        for end in others:
            for message in said:
                with suppress(OSError):
                    end.send(message)

    def _let_go(self, place: _Place) -> None:
        if place.end:
            self._selector.unregister(place.end)
            place.end.close()
            place.end = None

    def _bury(self) -> None:
        """Whoever ended is to be forked again, unless we are ending."""
        for place in self._places:
            if not place.pid:
                continue
            pid, status = os.waitpid(place.pid, os.WNOHANG)
            if not pid:
                continue
            self._let_go(place)
            now = time.monotonic()
            lived_s = now - place.began
            place.pid, place.asked = 0, False
            place.falls = place.falls + 1 if lived_s < SOON_S else 0
            pause_s = PAUSES_S[min(place.falls, len(PAUSES_S)) - 1] if place.falls else 0.0
            place.due = now + pause_s
            code = os.waitstatus_to_exitcode(status)
            facts = {"child": place.child.name, "pid": pid, "lived_s": round(lived_s, 1)}
            if code == 0:
                log.info("child_ended", **facts)
            else:
                log.error("child_died", **facts, code=code, again_in_s=pause_s)

    def _end_children(self) -> None:
        now = time.monotonic()
        if self._force_at == math.inf:
            self._force_at = now + self._limit_s
            self._ending()
        if now > self._force_at:
            self.kill()
        alive = [place for place in self._places if place.pid]
        for place in [place for place in alive if not place.child.last] or alive:
            if not place.asked:
                place.asked = True
                os.kill(place.pid, signal.SIGTERM)


def _live(child: Child, tether: Tether) -> None:
    service: Service | None = None
    asked = False

    def end(*_: object) -> None:
        nonlocal asked
        asked = True
        if service is not None:
            service.drain()

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; the parent passes it on
    signal.signal(signal.SIGTERM, end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OURS)
    if child.core is not None:
        with suppress(OSError):  # slower, not worse
            os.sched_setaffinity(0, {child.core})
    service = child.make(tether)
    tether.follow(lambda: service.drain(at_once=True))
    if asked:
        service.drain()
    service.run()
