"""A road in steps: before each wait it says what it will wait for, so that nobody needs to wait for it.

Whoever has a thread to spare takes the steps one after another (`whole`); a server that has not takes the
next one when there is nothing to wait for any more.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Commit:
    """The next step waits for a commit, with others or alone."""

    wait: Callable[[], object]  # returns, or raises, when there is nothing to wait for any more
    last: bool = True  # False: then a peer is asked, and those behind each other ask better one by one


class Answer(Protocol):
    """The next step waits for bytes from a peer. `ends_at`: monotonic, when it gives up waiting."""

    ends_at: float

    def fileno(self) -> int:
        """Becomes readable."""
        ...

    def come(self) -> bool:
        """Take what is readable; False when the next step would wait for more."""
        ...


class Thread:
    """From here on the road waits as it goes, and needs a thread to itself."""


THREAD = Thread()
Awaited = Commit | Answer | Thread
Steps = Generator[Awaited, None, T]


def whole(steps: Steps[T]) -> T:
    """Take all steps, on the thread that calls."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
