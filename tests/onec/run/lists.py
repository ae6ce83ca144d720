"""СписокЗначений: values with presentations and marks."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from onec.run.collections import Array, Methods, Properties, out_of_bounds, wrong_type
from onec.run.objects import MISSING, PlatformObject, Value
from onec.run.registry import Registry
from onec.run.values import equal, to_text, whole

TYPES = Registry()


class ListItem(PlatformObject):
    type_name = "ЭлементСпискаЗначений"

    def __init__(self, value: Value, presentation: str, mark: bool) -> None:
        self.value, self.presentation, self.mark = value, presentation, mark

    def properties(self) -> Properties:
        def setter(name: str) -> Any:
            return lambda value: setattr(self, name, value)

        return {
            "Значение": (lambda: self.value, setter("value")),
            "Представление": (lambda: self.presentation, setter("presentation")),
            "Пометка": (lambda: self.mark, setter("mark")),
        }

    def text(self) -> str:
        return self.presentation or to_text(self.value)


class ValueList(PlatformObject):
    """СписокЗначений"""

    type_name = "СписокЗначений"

    def __init__(self) -> None:
        self.items: list[ListItem] = []

    def methods(self) -> Methods:
        return {
            "Добавить": (self._add, 0, 3),
            "Количество": (lambda: Decimal(len(self.items)), 0, 0),
            "Получить": (self.index_get, 1, 1),
            "НайтиПоЗначению": (self._find, 1, 1),
            "ВыгрузитьЗначения": (lambda: Array(one.value for one in self.items), 0, 0),
            "ЗагрузитьЗначения": (self._load, 1, 1),
            "Удалить": (self._delete, 1, 1),
            "Очистить": (self.items.clear, 0, 0),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self.items)

    def index_get(self, key: Value) -> Value:
        return self.items[whole(key)] if 0 <= whole(key) < len(self.items) else out_of_bounds()

    def filled(self) -> bool:
        return bool(self.items)

    def _add(self, value: Value = MISSING, presentation: Value = MISSING, mark: Value = False) -> Value:
        shown = "" if presentation is MISSING else to_text(presentation)
        self.items.append(ListItem(None if value is MISSING else value, shown, mark is True))
        return self.items[-1]

    def _find(self, value: Value) -> Value:
        return next((one for one in self.items if equal(one.value, value)), None)

    def _load(self, values: Value) -> None:
        if not isinstance(values, Array):
            wrong_type(1)
        self.items[:] = [ListItem(one, "", False) for one in values.items]

    def _delete(self, which: Value) -> None:
        item = which if isinstance(which, ListItem) else self.index_get(which)
        self.items.remove(item)


@TYPES.add("СписокЗначений")
def _list() -> Value:
    return ValueList()
