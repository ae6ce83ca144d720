"""A common form: one set of attributes, a module that runs on both sides, elements, events."""

from typing import TYPE_CHECKING, Any

from onec.bsl import tree
from onec.run.infobase import constants, form_dump
from onec.run.infobase.carry import across
from onec.run.infobase.fields import FieldType
from onec.run.infobase.form_members import ClientForm, FormCommand, FormConstants, FormItem, ServerForm
from onec.run.infobase.records import pairs_of
from onec.run.infobase.surroundings import demand
from onec.run.interpreter import Running
from onec.run.objects import MISSING, OnecError, Unsupported, Value
from onec.run.reference import Reference

if TYPE_CHECKING:
    from onec.run.infobase.client import Client

CONSTANTS = "ConstantsSet"


class Form:
    """An opened form, or one that is being opened; what a test holds."""

    def __init__(self, client: "Client", described: form_dump.Form, parameters: Value) -> None:
        self.client = client
        self.described = described
        self.name = f"ОбщаяФорма.{described.name}"
        self.title = described.title
        self.open = False
        self.modified = False
        self.on_close: Value = None
        self.identity: Value = None  # Уникальность it was opened with
        self.parameters = parameters
        self.waiting: dict[str, str] = {}
        self.values: dict[str, Value] = {}
        for name, kind in described.attributes.items():
            self.values[name] = self._constants_set() if kind == CONSTANTS else _default(kind)
        self.items = {name: FormItem(self, one) for name, one in described.items.items()}
        load, path, text = client.infobase.tree, described.path, described.text
        name = f"ОбщаяФорма.{described.name}.Форма"
        session = client.session
        self._server = session.interpreter.load(
            load(path, text, "server"), name, "server", context=ServerForm(self), crossing=_not_from_server
        )
        self.face = ClientForm(self)
        self.running = client.interpreter.load(
            load(path, text, "client"), name, "client", context=self.face, crossing=self._cross
        )

    # --- what the test does with it

    def __getitem__(self, attribute: str) -> Value:
        """The value of an attribute, or of a constant on the form."""
        return self._place(attribute)[0][self._place(attribute)[1]]

    def type_in(self, item: str, value: Value) -> None:
        """The user changes an element's value. Raises Unsupported when the user could not."""
        element = self.items[item].described
        if not self.items[item].visible or not self.items[item].enabled or self.items[item].read_only:
            raise Unsupported(f"элемент {item} недоступен пользователю")
        place, name = self._place(element.data_path)
        kind = self._kind(element.data_path)
        place[name] = kind.fit(value)
        self.modified = True
        if handler := element.events.get("OnChange"):
            self.client.guarded(lambda: self.running.call(handler, self.items[item]))

    def press(self, command: str) -> None:
        """The user presses the button of a command."""
        buttons = [one for one in self.items.values() if one.described.command == f"Form.Command.{command}"]
        if not any(one.visible and one.enabled for one in buttons):
            raise Unsupported(f"на форме {self.name} нет доступной кнопки {command}")
        handler = self.described.commands[command]
        self.client.guarded(lambda: self.running.call(handler, *self._command(handler, command)))

    def keys(self) -> list[Value]:
        return self.keys_of(self.described, self.parameters)

    @staticmethod
    def keys_of(described: form_dump.Form, parameters: Value) -> list[Value]:
        """The values of key parameters: with others it is another window."""
        given = pairs_of(parameters)
        return [given[name] for name in described.keys]

    # --- events

    def create(self) -> bool:
        """ПриСозданииНаСервере; False when it refused."""
        demand(self.client.session, f"CommonForm.{self.described.name}", "View")
        if self.described.main and self.described.attributes[self.described.main] == CONSTANTS:
            self._read_constants()
        refused = Reference(False)
        with self.client.session.server_call():
            self._on_server("OnCreateAtServer", refused, Reference(True))
        return refused.value is not True

    def opened(self) -> bool:
        """ПриОткрытии; False when it refused."""
        refused = Reference(False)
        self._on_client("OnOpen", refused)
        self.open = refused.value is not True
        return self.open

    def notified(self, event: Value, parameter: Value, source: Value) -> None:
        self._on_client("NotificationProcessing", event, parameter, source)

    def close(self, result: Value = None) -> bool:
        """Handlers may refuse; then the form stays open."""
        refused = Reference(False)
        self._on_client("BeforeClose", refused, False, "", Reference(True))
        if refused.value is True:
            return False
        self._on_client("OnClose", False)
        self.open = False
        self.client.forms.remove(self)
        self.client.forget(self)
        self.client.carry_out(self.on_close, None if result is MISSING else result)
        return True

    def write(self, parameters: Value = MISSING) -> bool:
        """Записать() of a form whose main attribute is a set of constants."""
        if self.described.main == "" or self.described.attributes[self.described.main] != CONSTANTS:
            raise OnecError("Метод объекта не обнаружен (Записать)")
        session = self.client.session
        refused = Reference(False)
        more = self.client.make("Структура") if parameters in (MISSING, None) else parameters
        self._on_client("BeforeWrite", refused, more)
        if refused.value is True:
            return False
        kept: Any = self.values[self.described.main]
        with session.server_call():
            stored = constants.ConstantsSet(session, kept.known)
            stored.values.update(kept.values)
            with session.connection.whole():
                self._on_server("BeforeWriteAtServer", refused, stored, more)
                if refused.value is not True:
                    stored.write()
                    self._on_server("OnWriteAtServer", refused, stored, more)
                if refused.value is True:
                    raise OnecError("Не удалось записать")
            self._on_server("AfterWriteAtServer", stored, more)
            kept.values.update(stored.values)
        self._on_client("AfterWrite", more)
        self.modified = False
        return True

    # --- inside

    def _on_client(self, event: str, *arguments: Value) -> None:
        if handler := self.described.events.get(event):
            self.running.call(handler, *arguments[: len(self._method(handler).parameters)])

    def _on_server(self, event: str, *arguments: Value) -> None:
        if handler := self.described.events.get(event):
            self._server.call(handler, *arguments[: len(self._method(handler).parameters)])

    def _method(self, name: str) -> tree.Method:
        found = self.running.tree.method(name)
        if found is None:
            raise Unsupported(f"в модуле формы {self.name} нет метода {name}")
        return found

    def _command(self, handler: str, command: str) -> list[Value]:
        return [FormCommand(command)][: len(self._method(handler).parameters)]

    def _cross(self, method: tree.Method, arguments: list[Any]) -> Value:
        """A method of the server called on the client."""
        given = [*arguments, *[MISSING] * (len(method.parameters) - len(arguments))]
        with self.client.session.server_call():
            running = self._server
            if method.directive.casefold() == "насерверебезконтекста":
                session = self.client.session
                running = session.interpreter.load(
                    self._server.tree, self._server.name, "server", crossing=_not_from_server
                )
            return across(
                lambda sent: running.invoke(method_of(running, method), sent),
                given,
                [one.by_value for one in method.parameters],
                self.client.make,
            )

    def _place(self, path: str) -> tuple[dict[str, Value], str]:
        first, _, rest = path.partition(".")
        if rest:
            return self.values[first].values, rest
        if path in self.values:
            return self.values, path
        for value in self.values.values():
            if isinstance(value, FormConstants) and path in value.values:
                return value.values, path
        raise Unsupported(f"на форме {self.name} нет {path}")

    def _kind(self, path: str) -> FieldType:
        first, _, rest = path.partition(".")
        if rest:
            return self.client.infobase.dump.constants[rest].type
        kind = self.described.attributes[first]
        if not isinstance(kind, FieldType):
            raise Unsupported(f"значение реквизита {path}")
        return kind

    def _constants_set(self) -> "FormConstants":
        """The constants that the form has elements for."""
        known = self.client.infobase.dump.constants
        used = {one.data_path.partition(".")[2] for one in self.described.items.values()}
        return FormConstants(self, {name: one for name, one in known.items() if name in used})

    def _read_constants(self) -> None:
        session = self.client.session
        kept: Any = self.values[self.described.main]
        stored = constants.ConstantsSet(session, kept.known)
        stored.read()
        kept.values.update(stored.values)


def method_of(running: Running, method: tree.Method) -> tree.Method:
    """The same method in the tree of the other side."""
    return running.methods[method.name.casefold()]


def _not_from_server(method: tree.Method, arguments: list[Any]) -> Value:
    raise OnecError(f"Вызов клиентского метода с сервера ({method.name})")


def _default(kind: str | FieldType) -> Value:
    if not isinstance(kind, FieldType):
        raise Unsupported(f"реквизит формы типа {kind}")
    return kind.default()
