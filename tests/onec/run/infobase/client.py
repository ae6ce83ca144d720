"""A thin client of one user: windows, waiting handlers by the test's clock, calls to the server."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from onec.run.eventlog import EventLog
from onec.run.infobase import dump, form_dump
from onec.run.infobase.carry import carried
from onec.run.infobase.catalogs import CatalogRef
from onec.run.infobase.dump import named
from onec.run.infobase.form import Form
from onec.run.infobase.infobase import Infobase
from onec.run.infobase.notify import NotifyDescription, carry_out
from onec.run.infobase.remote import CommandParameters, RemoteModule
from onec.run.infobase.screen import Notice, Question, Screen
from onec.run.infobase.session import Session
from onec.run.infobase.surroundings import NO_RIGHT
from onec.run.interpreter import Interpreter, ModuleObject, Running
from onec.run.objects import MISSING, OnecError, Unsupported, Value
from onec.run.reference import Reference

SHORTEST_WAIT_S = Decimal("0.1")  # a waiting handler with a shorter interval is refused


@dataclass
class Waiting:
    name: str
    form: Form | None
    interval_s: float
    once: bool
    due: datetime


class Client:
    """Implements World for the client side."""

    def __init__(self, infobase: Infobase, user: str) -> None:
        self.infobase = infobase
        self.session: Session = infobase.session(user)
        self.event_log = EventLog()  # a thin client writes none
        self.zone = infobase.zone
        self.faults = infobase.faults
        self.authorities: str | bool = True
        self.interpreter = Interpreter(self)
        self.screen = Screen()
        self.forms: list[Form] = []
        self._waiting: list[Waiting] = []
        self._modules: dict[str, Running] = {}

    # --- World

    def clock(self) -> datetime:
        return self.infobase.clock()

    def global_property(self, name: str, side: str) -> Value:
        module = named(self.infobase.dump.modules, name)
        if module is None:
            return MISSING
        if module.client:
            return ModuleObject(self._module(module))
        return RemoteModule(self, module) if module.server_call else MISSING

    def global_method(self, name: str, side: str) -> Callable[..., Value] | None:
        known: Mapping[str, Callable[..., Value]] = {
            "открытьформу": self._open_form,
            "показатьпредупреждение": self._warn,
            "показатьоповещениепользователя": self._notice,
            "выполнитьобработкуоповещения": carry_out,
            "оповестить": self._notify,
            "подключитьобработчикожидания": self._wait_globally,
            "отключитьобработчикожидания": lambda name: self.unwait(str(name), None),
            "перейтипонавигационнойссылке": lambda link: self.screen.links.append(str(link)),
            "получитьнавигационнуюссылку": _link,
        }
        return known.get(name.casefold()) or self._global_export(name)

    def new(self, type_name: str, arguments: list[Value], side: str) -> Value | None:
        match type_name.casefold(), arguments:
            case "описаниеоповещения", [method, module, *more] if len(more) < 4:
                return NotifyDescription(method, module, more[0] if more and more[0] is not MISSING else None)
        return None

    # --- what the test does

    def start(self) -> None:
        """The user starts the application: handlers of the application module run."""
        text, path = self.infobase.dump.application_module
        if not text:
            return
        tree = self.infobase.tree(path, text, "client")
        self._application = self.interpreter.load(tree, "МодульУправляемогоПриложения", "client")
        for method in tree.methods:
            if method.annotation and method.annotation.method == "ПриНачалеРаботыСистемы":
                self.guarded(lambda name=method.name: self._application.call(name))

    def run_command(self, name: str) -> None:
        """The user chooses a common command. Raises OnecError when the user does not see it."""
        if not self.session.allowed(f"CommonCommand.{name}", "View"):
            raise OnecError(NO_RIGHT)
        command = self.infobase.dump.commands[name]
        tree = self.infobase.tree(command.path, command.text, "client")
        running = self.interpreter.load(
            tree, f"ОбщаяКоманда.{name}.МодульКоманды", "client", crossing=_no_server_here
        )
        self.guarded(lambda: running.call("ОбработкаКоманды", None, CommandParameters()))

    def call(self, module: str, method: str, *arguments: Value) -> Value:
        """Call an export of a common module as client code would."""
        found = self.global_property(module, "client")
        if found is MISSING:
            raise Unsupported(f"модуль {module} недоступен на клиенте")
        return found.call_by_reference(method, [_reference(one) for one in arguments], as_function=False)

    def tick(self, seconds: float) -> None:
        """Time passes: waiting handlers run when they are due, in order."""
        until = self.clock() + timedelta(seconds=seconds)
        while True:
            due = min(
                (one for one in self._waiting if one.due <= until), key=lambda one: one.due, default=None
            )
            if due is None:
                break
            self.infobase.clock.now = max(self.clock(), due.due)
            if due.once:
                self._waiting.remove(due)
            else:
                due.due = self.clock() + timedelta(seconds=due.interval_s)
            self.guarded(self._handler(due))
        self.infobase.clock.now = until

    def form(self, name: str) -> Form:
        """The only open form of this name."""
        found = self.opened(name)
        if len(found) != 1:
            raise Unsupported(f"открытых форм {name}: {len(found)}")
        return found[0]

    def opened(self, name: str) -> list[Form]:
        return [one for one in self.forms if one.described.name == name]

    def waits(self) -> list[tuple[str, float]]:
        """Waiting handlers and their intervals."""
        return [(one.name, one.interval_s) for one in self._waiting]

    def guarded(self, action: Callable[[], Any]) -> None:
        """An exception nobody caught is a dialog on the screen."""
        try:
            action()
        except OnecError as error:
            self.screen.errors.append(error.text)

    # --- for forms

    def make(self, type_name: str, *arguments: Value) -> Value:
        return self.interpreter.new(type_name, list(arguments), "client")

    def choose(self, done: Value, items: list[Value], text: str = "") -> None:
        """A list to choose from; it is answered with what the user sees, or None."""

        def answer(value: Value) -> None:
            chosen = next((one for one in items if _shown(one) == value), None)
            if value is not None and chosen is None:
                raise Unsupported(f"в списке нет {value!r}")
            self.guarded(lambda: carry_out(done, chosen))

        choices = [(one.get("Значение"), _shown(one)) for one in items]
        self.screen.questions.append(Question(kind="list", text=text, choices=choices, answer=answer))

    def carry_out(self, description: Value, result: Value = None) -> None:
        carry_out(description, result)

    def show(self, form: Form) -> None:
        if form in self.forms:
            return
        self.forms.append(form)
        if not form.opened():
            self.forms.remove(form)

    def activate(self, form: Form) -> None:
        """To the front: the last of the list."""
        if form in self.forms:
            self.forms.remove(form)
            self.forms.append(form)

    def wait(self, name: str, seconds: Value, once: Value, form: Form | None) -> None:
        if not isinstance(seconds, Decimal) or seconds < SHORTEST_WAIT_S:
            raise OnecError("Недопустимое значение параметра (параметр номер '2')")
        if seconds < 1 and once is not True:
            raise OnecError("Недопустимое значение параметра (параметр номер '2')")
        self.unwait(name, form)
        due = self.clock() + timedelta(seconds=float(seconds))
        self._waiting.append(Waiting(name, form, float(seconds), once is True, due))

    def unwait(self, name: str, form: Form | None) -> None:
        self._waiting = [
            one for one in self._waiting if one.form is not form or one.name.casefold() != name.casefold()
        ]

    def forget(self, form: Form) -> None:
        """A closed form waits for nothing."""
        self._waiting = [one for one in self._waiting if one.form is not form]

    # --- inside

    def _module(self, module: dump.CommonModule) -> Running:
        if module.name not in self._modules:
            tree = self.infobase.tree(module.path, module.text, "client")
            self._modules[module.name] = self.interpreter.load(
                tree, f"ОбщийМодуль.{module.name}.Модуль", "client"
            )
        return self._modules[module.name]

    def _global_export(self, name: str) -> Callable[..., Value] | None:
        for module in self.infobase.dump.modules.values():
            if module.is_global and module.client:
                running = self._module(module)
                found = running.tree.method(name)
                if found is not None and found.export:
                    return lambda *arguments: running.call(name, *arguments)
        return None

    def _handler(self, due: Waiting) -> Callable[[], Any]:
        if due.form is not None:
            form = due.form
            return lambda: form.running.call(due.name)
        handler = self._global_export(due.name)
        assert handler is not None
        return handler

    def _wait_globally(self, name: Value, seconds: Value, once: Value = False) -> None:
        if self._global_export(str(name)) is None:
            raise OnecError(f"Процедура не найдена в глобальных модулях ({name})")
        self.wait(str(name), seconds, once, None)

    def _open_form(self, name: Value, parameters: Value = None, *more: Value) -> Value:
        _owner, unique, _window, _link, on_close, _mode = (*more, *[MISSING] * (6 - len(more)))
        kind, _, short = str(name).partition(".")
        described = named(self.infobase.dump.forms, short)
        if kind.casefold() != "общаяформа" or described is None:
            raise OnecError(f"Неизвестное имя формы ({name})")
        given = self._parameters(described, parameters)
        identity = None if unique is MISSING or unique is False else unique
        if identity is not True:
            for form in self.opened(described.name):
                if form.identity == identity and form.keys() == Form.keys_of(described, given):
                    self.activate(form)
                    return form.face
        form = Form(self, described, given)
        form.identity = identity
        form.on_close = None if on_close is MISSING else on_close
        if not form.create():
            return None
        self.show(form)
        return form.face

    def _parameters(self, described: form_dump.Form, parameters: Value) -> Value:
        made = self.make("Структура")
        for name, kind in described.parameters.items():
            made.call("Вставить", [name, kind.default()])
        if parameters not in (None, MISSING):
            for one in parameters.iterate():
                name = str(one.get("Ключ"))
                known = named(described.parameters, name)
                value = carried(one.get("Значение"), self.make)
                made.call("Вставить", [name, known.fit(value) if known else value])
        return made

    def _warn(self, done: Value, text: Value, timeout: Value = MISSING, title: Value = MISSING) -> None:
        def answer(_: Value) -> None:
            self.guarded(lambda: carry_out(done))

        self.screen.questions.append(Question(kind="warning", text=_plain(text), answer=answer))

    def _notice(
        self,
        text: Value,
        action: Value = None,
        explanation: Value = "",
        picture: Value = None,
        status: Value = MISSING,
        key: Value = MISSING,
    ) -> None:
        more = "" if explanation in (MISSING, None) else _plain(explanation)
        link = None if action is MISSING else action
        self.screen.notices.append(Notice(text=_plain(text), explanation=more, link=link))

    def _notify(self, event: Value, parameter: Value = None, source: Value = None) -> None:
        for form in list(self.forms):
            form.notified(
                event, None if parameter is MISSING else parameter, None if source is MISSING else source
            )


def _shown(item: Value) -> str:
    said = item.get("Представление")
    return said if said else str(item.get("Значение"))


def _plain(text: Value) -> str:
    if not isinstance(text, str):
        raise Unsupported(f"пользователю показывают не строку: {text!r}")
    return text


def _link(of: Value) -> str:
    if not isinstance(of, CatalogRef):
        raise Unsupported("ПолучитьНавигационнуюСсылку не от ссылки")
    return of.link()


def _reference(value: Value) -> Any:
    return Reference(value)


def _no_server_here(method: Any, arguments: list[Any]) -> Value:
    raise Unsupported(f"серверный метод в модуле команды ({method.name})")
