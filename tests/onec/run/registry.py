"""How this package declares what the global context has: methods and types."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onec.run.objects import MISSING, OnecError, Unsupported, Value

if TYPE_CHECKING:
    from onec.run.interpreter import Interpreter

BOTH = ("server", "client")
SERVER = ("server",)  # not in a thin client


@dataclass(frozen=True, kw_only=True)
class Here:
    """Where a method was called: for those that need more than their arguments."""

    interpreter: "Interpreter"
    side: str


@dataclass(frozen=True, kw_only=True)
class Known:
    """A global method or the constructor of a type.

    A parameter of `function` with the default MISSING may be left out; `*rest` takes what follows.
    """

    name: str
    function: Callable[..., Value]
    sides: tuple[str, ...]
    takes_here: bool
    least: int
    most: int | None
    is_procedure: bool

    def call(self, interpreter: "Interpreter", side: str, arguments: list[Value]) -> Value:
        if side not in (*self.sides, "thick"):
            raise Unsupported(f"{self.name} is not available on the {side} (thin client)")
        if self.most is not None and len(arguments) > self.most:
            raise OnecError(f"Слишком много фактических параметров ({self.name})")
        if len(arguments) < self.least or any(one is MISSING for one in arguments[: self.least]):
            raise OnecError(f"Недостаточно фактических параметров ({self.name})")
        if self.takes_here:
            return self.function(Here(interpreter=interpreter, side=side), *arguments)
        return self.function(*arguments)


class Registry(dict[str, Known]):
    """Names without regard to case -> what they are."""

    def add(self, name: str, *, sides: tuple[str, ...] = BOTH) -> Callable[[Any], Any]:
        """Decorates a function or a class; its first parameter `here` receives a `Here`."""

        def register(function: Any) -> Any:
            signature = inspect.signature(function)
            parameters = list(signature.parameters.values())
            takes_here = bool(parameters) and parameters[0].name == "here"
            given = parameters[1:] if takes_here else parameters
            plain = [one for one in given if one.kind is not one.VAR_POSITIONAL]
            self[name.casefold()] = Known(
                name=name,
                function=function,
                sides=sides,
                takes_here=takes_here,
                least=len([one for one in plain if one.default is one.empty]),
                is_procedure=signature.return_annotation is None,
                most=len(plain) if len(plain) == len(given) else None,
            )
            return function

        return register
