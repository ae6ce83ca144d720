"""One operation of a firm's own web service: the message that calls it, and the proof that it was heard.

zeep knows the types and writes the message; every declared element is sent, in the order of the WSDL.
"""

from collections.abc import Collection, Mapping
from typing import Any

from lxml import etree
from zeep import xsd
from zeep.xsd.elements import Element
from zeep.xsd.types import ComplexType

from bridge.foreign_xml import local_name
from bridge.onec import envelope
from bridge.onec.xs_types import UnknownType, type_name, value_of

RETURN = "return"  # 1C's name for what a function gives back
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_MAX_DEPTH = 4  # of an empty structure
_MAX_MEMBERS = 500


class DoesNotFit(Exception):
    """The settings ask for what the WSDL does not have; ``str(error)`` is Russian."""


class BadValue(Exception):
    """This event has no value of the type that a parameter has; ``str(error)`` is Russian."""


class Operation:
    """
    Args:
        bound: zeep's SoapOperation.

    Attributes:
        media: Content-Type of a request.
        gives: what may be read from an answer: Out parameters and the members of `return`.
    """

    def __init__(self, name: str, bound: Any, *, media: str) -> None:
        self.media = media
        self._name = name
        self._message = bound.input
        self._parameters = _members(bound.input.body)
        answer = bound.output.body
        namespace = bound.input.body.qname.namespace
        self._response = answer.qname.text if answer is not None else f"{{{namespace}}}{name}Response"
        self._declared = _members(answer)
        self.gives = [one for one in self._declared if one != RETURN]
        self.gives += _members(self._declared.get(RETURN))

    def expect(self, names: Collection[str]) -> None:
        """
        Raises:
            DoesNotFit: the answer has no place for one of `names`.
        """
        for name in names:
            if name not in self.gives:
                listed = ", ".join(self.gives) or "нет ни одного"
                raise DoesNotFit(f"в ответе операции «{self._name}» нет «{name}»; есть: {listed}")

    def build(self, values: Mapping[str, str]) -> bytes:
        """The envelope; what `values` does not name is sent with the empty value of its type.

        Raises:
            DoesNotFit: no such parameter, or a type that no text can be written as.
            BadValue: a text is no value of its parameter's type.
        """
        for name in values:
            if name not in self._parameters:
                listed = ", ".join(self._parameters) or "нет ни одного"
                raise DoesNotFit(f"у операции «{self._name}» нет параметра «{name}»; есть: {listed}")
        arguments = [
            self._written(element, values[name]) if name in values else self._empty(element)
            for name, element in self._parameters.items()
        ]
        try:
            message = self._message.serialize(*arguments)  # by name a parameter `self` would not pass
        except Exception as error:  # noqa: BLE001 - zeep has no common error for what it cannot write
            raise DoesNotFit(
                f"сообщение для операции «{self._name}» не составить ({type(error).__name__})"
            ) from None
        return bytes(etree.tostring(message.content, xml_declaration=True, encoding="utf-8"))

    def confirmed(self, body: bytes) -> str:
        """What proves that the operation ran; the text of its `return`, if it has one.

        A function must return something that is not empty: one whose handler is missing or takes
        another number of parameters answers neither data nor an error (BSL Language Server,
        WrongWebServiceHandler). A procedure can only answer with its response element.

        Raises:
            envelope.AnswerError: no proof.
        """
        response = envelope.read_response(body, self._response)
        if RETURN in self._declared:
            value = response.find(f"{{*}}{RETURN}")
            text = envelope.text_of(value)
            if not text.strip() and not len(value):
                raise envelope.NoReturnError("пустое значение")
            return text
        if self._declared and not len(response):
            raise envelope.NoReturnError("в ответе нет значения")
        return ""

    def given(self, body: bytes) -> Mapping[str, str]:
        """Out parameters, members of `return`, and `return` itself as a text; what is nil or absent is "".

        Raises:
            envelope.AnswerError: not the answer of this operation.
        """
        response = envelope.read_response(body, self._response)
        elements = [*response.iterchildren(etree.Element)]
        returned = response.find(f"{{*}}{RETURN}")
        if returned is not None:
            elements = [*returned.iterchildren(etree.Element), *elements]
        elif RETURN in self._declared:
            raise envelope.NoReturnError("в ответе нет значения")
        found: dict[str, str] = {}
        for element in elements:
            nil = element.get(_NIL) in ("true", "1")
            text = "" if nil else "".join(element.itertext())
            found.setdefault(local_name(element), text)
        return found

    def _written(self, element: Element, text: str) -> Any:
        if isinstance(element.type, ComplexType):
            raise DoesNotFit(f"параметр «{element.name}» — структура, текстом её не передать")
        try:
            value = value_of(element.type, text)
        except ValueError:
            said = f"значение параметра «{element.name}» не подходит типу {type_name(element.type)}"
            raise BadValue(f"{said} операции «{self._name}»") from None
        except UnknownType as error:
            raise DoesNotFit(f"параметр «{element.name}» типа {error}: такого мост не пишет") from None
        return [value] if element.accepts_multiple else value

    def _empty(self, element: Element, depth: int = 0) -> Any:
        """Nothing where nothing is allowed for a structure or a list; else the empty value of the type."""
        if element.accepts_multiple and not element.min_occurs:
            return []
        if isinstance(element.type, ComplexType):
            if element.is_optional:
                return None
            if element.nillable:
                return xsd.Nil
            members = _members(element)
            if depth == _MAX_DEPTH or len(members) > _MAX_MEMBERS // 5**depth:
                raise DoesNotFit(f"структуру «{element.name}» не заполнить: она слишком велика")
            value: Any = {name: self._empty(one, depth + 1) for name, one in members.items()}
        else:
            try:
                value = value_of(element.type, "")
            except (ValueError, UnknownType):
                if element.is_optional:
                    return None
                if element.nillable:
                    return xsd.Nil
                raise DoesNotFit(f"задайте в настройках значение параметра «{element.name}»") from None
        return [value] if element.accepts_multiple else value


def _members(element: Element | None) -> dict[str, Element]:
    """What a wrapper or a structure is made of, in order."""
    kind = getattr(element, "type", None)
    if not isinstance(kind, ComplexType):
        return {}
    return {name: one for name, one in kind.elements if isinstance(one, Element)}
