"""All modules of onec_samples/, each with what it may see."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from onec.bsl.parser import CLIENT, ORDINARY, SERVER, parse
from onec.bsl.tree import Method, Module, same
from onec.check.metadata import Form, Metadata, Register, read
from onec.check.platform import Callable1C, parse_method

ROOT = Path(__file__).parents[3] / "onec_samples"
_SYMBOLS = {"server": SERVER, "thin": CLIENT, "thick": ORDINARY}
_PLATFORM = re.compile(r"(?:платформа|1С:Предприятие)\s+(\d[\d.]*\d)\s+и новее")
_BOTH = frozenset({"server", "thin"})
_DIRECTIVE_SIDES = {
    "НаКлиенте": frozenset({"thin"}),
    "НаСервере": frozenset({"server"}),
    "НаСервереБезКонтекста": frozenset({"server"}),
    "НаКлиентеНаСервереБезКонтекста": _BOTH,
    "НаКлиентеНаСервере": _BOTH,
    "": frozenset({"server"}),
}
TWO_SIDED = ("form", "command")


@dataclass(frozen=True, kw_only=True, eq=False)
class Unit:
    """One module. `kind`: common, form, command, application, service, object, ordinary, server."""

    path: str
    text: str
    kind: str
    minimum: str
    metadata: Metadata
    name: str = ""  # of a common module
    flags: frozenset[str] = frozenset()
    adopted: bool = False
    form: Form | None = None

    @property
    def group(self) -> str:
        """The folder below onec_samples/."""
        return self.path.split("/")[0]

    @property
    def tree(self) -> Module:
        return parsed(self.text, self.path, _SYMBOLS[min(self.sides, key=tuple(_SYMBOLS).index)])

    @property
    def sides(self) -> frozenset[str]:
        """Where the module as a whole is compiled."""
        if self.kind in TWO_SIDED:
            return _BOTH
        if self.kind == "common" and "Server" not in self.flags:
            return frozenset({"thin"})
        return frozenset({{"application": "thin", "ordinary": "thick"}.get(self.kind, "server")})

    def method_sides(self, method: Method) -> frozenset[str]:
        return _DIRECTIVE_SIDES[method.directive] if self.kind in TWO_SIDED else self.sides


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """A common module of the configuration around, known by its signatures only."""

    name: str
    sides: frozenset[str]
    methods: dict[str, Callable1C]


@dataclass(frozen=True, kw_only=True)
class Samples:
    units: tuple[Unit, ...]
    foreign: dict[str, Foreign] = field(default_factory=dict)

    def seen_from(self, unit: Unit) -> Iterator[Unit]:
        """The common modules that a unit can name."""
        folders = {unit.group, *_declared()["dumps"].get(unit.group, {}).get("uses", [])}
        for one in self.units:
            if one.kind == "common" and one.group in folders:
                yield one

    def module(self, unit: Unit, name: str) -> Unit | None:
        return next((one for one in self.seen_from(unit) if same(one.name, name)), None)


@cache
def _declared() -> dict[str, dict[str, Any]]:
    return tomllib.loads(Path(__file__).with_name("samples.toml").read_text(encoding="utf-8"))


@cache
def _metadata(folder: str) -> Metadata:
    return read(ROOT / folder)


@cache
def _source(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


@cache
def parsed(text: str, path: str, symbols: frozenset[str]) -> Module:
    return parse(text, path, symbols=symbols)


def sources() -> dict[str, str]:
    """The text of every module, by its path below onec_samples/."""
    return {one.path: one.text for one in samples().units}


def samples(changed: Mapping[str, str] | None = None) -> Samples:
    """The modules as they are shipped; `changed` replaces the text of some (path below onec_samples/)."""
    changed = changed or {}
    units = []
    for folder in _declared()["dumps"]:
        for path in sorted((ROOT / folder).rglob("*.bsl")):
            units.append(_of_dump(folder, path, changed))
    for name, facts in _declared()["modules"].items():
        if (ROOT / "modules" / name).exists():
            units.append(_loose(name, facts, changed))
    return Samples(units=tuple(units), foreign=_foreign())


def _of_dump(folder: str, path: Path, changed: Mapping[str, str]) -> Unit:
    relative = path.relative_to(ROOT).as_posix()
    metadata = _metadata(folder)
    inside = path.relative_to(ROOT / folder)
    kind, name, form = _kind(inside, metadata)
    module = metadata.modules.get(name)
    return Unit(
        path=relative,
        text=changed.get(relative, _source(path)),
        kind=kind,
        name=name,
        minimum=_declared()["dumps"][folder].get("minimum") or metadata.compatibility,
        metadata=metadata,
        flags=module.flags if module else frozenset(),
        adopted=module.adopted if module else False,
        form=form,
    )


def _loose(name: str, facts: dict[str, Any], changed: Mapping[str, str]) -> Unit:
    path = ROOT / "modules" / name
    relative = path.relative_to(ROOT).as_posix()
    registers = {
        register: Register(name=register, **{kind: tuple(fields) for kind, fields in shape.items()})
        for register, shape in facts.get("registers", {}).items()
    }
    return Unit(
        path=relative,
        text=changed.get(relative, _source(path)),
        kind=facts["kind"],
        minimum=declared_minimum(_source(path)),
        metadata=Metadata(registers=registers),
    )


def declared_minimum(text: str) -> str:
    """The platform that the first comment of a module names."""
    heading = " ".join(line.removeprefix("//").strip() for line in takewhile(_is_comment, text.splitlines()))
    found = _PLATFORM.search(heading)
    if found is None:
        raise ValueError(f"no platform in the first comment: {heading}")
    return found[1]


def _is_comment(line: str) -> bool:
    return line.startswith("//")


def _kind(inside: Path, metadata: Metadata) -> tuple[str, str, Form | None]:
    match inside.parts:
        case ("CommonModules", name, "Ext", "Module.bsl"):
            return "common", name, None
        case ("CommonCommands", _, "Ext", "CommandModule.bsl"):
            return "command", "", None
        case ("WebServices", _, "Ext", "Module.bsl"):
            return "service", "", None
        case ("Ext", "ManagedApplicationModule.bsl"):
            return "application", "", None
        case (*_, "Ext", "ObjectModule.bsl"):
            return "object", "", None
        case (*folders, "Ext", "Form", "Module.bsl"):
            return "form", "", metadata.forms["/".join(folders)]
    raise ValueError(f"a module where none is expected: {inside}")


@cache
def _foreign() -> dict[str, Foreign]:
    return {
        name.casefold(): Foreign(
            name=name,
            sides=frozenset(facts["sides"]),
            methods={one.name.casefold(): one for one in map(parse_method, facts["methods"])},
        )
        for name, facts in _declared()["foreign"].items()
    }
