"""What is known of a value without running anything: its type, and of a structure its keys."""

from dataclasses import replace

from onec.bsl import tree
from onec.bsl.tree import same
from onec.check.fields import CARRIED, element, member
from onec.check.kind import Kind, MethodOf, is_undefined, merged, of_literal, of_new
from onec.check.methods import callee, callers, grows, may_assign, passes
from onec.check.platform import platform
from onec.check.samples import Samples, Unit
from onec.check.walk import nodes


class Kinds:
    """Infers kinds; None: anything."""

    def __init__(self, samples: Samples) -> None:
        self.samples = samples
        self._running: set[int] = set()
        self._locals: dict[tuple[int, str], Kind | None] = {}
        self._calls: dict[int, list[tuple[MethodOf, tree.Call]]] = {}
        self._assigned: dict[int, dict[str, tree.Place]] = {}

    # --- names

    def local(self, where: MethodOf, name: str) -> Kind | None:
        """The kind of a local variable: that of everything assigned to it, if it is one."""
        key = (id(where.method), name.casefold())
        if key not in self._locals:
            self._locals[key] = None  # a variable that depends on itself is anything
            self._locals[key] = self._local(where, name)
        return self._locals[key]

    def _local(self, where: MethodOf, name: str) -> Kind | None:
        found = self._given(where, name)
        for node in nodes(where.method.body):
            match node:
                case tree.Assign(target=tree.Name(name=target), value=value) if same(target, name):
                    if not is_undefined(value):
                        found.append(self.of(where, value))
                case tree.ForEach(name=target, items=items) if same(target, name):
                    found.append(element(self.of(where, items)))
                case tree.ForRange(name=target) if same(target, name):
                    found.append(Kind(name="Число"))
                case tree.Call(arguments=arguments) if passes(arguments, name):
                    if may_assign(self.samples, where, node, name):
                        found.append(None)
        known = [one for one in found if one is not None]
        if len(known) < len(found) or not known:
            return None
        kind = merged(known)
        return kind and self._with_inserted(where, name, kind)

    def _given(self, where: MethodOf, name: str) -> list[Kind | None]:
        """What the callers give for a parameter; nothing for a variable."""
        for index, parameter in enumerate(where.method.parameters):
            if same(parameter.name, name):
                if not self._calls:
                    self._calls = callers(self.samples)
                found: list[Kind | None] = []
                for caller, call in self._calls.get(id(where.method), ()):
                    given = call.arguments[index] if index < len(call.arguments) else None
                    if given is None:
                        found.append(None)
                    elif not is_undefined(given):
                        found.append(self.of(caller, given))
                return found or [None]
        return []

    def _with_inserted(self, where: MethodOf, name: str, kind: Kind) -> Kind:
        """A structure with what Вставить adds to it in this method."""
        if kind.keys is None:
            return kind
        keys = set(kind.keys)
        for node in nodes(where.method.body):
            match node:
                case tree.Call(
                    function=tree.Member(of=tree.Name(name=owner), name=method), arguments=(first, *_)
                ) if same(owner, name) and same(method, "Вставить"):
                    if not (isinstance(first, tree.Literal) and isinstance(first.value, str)):
                        return replace(kind, keys=None)
                    keys.add(first.value.casefold())
                case tree.Call(arguments=arguments) if passes(arguments, name):
                    if grows(self.samples, where, node, name):
                        return replace(kind, keys=None)
        return replace(kind, keys=frozenset(keys))

    # --- expressions

    def of(self, where: MethodOf, node: tree.Expression) -> Kind | None:
        if id(node) in self._running:
            return None
        self._running.add(id(node))
        try:
            return self._of(where, node)
        finally:
            self._running.discard(id(node))

    def _of(self, where: MethodOf, node: tree.Expression) -> Kind | None:
        match node:
            case tree.Literal():
                return of_literal(node)
            case tree.New():
                return of_new(node)
            case tree.Name(name=name):
                return self._name(where, name)
            case tree.Member(of=of, name=name):
                owner = self.of(where, of)
                return member(where.unit, owner, name) if owner else None
            case tree.Call():
                return self._call(where, node)
            case tree.Ternary(yes=yes, no=no):
                left, right = self.of(where, yes), self.of(where, no)
                return left if left == right else None
            case tree.Await():
                return None
            case tree.Binary(operator=operator, left=left):
                if operator in ("И", "Или", "=", "<>", "<", "<=", ">", ">="):
                    return Kind(name="Булево")
                return self.of(where, left) if operator != "-" else None
        return None

    def _name(self, where: MethodOf, name: str) -> Kind | None:
        if self.assigned(where.method, name):
            return self.local(where, name)
        if any(same(one, name) for declared in where.unit.tree.variables for one in declared.names):
            return None
        if where.unit.form is not None:
            in_form = self._in_form(where.unit, name)
            if in_form is not None:
                return in_form
            if any(same(one, name) for one in where.unit.form.attributes):
                return None
        known = platform().properties.get(name.casefold())
        return Kind(name=known.type) if known and known.type != "?" else None

    def _in_form(self, unit: Unit, name: str) -> Kind | None:
        if any(same(name, one) for one in ("ЭтаФорма", "ЭтотОбъект")):
            return Kind(name="Форма")
        if same(name, "Элементы"):
            return Kind(name="ЭлементыФормы")
        if same(name, "Параметры"):
            return Kind(name="ПараметрыФормы")
        for attribute, type_name in unit.form.attributes.items() if unit.form else ():
            if same(attribute, name):
                return {
                    "ConstantsSet": Kind(name="КонстантыНабор"),
                    "string": Kind(name="Строка"),
                    "boolean": Kind(name="Булево"),
                    "dateTime": Kind(name="Дата"),
                    "decimal": Kind(name="Число"),
                }.get(type_name)
        return None

    def assigned(self, method: tree.Method, name: str) -> bool:
        """Whether a name is a parameter or a local variable of a method."""
        if id(method) not in self._assigned:
            self._assigned[id(method)] = locals_of(method)
        return name.casefold() in self._assigned[id(method)]

    def _call(self, where: MethodOf, call: tree.Call) -> Kind | None:
        called = callee(self.samples, where.unit, call)
        if called is not None:
            return self.returned(called)
        match call.function:
            case tree.Name(name=name):
                known = platform().methods.get(name.casefold())
                return Kind(name=known.result) if known and known.result not in ("", "?") else None
            case tree.Member(of=of, name=name):
                owner = self.of(where, of)
                type_ = owner.type if owner else None
                method = type_.methods.get(name.casefold()) if type_ else None
                if owner is None or method is None or method.result in ("", "?"):
                    return None
                carried = owner.of if method.result.startswith(CARRIED) else ""
                return Kind(name=method.result, of=carried)
        return None

    def returned(self, callee: MethodOf) -> Kind | None:
        """What a function of the samples returns."""
        found = [
            self.of(callee, node.value)
            for node in nodes(callee.method.body)
            if isinstance(node, tree.Return) and node.value is not None and not is_undefined(node.value)
        ]
        return (
            None if not found or any(one is None for one in found) else merged([one for one in found if one])
        )


def locals_of(method: tree.Method) -> dict[str, tree.Place]:
    """Parameters and variables of a method, in lower case, with the place of the first."""
    found = {one.name.casefold(): one.place for one in method.parameters}
    for node in nodes(method.body):
        match node:
            case tree.Assign(target=tree.Name(name=name, place=place)):
                found.setdefault(name.casefold(), place)
            case tree.ForEach(name=name, place=place) | tree.ForRange(name=name, place=place):
                found.setdefault(name.casefold(), place)
            case tree.Variables(names=names, place=place):
                for one in names:
                    found.setdefault(one.casefold(), place)
    return found
