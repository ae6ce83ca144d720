"""Methods and forms that are named in a string or in the dump's XML."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.kind import Kind, MethodOf
from onec.check.kinds import Kinds
from onec.check.names import module_sides
from onec.check.samples import Samples, Unit
from onec.check.walk import nodes

_WAITING = ("ПодключитьОбработчикОжидания", "ОтключитьОбработчикОжидания")
_OPENING = ("ОткрытьФорму", "ПолучитьФорму")
_START = tree.Place(line=1, column=1)


def called_by_name(unit: Unit) -> frozenset[str]:
    """Methods that a string of the module or the form's XML names, in lower case."""
    handlers = unit.form.handlers if unit.form else frozenset()
    return frozenset(one.casefold() for one in (*handlers, *_strings(unit)))


def _strings(unit: Unit) -> Iterator[str]:
    for node in nodes(tuple(one.body for one in unit.tree.methods)):
        match node:
            case tree.New(type_name=name, arguments=(tree.Literal(value=str() as value), *_)):
                if same(name, "ОписаниеОповещения"):
                    yield value
            case tree.Call(function=tree.Name(name=name), arguments=(tree.Literal(value=str() as value), *_)):
                if any(same(name, one) for one in _WAITING):
                    yield value


def check(samples: Samples, unit: Unit, kinds: Kinds) -> Iterator[Finding]:
    yield from _from_xml(samples, unit)
    for method in unit.tree.methods:
        where = MethodOf(unit=unit, method=method)
        for node in nodes(method.body):
            match node:
                case tree.New(type_name=name) if same(name, "ОписаниеОповещения"):
                    yield from _notification(samples, where, node)
                case tree.Call(function=tree.Name(name=name), arguments=(first, *_)):
                    if any(same(name, one) for one in _WAITING):
                        yield from _waiting(samples, where, node, first)
                    elif any(same(name, one) for one in _OPENING):
                        yield from _opening(samples, where, node, kinds)


def _from_xml(samples: Samples, unit: Unit) -> Iterator[Finding]:
    if unit.kind == "form" and unit.form is not None:
        for name in sorted(unit.form.handlers):
            if unit.tree.method(name) is None:
                yield finding(unit.path, _START, "handler", f"the form names {name}")
    if unit.kind == "service":
        handlers = [facts for name, facts in unit.metadata.services.items() if f"/{name}/" in unit.path]
        for name, parameters in (handlers[0] if handlers else {}).items():
            method = unit.tree.method(name)
            if method is None or not method.is_function or len(method.parameters) != parameters:
                yield finding(unit.path, _START, "handler", f"the service names {name} with {parameters}")
    if unit.kind == "command" and unit.tree.method("ОбработкаКоманды") is None:
        yield finding(unit.path, _START, "handler", "a command needs ОбработкаКоманды")
    for path in unit.metadata.jobs.values():
        _, module, name = path.split(".")
        if unit.kind == "common" and same(unit.name, module):
            method = unit.tree.method(name)
            if method is None or not method.export or any(one.default is None for one in method.parameters):
                yield finding(unit.path, _START, "handler", f"a scheduled job names {name}")


def _notification(samples: Samples, where: MethodOf, node: tree.New) -> Iterator[Finding]:
    unit = where.unit
    match node.arguments:
        case (tree.Literal(value=str() as handler), tree.Name(name=owner), *_):
            own = any(same(owner, one) for one in ("ЭтотОбъект", "ЭтаФорма"))
            target = unit if own else samples.module(unit, owner)
            if target is None:
                yield finding(unit.path, node.place, "handler", f"{owner} is neither the form nor a module")
                return
            method = target.tree.method(handler)
            if method is None or not method.export or len(method.parameters) not in (1, 2):
                yield finding(unit.path, node.place, "handler", f"{owner} has no such handler: {handler}")
            elif "thin" not in (target.method_sides(method) if own else module_sides(target)):
                yield finding(unit.path, node.place, "handler", f"{handler} is not on the client")
        case _:
            yield finding(unit.path, node.place, "handler", "a notification names a method and its module")


def _waiting(
    samples: Samples, where: MethodOf, node: tree.Call, first: tree.Expression | None
) -> Iterator[Finding]:
    if not (isinstance(first, tree.Literal) and isinstance(first.value, str)):
        yield finding(where.unit.path, node.place, "handler", "a waiting handler is named by a constant")
        return
    method = None
    if where.unit.kind == "form":
        method = where.unit.tree.method(first.value)
    else:
        for one in samples.seen_from(where.unit):
            found = one.tree.method(first.value) if "Global" in one.flags else None
            method = found if found is not None and found.export else method
    if method is None or method.parameters or method.is_function:
        yield finding(where.unit.path, node.place, "handler", f"no such waiting handler: {first.value}")
    elif where.unit.kind == "form" and method.directive != "НаКлиенте":
        yield finding(where.unit.path, node.place, "handler", f"{first.value} is not on the client")


def _opening(samples: Samples, where: MethodOf, node: tree.Call, kinds: Kinds) -> Iterator[Finding]:
    unit = where.unit
    first = node.arguments[0]
    if not (isinstance(first, tree.Literal) and isinstance(first.value, str)):
        return
    folder, _, name = first.value.partition(".")
    if folder != "ОбщаяФорма":
        yield finding(unit.path, node.place, "form", f"no such form: {first.value}")
        return
    forms = [form for one in samples.units for form in one.metadata.forms.items()]
    form = next((one for path, one in forms if path == f"CommonForms/{name}"), None)
    if form is None:
        yield finding(unit.path, node.place, "form", f"no such form: {first.value}")
        return
    if len(node.arguments) > 1 and node.arguments[1] is not None:
        given = kinds.of(where, node.arguments[1])
        for key in sorted((given or Kind(name="")).keys or ()):
            if not any(same(key, one) for one in form.parameters):
                yield finding(unit.path, node.place, "form", f"{name} has no parameter {key}")


def check_events(samples: Samples) -> Iterator[Finding]:
    """Every name that Оповестить sends is awaited by a form, and the other way round."""
    sent: dict[str, tuple[Unit, tree.Place]] = {}
    awaited: dict[str, tuple[Unit, tree.Place]] = {}
    for unit in samples.units:
        for method in unit.tree.methods:
            for node in nodes(method.body):
                match node:
                    case tree.Call(
                        function=tree.Name(name=name), arguments=(tree.Literal(value=str() as event), *_)
                    ) if same(name, "Оповестить"):
                        sent[event] = (unit, node.place)
                    case tree.Binary(
                        operator="=", left=tree.Name(name=name), right=tree.Literal(value=str() as event)
                    ) if same(name, "ИмяСобытия"):
                        awaited[event] = (unit, node.place)
    for event, (unit, place) in sent.items():
        if event not in awaited:
            yield finding(unit.path, place, "event", f"nobody awaits {event}")
    for event, (unit, place) in awaited.items():
        if event not in sent:
            yield finding(unit.path, place, "event", f"nobody sends {event}")
