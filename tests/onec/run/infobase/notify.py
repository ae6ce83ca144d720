"""ОписаниеОповещения, and carrying one out."""

from onec.run.infobase.dump import named
from onec.run.interpreter import ModuleObject, Running
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value


class NotifyDescription(PlatformObject):
    """A method of a client module or a form that will be called with a result."""

    type_name = "ОписаниеОповещения"

    def __init__(self, method: Value, module: Value, more: Value = None) -> None:
        self._running = running_of(module)
        self._method = str(method)
        self._more = more
        found = named(self._running.methods, self._method.casefold())
        if found is None or (not found.export and isinstance(module, ModuleObject)):
            raise OnecError(f"Процедура не найдена или не экспортная ({self._method})")
        if found.directive.casefold() not in ("", "наклиенте"):
            raise OnecError(f"Обработчик оповещения не на клиенте ({self._method})")

    def methods(self):  # type: ignore[no-untyped-def]
        return {}

    def properties(self):  # type: ignore[no-untyped-def]
        return {
            "ДополнительныеПараметры": (lambda: self._more, None),
            "ИмяПроцедуры": (lambda: self._method, None),
        }

    def carry_out(self, result: Value = None) -> None:
        """The handler may have the parameters Результат and ДополнительныеПараметры, or fewer."""
        found = self._running.methods[self._method.casefold()]
        self._running.call(found.name, *[result, self._more][: len(found.parameters)])


def running_of(module: Value) -> Running:
    running = getattr(module, "running", None)
    if not isinstance(running, Running):
        raise Unsupported("ОписаниеОповещения не для модуля и не для формы")
    return running


def carry_out(description: Value, result: Value = None) -> None:
    """Does nothing without a description."""
    if description in (None, MISSING):
        return
    if not isinstance(description, NotifyDescription):
        raise OnecError("Несоответствие типов (ОписаниеОповещения)")
    description.carry_out(result)
