"""A fake peer on the air: a WSGI app served by waitress on loopback, and really gone when stopped."""

import ipaddress
import os
import socket
import threading
from types import TracebackType
from typing import Any, Self
from wsgiref.types import WSGIApplication

from waitress import create_server, wasyncore

MAX_BODY_BYTES = 1024 * 1024
LOOP_S = 1.0  # the loop is woken by waitress's trigger; this only bounds a lost wake-up


class Loopback:
    """Serves `app` on 127.0.0.1 until stopped; may be started again and then keeps its port.

    >>> from wsgiref.simple_server import demo_app
    >>> with Loopback(demo_app) as peer:
    ...     peer.url == f"http://127.0.0.1:{peer.port}"
    True

    Raises:
        ValueError: `host` is not a loopback address: a fake must never be reachable from outside.
        OSError: from `start`, when the port is taken.
    """

    def __init__(
        self, app: WSGIApplication, port: int = 0, threads: int = 8, *, host: str = "127.0.0.1"
    ) -> None:
        if not ipaddress.IPv4Address(host).is_loopback:
            raise ValueError(f"Имитатор слушает только 127.0.0.1, а не {host}")
        self.port = port
        self._host = host
        self._app = app
        self._threads = threads
        self._server: Any = None
        self._thread = threading.Thread()
        self._stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.port}"

    def start(self) -> Self:
        if self._server is None:
            listener = self._listen()
            self.port = listener.getsockname()[1]
            self._server = create_server(
                self._app,
                map={},
                sockets=[listener],
                threads=self._threads,
                ident=None,
                connection_limit=1000,
                max_request_body_size=MAX_BODY_BYTES,
                channel_request_lookahead=1,  # lets a waiting app see that its client has gone
                log_socket_errors=False,
            )
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=f"loopback-{self.port}", daemon=True)
            self._thread.start()
        return self

    def stop(self) -> None:
        """Close the listening socket and every connection: from now on the peer refuses."""
        server, self._server = self._server, None
        if server is None:
            return
        self._stopping.set()
        server.pull_trigger()
        self._thread.join()
        server.socket.close()
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.task_dispatcher.shutdown()  # before the trigger is closed: workers may still pull it
        server.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _listen(self) -> socket.socket:
        """Bound here and not by waitress, which leaks its pipe and threads when the port is taken."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            if os.name == "posix":  # on Windows the option would let two listeners share the port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self.port))
        except OSError:
            listener.close()
            raise
        return listener

    def _run(self) -> None:
        server = self._server
        while not self._stopping.is_set():
            wasyncore.loop(timeout=LOOP_S, map=server._map, count=1)
