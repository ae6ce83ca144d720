"""Calls: whether there is such a method, from here, with so many arguments, and whether it has a result."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.check.findings import Finding, finding
from onec.check.kind import MethodOf
from onec.check.kinds import Kinds
from onec.check.methods import callee, object_module
from onec.check.names import available, has_context, module_sides
from onec.check.platform import Callable1C, platform
from onec.check.samples import TWO_SIDED, Samples, Unit
from onec.check.walk import nodes

# Functions of the platform that are also called for what they do.
_FOR_EFFECT = frozenset({"открытьформу", "предупреждениеасинх"})
_NO_CONTEXT = ("НаСервереБезКонтекста", "НаКлиентеНаСервереБезКонтекста")


def check(samples: Samples, unit: Unit, kinds: Kinds) -> Iterator[Finding]:
    for method in unit.tree.methods:
        where = MethodOf(unit=unit, method=method)
        done = {_call_of(node) for node in nodes(method.body) if isinstance(node, tree.Do)}
        for node in nodes(method.body):
            if isinstance(node, tree.Call):
                yield from _Call(samples, kinds, where, node, id(node) in done).check()
            elif isinstance(node, tree.New):
                yield from _new(where, node)


def _call_of(node: tree.Do) -> int:
    return id(node.call.value if isinstance(node.call, tree.Await) else node.call)


class _Call:
    def __init__(self, samples: Samples, kinds: Kinds, where: MethodOf, call: tree.Call, done: bool) -> None:
        self.samples = samples
        self.kinds = kinds
        self.where = where
        self.unit = where.unit
        self.sides = where.unit.method_sides(where.method)
        self.call = call
        self.done = done
        self.name = call.function.name

    def check(self) -> Iterator[Finding]:
        if isinstance(self.call.function, tree.Name):
            yield from self._bare()
        else:
            yield from self._of_member(self.call.function)

    def _bare(self) -> Iterator[Finding]:
        own = self.unit.tree.method(self.name)
        if own is not None:
            yield from self._own(own)
            return
        form = platform().type("Форма")
        if has_context(self.unit, self.where.method) and form and self.name.casefold() in form.methods:
            yield from self._platform(form.methods[self.name.casefold()])
            return
        called = callee(self.samples, self.unit, self.call)
        if called is not None:
            yield from self._module(called.unit)
            return
        known = platform().methods.get(self.name.casefold())
        if known is None:
            yield self._find("method", f"there is no method {self.name}")
            return
        yield from self._platform(known)
        if self.done and known.result and known.name.casefold() not in _FOR_EFFECT:
            yield self._find("lost", f"the result of {self.name} is lost")

    def _own(self, method: tree.Method) -> Iterator[Finding]:
        theirs = self.unit.method_sides(method)
        if "server" in self.sides and "server" not in theirs:
            yield self._find("side", f"{self.name} runs on the client only")
        caller = self.where.method.directive
        if self.unit.kind in TWO_SIDED and caller in _NO_CONTEXT and method.directive not in _NO_CONTEXT:
            yield self._find("context", f"{self.name} needs the form, {self.where.method.name} has none")
        yield from self._arguments(method)

    def _of_member(self, function: tree.Member) -> Iterator[Finding]:
        owner = function.of
        if isinstance(owner, tree.Name) and not self.kinds.assigned(self.where.method, owner.name):
            module = self.samples.module(self.unit, owner.name)
            if module is not None:
                yield from self._module(module)
                return
            foreign = self.samples.foreign.get(owner.name.casefold())
            if foreign is not None and available(self.samples, self.unit, owner.name):
                yield from self._known(foreign.methods.get(self.name.casefold()), owner.name)
                return
        of_object = object_module(self.samples, self.unit, owner)
        if of_object is not None:
            yield from self._exported(of_object)
            return
        kind = self.kinds.of(self.where, owner)
        type_ = kind.type if kind else None
        if kind is None or type_ is None:
            return
        method = type_.methods.get(self.name.casefold())
        if method is None and type_.open and kind.keys is None and kind.name != "Структура":
            return
        yield from self._known(method, kind.name)

    def _known(self, method: Callable1C | None, owner: str) -> Iterator[Finding]:
        if method is None:
            yield self._find("method", f"{owner} has no method {self.name}")
        else:
            yield from self._platform(method)

    def _exported(self, module: Unit) -> Iterator[Finding]:
        method = module.tree.method(self.name)
        if method is None:
            yield self._find("method", f"{module.name or module.path} has no method {self.name}")
            return
        if not method.export:
            yield self._find("export", f"{module.name}.{self.name} is not exported")
        yield from self._arguments(method)

    def _module(self, module: Unit) -> Iterator[Finding]:
        yield from self._exported(module)
        if not self.sides <= module_sides(module) and "thick" not in self.sides:
            yield self._find("side", f"{module.name} cannot be called here")

    def _arguments(self, method: tree.Method) -> Iterator[Finding]:
        given = self.call.arguments
        if len(given) > len(method.parameters):
            yield self._find("arguments", f"too many for {self.name}")
        for index, parameter in enumerate(method.parameters):
            if parameter.default is None and (index >= len(given) or given[index] is None):
                yield self._find("arguments", f"{self.name} needs {parameter.name}")
        if not self.done and not method.is_function:
            yield self._find("procedure", f"{self.name} has no result")

    def _platform(self, method: Callable1C) -> Iterator[Finding]:
        yield from _count(self.unit, self.call.place, method, self.call.arguments)
        if not self.sides <= method.sides:
            yield self._find(
                "side", f"{self.name} does not exist on the {', '.join(self.sides - method.sides)}"
            )
        if not self.done and not method.result:
            yield self._find("procedure", f"{self.name} has no result")

    def _find(self, rule: str, message: str) -> Finding:
        return finding(self.unit.path, self.call.place, rule, message)


def _new(where: MethodOf, node: tree.New) -> Iterator[Finding]:
    if not node.type_name:
        return
    unit = where.unit
    type_ = platform().type(node.type_name)
    if type_ is None or type_.made is None:
        yield finding(unit.path, node.place, "type", f"there is no Новый {node.type_name}")
        return
    yield from _count(unit, node.place, type_.made, node.arguments)
    sides = unit.method_sides(where.method)
    if not sides <= type_.sides:
        yield finding(
            unit.path, node.place, "side", f"{type_.name} is not on the {', '.join(sides - type_.sides)}"
        )


def _count(
    unit: Unit, place: tree.Place, method: Callable1C, given: tuple[tree.Expression | None, ...]
) -> Iterator[Finding]:
    if method.most is not None and len(given) > method.most:
        yield finding(unit.path, place, "arguments", f"too many for {method.name}")
    if len(given) < method.least or any(one is None for one in given[: method.least]):
        yield finding(unit.path, place, "arguments", f"too few for {method.name}")
