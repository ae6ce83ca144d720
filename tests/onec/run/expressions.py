"""Values of expressions in one run of one method."""

from typing import TYPE_CHECKING, Any

from onec.bsl import tree
from onec.bsl.tree import same
from onec.run import values
from onec.run.asynchrony import Promise
from onec.run.objects import MISSING, NULL, OnecError, PlatformObject, Unsupported, Value
from onec.run.reference import Attribute, Borrowed, Reference

if TYPE_CHECKING:
    from onec.run.interpreter import Running

Argument = Any  # a Reference, or MISSING for an argument left out


class Expressions:
    """The names a body sees, and what expressions of them are worth.

    Args:
        parameters: the first of its local variables.
    """

    def __init__(
        self, running: "Running", parameters: dict[str, Reference], body: tuple[tree.Statement, ...]
    ) -> None:
        self.running = running
        self.interpreter = running.interpreter
        self.side = running.side
        self.body = body
        self.locals = parameters
        self.assigned = running.assigned_in(body)
        for name in running.declared_in(body):
            self.locals.setdefault(name, Reference())

    def at(self, node: tree.Node) -> str:
        """Where a node is, for the developer of a module."""
        return f"{self.running.name}:{node.place.line}"

    @staticmethod
    def literal(node: tree.Literal) -> Value:
        return NULL if node.is_null else node.value

    # --- names

    def name(self, node: tree.Name) -> Value:
        found = self.existing(node.name)
        if found is not None:
            return found.value
        context = self.context_property(node.name)
        if context is not None:
            return context.get(node.name)
        value = self.interpreter.property_of(node.name, self.side)
        if value is MISSING:
            raise Unsupported(f"Переменная не определена ({node.name}), {self.at(node)}")
        return value

    def existing(self, name: str) -> Reference | None:
        """The variable called so, if the method or the module has it."""
        key = name.casefold()
        if key in self.locals:
            return self.locals[key]
        if key in self.running.variables:
            return self.running.variables[key]
        if key in self.assigned and self.context_property(name) is None:
            return self.locals.setdefault(key, Reference())
        return None

    def context_property(self, name: str) -> PlatformObject | None:
        context = self.running.context
        if context is None or name.casefold() in self.locals or name.casefold() in self.running.variables:
            return None
        return context if any(same(one, name) for one in context.properties()) else None

    # --- expressions

    def value(self, node: tree.Expression) -> Value:
        match node:
            case tree.Literal():
                return self.literal(node)
            case tree.Name():
                return self.name(node)
            case tree.Member():
                return self.object(node.of, node.name).get(node.name)
            case tree.Index():
                owner = self.value(node.of)
                if not isinstance(owner, PlatformObject):
                    raise OnecError("Получение элемента по индексу для значения не определено")
                return owner.index_get(self.value(node.index))
            case tree.Call():
                return self.call(node, as_function=True)
            case tree.New():
                return self.new(node)
            case tree.Unary():
                return values.unary(node.operator, self.value(node.operand))
            case tree.Binary():
                return self.binary(node)
            case tree.Ternary():
                chosen = node.yes if values.to_boolean(self.value(node.condition)) else node.no
                return self.value(chosen)
            case tree.Await():
                awaited = self.value(node.value)
                return awaited.result() if isinstance(awaited, Promise) else awaited
        raise Unsupported(f"expression {type(node).__name__}")

    def binary(self, node: tree.Binary) -> Value:
        left = self.value(node.left)
        if node.operator in ("И", "Или"):
            first = values.to_boolean(left)
            if first is (node.operator == "Или"):
                return first
            return values.to_boolean(self.value(node.right))
        return values.binary(node.operator, left, self.value(node.right))

    def object(self, node: tree.Expression, member: str) -> PlatformObject:
        value = self.value(node)
        if not isinstance(value, PlatformObject):
            raise OnecError(f"Значение не является значением объектного типа ({member})")
        return value

    def call(self, node: tree.Call, *, as_function: bool) -> Value:
        if isinstance(node.function, tree.Member):
            name = node.function.name
            self.interpreter.must_know("members", name)
            owner = self.object(node.function.of, name)
            by_reference = getattr(owner, "call_by_reference", None)
            if by_reference is not None:
                return by_reference(name, self.references(node.arguments), as_function=as_function)
            if as_function and _is_procedure(owner, name):
                raise OnecError(f"Обращение к процедуре объекта как к функции ({name})")
            return owner.call(name, self.values(node.arguments))
        name = node.function.name
        own = self.running.methods.get(name.casefold())
        if own is not None:
            if as_function and not own.is_function and not own.is_async:
                raise Unsupported(f"Обращение к процедуре как к функции ({name})")
            given = self.references(node.arguments)
            if not own_fits(own, given):
                raise Unsupported(f"Неверное количество фактических параметров ({name}), {self.at(node)}")
            return self.running.invoke(own, given)
        context = self.running.context
        if context is not None and any(same(one, name) for one in context.methods()):
            return context.call(name, self.values(node.arguments))
        given = self.references(node.arguments)
        result = self.interpreter.call(name, self.side, given, as_function=as_function)
        if result is MISSING:
            raise Unsupported(
                f"Процедура или функция с указанным именем не определена ({name}), {self.at(node)}"
            )
        return result

    def new(self, node: tree.New) -> Value:
        given = self.values(node.arguments)
        if node.type_name:
            return self.interpreter.new(node.type_name, given, self.side)
        raise Unsupported("Новый(тип, параметры)")

    def values(self, arguments: tuple[tree.Expression | None, ...]) -> list[Value]:
        return [MISSING if one is None else self.value(one) for one in arguments]

    def references(self, arguments: tuple[tree.Expression | None, ...]) -> list[Argument]:
        return [MISSING if one is None else self.reference(one) for one in arguments]

    def reference(self, node: tree.Expression) -> Reference:
        if isinstance(node, tree.Name):
            found = self.existing(node.name)
            if found is not None:
                return found
            context = self.context_property(node.name)
            if context is not None:
                return Attribute(context, node.name)
            return Borrowed(self.name(node), node.name)
        if isinstance(node, tree.Member):
            return Borrowed(self.value(node), f"a member {node.name}")
        if isinstance(node, tree.Index):
            return Borrowed(self.value(node), "an element")
        return Reference(self.value(node))


def own_fits(method: tree.Method, given: list[Argument]) -> bool:
    """Whether a module that calls its own method so would compile."""
    left_out = given + [MISSING] * (len(method.parameters) - len(given))
    needed = zip(method.parameters, left_out, strict=False)
    return len(given) <= len(method.parameters) and all(
        one.default is not None or argument is not MISSING for one, argument in needed
    )


def _is_procedure(owner: PlatformObject, name: str) -> bool:
    """Whether a method of the platform gives nothing: it is declared `-> None`."""
    function = next((known[0] for one, known in owner.methods().items() if same(one, name)), None)
    return getattr(function, "__annotations__", {}).get("return", MISSING) is None
