"""WSОпределения, WSПрокси, WSСсылки: zeep reads the WSDL and writes the request; we read the answer.

Every name a developer types (namespace, service, port, operation) is compared with the WSDL really served.
Texts of errors: see `internet.py`; what stands around a fault's text is ours, only that the text itself is
somewhere in ПодробноеПредставлениеОшибки is sourced (facts 1c-soap §1.3).
"""

import io
from dataclasses import replace
from typing import Any

from lxml import etree
from onec.bsl.tree import same
from onec.run.collections import Methods, Properties
from onec.run.internet import Line, in_constructor, in_context, internet_error, line, text_or_empty
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.registry import SERVER, Here, Registry
from onec.run.xdto import members_of, write
from zeep import Transport
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document

TYPES = Registry()
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


class _Sealed(Transport):
    """A WSDL that 1C takes is one document: whatever it imports is out of reach (facts 1c-soap §1.1)."""

    def load(self, url: str) -> bytes:
        raise Unsupported(f"a WSDL that needs {url}")


class Definitions(PlatformObject):
    """WSОпределения"""

    type_name = "WSОпределения"

    def __init__(self, text: bytes, fetched_from: str = "") -> None:
        try:
            self.document = Document(io.BytesIO(text), _Sealed())
        except (ZeepError, etree.XMLSyntaxError):
            raise OnecError("Ошибка разбора WSDL") from None  # wording unconfirmed
        if not self.document.services:
            raise OnecError("Ошибка разбора WSDL")  # wording unconfirmed
        self.fetched_from = fetched_from

    def port(self, namespace: str, service: str, port: str) -> Any:
        """The zeep port; the three names are compared as they stand."""
        known = self.document.services.get(service)
        if known is None or namespace_of(known) != namespace:
            raise OnecError(f"Сервис не найден: {{{namespace}}}{service}")  # wording unconfirmed
        if port not in known.ports:
            raise OnecError(f"Точка подключения не найдена: {port}")  # wording unconfirmed
        return known.ports[port]


def namespace_of(service: Any) -> str | None:
    """The target namespace of the WSDL: of what its bindings are called."""
    return next((etree.QName(one.binding.name).namespace for one in service.ports.values()), None)


@TYPES.add("WSОпределения", sides=SERVER)
def _definitions(
    address: Value,
    user: Value = MISSING,
    password: Value = MISSING,
    proxy: Value = MISSING,
    seconds: Value = MISSING,
    secure: Value = MISSING,
    os_login: Value = MISSING,
) -> Value:
    name = Definitions.type_name
    way = line(
        name,
        user=user,
        password=password,
        proxy=proxy,
        seconds=seconds,
        secure=secure,
        os_login=os_login,
    )
    url = text_or_empty(address, name)
    if not url.startswith(("http://", "https://")):
        raise Unsupported(f"WSОпределения from {url!r}")
    try:
        answer = way.send("GET", url)
        if answer.status_code != 200:
            raise internet_error(f"HTTP {answer.status_code}")
        return Definitions(answer.content, url)
    except OnecError as error:
        raise in_constructor(name, error) from None


