"""Where a value lives: a variable, passed on by reference."""

from collections.abc import Callable

from onec.run.objects import PlatformObject, Unsupported, Value


class Reference:
    """A variable or a temporary; a callee without Знач assigns to it."""

    __slots__ = ("_value",)

    def __init__(self, value: Value = None) -> None:
        self._value = value

    @property
    def value(self) -> Value:
        return self._value

    @value.setter
    def value(self, value: Value) -> None:
        self._value = value


class ByReference:
    """A global method of a world that assigns to its arguments: it takes references, ВвестиСтроку for one."""

    def __init__(self, function: Callable[..., Value]) -> None:
        self.function = function


class Borrowed(Reference):
    """`object.property` or `object[index]` given as an argument.

    Whether the platform writes an assignment back to the object is unknown to us, so no module may need it.
    """

    __slots__ = ("_called",)

    def __init__(self, value: Value, called: str) -> None:
        super().__init__(value)
        self._called = called

    @property
    def value(self) -> Value:
        return self._value

    @value.setter
    def value(self, value: Value) -> None:
        raise Unsupported(f"a parameter without Знач is assigned while it stands for {self._called}")


class Attribute(Reference):
    """A property of the module's context by its bare name, such as an attribute of a form.

    БСП's forms give theirs to `Параметры.Свойство("Имя", Имя)` and find them filled.
    """

    __slots__ = ("_context", "_name")

    def __init__(self, context: PlatformObject, name: str) -> None:
        self._context, self._name = context, name

    @property
    def value(self) -> Value:
        return self._context.get(self._name)

    @value.setter
    def value(self, value: Value) -> None:
        self._context.set(self._name, value)
