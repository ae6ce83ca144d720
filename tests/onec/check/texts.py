"""What a sample may not hold: addresses, secrets, modal windows, endless waiting, swallowed errors."""

import re
from collections.abc import Iterator
from decimal import Decimal

from onec.bsl import tree
from onec.bsl.lexer import words
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.samples import Unit
from onec.check.walk import nodes

# XML namespaces: names, not addresses that anybody calls.
SCHEMAS = ("http://v8.1c.ru/8.", "http://www.w3.org/2001/XMLSchema")
_NAMESPACES = ("http://vpbx-bridge.ru/telephony/1", "http://VATS")
_ADDRESS = re.compile(r"\b(?:https?|ftp)://[A-Za-z0-9][^\s\"'<>]*|\b\d{2,3}(?:\.\d{1,3}){3}\b")
_PATH = re.compile(r"\b[A-Za-z]:\\\w|\\\\\w+\\")
_PASSWORD_GIVEN = re.compile(r"\b(?:pwd|password|пароль)\s*=\s*[\"']?([^\s;\"'<>%$&{}]{3,})", re.IGNORECASE)
_SECRET_NAME = re.compile(r"парол|токен|секрет|password|token|secret", re.IGNORECASE)
_SECRET_TEXT = re.compile(r"\b(?:Basic|Bearer)\s+[A-Za-z0-9+/=]{8,}|\b[A-Za-z0-9]{32,}\b")
_MODAL = frozenset(
    {"предупреждение", "вопрос", "ввестистроку", "ввестизначение", "ввестичисло", "ввестидату",
     "открытьформумодально", "открытьмодально", "выбратьэлемент", "открытьзначение", "отметитьэлементы"}
)  # fmt: skip
_FORBIDDEN = {
    "сообщить": "std418: a message of the form, a notification or a result instead",
    "текущаядата": "std643: ТекущаяДатаСеанса",
    "вычислить": "std770: no code from strings",
    "запуститьприложение": "std774: no programs of the computer",
    "командасистемы": "std774: no programs of the computer",
}
# The argument that is the timeout, by what is made or called (order: БСП 3.1.12).
_TIMEOUTS = {"wsопределения": 4, "wsпрокси": 5, "httpсоединение": 5}
_TIMEOUTS_OF_CALLS = {"создатьwsпрокси": 4}
_SECRETS_OF_TYPES = {"wsопределения": 2, "httpсоединение": 3}
_LEAST, _MOST = 3, 180  # seconds, std748 and shared limits of the samples
_CODE_IN_COMMENT = re.compile(
    r"^[\w.]+(?:\s*=\s*\S|\()[^«»]*;\s*$|^Конец(?:Если|Цикла|Попытки|Процедуры|Функции)"
)
_WIDTH = 120


def check(unit: Unit) -> Iterator[Finding]:
    yield from _lines(unit)
    yield from _literals(unit)
    for method in unit.tree.methods:
        for node in nodes(method.body):
            yield from _calls(unit, node)
            yield from _secrets(unit, node)
            yield from _timeouts(unit, method, node)
            if isinstance(node, tree.Try) and not _says_something(node.handler):
                yield finding(unit.path, node.place, "handler", "an exception is swallowed")


def addresses(text: str) -> Iterator[str]:
    """Addresses of computers; names of XML namespaces are none."""
    for address in _ADDRESS.findall(text):
        if address.rstrip(".,;)") not in _NAMESPACES and not address.startswith(SCHEMAS):
            yield address


def given_passwords(text: str) -> list[str]:
    """What stands after `pwd=` and the like and is no placeholder."""
    return _PASSWORD_GIVEN.findall(text)


