"""The loop that watches connections: on Linux by epoll, elsewhere as waitress has it.

Waitress asks every connection before each turn whether it wants to read or write, and is woken by a
pipe after each answer, because a connection is not watched while its request is served. With 64 busy
connections that is most of what it does (measured on 3.0.2). Here a connection stays watched; only one
that sends more, or goes, while its request is served has to be put aside, and only then, or when
something waits to be sent, the thread that serves it wakes the loop.
"""

import select
from collections import deque
from typing import Any, Protocol

from waitress import wasyncore
from waitress.channel import HTTPChannel

from bridge.turns import turns

_READS = select.EPOLLIN | select.EPOLLPRI if hasattr(select, "epoll") else 0


class Loop(Protocol):
    """Watches what is in waitress's map."""

    def turn(self, timeout_s: float, most: int = -1) -> None:
        """Wait for something to happen, not longer than that, and see to it.

        Args:
            most: so many happenings, or as many as there are.
        """
        ...

    def look_at(self, channel: HTTPChannel) -> None:
        """This connection is new or has changed."""
        ...

    def watch(self, fd: int, one: Any) -> bool:
        """From now on this is watched, too, and only read; from any thread. Must the loop be woken for it?"""
        ...

    def look_at_all(self) -> None:
        """Any of them may have changed; called by what the loop itself calls."""
        ...

    def missed(self, channel: HTTPChannel) -> bool:
        """Must the loop be woken for what a thread has just done with this connection?"""
        ...

    def forget(self, fd: int) -> None:
        """Called before it is closed."""
        ...

    def close(self) -> None: ...


class PlainLoop:
    """Waitress's own."""

    def __init__(self, watched: dict[int, Any]) -> None:
        self._watched = watched

    def turn(self, timeout_s: float, most: int = -1) -> None:  # noqa: ARG002 - it cannot be told
        wasyncore.loop(timeout=timeout_s, use_poll=True, map=self._watched, count=1)

    def look_at(self, channel: HTTPChannel) -> None: ...

    def watch(self, fd: int, one: Any) -> bool:
        self._watched[fd] = one
        return True

    def look_at_all(self) -> None: ...

    def missed(self, _: HTTPChannel) -> bool:
        return True

    def forget(self, fd: int) -> None: ...

    def close(self) -> None: ...


class EpollLoop:
    """Linux's. All but `missed`, `look_at` and `watch` is for the thread of the loop."""

    def __init__(self, watched: dict[int, Any], listener: Any) -> None:
        self._watched = watched
        self._listener = listener
        self._epoll = select.epoll()
        self._flags: dict[int, int] = {}  # as the kernel knows them; none: not watched
        self._changed: deque[HTTPChannel] = deque()
        self._all_changed = True

    def turn(self, timeout_s: float, most: int = -1) -> None:
        self._see_changes()
        happenings: list[tuple[int, Any, int]] = [
            (fd, self._watched.get(fd), what) for fd, what in self._epoll.poll(timeout_s, most)
        ]
        for fd, one, happened in happenings:
            turns.give_way()
            if one is None or not self._stays(fd, one):  # its number may be another's by now
                continue
            wanted = self._keep(fd, one)
            if not wanted:
                continue
            wasyncore.readwrite(one, happened & (wanted | select.EPOLLERR | select.EPOLLHUP))
            if self._stays(fd, one) and one.writable():
                self._keep(fd, one)

    def look_at(self, channel: HTTPChannel) -> None:
        self._changed.append(channel)

    def watch(self, fd: int, one: Any) -> bool:
        self._epoll.register(fd, _READS)  # if it comes at once, the next turn is told again
        self._flags[fd] = _READS
        self._watched[fd] = one
        return False

    def look_at_all(self) -> None:
        self._all_changed = True

    def missed(self, channel: HTTPChannel) -> bool:
        if channel.writable() or channel._fileno not in self._flags:
            self._changed.append(channel)
            return True
        return False

    def forget(self, fd: int) -> None:
        if self._flags.pop(fd, 0):
            self._epoll.unregister(fd)

    def close(self) -> None:
        self._epoll.close()

    def _stays(self, fd: int, one: Any) -> bool:
        return self._watched.get(fd) is one

    def _see_changes(self) -> None:
        if self._listener._fileno in self._watched:
            self._keep(self._listener._fileno, self._listener)  # it does its maintenance when it is asked
        for fd, one in list(self._watched.items()) if self._all_changed else ():
            self._keep(fd, one)
        self._all_changed = False
        while self._changed:
            channel = self._changed.popleft()
            fd = channel._fileno
            if fd is not None and self._watched.get(fd) is channel:
                self._keep(fd, channel)

    def _keep(self, fd: int, one: Any) -> int:
        """Tell the kernel what is wanted of it now, if that is new."""
        wanted = _wanted(one)
        if wanted == self._flags.get(fd, 0):
            return wanted
        if wanted or not isinstance(one, HTTPChannel):
            self._tell(fd, wanted)
            return wanted
        with one.requests_lock:  # its thread ends the request under it, and then asks whether we `missed` it
            wanted = _wanted(one)
            self._tell(fd, wanted)
        return wanted

    def _tell(self, fd: int, wanted: int) -> None:
        if not wanted:
            self.forget(fd)
        elif fd in self._flags:
            self._epoll.modify(fd, wanted)
        else:
            self._epoll.register(fd, wanted)
        if wanted:
            self._flags[fd] = wanted


def _wanted(one: Any) -> int:
    reads = _READS if one.readable() else 0
    # what accepts is never written to
    return reads | (select.EPOLLOUT if one.writable() and not one.accepting else 0)


def loop_of(watched: dict[int, Any], listener: Any) -> Loop:
    """The best loop that this system has."""
    return EpollLoop(watched, listener) if hasattr(select, "epoll") else PlainLoop(watched)
