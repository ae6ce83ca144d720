"""What an extension consists of, as plain data: the words of `description.py`."""

from dataclasses import dataclass
from typing import Literal

Text = tuple[str, str]
"""Russian, English."""


@dataclass(frozen=True, kw_only=True)
class Type:
    """A type of 1C; `size` is the length of a string, the digits of a number."""

    name: Literal["string", "number", "boolean", "date", "storage", "config"]
    size: int = 0
    reference: str = ""  # of "config": what stands after `cfg:`


BOOLEAN = Type(name="boolean")
DATE = Type(name="date")
STORAGE = Type(name="storage")


def string(length: int = 0) -> Type:
    return Type(name="string", size=length)


def number(digits: int) -> Type:
    return Type(name="number", size=digits)


def config(reference: str) -> Type:
    return Type(name="config", reference=reference)


@dataclass(frozen=True, kw_only=True)
class Named:
    name: str
    synonym: Text


@dataclass(frozen=True, kw_only=True)
class CommonModule(Named):
    """`runs`: a set of flags that std469 allows."""

    runs: Literal["server", "server call", "client", "client, global"]


@dataclass(frozen=True, kw_only=True)
class AdoptedModule:
    """A common module of the configuration below, with the flags that it has there."""

    name: str
    runs: Literal["server", "server call", "client", "client, global"]


@dataclass(frozen=True, kw_only=True)
class Constant(Named):
    type: Type
    tooltip: Text | None = None


@dataclass(frozen=True, kw_only=True)
class Field(Named):
    """A dimension or a resource of a register; `indexed`: queries look for it."""

    type: Type
    indexed: bool = False


@dataclass(frozen=True, kw_only=True)
class Register(Named):
    """An information register, independent and without a period."""

    dimensions: tuple[Field, ...]
    resources: tuple[Field, ...]
    commands: bool  # opens from the menu


@dataclass(frozen=True, kw_only=True)
class Operation:
    name: str
    synonym: Text
    parameters: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class WebService(Named):
    """Every operation takes strings, returns a string and has a handler of its own name."""

    namespace: str
    operations: tuple[Operation, ...]
    session_age: int


@dataclass(frozen=True, kw_only=True)
class Command(Named):
    tooltip: Text


@dataclass(frozen=True, kw_only=True)
class ScheduledJob(Named):
    """Predefined and switched off; `every` seconds within a day, 0: once a day at `at`."""

    method: str
    every: int = 0
    at: str = "00:00:00"


@dataclass(frozen=True, kw_only=True)
class Role(Named):
    """`rights`: name of an object -> names of rights."""

    rights: dict[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class Subsystem(Named):
    explanation: Text
    content: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class FormAttribute:
    name: str
    type: Type
    title: Text | None = None
    main: bool = False
    saved: bool = False


@dataclass(frozen=True, kw_only=True)
class FormParameter:
    """`key`: a form opened with another value of it is another window."""

    name: str
    type: Type
    key: bool = False


@dataclass(frozen=True, kw_only=True)
class FormCommand:
    """Its handler is called `Команда<name>`."""

    name: str
    title: Text
    tooltip: Text


@dataclass(frozen=True, kw_only=True)
class Button:
    command: str
    default: bool = False


@dataclass(frozen=True, kw_only=True)
class Input:
    path: str
    hint: Text | None = None
    password: bool = False


@dataclass(frozen=True, kw_only=True)
class Check:
    path: str


@dataclass(frozen=True, kw_only=True)
class Label:
    """Data that is only read, in one line."""

    path: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A text of several lines that is only read, without a title."""

    path: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """A text that stands on the form."""

    name: str
    text: Text


@dataclass(frozen=True, kw_only=True)
class Group:
    """`title` None: only places its items, side by side."""

    name: str
    items: "tuple[Item, ...]"
    title: Text | None = None


Item = Button | Input | Check | Label | Message | Note | Group


@dataclass(frozen=True, kw_only=True)
class Form(Named):
    attributes: tuple[FormAttribute, ...]
    commands: tuple[FormCommand, ...]
    items: tuple[Item, ...]
    events: dict[str, str]
    bar: tuple[Button, ...] = ()
    parameters: tuple[FormParameter, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Extension(Named):
    prefix: str
    version: str
    information: Text
    common_modules: tuple[CommonModule, ...] = ()
    adopted_modules: tuple[AdoptedModule, ...] = ()
    constants: tuple[Constant, ...] = ()
    registers: tuple[Register, ...] = ()
    web_services: tuple[WebService, ...] = ()
    commands: tuple[Command, ...] = ()
    forms: tuple[Form, ...] = ()
    jobs: tuple[ScheduledJob, ...] = ()
    roles: tuple[Role, ...] = ()
    subsystems: tuple[Subsystem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ExternalProcessor(Named):
    form: Form
