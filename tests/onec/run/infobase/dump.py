"""What the XML of a dump says: objects with their properties, as plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from onec.bsl.tree import same
from onec.run.infobase.fields import FieldType, read_type
from onec.run.infobase.form_dump import Form, read_form
from onec.run.infobase.markup import (
    children,
    elements,
    find,
    flag,
    local,
    of_kind,
    read,
    root_of,
    synonym,
    text_of,
    value_of,
)
from onec.run.objects import Unsupported

Thing = TypeVar("Thing")
FOLDERS = {
    "Constant": "Constants",
    "InformationRegister": "InformationRegisters",
    "CommonModule": "CommonModules",
    "CommonForm": "CommonForms",
    "CommonCommand": "CommonCommands",
    "WebService": "WebServices",
    "ScheduledJob": "ScheduledJobs",
    "Role": "Roles",
    "Subsystem": "Subsystems",
    "Language": "Languages",
}


@dataclass(frozen=True, kw_only=True)
class Constant:
    name: str
    synonym: str
    type: FieldType


@dataclass(frozen=True, kw_only=True)
class Register:
    """An independent information register without periods."""

    name: str
    synonym: str
    dimensions: Mapping[str, FieldType]
    resources: Mapping[str, FieldType]

    @cached_property
    def fields(self) -> Mapping[str, FieldType]:
        return {**self.dimensions, **self.resources}


@dataclass(frozen=True, kw_only=True)
class CommonModule:
    name: str
    is_global: bool
    client: bool
    server: bool
    server_call: bool
    text: str = field(repr=False)
    path: str


@dataclass(frozen=True, kw_only=True)
class Operation:
    name: str
    procedure: str
    returns: str
    nillable: bool
    parameters: tuple[tuple[str, str, bool], ...]  # name, type, nillable
    transactioned: bool


@dataclass(frozen=True, kw_only=True)
class WebService:
    name: str
    namespace: str
    file_name: str
    operations: tuple[Operation, ...]
    text: str = field(repr=False)
    path: str


@dataclass(frozen=True, kw_only=True)
class ScheduledJob:
    name: str
    synonym: str
    method: str
    use: bool
    predefined: bool


@dataclass(frozen=True, kw_only=True)
class Role:
    name: str
    rights: frozenset[tuple[str, str]]  # ("Constant.X", "Read")


@dataclass(frozen=True, kw_only=True)
class Command:
    name: str
    title: str
    text: str = field(repr=False)
    path: str


class Dump:
    """A folder that the configurator would load.

    Raises:
        Unsupported: it holds what this infobase does not know.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        root = root_of(folder / "Configuration.xml")
        self.name = value_of(root[0], "Name")
        self.listed: dict[str, list[str]] = {}
        for one in children(root[0], "ChildObjects"):
            self.listed.setdefault(local(one), []).append((one.text or "").strip())
        for kind in self.listed:
            if kind not in FOLDERS:
                raise Unsupported(f"объекты вида {kind}")

    @cached_property
    def constants(self) -> Mapping[str, Constant]:
        made = (
            Constant(
                name=value_of(one, "Name"),
                synonym=synonym(one),
                type=read_type(find(one, "Type")),
            )
            for one in self._objects("Constant")
        )
        return {one.name: one for one in made}

    @cached_property
    def registers(self) -> Mapping[str, Register]:
        return {one.name: one for one in map(_register, self._objects("InformationRegister"))}

    @cached_property
    def modules(self) -> Mapping[str, CommonModule]:
        made = {}
        for one in self._objects("CommonModule"):
            name = value_of(one, "Name")
            if flag(one, "Privileged"):
                raise Unsupported(f"привилегированный модуль {name}")
            text, path = self._text("CommonModules", name, "Module.bsl")
            made[name] = CommonModule(
                name=name,
                is_global=flag(one, "Global"),
                client=flag(one, "ClientManagedApplication"),
                server=flag(one, "Server"),
                server_call=flag(one, "ServerCall"),
                text=text,
                path=path,
            )
        return made

    @cached_property
    def services(self) -> Mapping[str, WebService]:
        made = {}
        for one in self._objects("WebService"):
            name = value_of(one, "Name")
            text, path = self._text("WebServices", name, "Module.bsl")
            made[name] = WebService(
                name=name,
                namespace=value_of(one, "Namespace"),
                file_name=value_of(one, "DescriptorFileName"),
                operations=tuple(map(_operation, of_kind(one, "Operation"))),
                text=text,
                path=path,
            )
        return made

    @cached_property
    def jobs(self) -> Mapping[str, ScheduledJob]:
        made = (
            ScheduledJob(
                name=value_of(one, "Name"),
                synonym=synonym(one),
                method=value_of(one, "MethodName").removeprefix("CommonModule."),
                use=flag(one, "Use"),
                predefined=flag(one, "Predefined"),
            )
            for one in self._objects("ScheduledJob")
        )
        return {one.name: one for one in made}

    @cached_property
    def roles(self) -> Mapping[str, Role]:
        made = {}
        for one in self._objects("Role"):
            name = value_of(one, "Name")
            rights = root_of(self.folder / "Roles" / name / "Ext" / "Rights.xml")
            granted = set()
            for thing in elements(rights, "object"):
                for right in elements(thing, "right"):
                    if text_of(right, "value") == "true":
                        granted.add((text_of(thing, "name"), text_of(right, "name")))
            made[name] = Role(name=name, rights=frozenset(granted))
        return made

    @cached_property
    def forms(self) -> Mapping[str, Form]:
        made = {}
        for one in self._objects("CommonForm"):
            name = value_of(one, "Name")
            place = self.folder / "CommonForms" / name / "Ext"
            text, path = read(place / "Form" / "Module.bsl")
            made[name] = read_form(name, synonym(one), root_of(place / "Form.xml"), text, path)
        return made

    @cached_property
    def commands(self) -> Mapping[str, Command]:
        made = {}
        for one in self._objects("CommonCommand"):
            name = value_of(one, "Name")
            text, path = self._text("CommonCommands", name, "CommandModule.bsl")
            made[name] = Command(name=name, title=synonym(one), text=text, path=path)
        return made

    @cached_property
    def application_module(self) -> tuple[str, str]:
        """Text and path of the module of the managed application; "" without one."""
        place = self.folder / "Ext" / "ManagedApplicationModule.bsl"
        return read(place) if place.exists() else ("", "")

    def _objects(self, kind: str) -> Iterable[Any]:
        for name in self.listed.get(kind, []):
            yield root_of(self.folder / FOLDERS[kind] / f"{name}.xml")[0]

    def _text(self, kind: str, name: str, file: str) -> tuple[str, str]:
        return read(self.folder / kind / name / "Ext" / file)


