"""A published WSDL as values that tests can compare, and the rules of shape that its clients taught us.

`read` takes a file apart, `spoken` asks Spyne's interface for the same, `differences` compares
them. `findings` holds a file against the shape that every known client understands.
"""

import difflib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from bridge.web.soap.problem import Version
from bridge.web.soap.service import build
from bridge.web.soap.vocabulary import OPERATIONS, Language

WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
QNAMES = ("type", "element", "message", "binding", "base", "ref")  # attributes whose value has a prefix
MANY = "unbounded"


@dataclass(frozen=True)
class Member:
    """One element of a sequence; `type` is "{namespace}name"."""

    name: str
    type: str
    least: str = "1"
    most: str = "1"
    nillable: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.type} {self.least}..{self.most}{' nillable' * self.nillable}"


@dataclass(frozen=True)
class Spoken:
    """An operation: its wrapper elements, their members, and the ASCII name that travels in SOAPAction."""

    name: str
    action: str
    request: str
    request_members: tuple[Member, ...]
    response: str
    response_members: tuple[Member, ...]
    parts: tuple[str, str]


@dataclass(frozen=True)
class Contract:
    namespace: str
    service: str
    operations: tuple[Spoken, ...]
    types: dict[str, tuple[Member, ...]]

    def lines(self) -> Iterator[str]:
        yield f"namespace {self.namespace}"
        yield f"service {self.service}"
        for one in self.operations:
            yield f"operation {one.name}"
            yield f"{one.name} action {one.action}"
            yield f"{one.name} parts {' '.join(one.parts)}"
            yield f"{one.name} request {one.request}"
            yield from (f"{one.name} takes {member}" for member in one.request_members)
            yield f"{one.name} response {one.response}"
            yield from (f"{one.name} gives {member}" for member in one.response_members)
        for name, members in sorted(self.types.items()):
            yield f"type {name}"
            yield from (f"{name} has {member}" for member in members)


def differences(published: Contract, spoken: Contract) -> list[str]:
    """What one says and the other does not: "- " only published, "+ " only spoken; order counts."""
    compared = difflib.unified_diff(list(published.lines()), list(spoken.lines()), n=0, lineterm="")
    return [line for line in compared if not line.startswith(("---", "+++", "@@"))]


# --- the published file -------------------------------------------------------------------------
def read(document: bytes) -> Contract:
    root = etree.fromstring(document)
    schema = root.find(f"{WSDL}types/{XSD}schema")
    namespace = f"{{{schema.get('targetNamespace')}}}"
    elements = {
        namespace + one.get("name"): _members(one.find(f"{XSD}complexType"))
        for one in schema.findall(f"{XSD}element")
    }
    messages = {
        message.get("name"): part for message in root.findall(f"{WSDL}message") for part in message[:1]
    }
    actions = {
        one.get("name"): one.find(f"{SOAP}operation").get("soapAction", "").rpartition(":")[2]
        for one in root.findall(f"{WSDL}binding/{WSDL}operation")
    }
    operations = []
    for one in root.findall(f"{WSDL}portType/{WSDL}operation"):
        asked, given = (
            messages.get(one.find(WSDL + side).get("message").partition(":")[2], etree.Element("part"))
            for side in ("input", "output")
        )
        request, response = (_clark(part, part.get("element", "")) for part in (asked, given))
        operations.append(
            Spoken(
                name=one.get("name"),
                action=actions.get(one.get("name"), ""),
                request=request,
                request_members=elements.get(request, ()),
                response=response,
                response_members=elements.get(response, ()),
                parts=(asked.get("name"), given.get("name")),
            )
        )
    return Contract(
        namespace=root.get("targetNamespace"),
        service=root.find(f"{WSDL}service").get("name"),
        operations=tuple(operations),
        types={namespace + one.get("name"): _members(one) for one in schema.findall(f"{XSD}complexType")},
    )


def schema_of(document: bytes) -> etree.XMLSchema:
    """The embedded schema, compiled."""
    schema = etree.fromstring(document).find(f"{WSDL}types/{XSD}schema")
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


def _members(complex_type: Any) -> tuple[Member, ...]:
    sequence = [] if complex_type is None else complex_type.findall(f"{XSD}sequence/{XSD}element")
    return tuple(
        Member(
            name=one.get("name", ""),
            type=_clark(one, one.get("type", "")),
            least=one.get("minOccurs", "1"),
            most=one.get("maxOccurs", "1"),
            nillable=one.get("nillable", "false") in ("true", "1"),
        )
        for one in sequence
    )


def _clark(element: Any, qname: str) -> str:
    prefix, _, name = qname.rpartition(":")
    return f"{{{element.nsmap.get(prefix or None, '')}}}{name}"


