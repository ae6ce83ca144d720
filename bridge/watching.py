"""Answers that one thread waits for together: whichever comes first is its next."""

import math
import select
import selectors
import socket
import sys
import time
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

from bridge.core.steps import Answer

T = TypeVar("T")


class _System(Protocol):
    """What tells which sockets can be read."""

    def once(self, number: int) -> None:
        """Watch this one until it was told, or closed.

        Raises:
            OSError, ValueError: it cannot be watched.
        """
        ...

    def drop(self, number: int) -> None:
        """It is watched no more, though it was not told."""
        ...

    def wait(self, timeout_s: float) -> list[int]: ...

    def close(self) -> None: ...


class _Plain:
    """Of any system."""

    def __init__(self, always: socket.socket) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(always, selectors.EVENT_READ)
        self._always = always.fileno()

    def once(self, number: int) -> None:
        self._selector.register(number, selectors.EVENT_READ)

    def drop(self, number: int) -> None:
        self._selector.unregister(number)

    def wait(self, timeout_s: float) -> list[int]:
        found = [key.fd for key, _ in self._selector.select(timeout_s)]
        for number in found:
            if number != self._always:
                self._selector.unregister(number)
        return found

    def close(self) -> None:
        self._selector.close()


if sys.platform == "linux":

    class _Epoll:
        """Linux's: a connection that is used again costs one call of the system.

        The kernel forgets a socket that is closed, and tells when it does not know one.
        """

        def __init__(self, always: socket.socket) -> None:
            self._epoll = select.epoll()
            self._epoll.register(always, select.EPOLLIN)

        def once(self, number: int) -> None:
            try:
                self._epoll.modify(number, select.EPOLLIN | select.EPOLLONESHOT)
            except FileNotFoundError:
                self._epoll.register(number, select.EPOLLIN | select.EPOLLONESHOT)

        def drop(self, number: int) -> None:
            with suppress(OSError):
                self._epoll.unregister(number)

        def wait(self, timeout_s: float) -> list[int]:
            return [number for number, _ in self._epoll.poll(timeout_s)]

        def close(self) -> None:
            self._epoll.close()

    _best: type[_System] = _Epoll
else:
    _best = _Plain


class Watch(Generic[T]):
    """All but `wake` is for one thread."""

    def __init__(self, system: type[_System] = _best) -> None:
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._system = system(self._woken)  # type: ignore[call-arg]
        self._awaited: dict[int, tuple[Answer, T]] = {}
        self._look_at = math.inf  # monotonic: nobody's time is over before

    def add(self, awaited: Answer, item: T) -> bool:
        """`item` is given back once, by the `wait` that finds an answer to it or the end of the waiting.

        False when it cannot be waited for here.
        """
        number = awaited.fileno()
        try:
            self._system.once(number)
        except (OSError, ValueError):
            return False
        self._awaited[number] = awaited, item
        self._look_at = min(self._look_at, awaited.ends_at)
        return True

    def wait(self, timeout_s: float) -> list[T]:
        """Not longer than that, nor than until somebody wakes."""
        left_s = min(timeout_s, self._look_at - time.monotonic())
        items = []
        for number in self._system.wait(max(0.0, left_s)):
            if number == self._woken.fileno():
                self._drain()
            elif number in self._awaited:
                items.append(self._awaited.pop(number)[1])
        if time.monotonic() >= self._look_at:
            items += self._overdue()
        return items

    def _overdue(self) -> list[T]:
        now, items = time.monotonic(), []
        for number in [number for number, (one, _) in self._awaited.items() if one.ends_at <= now]:
            self._system.drop(number)
            items.append(self._awaited.pop(number)[1])
        self._look_at = min((one.ends_at for one, _ in self._awaited.values()), default=math.inf)
        return items

    def wake(self) -> None:
        """Whoever waits looks around now; who does not will not wait the next time."""
        with suppress(BlockingIOError):  # so many wakes wait that one more changes nothing
            self._waker.send(b"\0")

    def close(self) -> None:
        self._system.close()
        self._woken.close()
        self._waker.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
