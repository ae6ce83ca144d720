"""A server that answers raw bytes and remembers what it was sent: a peer of any temper, on 127.0.0.1."""

import socket
import struct
import threading
from types import TracebackType

LINGER_NONE = struct.pack("ii", 1, 0)  # close() sends a reset


class RawServer:
    """Answers every request with the same bytes.

    Args:
        answer: the whole HTTP answer, status line and all; sent once the request's head is read.
        drip_s: seconds between the bytes of the answer; 0 sends it at once.
        drip_from: how many bytes are sent at once before the dripping starts.
        silent: never answers.
        reset: the connection is reset after the answer (with no answer: after the request).
    """

    def __init__(
        self,
        answer: bytes = b"",
        *,
        drip_s: float = 0.0,
        drip_from: int = 0,
        silent: bool = False,
        reset: bool = False,
    ) -> None:
        self.requests: list[bytes] = []
        self._answer = answer
        self._drip_s = drip_s
        self._drip_from = drip_from
        self._silent = silent
        self._reset = reset
        self._stop = threading.Event()
        self._listener: socket.socket
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "RawServer":
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(timeout=5)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def target(self) -> str:
        """The request target of the only request, as it was on the wire."""
        (request,) = self.requests
        return request.split(b" ", 2)[1].decode("ascii")

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            with connection:
                try:
                    self._converse(connection)
                except OSError:
                    continue  # the client went away, as some tests mean it to

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(2)
        self.requests.append(_read_head(connection))
        if self._silent:
            self._stop.wait(5)
            return
        at_once = self._drip_from if self._drip_s else len(self._answer)
        connection.sendall(self._answer[:at_once])
        for byte in self._answer[at_once:]:
            if self._stop.wait(self._drip_s):
                return
            connection.sendall(bytes([byte]))
        if self._reset:
            self._stop.wait(0.05)  # a reset overtakes what the client has not read yet
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_NONE)


def _read_head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (chunk := connection.recv(65536)):
        head += chunk
    return head


def closed_port_url() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
