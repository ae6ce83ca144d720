"""One address for 1C: GET gives the WSDL, POST is a call. Every answer to a POST is SOAP."""

from collections.abc import Iterable, Mapping
from typing import Any

from spyne.model.fault import Fault
from spyne.server.wsgi import WsgiApplication

from bridge.core.errors import StoreUnavailable
from bridge.observe import Figures, log
from bridge.web.auth import Gatekeeper
from bridge.web.http import NOSNIFF, Environ, Reply, StartResponse
from bridge.web.soap.envelope import Call
from bridge.web.soap.front import incident, log_incident, proved, refuse, understand
from bridge.web.soap.problem import SoapError
from bridge.web.soap.protocol import CALL_KEY
from bridge.web.soap.service import CALLER_KEY, Handler, build, contract
from bridge.web.soap.vocabulary import Language
from bridge.web.soap.wsdl import published

STRANGER = "Неверное имя или пароль информационной базы"


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
        self._contracts = {language.namespace: contract(language)}
        self._gatekeeper = gatekeeper
        self._figures = figures
        self._wsdl = Reply(status=200, body=published(language, public_url), media="text/xml; charset=utf-8")
        self._applications = build(language, {name: _guarded(name, h) for name, h in handlers.items()})

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            return self._wsdl.send(environ, start_response)
        try:
            infobase = proved(environ, self._gatekeeper.infobase, STRANGER)
            call = understand(environ, self._contracts)
        except SoapError as problem:
            return self._refuse(problem, environ, start_response)
        environ[CALL_KEY] = call
        environ[CALLER_KEY] = infobase
        return self._serve(call, environ, start_response)

    def _serve(self, call: Call, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        application: WsgiApplication = self._applications[call.version]
        captured: list[tuple[str, list[tuple[str, str]]]] = []

        def capture(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            captured.append((status, headers))

        try:
            body = b"".join(application(environ, capture))
            status, headers = captured[-1]
        except Exception as error:  # noqa: BLE001 - the last resort: 1C must get a Fault, not a page
            return self._refuse(incident(error, call), environ, start_response)
        self._figures.soap_requests.labels(self._language.service, status[:3]).inc()
        start_response(status, [*headers, NOSNIFF])
        return [body]

    def _refuse(self, problem: SoapError, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return refuse(problem, environ, start_response, service=self._language.service, figures=self._figures)


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
            number = log_incident(error, name)
            raise Fault("Server", f"Внутренняя ошибка моста, номер {number}") from None

    return guarded
