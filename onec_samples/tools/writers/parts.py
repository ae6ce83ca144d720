"""What several kinds of object share: the root, names, types, identifiers."""

import uuid
from dataclasses import dataclass

from markup import Element, many
from model import Text, Type

SPACE = uuid.UUID("6c0f5b5e-3c1e-5d0a-9a53-4f2f0b9a7d11")
"""The name space of all identifiers: the same object gets the same identifier in every format."""

NAMESPACES = {
    "app": "http://v8.1c.ru/8.2/managed-application/core",
    "cfg": "http://v8.1c.ru/8.1/data/enterprise/current-config",
    "cmi": "http://v8.1c.ru/8.2/managed-application/cmi",
    "dcscor": "http://v8.1c.ru/8.1/data-composition-system/core",
    "dcssch": "http://v8.1c.ru/8.1/data-composition-system/schema",
    "dcsset": "http://v8.1c.ru/8.1/data-composition-system/settings",
    "ent": "http://v8.1c.ru/8.1/data/enterprise",
    "lf": "http://v8.1c.ru/8.2/managed-application/logform",
    "style": "http://v8.1c.ru/8.1/data/ui/style",
    "sys": "http://v8.1c.ru/8.1/data/ui/fonts/system",
    "v8": "http://v8.1c.ru/8.1/data/core",
    "v8ui": "http://v8.1c.ru/8.1/data/ui",
    "web": "http://v8.1c.ru/8.1/data/ui/colors/web",
    "win": "http://v8.1c.ru/8.1/data/ui/colors/windows",
    "xen": "http://v8.1c.ru/8.3/xcf/enums",
    "xpr": "http://v8.1c.ru/8.3/xcf/predef",
    "xr": "http://v8.1c.ru/8.3/xcf/readable",
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}
OF_OBJECTS = tuple(prefix for prefix in NAMESPACES if not prefix.startswith("dcs"))


@dataclass(frozen=True, kw_only=True)
class Dump:
    """Which dump is written: the owner of the identifiers and the format (2.13: 8.3.20, 2.17: 8.3.24)."""

    owner: str
    version: str

    def identifier(self, name: str) -> str:
        """The identifier of what is called `name` in this dump: the same in every run and format."""
        return str(uuid.uuid5(SPACE, f"{self.owner}/{name}"))

    @property
    def belonging_first(self) -> bool:
        """From 2.16 on ObjectBelonging is the first property, up to 2.15 it follows the comment."""
        return self.version == "2.17"

    def root(self, content: Element) -> Element:
        """The root of a metadata file."""
        spaces = {f"xmlns:{prefix}": NAMESPACES[prefix] for prefix in OF_OBJECTS}
        return Element(
            "MetaDataObject",
            (content,),
            {"xmlns": "http://v8.1c.ru/8.3/MDClasses", **spaces, "version": self.version},
        )


def localized(name: str, text: Text | None) -> Element:
    """A text in two languages; None: no text."""
    if text is None:
        return Element(name)
    items = [
        many("v8:item", Element("v8:lang", language), Element("v8:content", content))
        for language, content in zip(("ru", "en"), text, strict=True)
    ]
    return many(name, *items)


def naming(name: str, synonym: Text) -> tuple[Element, Element, Element]:
    return Element("Name", name), localized("Synonym", synonym), Element("Comment")


def type_of(value: Type) -> Element:
    """`<Type>` with its qualifiers."""
    if value.name == "config":
        return many("Type", Element("v8:Type", f"cfg:{value.reference}"))
    if value.name == "storage":
        return many("Type", Element("v8:Type", "v8:ValueStorage"))
    if value.name == "boolean":
        return many("Type", Element("v8:Type", "xs:boolean"))
    if value.name == "date":
        qualifiers = many("v8:DateQualifiers", Element("v8:DateFractions", "DateTime"))
        return many("Type", Element("v8:Type", "xs:dateTime"), qualifiers)
    if value.name == "number":
        qualifiers = many(
            "v8:NumberQualifiers",
            Element("v8:Digits", str(value.size)),
            Element("v8:FractionDigits", "0"),
            Element("v8:AllowedSign", "Nonnegative"),
        )
        return many("Type", Element("v8:Type", "xs:decimal"), qualifiers)
    qualifiers = many(
        "v8:StringQualifiers",
        Element("v8:Length", str(value.size)),
        Element("v8:AllowedLength", "Variable"),
    )
    return many("Type", Element("v8:Type", "xs:string"), qualifiers)


def generated_types(dump: Dump, kind: str, name: str, categories: tuple[str, ...]) -> list[Element]:
    """The types that the platform makes for an object: an incomplete set is refused at load."""
    return [
        Element(
            "xr:GeneratedType",
            (
                Element("xr:TypeId", dump.identifier(f"{kind}.{name}/{category}/type")),
                Element("xr:ValueId", dump.identifier(f"{kind}.{name}/{category}/value")),
            ),
            {"name": f"{kind}{category}.{name}", "category": category},
        )
        for category in categories
    ]


def nil(name: str) -> Element:
    return Element(name, "", {"xsi:nil": "true"})


def purposes() -> Element:
    value = Element("v8:Value", "PlatformApplication", {"xsi:type": "app:ApplicationUsePurpose"})
    return many("UsePurposes", value)
