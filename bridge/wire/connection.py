"""One connection to a server: every wait in it gets only what is left until the deadline."""

import select
import socket
import ssl
import threading
import time
from contextlib import suppress

from bridge.wire.address import Origin

PIECE_BYTES = 64 * 1024
# Windows has no `poll`, and its `select` takes a socket of any number
_POLL = hasattr(select, "poll")


class Deadline:
    """The end of one exchange, and the longest wait within it."""

    __slots__ = ("_idle_s", "at", "started")

    def __init__(self, total_s: float, idle_s: float) -> None:
        self.started = time.monotonic()
        self.at = self.started + total_s
        self._idle_s = idle_s

    def left(self, at_most_s: float) -> float:
        """Seconds for something that may take `at_most_s` by itself.

        Raises:
            TimeoutError: it is over.
        """
        left_s = self.at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("total deadline")
        return min(left_s, at_most_s)

    def wait(self) -> float:
        """Seconds for the next wait. Raises TimeoutError."""
        return self.left(self._idle_s)


class Connection:
    """To one origin; of one request at a time.

    Attributes:
        fresh_until: it may take another request before this second of the monotonic clock.
    """

    __slots__ = ("_poll", "_sock", "fresh_until", "origin")

    def __init__(self, origin: Origin, sock: socket.socket) -> None:
        self.origin = origin
        self.fresh_until = 0.0
        self._sock = sock
        self._poll: select.poll | None = None

    def send(self, request: bytes, deadline: Deadline) -> None:
        """All of it, or as much as a server takes that answers without having read all."""
        self._sock.settimeout(deadline.left(threading.TIMEOUT_MAX))
        try:
            self._sock.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            return  # reading tells what it said, or that it said nothing

    def send_at_once(self, request: bytes, deadline: Deadline) -> bool:
        """As `send`, without waiting; False when nothing could leave. Reading tells what went wrong."""
        sent = 0
        try:
            self._wait_for_nothing()
            sent = self._sock.send(request)
        except BlockingIOError:
            return False
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass  # some of it may have left: the same bytes are to be sent on
        except OSError:
            return True
        if sent < len(request):
            with suppress(OSError):
                self.send(request[sent:], deadline)
        return True

    def receive_at_once(self) -> bytes:
        """What has come to a request that was sent at once.

        Raises:
            BlockingIOError, ssl.SSLWantReadError: nothing that could be read.
        """
        self._wait_for_nothing()
        return self._sock.recv(PIECE_BYTES)

    def _wait_for_nothing(self) -> None:
        if self._sock.gettimeout() != 0.0:
            self._sock.setblocking(False)

    def fileno(self) -> int:
        return self._sock.fileno()

    def receive(self, most: int, deadline: Deadline) -> bytes:
        """What has come; b"" at the end."""
        self._sock.settimeout(deadline.wait())
        return self._sock.recv(most)

    def receive_into(self, buffer: memoryview, deadline: Deadline) -> int:
        self._sock.settimeout(deadline.wait())
        return self._sock.recv_into(buffer)

    def silent(self) -> bool:
        """Whether nothing has come since the last answer: not the end, and nothing that nobody asked for."""
        number = self._sock.fileno()
        if number < 0:
            return False
        try:
            if _POLL:
                if self._poll is None:
                    self._poll = select.poll()
                    self._poll.register(number, select.POLLIN)
                return not self._poll.poll(0)
            return not select.select([number], [], [], 0)[0]
        except (OSError, ValueError):
            return False

    def close(self) -> None:
        self._sock.close()


class Trust:
    """Which certificates are believed: those signed by an authority of `ca_file`, "" for the usual ones."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None

    def wrap(self, sock: socket.socket, host: str) -> ssl.SSLSocket:
        """
        Raises:
            ssl.SSLCertVerificationError: not believed; the file is read again for the next one.
        """
        context = self._context or self._read()
        try:
            return context.wrap_socket(sock, server_hostname=host.rstrip("."))
        except ssl.SSLCertVerificationError:
            self._context = None  # the file may have been mended by now
            raise

    def _read(self) -> ssl.SSLContext:
        """Reading the authorities takes longer than many exchanges."""
        ca_file = self._ca_file
        if not ca_file:
            import certifi  # a bridge whose peers are near has no use for it

            ca_file = certifi.where()
        context = ssl.create_default_context(cafile=ca_file)
        context.hostname_checks_common_name = False
        context.set_alpn_protocols(["http/1.1"])
        self._context = context
        return context


def connect(origin: Origin, trust: Trust, *, attempt_s: float, deadline: Deadline) -> Connection:
    """A new connection, to the first address of the server that takes one.

    Args:
        attempt_s: for each address, and for the handshake of TLS.

    Raises:
        OSError: none did; the last reason.
    """
    sock = _reach(origin, attempt_s, deadline)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if origin.secure:
            sock.settimeout(deadline.left(attempt_s))
            sock = trust.wrap(sock, origin.host)
    except BaseException:
        sock.close()
        raise
    return Connection(origin, sock)


def _reach(origin: Origin, attempt_s: float, deadline: Deadline) -> socket.socket:
    last = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        origin.host, origin.port, type=socket.SOCK_STREAM
    ):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(deadline.left(attempt_s))
            sock.connect(address)
        except OSError as error:
            sock.close()
            last = error
        else:
            return sock
    raise last
