"""Runs a module's tree: names, calls, parameters by reference, exceptions.

What 1C refuses at run time raises `OnecError`, which Попытка catches; what 1C refuses when it compiles
a module, and what this interpreter does not know, raises `Unsupported`, which nothing catches.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from onec.bsl import tree
from onec.check.versions import number, since
from onec.run.assigned import assigned_in, declared_in
from onec.run.asynchrony import Promise
from onec.run.builtins import ENUMERATIONS, METHODS, TYPES
from onec.run.frame import Frame
from onec.run.objects import MISSING, OnecError, PlatformObject, Unsupported, Value
from onec.run.reference import ByReference, Reference
from onec.run.world import World

MOST_STEPS = 2_000_000  # statements of one interpreter: a module of ours that needs more hangs
SERVER_DIRECTIVES = ("насервере", "насерверебезконтекста")
CLIENT_DIRECTIVES = ("наклиенте",)

Argument = Reference | Any  # Any: MISSING, an argument left out
Crossing = Callable[[tree.Method, list[Argument]], Value]


@cache
def _younger(version: str) -> dict[str, frozenset[str]]:
    """The names that this version does not have yet, by the headings of since.toml."""
    return {
        heading: frozenset(name for name, first in names.items() if number(first) > number(version))
        for heading, names in since().tables.items()
    }


@dataclass
class Interpreter:
    """One platform, for one world.

    Args:
        version: of the platform; what is younger (tests/onec/check/since.toml) is not there.
    """

    world: World
    version: str = "8.3.24"

    def __post_init__(self) -> None:
        self.steps = 0
        self.handled: list[OnecError] = []  # the exceptions whose handlers run now, innermost last
        self.unheard: list[OnecError] = []  # raised in asynchronous methods nobody awaited

    def load(
        self,
        module: tree.Module,
        name: str,
        side: str,
        *,
        context: PlatformObject | None = None,
        crossing: Crossing | None = None,
    ) -> "Running":
        """Makes a module ready and runs its body.

        Args:
            name: as positions in errors have it, `ОбщийМодуль.МВ_Мост.Модуль`.
            context: its members are names of the module: the form, the record set.
            crossing: called instead of a method of the other side (`&НаСервере` from the client);
                given for modules that have two sides. A method of them without a directive is the server's.
        """
        if module.regions:
            self.must_know("instructions", "#Область")
        if any(one.is_async for one in module.methods):
            self.must_know("keywords", "Асинх")
        running = Running(self, module, name, side, context, crossing)
        running.run_body()
        return running

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS:
            raise Unsupported("a module runs for too long")

    def must_know(self, heading: str, name: str) -> None:
        """Refuses what this version of the platform does not have yet."""
        if name.casefold() in _younger(self.version)[heading]:
            first = since().of(heading, name)
            raise Unsupported(f"{name} is of {first}, the platform is {self.version}")

    def property_of(self, name: str, side: str) -> Value:
        """A name of the global context, or MISSING."""
        found = self.world.global_property(name, side)
        if found is not MISSING:
            return found
        self.must_know("properties", name)
        return ENUMERATIONS.get(name.casefold(), MISSING)

    def call(self, name: str, side: str, arguments: list[Argument], *, as_function: bool) -> Value:
        """Calls a method of the global context; MISSING when there is none called so."""
        self.must_know("methods", name)
        own = self.world.global_method(name, side)
        if isinstance(own, ByReference):
            return own.function(*arguments)
        values = [one if one is MISSING else one.value for one in arguments]
        if own is not None:
            return own(*values)
        known = METHODS.get(name.casefold())
        if known is None:
            return MISSING
        if as_function and known.is_procedure:
            raise Unsupported(f"Обращение к процедуре как к функции ({name})")
        return known.call(self, side, values)

    def new(self, type_name: str, values: list[Value], side: str) -> Value:
        self.must_know("types", type_name)
        made = self.world.new(type_name, values, side)
        if made is not None:
            return made
        known = TYPES.get(type_name.casefold())
        if known is None:
            raise Unsupported(f"Тип не определен ({type_name})")
        return known.call(self, side, values)


class Running:
    """A loaded module."""

    def __init__(
        self,
        interpreter: Interpreter,
        module: tree.Module,
        name: str,
        side: str,
        context: PlatformObject | None,
        crossing: Crossing | None,
    ) -> None:
        self.interpreter = interpreter
        self.tree = module
        self.name = name
        self.side = side
        self.context = context
        self.crossing = crossing
        self.methods = {one.name.casefold(): one for one in module.methods}
        self.variables = {name.casefold(): Reference() for one in module.variables for name in one.names}

        self.world = interpreter.world
        self._assigned: dict[int, frozenset[str]] = {}
        self._declared: dict[int, frozenset[str]] = {}

    def assigned_in(self, body: tuple[tree.Statement, ...]) -> frozenset[str]:
        if id(body) not in self._assigned:
            self._assigned[id(body)] = assigned_in(body)
        return self._assigned[id(body)]

    def declared_in(self, body: tuple[tree.Statement, ...]) -> frozenset[str]:
        if id(body) not in self._declared:
            self._declared[id(body)] = declared_in(body)
        return self._declared[id(body)]

    def extend(self, extension: tree.Module) -> None:
        """Puts a module of an extension over this one: `&Вместо` stands in place of a method."""
        for method in extension.methods:
            instead = method.annotation
            if instead is None:
                self.methods[method.name.casefold()] = method
                continue
            base = self.methods.get(instead.method.casefold())
            if instead.kind != "Вместо" or base is None or len(base.parameters) != len(method.parameters):
                raise Unsupported(f"&{instead.kind}({instead.method}) over {self.name}")
            self.methods[instead.method.casefold()] = replace(method, export=base.export)

    def run_body(self) -> None:
        Frame(self, {}, self.tree.body).run()

    def call(self, method: str, *arguments: Value) -> Value:
        """Calls a method from outside; an argument may be a `Reference`, to see what was assigned to it."""
        found = self.methods.get(method.casefold())
        if found is None:
            raise Unsupported(f"{self.name} has no method {method}")
        return self.invoke(
            found,
            [one if isinstance(one, Reference) or one is MISSING else Reference(one) for one in arguments],
        )

    def invoke(self, method: tree.Method, arguments: Iterable[Argument]) -> Value:
        """Runs a method on its side."""
        given = list(arguments)
        if self.crossing is not None and not self._here(method):
            return self.crossing(method, given)
        frame = Frame(self, self._parameters(method, given), method.body)
        if not method.is_async:
            return frame.run()
        promise = Promise()
        try:
            promise.keep(frame.run())
        except OnecError as error:
            promise.break_(error)
        return promise

    def _here(self, method: tree.Method) -> bool:
        directive = method.directive.casefold()
        if directive in CLIENT_DIRECTIVES:
            return self.side == "client"
        return directive not in ("", *SERVER_DIRECTIVES) or self.side == "server"

    def _parameters(self, method: tree.Method, given: list[Argument]) -> dict[str, Reference]:
        if len(given) > len(method.parameters):
            raise OnecError(f"Слишком много фактических параметров ({method.name})")
        given += [MISSING] * (len(method.parameters) - len(given))
        made = {}
        for parameter, argument in zip(method.parameters, given, strict=True):
            if argument is MISSING:
                if parameter.default is None:
                    raise OnecError(f"Недостаточно фактических параметров ({method.name})")
                argument = Reference(Frame.literal(parameter.default))
            elif parameter.by_value or method.is_async:
                argument = Reference(argument.value)
            made[parameter.name.casefold()] = argument
        return made


class ModuleObject(PlatformObject):
    """A module as a value: `МВ_Мост.Позвонить(…)` sees its exports and nothing else."""

    def __init__(self, running: Running, type_name: str = "ОбщийМодуль") -> None:
        self.running = running
        self.type_name = type_name

    def call_by_reference(self, name: str, arguments: list[Argument], *, as_function: bool) -> Value:
        method = self.running.methods.get(name.casefold())
        if method is None or not method.export:
            raise OnecError(f"Метод объекта не обнаружен ({name})")
        if as_function and not method.is_function and not method.is_async:
            raise OnecError(f"Обращение к процедуре объекта как к функции ({name})")
        return self.running.invoke(method, arguments)

    def get(self, name: str) -> Value:
        return self._variable(name).value

    def set(self, name: str, value: Value) -> None:
        self._variable(name).value = value

    def _variable(self, name: str) -> Reference:
        declared = self.running.tree.variables
        exported = {one.casefold() for some in declared if some.export for one in some.names}
        if name.casefold() not in exported:
            raise OnecError(f"Поле объекта не обнаружено ({name})")
        return self.running.variables[name.casefold()]
