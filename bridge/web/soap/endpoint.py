"""One address for 1C: GET gives the WSDL, POST is a call. Every answer to a POST is SOAP."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NoReturn

from prometheus_client import Counter
from spyne.application import Application
from spyne.model.fault import Fault
from spyne.server.wsgi import WsgiApplication

from bridge.core.errors import StoreUnavailable
from bridge.core.steps import Steps
from bridge.observe import Figures, log
from bridge.web.auth import Gatekeeper
from bridge.web.http import NOSNIFF, Environ, Reply, StartResponse
from bridge.web.soap.envelope import Call
from bridge.web.soap.front import Reader, incident, log_incident, proved, refuse
from bridge.web.soap.plain import Plain, Unusual, plain_paths
from bridge.web.soap.problem import SoapError, Version
from bridge.web.soap.protocol import CALL_KEY
from bridge.web.soap.service import ANSWERED_KEY, CALLER_KEY, Handler, build, contract
from bridge.web.soap.vocabulary import OPERATIONS, Language
from bridge.web.soap.wsdl import published
from bridge.web.steps import ASIDE, IN_STEPS, Stepped

Stepwise = Callable[[str, Mapping[str, Any]], Steps[Any]]  # a `Handler` in steps
NO_STEPS: Mapping[str, Stepwise] = {}
STRANGER = "Неверное имя или пароль информационной базы"


class SoapEndpoint:
    """WSGI application of one language. Whom the gatekeeper knows may call; all may read the WSDL.

    Args:
        compiled: makes the plain paths of a Spyne application; Spyne serves every operation that has none.
        in_steps: operations that can be taken in steps; asked to (`web/steps.py`), the entrance answers
            ASIDE to every call but those of them that are plain.
    """

    def __init__(
        self,
        language: Language,
        handlers: Mapping[str, Handler],
        *,
        gatekeeper: Gatekeeper,
        public_url: str,
        figures: Figures,
        compiled: Callable[[Application, Language, Version], Mapping[str, Plain]] = plain_paths,
        in_steps: Mapping[str, Stepwise] = NO_STEPS,
    ) -> None:
        self._language = language
        self._reader = Reader({language.namespace: contract(language)})
        self._gatekeeper = gatekeeper
        self._figures = figures
        self._counters: dict[str, Counter] = {}
        self._wsdl = Reply(status=200, body=published(language, public_url), media="text/xml; charset=utf-8")
        guarded = {name: _guarded(name, handler) for name, handler in handlers.items()}
        self._handlers = {language.word(one.name): guarded[one.name] for one in OPERATIONS}
        self._steps = {language.word(name): _guarded_steps(name, one) for name, one in in_steps.items()}
        self._applications = build(language, guarded)
        self._plain = {
            version: compiled(application.app, language, version)
            for version, application in self._applications.items()
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            return self._wsdl.send(environ, start_response)
        try:
            infobase = proved(environ, self._gatekeeper.infobase, STRANGER)
            call = self._reader.understand(environ)
        except SoapError as problem:
            return self._refuse(problem, environ, start_response)
        if environ.get(IN_STEPS):
            return self._in_steps(call, infobase, environ, start_response)
        body = self._plainly(call, infobase, environ)
        if body is None:
            return self._by_spyne(call, infobase, environ, start_response)
        return self._answer(call, body, start_response)

    def _answer(self, call: Call, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        self._count("200")
        headers = [("Content-Type", call.version.media), ("Content-Length", str(len(body))), NOSNIFF]
        start_response("200 OK", headers)
        return [body]

    def _plainly(self, call: Call, infobase: str, environ: Environ) -> bytes | None:
        """The answer by the plain path; None leaves it to Spyne, with what the handler has said already."""
        understood = self._understood(call)
        if understood is None:
            return None
        plain, arguments = understood
        try:
            answer = self._handlers[call.operation](infobase, arguments)
        except Fault as error:
            environ[ANSWERED_KEY] = partial(_raise, error)
            return None
        return _written(plain, answer, environ)

    def _understood(self, call: Call) -> tuple[Plain, dict[str, Any]] | None:
        plain = self._plain[call.version].get(call.operation)
        if plain is None:
            return None
        try:
            return plain, plain.parse(call.parameters)
        except (Unusual, ValueError):
            return None

    def _in_steps(
        self, call: Call, infobase: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        steps, understood = self._steps.get(call.operation), self._understood(call)
        if steps is None or understood is None:
            return ASIDE
        plain, arguments = understood
        said = steps(infobase, arguments)
        return Stepped(self._steps_to_answer(said, plain, call, infobase, environ, start_response))

    def _steps_to_answer(
        self,
        said: Steps[Any],
        plain: Plain,
        call: Call,
        infobase: str,
        environ: Environ,
        start_response: StartResponse,
    ) -> Steps[Iterable[bytes]]:
        body = None
        try:
            answer = yield from said
        except Fault as error:
            environ[ANSWERED_KEY] = partial(_raise, error)
        else:
            body = _written(plain, answer, environ)
        if body is None:
            return self._by_spyne(call, infobase, environ, start_response)
        return self._answer(call, body, start_response)

    def _by_spyne(
        self, call: Call, infobase: str, environ: Environ, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[CALL_KEY] = call
        environ[CALLER_KEY] = infobase
        application: WsgiApplication = self._applications[call.version]
        captured: list[tuple[str, list[tuple[str, str]]]] = []

        def capture(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            captured.append((status, headers))

        try:
            body = b"".join(application(environ, capture))
            status, headers = captured[-1]
        except Exception as error:  # noqa: BLE001 - the last resort: 1C must get a Fault, not a page
            return self._refuse(incident(error, call), environ, start_response)
        self._count(status[:3])
        start_response(status, [*headers, NOSNIFF])
        return [body]

    def _count(self, status: str) -> None:
        counter = self._counters.get(status)
        if counter is None:
            counter = self._figures.soap_requests.labels(self._language.service, status)
            self._counters[status] = counter
        counter.inc()

    def _refuse(self, problem: SoapError, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return refuse(problem, environ, start_response, service=self._language.service, figures=self._figures)


def _written(plain: Plain, answer: Any, environ: Environ) -> bytes | None:
    try:
        return plain.write(answer)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, Spyne knows how to say so
        environ[ANSWERED_KEY] = lambda: answer
        return None


def _guarded(name: str, handler: Handler) -> Handler:
    def guarded(infobase: str, arguments: Mapping[str, Any]) -> Any:
        try:
            return handler(infobase, arguments)
        except Exception as error:  # noqa: BLE001 - told to a person
            raise _fault(name, infobase, error) from None

    return guarded


def _guarded_steps(name: str, stepwise: Stepwise) -> Stepwise:
    def guarded(infobase: str, arguments: Mapping[str, Any]) -> Steps[Any]:
        try:
            return (yield from stepwise(infobase, arguments))
        except Exception as error:  # noqa: BLE001 - told to a person
            raise _fault(name, infobase, error) from None

    return guarded


def _fault(name: str, infobase: str, error: Exception) -> Fault:
    """What an operation raised, as a Fault that a person can act on."""
    if isinstance(error, Fault):
        log.info("soap_refused", operation=name, infobase=infobase, reason=error.faultstring)
        return error
    if isinstance(error, StoreUnavailable):
        log.error("soap_store_unavailable", operation=name, infobase=infobase, reason=str(error))
        dialled = ", звонок не начат" if name == "MakeCall" else ""
        return Fault("Server", f"Мост сейчас не может сохранить запрос{dialled}: повторите")
    # told by number, found in the log by the same
    return Fault("Server", f"Внутренняя ошибка моста, номер {log_incident(error, name)}")


def _raise(error: Fault) -> NoReturn:
    raise error