# --- what Spyne speaks --------------------------------------------------------------------------
def spoken(language: Language, version: Version = Version.V11) -> Contract:
    """The contract as Spyne's own interface holds it."""
    handlers = {operation.name: lambda *_: None for operation in OPERATIONS}
    application = build(language, handlers)[version].app
    interface = application.interface
    methods = [described for (described, *_) in interface.service_method_map.values()]
    types = {}
    wrappers = {message.get_type_name() for one in methods for message in (one.in_message, one.out_message)}
    for cls in interface.classes.values():
        if cls.get_type_name() not in wrappers and hasattr(cls, "_type_info"):
            types[_spyne_name(cls)] = _spyne_members(cls)
    (service,) = application.services
    return Contract(
        namespace=interface.get_tns(),
        service=service.get_service_name(),
        operations=tuple(
            Spoken(
                name=one.operation_name,
                action=one.function.__name__,
                request=_spyne_name(one.in_message),
                request_members=_spyne_members(one.in_message),
                response=_spyne_name(one.out_message),
                response_members=_spyne_members(one.out_message),
                parts=(one.in_message.get_wsdl_part_name(), one.out_message.get_wsdl_part_name()),
            )
            for one in methods
        ),
        types=types,
    )


def _spyne_members(cls: Any) -> tuple[Member, ...]:
    return tuple(
        Member(
            name=name,
            type=_spyne_name(kind),
            least=str(kind.Attributes.min_occurs),
            most=_spyne_most(kind.Attributes.max_occurs),
            nillable=bool(kind.Attributes.nillable),
        )
        for name, kind in cls._type_info.items()
    )


def _spyne_most(most: Any) -> str:
    return MANY if most == MANY or most == float("inf") else str(most)


def _spyne_name(cls: Any) -> str:
    return f"{{{cls.get_namespace()}}}{cls.get_type_name()}"


# --- the rules of shape -------------------------------------------------------------------------
def findings(document: bytes) -> list[str]:
    """Everything in which a WSDL departs from the shape that all clients of the bridge can read."""
    root = etree.fromstring(document)
    return [
        *_bytes_findings(document),
        *_unused_prefixes(document),
        *_order_findings(root),
        *_name_findings(root),
        *_forbidden(root),
        *_schema_findings(root),
        *_message_findings(root),
        *_binding_findings(root),
    ]


def _bytes_findings(document: bytes) -> Iterator[str]:
    if not document.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n'):
        yield "the file does not begin with the declaration of UTF-8"
    if b"\r" in document:
        yield "line ends are not LF"


def _unused_prefixes(document: bytes) -> Iterator[str]:
    root = etree.fromstring(document)
    declared: list[tuple[str, str]] = []
    depth = 0
    for event, what in etree.iterparse(io.BytesIO(document), events=("start", "end", "start-ns")):
        if event == "start-ns":
            declared.append(what)
            if depth:
                yield f"xmlns:{what[0]} is declared below the root"
        else:
            depth += 1 if event == "start" else -1
    used = set()
    for element in root.iter(etree.Element):
        used.add(element.prefix or "")
        for name, value in element.attrib.items():
            if name in QNAMES:
                used.add(value.rpartition(":")[0])
            if name.startswith("{"):
                yield f"attribute {name} of another namespace"
    yield from (f"xmlns:{prefix} is not used" for prefix, _ in declared if prefix not in used)


def _order_findings(root: Any) -> Iterator[str]:
    tags = [etree.QName(child).localname for child in root.iterchildren(etree.Element)]
    squeezed = [tag for index, tag in enumerate(tags) if tag != "message" or tags[index - 1] != tag]
    if squeezed != ["types", "message", "portType", "binding", "service"]:
        yield f"order of the parts: {' '.join(squeezed)}"
    if len(root.findall(f"{WSDL}service/{WSDL}port")) != 1:
        yield "not exactly one port"
    if len(root.findall(f"{WSDL}types/{XSD}schema")) != 1:
        yield "not exactly one schema"


def _name_findings(root: Any) -> Iterator[str]:
    namespace = root.get("targetNamespace", "")
    service, port = root.find(f"{WSDL}service"), root.find(f"{WSDL}service/{WSDL}port")
    binding, port_type = root.find(f"{WSDL}binding"), root.find(f"{WSDL}portType")
    name = service.get("name")
    for title, given, wanted in (
        ("definitions", root.get("name"), name),
        ("port", port.get("name"), f"{name}Soap"),
        ("binding", binding.get("name"), f"{name}SoapBinding"),
        ("portType", port_type.get("name"), f"{name}PortType"),
        ("binding of the port", port.get("binding"), f"tns:{name}SoapBinding"),
        ("portType of the binding", binding.get("type"), f"tns:{name}PortType"),
    ):
        if given != wanted:
            yield f"name of {title}: {given}, not {wanted}"
    for title, text in (("service", name), ("namespace", namespace), ("port", port.get("name"))):
        if not text.isascii() or " " in text:
            yield f"{title} is not plain ASCII: {text}"
    if not namespace.startswith("http://"):
        yield f"namespace is not absolute: {namespace}"
    if root.nsmap.get("tns") != namespace:
        yield "the prefix tns is not the target namespace"


