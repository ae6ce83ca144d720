"""Common modules, own and adopted."""

from markup import Element, flag, many
from model import AdoptedModule, CommonModule

from writers.parts import Dump, naming

FLAGS = {
    "server": {"Server", "ExternalConnection", "ClientOrdinaryApplication"},
    "server call": {"Server", "ServerCall"},
    "client": {"ClientManagedApplication", "ClientOrdinaryApplication"},
    "client, global": {"ClientManagedApplication", "ClientOrdinaryApplication", "Global"},
}
ORDER = (
    "Global",
    "ClientManagedApplication",
    "Server",
    "ExternalConnection",
    "ClientOrdinaryApplication",
    "ServerCall",
)


def common_module(dump: Dump, one: CommonModule) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        *_flags(one.runs),
        flag("Privileged", False),
        Element("ReturnValuesReuse", "DontUse"),
    )
    return many("CommonModule", properties, uuid=dump.identifier(f"CommonModule.{one.name}"))


def adopted_module(dump: Dump, one: AdoptedModule) -> Element:
    """Found by name in the configuration below: without ExtendedConfigurationObject."""
    belonging = Element("ObjectBelonging", "Adopted")
    properties = many(
        "Properties",
        belonging if dump.belonging_first else None,
        Element("Name", one.name),
        Element("Comment"),
        None if dump.belonging_first else belonging,
        *_flags(one.runs),
    )
    return many(
        "CommonModule",
        Element("InternalInfo"),
        properties,
        uuid=dump.identifier(f"CommonModule.{one.name}"),
    )


def _flags(runs: str) -> list[Element]:
    return [flag(name, name in FLAGS[runs]) for name in ORDER]
