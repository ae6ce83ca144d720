"""Variables that are read before they have a value, or never read; what a bare name means."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.findings import Finding, finding
from onec.check.kind import MethodOf
from onec.check.platform import platform
from onec.check.samples import TWO_SIDED, Samples, Unit
from onec.check.walk import nodes

_OF_FORM = (
    "ЭтаФорма",
    "ЭтотОбъект",
    "Элементы",
    "Параметры",
    "Заголовок",
    "Модифицированность",
    "ТолькоПросмотр",
    "УникальныйИдентификатор",
    "КлючУникальности",
    "ВладелецФормы",
)
_NO_CONTEXT = ("НаСервереБезКонтекста", "НаКлиентеНаСервереБезКонтекста")


def has_context(unit: Unit, method: tree.Method | None) -> bool:
    """Whether the form, or the object, is there."""
    if unit.kind == "form":
        return method is not None and method.directive not in _NO_CONTEXT
    return unit.kind in ("object", "ordinary")


def context_names(unit: Unit) -> tuple[str, ...]:
    """What a form or an object adds to the names of its module."""
    if unit.form is not None:
        return (*_OF_FORM, *unit.form.attributes)
    return ("ЭтотОбъект", "ЭтаФорма", "ЭлементыФормы") if unit.kind in ("object", "ordinary", "form") else ()


def available(samples: Samples, unit: Unit, name: str) -> frozenset[str] | None:
    """The sides on which a name of the global context or a common module exists; None: nowhere."""
    module = samples.module(unit, name)
    if module is not None:
        return module_sides(module)
    foreign = samples.foreign.get(name.casefold())
    if foreign is not None and unit.path.startswith(("external_processor/", "extension_bsp/", "modules/")):
        return foreign.sides
    known = platform().properties.get(name.casefold())
    return known.sides if known else None


def module_sides(module: Unit) -> frozenset[str]:
    """Where a common module can be called from."""
    found = set()
    if "Server" in module.flags:
        found.add("server")
    if "ClientManagedApplication" in module.flags or "ServerCall" in module.flags:
        found.add("thin")
    return frozenset(found)


def check(samples: Samples, unit: Unit) -> Iterator[Finding]:
    for method in unit.tree.methods:
        yield from _Method(samples, MethodOf(unit=unit, method=method)).check()
        yield from _never_read(unit, method)


class _Method:
    def __init__(self, samples: Samples, where: MethodOf) -> None:
        self.samples = samples
        self.unit = where.unit
        self.where = where
        self.known = {one.name.casefold() for one in where.method.parameters}

    def check(self) -> Iterator[Finding]:
        yield from self._block(self.where.method.body)

    def _block(self, block: tuple[tree.Statement, ...]) -> Iterator[Finding]:
        for statement in block:
            yield from self._statement(statement)

    def _statement(self, node: tree.Statement) -> Iterator[Finding]:
        match node:
            case tree.Assign(target=tree.Name(name=name) as target):
                yield from self._read(node.value)
                if self._is_of_form(name) and not has_context(self.unit, self.where.method):
                    yield from self._name(target)
                self.known.add(name.casefold())
            case tree.Variables(names=names):
                self.known |= {one.casefold() for one in names}
            case tree.ForEach(name=name, items=items, body=body):
                yield from self._read(items)
                self.known.add(name.casefold())
                yield from self._block(body)
            case tree.ForRange(name=name, first=first, last=last, body=body):
                yield from self._read(first)
                yield from self._read(last)
                self.known.add(name.casefold())
                yield from self._block(body)
            case tree.If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from self._read(branch.condition)
                    yield from self._block(branch.body)
                yield from self._block(otherwise or ())
            case tree.While(condition=condition, body=body):
                yield from self._read(condition)
                yield from self._block(body)
            case tree.Try(body=body, handler=handler):
                yield from self._block(body)
                yield from self._block(handler)
            case _:
                yield from self._read(node)

    def _is_of_form(self, name: str) -> bool:
        return name.casefold() not in self.known and any(same(name, one) for one in context_names(self.unit))

    def _read(self, node: tree.Node) -> Iterator[Finding]:
        called = {id(one.function) for one in nodes(node) if isinstance(one, tree.Call)}
        for one in nodes(node):
            if isinstance(one, tree.Name) and id(one) not in called:
                yield from self._name(one)

    def _name(self, node: tree.Name) -> Iterator[Finding]:
        name, unit, method = node.name, self.unit, self.where.method
        if name.casefold() in self.known:
            return
        if any(same(name, one) for declared in unit.tree.variables for one in declared.names):
            return
        if self._is_of_form(name):
            if not has_context(unit, method):
                yield finding(unit.path, node.place, "context", f"{name}: {method.name} has no form")
            return
        sides = available(self.samples, unit, name)
        if sides is None:
            yield finding(unit.path, node.place, "variable", f"{name} has no value here")
        elif not unit.method_sides(method) <= sides:
            where = ", ".join(sorted(unit.method_sides(method) - sides))
            yield finding(unit.path, node.place, "side", f"{name} does not exist here: {where}")


def _never_read(unit: Unit, method: tree.Method) -> Iterator[Finding]:
    """Variables to which a value is given in vain: often a slip of the keyboard."""
    outer = {one.casefold() for one in context_names(unit)}
    outer |= {one.casefold() for declared in unit.tree.variables for one in declared.names}
    outer |= {one.name.casefold() for one in method.parameters}
    targets = {}
    written = set()
    for node in nodes(method.body):
        if isinstance(node, tree.Assign) and isinstance(node.target, tree.Name):
            targets.setdefault(node.target.name.casefold(), node.target)
            written.add(id(node.target))
    read = {
        node.name.casefold()
        for node in nodes(method.body)
        if isinstance(node, tree.Name) and id(node) not in written
    }
    for name, target in targets.items():
        if name not in read and name not in outer:
            yield finding(unit.path, target.place, "never read", f"{target.name} is never read")


def check_unused_methods(unit: Unit, called_by_name: frozenset[str]) -> Iterator[Finding]:
    """Methods that nothing calls; `called_by_name`: those in XML and strings, in lower case."""
    called = {
        node.function.name.casefold()
        for node in nodes((*(one.body for one in unit.tree.methods), unit.tree.body))
        if isinstance(node, tree.Call) and isinstance(node.function, tree.Name)
    }
    for method in unit.tree.methods:
        wanted = method.export or method.annotation or unit.kind in ("service", "ordinary")
        if wanted or method.name.casefold() in called | called_by_name:
            continue
        if unit.kind in TWO_SIDED and unit.form is None:
            continue
        yield finding(unit.path, method.place, "unused", f"nothing calls {method.name}")
