"""Waitress, set for the internet, and stopped without dropping anybody."""

import math
import socket
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from bridge.core.steps import Awaited
from bridge.observe import log
from bridge.pausing import pausing
from bridge.web.answer import Task
from bridge.web.crowd import LIMIT, make_room
from bridge.web.guard import GuardedChannel
from bridge.web.hooks import PREFIX as HOOKS
from bridge.web.http import WsgiApp
from bridge.web.loop import Loop, loop_of
from bridge.web.shares import Share, Shares
from bridge.web.soap.vocabulary import LANGUAGES
from bridge.web.threads import Threads
from bridge.web.together import Together
from bridge.web.watched import LOOK_S, Watch, Watched

CLICKS = frozenset(language.path for language in LANGUAGES)
CLICK_WORDS = tuple(language.word("MakeCall").encode() for language in LANGUAGES)
LONGEST_CLICK = 8192  # bytes of a request
QUIET_S = 1.0  # after a drain began: a client that just connected may still be sending
DRAIN_LIMIT_S = 30.0
ACCEPTS = 64  # connections taken in one turn of the loop
CROWD_SAID_S = 60.0


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    host: str = "127.0.0.1"
    port: int = 8080  # 0: any free one
    threads: int = 64
    trusted_proxy: str = ""  # address of the proxy whose X-Forwarded-* are believed; "" for nobody
    drain_s: float = 0.0  # still listening after a stop was asked for, until every proxy has noticed


class Server:
    """Listens as soon as it is made; serves while `run` runs.

    Args:
        draining: set by `drain`; whoever else must know may hold it too.
        listener: a bound socket that other processes accept from too; else one of our own is bound.
        share: of what comes there.

    Raises:
        OSError: the address is taken or not ours.
    """

    def __init__(
        self,
        application: WsgiApp,
        options: ServerOptions,
        *,
        draining: threading.Event | None = None,
        listener: socket.socket | None = None,
        share: Share | None = None,
    ) -> None:
        proxy = (
            {
                "trusted_proxy": options.trusted_proxy,
                "trusted_proxy_count": 1,
                "trusted_proxy_headers": {"x-forwarded-for"},  # the scheme is nobody's business here
            }
            if options.trusted_proxy
            else {}
        )
        adjustments = Adjustments(
            ident=None,
            expose_tracebacks=False,
            threads=options.threads,
            connection_limit=LIMIT,
            asyncore_use_poll=True,
            channel_timeout=30,
            cleanup_interval=1,  # how late a deadline may be noticed
            max_request_header_size=16 * 1024,
            max_request_body_size=1024 * 1024,  # answered 413 before it is read; each entrance has its own
            inbuf_overflow=2 * 1024 * 1024,  # never to a temporary file
            clear_untrusted_proxy_headers=True,
            log_socket_errors=False,
            **proxy,
        )
        listener = listener or bind(options.host, options.port)
        self._draining = draining or threading.Event()
        self._threads = Threads(options.threads)
        self._server = _GuardedServer(
            application,
            {},
            True,
            listener,
            dispatcher=self._threads,
            adj=adjustments,
            bind_socket=False,
            sockinfo=(listener.family, listener.type, listener.proto, listener.getsockname()),
        )
        self._server.draining = self._draining
        self._server.share = share or Shares(1).of(0)
        self._server.share.holds(0)
        self._server.loop = loop_of(self._server._map, self._server)
        self._watch = Watch(self._server.watch, self._server.forget)
        self._server.together = Together(self._server.wake, self._watch.add, self._server.aside)
        self._drain_s = options.drain_s
        self._stop_at = math.inf  # monotonic: when listening shall stop
        self._drained_at = math.inf  # monotonic: when it did

    @property
    def port(self) -> int:
        return int(self._server.effective_port)

    def run(self) -> None:
        """Serve until `drain` was asked for and everybody has their answer."""
        try:
            while not self._finished():
                if self._draining.is_set():
                    self._wind_down(time.monotonic())
                self.turn(0.1 if self._draining.is_set() else 1.0)  # nothing wakes the loop after the quiet
        finally:
            self._server.together.stop(5)
            self._server.task_dispatcher.shutdown(timeout=5)
            for channel in list(self._server.active_channels.values()):
                channel.handle_close()  # with its buffers, which may be temporary files
            wasyncore.close_all(self._server._map, ignore_all=True)
            self._server.loop.close()

    def turn(self, timeout_s: float) -> None:
        """See to what happens, and wait for it not longer than that."""
        together = self._server.together
        wait_s = min(timeout_s, self._threads.give(), self._server.share.turn())
        if self._watch:
            wait_s = min(wait_s, LOOK_S)
        self._server.loop.turn(0.0 if together.more() else wait_s)
        self._watch.look()
        together.go_on()
        self._threads.give()

    def _wind_down(self, now: float) -> None:
        self._stop_at = min(self._stop_at, now + self._drain_s)
        if now >= self._stop_at and self._drained_at == math.inf:
            self._drained_at = now
            self._server.stop_listening()

    def drain(self, *, at_once: bool = False) -> None:
        """Stop listening after `drain_s`, let what is under way finish; safe from any thread and a signal.

        Args:
            at_once: no proxy is waited for.
        """
        if at_once:
            self._drain_s = 0.0
            self._stop_at = time.monotonic()
        if not self._draining.is_set():
            self._draining.set()
            # in a thread: a signal may find the loop inside the trigger, holding its lock
            threading.Thread(target=self._server.trigger.pull_trigger, daemon=True).start()

    def _finished(self) -> bool:
        waited_s = time.monotonic() - self._drained_at
        asks = bool(self._watch) or self._server.together.more()  # somebody, though its client may have gone
        return waited_s > DRAIN_LIMIT_S or (waited_s > QUIET_S and self._server.idle() and not asks)


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


