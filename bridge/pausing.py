"""Before a thread that serves a request waits for somebody, it says so, and another is served meanwhile.

Threads of Python compute one at a time; two that are awake at once only take the interpreter from each
other (measured: a third of all processor time at 64 connections). So one request is computed at a time,
and whoever waits, for the exchange, for 1C, for the disk, does it inside `pausing()`. Forgetting it costs
those behind a few milliseconds (`web/threads.py`), nothing else.
"""

import threading
from types import TracebackType
from typing import Protocol


class Place(Protocol):
    """What a serving thread holds while it computes."""

    def leave(self) -> None: ...

    def come_back(self) -> None: ...


class _Here(threading.local):
    place: Place | None = None


_here = _Here()


def serving(place: Place) -> None:
    """This thread serves requests from `place` from now on."""
    _here.place = place


class pausing:  # noqa: N801 - read as a statement: `with pausing():`
    """Around whatever waits. It does nothing inside itself, or in a thread that serves nobody."""

    __slots__ = ("_place",)

    def __enter__(self) -> None:
        self._place, _here.place = _here.place, None
        if self._place:
            self._place.leave()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._place:
            self._place.come_back()
            _here.place = self._place
