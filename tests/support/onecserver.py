"""A web server in place of 1C: answers raw bytes by a script and remembers each request whole."""

import socket
import threading
from dataclasses import dataclass
from email.message import Message
from http.client import parse_headers
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from requests.structures import CaseInsensitiveDict

from bridge.wire import Answer

WIRE = Path(__file__).parents[1] / "wire" / "1c"
REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    406: "Not Acceptable",
    500: "Internal Server Error",
}


def recorded(name: str) -> bytes:
    """A whole HTTP answer of tests/wire/1c."""
    return (WIRE / f"{name}.http").read_bytes()


def as_answer(raw: bytes) -> Answer:
    """The same answer as `Wire` gives it, without a socket."""
    head = BytesIO(raw)
    status = int(head.readline().split()[1])
    headers = parse_headers(head)
    return Answer(status=status, headers=CaseInsensitiveDict(headers.items()), body=head.read(), took_s=0.0)


def http(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer made on the spot."""
    head = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        f"Content-Length: {len(body)}",
        *headers,
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


@dataclass(frozen=True)
class Request:
    line: str
    headers: Message
    body: bytes

    def __getitem__(self, header: str) -> str:
        return self.headers.get(header, "")

    def __contains__(self, header: str) -> bool:
        return header in self.headers


class OnecServer:
    """Answers the n-th request with the n-th answer, the last one for ever; several at a time.

    Args:
        answers: whole HTTP answers, None for silence.
        together: answers only when so many requests are there (they are then surely at once).
        port: to stand in the place of another that is gone.
        each: requests of one connection; then it is closed.
    """

    def __init__(self, *answers: bytes | None, together: int = 1, port: int = 0, each: int = 1) -> None:
        self.requests: list[Request] = []
        self._answers = answers
        self._each = each
        self._gate = threading.Barrier(together)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]
        self._listener.settimeout(0.02)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._listen)]

    def __enter__(self) -> "OnecServer":
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._listener.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/base/ws/VATS"

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except TimeoutError:
                continue
            thread = threading.Thread(target=self._converse, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _converse(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        with connection, connection.makefile("rb") as sent:
            for _ in range(self._each):
                if not self._answered(connection, sent):
                    return

    def _answered(self, connection: socket.socket, sent: BinaryIO) -> bool:
        """False when the conversation is over."""
        line = sent.readline().decode("ascii").strip()
        if not line:
            return False
        headers = parse_headers(sent)
        request = Request(line, headers, sent.read(int(headers.get("Content-Length", "0"))))
        with self._lock:
            answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
            self.requests.append(request)
        self._gate.wait(timeout=5)
        if answer is None:
            self._stop.wait(timeout=5)
            return False
        try:
            connection.sendall(answer)
        except OSError:
            return False  # the client has read enough, as some tests mean it to
        return True
