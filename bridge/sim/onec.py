"""The fake 1C: an infobase with the published services VATS and VATScalls, and every way it fails."""

import base64
import dataclasses
import hmac
import json
import math
import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from bridge.resources import wsdl_text
from bridge.sim import onec_data, onec_modes, onec_soap, wsgi
from bridge.sim.onec_data import MANUAL_CLIENT, Client
from bridge.sim.onec_mistakes import published
from bridge.sim.onec_modes import BAD_ANSWERS, BASE_IS_AWAY, Mode, ModeSwitch
from bridge.sim.onec_sessions import Session, Sessions
from bridge.sim.onec_soap import SERVICES, Call, CallError, Service
from bridge.sim.wsgi import Reply, Request

HELP = """Имитатор 1С. Веб-сервисы (SOAP 1.1 и 1.2):
  /ws/VATS        IncomingCall(NumFrom, Key), SayName(Number)
  /ws/VATScalls   Event(Data), SayName(Number), SayNameByINN(INN)
  /ws/CRM         свой веб-сервис фирмы: ВходящийЗвонок, ЗаписатьСобытие, КтоЗвонит, НайтиКлиента
  /ws/miko_crm_api  панель МИКО: user_list(), call_event(Subject, Data)
  ?wsdl — описание; перед /ws может стоять имя базы; после имени сервиса — .1cws
Управление:
  GET  /sim/received   что принято
  POST /sim/mode?mode=РЕЖИМ&times=N&seconds=С&text=ТЕКСТ&status=406&fault_if_contains=ТЕКСТ
       режимы: {modes}
  POST /sim/reset      забыть принятое и сеансы, режим ok
""".format(modes=", ".join(onec_modes.NAMES))

# Both /base/ws/<Name> and /base/ws/<Name>.1cws work in 1C
_PUBLISHED = re.compile(r".*/ws/(?P<name>[^/]+?)(?:\.1cws)?/?")
_ADDRESS = re.compile(r'(?<=:address location=)"[^"]*"')
_HOST = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Received:
    """A call that 1C heard and kept."""

    service: str
    operation: str
    parameters: Mapping[str, str]
    at: float  # unix time, seconds
    at_monotonic: float
    session: str = ""
    idempotency_key: str = ""


