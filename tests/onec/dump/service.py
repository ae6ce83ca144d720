"""Rules on what is called from outside a form: the web service's contract and the handlers."""

from collections.abc import Iterator

from lxml import etree
from onec.bsl.tree import Method, Module
from onec.dump.files import Said
from onec.dump.reading import MD, Dump, Element, Object

from bridge.resources import wsdl_text

NAMESPACE = "http://VATS"
CONTRACTS = ("onec/vats.wsdl", "onec/vatscalls.wsdl")
_XS = "{http://www.w3.org/2001/XMLSchema}"

Signature = tuple[tuple[tuple[str, str], ...], str]
"""Parameters with their types, and the type of the answer."""


def operations_of(wsdl: str) -> dict[str, Signature]:
    """The operations of a contract: what 1C publishes for a web service described so."""
    schema = etree.fromstring(wsdl.encode())
    elements = {
        each.get("name"): each
        for each in schema.iter(f"{_XS}element")
        if each.getparent().tag == f"{_XS}schema"
    }
    return {
        name: (_fields(each), _fields(elements[f"{name}Response"])[0][1])
        for name, each in elements.items()
        if not name.endswith("Response")
    }


def contract() -> dict[str, Signature]:
    """What the bridge and the exchange call: the operations of both contracts, in one service."""
    found: dict[str, Signature] = {}
    for name in CONTRACTS:
        found |= operations_of(wsdl_text(name))
    return found


def web_service(dump: Dump) -> Said:
    for one in dump.of_kind("WebService"):
        if one.name != "VATS" or one.property("Namespace") != NAMESPACE:
            yield (
                one.path,
                f"the service is VATS in {NAMESPACE}, not {one.name} in {one.property('Namespace')}",
            )
        if one.property("DescriptorFileName") != "VATS.1cws":
            yield one.path, f"its descriptor is {one.property('DescriptorFileName')}"
        found = published(one)
        expected = contract()
        for name in sorted(set(found) ^ set(expected)):
            yield (
                one.path,
                f"operation {name} is {'not in the contract' if name in found else 'not published'}",
            )
        for name in sorted(set(found) & set(expected)):
            if found[name] != expected[name]:
                yield one.path, f"operation {name} is {found[name]}, the contract says {expected[name]}"
        for element in one.element.iter(f"{MD}Nillable"):
            if element.text != "false":
                yield one.path, "a string of the contract is never nil"
        for element in one.element.iter(f"{MD}TransferDirection"):
            if element.text != "In":
                yield one.path, "the contract has no parameters that come back"


def published(one: Object) -> dict[str, Signature]:
    """The operations of a web service as its metadata describe them."""
    return {
        _property(operation, "Name"): (
            tuple(
                (_property(each, "Name"), _property(each, "XDTOValueType"))
                for each in operation.findall(f"{MD}ChildObjects/{MD}Parameter")
            ),
            _property(operation, "XDTOReturningValueType"),
        )
        for operation in one.children("Operation")
    }


def handlers(dump: Dump) -> Said:
    for one in dump.of_kind("WebService"):
        path = f"{dump.folder(one)}/Ext/Module.bsl"
        module = dump.module(path)
        for operation in one.children("Operation"):
            name = _property(operation, "ProcedureName")
            parameters = len(operation.findall(f"{MD}ChildObjects/{MD}Parameter"))
            for text in _method(module, name, parameters, function=True):
                yield path, text
    for one in dump.of_kind("ScheduledJob"):
        owner, _, name = one.property("MethodName").removeprefix("CommonModule.").partition(".")
        path = f"CommonModules/{owner}/Ext/Module.bsl"
        module = dump.module(path)
        for text in _method(module, name, 0, function=False):
            yield path, text
        method = module.method(name) if module is not None else None
        if method is not None and not method.export:
            yield path, f"{name} is not exported"
        target = dump.object(f"CommonModule.{owner}")
        if target is not None and (
            target.property("Server") != "true" or target.property("ServerCall") == "true"
        ):
            yield one.path, f"{owner} is not a module of the server alone"
    for one in dump.of_kind("CommonCommand"):
        path = f"{dump.folder(one)}/Ext/CommandModule.bsl"
        module = dump.module(path)
        for text in _method(module, "ОбработкаКоманды", 2, function=False):
            yield path, text
        method = module.method("ОбработкаКоманды") if module is not None else None
        if method is not None and method.directive != "НаКлиенте":
            yield path, "ОбработкаКоманды does not run on the client"


def _method(module: Module | None, name: str, parameters: int, *, function: bool) -> Iterator[str]:
    method: Method | None = module.method(name) if module is not None else None
    kind = "function" if function else "procedure"
    if method is None:
        yield f"there is no {kind} {name}"
    elif method.is_function != function:
        yield f"{name} is no {kind}"
    elif len(method.parameters) != parameters:
        yield f"{name} has {len(method.parameters)} parameters, it is called with {parameters}"


def _fields(element: Element) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.get("name"), each.get("type")) for each in element.iter(f"{_XS}element") if each is not element
    )


def _property(element: Element, name: str) -> str:
    return element.findtext(f"{MD}Properties/{MD}{name}") or ""
