"""Values of XML schema types as 1C has them: ОбъектXDTO, СписокXDTO, and back into zeep's arguments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from lxml import etree
from onec.run.collections import Methods, Properties, out_of_bounds
from onec.run.objects import OnecError, PlatformObject, Unsupported, Value
from onec.run.values import whole
from zeep import xsd

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


@dataclass(frozen=True)
class Unconfirmed:
    """A date with an offset: what 1C makes of it is not confirmed, so a module may pass it on, no more.

    Public code takes XMLЗначение of such a text for local time (read 2026-11).
    """

    text: str


class XdtoList(PlatformObject):
    """СписокXDTO: a property that may occur many times."""

    type_name = "СписокXDTO"

    def __init__(self, items: list[Value]) -> None:
        self.items = items

    def methods(self) -> Methods:
        return {
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "Получить": (self.index_get, 1, 1),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self.items)

    def index_get(self, key: Value) -> Value:
        return self.items[whole(key)] if 0 <= whole(key) < len(self.items) else out_of_bounds()


class XdtoObject(PlatformObject):
    """ОбъектXDTO: its properties are the elements its type declares."""

    type_name = "ОбъектXDTO"

    def __init__(self, members: dict[str, Value]) -> None:
        self.members = members

    def properties(self) -> Properties:
        return {name: (lambda one=value: one, None) for name, value in self.members.items()}

    def methods(self) -> Methods:
        return {"Получить": (self.get, 1, 1)}


def members_of(kind: Any, node: Any) -> dict[str, Value]:
    """The children of `node` by the elements the type `kind` declares."""
    given: dict[str, list[Any]] = {}
    for child in node:
        if isinstance(child.tag, str):
            given.setdefault(child.tag, []).append(child)
    members = {}
    for name, element in kind.elements:
        found = given.pop(element.qname.text, [])
        if element.accepts_multiple:
            members[name] = XdtoList([read(element, one) for one in found])
        elif len(found) > 1 or (not found and not element.is_optional):
            raise _mismatch(name)
        else:
            members[name] = read(element, found[0]) if found else None
    if given:
        raise _mismatch(etree.QName(next(iter(given))).localname)
    return members


def _mismatch(name: str) -> OnecError:
    return OnecError(f"Ошибка преобразования данных XDTO: {name}")  # wording unconfirmed


def read(element: Any, node: Any) -> Value:
    """An element of an answer as a value."""
    if node.get(NIL) in ("true", "1"):
        return None
    if isinstance(element.type, xsd.ComplexType):
        return XdtoObject(members_of(element.type, node))
    if len(node):
        raise _mismatch(element.name)
    text = node.text or ""
    try:
        return _simple(element.type, text)
    except (ValueError, ArithmeticError):
        raise _mismatch(element.name) from None


def _simple(kind: Any, text: str) -> Value:
    if isinstance(kind, xsd.String):
        return text
    if isinstance(kind, xsd.Boolean):
        return {"true": True, "1": True, "false": False, "0": False}[text.strip()]
    if isinstance(kind, xsd.Decimal):  # xs:integer, xs:int and xs:long are decimals too
        return Decimal(text.strip())
    if isinstance(kind, xsd.DateTime | xsd.Date):
        moment = datetime.fromisoformat(text.strip())
        return Unconfirmed(text) if moment.tzinfo is not None or moment.microsecond else moment
    raise Unsupported(f"the XML schema type {kind!r}")


def write(element: Any, value: Value, number: int) -> Any:
    """A value as zeep takes it for an element; the platform refuses a value of another type."""
    kind = element.type
    if value is None and element.nillable:
        return xsd.Nil
    if isinstance(kind, xsd.String) and isinstance(value, str):
        return value
    if isinstance(kind, xsd.Boolean) and isinstance(value, bool):
        return value
    if isinstance(kind, xsd.Integer) and isinstance(value, Decimal) and value == int(value):
        return int(value)
    if isinstance(kind, xsd.Decimal) and isinstance(value, Decimal) and not isinstance(kind, xsd.Integer):
        return value
    if isinstance(kind, xsd.DateTime) and isinstance(value, datetime):
        return value
    if isinstance(kind, xsd.Date) and isinstance(value, datetime):
        return date(value.year, value.month, value.day)
    raise OnecError(f"Несоответствие типов (параметр номер '{number}')")
