"""A session at the server: what server code of one user finds around itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from onec.run.eventlog import EventLog
from onec.run.infobase import catalogs, records
from onec.run.infobase.constants import ConstantsManager
from onec.run.infobase.dump import CommonModule, named
from onec.run.infobase.fields import FieldType
from onec.run.infobase.jobs import JobsManager
from onec.run.infobase.locks import DataLock, Schedule, ValueStorage
from onec.run.infobase.metadata import Metadata, MetadataObject
from onec.run.infobase.query.objects import QueryObject
from onec.run.infobase.registers import Registers
from onec.run.infobase.store import Connection, Row
from onec.run.infobase.surroundings import demand
from onec.run.interpreter import Interpreter, ModuleObject, Running
from onec.run.objects import MISSING, OnecError, Unsupported, Value

if TYPE_CHECKING:
    from onec.run.infobase.infobase import Infobase, User

KINDS = {
    "Константа": "Constant",
    "РегистрСведений": "InformationRegister",
    "Справочник": "Catalog",
    "ОбщаяКоманда": "CommonCommand",
    "ОбщаяФорма": "CommonForm",
}
NETWORK = ("wsопределения", "wsпрокси", "httpсоединение")
# wording of public logs; the platform's exact one is not confirmed
SAFE_MODE = "Установлен безопасный режим. Выполнение операции запрещено"
RIGHTS = {"Чтение": "Read", "Изменение": "Update", "Просмотр": "View", "Редактирование": "Edit"}


class Session:
    """Implements World for the server side. For one thread at a time."""

    def __init__(self, infobase: "Infobase", user: "User") -> None:
        self.infobase = infobase
        self.user = user
        self.connection = Connection(infobase.store)
        self.event_log: EventLog = infobase.event_log
        self.zone = infobase.zone
        self.faults = infobase.faults
        self.authorities: str | bool = True
        self.interpreter = Interpreter(self)
        self._privileged = 0
        self._modules: dict[str, Running] = {}

    # --- World

    def clock(self) -> datetime:
        return self.infobase.clock()

    def global_property(self, name: str, side: str) -> Value:
        dump = self.infobase.dump
        match name.casefold():
            case "константы":
                return ConstantsManager(self, dump.constants)
            case "регистрысведений":
                return Registers(self, dump.registers)
            case "метаданные":
                return Metadata(dump, self.infobase.catalogs, self.infobase.configuration)
            case "регламентныезадания":
                return JobsManager(self, dump.jobs)
        module = named(dump.modules, name)
        if module is None or not module.server:
            return MISSING
        return ModuleObject(self.module(module.name))

    def global_method(self, name: str, side: str) -> Callable[..., Value] | None:
        known: Mapping[str, Callable[..., Value]] = {
            "установитьпривилегированныйрежим": self._set_privileged,
            "привилегированныйрежим": lambda: self._privileged > 0 and not self.infobase.safe_mode,
            "имяпользователя": lambda: self.user.name,
            "начатьтранзакцию": self._begin,
            "зафиксироватьтранзакцию": self.connection.commit,
            "отменитьтранзакцию": self.connection.rollback,
            "транзакцияактивна": lambda: self.connection.active,
            "рольдоступна": self._has_role,
            "праводоступа": self._has_right,
            "получитьнавигационнуюссылку": _link,
        }
        return known.get(name.casefold())

    def new(self, type_name: str, arguments: list[Value], side: str) -> Value | None:
        if type_name.casefold() in NETWORK:
            self._ask_network(type_name)
        match type_name.casefold(), arguments:
            case "запрос", []:
                return QueryObject(self, self, self._rows)
            case "запрос", [str(text)]:
                return QueryObject(self, self, self._rows, text)
            case "блокировкаданных", []:
                return DataLock(self, self.infobase.dump)
            case "хранилищезначения", [value, *_]:
                return ValueStorage(value)
            case "расписаниерегламентногозадания", []:
                return Schedule()
        return None

    # --- for objects of data and of the test

    def make(self, type_name: str, *arguments: Value) -> Value:
        return self.interpreter.new(type_name, list(arguments), "server")

    def allowed(self, thing: str, right: str) -> bool:
        privileged = self._privileged > 0 and not self.infobase.safe_mode  # ignored there
        return privileged or self.user.may(thing, right)

    def fields_of(self, table: str) -> Mapping[str, FieldType] | None:
        kind, _, name = table.partition(".")
        if kind.casefold() == "регистрсведений":
            register = named(self.infobase.dump.registers, name)
            return register.fields if register else None
        found = catalogs.find(self.infobase.catalogs, table)
        if found is None:
            return None
        catalog, section = found
        return catalog.section_fields(section) if section else catalog.fields

    def module(self, name: str) -> Running:
        """A common module on the server."""
        if name not in self._modules:
            self._modules[name] = self.loaded(self.infobase.dump.modules[name])
        return self._modules[name]

    def loaded(self, module: CommonModule) -> Running:
        tree = self.infobase.tree(module.path, module.text, "server")
        return self.interpreter.load(tree, f"ОбщийМодуль.{module.name}.Модуль", "server")

    def call(self, module: str, method: str, *arguments: Value) -> Value:
        """Call an export of a common module of the server, as server code would; for tests."""
        with self.server_call():
            made = ModuleObject(self.module(module)).running
            found = made.methods.get(method.casefold())
            if found is None or not found.export:
                raise Unsupported(f"{module} has no export {method}")
            return made.call(method, *arguments)

    @contextmanager
    def server_call(self) -> Iterator[None]:
        """One request to the server: what it leaves open is closed, and remembered as a defect."""
        try:
            yield
        finally:
            if self.connection.abandon():
                self.infobase.defects.append("транзакция не закрыта к концу вызова сервера")
            if self._privileged:
                self.infobase.defects.append("привилегированный режим не выключен к концу вызова сервера")
            self._privileged = 0

    # --- inside

    def _rows(self, table: str) -> Iterable[Row]:
        register = named(self.infobase.dump.registers, table.partition(".")[2])
        if register is not None:
            demand(self, f"InformationRegister.{register.name}", "Read")
            return list(self.connection.rows(records.table_of(register)))
        catalog, section = catalogs.find(self.infobase.catalogs, table) or _no_table(table)
        demand(self, f"Catalog.{catalog.name}", "Read")
        return list(catalogs.rows(catalog, section))

    def _ask_network(self, type_name: str) -> None:
        if self.infobase.safe_mode:
            raise OnecError(SAFE_MODE)
        if self.connection.active:
            raise Unsupported(f"{type_name} в открытой транзакции: ее блокировки ждали бы сеть")

    def _set_privileged(self, on: Value) -> None:
        if not isinstance(on, bool):
            raise OnecError("Несоответствие типов (параметр номер '1')")
        if self.infobase.safe_mode:
            return  # «переход в привилегированный режим игнорируется»
        if not on and not self._privileged:
            raise Unsupported("привилегированный режим выключен чаще, чем включен")
        self._privileged += 1 if on else -1

    def _begin(self, mode: Value = MISSING) -> None:
        if mode is not MISSING:
            raise Unsupported("НачатьТранзакцию с режимом")
        self.connection.begin()

    def _has_role(self, role: Value) -> bool:
        name = role.name if isinstance(role, MetadataObject) else str(role)
        if named(self.infobase.dump.roles, name) is None:
            raise OnecError(f"Роль не найдена ({name})")
        return self.user.full or any(one.casefold() == name.casefold() for one in self.user.roles)

    def _has_right(self, right: Value, thing: Value) -> bool:
        if not isinstance(thing, MetadataObject) or right not in RIGHTS:
            raise Unsupported(f"ПравоДоступа({right})")
        kind, _, name = thing.full_name.partition(".")
        if kind not in KINDS:
            raise Unsupported(f"ПравоДоступа: {thing.full_name}")
        return self.allowed(f"{KINDS[kind]}.{name}", RIGHTS[right])


def _link(of: Value) -> str:
    if not isinstance(of, catalogs.CatalogRef):
        raise Unsupported("ПолучитьНавигационнуюСсылку не от ссылки")
    return of.link()


def _no_table(table: str) -> tuple[catalogs.Catalog, str]:
    raise Unsupported(f"таблица {table}")
