"""What БлокировкаДанных locks: spaces and fields that the dump has."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.kind import MethodOf
from onec.check.kinds import Kinds
from onec.check.samples import Unit
from onec.check.walk import nodes


def check(unit: Unit, kinds: Kinds) -> Iterator[Finding]:
    for method in unit.tree.methods:
        where = MethodOf(unit=unit, method=method)
        locked: list[str] = []
        for node in nodes(method.body):
            match node:
                case tree.Call(
                    function=tree.Member(of=owner, name=name),
                    arguments=(tree.Literal(value=str() as text), *_),
                ):
                    kind = kinds.of(where, owner)
                    locks = kind is not None and kind.name == "БлокировкаДанных" and same(name, "Добавить")
                    if locks:
                        locked.append(text)
                    if locks and not _exists(unit, text):
                        yield finding(unit.path, node.place, "lock", f"there is no {text}")
                    narrows = kind is not None and kind.name == "ЭлементБлокировкиДанных"
                    dimensions = [one for space in locked for one in _dimensions(unit, space)]
                    if narrows and not any(same(text, one) for one in dimensions):
                        yield finding(unit.path, node.place, "lock", f"{text} is no dimension of {locked}")


def _exists(unit: Unit, space: str) -> bool:
    kind, _, name = space.partition(".")
    if kind == "Константа":
        return any(same(name, one) for one in unit.metadata.constants)
    return kind == "РегистрСведений" and unit.metadata.register(name) is not None


def _dimensions(unit: Unit, space: str) -> tuple[str, ...]:
    register = unit.metadata.register(space.partition(".")[2])
    return register.dimensions if register else ()
