"""What client code sees of the server, and what a command is called with."""

from typing import TYPE_CHECKING, Any

from onec.run.infobase import dump
from onec.run.infobase.carry import across
from onec.run.interpreter import ModuleObject
from onec.run.objects import OnecError, PlatformObject, Value

if TYPE_CHECKING:
    from onec.run.infobase.client import Client


class RemoteModule(PlatformObject):
    """A server module with «Вызов сервера», as client code sees it."""

    type_name = "ОбщийМодуль"

    def __init__(self, client: "Client", module: dump.CommonModule) -> None:
        self._client = client
        self._module = module

    def call_by_reference(self, name: str, arguments: list[Any], *, as_function: bool) -> Value:
        session = self._client.session
        with session.server_call():
            target = ModuleObject(session.module(self._module.name))
            method = target.running.tree.method(name)
            if method is None or not method.export:
                raise OnecError(f"Метод объекта не обнаружен ({name})")
            if len(arguments) > len(method.parameters):
                raise OnecError(f"Слишком много фактических параметров ({name})")
            return across(
                lambda sent: target.call_by_reference(name, sent, as_function=as_function),
                arguments,
                [one.by_value for one in method.parameters][: len(arguments)],
                self._client.make,
            )


class CommandParameters(PlatformObject):
    type_name = "ПараметрыВыполненияКоманды"

    def properties(self) -> Any:
        return {
            "Источник": (lambda: None, None),
            "Уникальность": (lambda: False, None),
            "Окно": (lambda: None, None),
            "НавигационнаяСсылка": (lambda: None, None),
        }
