"""Константы: managers, and sets of them as a settings form has one."""

from collections.abc import Callable, Iterable, Mapping

from onec.run.infobase import dump
from onec.run.infobase.dump import named
from onec.run.infobase.surroundings import Surroundings, demand
from onec.run.objects import MISSING, OnecError, PlatformObject, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


def table_of(constant: dump.Constant) -> str:
    return f"Константа.{constant.name}"


def read(session: Surroundings, constant: dump.Constant) -> Value:
    """The value, without a look at rights."""
    row = session.connection.find(table_of(constant), ())
    return constant.type.default() if row is None else row["Значение"]


def write(session: Surroundings, constant: dump.Constant, value: Value) -> None:
    kept = constant.type.fit(value)
    session.connection.put(table_of(constant), (), {"Значение": kept}, values={})


class ConstantsManager(PlatformObject):
    """Константы."""

    type_name = "КонстантыМенеджер"

    def __init__(self, session: Surroundings, known: Mapping[str, dump.Constant]) -> None:
        self._session = session
        self._known = known

    def get(self, name: str) -> Value:
        found = named(self._known, name)
        if found is None:
            return super().get(name)
        return ConstantManager(self._session, found)

    def index_get(self, key: Value) -> Value:
        return self.get(str(key))

    def methods(self) -> Methods:
        return {"СоздатьНабор": (self._set, 0, 1)}

    def iterate(self) -> Iterable[Value]:
        return [ConstantManager(self._session, one) for one in self._known.values()]

    def _set(self, names: Value = MISSING) -> Value:
        if names is MISSING or not names:
            return ConstantsSet(self._session, self._known)
        chosen = {}
        for name in str(names).split(","):
            found = named(self._known, name.strip())
            if found is None:
                raise OnecError(f"Константа не найдена ({name.strip()})")
            chosen[found.name] = found
        return ConstantsSet(self._session, chosen)


class ConstantManager(PlatformObject):
    def __init__(self, session: Surroundings, constant: dump.Constant) -> None:
        self._session = session
        self._constant = constant
        self.type_name = f"КонстантаМенеджер.{constant.name}"

    def methods(self) -> Methods:
        return {
            "Получить": (self._get, 0, 0),
            "Установить": (self._put, 1, 1),
            "СоздатьМенеджерЗначения": (self._value, 0, 0),
        }

    def _get(self) -> Value:
        demand(self._session, f"Constant.{self._constant.name}", "Read")
        return read(self._session, self._constant)

    def _put(self, value: Value) -> None:
        demand(self._session, f"Constant.{self._constant.name}", "Update")
        write(self._session, self._constant, value)

    def _value(self) -> Value:
        return ConstantValue(self._session, self._constant)


class ConstantValue(PlatformObject):
    """КонстантаМенеджерЗначения."""

    def __init__(self, session: Surroundings, constant: dump.Constant) -> None:
        self._session = session
        self._constant = constant
        self._value = constant.type.default()
        self.type_name = f"КонстантаМенеджерЗначения.{constant.name}"

    def properties(self) -> Properties:
        return {"Значение": (lambda: self._value, self._assign)}

    def methods(self) -> Methods:
        return {"Прочитать": (self._read, 0, 0), "Записать": (self._write, 0, 0)}

    def _assign(self, value: Value) -> None:
        self._value = self._constant.type.fit(value)

    def _read(self) -> None:
        demand(self._session, f"Constant.{self._constant.name}", "Read")
        self._value = read(self._session, self._constant)

    def _write(self) -> None:
        demand(self._session, f"Constant.{self._constant.name}", "Update")
        write(self._session, self._constant, self._value)


class ConstantsSet(PlatformObject):
    """КонстантыНабор: what was not assigned and not read has the default value."""

    type_name = "КонстантыНабор"

    def __init__(self, session: Surroundings, known: Mapping[str, dump.Constant]) -> None:
        self._session = session
        self._known = known
        self.values = {name: one.type.default() for name, one in known.items()}

    def properties(self) -> Properties:
        return {name: self._accessors(name) for name in self._known}

    def methods(self) -> Methods:
        return {"Прочитать": (self.read, 0, 0), "Записать": (self.write, 0, 0)}

    def read(self) -> None:
        for name, one in self._known.items():
            demand(self._session, f"Constant.{name}", "Read")
            self.values[name] = read(self._session, one)

    def write(self) -> None:
        with self._session.connection.whole():
            for name, one in self._known.items():
                demand(self._session, f"Constant.{name}", "Update")
                write(self._session, one, self.values[name])

    def _accessors(self, name: str) -> tuple[Callable[[], Value], Callable[[Value], None]]:
        def assign(value: Value) -> None:
            self.values[name] = self._known[name].type.fit(value)

        return (lambda: self.values[name]), assign
