"""Which method a call calls, and what it does to the variables it is given."""

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.kind import MethodOf
from onec.check.samples import Samples, Unit
from onec.check.walk import nodes


def callee(samples: Samples, unit: Unit, call: tree.Call) -> MethodOf | None:
    """The method of the samples that a call calls."""
    match call.function:
        case tree.Name(name=name):
            method = unit.tree.method(name)
            if method is not None:
                return MethodOf(unit=unit, method=method)
            for one in samples.seen_from(unit):
                method = one.tree.method(name) if "Global" in one.flags else None
                if method is not None and method.export:
                    return MethodOf(unit=one, method=method)
        case tree.Member(of=of, name=name):
            module = object_module(samples, unit, of)
            if isinstance(of, tree.Name):
                module = samples.module(unit, of.name)
            method = module.tree.method(name) if module else None
            if module is not None and method is not None:
                return MethodOf(unit=module, method=method)
    return None


def callers(samples: Samples) -> dict[int, list[tuple[MethodOf, tree.Call]]]:
    """By the identity of a method: every call of it in the samples, with the method it stands in."""
    found: dict[int, list[tuple[MethodOf, tree.Call]]] = {}
    for unit in samples.units:
        for method in unit.tree.methods:
            for node in nodes(method.body):
                called = callee(samples, unit, node) if isinstance(node, tree.Call) else None
                if called is not None and isinstance(node, tree.Call):
                    caller = MethodOf(unit=unit, method=method)
                    found.setdefault(id(called.method), []).append((caller, node))
    return found


def object_module(samples: Samples, unit: Unit, owner: tree.Expression) -> Unit | None:
    """The module of the object that a form makes of its main attribute."""
    match owner:
        case tree.Call(function=tree.Name(name=name)) if same(name, "РеквизитФормыВЗначение"):
            objects = (one for one in samples.units if one.kind == "object")
            return next((one for one in objects if one.group == unit.group), None)
    return None


def passes(arguments: tuple[tree.Expression | None, ...], name: str) -> bool:
    return any(isinstance(one, tree.Name) and same(one.name, name) for one in arguments)


def may_assign(samples: Samples, where: MethodOf, call: tree.Call, name: str) -> bool:
    """Whether a call may put another value into a variable: only methods of the samples and Свойство do."""
    called = callee(samples, where.unit, call)
    if called is not None:
        for parameter, argument in zip(called.method.parameters, call.arguments, strict=False):
            if isinstance(argument, tree.Name) and same(argument.name, name) and not parameter.by_value:
                return any(
                    isinstance(node, tree.Assign)
                    and isinstance(node.target, tree.Name)
                    and same(node.target.name, parameter.name)
                    for node in nodes(called.method.body)
                )
        return False
    function = call.function
    return isinstance(function, tree.Member) and same(function.name, "Свойство")


def grows(
    samples: Samples, where: MethodOf, call: tree.Call, name: str, seen: frozenset[int] = frozenset()
) -> bool:
    """Whether a call puts new keys into the structure in this variable; only the samples' methods may."""
    called = callee(samples, where.unit, call)
    if called is None or id(called.method) in seen:
        return False
    for parameter, argument in zip(called.method.parameters, call.arguments, strict=False):
        is_it = isinstance(argument, tree.Name) and same(argument.name, name)
        if is_it and _grows_inside(samples, called, parameter.name, seen | {id(called.method)}):
            return True
    return False


def _grows_inside(samples: Samples, where: MethodOf, name: str, seen: frozenset[int]) -> bool:
    for node in nodes(where.method.body):
        match node:
            case tree.Call(function=tree.Member(of=tree.Name(name=owner), name=method)) if same(
                owner, name
            ) and same(method, "Вставить"):
                return True
            case tree.Call(arguments=arguments) if passes(arguments, name):
                if grows(samples, where, node, name, seen):
                    return True
    return False
