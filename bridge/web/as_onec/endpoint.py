"""One service of 1C as the exchange sees it: GET gives the WSDL, POST is a call, and all of it is SOAP."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode

from bridge.core.caller import CallerCard
from bridge.core.errors import BadEvent, StoreUnavailable
from bridge.core.ports import HookRequest
from bridge.flows.take_event import Taken
from bridge.observe import Figures
from bridge.web.as_onec.answers import TAKEN, answered, plain
from bridge.web.as_onec.services import MAX_DATA, OLD_NAMESPACE, Service
from bridge.web.auth import Doorkeeper
from bridge.web.hooks import hear
from bridge.web.http import Environ, Reply, StartResponse
from bridge.web.soap.envelope import Call
from bridge.web.soap.front import MEDIA, Reader, incident, proved, refuse, version_of_media
from bridge.web.soap.problem import Blame, SoapError
from bridge.web.soap.wsdl import addressed
from bridge.wire import USER_AGENT

STRANGER = "Неверное имя или пароль: нужны имя ВАТС и её hook_secret или пользователь 1С и его пароль"
FORM = (
    "application/x-www-form-urlencoded"  # what curl calls an envelope (MIKO ModuleSmartIVR, WebService1C.php)
)


class Names(Protocol):
    """Who is calling. Never raises, never takes longer than the exchange waits."""

    def answer(self, exchange: str, number: str) -> CallerCard: ...

    def answer_inn(self, exchange: str, inn: str) -> CallerCard: ...


@dataclass(frozen=True, kw_only=True)
class Roads:
    """Where the operations lead.

    Args:
        take: exchange -> the road `flows.take_event` of its hook, already wired.
        written: a card as 1C writes it into `SayName`'s answer.
    """

    take: Mapping[str, Callable[[HookRequest], Taken]]
    names: Names
    written: Callable[[CallerCard], str]


class OnecEndpoint:
    """WSGI application of one service. Whom the doorkeeper knows may call; all may read the WSDL."""

    def __init__(
        self, service: Service, roads: Roads, *, doorkeeper: Doorkeeper, public_url: str, figures: Figures
    ) -> None:
        self._service = service
        self._reader = Reader(service.contracts, media=MEDIA | {FORM}, limits={"Data": MAX_DATA})
        self._roads = roads
        self._doorkeeper = doorkeeper
        self._figures = figures
        place = f"http://localhost/base{service.path}"
        wsdl = addressed(service.wsdl, place, public_url, service.path)
        self._wsdl = Reply(status=200, body=wsdl, media="text/xml; charset=utf-8")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _refuse_ourselves(environ)
            if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
                return self._wsdl.send(environ, start_response)
            exchange = proved(environ, self._doorkeeper.exchange, STRANGER)
            call = self._reader.understand(environ)
            reply = self._reply(exchange, call)
        except SoapError as problem:
            return refuse(problem, environ, start_response, service=self._service.name, figures=self._figures)
        self._figures.soap_requests.labels(self._service.name, "200").inc()
        return reply.send(environ, start_response)

    def _reply(self, exchange: str, call: Call) -> Reply:
        try:
            value = self._value(exchange, call)
        except SoapError as problem:
            problem.version = call.version
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: the exchange must get a Fault
            raise incident(error, call) from None
        return Reply(status=200, body=answered(call, value), media=call.version.media)

    def _value(self, exchange: str, call: Call) -> str:
        said, take = call.parameters, self._roads.take[exchange]
        if call.namespace == OLD_NAMESPACE:
            return plain(self._roads.names.answer(exchange, said["number"]))
        match call.operation:
            case "IncomingCall":
                return self._taken(exchange, lambda: take(_old_hook(said["NumFrom"], said["Key"])))
            case "Event":
                return self._taken(exchange, lambda: take(_event(said["Data"])))
            case "SayName":
                return self._roads.written(self._roads.names.answer(exchange, said["Number"]))
            case _:
                return self._roads.written(self._roads.names.answer_inn(exchange, said["INN"]))

    def _taken(self, exchange: str, take: Callable[[], Taken]) -> str:
        """The hook's own road; its figure counts as if it had come by the plain hook."""
        result = "500"
        try:
            hear(exchange, take)
            result = "200"
        except BadEvent as error:
            result = "400"
            raise SoapError(str(error)) from None
        except StoreUnavailable:
            result = "503"
            raise SoapError("Мост сейчас не может сохранить событие: повторите", blame=Blame.SERVER) from None
        finally:
            self._figures.hooks.labels(exchange, result).inc()
        return TAKEN


def _refuse_ourselves(environ: Environ) -> None:
    """A bridge that was told to tell itself would do so for ever."""
    if environ.get("HTTP_USER_AGENT") == USER_AGENT:
        raise SoapError(
            "Здесь не 1С, а мост: infobase.url должен вести в 1С", version=version_of_media(environ)
        )


def _old_hook(number: str, key: str) -> HookRequest:
    """The ring as the exchange's first hook tells it: `?key={KEY}&number={NUMBER}`, in the same bytes."""
    return HookRequest(method="GET", query=urlencode({"key": key, "number": number}), media="", body=b"")


def _event(data: str) -> HookRequest:
    """The JSON of `Event`, as the hook posts it; a form that the hook would read as well is none."""
    if not data.removeprefix("\ufeff").lstrip().startswith("{"):
        raise BadEvent("Параметр Data — не JSON-объект с событием звонка")
    return HookRequest(method="POST", query="", media="application/json", body=data.encode())
