"""The WSDL that 1C makes of a web service: the shape is that of wsdl/onec/*.wsdl."""

from xml.sax.saxutils import quoteattr

from onec.run.infobase.dump import Operation, WebService
from onec.run.objects import Unsupported

POLICY = "http://schemas.xmlsoap.org/ws/2004/09/policy"
UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
TRANSPORT = "http://schemas.xmlsoap.org/soap/http"


def description(service: WebService, address: str) -> str:
    """The whole document.

    Args:
        address: of the ports, as the web server saw the request.
    """
    namespace = quoteattr(service.namespace)
    operations = service.operations
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"'
        ' xmlns:soap12bind="http://schemas.xmlsoap.org/wsdl/soap12/"'
        ' xmlns:soapbind="http://schemas.xmlsoap.org/wsdl/soap/"'
        f' xmlns:tns={namespace} xmlns:wsp="{POLICY}" xmlns:wsu="{UTILITY}"'
        f' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsd1={namespace}'
        f' name="{service.name}" targetNamespace={namespace}>'
        f'<types><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xs1={namespace}'
        f' targetNamespace={namespace} attributeFormDefault="unqualified" elementFormDefault="qualified">'
        f"{''.join(map(_elements, operations))}</xs:schema></types>"
        f"{''.join(map(_messages, operations))}"
        f'<portType name="{service.name}PortType">{"".join(map(_port_operation, operations))}</portType>'
        f"{_binding(service, 'Soap', 'soapbind')}{_binding(service, 'Soap12', 'soap12bind')}"
        f'<service name="{service.name}">'
        f'<port name="{service.name}Soap" binding="tns:{service.name}SoapBinding"><documentation>'
        '<wsi:Claim xmlns:wsi="http://ws-i.org/schemas/conformanceClaim/"'
        ' conformsTo="http://ws-i.org/profiles/basic/1.1"/></documentation>'
        f"<soapbind:address location={quoteattr(address)}/></port>"
        f'<port name="{service.name}Soap12" binding="tns:{service.name}Soap12Binding">'
        f"<soap12bind:address location={quoteattr(address)}/></port></service></definitions>"
    )


def _elements(one: Operation) -> str:
    given = "".join(_element(*parameter) for parameter in one.parameters)
    return (
        f'<xs:element name="{one.name}">{_sequence(given)}</xs:element>'
        f'<xs:element name="{one.name}Response">{_sequence(_element("return", one.returns, one.nillable))}'
        "</xs:element>"
    )


def _element(name: str, kind: str, nillable: bool) -> str:
    if kind.rpartition(":")[2] != "string":
        raise Unsupported(f"тип веб-сервиса {kind}")
    more = ' nillable="true"' if nillable else ""
    return f'<xs:element name="{name}" type="xs:string"{more}/>'


def _sequence(inside: str) -> str:
    return f"<xs:complexType><xs:sequence>{inside}</xs:sequence></xs:complexType>"


def _messages(one: Operation) -> str:
    return (
        f'<message name="{one.name}RequestMessage">'
        f'<part name="parameters" element="tns:{one.name}"/></message>'
        f'<message name="{one.name}ResponseMessage">'
        f'<part name="parameters" element="tns:{one.name}Response"/></message>'
    )


def _port_operation(one: Operation) -> str:
    return (
        f'<operation name="{one.name}"><input message="tns:{one.name}RequestMessage"/>'
        f'<output message="tns:{one.name}ResponseMessage"/></operation>'
    )


def _binding(service: WebService, suffix: str, prefix: str) -> str:
    body = f'<{prefix}:body use="literal"/>'
    prefix_of_action = f"{service.namespace}#{service.name}:"
    operations = "".join(
        f'<operation name="{one.name}">'
        f'<{prefix}:operation style="document" soapAction={quoteattr(prefix_of_action + one.name)}/>'
        f"<input>{body}</input><output>{body}</output></operation>"
        for one in service.operations
    )
    return (
        f'<binding name="{service.name}{suffix}Binding" type="tns:{service.name}PortType">'
        f'<{prefix}:binding style="document" transport="{TRANSPORT}"/>{operations}</binding>'
    )
