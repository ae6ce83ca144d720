"""Массив, Структура, Соответствие and what is fixed of them."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NoReturn

from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.reference import Reference
from onec.run.registry import Registry
from onec.run.values import equal, kind, to_text, whole

TYPES = Registry()
IDENTIFIER = re.compile(r"[^\W\d]\w*")
Methods = dict[str, tuple[Any, int, int]]
Properties = dict[str, tuple[Any, Any]]


def out_of_bounds() -> NoReturn:
    raise OnecError("Индекс находится за границами массива")


def wrong_type(number: int) -> NoReturn:
    raise OnecError(f"Несоответствие типов (параметр номер '{number}')")


class Array(PlatformObject):
    """Массив: indexes from 0."""

    type_name = "Массив"
    fixed = False

    def __init__(self, items: Iterable[Value] = ()) -> None:
        self.items = list(items)

    def methods(self) -> Methods:
        reading: Methods = {
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "ВГраница": (lambda: Decimal(len(self.items) - 1), 0, 0),
            "Получить": (self.index_get, 1, 1),
            "Найти": (self._find, 1, 1),
        }
        if self.fixed:
            return reading
        return reading | {
            "Добавить": (self._add, 0, 1),
            "Вставить": (self._insert, 1, 2),
            "Установить": (self.index_set, 2, 2),
            "Удалить": (self._delete, 1, 1),
            "Очистить": (self.items.clear, 0, 0),
        }

    def iterate(self) -> Iterable[Value]:
        """Over a copy: what the platform does with an array changed inside its loop is unknown to us."""
        before = list(self.items)
        for one in before:
            yield one
            if self.items != before:
                raise Unsupported("Массив is changed inside a loop over it")

    def index_get(self, key: Value) -> Value:
        return self.items[self._index(key)]

    def index_set(self, key: Value, value: Value) -> None:
        if self.fixed:
            self._no_index()
        self.items[self._index(key)] = value

    def filled(self) -> bool:
        return bool(self.items)

    def _index(self, key: Value) -> int:
        if not isinstance(key, Decimal):
            wrong_type(1)
        return whole(key) if 0 <= whole(key) < len(self.items) else out_of_bounds()

    def _find(self, value: Value) -> Value:
        for index, one in enumerate(self.items):
            if equal(one, value):
                return Decimal(index)
        return None

    def _add(self, value: Value = MISSING) -> None:
        self.items.append(None if value is MISSING else value)

    def _insert(self, index: Value, value: Value = MISSING) -> None:
        if not 0 <= whole(index) <= len(self.items):
            out_of_bounds()
        self.items.insert(whole(index), None if value is MISSING else value)

    def _delete(self, key: Value) -> None:
        del self.items[self._index(key)]


class FixedArray(Array):
    type_name = "ФиксированныйМассив"
    fixed = True


class KeyAndValue(PlatformObject):
    type_name = "КлючИЗначение"

    def __init__(self, key: Value, value: Value) -> None:
        self.key, self.value = key, value

    def properties(self) -> Properties:
        return {"Ключ": (lambda: self.key, None), "Значение": (lambda: self.value, None)}


class Structure(PlatformObject):
    """Структура: its keys are names of properties."""

    type_name = "Структура"
    fixed = False

    def __init__(self, items: dict[str, Value] | None = None) -> None:
        self.items: dict[str, tuple[str, Value]] = {}
        for key, value in (items or {}).items():
            self.insert(key, value)

    def insert(self, key: Value, value: Value = MISSING) -> None:
        if not isinstance(key, str) or not IDENTIFIER.fullmatch(key):
            raise OnecError(f"Задано неправильное имя атрибута структуры '{to_text(key)}'")
        known = self.items.get(key.casefold())
        self.items[key.casefold()] = (known[0] if known else key, None if value is MISSING else value)

    def plain(self) -> dict[str, Value]:
        """For tests: name -> value."""
        return dict(self.items.values())

    def properties(self) -> Properties:
        return {name: (lambda one=name: self.get(one), None) for name, _ in self.items.values()}

    def get(self, name: str) -> Value:
        if name.casefold() not in self.items:
            raise OnecError(f"Поле объекта не обнаружено ({name})")
        return self.items[name.casefold()][1]

    def set(self, name: str, value: Value) -> None:
        if name.casefold() not in self.items:
            raise OnecError(f"Поле объекта не обнаружено ({name})")
        if self.fixed:
            raise OnecError(f"Поле объекта недоступно для записи ({name})")
        self.insert(name, value)

    def methods(self) -> Methods:
        reading: Methods = {
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "Свойство": (self._has, 1, 2),
        }
        if self.fixed:
            return reading
        return reading | {
            "Вставить": (self.insert, 1, 2),
            "Удалить": (self._delete, 1, 1),
            "Очистить": (self.items.clear, 0, 0),
        }

    def call_by_reference(self, name: str, arguments: list[Any], *, as_function: bool) -> Value:
        """Свойство gives the value in its second argument."""
        given = [one.value if isinstance(one, Reference) else one for one in arguments]
        if as_function and name.casefold() in ("вставить", "удалить", "очистить"):
            raise OnecError(f"Обращение к процедуре объекта как к функции ({name})")
        result = self.call(name, given)
        if name.casefold() == "свойство" and len(arguments) == 2 and arguments[1] is not MISSING:
            arguments[1].value = self.items.get(str(given[0]).casefold(), ("", None))[1]
        return result

    def iterate(self) -> Iterable[Value]:
        return [KeyAndValue(name, value) for name, value in self.items.values()]

    def index_get(self, key: Value) -> Value:
        return self.get(key) if isinstance(key, str) else wrong_type(1)

    def index_set(self, key: Value, value: Value) -> None:
        self.set(key, value) if isinstance(key, str) else wrong_type(1)

    def filled(self) -> bool:
        return bool(self.items)

    def _has(self, key: Value, value: Value = MISSING) -> Value:
        return key.casefold() in self.items if isinstance(key, str) else wrong_type(1)

    def _delete(self, key: Value) -> None:
        self.items.pop(key.casefold(), None) if isinstance(key, str) else wrong_type(1)


class FixedStructure(Structure):
    type_name = "ФиксированнаяСтруктура"
    fixed = True


class Map(PlatformObject):
    """Соответствие: any value is a key; a missing one gives Неопределено. The order is nobody's promise."""

    type_name = "Соответствие"
    fixed = False

    def __init__(self) -> None:
        self.items: dict[tuple[str, Value], Value] = {}

    def methods(self) -> Methods:
        reading: Methods = {
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "Получить": (self.index_get, 1, 1),
        }
        if self.fixed:
            return reading
        return reading | {
            "Вставить": (self._insert, 1, 2),
            "Удалить": (self._delete, 1, 1),
            "Очистить": (self.items.clear, 0, 0),
        }

    def index_get(self, key: Value) -> Value:
        return self.items.get((kind(key), key))

    def index_set(self, key: Value, value: Value) -> None:
        if self.fixed:
            self._no_index()
        self.items[kind(key), key] = value

    def iterate(self) -> Iterable[Value]:
        return [KeyAndValue(key, value) for (_, key), value in self.items.items()]

    def filled(self) -> bool:
        return bool(self.items)

    def _insert(self, key: Value, value: Value = MISSING) -> None:
        self.index_set(key, None if value is MISSING else value)

    def _delete(self, key: Value) -> None:
        self.items.pop((kind(key), key), None)


