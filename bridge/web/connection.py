"""A connection on its way through threads: begun, served, answered; closed by the loop alone."""

import threading
import time
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel

from bridge.core.steps import Awaited
from bridge.pausing import pausing
from bridge.web.answer import Task
from bridge.web.guard import GuardedChannel


class Connection(GuardedChannel):
    _pieces: list[bytes] | None = None  # what is to be sent together
    _begun: Task | None = None

    def task_class(self, channel: HTTPChannel, request: Any) -> Task:
        """Waitress's name: what it makes of a request when it is to be answered."""
        begun, self._begun = self._begun, None
        return begun or Task(channel, request)

    def begin(self) -> Awaited | None:
        """Call the application before the turn of its answer; what it waits for."""
        task = Task(self, self.requests[0])
        awaited = task.begin()
        self._begun = task if task.begun else None
        return awaited

    def settle(self) -> None:
        if self._begun:
            self._begun.settle()

    def go_on(self) -> Awaited | None:
        return self._begun.go_on() if self._begun else None

    def service(self) -> None:
        if self._begun:
            self._begun.go_through()  # though its client may have gone: else nobody would
        outer, here.channel = here.channel, self
        try:
            super().service()
        finally:
            here.channel = outer

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Only the loop closes: a thread that serves would take the connection from under it."""
        return int(super().send(data, do_close and here.channel is None))

    def send_continue(self) -> None:
        with self.outbuf_lock:  # the loop takes it to close
            if self.connected:
                super().send_continue()

    def _flush_some(self, do_close: bool = True) -> Any:
        """Waitress's loop takes no lock when no request is under way, though one may just be ending."""
        with self.outbuf_lock:
            return super()._flush_some(do_close=do_close)

    def _flush_outbufs_below_high_watermark(self) -> None:
        if self.total_outbufs_len > self.adj.outbuf_high_watermark:
            with pausing():  # it will wait for a client that reads slowly
                super()._flush_outbufs_below_high_watermark()

    def gather(self) -> None:
        """What is written from now on waits for `gathered`."""
        self._pieces = []

    def gathered(self) -> bytes:
        pieces, self._pieces = self._pieces or [], None
        return b"".join(pieces)

    def write_soon(self, data: Any) -> Any:
        if self._pieces is not None:
            self._pieces.append(data)
            return len(data)
        sent = self._send_at_once(data) if isinstance(data, bytes) else 0
        if sent and sent == len(data):
            return sent
        return sent + super().write_soon(data[sent:] if sent else data)

    def _send_at_once(self, data: bytes) -> int:
        """As much as the system takes when nothing waits before it; the rest, and trouble, is waitress's."""
        with self.outbuf_lock:  # the loop takes it to close
            if self.connected and data and not self.total_outbufs_len:
                with suppress(OSError):
                    sent = self.socket.send(data)
                    self.last_activity = time.time()
                    return int(sent)
        return 0

    def add_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name
        super().add_channel(map)
        self.server.loop.look_at(self)
        self.server.share.holds(len(self.server.active_channels))

    def del_channel(self, map: Any = None) -> None:  # noqa: A002 - waitress's name
        self.server.loop.forget(self._fileno)
        super().del_channel(map)
        self.server.share.holds(len(self.server.active_channels))

    def more(self) -> bool:
        """Another request came behind the one that is being answered: closing now would drop it."""
        return len(self.requests) > 1 or self.unread()


class _Here(threading.local):
    """Which connection this thread serves."""

    channel: Connection | None = None


here = _Here()
