"""The bytes of SOAP that 1C reads and writes. What an answer means for a delivery is left to `faults`."""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from html import escape

from lxml import etree

from bridge.foreign_xml import safe_parser

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"  # 1C publishes a port for each
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

# Everything outside the Char production of XML 1.0, §2.2; 1C's parser refuses the whole request for one.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_PLAIN = re.compile(r"[A-Za-z0-9:/._-]+")
_SPACE, _GAP = r"[ \t\r\n]*+", r"[ \t\r\n]++"
_PREFIX = r"[A-WYZa-wyz][A-Za-z0-9]*+"


class AnswerError(Exception):
    """1C's answer holds no return value; ``str(error)`` is a Russian phrase for the administrator."""


class NotEnvelopeError(AnswerError):
    """The bytes are not a SOAP envelope."""


class NoReturnError(AnswerError):
    """An envelope without the value we asked for."""


class SoapFaultError(AnswerError):
    """1C answered with a Fault; ``str(error)`` is its text, as 1C wrote it."""


def build(namespace: str, operation: str, parameters: Sequence[tuple[str, str]]) -> bytes:
    """The request as in the curl of the exchange's manual, one line.

    The default namespace stands on the operation element; `parameters` are in the order of the
    WSDL and all present, since 1C rejects a missing one (Mobilon, contents/vpbx/integration/1c.md,
    2017-06-02).

    >>> build("http://VATS", "SayName", [("Number", "89235292926")]).decode()[108:-28]
    '<soap:Body><SayName xmlns="http://VATS"><Number>89235292926</Number></SayName>'
    """
    opening, closing = _around(namespace, operation)
    members = "".join(f"<{name}>{_text(value)}</{name}>" for name, value in parameters)
    return f"{opening}{members}{closing}".encode()


@lru_cache(maxsize=64)
def _around(namespace: str, operation: str) -> tuple[str, str]:
    """What stands before and behind the parameters."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{SOAP11}"><soap:Body><{operation} xmlns="{escape(namespace)}">',
        f"</{operation}></soap:Body></soap:Envelope>",
    )


def _text(value: str) -> str:
    if value.isprintable():  # nothing forbidden, no CR
        return escape(value, quote=False)
    # a bare CR would be read back as LF (XML 1.0, §2.11)
    return escape(without_forbidden(value), quote=False).replace("\r", "&#13;")


def without_forbidden(text: str) -> str:
    """The text without characters that XML cannot hold.

    >>> without_forbidden("a\x00b")
    'ab'
    """
    return _FORBIDDEN.sub("", text)


@lru_cache(maxsize=64)
def returned(namespace: str, operation: str) -> Callable[[bytes], str]:
    """Who reads the value of `operation`: `read_return`, to which a blank text is no value either.

    The answer that 1C usually gives is recognised without a parser.
    """
    usual = _usual(namespace, operation)

    def read(body: bytes) -> str:
        if usual and (found := usual.fullmatch(body)):
            return found["value"].decode()
        text = read_return(body, namespace, operation)
        if not text.strip():
            raise NoReturnError("пустое значение")
        return text

    return read


def _usual(namespace: str, operation: str) -> re.Pattern[bytes] | None:
    """The answer as in the exchange's manual, with a value of printable ASCII that needs no escaping.

    No prefix begins with x: the value may declare `xs` and `xsi` for itself.
    """
    if not (_PLAIN.fullmatch(namespace) and _PLAIN.fullmatch(operation)):
        return None
    schema = r"http://www\.w3\.org/2001/XMLSchema"
    envelope = f"(?:{re.escape(SOAP11)}|{re.escape(SOAP12)})"
    parts = (
        r'(?:<\?xml version="1\.0"(?: encoding="(?:utf|UTF)-8")?\?>)?',
        rf'<(?P<soap>{_PREFIX}):Envelope xmlns:(?P=soap)="{envelope}">',
        rf"(?:<(?P=soap):Header/>{_SPACE})?<(?P=soap):Body>",
        rf'<(?P<own>{_PREFIX}):{re.escape(operation)}Response xmlns:(?P=own)="{re.escape(namespace)}">',
        rf'<(?P=own):return(?:{_GAP}xmlns:xs="{schema}")?(?:{_GAP}xmlns:xsi="{schema}-instance")?>'
        r"(?P<value>[!-%'-;=?-~]+)</(?P=own):return>",
        rf"</(?P=own):{re.escape(operation)}Response>",
        r"</(?P=soap):Body>",
        r"</(?P=soap):Envelope>",
    )
    return re.compile((_SPACE.join(parts) + _SPACE).encode())


def read_return(body: bytes, namespace: str, operation: str) -> str:
    """The text of `<operation>Response/return`, whatever prefixes, encoding or indentation 1C chose.

    Raises:
        NotEnvelopeError: not SOAP at all, cut off, or with a DOCTYPE.
        SoapFaultError: 1C answered with a Fault.
        NoReturnError: no value, a nil, or the answer to another operation.
    """
    response = read_response(body, f"{{{namespace}}}{operation}Response")
    return text_of(response.find(f"{{{namespace}}}return"))


def read_response(body: bytes, expected: str) -> etree._Element:
    """The element `expected`, "{namespace}name", in which 1C puts all that an operation gives back.

    Raises:
        NotEnvelopeError, SoapFaultError, NoReturnError: as in `read_return`.
    """
    content = _body(_parse(body))
    if content is None:
        raise NoReturnError("пустой ответ")
    if content.tag in (f"{{{SOAP11}}}Fault", f"{{{SOAP12}}}Fault"):
        raise SoapFaultError(_fault_text(content))
    if content.tag != expected:
        raise NoReturnError("ответ другой операции или другого пространства имён")
    return content


def text_of(value: etree._Element | None) -> str:
    """The text of a value in a response.

    Raises:
        NoReturnError: it is missing, or nil.
    """
    if value is None:
        raise NoReturnError("в ответе нет значения")
    if value.get(_NIL) in ("true", "1"):
        raise NoReturnError("вместо значения — «не определено»")
    return "".join(value.itertext())


def _body(root: etree._Element) -> etree._Element | None:
    for soap in (SOAP11, SOAP12):
        if root.tag == f"{{{soap}}}Envelope":
            body = root.find(f"{{{soap}}}Body")
            return None if body is None or len(body) == 0 else body[0]
    raise NotEnvelopeError("ответ — не SOAP")


def _fault_text(fault: etree._Element) -> str:
    """`faultstring` of SOAP 1.1 or `Reason/Text` of SOAP 1.2; `detail` is not read: it holds stacks."""
    for path in ("{*}faultstring", "{*}Reason/{*}Text"):
        found = fault.find(path)
        if found is not None:
            return "".join(found.itertext())
    return ""


def _parse(body: bytes, *, recover: bool = False) -> etree._Element:
    parser = safe_parser(recover=recover)
    try:
        root = etree.fromstring(body.lstrip(), parser)
    except etree.XMLSyntaxError as error:
        # 1C allows namespaces that are no URI («http://пример.рф», a trailing space); libxml2 does not
        if error.code == etree.ErrorTypes.WAR_NS_URI and not recover:
            return _parse(body, recover=True)
        raise NotEnvelopeError("ответ не разобран как XML") from None
    if recover and any(entry.type != etree.ErrorTypes.WAR_NS_URI for entry in parser.error_log):
        raise NotEnvelopeError("ответ не разобран как XML")
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotEnvelopeError("ответ с DOCTYPE")
    return root