class FixedMap(Map):
    type_name = "ФиксированноеСоответствие"
    fixed = True


def names_of(text: Value) -> list[str]:
    """«Успех, Сообщение» -> the names."""
    if not isinstance(text, str):
        wrong_type(1)
    return [one.strip() for one in text.split(",")] if text.strip() else []


@TYPES.add("Массив")
def _array(*sizes: Value) -> Value:
    if not sizes or sizes == (MISSING,):
        return Array()
    first = sizes[0]
    if isinstance(first, Array):
        return Array(first.items)
    if len(sizes) > 1:
        raise Unsupported("Массив of several dimensions")
    return Array([None] * whole(first))


@TYPES.add("ФиксированныйМассив")
def _fixed_array(items: Value) -> Value:
    return FixedArray(items.items) if isinstance(items, Array) else wrong_type(1)


def _filled(made: Structure, arguments: tuple[Value, ...]) -> Structure:
    if not arguments:
        return made
    keys, *values = arguments
    if isinstance(keys, Structure):
        for name, value in keys.items.values():
            made.insert(name, value)
        return made
    names = names_of(keys)
    if len(values) > len(names):
        raise OnecError("Слишком много фактических параметров (Структура)")  # wording unconfirmed
    for index, name in enumerate(names):
        made.insert(name, values[index] if index < len(values) else MISSING)
    return made


@TYPES.add("Структура")
def _structure(*arguments: Value) -> Value:
    return _filled(Structure(), arguments)


@TYPES.add("ФиксированнаяСтруктура")
def _fixed_structure(*arguments: Value) -> Value:
    return _filled(FixedStructure(), arguments)


@TYPES.add("Соответствие")
def _map() -> Value:
    return Map()


@TYPES.add("ФиксированноеСоответствие")
def _fixed_map(items: Value) -> Value:
    if not isinstance(items, Map):
        wrong_type(1)
    made = FixedMap()
    made.items = dict(items.items)
    return made
