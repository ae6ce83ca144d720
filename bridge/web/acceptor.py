"""The socket that clients come to; what waitress asks of its server: to take them in, to look after them."""

import math
import socket
import threading
import time
from typing import Any

from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from bridge.observe import log
from bridge.web.connection import Connection, here
from bridge.web.crowd import make_room
from bridge.web.hooks import PREFIX as HOOKS
from bridge.web.loop import Loop
from bridge.web.shares import Share
from bridge.web.soap.vocabulary import LANGUAGES
from bridge.web.together import Together
from bridge.web.watched import Watched

CLICKS = frozenset(language.path for language in LANGUAGES)
CLICK_WORDS = tuple(language.word("MakeCall").encode() for language in LANGUAGES)
LONGEST_CLICK = 8192  # bytes of a request
ACCEPTS = 64  # connections taken in one turn of the loop
CROWD_SAID_S = 60.0


class Acceptor(TcpWSGIServer):  # type: ignore[misc]
    channel_class = Connection
    draining: threading.Event
    loop: Loop
    share: Share
    together: Together
    _closed = 0  # to make room, since it was last said
    _said_at = -math.inf

    def stop_listening(self) -> None:
        self.accepting = False
        self.share.leave()
        while len(self.active_channels) < self.adj.connection_limit:  # those who are connected already
            before = len(self.active_channels)
            self.handle_accept()
            if len(self.active_channels) == before:
                break
        self.loop.forget(self._fileno)
        self.del_channel()
        self.socket.close()

    def idle(self) -> bool:
        channels = list(self.active_channels.values())
        return not any(channel.busy() or (channel.readable() and channel.unread()) for channel in channels)

    def handle_accept(self) -> None:
        """Everybody who waits and is for us, for each turn of the loop costs a look at every connection."""
        count = len(self.active_channels)
        few = ACCEPTS if self.draining.is_set() else self.share.may_take(count)
        for _ in range(min(ACCEPTS, few)):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                break
        closed = make_room(self.active_channels.values())
        if closed:
            self._closed += closed
            self.loop.look_at_all()
        now = time.monotonic()
        if self._closed and now - self._said_at > CROWD_SAID_S:
            log.warning("connections_crowded", closed=self._closed)
            self._closed, self._said_at = 0, now

    def readable(self) -> bool:
        return bool(super().readable()) and not self.share.resting

    def maintenance(self, now: float) -> None:
        super().maintenance(now)
        self.loop.look_at_all()
        for channel in list(self.active_channels.values()):
            if channel.overdue():
                channel.will_close = True
            elif channel.stalled():
                channel.handle_close()  # at once: what takes nothing is never ready to be written to

    def add_task(self, task: Connection) -> None:
        if _takes_steps(task):
            self.together.add(task)
        else:
            super().add_task(task)
        if here.channel is not None:  # it came behind another, which the loop may not be serving
            self.wake()

    def aside(self, task: Connection) -> None:
        """To a thread; from any thread."""
        super().add_task(task)
        self.wake()

    def watch(self, watched: Watched) -> None:
        if self.loop.watch(watched.fd, watched):
            self.wake()

    def forget(self, watched: Watched) -> None:
        self.loop.forget(watched.fd)
        self._map.pop(watched.fd, None)

    def wake(self) -> None:
        """The loop, from any thread."""
        super().pull_trigger()

    def pull_trigger(self) -> None:
        channel = here.channel
        if channel is None or self.loop.missed(channel):
            super().pull_trigger()

    def set_socket_options(self, conn: socket.socket) -> None:
        super().set_socket_options(conn)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _takes_steps(channel: HTTPChannel) -> bool:
    """Hooks and clicks: what they wait for, others wait for, too, or the loop can watch it."""
    requests = channel.requests
    if not requests or requests[0].error or channel.total_outbufs_len:  # who reads slowly waits in a thread
        return False
    request = requests[0]
    return bool(request.path.startswith(HOOKS) or (request.path in CLICKS and _clicks(request)))


def _clicks(request: Any) -> bool:
    """Perhaps; the entrance tells."""
    if request.command != "POST" or request.content_length > LONGEST_CLICK:
        return False
    body = request.get_body_stream()
    said = body.read()
    body.seek(0)
    return any(word in said for word in CLICK_WORDS)
