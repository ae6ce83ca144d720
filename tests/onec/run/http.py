"""HTTPСоединение, HTTPЗапрос, HTTPОтвет."""

import codecs
from decimal import Decimal
from functools import partial

from onec.run.collections import Map, Methods, Properties, wrong_type
from onec.run.enumerations import EnumerationValue
from onec.run.internet import Line, in_context, line, text_or_empty
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.registry import Registry
from onec.run.values import to_number, to_text

TYPES = Registry()


def _charset(encoding: Value) -> str:
    if encoding is MISSING or encoding is None:
        return "utf-8"
    if isinstance(encoding, EnumerationValue) and encoding.name == "UTF8":
        return "utf-8"
    if isinstance(encoding, str) and encoding.casefold() in ("utf-8", "windows-1251"):
        return encoding
    raise Unsupported(f"the encoding {encoding!r}")


def _marked(mark: Value) -> bool:
    """Whether a mark is written before UTF-8.

    By the Syntax Assistant Авто writes none (EvilBeaver/OneScript pull 718), as measured on a platform it
    does (yellow-hammer/prometheus-e1c issue 8, 2026-07): the worse of the two is taken.
    """
    if mark is MISSING:
        return True
    if not isinstance(mark, EnumerationValue) or mark.type_name != "ИспользованиеByteOrderMark":
        wrong_type(3)
    return mark.name != "НеИспользовать"


def _header_map(headers: dict[str, str]) -> Map:
    made = Map()
    for name, value in headers.items():
        made.index_set(name, value)
    return made


class Request(PlatformObject):
    type_name = "HTTPЗапрос"

    def __init__(self, resource: str, headers: Map) -> None:
        self.resource, self.headers = resource, headers
        self.body: bytes | None = None

    def properties(self) -> Properties:
        return {
            "АдресРесурса": (lambda: self.resource, self._set_resource),
            "Заголовки": (lambda: self.headers, self._set_headers),
        }

    def methods(self) -> Methods:
        return {"УстановитьТелоИзСтроки": (self._set_text, 1, 3)}

    def _set_resource(self, value: Value) -> None:
        self.resource = text_or_empty(value, self.type_name)

    def _set_headers(self, value: Value) -> None:
        self.headers = value if isinstance(value, Map) else wrong_type(1)

    def _set_text(self, text: Value, encoding: Value = MISSING, mark: Value = MISSING) -> None:
        charset = _charset(encoding)
        body = (text if isinstance(text, str) else wrong_type(1)).encode(charset)
        self.body = (codecs.BOM_UTF8 if charset.casefold() == "utf-8" and _marked(mark) else b"") + body


@TYPES.add("HTTPЗапрос")
def _request(resource: Value = "", headers: Value = MISSING) -> Value:
    given = Map() if headers is MISSING or headers is None else headers
    if not isinstance(given, Map):
        wrong_type(2)
    return Request(text_or_empty(resource, Request.type_name), given)


class Response(PlatformObject):
    type_name = "HTTPОтвет"

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self._status, self._headers, self._body = status, headers, body

    def properties(self) -> Properties:
        return {
            "КодСостояния": (lambda: Decimal(self._status), None),
            "Заголовки": (lambda: _header_map(self._headers), None),
        }

    def methods(self) -> Methods:
        return {"ПолучитьТелоКакСтроку": (self._text, 0, 1)}

    def _text(self, encoding: Value = MISSING) -> Value:
        try:
            return self._body.decode(_charset(encoding))
        except UnicodeDecodeError:
            raise Unsupported("a body in another encoding: what 1C shows is not confirmed") from None


class Connection(PlatformObject):
    type_name = "HTTPСоединение"

    def __init__(self, base: str, way: Line) -> None:
        self._base, self._way = base, way

    def methods(self) -> Methods:
        return {
            "Получить": (partial(self._send, "Получить", "GET"), 1, 1),
            "ОтправитьДляОбработки": (
                partial(self._send, "ОтправитьДляОбработки", "POST"),
                1,
                1,
            ),
            "ВызватьHTTPМетод": (partial(self._send, "ВызватьHTTPМетод"), 2, 2),
        }

    def _send(self, member: str, verb: str, request: Value) -> Value:
        if not isinstance(request, Request):
            wrong_type(1)
        if not request.resource.isascii() or " " in request.resource:
            raise Unsupported(f"an address that is not encoded: {request.resource!r}")
        headers = {to_text(name): to_text(value) for (_, name), value in request.headers.items.items()}
        url = f"{self._base}/{request.resource.lstrip('/')}"
        try:
            answer = self._way.send(verb, url, body=request.body, headers=headers)
        except OnecError as error:
            raise in_context(member, error) from None
        return Response(answer.status_code, dict(answer.headers), answer.content)


@TYPES.add("HTTPСоединение")
def _connection(
    server: Value,
    port: Value = MISSING,
    user: Value = MISSING,
    password: Value = MISSING,
    proxy: Value = MISSING,
    seconds: Value = MISSING,
    secure: Value = MISSING,
    os_login: Value = MISSING,
) -> Value:
    way = line(
        Connection.type_name,
        user=user,
        password=password,
        proxy=proxy,
        seconds=seconds,
        secure=secure,
        os_login=os_login,
    )
    host = text_or_empty(server, Connection.type_name)
    if not host or set(host) & set("/:"):
        raise Unsupported(f"a server is a name without a scheme, a port and a path: {host!r}")
    scheme = "https" if way.secured else "http"
    number = "" if port in (MISSING, None) else f":{int(to_number(port))}"
    return Connection(f"{scheme}://{host}{number}", way)
