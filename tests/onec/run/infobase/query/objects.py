"""Запрос, its result and the selection from it, as a module sees them."""

from collections.abc import Callable
from decimal import Decimal

from onec.run.infobase.query import engine
from onec.run.infobase.query.engine import Rows
from onec.run.infobase.query.expressions import Tables
from onec.run.infobase.query.parser import parse
from onec.run.infobase.surroundings import Surroundings
from onec.run.objects import OnecError, PlatformObject, Unsupported, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


class QueryObject(PlatformObject):
    type_name = "Запрос"

    def __init__(self, session: Surroundings, tables: Tables, rows: Rows, text: str = "") -> None:
        self._session = session
        self._tables = tables
        self._rows = rows
        self._text = text
        self._parameters = session.make("Структура")

    def properties(self) -> Properties:
        return {"Текст": (lambda: self._text, self._assign), "Параметры": (lambda: self._parameters, None)}

    def methods(self) -> Methods:
        return {"УстановитьПараметр": (self._set, 2, 2), "Выполнить": (self._run, 0, 0)}

    def _assign(self, text: Value) -> None:
        self._text = str(text)

    def _set(self, name: Value, value: Value) -> None:
        self._parameters.call("Вставить", [name, value])

    def _run(self) -> Value:
        query = parse(self._text, self._tables)
        given = {str(one.get("Ключ")).lower(): one.get("Значение") for one in self._parameters.iterate()}
        columns = [one.name for one in query.columns]
        if len({one.casefold() for one in columns}) != len(columns):
            raise Unsupported(f"запрос: имена колонок повторяются ({', '.join(columns)})")
        return QueryResult(self._session, columns, engine.run(query, self._rows, given))


class QueryResult(PlatformObject):
    type_name = "РезультатЗапроса"

    def __init__(self, session: Surroundings, columns: list[str], rows: list[tuple[Value, ...]]) -> None:
        self._session = session
        self._columns = columns
        self._rows = rows

    def methods(self) -> Methods:
        return {
            "Пустой": (lambda: not self._rows, 0, 0),
            "Выбрать": (lambda: QuerySelection(self._columns, self._rows), 0, 0),
            "Выгрузить": (self._table, 0, 0),
        }

    def _table(self) -> Value:
        made = self._session.make("ТаблицаЗначений")
        for name in self._columns:
            made.get("Колонки").call("Добавить", [name])
        for values in self._rows:
            row = made.call("Добавить", [])
            for name, value in zip(self._columns, values, strict=True):
                row.set(name, value)
        return made


class QuerySelection(PlatformObject):
    type_name = "ВыборкаИзРезультатаЗапроса"

    def __init__(self, columns: list[str], rows: list[tuple[Value, ...]]) -> None:
        self._columns = columns
        self._rows = rows
        self._at = -1

    def properties(self) -> Properties:
        return {name: (self._getter(at), None) for at, name in enumerate(self._columns)}

    def methods(self) -> Methods:
        return {
            "Следующий": (self._next, 0, 0),
            "Количество": (lambda: Decimal(len(self._rows)), 0, 0),
            "Сбросить": (self._reset, 0, 0),
        }

    def _getter(self, column: int) -> Callable[[], Value]:
        def value() -> Value:
            if not 0 <= self._at < len(self._rows):
                raise OnecError("Выборка не установлена на запись")
            return self._rows[self._at][column]

        return value

    def _next(self) -> bool:
        self._at = min(self._at + 1, len(self._rows))
        return self._at < len(self._rows)

    def _reset(self) -> None:
        self._at = -1
