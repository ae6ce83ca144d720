"""Connections that wait for the next request, the last used first: the others grow old and are dropped."""

import re
import time
import weakref
from collections import defaultdict, deque
from collections.abc import Mapping

from bridge.wire.address import Origin
from bridge.wire.connection import Connection

IDLE_REUSE_S = 4.0  # servers close idle connections after 5 s and more; a reused dead one costs a try
# Of what a server promises, so much is believed where nothing may be lost, and that not for long: its
# word may be under way while it closes.
PROMISE_SHARE = 0.5
PROMISE_REUSE_S = 2.0
_TIMEOUT = re.compile(r"(?i)(?:^|[,;\s])timeout\s*=\s*([0-9]{1,9})")


class Pool:
    """Safe for several threads: a connection is taken out before it is used.

    Args:
        size: of each origin so many; 0 keeps none.
        once: only those are kept whose server has said that it keeps them.
    """

    def __init__(self, size: int, *, once: bool) -> None:
        self._size = size
        self._once = once
        self._idle: defaultdict[Origin, deque[Connection]] = defaultdict(deque)
        weakref.finalize(self, _close, self._idle)  # of a wire that nobody has any more

    def take(self, origin: Origin) -> Connection | None:
        """One that is fresh and silent; None when there is none."""
        idle = self._idle[origin]
        while idle:
            try:
                connection = idle.pop()
            except IndexError:  # another thread was faster
                break
            if time.monotonic() < connection.fresh_until and connection.silent():
                return connection
            connection.close()
        return None

    def give_back(self, connection: Connection, headers: Mapping[str, str]) -> None:
        """After an answer with these headers, read whole. The oldest goes when there are too many."""
        keep_s = _promised(headers) if self._once else IDLE_REUSE_S
        if not self._size or not keep_s:
            connection.close()
            return
        connection.fresh_until = time.monotonic() + keep_s
        idle = self._idle[connection.origin]
        idle.append(connection)
        while len(idle) > self._size:
            try:
                idle.popleft().close()
            except IndexError:
                break

    def clear(self) -> None:
        _close(self._idle)


def _close(idle: Mapping[Origin, deque[Connection]]) -> None:
    for connections in list(idle.values()):
        while connections:
            try:
                connections.popleft().close()
            except IndexError:
                break


def _promised(headers: Mapping[str, str]) -> float:
    """For how many seconds a connection may be used that its server has said to keep; 0 when it has not.

    `Keep-Alive: timeout=5` (Apache, node, PHP), `Connection: keep-alive` alone (nginx: 75 s by default).
    """
    told = _TIMEOUT.search(headers.get("Keep-Alive", ""))
    if told:
        return min(int(told[1]) * PROMISE_SHARE, PROMISE_REUSE_S)
    return PROMISE_REUSE_S if "keep-alive" in headers.get("Connection", "").lower() else 0.0
