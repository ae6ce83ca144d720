"""A client that sends whatever bytes it is told to: what browsers, 1C and curl would never send."""

import socket
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True)
class RawAnswer:
    """One answer as it came. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Line:
    """One connection to 127.0.0.1. Everything waits at most `timeout_s`.

    Args:
        room: bytes that the system takes in before they are asked for; 0: as many as it likes.
    """

    def __init__(self, port: int, timeout_s: float = 10.0, *, room: int = 0) -> None:
        self._socket = socket.socket()
        self._socket.settimeout(timeout_s)
        if room:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        try:
            self._socket.connect(("127.0.0.1", port))
        except OSError:
            self._socket.close()
            raise
        self._came = b""

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> "Line":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def answer(self, *, head: bool = False) -> RawAnswer:
        """The next answer; without its body when it answers a HEAD."""
        while b"\r\n\r\n" not in self._came:
            self._more()
        top, _, self._came = self._came.partition(b"\r\n\r\n")
        lines = top.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines[1:])}
        status = int(lines[0].split()[1])
        length = 0 if head or status == 100 else int(headers["content-length"])
        while len(self._came) < length:
            self._more()
        body, self._came = self._came[:length], self._came[length:]
        return RawAnswer(status, headers, body)

    def closed(self) -> bool:
        """True when the server ends the connection without another byte."""
        if self._came:
            return False
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def _more(self) -> None:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection before its whole answer")
        self._came += more


def ask(port: int, request: bytes, *, head: bool = False, timeout_s: float = 10.0) -> RawAnswer:
    """One request on a connection of its own, its one answer."""
    with Line(port, timeout_s) as line:
        line.send(request)
        return line.answer(head=head)
