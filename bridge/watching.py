"""Answers that one thread waits for together: whichever comes first is its next."""

import math
import selectors
import socket
import time
from contextlib import suppress
from typing import Generic, TypeVar

from bridge.core.steps import Answer

T = TypeVar("T")


class Watch(Generic[T]):
    """All but `wake` is for one thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._awaited: dict[int, tuple[Answer, T]] = {}

    def add(self, awaited: Answer, item: T) -> bool:
        """`item` is given back once, by the `wait` that finds an answer to it or the end of the waiting.

        False when it cannot be waited for here.
        """
        number = awaited.fileno()
        try:
            self._selector.register(number, selectors.EVENT_READ)
        except (OSError, ValueError):
            return False
        self._awaited[number] = awaited, item
        return True

    def wait(self, timeout_s: float) -> list[T]:
        """Not longer than that, nor than until somebody wakes."""
        until = min((one.ends_at for one, _ in self._awaited.values()), default=math.inf)
        left_s = min(timeout_s, until - time.monotonic())
        found = [key.fd for key, _ in self._selector.select(max(0.0, left_s))]
        if time.monotonic() >= until:
            now = time.monotonic()
            found += [number for number, (one, _) in self._awaited.items() if one.ends_at <= now]
        items = []
        for number in dict.fromkeys(found):
            if number == self._woken.fileno():
                self._drain()
                continue
            self._selector.unregister(number)
            items.append(self._awaited.pop(number)[1])
        return items

    def wake(self) -> None:
        """Whoever waits looks around now; who does not will not wait the next time."""
        with suppress(BlockingIOError):  # so many wakes wait that one more changes nothing
            self._waker.send(b"\0")

    def close(self) -> None:
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _drain(self) -> None:
        with suppress(BlockingIOError):
            while self._woken.recv(4096):
                pass
