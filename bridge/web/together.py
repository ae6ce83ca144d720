"""Answers that take steps: begun by the loop as they come, committed together, sent by the loop.

What is computed for a hook takes less time than waking a thread for it, and a thread that sends an answer
wakes the loop for what its client says next, which takes the interpreter from it (measured: half of what a
hook cost at 64 connections). So one thread waits for the store, for all of them at once, and the loop itself
for what peers answer; nobody else is woken. What must wait in another way goes to the threads.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import SimpleQueue
from typing import Any, Protocol

from bridge.core.steps import THREAD, Answer, Awaited, Commit, Thread
from bridge.observe import log
from bridge.turns import turns

AT_ONCE = 64  # begun in one turn of the loop, so that the other connections wait for milliseconds at most
BEGIN_S = 0.01  # no more are, once it is spent (64 short ones: 4 ms); 64 KB of JSON or a form take up to 15
# who is answered by a slow peer at the same moment asks again at the same moment, and for ever waits for all
# the others: they are committed in small groups, and soon ask one after another
SLOW_S = 0.01
GROUP = 3
FEW = 2  # answered by the thread that waited: the loop would have to be woken for them


class Waiting(Protocol):
    """A connection whose request may have to wait."""

    def begin(self) -> Awaited | None:
        """Compute the answer as far as it goes without waiting; None: it is known. Never raises."""
        ...

    def settle(self) -> None:
        """Wait for the commit that is awaited. Never raises."""
        ...

    def go_on(self) -> Awaited | None:
        """The next step. Never raises."""
        ...

    def service(self) -> None:
        """Take what steps are left, and answer."""
        ...

    def cancel(self) -> None:
        """It cannot be answered: the loop will close it. Never raises."""
        ...


class Together:
    """Who takes steps. All but `add` is for the thread of the loop.

    Args:
        wake: the loop: something may be answered.
        watch: call this, once, on the thread of the loop, when that is readable or its time is over.
        aside: it needs a thread to itself. Both from any thread.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        watch: Callable[[Answer, Callable[[], None]], None],
        aside: Callable[[Any], None],
    ) -> None:
        self._wake = wake
        self._watch = watch
        self._aside = aside
        self._come: deque[Waiting] = deque()
        self._begun: SimpleQueue[Sequence[Waiting]] = SimpleQueue()
        self._settled: deque[Waiting] = deque()
        self._asks = False  # who waits asks a peer after its commit
        self._slow = False  # the last peer that answered took its time
        self._stopping = False
        self._thread = threading.Thread(target=self._wait_for_them, name="commits", daemon=True)
        self._thread.start()

    def add(self, one: Waiting) -> None:
        """Its request has come."""
        self._come.append(one)

    def more(self) -> bool:
        """Is there something to do at once?"""
        return bool(self._come or self._settled)

    def spreads(self) -> bool:
        """Shall those who come together not be seen to together?"""
        return self._slow and self._asks

    def go_on(self) -> None:
        """Take the next step of those that are settled, begin those that came."""
        waiting: list[Waiting] = []
        until = time.monotonic() + BEGIN_S
        self._go_on_settled(waiting)
        for _ in range(AT_ONCE):
            if not self._come or time.monotonic() > until:
                break
            if self.spreads():
                self._go_on_settled(waiting)
            turns.give_way()
            one = self._come.popleft()
            self._see_to(one, one.begin, waiting)
        self._commit(waiting)

    def _go_on_settled(self, waiting: list[Waiting]) -> None:
        while self._settled:
            turns.give_way()
            one = self._settled.popleft()
            self._see_to(one, one.go_on, waiting)

    def stop(self, timeout_s: float) -> None:
        """What was begun is committed; nobody is answered any more."""
        self._stopping = True
        self._begun.put(())
        self._thread.join(timeout_s)

    def _see_to(self, one: Waiting, step: Callable[[], Awaited | None], waiting: list[Waiting]) -> None:
        """Take this step of its. Who waits for a commit is added to `waiting`; who breaks, breaks alone."""
        try:
            awaited = step()
            if awaited is None:
                _serve(one)
            elif isinstance(awaited, Commit):
                waiting.append(one)
                self._asks = not awaited.last
                if self._enough(len(waiting)):
                    self._commit(list(waiting))
                    waiting.clear()
            elif isinstance(awaited, Thread) or not self._watches(one, awaited):
                self._aside(one)
        except Exception as error:  # noqa: BLE001 - whoever calls must live to see to the next
            log.error("serving_incident", exc_info=error)
            one.cancel()

    def _watches(self, one: Waiting, answer: Answer) -> bool:
        """False: the system does not take it, for it watches too much already; a thread can still wait."""
        try:
            self._watch(answer, partial(self._heard, one, answer, time.monotonic()))
        except Exception as error:  # noqa: BLE001 - what was asked of the peer must be heard
            log.error("serving_incident", exc_info=error)
            return False
        return True

    def _enough(self, count: int) -> bool:
        return self.spreads() and count >= GROUP

    def _commit(self, waiting: Sequence[Waiting]) -> None:
        if waiting:
            self._begun.put(waiting)

    def _heard(self, one: Waiting, answer: Answer, since: float) -> None:
        self._slow = time.monotonic() - since > SLOW_S
        try:
            whole = answer.come()
        except Exception as error:  # noqa: BLE001 - a defect of ours; the thread meets it again
            log.error("serving_incident", exc_info=error)
            whole = False
        # to the end: those who are answered one after another do not all ask again at one moment
        waiting: list[Waiting] = []
        self._see_to(one, one.go_on if whole else _threaded, waiting)
        self._commit(waiting)

    def _wait_for_them(self) -> None:
        while not (self._stopping and self._begun.empty()):
            batch = list(self._begun.get())
            while not self._begun.empty() and not self._enough(len(batch)):
                batch += self._begun.get()
            try:
                self._settle(batch)
            except Exception as error:  # noqa: BLE001 - nobody would be answered any more
                log.error("serving_incident", exc_info=error)

    def _settle(self, batch: Sequence[Waiting]) -> None:
        for one in batch:
            try:
                one.settle()
            except Exception as error:  # noqa: BLE001 - its next step meets it again
                log.error("serving_incident", exc_info=error)
        if self._stopping:
            return
        if len(batch) <= FEW:
            self._few(batch)
        else:
            self._settled.extend(batch)
            self._wake()

    def _few(self, batch: Sequence[Waiting]) -> None:
        again: list[Waiting] = []
        for one in batch:
            self._see_to(one, one.go_on, again)
        self._commit(again)


def _serve(one: Waiting) -> None:
    try:
        one.service()
    except Exception as error:  # noqa: BLE001 - the others are to be answered, too
        log.error("serving_incident", exc_info=error)


def _threaded() -> Awaited:
    return THREAD
