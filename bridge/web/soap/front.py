"""What every SOAP entrance does alike: read a POST, refuse in SOAP, own up to an incident by its number."""

import secrets
from collections.abc import Callable, Iterable, Mapping, Set
from email.message import Message
from functools import lru_cache

from bridge.observe import Figures, log
from bridge.web.auth import CHALLENGE
from bridge.web.http import Environ, Reply, StartResponse, peer, read_body
from bridge.web.soap.envelope import Call, Operations, Said, read_call, version_of
from bridge.web.soap.problem import Blame, SoapError, Version, fault
from bridge.web.soap.scan import decode, scan
from bridge.web.soap.shapes import Shapes
from bridge.web.throttle import WAIT, Throttled

MAX_BODY = 64 * 1024
UTF8 = frozenset({"", "utf-8", "utf8"})
MEDIA = frozenset({"text/xml", "application/soap+xml", "application/xml", ""})
NO_LIMITS: Mapping[str, int] = {}


class Reader:
    """What a request asks for, of one set of contracts.

    Args:
        contracts: namespace -> its operations; who names no namespace means the first.
        media: types of request that are read.
        limits: characters of the parameters that may be longer than `envelope.MAX_VALUE`.
    """

    def __init__(
        self,
        contracts: Mapping[str, Operations],
        *,
        media: Set[str] = MEDIA,
        limits: Mapping[str, int] = NO_LIMITS,
    ) -> None:
        self._contracts = contracts
        self._media = media
        self._limits = limits
        self._shapes = Shapes(self._read, limits)

    def understand(self, environ: Environ) -> Call:
        """
        Raises:
            SoapError: it is no call of these contracts; in the version of SOAP that was spoken.
        """
        version = version_of_media(environ)
        if environ["REQUEST_METHOD"] != "POST":
            raise SoapError(
                "Вызов операции — это POST; описание сервиса — GET ?wsdl", status=405, version=version
            )
        kind, charset = _media_of(environ.get("CONTENT_TYPE", ""))
        if kind not in self._media:
            raise SoapError("Тип запроса должен быть text/xml", status=415, version=version)
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise SoapError("Сжатые запросы не принимаются", status=415, version=version)
        body = read_body(environ, MAX_BODY)
        if body is None:
            raise SoapError("Слишком большой запрос: больше 64 КБ", status=413, version=version)
        return self._said(body, charset, version).call()

    def _said(self, body: bytes, charset: str, version: Version) -> Said:
        text = _plain_text(body, charset)
        if text is None:
            return self._read(body, charset, version)
        said = self._shapes.recall(text, charset)
        if said is None:
            said = self._read(body, charset, version)
            self._shapes.notice(text, charset, said)
        return said

    def _read(self, body: bytes, charset: str, version: Version = Version.V11) -> Said:
        """Carefully; what is no envelope is refused in `version`."""
        try:
            root = scan(decode(body, charset))
            spoken = version_of(root)
        except SoapError as problem:
            problem.version = version
            raise
        return read_call(root, spoken, contracts=self._contracts, limits=self._limits)


def _plain_text(body: bytes, charset: str) -> str | None:
    """The text, where only its declaration can say that it is not UTF-8."""
    if charset.lower() not in UTF8:
        return None
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def proved(environ: Environ, ask: Callable[[str, str], str | None], stranger: str) -> str:
    """Who calls, by `ask` of an `Authorization` header and the address it came from.

    Raises:
        SoapError: 401 with the text `stranger`, 429 when too many wrong passwords came from there.
    """
    version = version_of_media(environ)
    try:
        name = ask(environ.get("HTTP_AUTHORIZATION", ""), peer(environ))
    except Throttled:
        raise SoapError(WAIT, status=429, version=version) from None
    if name is None:
        raise SoapError(stranger, status=401, version=version)
    return name


def refuse(
    problem: SoapError, environ: Environ, start_response: StartResponse, *, service: str, figures: Figures
) -> Iterable[bytes]:
    """Answer with a Fault; count it and log why."""
    figures.soap_requests.labels(service, str(problem.status)).inc()
    log.info(
        "soap_refused",
        service=service,
        status=problem.status,
        peer=peer(environ),
        reason=problem.text,
    )
    headers = {}
    if problem.status == 401:
        headers["WWW-Authenticate"] = CHALLENGE
    if problem.status == 405:
        headers["Allow"] = "GET, HEAD, POST"
    reply = Reply(status=problem.status, body=fault(problem), media=problem.version.media, headers=headers)
    return reply.send(environ, start_response)


def incident(error: Exception, call: Call) -> SoapError:
    """What the client is told of an error of ours; the log knows it by the same number."""
    number = log_incident(error, call.operation)
    return SoapError(f"Внутренняя ошибка моста, номер {number}", blame=Blame.SERVER, version=call.version)


def log_incident(error: Exception, operation: str) -> str:
    number = secrets.token_hex(4)
    log.error("soap_incident", incident=number, operation=operation, exc_info=error)
    return number


def version_of_media(environ: Environ) -> Version:
    """The best guess at the version before the envelope is read."""
    soap12 = "application/soap+xml" in environ.get("CONTENT_TYPE", "").lower()
    return Version.V12 if soap12 else Version.V11


@lru_cache(64)
def _media_of(header: str) -> tuple[str, str]:
    """Media type and charset of a Content-Type; both "" when it names none."""
    if not header.strip():
        return "", ""
    message = Message()
    message["Content-Type"] = header.replace("\r", " ").replace("\n", " ")
    return message.get_content_type() if "/" in header else header.strip().lower(), str(
        message.get_param("charset") or ""
    )
