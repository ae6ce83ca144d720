"""What may go wrong with an outgoing request, in a few words of ours.

Those of the libraries repeat the URL, which may hold a secret, and the peer.
"""

import socket
import ssl

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError


class WireError(Exception):
    """No whole answer came. `sent` is False only when the request surely never left."""

    def __init__(self, reason: str, *, sent: bool, timeout: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.timeout = timeout


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
