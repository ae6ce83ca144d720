"""What a module sees of its form: attributes, elements, commands, the form itself."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from onec.run.infobase import dump
from onec.run.infobase.dump import named
from onec.run.infobase.fields import FieldType
from onec.run.infobase.form_dump import Item
from onec.run.interpreter import Running
from onec.run.objects import OnecError, PlatformObject, Value

if TYPE_CHECKING:
    from onec.run.infobase.form import Form

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


class FormConstants(PlatformObject):
    """НаборКонстант of a form: data of the form, not the set itself."""

    type_name = "ДанныеФормыСтруктура"

    def __init__(self, form: "Form", known: dict[str, dump.Constant]) -> None:
        self._form = form
        self.known = known
        self.values = {name: one.type.default() for name, one in known.items()}

    def properties(self) -> Properties:
        return {name: self._accessors(name) for name in self.known}

    def _accessors(self, name: str) -> tuple[Callable[[], Value], Callable[[Value], None]]:
        def assign(value: Value) -> None:
            self.values[name] = self.known[name].type.fit(value)

        return (lambda: self.values[name]), assign


class FormItem(PlatformObject):
    """ЭлементФормы: what code may change of it."""

    def __init__(self, form: "Form", described: Item) -> None:
        self._form = form
        self.described = described
        self.type_name = "КнопкаФормы" if described.kind == "Button" else "ПолеФормы"
        self.visible = described.visible
        self.enabled = described.enabled
        self.read_only = described.read_only
        self.title = described.title

    def properties(self) -> Properties:
        made: Properties = {
            "Имя": (lambda: self.described.name, None),
            "Видимость": (lambda: self.visible, lambda value: self._switch("visible", value)),
            "Доступность": (lambda: self.enabled, lambda value: self._switch("enabled", value)),
            "Заголовок": (lambda: self.title, self._call),
        }
        if self.described.kind == "InputField":
            made["ТолькоПросмотр"] = (lambda: self.read_only, lambda value: self._switch("read_only", value))
        return made

    def _switch(self, name: str, value: Value) -> None:
        if not isinstance(value, bool):
            raise OnecError("Несоответствие типов (Булево)")
        setattr(self, name, value)

    def _call(self, value: Value) -> None:
        self.title = str(value)


class FormItems(PlatformObject):
    """Элементы"""

    type_name = "ВсеЭлементыФормы"

    def __init__(self, form: "Form") -> None:
        self._form = form

    def properties(self) -> Properties:
        return {name: ((lambda one=one: one), None) for name, one in self._form.items.items()}

    def methods(self) -> Methods:
        return {"Найти": (lambda name: named(self._form.items, str(name)), 1, 1)}


class FormCommand(PlatformObject):
    type_name = "КомандаФормы"

    def __init__(self, name: str) -> None:
        self._name = name

    def properties(self) -> Properties:
        return {"Имя": (lambda: self._name, None)}


class _Face(PlatformObject):
    """ЭтотОбъект of a form: members both sides have."""

    type_name = "ФормаКлиентскогоПриложения"

    def __init__(self, form: "Form") -> None:
        self.form = form
        self._items = FormItems(form)

    @property
    def running(self) -> Running:
        return self.form.running

    def properties(self) -> Properties:
        made: Properties = {
            "ЭтотОбъект": (lambda: self, None),
            "ЭтаФорма": (lambda: self, None),
            "Элементы": (lambda: self._items, None),
            "Параметры": (lambda: self.form.parameters, None),
            "Заголовок": (lambda: self.form.title, self._call),
            "Модифицированность": (lambda: self.form.modified, self._modify),
            "ИмяФормы": (lambda: self.form.name, None),
        }
        return made | {name: self._accessors(name) for name in self.form.values}

    def _accessors(self, name: str) -> tuple[Callable[[], Value], Callable[[Value], None] | None]:
        kind = self.form.described.attributes[name]

        def assign(value: Value) -> None:
            assert isinstance(kind, FieldType)
            self.form.values[name] = kind.fit(value)

        return (lambda: self.form.values[name]), assign if isinstance(kind, FieldType) else None

    def _call(self, value: Value) -> None:
        self.form.title = str(value)

    def _modify(self, value: Value) -> None:
        if not isinstance(value, bool):
            raise OnecError("Несоответствие типов (Модифицированность)")
        self.form.modified = value


class ServerForm(_Face):
    """The form in code of the server."""


class ClientForm(_Face):
    """The form in code of the client."""

    def methods(self) -> Methods:
        form, client = self.form, self.form.client
        return {
            "Закрыть": (form.close, 0, 1),
            "Открыта": (lambda: form.open, 0, 0),
            "ПоказатьВыборИзСписка": (self._choose, 2, 2),
            "Записать": (form.write, 0, 1),
            "ПодключитьОбработчикОжидания": (self._wait, 2, 3),
            "ОтключитьОбработчикОжидания": (lambda name: client.unwait(str(name), form), 1, 1),
        }

    def _choose(self, done: Value, choices: Value) -> None:
        self.form.client.choose(done, list(choices.iterate()))

    def _wait(self, name: Value, seconds: Value, once: Value = False) -> None:
        handler = self.form.running.tree.method(str(name))
        if handler is None or handler.directive.casefold() != "наклиенте":
            raise OnecError(f"Процедура не найдена ({name})")
        self.form.client.wait(str(name), seconds, once, self.form)