def _lines(unit: Unit) -> Iterator[Finding]:
    for number, line in enumerate(unit.text.replace("\r\n", "\n").split("\n"), start=1):
        place = tree.Place(line=number, column=1)
        if len(line.expandtabs(4)) > _WIDTH:
            yield finding(unit.path, place, "text", f"{len(line.expandtabs(4))} columns")
        if line != line.rstrip():
            yield finding(unit.path, place, "text", "blanks at the end")
        if line.startswith(" "):
            yield finding(unit.path, place, "text", "not indented by tabs")
        if "ё" in line.lower():
            yield finding(unit.path, place, "text", "std456: ё")
        if re.search(r"\b(?:TODO|FIXME|ХХХ)\b", line):
            yield finding(unit.path, place, "text", "unfinished")
    comments = words(unit.text, unit.path).comments
    for number, comment in comments.items():
        in_heading = all(line in comments for line in range(1, number))  # there an example may stand
        if not in_heading and _CODE_IN_COMMENT.search(comment):
            yield finding(unit.path, tree.Place(line=number, column=1), "text", "code in a comment")


def _literals(unit: Unit) -> Iterator[Finding]:
    module = words(unit.text, unit.path)
    said = [(token.place, token.text) for token in module.tokens if token.kind == "string"]
    said += [(tree.Place(line=line, column=1), text) for line, text in module.comments.items()]
    for place, text in said:
        for address in (*addresses(text), *_PATH.findall(text)):
            yield finding(unit.path, place, "address", address)
        if _SECRET_TEXT.search(text):
            yield finding(unit.path, place, "secret", "it looks like one")


def _calls(unit: Unit, node: tree.Node) -> Iterator[Finding]:
    if not isinstance(node, tree.Call):
        return
    name = node.function.name.casefold()
    if name in _MODAL and unit.kind != "ordinary":
        yield finding(unit.path, node.place, "modal", node.function.name)
    if isinstance(node.function, tree.Name) and name in _FORBIDDEN:
        yield finding(unit.path, node.place, "forbidden", f"{node.function.name}: {_FORBIDDEN[name]}")
    if name == "записьжурналарегистрации":
        for one in nodes(node.arguments):
            if isinstance(one, tree.Name | tree.Member) and _SECRET_NAME.search(one.name):
                yield finding(unit.path, node.place, "secret", "it goes to the event log")


def _secrets(unit: Unit, node: tree.Node) -> Iterator[Finding]:
    match node:
        case tree.Assign(
            target=tree.Name() | tree.Member() as target, value=tree.Literal(value=str() as text)
        ):
            if _SECRET_NAME.search(target.name) and text:
                yield finding(unit.path, node.place, "secret", f"{target.name} in the code")
        case tree.New(type_name=name, arguments=arguments):
            index = _SECRETS_OF_TYPES.get(name.casefold())
            given = arguments[index] if index is not None and len(arguments) > index else None
            if isinstance(given, tree.Literal) and given.value:
                yield finding(unit.path, node.place, "secret", f"the password of {name} in the code")


def _timeouts(unit: Unit, method: tree.Method, node: tree.Node) -> Iterator[Finding]:
    index = None
    if isinstance(node, tree.New):
        index = _TIMEOUTS.get(node.type_name.casefold())
    elif isinstance(node, tree.Call):
        index = _TIMEOUTS_OF_CALLS.get(node.function.name.casefold())
    if index is None or not isinstance(node, tree.New | tree.Call):
        return
    given = node.arguments[index] if len(node.arguments) > index else None
    if given is None:
        yield finding(unit.path, node.place, "timeout", "waits for ever")
        return
    for value in _values(method, given):
        if not _LEAST <= value <= _MOST:
            yield finding(unit.path, node.place, "timeout", f"{value} seconds")


def _values(method: tree.Method, node: tree.Expression) -> Iterator[Decimal]:
    """The constants an expression may be, as far as the method itself says."""
    if isinstance(node, tree.Literal) and isinstance(node.value, Decimal):
        yield node.value
    if isinstance(node, tree.Literal) and node.value is None:
        yield Decimal(0)
    if isinstance(node, tree.Name):
        for one in nodes(method.body):
            match one:
                case tree.Assign(target=tree.Name(name=name), value=tree.Literal() as literal):
                    if same(name, node.name):
                        yield from _values(method, literal)


def _says_something(handler: tuple[tree.Statement, ...]) -> bool:
    """A handler that only sets variables hides what happened."""
    return any(isinstance(node, tree.Call | tree.Raise) for node in nodes(handler))
