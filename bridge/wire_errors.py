"""What may go wrong with an outgoing request, in a few words of ours.

Those of the libraries repeat the URL, which may hold a secret, and the peer.
"""

import socket
import ssl
from http.client import HTTPException


class WireError(Exception):
    """No whole answer came. `sent` is False only when the request surely never left."""

    def __init__(self, reason: str, *, sent: bool, timeout: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.sent = sent
        self.timeout = timeout


# what sockets, TLS and `http.client` may raise on the way
FAILURES = (OSError, ValueError, HTTPException)
_KNOWN: tuple[tuple[type[Exception], str], ...] = (
    (ConnectionRefusedError, "соединение отвергнуто: сервер выключен или порт закрыт"),
    (socket.gaierror, "имя сервера не найдено в DNS"),
    (ssl.SSLCertVerificationError, "сертификату сервера нельзя доверять"),
)


def wire_error(error: Exception, *, sent: bool) -> WireError:
    """What went wrong.

    Args:
        sent: whether it was after the first byte of the request.
    """
    for kind, said in _KNOWN:
        if isinstance(error, kind):
            return WireError(said, sent=sent)
    if isinstance(error, TimeoutError):
        what = "нет ответа за отведённое время" if sent else "соединение не установлено за отведённое время"
        return WireError(what, sent=sent, timeout=True)
    if isinstance(error, ssl.SSLError):
        return WireError("ошибка TLS", sent=sent)
    if isinstance(error, ValueError) and not sent:
        return WireError("неправильный адрес", sent=False)
    return WireError(f"обмен прерван ({type(error).__name__})", sent=sent)
