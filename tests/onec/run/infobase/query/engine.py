"""Runs the tree of a query over rows."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from onec.run.infobase.query import tree
from onec.run.infobase.store import Row, folded
from onec.run.objects import NULL, OnecError, PlatformObject, Unsupported, Value

Joined = Mapping[str, Row | None]  # by alias; None: nothing was joined from the left
Rows = Callable[[str], Iterable[Row]]


def run(query: tree.Query, rows: Rows, parameters: Mapping[str, Value]) -> list[tuple[Value, ...]]:
    """The rows of the result.

    Args:
        rows: of a table; may refuse for want of rights.
        parameters: names in lower case.
    """
    return _Run(rows, parameters).query(query)


class _Run:
    def __init__(self, rows: Rows, parameters: Mapping[str, Value]) -> None:
        self._rows = rows
        self._parameters = parameters

    def query(self, query: tree.Query) -> list[tuple[Value, ...]]:
        joined = self._joined(query.sources)
        if query.where is not None:
            joined = [one for one in joined if self._value(query.where, [one]) is True]
        grouped = bool(query.groups) or any(tree.aggregated(one.value) for one in query.columns)
        groups = self._grouped(query.groups, joined) if grouped else [[one] for one in joined]
        made = [(group, tuple(self._value(one.value, group) for one in query.columns)) for group in groups]
        if query.distinct:
            kept: dict[Any, Any] = {}
            for group, row in made:
                kept.setdefault(tuple(map(_comparable, row)), (group, row))
            made = list(kept.values())
        if query.orders:
            made.sort(key=cmp_to_key(lambda one, other: self._order(query.orders, one, other)))
        return [row for _, row in made][: query.first]

    def _joined(self, sources: tuple[tree.Source, ...]) -> list[Joined]:
        made: list[Joined] = [{sources[0].alias: row} for row in self._rows(sources[0].table)]
        for source in sources[1:]:
            others = list(self._rows(source.table))
            wider: list[Joined] = []
            for one in made:
                pairs = [{**one, source.alias: row} for row in others]
                found = [pair for pair in pairs if self._value(source.condition, [pair]) is True]
                if not found and source.join == "ЛЕВОЕ":
                    found = [{**one, source.alias: None}]
                wider += found
            made = wider
        return made

    def _grouped(self, groups: tuple[tree.Expression, ...], joined: list[Joined]) -> list[list[Joined]]:
        """Without СГРУППИРОВАТЬ everything is one group, and so is nothing."""
        if not groups:
            return [joined]
        found: dict[Any, list[Joined]] = {}
        for one in joined:
            key = tuple(_comparable(self._value(group, [one])) for group in groups)
            found.setdefault(key, []).append(one)
        return list(found.values())

    def _order(
        self,
        orders: tuple[tree.Order, ...],
        one: tuple[list[Joined], tuple[Value, ...]],
        other: tuple[list[Joined], tuple[Value, ...]],
    ) -> int:
        for order in orders:
            values = [
                row[order.column] if order.value is None else self._value(order.value, group)
                for group, row in (one, other)
            ]
            found = _sorted(*values)
            if found:
                return -found if order.descending else found
        return 0

    def _value(self, of: tree.Expression | None, group: list[Joined]) -> Value:
        match of:
            case tree.Literal(value):
                return value
            case tree.Parameter(name):
                if name.lower() not in self._parameters:
                    raise Unsupported(f"запрос: не задано значение параметра {name}")
                return self._parameters[name.lower()]
            case tree.Field(alias, path, _):
                return _field(group[0][alias], path)
            case tree.Cases(branches, otherwise):
                for condition, value in branches:
                    if self._value(condition, group) is True:
                        return self._value(value, group)
                return self._value(otherwise, group)
            case tree.Cast(value, kind):
                found = self._value(value, group)
                return found if found is NULL else kind.fit(found)
            case tree.Aggregate():
                return self._aggregate(of, group)
            case tree.Operation(name, operands):
                return self._operation(name, operands, group)
        raise AssertionError(of)

    def _aggregate(self, of: tree.Aggregate, group: list[Joined]) -> Value:
        if of.of is None:
            return Decimal(len(group))
        values = [value for value in (self._value(of.of, [one]) for one in group) if value is not NULL]
        if of.distinct:
            values = list({_comparable(value): value for value in values}.values())
        match of.name:
            case "КОЛИЧЕСТВО":
                return Decimal(len(values))
            case "СУММА":
                return sum(values, Decimal(0)) if values else NULL
        if not values:
            return NULL
        ordered = sorted(values, key=cmp_to_key(_sorted))
        return ordered[-1 if of.name == "МАКСИМУМ" else 0]

    def _operation(self, name: str, operands: tuple[tree.Expression, ...], group: list[Joined]) -> Value:
        if name in ("И", "ИЛИ"):
            return _logic(name, [self._value(one, group) for one in operands])
        if name == "В":
            return self._among(operands, group)
        values = [self._value(one, group) for one in operands]
        if name == "ЕСТЬ":
            return values[0] is NULL
        if name == "ЕСТЬNULL":
            return values[1] if values[0] is NULL else values[0]
        if any(one is NULL for one in values):
            return NULL
        return _PLAIN[name](*values) if name in _PLAIN else _compare(name, *values)

    def _among(self, operands: tuple[tree.Expression, ...], group: list[Joined]) -> Value:
        """A parameter of a list may be an array or a list of values."""
        value = self._value(operands[0], group)
        if value is NULL:
            return NULL
        listed: list[Value] = []
        for one in operands[1:]:
            given = self._value(one, group)
            if isinstance(one, tree.Parameter) and _is_list(given):
                listed += [_listed(item) for item in given.iterate()]
            else:
                listed.append(given)
        return any(_compare("=", value, one) is True for one in listed if one is not NULL)


def _listed(item: Value) -> Value:
    return item.get("Значение") if getattr(item, "type_name", "") == "ЭлементСпискаЗначений" else item


def _field(row: Row | None, path: tuple[str, ...]) -> Value:
    if row is None:
        return NULL
    value = row[path[0]]
    for step in path[1:]:
        if value is None or value is NULL:
            return NULL
        value = value.field(step)
    return value


def _is_list(value: Value) -> bool:
    return isinstance(value, PlatformObject) and not hasattr(value, "field")


def _comparable(value: Value) -> Value:
    """Equal for what a database takes for equal, and of its own kind."""
    return (_kind(value), folded(value))


def _kind(value: Value) -> int:
    match value:
        case None:
            return 1
        case bool():
            return 2
        case Decimal() | int():
            return 3
        case datetime():
            return 4
        case str():
            return 5
    return 0 if value is NULL else 6


def _sorted(one: Value, other: Value) -> int:
    kinds = _kind(one), _kind(other)
    if kinds[0] != kinds[1]:
        return -1 if kinds[0] < kinds[1] else 1
    if kinds[0] in (0, 1):
        return 0
    if kinds[0] == 6:
        one, other = one.text(), other.text()
    one, other = folded(one), folded(other)
    return (one > other) - (one < other)


def _compare(name: str, one: Value, other: Value) -> bool:
    if name in ("=", "<>"):
        return (_comparable(one) == _comparable(other)) is (name == "=")
    if _kind(one) != _kind(other) or _kind(one) not in (3, 4, 5):
        raise OnecError(f'Неверные параметры "{name}"')
    found = _sorted(one, other)
    return {"<": found < 0, "<=": found <= 0, ">": found > 0, ">=": found >= 0}[name]


def _logic(name: str, values: list[Value]) -> Value:
    for one in values:
        if one is not NULL and not isinstance(one, bool):
            raise OnecError(f'Неверные параметры "{name}"')
    deciding = name == "ИЛИ"
    if any(one is deciding for one in values):
        return deciding
    return NULL if NULL in values else not deciding


def _not(value: Value) -> bool:
    if not isinstance(value, bool):
        raise OnecError('Неверные параметры "НЕ"')
    return not value


def _like(value: Value, pattern: Value, escape: Value) -> bool:
    """% any text, _ any character, […] one of, [^…] none of; without regard to case."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        raise OnecError('Неверные параметры "ПОДОБНО"')
    made, at = [], 0
    while at < len(pattern):
        one = pattern[at]
        at += 1
        if escape and one == escape and at < len(pattern):
            made.append(re.escape(pattern[at]))
            at += 1
        elif one == "%":
            made.append(".*")
        elif one == "_":
            made.append(".")
        elif one == "[" and "]" in pattern[at:]:
            end = pattern.index("]", at)
            inside = pattern[at:end]
            kept = "^" if inside.startswith("^") else ""
            made.append(f"[{kept}{inside[len(kept) :]}]")
            at = end + 1
        else:
            made.append(re.escape(one))
    return re.fullmatch("".join(made), value, re.IGNORECASE | re.DOTALL) is not None


