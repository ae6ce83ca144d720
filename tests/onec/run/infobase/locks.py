"""БлокировкаДанных and ХранилищеЗначения."""

from collections.abc import Callable
from decimal import Decimal

from onec.bsl.tree import same
from onec.run.infobase import constants, records
from onec.run.infobase.dump import Dump, Register, named
from onec.run.infobase.surroundings import Surroundings
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


class DataLock(PlatformObject):
    """Locks everything it names at once, until the transaction ends."""

    type_name = "БлокировкаДанных"

    def __init__(self, session: Surroundings, dump: Dump) -> None:
        self._session = session
        self._dump = dump
        self._elements: list[LockElement] = []

    def methods(self) -> Methods:
        return {"Добавить": (self._add, 0, 1), "Заблокировать": (self._lock, 0, 0)}

    def _add(self, space: Value = MISSING) -> Value:
        if not isinstance(space, str):
            raise Unsupported("элемент блокировки без области")
        kind, _, name = space.partition(".")
        made: LockElement | None = None
        if same(kind, "Константа") and (constant := named(self._dump.constants, name)):
            made = LockElement(constants.table_of(constant), None)
        elif same(kind, "РегистрСведений") and (register := named(self._dump.registers, name)):
            made = LockElement(records.table_of(register), register)
        if made is None:
            raise OnecError(f"Недопустимое имя пространства блокировки ({space})")
        self._elements.append(made)
        return made

    def _lock(self) -> None:
        if not self._session.connection.active:
            raise Unsupported("Заблокировать() вне транзакции ничего не держит")
        if not self._elements:
            raise Unsupported("Заблокировать() без областей")
        for one in sorted(self._elements, key=lambda element: element.table):
            self._session.connection.lock(one.table, one.values, exclusive=one.exclusive)


class LockElement(PlatformObject):
    type_name = "ЭлементБлокировкиДанных"

    def __init__(self, table: str, register: Register | None) -> None:
        self.table = table
        self._register = register
        self.values: dict[str, Value] = {}
        self._mode: Value = None

    @property
    def exclusive(self) -> bool:
        return self._mode is None or self._mode.name == "Исключительный"

    def properties(self) -> Properties:
        return {"Режим": (lambda: self._mode, self._set_mode)}

    def methods(self) -> Methods:
        return {"УстановитьЗначение": (self._put, 2, 2)}

    def _set_mode(self, mode: Value) -> None:
        if getattr(mode, "type_name", "") != "РежимБлокировкиДанных":
            raise OnecError("Несоответствие типов (Режим)")
        self._mode = mode

    def _put(self, name: Value, value: Value) -> None:
        dimensions = self._register.dimensions if self._register else {}
        for known, kind in dimensions.items():
            if same(known, str(name)):
                self.values[known] = kind.fit(value)
                return
        raise OnecError(f"Недопустимое поле блокировки ({name})")


class ValueStorage(PlatformObject):
    """ХранилищеЗначения: keeps what is plain, gives it back by Получить."""

    type_name = "ХранилищеЗначения"

    def __init__(self, value: Value) -> None:
        if isinstance(value, PlatformObject):
            raise Unsupported(f"ХранилищеЗначения of {value.type_name}")
        self._value = value

    def methods(self) -> Methods:
        return {"Получить": (lambda: self._value, 0, 0)}


class Schedule(PlatformObject):
    """РасписаниеРегламентногоЗадания: kept, never computed with."""

    type_name = "РасписаниеРегламентногоЗадания"

    def __init__(self) -> None:
        self.values: dict[str, Value] = {
            "ПериодПовтораВТечениеДня": Decimal(0),
            "ПериодПовтораДней": Decimal(0),
            "ПаузаПовтора": Decimal(0),
        }

    def properties(self) -> Properties:
        return {name: ((lambda name=name: self.values[name]), self._setter(name)) for name in self.values}

    def _setter(self, name: str) -> Callable[[Value], None]:
        def assign(value: Value) -> None:
            if not isinstance(value, Decimal):
                raise OnecError(f"Несоответствие типов ({name})")
            self.values[name] = value

        return assign
