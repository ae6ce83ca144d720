"""What crosses between a client and the server: copies, and only of values that can be carried."""

from collections.abc import Callable
from typing import Any

from onec.run.enumerations import EnumerationValue
from onec.run.infobase.catalogs import CatalogRef
from onec.run.objects import MISSING, NULL, PlatformObject, Unsupported, Value
from onec.run.reference import Borrowed, Reference

Make = Callable[..., Value]
UNCHANGED = ("УникальныйИдентификатор", "Тип", "ДвоичныеДанные")


def carried(value: Value, make: Make) -> Value:
    """A copy as it arrives at the other side.

    Args:
        make: a new value of a type of the platform.

    Raises:
        Unsupported: 1C could not carry it to a thin client.
    """
    if value is MISSING or value is NULL or not isinstance(value, PlatformObject):
        return value
    if isinstance(value, CatalogRef | EnumerationValue) or value.type_name in UNCHANGED:
        return value
    match value.type_name:
        case "Структура" | "Соответствие" as kind:
            made = make(kind)
            for one in value.iterate():
                made.call("Вставить", [one.get("Ключ"), carried(one.get("Значение"), make)])
            return made
        case "Массив":
            made = make("Массив")
            for one in value.iterate():
                made.call("Добавить", [carried(one, make)])
            return made
        case "ФиксированнаяСтруктура":
            return make("ФиксированнаяСтруктура", carried(_thawed(value, make), make))
        case "СписокЗначений":
            made = make("СписокЗначений")
            for one in value.iterate():
                made.call("Добавить", [carried(one.get("Значение"), make), one.get("Представление")])
            return made
    raise Unsupported(f"{value.type_name} не передается между клиентом и сервером")


def across(
    call: Callable[[list[Any]], Value], arguments: list[Any], by_value: list[bool], make: Make
) -> Value:
    """Call the other side with copies; what it assigned to parameters without Знач comes back.

    Args:
        call: takes references, or MISSING for an argument left out.
        by_value: of each argument, whether its parameter is Знач.
    """
    sent = [one if one is MISSING else Reference(carried(one.value, make)) for one in arguments]
    result = call(sent)
    for given, one, fixed in zip(arguments, sent, by_value, strict=True):
        if given is not MISSING and not fixed and not isinstance(given, Borrowed):
            given.value = carried(one.value, make)
    return carried(result, make)


def _thawed(value: Value, make: Make) -> Value:
    made = make("Структура")
    for one in value.iterate():
        made.call("Вставить", [one.get("Ключ"), one.get("Значение")])
    return made
