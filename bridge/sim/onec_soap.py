"""SOAP as 1C reads and writes it: strict about names and order, generous with white space."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from bridge.sim.wsgi import Reply

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
MEDIA = {SOAP11: "text/xml; charset=utf-8", SOAP12: "application/soap+xml; charset=utf-8"}

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A published web service: each operation with its parameters in WSDL order.

    `typed`: its parameters are not all strings.
    """

    name: str
    namespace: str
    wsdl: str  # for `bridge.resources.wsdl_text`
    operations: Mapping[str, tuple[str, ...]]
    typed: bool = False


# Mobilon, contents/vpbx/integration/1c.md, 2017-03
VATS = Service(
    name="VATS",
    namespace="http://VATS",
    wsdl="onec/vats.wsdl",
    operations={"IncomingCall": ("NumFrom", "Key"), "SayName": ("Number",)},
)
# TelephonyMobilon extension, 2019-12-12
VATSCALLS = Service(
    name="VATScalls",
    namespace="http://VATSCalls",
    wsdl="onec/vatscalls.wsdl",
    operations={"SayName": ("Number",), "Event": ("Data",), "SayNameByINN": ("INN",)},
)
# A firm's own: Cyrillic names, types of 1C, Out parameters, a procedure that returns nothing
CRM = Service(
    name="CRM",
    namespace="http://crm.example.ru/calls",
    wsdl="onec/crm.wsdl",
    operations={
        "ВходящийЗвонок": ("Номер", "Добавочный", "Время", "Пояснение"),
        "ЗаписатьСобытие": (
            "НомерСобытия",
            "Состояние",
            "Отвечен",
            "Секунд",
            "Дата",
            "Данные",
            "Вложение",
        ),
        "КтоЗвонит": ("Номер",),
        "НайтиКлиента": ("Номер",),
    },
    typed=True,
)
# MIKO's telephony panel (mikopbx/ModuleMegafonPbx Lib/RestAPI, 2026-05-18)
MIKO = Service(
    name="miko_crm_api",
    namespace="http://wiki.miko.ru/uniphone:crmapi",
    wsdl="onec/miko.wsdl",
    operations={"user_list": (), "call_event": ("Subject", "Data")},
)
SERVICES: Mapping[str, Service] = {one.name: one for one in (VATS, VATSCALLS, CRM, MIKO)}

# Of `return`; of `return` and Out parameters by name, where None is a nil; None: a procedure's
Value = str | Mapping[str, str | Mapping[str, str] | None] | None


class CallError(Exception):
    """1C would answer this with a Fault; the text is the Russian faultstring."""

    def __init__(self, text: str, soap: str = SOAP11) -> None:
        super().__init__(text)
        self.text = text
        self.soap = soap


@dataclass(frozen=True, kw_only=True)
class Call:
    service: Service
    operation: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    soap: str = SOAP11  # the envelope's namespace; the answer keeps it
    element: Any = field(default=None, repr=False, compare=False)  # as it came


def read_call(service: Service, body: bytes) -> Call:
    """Read a request. Neither SOAPAction nor Content-Type matter: the manual's own curl sends none.

    Raises:
        CallError: it is not an envelope, or not an operation of this service exactly as published.
    """
    soap, element = _operation(_parse(body))
    name = etree.QName(element)
    if name.namespace != service.namespace or name.localname not in service.operations:
        raise CallError(f"Операция {name.text} не найдена в веб-сервисе {service.name}", soap)
    expected = service.operations[name.localname]
    found = [child.tag for child in element]
    # XDTO reads a sequence: every declared element, qualified, in the order of the WSDL
    for position, parameter in enumerate(expected):
        if found[position : position + 1] != [f"{{{service.namespace}}}{parameter}"]:
            raise CallError(f"Ошибка преобразования данных XDTO: ожидается параметр {parameter}", soap)
    attributes = () if service.typed else [child.attrib for child in element]
    if len(found) > len(expected) or any(map(len, element)) or any(attributes):
        raise CallError(f"Ошибка преобразования данных XDTO: лишнее в операции {name.localname}", soap)
    values = {parameter: child.text or "" for parameter, child in zip(expected, element, strict=True)}
    return Call(service=service, operation=name.localname, parameters=values, soap=soap, element=element)


def _parse(body: bytes) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, LookupError, ValueError) as error:
        raise CallError(f"Ошибка разбора XML: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise CallError("Ошибка разбора XML: описание типа документа не допускается")
    return root


def _operation(root: Any) -> tuple[str, Any]:
    """The envelope's namespace and the only element of its Body."""
    soap = etree.QName(root).namespace or ""
    if soap not in MEDIA or etree.QName(root).localname != "Envelope":
        raise CallError("Ошибка разбора сообщения SOAP: нет элемента Envelope")
    body = root.find(f"{{{soap}}}Body")
    if body is None or len(body) != 1:
        raise CallError("Ошибка разбора сообщения SOAP: в Body нужна одна операция", soap)
    return soap, body[0]


def result(call: Call, value: Value) -> Reply:
    """An answer with `m:return`, in the very layout of 1C (Mobilon, contents/vpbx/integration/1c.md)."""
    if value is None:
        return response(call, f"{call.operation}Response")
    if not isinstance(value, str):
        inside = "".join(f"\r\n\t\t\t{_member(name, one)}" for name, one in value.items())
        return response(call, f"{call.operation}Response", f"{inside}\r\n\t\t")
    element = (
        '<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"\r\n'
        '\t\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"{_text(value)}</m:return>"
    )
    return response(call, f"{call.operation}Response", f"\r\n\t\t\t{element}\r\n\t\t")


def _member(name: str, value: str | Mapping[str, str] | None) -> str:
    if value is None:
        return f'<m:{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    if isinstance(value, str):
        return f"<m:{name}>{_text(value)}</m:{name}>"
    return f"<m:{name}>{''.join(_member(inner, one) for inner, one in value.items())}</m:{name}>"


def response(call: Call, name: str, inside: str = "") -> Reply:
    """An answer whose only element is `name`: the expected one, an empty one, or a foreign one."""
    open_tag = f'<m:{name} xmlns:m="{call.service.namespace}"'
    element = f"{open_tag}>{inside}</m:{name}>" if inside else f"{open_tag}/>"
    return _envelope(element, call.soap, 200)


def fault(text: str, soap: str = SOAP11, status: int = 500) -> Reply:
    """soap:Fault as MIKO's parsers of 1C answers read it: faultcode and faultstring, no detail."""
    if soap == SOAP12:
        reason = f'<soap:Text xml:lang="ru">{_text(text)}</soap:Text>'
        code = "<soap:Code><soap:Value>soap:Receiver</soap:Value></soap:Code>"
        inside = f"{code}\r\n\t\t\t<soap:Reason>{reason}</soap:Reason>"
    else:
        inside = f"<faultcode>soap:Server</faultcode>\r\n\t\t\t<faultstring>{_text(text)}</faultstring>"
    return _envelope(f"<soap:Fault>\r\n\t\t\t{inside}\r\n\t\t</soap:Fault>", soap, status)


def _envelope(element: str, soap: str, status: int) -> Reply:
    lines = (
        f'<soap:Envelope xmlns:soap="{soap}">',
        "\t<soap:Body>",
        f"\t\t{element}",
        "\t</soap:Body>",
        "</soap:Envelope>",
    )
    return Reply(status=status, media=MEDIA[soap], body="\r\n".join(lines).encode())


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("", value))
