"""The tree of a module: what the parser makes, the checker reads and the interpreter runs.

Names keep the spelling of the source; they are compared without regard to case (`same`).
Keywords have one spelling, the Russian one, whichever language the source is in.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a node begins; `line` and `column` from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Node:
    place: Place


# --- expressions


@dataclass(frozen=True, kw_only=True)
class Expression(Node):
    pass


@dataclass(frozen=True, kw_only=True)
class Literal(Expression):
    """`value`: str, decimal.Decimal, bool, datetime.datetime, or None for both Неопределено and Null."""

    value: object
    is_null: bool = False


@dataclass(frozen=True, kw_only=True)
class Name(Expression):
    name: str


@dataclass(frozen=True, kw_only=True)
class Member(Expression):
    """`of.name`"""

    of: Expression
    name: str


@dataclass(frozen=True, kw_only=True)
class Index(Expression):
    """`of[index]`"""

    of: Expression
    index: Expression


@dataclass(frozen=True, kw_only=True)
class Call(Expression):
    """`function(arguments)`; an argument left out (`f(a, , b)`) is None."""

    function: Name | Member
    arguments: tuple[Expression | None, ...]


@dataclass(frozen=True, kw_only=True)
class New(Expression):
    """`Новый Тип(arguments)`; `Новый(type, arguments)` has `type_name` "" and the type as first argument."""

    type_name: str
    arguments: tuple[Expression | None, ...]


@dataclass(frozen=True, kw_only=True)
class Unary(Expression):
    """`operator`: "-", "+" or "Не"."""

    operator: str
    operand: Expression


@dataclass(frozen=True, kw_only=True)
class Binary(Expression):
    """`operator`: + - * / % = <> < <= > >= И Или"""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, kw_only=True)
class Ternary(Expression):
    """`?(condition, yes, no)`"""

    condition: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, kw_only=True)
class Await(Expression):
    """`Ждать value`"""

    value: Expression


# --- statements


@dataclass(frozen=True, kw_only=True)
class Statement(Node):
    pass


@dataclass(frozen=True, kw_only=True)
class Assign(Statement):
    target: Name | Member | Index
    value: Expression


@dataclass(frozen=True, kw_only=True)
class Do(Statement):
    """A call whose result is not used, with or without `Ждать`."""

    call: Call | Await


@dataclass(frozen=True, kw_only=True)
class Branch(Node):
    condition: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class If(Statement):
    """`branches`: Если, then each ИначеЕсли; `otherwise` is None without Иначе."""

    branches: tuple[Branch, ...]
    otherwise: tuple[Statement, ...] | None


@dataclass(frozen=True, kw_only=True)
class While(Statement):
    condition: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class ForRange(Statement):
    """`Для name = first По last Цикл`; `last` is included."""

    name: str
    first: Expression
    last: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class ForEach(Statement):
    """`Для Каждого name Из items Цикл`"""

    name: str
    items: Expression
    body: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Try(Statement):
    body: tuple[Statement, ...]
    handler: tuple[Statement, ...]


@dataclass(frozen=True, kw_only=True)
class Return(Statement):
    value: Expression | None


@dataclass(frozen=True, kw_only=True)
class Raise(Statement):
    """`ВызватьИсключение value`; without a value: the exception being handled, again."""

    value: Expression | None


@dataclass(frozen=True, kw_only=True)
class Break(Statement):
    pass


@dataclass(frozen=True, kw_only=True)
class Continue(Statement):
    pass


@dataclass(frozen=True, kw_only=True)
class Variables(Statement):
    """`Перем a, b [Экспорт];`, in a method or in a module; `directive` as of Method."""

    names: tuple[str, ...]
    export: bool = False
    directive: str = ""


# --- a module


@dataclass(frozen=True, kw_only=True)
class Parameter(Node):
    name: str
    by_value: bool  # Знач
    default: Literal | None  # given after `=`; None: the argument is required


@dataclass(frozen=True, kw_only=True)
class Annotation(Node):
    """`&Вместо("method")` of an extension; `kind`: Перед, После, Вместо, ИзменениеИКонтроль."""

    kind: str
    method: str


@dataclass(frozen=True, kw_only=True)
class Method(Node):
    name: str
    is_function: bool
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    export: bool
    is_async: bool
    directive: str  # НаКлиенте, НаСервере, НаСервереБезКонтекста, …; "" without one
    annotation: Annotation | None
    description: str  # the comment right above, without slashes; "" without one
    end: Place


@dataclass(frozen=True, kw_only=True)
class Region(Node):
    name: str
    end: Place
    inner: tuple["Region", ...]


@dataclass(frozen=True, kw_only=True)
class Module:
    path: str
    variables: tuple[Variables, ...]
    methods: tuple[Method, ...]
    body: tuple[Statement, ...]  # statements after the last method
    regions: tuple[Region, ...] = field(default=())

    def method(self, name: str) -> Method | None:
        """The method called so, in whatever case."""
        return next((one for one in self.methods if same(one.name, name)), None)


def same(one: str, other: str) -> bool:
    """Names of 1C do not differ by case."""
    return one.casefold() == other.casefold()
