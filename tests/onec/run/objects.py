"""What every value that is not plain looks like from inside a module.

Plain values: str, decimal.Decimal, bool, datetime.datetime (naive), None (Неопределено), NULL.
"""

from collections.abc import Callable, Iterable
from typing import Any, NoReturn

from onec.bsl.tree import same

Value = Any
NULL = type("Null", (), {"__repr__": lambda _: "Null"})()


class Unsupported(Exception):
    """The interpreter does not know this: a defect of it or of the module, never of the data."""


class OnecError(Exception):
    """An exception of 1C: what Попытка catches.

    Args:
        text: what КраткоеПредставлениеОшибки says.
        cause: the exception below it, for ПодробноеПредставлениеОшибки.
    """

    def __init__(self, text: str, cause: "OnecError | None" = None) -> None:
        super().__init__(text)
        self.text = text
        self.cause = cause


class PlatformObject:
    """An object of the platform, with members looked up by name in whatever case.

    Subclasses list their members: `properties` name -> (getter, setter or None), `methods` name ->
    (function, least number of arguments, greatest number); a member may have a Russian and an English name.
    An argument left out arrives as `MISSING`. A member that is not listed raises OnecError with 1C's text.
    """

    type_name = ""  # as Тип("…") and Строка() have it

    def properties(self) -> "dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]":
        return {}

    def methods(self) -> "dict[str, tuple[Callable[..., Value], int, int]]":
        return {}

    def get(self, name: str) -> Value:
        return self._property(name)[0]()

    def set(self, name: str, value: Value) -> None:
        setter = self._property(name)[1]
        if setter is None:
            raise OnecError(f"Поле объекта недоступно для записи ({name})")
        setter(value)

    def call(self, name: str, arguments: list[Value]) -> Value:
        for known, (function, least, most) in self.methods().items():
            if same(known, name):
                given = len([one for one in arguments if one is not MISSING])
                if len(arguments) > most:
                    raise OnecError(f"Слишком много фактических параметров ({name})")
                if given < least or any(one is MISSING for one in arguments[:least]):
                    raise OnecError(f"Недостаточно фактических параметров ({name})")
                return function(*arguments)
        raise OnecError(f"Метод объекта не обнаружен ({name})")

    def iterate(self) -> Iterable[Value]:
        raise OnecError(f"Итератор для значения не определен ({self.type_name})")

    def index_get(self, key: Value) -> Value:
        self._no_index()

    def index_set(self, key: Value, value: Value) -> None:
        self._no_index()

    def text(self) -> str:
        """What Строка() makes of it."""
        return self.type_name

    def _property(self, name: str) -> "tuple[Callable[[], Value], Callable[[Value], None] | None]":
        for known, accessors in self.properties().items():
            if same(known, name):
                return accessors
        raise OnecError(f"Поле объекта не обнаружено ({name})")

    def _no_index(self) -> NoReturn:
        raise OnecError(f"Получение элемента по индексу для значения не определено ({self.type_name})")


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
