"""Web services: every operation takes and returns strings."""

from markup import Element, flag, many
from model import Operation, WebService

from writers.parts import Dump, naming


def web_service(dump: Dump, one: WebService) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("Namespace", one.namespace),
        Element("XDTOPackages"),
        Element("DescriptorFileName", f"{one.name}.1cws"),
        Element("ReuseSessions", "AutoUse"),
        Element("SessionMaxAge", str(one.session_age)),
    )
    operations = many("ChildObjects", *(_operation(dump, one.name, each) for each in one.operations))
    return many("WebService", properties, operations, uuid=dump.identifier(f"WebService.{one.name}"))


def _operation(dump: Dump, service: str, one: Operation) -> Element:
    path = f"WebService.{service}.Operation.{one.name}"
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("XDTOReturningValueType", "xs:string"),
        flag("Nillable", False),
        flag("Transactioned", False),
        Element("ProcedureName", one.name),
        Element("DataLockControlMode", "Managed"),
    )
    parameters = many("ChildObjects", *(_parameter(dump, path, name) for name in one.parameters))
    return many("Operation", properties, parameters, uuid=dump.identifier(path))


def _parameter(dump: Dump, operation: str, name: str) -> Element:
    properties = many(
        "Properties",
        *naming(name, (name, name)),
        Element("XDTOValueType", "xs:string"),
        flag("Nillable", False),
        Element("TransferDirection", "In"),
    )
    return many("Parameter", properties, uuid=dump.identifier(f"{operation}.Parameter.{name}"))
