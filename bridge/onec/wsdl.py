"""The WSDL that 1C writes for a firm's own web service, read by zeep and by nothing that could hurt.

Before zeep sees it: no DTD, no entities, no file or address to follow, bounded in bytes and in elements.
"""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from lxml import etree
from zeep.settings import Settings
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import Soap11Binding, Soap12Binding
from zeep.wsdl.messages import DocumentMessage

from bridge.foreign_xml import safe_parser
from bridge.onec import envelope
from bridge.onec.operation import Operation
from bridge.onec.pages import clean

MAX_WSDL_BYTES = 4 * 1024 * 1024  # the largest real one seen has 183 KB and 98 operations
_MAX_TAGS = 200_000
_WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
_XSD = "{http://www.w3.org/2001/XMLSchema}"
_FOLLOWED = {  # element -> the attribute that leads away from this document
    f"{_WSDL}import": "location",
    f"{_XSD}import": "schemaLocation",
    f"{_XSD}include": "schemaLocation",
    f"{_XSD}redefine": "schemaLocation",
}
_DOCTYPE = "в описании есть DOCTYPE, 1С такого не пишет"
_GROUPS = (f"{_XSD}group", f"{_XSD}attributeGroup")  # a few lines of them may unfold into gigabytes
_document: Any = Document  # zeep's types ask for a Transport where a `load` is enough
MEDIA = {Soap11Binding: "text/xml; charset=utf-8", Soap12Binding: "application/soap+xml; charset=utf-8"}


class WsdlError(Exception):
    """The description cannot be used; ``str(error)`` is a Russian sentence for the administrator."""


class _Nowhere:
    """The transport that zeep is given: whatever it wants to fetch is refused."""

    def load(self, url: str) -> bytes:
        raise WsdlError(f"описание ссылается на {clean(url, 100)}: нужен WSDL одним файлом")


class Wsdl:
    """What a web service can do.

    Raises:
        envelope.NotEnvelopeError: not a WSDL but something else: a page, garbage.
        envelope.SoapFaultError: a Fault in place of it.
        WsdlError: a WSDL that cannot be used.
    """

    def __init__(self, document: bytes) -> None:
        _inspect(document)
        settings = Settings(strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True)
        try:
            self._document = _document(io.BytesIO(document), _Nowhere(), settings=settings)
        except WsdlError:
            raise
        except Exception as error:  # noqa: BLE001 - zeep has no common error for what it cannot read
            raise WsdlError(f"описание не разобрано: {_said(error)}") from None

    def operation(self, name: str, *, service: str = "", port: str = "") -> Operation:
        """The operation called `name`, of the first SOAP port unless the settings name another.

        Raises:
            WsdlError: there is none; the message says what there is.
        """
        binding = self._binding(service, port)
        found = binding.all().get(name)
        if found is None:
            raise WsdlError(f"в WSDL нет операции «{name}»; {_there(binding.all())}")
        if not isinstance(found.input, DocumentMessage) or not isinstance(found.output, DocumentMessage):
            raise WsdlError(f"операция «{name}» не document/literal, какой её делает 1С")
        try:
            return Operation(name, found, media=MEDIA[type(binding)])
        except Exception as error:  # noqa: BLE001 - types are put together only now
            raise WsdlError(f"операция «{name}» не разобрана: {_said(error)}") from None

    def _binding(self, service: str, port: str) -> Any:
        services: dict[str, Any] = self._document.services
        if service and service not in services:
            raise WsdlError(f"в WSDL нет веб-сервиса «{service}»; {_there(services)}")
        chosen = [services[service]] if service else list(services.values())
        ports = {name: one.binding for each in chosen for name, one in each.ports.items()}
        spoken = {name: binding for name, binding in ports.items() if type(binding) in MEDIA}
        if port and port not in spoken:
            raise WsdlError(f"в WSDL нет порта SOAP «{port}»; {_there(spoken)}")
        if not spoken:
            raise WsdlError("в WSDL нет ни одного порта SOAP")
        older = [name for name, binding in spoken.items() if isinstance(binding, Soap11Binding)]
        return spoken[port or next(iter([*older, *spoken]))]


def _inspect(document: bytes) -> None:
    if len(document) > MAX_WSDL_BYTES:
        raise WsdlError("описание больше 4 МБ")
    if document.count(b"<") > _MAX_TAGS or document.count(b"=") > _MAX_TAGS:
        raise WsdlError("в описании слишком много элементов")
    try:
        root = etree.fromstring(document.lstrip(), safe_parser())
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.WAR_NS_URI:
            raise WsdlError(
                "пространство имён в описании — с кириллицей или пробелом, его не прочесть: в свойствах "
                "веб-сервиса 1С задайте латинское, например http://crm"
            ) from None
        if b"<!ENTITY" in document:
            raise WsdlError(_DOCTYPE) from None
        raise envelope.NotEnvelopeError("ответ не разобран как XML") from None
    if root.getroottree().docinfo.doctype and root.tag.startswith(_WSDL):
        raise WsdlError(_DOCTYPE)
    if root.tag != f"{_WSDL}definitions":
        envelope.read_response(document, "")
    for element in root.iter(*_FOLLOWED, *_GROUPS):
        if element.tag in _GROUPS:
            raise WsdlError("в описании есть xs:group, 1С такого не пишет")
        if away := element.get(_FOLLOWED[element.tag]):
            raise WsdlError(
                f"описание ссылается на {clean(away, 100)}, а мост по ссылкам не ходит: сохраните WSDL "
                "одним файлом (custom.wsdl_file)"
            )


def _there(names: Iterable[str]) -> str:
    listed: Sequence[str] = sorted(names)
    more = f" и ещё {len(listed) - 20}" if len(listed) > 20 else ""
    return f"есть: {', '.join(listed[:20])}{more}" if listed else "нет ни одной"


def _said(error: Exception) -> str:
    return clean(str(error), 150) or type(error).__name__
