"""Texts of the settings become values of xs: types, as 1C's XDTO reads them.

1C makes Булево of boolean, Дата of date, dateTime and time, Число of the numbers, Строка of string, anyURI
and anySimpleType (its embedded help, yellow-erp.com/help/sh/objects/catalog63/catalog1015.html);
ДвоичныеДанные of base64Binary is unverified.
"""

import re
from base64 import b64encode
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from zeep import xsd
from zeep.xsd.types import builtins
from zeep.xsd.types.any import AnyType
from zeep.xsd.types.base import Type
from zeep.xsd.types.simple import AnySimpleType

from bridge.onec.envelope import without_forbidden

_TRUE = frozenset({"true", "1", "да", "истина"})
_FALSE = frozenset({"", "false", "0", "нет", "ложь"})
_EMPTY_DATE = "0001-01-01"  # 1C's own (onecdc 1.1.0, common_functions.py)
_EMPTY_TIME = "00:00:00"

_untyped: Any = xsd  # parts of zeep have no types


class UnknownType(Exception):
    """A simple type that nothing can be written as; ``str(error)`` is its name."""


def value_of(kind: Type, text: str) -> Any:
    """What zeep is given for an element of type `kind`; "" becomes the type's empty value, never a nil.

    Raises:
        ValueError: the text is no value of this type.
        UnknownType: no text is.
    """
    text = without_forbidden(text)
    if isinstance(kind, builtins.String | builtins.AnyURI) or type(kind) is AnySimpleType:
        return text
    if type(kind) is AnyType:  # an element without a type: it is said beside the value
        return _untyped.AnyObject(_untyped.String(), text)
    for builtin, convert in _CONVERSIONS:
        if isinstance(kind, builtin):
            return convert(text.strip())
    raise UnknownType(type_name(kind))


def type_name(kind: Type) -> str:
    """
    >>> type_name(xsd.String())
    'string'
    """
    name = getattr(kind, "name", None) or type(kind).__name__
    return str(name)


def _boolean(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError
    return text.lower() in _TRUE


def _whole(least: int | None = None, most: int | None = None) -> Callable[[str], int]:
    def convert(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,38}|", text):  # Число of 1C holds up to 38 digits
            raise ValueError
        value = int(text or "0")
        if (least is not None and value < least) or (most is not None and value > most):
            raise ValueError
        return value

    return convert


def _bits(count: int) -> Callable[[str], int]:
    return _whole(-(2 ** (count - 1)), 2 ** (count - 1) - 1)


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", ".") or "0")
    except InvalidOperation:
        raise ValueError from None
    if not value.is_finite() or abs(value.adjusted()) > 38:
        raise ValueError
    return value


def _moment(text: str) -> str:
    return datetime.fromisoformat(text or _EMPTY_DATE).isoformat(timespec="seconds")


def _day(text: str) -> str:
    return datetime.fromisoformat(text).date().isoformat() if text else date.min.isoformat()


def _hour(text: str) -> str:
    """The time of the day, alone or of a moment."""
    read = datetime.fromisoformat(text).time() if "T" in text or " " in text else time.fromisoformat(text)
    return read.isoformat(timespec="seconds")


# The first that fits; a type stands before the one it is derived from.
_CONVERSIONS: tuple[tuple[type[Type], Callable[[str], Any]], ...] = (
    (builtins.Boolean, _boolean),
    (builtins.Byte, _bits(8)),
    (builtins.Short, _bits(16)),
    (builtins.Int, _bits(32)),
    (builtins.Long, _bits(64)),
    (builtins.UnsignedByte, _whole(0, 2**8 - 1)),
    (builtins.UnsignedShort, _whole(0, 2**16 - 1)),
    (builtins.UnsignedInt, _whole(0, 2**32 - 1)),
    (builtins.UnsignedLong, _whole(0, 2**64 - 1)),
    (builtins.PositiveInteger, _whole(1)),
    (builtins.NonNegativeInteger, _whole(0)),
    (builtins.NegativeInteger, _whole(None, -1)),
    (builtins.NonPositiveInteger, _whole(None, 0)),
    (builtins.Integer, _whole()),
    (builtins.Decimal, _decimal),
    (builtins.Float, _decimal),
    (builtins.Double, _decimal),
    (builtins.DateTime, _moment),
    (builtins.Date, _day),
    (builtins.Time, lambda text: _hour(text or _EMPTY_TIME)),
    (builtins.Base64Binary, lambda text: b64encode(text.encode()).decode()),
    (builtins.HexBinary, lambda text: text.encode().hex().upper()),
)
