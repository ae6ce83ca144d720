"""A small honest reverse proxy: asks its upstreams for /readyz, tries another only when a connect failed.

As a program: `python -m support.proxy [keep] PORT UPSTREAM_PORT…`, until SIGTERM.
"""

import http.client
import itertools
import select
import signal
import socket
import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

CHECK_EVERY_S = 0.2
CONNECT_S = 1.0
ANSWER_S = 30.0
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


class Upstream:
    """One server behind the proxy, at 127.0.0.1."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.ready = False

    def connect(self) -> http.client.HTTPConnection:
        """Raises OSError: nothing was sent then."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=CONNECT_S)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.sock.settimeout(ANSWER_S)
        return connection

    def check(self) -> None:
        try:
            connection = self.connect()
        except OSError:
            self.ready = False
            return
        try:
            connection.request("GET", "/readyz", headers={"Connection": "close"})
            self.ready = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            self.ready = False
        finally:
            connection.close()


class Proxy:
    """Listens while it is a context.

    Args:
        keep: upstream connections are kept for the next request of the same client.
    """

    def __init__(
        self,
        upstreams: Sequence[int],
        *,
        port: int = 0,
        keep: bool = False,
        check_every_s: float = CHECK_EVERY_S,
    ) -> None:
        self.upstreams = [Upstream(one) for one in upstreams]
        self.keep = keep
        self._check_every_s = check_every_s
        self.counts: Counter[str] = Counter()
        self._turns = itertools.count()
        self._stopping = threading.Event()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.proxy = self
        self.port = int(self._server.server_address[1])
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True),
            threading.Thread(target=self._watch, daemon=True),
        ]

    def __enter__(self) -> "Proxy":
        for upstream in self.upstreams:
            upstream.check()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping.set()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def candidates(self) -> list[Upstream]:
        """Those that are ready, each its turn first; then, for want of a better one, the others."""
        turn = next(self._turns)
        around = [
            self.upstreams[(turn + place) % len(self.upstreams)] for place in range(len(self.upstreams))
        ]
        return sorted(around, key=lambda upstream: not upstream.ready)

    def _watch(self) -> None:
        while not self._stopping.wait(self._check_every_s):
            for upstream in self.upstreams:
                upstream.check()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    proxy: Proxy


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _Server
    _kept: tuple[Upstream, http.client.HTTPConnection] | None = None

    def do_GET(self) -> None:
        self._forward()

    def do_POST(self) -> None:
        self._forward()

    def finish(self) -> None:
        self._drop_kept()
        super().finish()

    def log_message(self, *_: object) -> None: ...

    def _forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self._connected()
        if found is None:
            self._answer(503, "Service Unavailable", [], b"no upstream")
            return
        upstream, connection = found
        headers = {name: value for name, value in self.headers.items() if name.lower() not in HOP_BY_HOP}
        headers["Connection"] = "keep-alive" if self.server.proxy.keep else "close"
        if body or self.command == "POST":
            headers["Content-Length"] = str(len(body))
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:  # it may have been done: nobody else is asked
            connection.close()
            self.server.proxy.counts[f"{upstream.port}: {type(error).__name__}"] += 1
            self._answer(502, "Bad Gateway", [], f"{type(error).__name__}: {error}".encode())
            return
        self.server.proxy.counts[f"{upstream.port}: {answer.status}"] += 1
        if self.server.proxy.keep and not answer.will_close:
            self._kept = upstream, connection
        else:
            connection.close()
        self._answer(answer.status, answer.reason, answer.getheaders(), content)

    def _connected(self) -> tuple[Upstream, http.client.HTTPConnection] | None:
        if self._kept is not None:
            upstream, connection = self._kept
            if upstream.ready and _open(connection):
                self._kept = None
                return upstream, connection
            self._drop_kept()
        for upstream in self.server.proxy.candidates():
            with suppress(OSError):
                return upstream, upstream.connect()
            upstream.ready = False  # until the next check
            self.server.proxy.counts[f"{upstream.port}: no connection"] += 1
        return None

    def _drop_kept(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def _answer(self, status: int, reason: str, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        lines = [f"HTTP/1.1 {status} {reason}"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() not in HOP_BY_HOP]
        lines += [f"Content-Length: {len(body)}", "", ""]
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)


def _open(connection: http.client.HTTPConnection) -> bool:
    """The upstream has neither closed it nor said anything unasked."""
    return connection.sock is not None and not select.select([connection.sock], [], [], 0)[0]


def main() -> None:
    keep = sys.argv[1] == "keep"
    port, *upstreams = map(int, sys.argv[2 if keep else 1 :])
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with Proxy(upstreams, port=port, keep=keep):
        while not stopped.wait(0.2):
            pass


if __name__ == "__main__":
    main()