def _plus(one: Value, other: Value) -> Value:
    if _kind(one) != _kind(other) or _kind(one) not in (3, 5):
        raise OnecError('Неверные параметры "+"')
    return one + other


def _numbers(count: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Value, Value], Value]:
    def counted(one: Value, other: Value) -> Value:
        if _kind(one) != 3 or _kind(other) != 3:
            raise OnecError("Неверные параметры арифметической операции")
        return count(one, other)

    return counted


def _substring(text: Value, first: Value, length: Value) -> Value:
    if not isinstance(text, str):
        raise OnecError('Неверные параметры "ПОДСТРОКА"')
    return text[int(first) - 1 : int(first) - 1 + int(length)]


def _presentation(value: Value) -> Value:
    if isinstance(value, PlatformObject):
        return value.text()
    if not isinstance(value, str):
        raise Unsupported("запрос: ПРЕДСТАВЛЕНИЕ числа или даты")
    return value


_PLAIN: Mapping[str, Callable[..., Value]] = {
    "+": _plus,
    "-": _numbers(lambda one, other: one - other),
    "*": _numbers(lambda one, other: one * other),
    "/": _numbers(lambda one, other: one / other),
    "МИНУС": lambda one: -one,
    "НЕ": _not,
    "ПОДОБНО": _like,
    "МЕЖДУ": lambda value, low, high: _compare(">=", value, low) and _compare("<=", value, high),
    "ПОДСТРОКА": _substring,
    "ПРЕДСТАВЛЕНИЕ": _presentation,
}
