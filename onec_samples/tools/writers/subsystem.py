"""Subsystems: a section of the menu."""

from markup import Element, flag, many
from model import Subsystem

from writers.parts import Dump, localized, naming


def subsystem(dump: Dump, one: Subsystem) -> Element:
    content = (Element("xr:Item", each, {"xsi:type": "xr:MDObjectRef"}) for each in one.content)
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        flag("IncludeHelpInContents", True),
        flag("IncludeInCommandInterface", True),
        flag("UseOneCommand", False),
        localized("Explanation", one.explanation),
        Element("Picture"),
        many("Content", *content),
    )
    return many(
        "Subsystem",
        properties,
        Element("ChildObjects"),
        uuid=dump.identifier(f"Subsystem.{one.name}"),
    )
