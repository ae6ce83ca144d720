"""ТаблицаЗначений: rows under named columns."""

import re
from collections.abc import Iterable
from decimal import Decimal

from onec.bsl.tree import same
from onec.run.collections import (
    IDENTIFIER,
    Array,
    Methods,
    Properties,
    Structure,
    names_of,
    out_of_bounds,
    wrong_type,
)
from onec.run.objects import MISSING, OnecError, PlatformObject, Value
from onec.run.registry import SERVER, Registry
from onec.run.values import equal, less, whole

TYPES = Registry()


class Column(PlatformObject):
    type_name = "КолонкаТаблицыЗначений"

    def __init__(self, name: str) -> None:
        self.name = name

    def properties(self) -> Properties:
        return {"Имя": (lambda: self.name, None)}


class Columns(PlatformObject):
    type_name = "КоллекцияКолонокТаблицыЗначений"

    def __init__(self, table: "ValueTable") -> None:
        self._table = table
        self.items: list[Column] = []

    def properties(self) -> Properties:
        return {one.name: (lambda found=one: found, None) for one in self.items}

    def methods(self) -> Methods:
        return {
            "Добавить": (self._add, 1, 1),
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "Найти": (self._find, 1, 1),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self.items)

    def named(self, name: str) -> str:
        """The name as the column has it."""
        for one in self.items:
            if same(one.name, name):
                return one.name
        raise OnecError(f"Поле объекта не обнаружено ({name})")

    def _add(self, name: Value) -> Value:
        if not isinstance(name, str) or not IDENTIFIER.fullmatch(name) or self._find(name) is not None:
            raise OnecError(f"Неверное имя колонки {name}")  # wording unconfirmed
        self.items.append(Column(name))
        for row in self._table.rows:
            row.values[name] = None
        return self.items[-1]

    def _find(self, name: Value) -> Value:
        return next((one for one in self.items if same(one.name, name)), None)


class Row(PlatformObject):
    type_name = "СтрокаТаблицыЗначений"

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.values: dict[str, Value] = {one.name: None for one in columns.items}

    def properties(self) -> Properties:
        return {name: (lambda one=name: self.values[one], None) for name in self.values}

    def set(self, name: str, value: Value) -> None:
        self.values[self._columns.named(name)] = value

    def index_get(self, key: Value) -> Value:
        return self.get(key) if isinstance(key, str) else list(self.values.values())[whole(key)]

    def index_set(self, key: Value, value: Value) -> None:
        self.set(key, value) if isinstance(key, str) else wrong_type(1)


class ValueTable(PlatformObject):
    """ТаблицаЗначений; `rows` are its rows, each with `values` by column name."""

    type_name = "ТаблицаЗначений"

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.columns = Columns(self)

    def properties(self) -> Properties:
        return {"Колонки": (lambda: self.columns, None)}

    def methods(self) -> Methods:
        return {
            "Добавить": (self._add, 0, 0),
            "Количество": (lambda: Decimal(len(self.rows)), 0, 0),
            "Получить": (self.index_get, 1, 1),
            "Удалить": (self._delete, 1, 1),
            "Очистить": (self.rows.clear, 0, 0),
            "ВыгрузитьКолонку": (self._column, 1, 1),
            "Найти": (self._find, 1, 2),
            "НайтиСтроки": (self._find_all, 1, 1),
            "Сортировать": (self._sort, 1, 1),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self.rows)

    def index_get(self, key: Value) -> Value:
        return self.rows[whole(key)] if 0 <= whole(key) < len(self.rows) else out_of_bounds()

    def filled(self) -> bool:
        return bool(self.rows)

    def _add(self) -> Value:
        self.rows.append(Row(self.columns))
        return self.rows[-1]

    def _delete(self, which: Value) -> None:
        self.rows.remove(which if isinstance(which, Row) else self.index_get(which))

    def _column(self, name: Value) -> Value:
        found = self.columns.named(name if isinstance(name, str) else wrong_type(1))
        return Array(row.values[found] for row in self.rows)

    def _find(self, value: Value, columns: Value = MISSING) -> Value:
        among = names_of(columns) if columns is not MISSING else list(self._names())
        for row in self.rows:
            if any(equal(row.get(name), value) for name in among):
                return row
        return None

    def _find_all(self, wanted: Value) -> Value:
        if not isinstance(wanted, Structure):
            wrong_type(1)
        pairs = wanted.plain().items()
        return Array(row for row in self.rows if all(equal(row.get(name), value) for name, value in pairs))

    def _names(self) -> Iterable[str]:
        return (one.name for one in self.columns.items)

    def _sort(self, order: Value) -> None:
        """«Имя, Номер Убыв»: the last key first, for the sort keeps the order of equals."""
        for key in reversed(names_of(order)):
            name, _, direction = re.sub(r"\s+", " ", key).partition(" ")
            if direction.casefold() not in ("", "возр", "убыв"):
                raise OnecError(f"Неверное направление сортировки {direction}")  # wording unconfirmed
            self._sort_by(self.columns.named(name), descending=direction.casefold() == "убыв")

    def _sort_by(self, name: str, *, descending: bool) -> None:
        kept: list[Row] = []
        for row in self.rows:
            place = len(kept)
            while place and _before(row.values[name], kept[place - 1].values[name], descending=descending):
                place -= 1
            kept.insert(place, row)
        self.rows[:] = kept


def _before(one: Value, other: Value, *, descending: bool) -> bool:
    return less(other, one) if descending else less(one, other)


@TYPES.add("ТаблицаЗначений", sides=SERVER)
def _table() -> Value:
    return ValueTable()