def _forbidden(root: Any) -> Iterator[str]:
    allowed = {
        **dict.fromkeys(("schema", "complexType", "sequence", "element"), XSD),
        **dict.fromkeys(("address", "body"), SOAP),
    }
    wsdl = {"definitions", "types", "message", "part", "portType", "operation", "input", "output"}
    for element in root.iter():
        if not isinstance(element.tag, str):
            yield "a comment or a processing instruction"
            continue
        name = etree.QName(element)
        known = (
            element.tag == allowed.get(name.localname, "") + name.localname
            or (name.localname in {*wsdl, "binding", "service", "port"} and element.tag.startswith(WSDL))
            or element.tag in (f"{SOAP}binding", f"{SOAP}operation")
        )
        if not known:
            yield f"<{name.localname}> is not for every client"
        for attribute in ("nillable", "parameterOrder", "default", "fixed", "ref", "form", "schemaLocation"):
            if attribute in element.attrib:
                yield f"{attribute} on <{name.localname}>"


def _schema_findings(root: Any) -> Iterator[str]:
    schema = root.find(f"{WSDL}types/{XSD}schema")
    if schema.get("elementFormDefault") != "qualified":
        yield "elementFormDefault is not qualified"
    if schema.get("targetNamespace") != root.get("targetNamespace"):
        yield "the schema has a namespace of its own"
    named = {one.get("name") for one in schema.findall(f"{XSD}complexType")}
    for wrapper in schema.findall(f"{XSD}element"):
        name = wrapper.get("name")
        if wrapper.get("type") or wrapper.find(f"{XSD}complexType/{XSD}sequence") is None:
            yield f"wrapper {name} has no anonymous sequence"
        if name in named:
            yield f"wrapper {name} shares its name with a type"
    for sequence in schema.iter(f"{XSD}sequence"):
        names = [one.get("name") for one in sequence]
        if len(set(names)) != len(names):
            yield f"a member is repeated: {' '.join(names)}"
        for one in sequence:
            if not one.get("type"):
                yield f"member {one.get('name')} has no named type"
            occurs = (one.get("minOccurs"), one.get("maxOccurs"))
            if occurs not in ((None, None), ("0", MANY)):
                yield f"member {one.get('name')} occurs {occurs}"
            if occurs == ("0", MANY) and not one.get("type", "").startswith("tns:"):
                yield f"member {one.get('name')} is many of something without a name"


def _message_findings(root: Any) -> Iterator[str]:
    for message in root.findall(f"{WSDL}message"):
        parts = [(one.get("name"), one.get("element") is not None) for one in message]
        if parts != [("parameters", True)]:
            yield f"parts of {message.get('name')}: {parts}"
    for one in read(etree.tostring(root)).operations:
        if one.request.partition("}")[2] != one.name:
            yield f"request element of {one.name}: {one.request}"
        if one.response.partition("}")[2] != f"{one.name}Response":
            yield f"response element of {one.name}: {one.response}"
        if [member.name for member in one.response_members] != ["return"]:
            yield f"{one.name} does not answer with one `return`"


def _binding_findings(root: Any) -> Iterator[str]:
    service = root.find(f"{WSDL}service").get("name")
    binding = root.find(f"{WSDL}binding")
    offered = [one.get("name") for one in root.findall(f"{WSDL}portType/{WSDL}operation")]
    bound = [one.get("name") for one in binding.findall(f"{WSDL}operation")]
    if offered != bound:
        yield f"the binding has other operations or another order: {' '.join(bound)}"
    kind = binding.find(f"{SOAP}binding")
    if (kind.get("style"), kind.get("transport")) != ("document", "http://schemas.xmlsoap.org/soap/http"):
        yield "the binding is not document style over HTTP"
    start = f"{root.get('targetNamespace')}#{service}:"
    actions = []
    for one in binding.findall(f"{WSDL}operation"):
        action = one.find(f"{SOAP}operation").get("soapAction", "")
        actions.append(action)
        if not action.isascii() or not action.startswith(start) or action == start:
            yield f"soapAction of {one.get('name')}: {action}"
        if any(body.attrib != {"use": "literal"} for body in one.iter(f"{SOAP}body")):
            yield f"{one.get('name')} is not literal"
    if len(set(actions)) != len(actions):
        yield "two operations share a soapAction"
