"""A WSDL as 1C publishes it, read down to the names that a call needs."""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from bridge.foreign_xml import local_name, safe_parser

_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD = "http://www.w3.org/2001/XMLSchema"
TEXT_TYPE = "string"


class NotWsdl(Exception):
    """The bytes are no WSDL."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """`parameters` are names and types in order; a type of XML Schema is its bare name."""

    parameters: tuple[tuple[str, str], ...]
    returns: bool

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.parameters)


@dataclass(frozen=True, kw_only=True)
class Published:
    namespace: str
    services: tuple[str, ...]
    operations: Mapping[str, Operation]
    addresses: tuple[str, ...]


def read_wsdl(body: bytes) -> Published:
    """
    Raises:
        NotWsdl: it is something else.
    """
    root = _parsed(body)
    if root.tag != f"{_WSDL}definitions":
        raise NotWsdl
    parts = _Parts(root)
    return Published(
        namespace=root.get("targetNamespace", ""),
        services=tuple(service.get("name", "") for service in root.iter(f"{_WSDL}service")),
        operations={
            operation.get("name", ""): parts.operation(operation)
            for port in root.iter(f"{_WSDL}portType")
            for operation in port.iter(f"{_WSDL}operation")
        },
        addresses=tuple(
            dict.fromkeys(
                element.get("location", "")
                for port in root.iter(f"{_WSDL}port")
                for element in port
                if local_name(element) == "address"
            )
        ),
    )


def _parsed(body: bytes) -> etree._Element:
    """1C allows namespaces that are no URI («http://пример.рф», a trailing space); libxml2 must not mind."""
    parser = safe_parser(recover=True)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError:
        raise NotWsdl from None
    if root is None or any(entry.type != etree.ErrorTypes.WAR_NS_URI for entry in parser.error_log):
        raise NotWsdl
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotWsdl
    return root


class _Parts:
    """Messages, elements and types of one document, by their local names."""

    def __init__(self, root: etree._Element) -> None:
        self._messages = {one.get("name"): one for one in root.iter(f"{_WSDL}message")}
        schemas = list(root.iter(f"{{{_XSD}}}schema"))
        self._elements = {
            one.get("name"): one for schema in schemas for one in schema.findall(f"{{{_XSD}}}element")
        }
        self._types = {
            one.get("name"): one for schema in schemas for one in schema.findall(f"{{{_XSD}}}complexType")
        }

    def operation(self, operation: etree._Element) -> Operation:
        answer = self._members(operation.find(f"{_WSDL}output"))
        return Operation(
            parameters=self._members(operation.find(f"{_WSDL}input")),
            returns=any(name == "return" for name, _ in answer),
        )

    def _members(self, direction: etree._Element | None) -> tuple[tuple[str, str], ...]:
        message = self._messages.get(_local(direction.get("message", ""))) if direction is not None else None
        if message is None:
            return ()
        parts = message.findall(f"{_WSDL}part")
        if any(part.get("type") for part in parts):  # rpc: the parts are the parameters
            return tuple((part.get("name", ""), _type(part)) for part in parts)
        wrappers = [self._elements.get(_local(part.get("element", ""))) for part in parts]
        return tuple(member for one in wrappers if one is not None for member in self._inside(one))

    def _inside(self, wrapper: etree._Element) -> list[tuple[str, str]]:
        kind = wrapper.find(f"{{{_XSD}}}complexType")
        if kind is None:
            kind = self._types.get(_local(wrapper.get("type", "")))
        members = kind.iter(f"{{{_XSD}}}element") if kind is not None else ()
        return [(one.get("name") or _local(one.get("ref", "")), _type(one)) for one in members]


def _local(qname: str) -> str:
    return qname.rpartition(":")[2]


def _type(element: etree._Element) -> str:
    """A type of XML Schema by its bare name; any other with its namespace; "" when it is made on the spot."""
    prefix, _, name = element.get("type", "").rpartition(":")
    namespace = element.nsmap.get(prefix or None)
    return name if namespace == _XSD or not name else f"{{{namespace}}}{name}"
