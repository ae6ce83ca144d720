"""What a dump declares: modules and their flags, constants, registers, forms."""

from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

_KINDS = {
    "CommonModule": "CommonModules", "CommonForm": "CommonForms", "CommonCommand": "CommonCommands",
    "Constant": "Constants", "InformationRegister": "InformationRegisters", "WebService": "WebServices",
    "ScheduledJob": "ScheduledJobs", "Role": "Roles",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CommonModule:
    name: str
    flags: frozenset[str]
    adopted: bool


@dataclass(frozen=True, kw_only=True)
class Register:
    name: str
    dimensions: tuple[str, ...]
    resources: tuple[str, ...]

    @property
    def fields(self) -> tuple[str, ...]:
        return self.dimensions + self.resources


@dataclass(frozen=True, kw_only=True)
class Form:
    """`handlers`: the methods that its XML names."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    items: frozenset[str] = frozenset()
    handlers: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """Of one dump; forms by their folder (CommonForms/Имя, МВ_НаборНомера/Forms/Форма)."""

    modules: dict[str, CommonModule] = field(default_factory=dict)
    constants: frozenset[str] = frozenset()
    registers: dict[str, Register] = field(default_factory=dict)
    forms: dict[str, Form] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    services: dict[str, dict[str, int]] = field(default_factory=dict)  # service -> handler -> parameters
    compatibility: str = ""
    prefix: str = ""
    others: dict[str, frozenset[str]] = field(default_factory=dict)  # folder -> names

    def register(self, name: str) -> Register | None:
        return next((one for one in self.registers.values() if one.name.casefold() == name.casefold()), None)


def read(root: Path) -> Metadata:
    """The metadata of a dump of an extension, or of an external data processor."""
    if not (root / "Configuration.xml").exists():
        return Metadata(forms=_forms(root))
    configuration = _root(root / "Configuration.xml")
    names = {
        folder: tuple(one.text for one in configuration.iter(f"{{*}}{kind}") if one.text)
        for kind, folder in _KINDS.items()
    }

    def each(folder: str) -> dict[str, etree._Element]:
        return {name: _root(root / folder / f"{name}.xml") for name in names[folder]}

    mode = _text(configuration, "ConfigurationExtensionCompatibilityMode")
    return Metadata(
        modules={name: _module(name, one) for name, one in each("CommonModules").items()},
        constants=frozenset(names["Constants"]),
        registers={name: _register(name, one) for name, one in each("InformationRegisters").items()},
        forms=_forms(root),
        jobs={name: _text(one, "MethodName") for name, one in each("ScheduledJobs").items()},
        services={name: _service(one) for name, one in each("WebServices").items()},
        compatibility=mode.removeprefix("Version").replace("_", "."),
        prefix=_text(configuration, "NamePrefix"),
        others={folder: frozenset(found) for folder, found in names.items()},
    )


def _root(path: Path) -> etree._Element:
    return etree.parse(path).getroot()


def _text(below: etree._Element, name: str) -> str:
    found = below.find(f".//{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""


def _module(name: str, root: etree._Element) -> CommonModule:
    flags = ("Global", "Server", "ServerCall", "ClientManagedApplication", "ClientOrdinaryApplication")
    return CommonModule(
        name=name,
        flags=frozenset(flag for flag in flags if _text(root, flag) == "true"),
        adopted=_text(root, "ObjectBelonging") == "Adopted",
    )


def _register(name: str, root: etree._Element) -> Register:
    def children(kind: str) -> tuple[str, ...]:
        return tuple(_text(one, "Name") for one in root.iter(f"{{*}}{kind}"))

    return Register(
        name=name,
        dimensions=children("Dimension"),
        resources=children("Resource") + children("Attribute"),
    )


def _service(root: etree._Element) -> dict[str, int]:
    return {
        _text(one, "ProcedureName"): sum(1 for _ in one.iter("{*}Parameter"))
        for one in root.iter("{*}Operation")
    }


def _forms(root: Path) -> dict[str, Form]:
    return {
        path.parents[1].relative_to(root).as_posix(): _form(path.parents[1].name, _root(path))
        for path in sorted(root.rglob("Ext/Form.xml"))
    }


def _form(name: str, root: etree._Element) -> Form:
    attributes = root.find("{*}Attributes")
    parameters = root.find("{*}Parameters")
    handlers = [one.text or "" for tag in ("Event", "Action") for one in root.iter(f"{{*}}{tag}")]
    return Form(
        name=name,
        attributes={} if attributes is None else {one.get("name"): _type(one) for one in attributes},
        parameters=frozenset() if parameters is None else frozenset(one.get("name") for one in parameters),
        items=frozenset(
            one.get("name") for items in root.iter("{*}ChildItems") for one in items if one.get("name")
        ),
        handlers=frozenset(handlers),
    )


def _type(attribute: etree._Element) -> str:
    found = attribute.find("{*}Type/{http://v8.1c.ru/8.1/data/core}Type")
    return (found.text or "").rpartition(":")[2] if found is not None else ""
