"""Waitress, set for the internet, and stopped without dropping anybody."""

import math
import socket
import sys
import threading
import time
from dataclasses import dataclass

from waitress import wasyncore
from waitress.adjustments import Adjustments

from bridge.web.acceptor import Acceptor
from bridge.web.crowd import LIMIT
from bridge.web.http import WsgiApp
from bridge.web.loop import loop_of
from bridge.web.shares import Share, Shares
from bridge.web.threads import Threads
from bridge.web.together import Together
from bridge.web.watched import LOOK_S, Watch

QUIET_S = 1.0  # after a drain began: a client that just connected may still be sending
DRAIN_LIMIT_S = 30.0
A_FEW = 4  # happenings of a turn, where those who come together shall not go on together


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
        self._server = Acceptor(
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
        self._server.loop.turn(0.0 if together.more() else wait_s, A_FEW if together.spreads() else -1)
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
