"""The root of an extension and its language."""

from markup import Element, flag, many
from model import Extension

from writers.parts import Dump, localized, purposes

CLASSES = (
    "9cd510cd-abfc-11d4-9434-004095e12fc7",
    "9fcd25a0-4822-11d4-9414-008048da11f9",
    "e3687481-0a87-462c-a166-9f34594f9bba",
    "9de14907-ec23-4a07-96f0-85521cb6b53b",
    "51f2d5d8-ea4d-4064-8892-82951750031e",
    "e68182ea-4237-4383-967f-90c1e3370bc7",
    "fb282519-d103-4dd3-bc12-cb271d631dfc",
)
"""The same in every dump (facts: seven of them from 2.13 on)."""

LANGUAGE = "Русский"


def configuration(dump: Dump, one: Extension, children: list[tuple[str, str]]) -> Element:
    """`children`: kind and name of every object, in the platform's order.

    Left out on purpose: DefaultRunMode, InterfaceCompatibilityMode and CompatibilityMode, which the platform
    compares with the configuration below, whatever that is: a difference leaves the extension loaded but not
    applied («Значение контролируемого свойства … не совпадает», measured on 8.3.27 by the authors of
    github.com/feenlace/mcp-1c). DefaultRoles: they would open the calls to every user of the infobase, and a
    БСП configuration may refuse to start with them (the same authors).
    """
    contained = [
        many(
            "xr:ContainedObject",
            Element("xr:ClassId", identifier),
            Element("xr:ObjectId", dump.identifier(f"Configuration/contained/{identifier}")),
        )
        for identifier in CLASSES
    ]
    belonging = Element("ObjectBelonging", "Adopted")
    properties = many(
        "Properties",
        belonging if dump.belonging_first else None,
        Element("Name", one.name),
        localized("Synonym", one.synonym),
        Element("Comment"),
        Element("ConfigurationExtensionPurpose", "AddOn"),
        None if dump.belonging_first else belonging,
        flag("KeepMappingToExtendedConfigurationObjectsByIDs", False),
        Element("NamePrefix", one.prefix),
        Element("ConfigurationExtensionCompatibilityMode", "Version8_3_14"),
        purposes(),
        Element("ScriptVariant", "Russian"),
        Element("Vendor"),
        Element("Version", one.version),
        Element("DefaultLanguage", f"Language.{LANGUAGE}"),
        localized("BriefInformation", one.information),
        Element("DetailedInformation"),
        Element("Copyright"),
        Element("VendorInformationAddress"),
        Element("ConfigurationInformationAddress"),
    )
    return many(
        "Configuration",
        many("InternalInfo", *contained),
        properties,
        many("ChildObjects", *(Element(kind, name) for kind, name in children)),
        uuid=dump.identifier("Configuration"),
    )


def language(dump: Dump) -> Element:
    """Adopted and, without ExtendedConfigurationObject, found by name: fits any Russian configuration."""
    belonging = Element("ObjectBelonging", "Adopted")
    properties = many(
        "Properties",
        belonging if dump.belonging_first else None,
        Element("Name", LANGUAGE),
        Element("Comment"),
        None if dump.belonging_first else belonging,
        Element("LanguageCode", "ru"),
    )
    return many("Language", Element("InternalInfo"), properties, uuid=dump.identifier(f"Language.{LANGUAGE}"))
