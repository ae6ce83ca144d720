"""Small pieces of 1C's language, run where nothing but a platform is around them: for tests."""

from onec.bsl.parser import parse
from onec.run.interpreter import Interpreter, Running
from onec.run.objects import Value
from onec.run.world import PlainWorld

# 1C has no members of literals and of `Новый …()`
GIVEN = """С = Новый Структура("а, б", 1); М = Новый Массив(3); О = Новый Соответствие;
    Текст = "строка"; Ничто = Неопределено;"""


def loaded(text: str, side: str = "server", world: PlainWorld | None = None) -> Running:
    return Interpreter(world or PlainWorld()).load(parse(text, "test.bsl"), "Модуль", side)


def run(text: str, *arguments: Value, side: str = "server", world: PlainWorld | None = None) -> Value:
    """The result of function Ф of a module."""
    return loaded(text, side, world).call("Ф", *arguments)


def body(statements: str, *, side: str = "server", world: PlainWorld | None = None) -> Value:
    return run(f"Функция Ф() Экспорт\n{statements}\nКонецФункции", side=side, world=world)


def value(expression: str, *, side: str = "server", world: PlainWorld | None = None) -> Value:
    """Of an expression, which may name what `GIVEN` makes."""
    return body(f"{GIVEN} Возврат {expression};", side=side, world=world)