def bind(host: str, port: int) -> socket.socket:
    """Bound before waitress starts its threads, which would outlive a port that is taken."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform == "win32":  # there, SO_REUSEADDR would let a second server share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"адрес {host}:{port} занят или не принадлежит этому компьютеру") from None
    return listener


class _Channel(GuardedChannel):
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
        outer, _here.channel = _here.channel, self
        try:
            super().service()
        finally:
            _here.channel = outer

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Only the loop closes: a thread that serves would take the connection from under it."""
        return int(super().send(data, do_close and _here.channel is None))

    def send_continue(self) -> None:
        with self.outbuf_lock:  # the loop takes it to close
            if self.connected:
                super().send_continue()

    def _flush_some(self, do_close: bool = True) -> Any:
        """Waitress's loop takes no lock when no request is under way, though one may just be ending."""
        with self.outbuf_lock:
            return super()._flush_some(do_close=do_close)

    def _flush_outbufs_below_high_watermark(self) -> None:
        if (
            self.total_outbufs_len > self.adj.outbuf_high_watermark
        ):  # it will wait for a client that reads slowly
            with pausing():
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

    channel: _Channel | None = None


_here = _Here()


class _GuardedServer(TcpWSGIServer):  # type: ignore[misc]
    channel_class = _Channel
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

    def add_task(self, task: _Channel) -> None:
        if _takes_steps(task):
            self.together.add(task)
        else:
            super().add_task(task)
        if _here.channel is not None:  # it came behind another, which the loop may not be serving
            self.wake()

    def aside(self, task: _Channel) -> None:
        """To a thread; from any thread."""
        super().add_task(task)
        self.wake()

    def watch(self, watched: Watched) -> None:
        if self.loop.watch(watched.fd, watched):
            self.wake()

    def forget(self, watched: Watched) -> None:
        self.loop.forget(watched.fd)
        del self._map[watched.fd]

    def wake(self) -> None:
        """The loop, from any thread."""
        super().pull_trigger()

    def pull_trigger(self) -> None:
        channel = _here.channel
        if channel is None or self.loop.missed(channel):
            super().pull_trigger()

    def set_socket_options(self, conn: socket.socket) -> None:
        super().set_socket_options(conn)
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
