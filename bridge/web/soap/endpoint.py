"""One address for 1C: GET gives the WSDL, POST is a call. Every answer to a POST is SOAP."""

import secrets
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any

from spyne.model.fault import Fault
from spyne.server.wsgi import WsgiApplication

from bridge.core.errors import StoreUnavailable
from bridge.observe import Figures, log
from bridge.web.auth import CHALLENGE, Gatekeeper
from bridge.web.http import NOSNIFF, Environ, Reply, StartResponse, peer, read_body
from bridge.web.soap.envelope import Call, read_call, version_of
from bridge.web.soap.problem import Blame, SoapError, Version, fault
from bridge.web.soap.protocol import CALL_KEY
from bridge.web.soap.scan import decode, scan
from bridge.web.soap.service import CALLER_KEY, Handler, build, contract
from bridge.web.soap.vocabulary import Language
from bridge.web.soap.wsdl import published

MAX_BODY = 64 * 1024
MEDIA = frozenset({"text/xml", "application/soap+xml", "application/xml", ""})


class SoapEndpoint:
    """WSGI application of one language. Whom the gatekeeper knows may call; all may read the WSDL."""

    def __init__(
        self,
        language: Language,
        handlers: Mapping[str, Handler],
        *,
        gatekeeper: Gatekeeper,
        public_url: str,
        figures: Figures,
    ) -> None:
        self._language = language
        self._contract = contract(language)
        self._gatekeeper = gatekeeper
        self._figures = figures
        self._wsdl = Reply(status=200, body=published(language, public_url), media="text/xml; charset=utf-8")
        self._applications = build(language, {name: _guarded(name, h) for name, h in handlers.items()})

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            return self._wsdl.send(environ, start_response)
        try:
            infobase = self._authenticate(environ)
            call = self._understand(environ, method)
        except SoapError as problem:
            return self._refuse(problem, environ, start_response)
        environ[CALL_KEY] = call
        environ[CALLER_KEY] = infobase
        return self._serve(call, environ, start_response)

    def _authenticate(self, environ: Environ) -> str:
        infobase = self._gatekeeper.infobase(environ.get("HTTP_AUTHORIZATION", ""))
        if infobase is None:
            raise SoapError(
                "Неверное имя или пароль информационной базы",
                status=401,
                version=_version_of_media(environ),
            )
        return infobase

    def _understand(self, environ: Environ, method: str) -> Call:
        version = _version_of_media(environ)
        if method != "POST":
            raise SoapError(
                "Вызов операции — это POST; описание сервиса — GET ?wsdl", status=405, version=version
            )
        media, charset = _media_of(environ)
        if media not in MEDIA:
            raise SoapError("Тип запроса должен быть text/xml", status=415, version=version)
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise SoapError("Сжатые запросы не принимаются", status=415, version=version)
        body = read_body(environ, MAX_BODY)
        if body is None:
            raise SoapError("Слишком большой запрос: больше 64 КБ", status=413, version=version)
        try:
            root = scan(decode(body, charset))
            spoken = version_of(root)
        except SoapError as problem:
            problem.version = version
            raise
        return read_call(root, spoken, namespace=self._language.namespace, operations=self._contract)

    def _serve(self, call: Call, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        application: WsgiApplication = self._applications[call.version]
        captured: list[tuple[str, list[tuple[str, str]]]] = []

        def capture(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            captured.append((status, headers))

        try:
            body = b"".join(application(environ, capture))
            status, headers = captured[-1]
        except Exception as error:  # noqa: BLE001 - the last resort: 1C must get a Fault, not a page
            return self._refuse(_incident(error, call), environ, start_response)
        self._figures.soap_requests.labels(self._language.service, status[:3]).inc()
        start_response(status, [*headers, NOSNIFF])
        return [body]

    def _refuse(self, problem: SoapError, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self._figures.soap_requests.labels(self._language.service, str(problem.status)).inc()
        log.info(
            "soap_refused",
            service=self._language.service,
            status=problem.status,
            peer=peer(environ),
            reason=problem.text,
        )
        headers = {}
        if problem.status == 401:
            headers["WWW-Authenticate"] = CHALLENGE
        if problem.status == 405:
            headers["Allow"] = "GET, HEAD, POST"
        reply = Reply(
            status=problem.status, body=fault(problem), media=problem.version.media, headers=headers
        )
        return reply.send(environ, start_response)


def _guarded(name: str, handler: Handler) -> Handler:
    """Turn what an operation may raise into Faults that a person can act on."""

    def guarded(infobase: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return handler(infobase, arguments)
        except Fault as error:
            log.info("soap_refused", operation=name, infobase=infobase, reason=error.faultstring)
            raise
        except StoreUnavailable as error:
            log.error("soap_store_unavailable", operation=name, infobase=infobase, reason=str(error))
            dialled = ", звонок не начат" if name == "MakeCall" else ""
            raise Fault("Server", f"Мост сейчас не может сохранить запрос{dialled}: повторите") from None
        except Exception as error:  # noqa: BLE001 - told by number, found in the log by the same
            incident = _log_incident(error, name)
            raise Fault("Server", f"Внутренняя ошибка моста, номер {incident}") from None

    return guarded


def _incident(error: Exception, call: Call) -> SoapError:
    incident = _log_incident(error, call.operation)
    return SoapError(f"Внутренняя ошибка моста, номер {incident}", blame=Blame.SERVER, version=call.version)


def _log_incident(error: Exception, operation: str) -> str:
    incident = secrets.token_hex(4)
    log.error("soap_incident", incident=incident, operation=operation, exc_info=error)
    return incident


def _media_of(environ: Environ) -> tuple[str, str]:
    """Media type and charset of the request; both "" when it names none."""
    header = environ.get("CONTENT_TYPE", "")
    if not header.strip():
        return "", ""
    message = Message()
    message["Content-Type"] = header.replace("\r", " ").replace("\n", " ")
    return message.get_content_type() if "/" in header else header.strip().lower(), str(
        message.get_param("charset") or ""
    )


def _version_of_media(environ: Environ) -> Version:
    """The best guess at the version before the envelope is read."""
    soap12 = "application/soap+xml" in environ.get("CONTENT_TYPE", "").lower()
    return Version.V12 if soap12 else Version.V11
