"""РегистрыСведений: record managers, record sets with a filter, selections."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from onec.bsl.tree import same
from onec.run.infobase import dump
from onec.run.infobase.dump import named
from onec.run.infobase.fields import FieldType
from onec.run.infobase.records import Record, RecordManager, insert, key_of, matching, pairs_of, table_of
from onec.run.infobase.store import Row, folded
from onec.run.infobase.surroundings import Surroundings, demand
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


class Registers(PlatformObject):
    """РегистрыСведений."""

    type_name = "РегистрыСведенийМенеджер"

    def __init__(self, session: Surroundings, known: Mapping[str, dump.Register]) -> None:
        self._session = session
        self._known = known

    def get(self, name: str) -> Value:
        found = named(self._known, name)
        return super().get(name) if found is None else RegisterManager(self._session, found)

    def index_get(self, key: Value) -> Value:
        return self.get(str(key))


class RegisterManager(PlatformObject):
    def __init__(self, session: Surroundings, register: dump.Register) -> None:
        self._session = session
        self._register = register
        self.type_name = f"РегистрСведенийМенеджер.{register.name}"

    def methods(self) -> Methods:
        return {
            "СоздатьМенеджерЗаписи": (lambda: RecordManager(self._session, self._register), 0, 0),
            "СоздатьНаборЗаписей": (lambda: RecordSet(self._session, self._register), 0, 0),
            "Получить": (self._get, 1, 1),
            "Выбрать": (self._select, 0, 2),
        }

    def _get(self, chosen: Value) -> Value:
        """The resources of one record as a structure; defaults when there is no such record."""
        demand(self._session, f"InformationRegister.{self._register.name}", "Read")
        given = pairs_of(chosen)
        key = key_of(self._register, self._complete(given))
        row = self._session.connection.find(table_of(self._register), key)
        made = self._session.make("Структура")
        for name, kind in self._register.resources.items():
            made.call("Вставить", [name, kind.default() if row is None else row[name]])
        return made

    def _select(self, chosen: Value = MISSING, order: Value = MISSING) -> Value:
        """Of this kind of registers a selection takes one dimension only."""
        demand(self._session, f"InformationRegister.{self._register.name}", "Read")
        if order is not MISSING and order != "":
            raise Unsupported("порядок выборки регистра")
        wanted = {} if chosen in (MISSING, None) else pairs_of(chosen)
        if len(wanted) > 1:
            raise OnecError("Отбор выборки: допустимо одно поле")
        rows = matching(self._session, self._register, self._fit(wanted))
        return Selection(self._session, self._register, list(rows))

    def _fit(self, given: Mapping[str, Value]) -> dict[str, Value]:
        fitted = {}
        for name, value in given.items():
            known, kind = self._dimension(name)
            fitted[known] = kind.fit(value)
        return fitted

    def _complete(self, given: Mapping[str, Value]) -> dict[str, Value]:
        fitted = self._fit(given)
        if missing := self._register.dimensions.keys() - fitted.keys():
            raise Unsupported(f"Получить без измерений {missing}")
        return fitted

    def _dimension(self, name: str) -> tuple[str, FieldType]:
        for known, kind in self._register.dimensions.items():
            if same(known, name):
                return known, kind
        raise OnecError(f"Поле не найдено ({name})")


class RecordSet(PlatformObject):
    """РегистрСведенийНаборЗаписей."""

    def __init__(self, session: Surroundings, register: dump.Register) -> None:
        self._session = session
        self._register = register
        self._records: list[Record] = []
        self._chosen = False
        self.filter = Filter(register)
        self.type_name = f"РегистрСведенийНаборЗаписей.{register.name}"

    def properties(self) -> Properties:
        return {"Отбор": (lambda: self.filter, None)}

    def methods(self) -> Methods:
        return {
            "Прочитать": (self._read, 0, 0),
            "Записать": (self._write, 0, 1),
            "Добавить": (self._add, 0, 0),
            "Количество": (lambda: _number(len(self._records)), 0, 0),
            "Очистить": (self._records.clear, 0, 0),
            "Получить": (self.index_get, 1, 1),
            "Удалить": (self._remove, 1, 1),
            "Выбран": (lambda: self._chosen, 0, 0),
            "Выгрузить": (self._table, 0, 0),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self._records)

    def index_get(self, key: Value) -> Value:
        if not 0 <= key < len(self._records):
            raise OnecError("Индекс находится за границами массива")
        return self._records[int(key)]

    def _add(self) -> Value:
        record = Record(self._register)
        self._records.append(record)
        return record

    def _remove(self, which: Value) -> None:
        record = which if isinstance(which, Record) else self.index_get(which)
        self._records = [one for one in self._records if one is not record]

    def _read(self) -> None:
        demand(self._session, f"InformationRegister.{self._register.name}", "Read")
        rows = matching(self._session, self._register, self.filter.used())
        self._records[:] = [Record(self._register, row) for row in rows]
        self._chosen = bool(self._records)

    def _write(self, replace: Value = True) -> None:
        """Replacing removes what the filter finds: everything when there is no filter."""
        demand(self._session, f"InformationRegister.{self._register.name}", "Update")
        wanted = self.filter.used()
        for record in self._records:
            if any(folded(record.values[name]) != folded(value) for name, value in wanted.items()):
                raise OnecError("Запись не соответствует отбору набора записей")
        connection, table = self._session.connection, table_of(self._register)
        with connection.whole():
            connection.lock(table, wanted, exclusive=True)
            if replace:
                for row in list(matching(self._session, self._register, wanted)):
                    dimensions = {name: row[name] for name in self._register.dimensions}
                    connection.remove(table, key_of(self._register, row), values=dimensions)
            for record in self._records:
                insert(self._session, self._register, record.values)

    def _table(self) -> Value:
        made = self._session.make("ТаблицаЗначений")
        for name in self._register.fields:
            made.get("Колонки").call("Добавить", [name])
        for record in self._records:
            row = made.call("Добавить", [])
            for name, value in record.values.items():
                row.set(name, value)
        return made


class Filter(PlatformObject):
    """Отбор of a record set: one element for each dimension."""

    type_name = "Отбор"

    def __init__(self, register: dump.Register) -> None:
        self._elements = {name: FilterElement(name, kind) for name, kind in register.dimensions.items()}

    def get(self, name: str) -> Value:
        found = named(self._elements, name)
        return super().get(name) if found is None else found

    def methods(self) -> Methods:
        return {"Сбросить": (self._reset, 0, 0), "Количество": (lambda: _number(len(self._elements)), 0, 0)}

    def used(self) -> dict[str, Value]:
        return {name: one.value for name, one in self._elements.items() if one.use}

    def _reset(self) -> None:
        for one in self._elements.values():
            one.use = False


class FilterElement(PlatformObject):
    type_name = "ЭлементОтбора"

    def __init__(self, name: str, kind: FieldType) -> None:
        self._name = name
        self._kind = kind
        self.value = kind.default()
        self.use = False

    def properties(self) -> Properties:
        return {
            "Имя": (lambda: self._name, None),
            "Значение": (lambda: self.value, self._assign),
            "Использование": (lambda: self.use, self._switch),
        }

    def methods(self) -> Methods:
        return {"Установить": (self._put, 1, 2)}

    def _put(self, value: Value, use: Value = True) -> None:
        self._assign(value)
        self._switch(True if use is MISSING else use)

    def _assign(self, value: Value) -> None:
        self.value = self._kind.fit(value)

    def _switch(self, use: Value) -> None:
        if not isinstance(use, bool):
            raise Unsupported("Использование, которое не Булево")
        self.use = use


class Selection(PlatformObject):
    """РегистрСведенийВыборка."""

    def __init__(self, session: Surroundings, register: dump.Register, rows: list[Row]) -> None:
        self._session = session
        self._register = register
        self._rows = rows
        self._at = -1
        self.type_name = f"РегистрСведенийВыборка.{register.name}"

    def properties(self) -> Properties:
        return {name: self._accessor(name) for name in self._register.fields}

    def methods(self) -> Methods:
        return {
            "Следующий": (self._next, 0, 0),
            "ПолучитьМенеджерЗаписи": (self._manager, 0, 0),
        }

    def _manager(self) -> Value:
        return RecordManager(self._session, self._register, self._row())

    def _accessor(self, name: str) -> tuple[Callable[[], Value], None]:
        return (lambda: self._row()[name]), None

    def _row(self) -> Row:
        if not 0 <= self._at < len(self._rows):
            raise OnecError("Выборка не установлена на запись")
        return self._rows[self._at]

    def _next(self) -> bool:
        self._at += 1
        return self._at < len(self._rows)


def _number(value: int) -> Value:
    return Decimal(value)
