"""ЧтениеJSON, ЗаписьJSON and the functions over them."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from onec.run.collections import IDENTIFIER, Array, Map, Methods, Structure, names_of
from onec.run.enumerations import EnumerationValue
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.registry import Registry
from onec.run.values import kind, parts, to_boolean

METHODS = Registry()
TYPES = Registry()


class Reader(PlatformObject):
    type_name = "ЧтениеJSON"

    def __init__(self) -> None:
        self.source: str | None = None

    def methods(self) -> Methods:
        return {"УстановитьСтроку": (self._set, 1, 1), "Закрыть": (self._close, 0, 0)}

    def take(self) -> str:
        """What is to be read; once."""
        if self.source is None:
            raise OnecError("Источник данных ЧтениеJSON не установлен")  # wording unconfirmed
        source, self.source = self.source, None
        return source

    def _set(self, text: Value) -> None:
        if not isinstance(text, str):
            raise OnecError("Несоответствие типов (параметр номер '1')")
        self.source = text

    def _close(self) -> None:
        self.source = None


class Writer(PlatformObject):
    type_name = "ЗаписьJSON"

    def __init__(self) -> None:
        self.pieces: list[str] | None = None

    def methods(self) -> Methods:
        return {"УстановитьСтроку": (self._open, 0, 1), "Закрыть": (self._close, 0, 0)}

    def write(self, text: str) -> None:
        if self.pieces is None or self.pieces:
            raise OnecError("Запись JSON невозможна")  # wording unconfirmed
        self.pieces.append(text)

    def _open(self, parameters: Value = MISSING) -> None:
        self.pieces = []

    def _close(self) -> Value:
        text, self.pieces = "".join(self.pieces or []), None
        return text


class WritingParameters(PlatformObject):
    type_name = "ПараметрыЗаписиJSON"


@TYPES.add("ЧтениеJSON")
def _reader() -> Value:
    return Reader()


@TYPES.add("ЗаписьJSON")
def _writer() -> Value:
    return Writer()


@TYPES.add("ПараметрыЗаписиJSON")
def _parameters(line_break: Value = MISSING, indent: Value = MISSING, *rest: Value) -> Value:
    """How the text is laid out; what it means is the same."""
    return WritingParameters()


@METHODS.add("ПрочитатьJSON")
def read(
    reader: Value,
    as_map: Value = False,
    dates: Value = MISSING,
    date_format: Value = MISSING,
    restore: Value = MISSING,
    restore_module: Value = MISSING,
    restore_more: Value = MISSING,
    restore_names: Value = MISSING,
    depth: Value = MISSING,
) -> Value:
    if not isinstance(reader, Reader):
        raise OnecError("Несоответствие типов (параметр номер '1')")
    if any(one is not MISSING for one in (restore, restore_module, restore_more, restore_names)):
        raise Unsupported("ПрочитатьJSON with a function of restoring")
    if date_format is not MISSING and not (
        isinstance(date_format, EnumerationValue) and date_format.name == "ISO"
    ):
        raise Unsupported("ПрочитатьJSON of dates other than ISO")
    named = _date_names(dates)
    maps = as_map is not MISSING and to_boolean(as_map)
    try:
        found = json.loads(
            reader.take(),
            parse_float=Decimal,
            parse_int=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_Pairs,
        )
    except (ValueError, RecursionError):
        raise OnecError("Непредвиденный символ при чтении JSON") from None
    return _made(found, maps, named)


class _Pairs(list[tuple[str, Any]]):
    """An object of JSON before it becomes Структура or Соответствие."""


def _refuse(word: str) -> None:
    raise ValueError(word)  # NaN and Infinity are not JSON


def _date_names(given: Value) -> set[str]:
    if given is MISSING or given is None:
        return set()
    if isinstance(given, Array):
        return set(given.items)
    return set(names_of(given))


def _made(found: Any, maps: bool, dates: set[str]) -> Value:
    if isinstance(found, _Pairs):
        return _object(found, maps, dates)
    if isinstance(found, list):
        return Array(_made(one, maps, dates) for one in found)
    return found


def _object(found: _Pairs, maps: bool, dates: set[str]) -> Value:
    names = [name if maps else name.casefold() for name, _ in found]
    if len(set(names)) != len(names):
        raise Unsupported("a repeated name in JSON: what 1C keeps is not confirmed")
    made: Structure | Map = Map() if maps else Structure()
    for name, value in found:
        if name in dates and isinstance(value, str):
            value = _date(value)
        if isinstance(made, Map):
            made.index_set(name, _made(value, maps, dates))
        elif not IDENTIFIER.fullmatch(name):
            # ПрочитатьВСоответствие exists for this; wording unconfirmed
            raise OnecError(f"Недопустимое имя свойства: {name}")
        else:
            made.insert(name, _made(value, maps, dates))
    return made


def _date(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise OnecError("Представление даты имеет неверный формат.") from None
    if moment.tzinfo is not None or moment.microsecond:
        raise Unsupported("a date with an offset or parts of a second in JSON")
    return moment


@METHODS.add("ПрочитатьДатуJSON")
def read_date(text: Value, date_format: Value) -> Value:
    if not isinstance(date_format, EnumerationValue) or date_format.name != "ISO":
        raise Unsupported("ПрочитатьДатуJSON of dates other than ISO")
    return _date(text)


@METHODS.add("ЗаписатьJSON")
def write(writer: Value, value: Value, settings: Value = MISSING) -> None:
    if not isinstance(writer, Writer):
        raise OnecError("Несоответствие типов (параметр номер '1')")
    if settings is not MISSING:
        raise Unsupported("НастройкиСериализацииJSON")
    writer.write(_written(value))


def _written(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, Decimal):
        sign, whole, fraction = parts(value)
        return f"{sign}{whole}.{fraction}" if fraction else sign + whole
    if isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, datetime):
        return f'"{value.isoformat()}"'
    if isinstance(value, Array):
        return "[" + ",".join(_written(one) for one in value.items) + "]"
    if isinstance(value, Structure):
        return _braces((name, one) for name, one in value.items.values())
    if isinstance(value, Map):
        if any(type_name != "Строка" for type_name, _ in value.items):
            raise OnecError("Передано значение недопустимого типа")  # wording unconfirmed
        return _braces((name, one) for (_, name), one in value.items.items())
    raise OnecError(f"Передано значение недопустимого типа ({kind(value)})")  # wording unconfirmed


def _braces(pairs: Any) -> str:
    return "{" + ",".join(f"{_written(name)}:{_written(one)}" for name, one in pairs) + "}"
