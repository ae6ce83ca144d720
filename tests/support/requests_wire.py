"""Outgoing HTTP as the bridge did it by `requests`: a second opinion of what an answer is.

`requests` has no total deadline (a peer that drips one byte per half second holds it for ever) and
inflates compressed answers of any size; both are closed here, under requests, at the socket.
"""

import io
import math
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError
from urllib3.poolmanager import PoolManager

from bridge.wire import USER_AGENT, Answer, Flow, WireError

MAX_ANSWER_BYTES = 256 * 1024
IDLE_REUSE_S = 4.0  # servers close idle connections after 5 s and more; a reused dead one costs a try

CHUNK_BYTES = 64 * 1024

# of the current request: .at, the monotonic second by which it must be over; .idle_s for each wait in it
_deadline = threading.local()


class _DeadlineReader(io.RawIOBase):
    """A socket read as a file, where every read gets only what is left until the deadline."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, at: float, idle_s: float) -> None:
        self._sock = sock
        self._raw = raw  # http.client closes the socket early and trusts this to keep it open
        self._at = at
        self._idle_s = idle_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._at - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("total deadline")
        self._sock.settimeout(min(left_s, self._idle_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        at, idle_s = getattr(_deadline, "at", math.inf), getattr(_deadline, "idle_s", math.inf)
        reader = _DeadlineReader(sock, self.fp.detach(), at, idle_s)
        self.fp = io.BufferedReader(reader)


class _HTTPConnection(HTTPConnection):
    response_class = _DeadlineResponse


class _HTTPSConnection(HTTPSConnection):
    response_class = _DeadlineResponse


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        manager: PoolManager = self.poolmanager
        manager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is ever followed; else requests reads its body whole, past every limit."""


