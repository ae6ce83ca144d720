"""Answers that wait for a commit: begun by the loop as they come, committed together, sent by the loop.

What is computed for a hook takes less time than waking a thread for it, and a thread that sends an answer
wakes the loop for what its client says next, which takes the interpreter from it (measured: half of what a
hook cost at 64 connections). So one thread waits for the store, for all hooks at once, and nobody else is
woken.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Protocol

from bridge.observe import log

AT_ONCE = 64  # begun in one turn of the loop, so that the other connections wait for milliseconds at most
FEW = 2  # answered by the thread that waited: the loop would have to be woken for them


class Waiting(Protocol):
    """A connection whose request may wait for a commit."""

    def begin(self) -> bool:
        """Compute the answer as far as it goes without waiting; False: it is known already. Never raises."""
        ...

    def settle(self) -> None:
        """Wait for it. Never raises."""
        ...

    def service(self) -> None:
        """Answer."""
        ...


class Together:
    """Who waits for a commit. All but `add` is for the thread of the loop.

    Args:
        wake: the loop: something may be answered.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._come: deque[Waiting] = deque()
        self._begun: SimpleQueue[Sequence[Waiting]] = SimpleQueue()
        self._settled: deque[Waiting] = deque()
        self._stopping = False
        self._thread = threading.Thread(target=self._wait_for_them, name="commits", daemon=True)
        self._thread.start()

    def add(self, one: Waiting) -> None:
        """Its request has come."""
        self._come.append(one)

    def more(self) -> bool:
        """Is there something to do at once?"""
        return bool(self._come or self._settled)

    def go_on(self) -> None:
        """Answer those that are settled, begin those that came."""
        while self._settled:
            _serve(self._settled.popleft())
        begun = []
        for _ in range(min(AT_ONCE, len(self._come))):
            one = self._come.popleft()
            if one.begin():
                begun.append(one)
            else:
                _serve(one)
        if begun:
            self._begun.put(begun)

    def stop(self, timeout_s: float) -> None:
        """What was begun is committed; nobody is answered any more."""
        self._stopping = True
        self._begun.put(())
        self._thread.join(timeout_s)

    def _wait_for_them(self) -> None:
        while not (self._stopping and self._begun.empty()):
            batch = list(self._begun.get())
            while not self._begun.empty():
                batch += self._begun.get()
            for one in batch:
                one.settle()
            if self._stopping:
                continue
            if len(batch) <= FEW:
                for one in batch:
                    _serve(one)
            else:
                self._settled.extend(batch)
                self._wake()


def _serve(one: Waiting) -> None:
    try:
        one.service()
    except Exception as error:  # noqa: BLE001 - the others are to be answered, too
        log.error("serving_incident", exc_info=error)
