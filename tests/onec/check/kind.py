"""What is known of a value without running anything: its type, and of a structure its keys."""

from dataclasses import dataclass, replace

from onec.bsl import tree
from onec.check.platform import Type1C, platform
from onec.check.samples import Unit


@dataclass(frozen=True, kw_only=True)
class Kind:
    """`of`: the object of the dump it belongs to; `keys` of a structure, None: not known."""

    name: str
    of: str = ""
    keys: frozenset[str] | None = None

    @property
    def type(self) -> Type1C | None:
        return platform().type(self.name)


@dataclass(frozen=True, kw_only=True)
class MethodOf:
    """A method with the unit it stands in."""

    unit: Unit
    method: tree.Method


def is_undefined(node: tree.Expression) -> bool:
    return isinstance(node, tree.Literal) and node.value is None and not node.is_null


def of_literal(node: tree.Literal) -> Kind | None:
    names = {"str": "Строка", "bool": "Булево", "Decimal": "Число", "datetime": "Дата"}
    name = names.get(type(node.value).__name__)
    return Kind(name=name) if name else None


def of_new(node: tree.New) -> Kind | None:
    if not node.type_name:
        return None
    kind = Kind(name=node.type_name)
    if node.type_name.casefold() not in ("структура", "фиксированнаяструктура"):
        return kind
    if not node.arguments:
        return replace(kind, keys=frozenset())
    first = node.arguments[0]
    if isinstance(first, tree.Literal) and isinstance(first.value, str):
        return replace(kind, keys=frozenset(one.strip().casefold() for one in first.value.split(",")))
    return kind


def merged(kinds: list[Kind]) -> Kind | None:
    """One kind of several; structures have the keys of all."""
    if len({(one.name.casefold(), one.of) for one in kinds}) != 1:
        return None
    if any(one.keys is None for one in kinds):
        return replace(kinds[0], keys=None)
    keys: frozenset[str] = frozenset().union(*(one.keys or () for one in kinds))
    return replace(kinds[0], keys=keys)
