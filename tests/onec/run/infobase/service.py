"""The published web services of an infobase: a WSGI app that runs the shipped handlers.

SOAP is read and written by the shipped simulator of 1C (bridge/sim/onec_soap.py), whose layout is that of
real answers; what an operation does is the module of the dump and nothing else.
"""

import base64
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from wsgiref.types import StartResponse, WSGIEnvironment

from onec.run.errors import detailed
from onec.run.infobase.dump import WebService, named
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.surroundings import NO_RIGHT
from onec.run.infobase.wsdl import description
from onec.run.objects import OnecError, Unsupported
from onec.run.values import to_text

from bridge.sim import onec_soap, wsgi
from bridge.sim.onec_sessions import Sessions
from bridge.sim.onec_soap import CallError
from bridge.sim.wsgi import Reply, Request

_PUBLISHED = re.compile(r"(?P<base>/.+)?/ws/(?P<name>[^/]+?)")


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A call that reached a handler; `fault` is None when it answered."""

    operation: str
    parameters: Mapping[str, str]
    user: str
    fault: str | None
    session: str = ""


class Publication:
    """Safe for several threads, as a web server has them. `broken`: what the modules did wrong."""

    def __init__(self, infobase: Infobase) -> None:
        self._infobase = infobase
        self._sessions = Sessions()
        self._lock = threading.Lock()
        self._taken: list[Taken] = []
        self.broken: list[Unsupported] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        return wsgi.serve(self.answer, environ, start_response)

    @property
    def taken(self) -> list[Taken]:
        with self._lock:
            return list(self._taken)

    def answer(self, request: Request) -> Reply:
        user = self._user(request)
        if user is None:
            return Reply(
                status=401,
                media="text/html; charset=utf-8",
                headers=(("WWW-Authenticate", 'Basic realm="1C:Enterprise 8"'),),
            )
        found = _PUBLISHED.fullmatch(request.path)
        service = self._service(found["name"]) if found else None
        if service is None:
            return Reply.html("<html><body>Сервис не найден</body></html>", 500)
        session = self._sessions.enter(request, lost=False)
        if session is None:
            return Reply.text("Сеанс не найден", 400)
        return self._sessions.leave(session, self._in_session(request, service, user, session.guid))

    def _in_session(self, request: Request, service: WebService, user: User, session: str) -> Reply:
        if request.method == "GET" and "wsdl" in request.query:
            address = f"http://{request.headers.get('host', '127.0.0.1')}{request.path}"
            text = description(service, address)
            return Reply(media="text/xml; charset=utf-8", body=text.encode())
        if request.method != "POST":
            return Reply.text("", 400)
        operations = {one.name: tuple(name for name, _, _ in one.parameters) for one in service.operations}
        published = onec_soap.Service(
            name=service.name, namespace=service.namespace, wsdl="", operations=operations
        )
        try:
            call = onec_soap.read_call(published, request.body)
        except CallError as error:
            return onec_soap.fault(error.text, error.soap)
        try:
            value = self._run(service, call.operation, list(call.parameters.values()), user)
        except OnecError as error:
            self._keep(call, user, session, error.text)
            return onec_soap.fault(detailed(error), call.soap)
        except Unsupported as error:
            self.broken.append(error)
            return onec_soap.fault(str(error), call.soap)
        self._keep(call, user, session, None)
        return onec_soap.result(call, value)

    def _run(self, service: WebService, operation: str, values: list[str], user: User) -> str:
        """Raises OnecError: of the handler, or for want of the right to the operation."""
        if not user.may(f"WebService.{service.name}.Operation.{operation}", "Use"):
            raise OnecError(NO_RIGHT)
        session = self._infobase.session(user.name)
        described = next(one for one in service.operations if one.name == operation)
        if described.transactioned:
            raise Unsupported("операция веб-сервиса в транзакции")
        tree = self._infobase.tree(service.path, service.text, "server")
        running = session.interpreter.load(tree, f"WebСервис.{service.name}.Модуль", "server")
        with session.server_call():
            value = running.call(described.procedure, *values)
        if not isinstance(value, str):
            raise OnecError(f"Ошибка преобразования данных XDTO: {to_text(value)!r} не xs:string")
        return value

    def _service(self, name: str) -> WebService | None:
        """By its name or by the file name of its publication."""
        services = self._infobase.dump.services
        files = {one.file_name: one for one in services.values() if one.file_name}
        return named(services, name) or named(files, name)

    def _user(self, request: Request) -> User | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(token, validate=True).decode().partition(":")
        except ValueError:
            return None
        user = self._infobase.users.get(name)
        return user if user is not None and user.password == password else None

    def _keep(self, call: onec_soap.Call, user: User, session: str, fault: str | None) -> None:
        with self._lock:
            self._taken.append(
                Taken(
                    operation=call.operation,
                    parameters=call.parameters,
                    user=user.name,
                    fault=fault,
                    session=session,
                )
            )