class RequestsWire:
    """A peer to talk to. Safe for several threads; connections are reused while they are fresh.

    Args:
        connect_s: for the connection, in seconds.
        total_s: for the whole exchange from the first byte sent to the last received, in seconds.
        ca_file: a PEM file of the authority that signed the peer's certificate; "" for the usual.
        reuse: False opens a new connection for each request (for what must not be repeated).
        idle_s: for each wait within the exchange, in seconds.
    """

    def __init__(
        self,
        *,
        connect_s: float = 3.0,
        total_s: float = 10.0,
        max_bytes: int = MAX_ANSWER_BYTES,
        ca_file: str = "",
        reuse: bool = True,
        pool_size: int = 8,
        idle_s: float = math.inf,
    ) -> None:
        self._connect_s = connect_s
        self._total_s = total_s
        self._idle_s = idle_s
        self._max_bytes = max_bytes
        self._reuse = reuse
        self._used_at = 0.0
        self._verify = ca_file or True
        self._pool_size = pool_size
        self._session = self._open()

    def get(self, url: str, headers: dict[str, str | bytes] | None = None) -> Answer:
        return self._ask("GET", url, headers or {}, None)

    def post(self, url: str, body: bytes, headers: dict[str, str | bytes]) -> Answer:
        return self._ask("POST", url, headers, body)

    @contextmanager
    def stream(self, url: str, headers: dict[str, str | bytes] | None = None) -> Iterator[Flow]:
        """The answer to a GET, read piece by piece while the context lasts; then the connection is dropped.

        Raises:
            WireError: its head did not come. What comes later is raised by `Flow.chunks`.
        """
        with ExitStack() as held:
            try:
                response = held.enter_context(self._answered("GET", url, headers or {}, None))
            except FAILURES as error:
                raise wire_error(error) from None
            yield Flow(status=response.status_code, headers=response.headers, chunks=self._chunks(response))

    def close(self) -> None:
        self._session.close()

    def _open(self) -> _Session:
        session = _Session()
        session.trust_env = False  # no .netrc, no proxies from the environment
        session.verify = self._verify
        session.headers.clear()
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))  # callers keep their own
        adapter = _Adapter(pool_maxsize=self._pool_size, max_retries=0)
        session.mount("http://", adapter)
        session.mount("https://", adapter)
        return session

    @contextmanager
    def _lent(self) -> Iterator[_Session]:
        """The session for one request; one of its own where a request must not be repeated.

        Else a server that closes without a word would leave a dead connection for the next request.
        """
        if not self._reuse:
            with self._open() as session:
                yield session
            return
        now = time.monotonic()
        if now - self._used_at > IDLE_REUSE_S:
            self._session.close()  # drops what is idle; a session opens again by itself
        self._used_at = now
        yield self._session

    def _ask(self, method: str, url: str, headers: dict[str, str | bytes], body: bytes | None) -> Answer:
        started = time.monotonic()
        try:
            with self._answered(method, url, headers, body) as response:
                content = self._read(response)
        except FAILURES as error:
            raise wire_error(error) from None
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=content,
            took_s=time.monotonic() - started,
        )

    @contextmanager
    def _answered(
        self, method: str, url: str, headers: dict[str, str | bytes], body: bytes | None
    ) -> Iterator[requests.Response]:
        _deadline.at, _deadline.idle_s = time.monotonic() + self._total_s, self._idle_s
        sent_headers: dict[str, str | bytes] = {
            "User-Agent": USER_AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            "Connection": "keep-alive" if self._reuse else "close",
            **headers,
        }
        with (
            self._lent() as session,
            session.request(
                method,
                url,
                data=body,
                headers=sent_headers,
                timeout=(min(self._connect_s, self._total_s), min(self._total_s, self._idle_s)),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            yield response

    def _read(self, response: requests.Response) -> bytes:
        """The body, at most `max_bytes` of it, never inflated: a gzip bomb stays small."""
        content = bytes(response.raw.read(self._max_bytes + 1, decode_content=False))
        if len(content) > self._max_bytes:
            raise _too_long()
        if len(content) < _announced(response) and response.request.method != "HEAD":
            raise _cut()
        return content

    def _chunks(self, response: requests.Response) -> Iterator[bytes]:
        """The body as it comes, within the same limits."""
        announced, read = _announced(response), 0
        if announced > self._max_bytes:
            raise _too_long()
        try:
            while chunk := response.raw.read1(CHUNK_BYTES, decode_content=False):
                read += len(chunk)
                if read > self._max_bytes:
                    raise _too_long()
                yield bytes(chunk)
        except FAILURES as error:
            raise wire_error(error) from None
        if read < announced:
            raise _cut()


def _announced(response: requests.Response) -> int:
    """The promised length of a body, 0 when none is."""
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isascii() and length.isdigit() and len(length) < 19 else 0


def _too_long() -> WireError:
    return WireError("слишком длинный ответ", sent=True)


def _cut() -> WireError:
    return WireError("ответ оборвался", sent=True)


# what requests, urllib3 and sockets may raise on the way
FAILURES = (requests.exceptions.RequestException, HTTPError, OSError, ValueError)
# the first that is found inside the wrappers; whether the request may have left
_KNOWN: tuple[tuple[type[Exception], str, bool], ...] = (
    (ConnectionRefusedError, "соединение отвергнуто: сервер выключен или порт закрыт", False),
    (socket.gaierror, "имя сервера не найдено в DNS", False),
    (ssl.SSLCertVerificationError, "сертификату сервера нельзя доверять", False),
    (ssl.SSLError, "ошибка TLS", True),  # during the handshake or later: not known
)


def wire_error(error: Exception) -> WireError:
    """What went wrong, and whether the request may have left."""
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError)):
        return WireError("неправильный адрес", sent=False)
    chain = _chain(error)
    for kind, said, sent in _KNOWN:
        if any(isinstance(cause, kind) for cause in chain):
            return WireError(said, sent=sent)
    sent = not any(isinstance(cause, (ConnectTimeoutError, NewConnectionError)) for cause in chain)
    if any(isinstance(cause, (TimeoutError, ReadTimeoutError, ConnectTimeoutError)) for cause in chain):
        what = "нет ответа за отведённое время" if sent else "соединение не установлено за отведённое время"
        return WireError(what, sent=sent, timeout=True)
    return WireError(f"обмен прерван ({type(chain[-1]).__name__})", sent=sent)


def _chain(error: BaseException) -> list[BaseException]:
    """An error and what is inside its wrappers of requests and urllib3, the innermost last."""
    found: list[BaseException] = []
    while error not in found:
        found.append(error)
        inner = (getattr(error, "reason", None), *error.args, error.__cause__, error.__context__)
        error = next((cause for cause in inner if isinstance(cause, BaseException)), error)
    return found
