"""Records of information registers: rows in memory, keys, what writing them means."""

from collections.abc import Callable, Iterable, Mapping

from onec.run.infobase import dump
from onec.run.infobase.fields import FieldType
from onec.run.infobase.store import Key, Row, folded
from onec.run.infobase.surroundings import Surroundings, demand
from onec.run.objects import OnecError, PlatformObject, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


def table_of(register: dump.Register) -> str:
    return f"РегистрСведений.{register.name}"


class Record(PlatformObject):
    """РегистрСведенийЗапись: a row in memory."""

    def __init__(self, register: dump.Register, row: Row | None = None) -> None:
        self.register = register
        self.values = dict(row) if row else blank(register)
        self.type_name = f"РегистрСведенийЗапись.{register.name}"

    def properties(self) -> Properties:
        return {name: self._accessors(name, kind) for name, kind in self.register.fields.items()}

    def _accessors(self, name: str, kind: FieldType) -> tuple[Callable[[], Value], Callable[[Value], None]]:
        def assign(value: Value) -> None:
            self.values[name] = kind.fit(value)

        return (lambda: self.values[name]), assign

    @property
    def key(self) -> Key:
        return key_of(self.register, self.values)


class RecordManager(Record):
    """РегистрСведенийМенеджерЗаписи: reads by its dimensions, writes one row."""

    def __init__(self, session: Surroundings, register: dump.Register, row: Row | None = None) -> None:
        super().__init__(register, row)
        self.type_name = f"РегистрСведенийМенеджерЗаписи.{register.name}"
        self._session = session
        self._chosen: Key | None = self.key if row else None
        self._chosen_values = self._dimensions() if row else {}

    def methods(self) -> Methods:
        return {
            "Прочитать": (self._read, 0, 0),
            "Выбран": (lambda: self._chosen is not None, 0, 0),
            "Записать": (self._write, 0, 1),
            "Удалить": (self._remove, 0, 0),
        }

    def _read(self) -> None:
        demand(self._session, f"InformationRegister.{self.register.name}", "Read")
        row = self._session.connection.find(table_of(self.register), self.key)
        self._chosen = None
        if row is None:
            self.values = blank(self.register)
            return
        self.values = dict(row)
        self._chosen, self._chosen_values = self.key, self._dimensions()

    def _write(self, replace: Value = True) -> None:
        demand(self._session, f"InformationRegister.{self.register.name}", "Update")
        connection, table = self._session.connection, table_of(self.register)
        with connection.whole():
            if self._chosen is not None and _folded(self._chosen) != _folded(self.key):
                connection.remove(table, self._chosen, values=self._chosen_values)
            elif self._chosen is None and replace is False:
                insert(self._session, self.register, self.values)
            connection.put(table, self.key, self.values, values=self._dimensions())
        self._chosen, self._chosen_values = self.key, self._dimensions()

    def _remove(self) -> None:
        demand(self._session, f"InformationRegister.{self.register.name}", "Update")
        key, values = self.key, self._dimensions()
        if self._chosen is not None:
            key, values = self._chosen, self._chosen_values
        self._session.connection.remove(table_of(self.register), key, values=values)
        self._chosen = None

    def _dimensions(self) -> dict[str, Value]:
        return {name: self.values[name] for name in self.register.dimensions}


def blank(register: dump.Register) -> dict[str, Value]:
    return {name: kind.default() for name, kind in register.fields.items()}


def key_of(register: dump.Register, values: Mapping[str, Value]) -> Key:
    return tuple(values[name] for name in register.dimensions)


def matching(session: Surroundings, register: dump.Register, wanted: Mapping[str, Value]) -> Iterable[Row]:
    for row in session.connection.rows(table_of(register)):
        if all(folded(row[name]) == folded(value) for name, value in wanted.items()):
            yield row


def insert(session: Surroundings, register: dump.Register, values: Mapping[str, Value]) -> None:
    """Raises OnecError with 1C's text when there is a row with the same dimensions."""
    key, table = key_of(register, values), table_of(register)
    dimensions = {name: values[name] for name in register.dimensions}
    session.connection.lock(table, dimensions, exclusive=True)
    if session.connection.find(table, key) is not None:
        session.connection.fail()
        raise OnecError("Запись с такими ключевыми полями существует!")
    session.connection.put(table, key, values, values=dimensions)


def pairs_of(structure: Value) -> dict[str, Value]:
    """Of a Структура or a Соответствие."""
    if not isinstance(structure, PlatformObject):
        raise OnecError("Несоответствие типов (параметр номер '1')")
    return {str(one.get("Ключ")): one.get("Значение") for one in structure.iterate()}


def _folded(key: Key) -> Key:
    return tuple(map(folded, key))