class FakeOnec:
    """A WSGI app that is a 1C infobase.

    Args:
        clients: the directory that SayName searches.
        user, password: Basic credentials, may be Cyrillic (UTF-8 bytes on the wire); "" asks for none.
        ledger: a file that gets a JSON line for each received call before the call is answered.
    """

    def __init__(
        self,
        clients: Sequence[Client] = (MANUAL_CLIENT,),
        *,
        user: str = "",
        password: str = "",
        ledger: Path | None = None,
    ) -> None:
        self._clients = tuple(clients)
        self._credentials = f"{user}:{password}".encode() if user else b""
        self._ledger = ledger
        self._lock = threading.Lock()
        self._received: list[Received] = []
        self._sessions = Sessions()
        self._switch = ModeSwitch()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        return wsgi.serve(self.answer, environ, start_response)

    @property
    def received(self) -> list[Received]:
        with self._lock:
            return list(self._received)

    @property
    def sessions(self) -> int:
        """How many sessions were started by IBSession: start."""
        return self._sessions.started

    @property
    def open_sessions(self) -> frozenset[str]:
        return self._sessions.open

    @property
    def mode(self) -> Mode:
        return self._switch.mode

    def set_mode(self, name: str, **args: Any) -> None:
        """Behave so from now on; arguments are the fields of `Mode`. Raises ValueError or TypeError."""
        self._change(Mode(name=name, **args))

    def reset(self) -> None:
        """Forget what was received and all sessions; behave well."""
        with self._lock:
            self._received.clear()
        self._sessions = Sessions()
        self._change(Mode())

    def answer(self, request: Request) -> Reply:
        if found := _PUBLISHED.fullmatch(request.path):
            late = self.mode.name == "clock_skew"
            reply = self._publication(request, found["name"])
            return onec_modes.late(reply) if late else reply
        match request.method, request.path:
            case "GET", "/":
                return Reply.text(HELP)
            case "GET", "/sim/received":
                return Reply.json([dataclasses.asdict(one) for one in self.received])
            case "POST", "/sim/reset":
                self.reset()
                return Reply.json(dataclasses.asdict(self.mode))
            case "POST", "/sim/mode":
                return self._mode_from(request)
        return Reply.text("Нет такой страницы; список: GET /", 404)

    def _mode_from(self, request: Request) -> Reply:
        try:
            self._change(Mode.from_text(request.query))
        except ValueError as error:
            return Reply.json({"error": str(error)}, 400)
        return Reply.json(dataclasses.asdict(self.mode))

    def _change(self, mode: Mode) -> None:
        if mode.name == "session_lost":
            self._sessions.clear()
        self._switch.set(mode)

    def _publication(self, request: Request, name: str) -> Reply:
        service = SERVICES.get(name)
        if self.mode.name == "redirect_https":
            return onec_modes.to_https(request)
        if not self._may_enter(request):
            return onec_modes.unauthorized()
        if service is None:
            return onec_modes.no_service()
        if request.method == "POST":
            return self._operation(service, request)
        if request.method != "GET" or "wsdl" not in request.query:
            return Reply.text("Ожидается ?wsdl или сообщение SOAP методом POST", 400)
        mode, epoch = self.mode, self._switch.epoch
        if mode.name == "hang":
            return self._hang(request, epoch)
        if away := BASE_IS_AWAY.get(mode.name):
            return away(mode)
        if mode.name == "no_wsdl":
            return onec_modes.no_wsdl()
        with_session = self._enter(request, mode, lost=False)
        if with_session is None:
            return onec_modes.session_lost()
        return self._sessions.leave(with_session, self._wsdl(service, request, mode))

    def _may_enter(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not self._credentials:
            return True
        try:
            given = base64.b64decode(token.strip(), validate=True) if scheme.lower() == "basic" else b""
        except ValueError:
            return False
        return hmac.compare_digest(given, self._credentials)

    def _enter(self, request: Request, mode: Mode, *, lost: bool) -> Session | None:
        if mode.name == "no_session_reuse":
            return Session()
        return self._sessions.enter(request, lost=lost)

    def _wsdl(self, service: Service, request: Request, mode: Mode) -> Reply:
        """The shipped text with our own address, which 1C takes from what the web server saw."""
        host = request.headers.get("host", "")
        host = host if _HOST.fullmatch(host) else "127.0.0.1"
        address = f'"http://{host}{quote(request.path)}"'
        text = published(service, wsdl_text(service.wsdl), mode.name).wsdl
        text = _ADDRESS.sub(lambda _: address, text)
        return Reply(media="text/xml; charset=utf-8", body=text.encode())

    def _operation(self, service: Service, request: Request) -> Reply:
        mode, epoch = self._switch.take(request)
        if mode.name == "hang":
            return self._hang(request, epoch)
        if away := BASE_IS_AWAY.get(mode.name):
            return away(mode)
        with_session = self._enter(request, mode, lost=mode.name == "session_lost")
        if with_session is None:
            return onec_modes.session_lost()
        if mode.name == "session_lost":
            self._switch.set(Mode())
        if with_session.ends and not request.body:
            reply = Reply()
        else:
            reply = self._call(service, request, mode, with_session.guid)
        return self._sessions.leave(with_session, reply)

    def _hang(self, request: Request, epoch: int) -> Reply:
        """Hold the client until the mode is changed, it leaves, or we are stopped; then there is no news."""
        request.pause(math.inf, lambda: self._switch.epoch != epoch)
        return Reply.text("Service Unavailable", 503)

    def _call(self, service: Service, request: Request, mode: Mode, session: str) -> Reply:
        try:
            publication = published(service, "", mode.name)
            call = onec_soap.read_call(publication.heard, request.body)
            if bad := BAD_ANSWERS.get(mode.name):
                return bad(mode, call)
            meant = publication.meant_by(call)
            value = onec_data.run(meant, self._clients)
        except CallError as error:
            return onec_soap.fault(error.text, error.soap)
        self._keep(meant, request, session)
        if mode.name == "slow":
            request.pause(mode.seconds)
        if mode.name == "procedure":
            return onec_soap.response(call, f"{call.operation}Response")
        asks = meant.operation.startswith("SayName")
        spoilt = onec_modes.BROKEN_XML if asks and mode.name == "broken_inner_xml" else ""
        return onec_soap.result(call, spoilt or value)

    def _keep(self, call: Call, request: Request, session: str) -> None:
        one = Received(
            service=call.service.name,
            operation=call.operation,
            parameters=call.parameters,
            at=time.time(),
            at_monotonic=time.monotonic(),
            session=session,
            idempotency_key=request.headers.get("idempotency-key", ""),
        )
        with self._lock:
            if self._ledger is not None:
                with self._ledger.open("a", encoding="utf-8") as lines:  # closed, so flushed, each time
                    lines.write(json.dumps(dataclasses.asdict(one), ensure_ascii=False) + "\n")
            self._received.append(one)
