"""The dictionary of the platform: platform.txt as objects."""

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

SIDES = frozenset({"server", "thin", "thick"})
ANY = "?"

_LINE = re.compile(
    r"(?P<name>[^\s(:]+)"
    r"(?:\((?P<count>[^)]*)\))?"
    r"(?:: (?P<type>\S+))?"
    r"(?P<marks>(?: each=\S+| index| open)*)"
    r"(?: -> (?P<result>\S+))?"
    r"(?: @(?P<sides>\S+))?"
)


@dataclass(frozen=True, kw_only=True)
class Callable1C:
    """A method of the platform; `most` None: as many as you like; `result` "": a procedure."""

    name: str
    least: int
    most: int | None
    result: str
    sides: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Property1C:
    name: str
    type: str
    sides: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Type1C:
    """`made`: how Новый takes it, None: it does not; `each`: the type of its elements, "": has none."""

    name: str
    made: Callable1C | None
    each: str
    indexed: bool
    open: bool
    sides: frozenset[str]
    methods: dict[str, Callable1C] = field(default_factory=dict)
    properties: dict[str, Property1C] = field(default_factory=dict)


@dataclass(frozen=True)
class Platform:
    methods: dict[str, Callable1C] = field(default_factory=dict)
    properties: dict[str, Property1C] = field(default_factory=dict)
    types: dict[str, Type1C] = field(default_factory=dict)
    enums: dict[str, frozenset[str]] = field(default_factory=dict)  # name -> members, all in lower case

    def type(self, name: str) -> Type1C | None:
        return self.types.get(name.casefold())


@cache
def platform() -> Platform:
    """The dictionary, read once; keys are in lower case."""
    found = Platform()
    current: Type1C | None = None
    for line in Path(__file__).with_name("platform.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("\t"):
            assert current is not None
            _member(current, line.strip())
            continue
        word, _, rest = line.partition(" ")
        if word == "method":
            one = _callable(_match(rest))
            found.methods[one.name.casefold()] = one
        elif word == "property":
            known = _property(_match(rest))
            found.properties[known.name.casefold()] = known
        elif word == "enum":
            name, _, members = rest.partition(": ")
            found.enums[name.casefold()] = frozenset(members.casefold().split())
            found.properties[name.casefold()] = Property1C(name=name, type=name, sides=SIDES)
        elif word == "type":
            current = _type(rest)
            found.types[current.name.casefold()] = current
        else:
            raise ValueError(line)
    return found


def parse_method(text: str) -> Callable1C:
    """One line of the dictionary: `Имя(least-most) -> Result`."""
    return _callable(_match(text))


def _match(text: str) -> re.Match[str]:
    match = _LINE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match


def _sides(text: str | None) -> frozenset[str]:
    return frozenset(text.split(",")) if text else SIDES


def _callable(match: re.Match[str]) -> Callable1C:
    least, _, most = (match["count"] or "0").partition("-")
    return Callable1C(
        name=match["name"],
        least=int(least),
        most=None if most == "*" else int(most or least),
        result=match["result"] or "",
        sides=_sides(match["sides"]),
    )


def _property(match: re.Match[str]) -> Property1C:
    return Property1C(name=match["name"], type=match["type"], sides=_sides(match["sides"]))


def _type(text: str) -> Type1C:
    name, _, rest = text.partition(" ")
    made = re.search(r"new\(([^)]*)\)", rest)
    each = re.search(r"each=(\S+)", rest)
    sides = _sides(rest.partition("@")[2] or None)
    constructor = _match(f"{name}({made[1]})") if made else None
    return Type1C(
        name=name,
        made=_callable(constructor) if constructor else None,
        each=each[1] if each else "",
        indexed=" index" in f" {rest}",
        open=" open" in f" {rest}",
        sides=sides,
    )


def _member(owner: Type1C, text: str) -> None:
    match = _match(text)
    if match["count"] is not None:
        owner.methods[match["name"].casefold()] = _callable(match)
    else:
        owner.properties[match["name"].casefold()] = _property(match)
