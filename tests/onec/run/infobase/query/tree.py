"""The tree of a query."""

from dataclasses import dataclass

from onec.run.infobase.fields import FieldType
from onec.run.objects import Value


@dataclass(frozen=True)
class Literal:
    value: Value


@dataclass(frozen=True)
class Parameter:
    name: str


@dataclass(frozen=True)
class Field:
    """`path` after the alias of the source; more than one step goes through references."""

    alias: str
    path: tuple[str, ...]
    type: FieldType


@dataclass(frozen=True)
class Operation:
    """`name`: + - * / = <> < <= > >= И ИЛИ НЕ МИНУС ЕСТЬNULL ПОДСТРОКА ПРЕДСТАВЛЕНИЕ ЕСТЬ МЕЖДУ В ПОДОБНО"""

    name: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True)
class Cases:
    branches: tuple[tuple["Expression", "Expression"], ...]
    otherwise: "Expression"


@dataclass(frozen=True)
class Cast:
    value: "Expression"
    type: FieldType


@dataclass(frozen=True)
class Aggregate:
    """`of` is None for КОЛИЧЕСТВО(*)."""

    name: str
    of: "Expression | None"
    distinct: bool


Expression = Literal | Parameter | Field | Operation | Cases | Cast | Aggregate


@dataclass(frozen=True)
class Source:
    """`join`: "" for the first, ЛЕВОЕ, ВНУТРЕННЕЕ."""

    table: str
    alias: str
    join: str = ""
    condition: Expression | None = None


@dataclass(frozen=True)
class Column:
    name: str
    value: Expression


@dataclass(frozen=True)
class Order:
    """`column` -1: by `value`."""

    column: int
    value: Expression | None
    descending: bool


@dataclass(frozen=True)
class Query:
    columns: tuple[Column, ...]
    sources: tuple[Source, ...]
    where: Expression | None
    groups: tuple[Expression, ...]
    orders: tuple[Order, ...]
    first: int | None
    distinct: bool


def parts(of: Expression) -> tuple[Expression, ...]:
    """The expressions right inside."""
    match of:
        case Operation(_, operands):
            return operands
        case Cases(branches, otherwise):
            return (*(one for branch in branches for one in branch), otherwise)
        case Cast(value, _):
            return (value,)
        case Aggregate(_, inner, _):
            return () if inner is None else (inner,)
    return ()


def aggregated(of: Expression) -> bool:
    return isinstance(of, Aggregate) or any(map(aggregated, parts(of)))