def _register(one: Any) -> Register:
    name = value_of(one, "Name")
    if value_of(one, "WriteMode") not in ("", "Independent"):
        raise Unsupported(f"регистр {name}: подчинен регистратору")
    if value_of(one, "InformationRegisterPeriodicity") not in ("", "Nonperiodical"):
        raise Unsupported(f"регистр {name}: периодический")
    return Register(
        name=name,
        synonym=synonym(one),
        dimensions=_typed(one, "Dimension"),
        resources={**_typed(one, "Resource"), **_typed(one, "Attribute")},
    )


def _typed(one: Any, kind: str) -> dict[str, FieldType]:
    return {value_of(child, "Name"): read_type(find(child, "Type")) for child in of_kind(one, kind)}


def _operation(one: Any) -> Operation:
    for parameter in of_kind(one, "Parameter"):
        if value_of(parameter, "TransferDirection") != "In":
            raise Unsupported("параметр веб-сервиса с обратной передачей")
    return Operation(
        name=value_of(one, "Name"),
        procedure=value_of(one, "ProcedureName"),
        returns=value_of(one, "XDTOReturningValueType"),
        nillable=flag(one, "Nillable"),
        parameters=tuple(
            (
                value_of(given, "Name"),
                value_of(given, "XDTOValueType"),
                flag(given, "Nillable"),
            )
            for given in of_kind(one, "Parameter")
        ),
        transactioned=flag(one, "Transactioned"),
    )


def named(of: Mapping[str, Thing], name: str) -> Thing | None:
    """The member called so, in whatever case."""
    return next((one for known, one in of.items() if same(known, name)), None)
