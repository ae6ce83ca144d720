"""Members of values whose type is known."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.check.fields import has_member
from onec.check.findings import Finding, finding
from onec.check.kind import MethodOf
from onec.check.kinds import Kinds
from onec.check.samples import Unit
from onec.check.walk import nodes


def check(unit: Unit, kinds: Kinds) -> Iterator[Finding]:
    for method in unit.tree.methods:
        where = MethodOf(unit=unit, method=method)
        called = {id(node.function) for node in nodes(method.body) if isinstance(node, tree.Call)}
        for node in nodes(method.body):
            if isinstance(node, tree.Member) and id(node) not in called:
                yield from _member(where, kinds, node)
            elif isinstance(node, tree.Index):
                yield from _index(where, kinds, node)
            elif isinstance(node, tree.ForEach):
                yield from _each(where, kinds, node)


def _member(where: MethodOf, kinds: Kinds, node: tree.Member) -> Iterator[Finding]:
    owner = kinds.of(where, node.of)
    if owner is None:
        return
    type_ = owner.type
    if type_ is not None and node.name.casefold() in type_.methods:
        yield finding(where.unit.path, node.place, "member", f"{node.name} of {owner.name} is a method")
    elif not has_member(where.unit, owner, node.name):
        yield finding(
            where.unit.path,
            node.place,
            "member",
            f"{owner.name} {owner.of} has no {node.name}".replace("  ", " "),
        )


def _index(where: MethodOf, kinds: Kinds, node: tree.Index) -> Iterator[Finding]:
    owner = kinds.of(where, node.of)
    if owner is not None and owner.type is not None and not owner.type.indexed:
        yield finding(where.unit.path, node.place, "member", f"{owner.name} has no elements by index")


def _each(where: MethodOf, kinds: Kinds, node: tree.ForEach) -> Iterator[Finding]:
    items = kinds.of(where, node.items)
    if items is not None and items.type is not None and not items.type.each:
        yield finding(where.unit.path, node.place, "member", f"{items.name} cannot be gone through")
