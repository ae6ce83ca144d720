"""Roles: only the rights that are listed (std689)."""

from markup import Element, flag, many
from model import Role

from writers.parts import NAMESPACES, Dump, naming


def role(dump: Dump, one: Role) -> Element:
    properties = many("Properties", *naming(one.name, one.synonym))
    return many("Role", properties, uuid=dump.identifier(f"Role.{one.name}"))


def rights(dump: Dump, one: Role) -> Element:
    objects = tuple(
        many(
            "object",
            Element("name", name),
            *(many("right", Element("name", right), flag("value", True)) for right in given),
        )
        for name, given in one.rights.items()
    )
    general = (
        flag("setForNewObjects", False),
        flag("setForAttributesByDefault", True),
        flag("independentRightsOfChildObjects", False),
    )
    return Element(
        "Rights",
        (*general, *objects),
        {
            "xmlns": "http://v8.1c.ru/8.2/roles",
            "xmlns:xs": NAMESPACES["xs"],
            "xmlns:xsi": NAMESPACES["xsi"],
            "xsi:type": "Rights",
            "version": dump.version,
        },
    )