class Proxy(PlatformObject):
    """WSПрокси: its methods are the operations of the port."""

    type_name = "WSПрокси"

    def __init__(self, definitions: Definitions, service: str, port: Any, way: Line, location: str) -> None:
        self.service, self.port, self.way = service, port, way
        self.namespace = namespace_of(definitions.document.services[service])
        self.location = location or port.binding_options["address"]
        self.user: Value = ""
        self.password: Value = ""

    def properties(self) -> Properties:
        def setter(name: str) -> Any:
            return lambda value: setattr(self, name, text_or_empty(value, self.type_name))

        return {
            "Пользователь": (lambda: self.user, setter("user")),
            "Пароль": (lambda: self.password, setter("password")),
        }

    def call(self, name: str, arguments: list[Value]) -> Value:
        operations = {one.name: one for one in self.port.binding.all().values()}
        known = next((one for one in operations if same(one, name)), None)
        if known is None:
            raise OnecError(f"Метод объекта не обнаружен ({name})")
        return self._called(operations[known], arguments)

    def _called(self, operation: Any, arguments: list[Value]) -> Value:
        expected = operation.input.body.type.elements
        if len(arguments) > len(expected):
            raise OnecError(f"Слишком много фактических параметров ({operation.name})")
        if len(arguments) < len(expected) or MISSING in arguments:
            raise OnecError(f"Недостаточно фактических параметров ({operation.name})")
        given = [
            write(element, value, number)
            for number, ((_, element), value) in enumerate(zip(expected, arguments, strict=True), start=1)
        ]
        message = operation.create(*given)
        way = replace(self.way, user=self.user, password=self.password)
        try:
            answer = way.send(
                "POST",
                self.location,
                body=etree.tostring(message.content, xml_declaration=True, encoding="utf-8"),
                headers={"Content-Type": "text/xml; charset=utf-8", **message.headers},
            )
            return self._result(operation, answer.status_code, answer.content)
        except OnecError as error:
            called = f"Ошибка вызова операции сервиса: {{{self.namespace}}}:{self.service}:{operation.name}()"
            raise in_context(operation.name, OnecError(called, error)) from None

    def _result(self, operation: Any, status: int, content: bytes) -> Value:
        try:
            body = etree.fromstring(content).find(f"{{{SOAP}}}Body")
        except etree.XMLSyntaxError:
            body = None
        if body is None or not len(body):
            raise internet_error(f"HTTP {status}")
        fault = body.find(f"{{{SOAP}}}Fault")
        if fault is not None and (self.way.reads_faults or status in (200, 500)):
            said = f"{fault.findtext('faultcode')}: {fault.findtext('faultstring')}"
            raise OnecError(f"Ошибка SOAP сервера: {said}")
        element = operation.output.body
        if status != 200 or body[0].tag != element.qname.text:
            raise internet_error(f"HTTP {status}")
        members = members_of(element.type, body[0])
        if set(members) - {"return"}:
            raise Unsupported("parameters that an operation gives back")
        return members.get("return")


@TYPES.add("WSПрокси", sides=SERVER)
def _new_proxy(here: Here, definitions: Value, namespace: Value, service: Value, *rest: Value) -> Value:
    if not rest or len(rest) > 6:
        raise OnecError("Неверное количество параметров (WSПрокси)")  # wording unconfirmed
    made = _proxy(definitions, namespace, service, *rest)
    made.way = replace(made.way, reads_faults=here.interpreter.world.faults == "read")
    return made


def _proxy(
    definitions: Value,
    namespace: Value,
    service: Value,
    port: Value,
    proxy: Value = MISSING,
    seconds: Value = MISSING,
    secure: Value = MISSING,
    location: Value = MISSING,
    os_login: Value = MISSING,
) -> Proxy:
    name = Proxy.type_name
    if not isinstance(definitions, Definitions):
        raise OnecError("Несоответствие типов (параметр номер '1')")
    way = line(
        name,
        proxy=proxy,
        seconds=seconds,
        secure=secure,
        os_login=os_login,
    )
    service_name = text_or_empty(service, name)
    try:
        found = definitions.port(text_or_empty(namespace, name), service_name, text_or_empty(port, name))
    except OnecError as error:
        raise in_constructor(name, error) from None
    return Proxy(definitions, service_name, found, way, text_or_empty(location, name))


class Reference(PlatformObject):
    """WSСсылки.Имя: a WSDL imported into the configuration once.

    Args:
        wsdl: the text that was imported.
    """

    type_name = "WSСсылка"

    def __init__(self, wsdl: bytes) -> None:
        self._definitions = Definitions(wsdl)

    def methods(self) -> Methods:
        return {
            "ПолучитьWSОпределения": (lambda: self._definitions, 0, 0),
            "СоздатьWSПрокси": (lambda *given: _proxy(self._definitions, *given), 3, 8),
        }


class References(PlatformObject):
    """WSСсылки"""

    type_name = "WSСсылкиМенеджер"

    def __init__(self, by_name: dict[str, bytes]) -> None:
        self._by_name = {name: Reference(wsdl) for name, wsdl in by_name.items()}

    def properties(self) -> Properties:
        return {name: (lambda one=reference: one, None) for name, reference in self._by_name.items()}
