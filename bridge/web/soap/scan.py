"""Bytes of a request to a small bounded tree, by expat, before libxml2 sees anything.

libxml2 keeps every distinct name it ever met, per thread and for ever, and takes seconds for
100,000 attributes; expat forgets and is told to stop at our limits. Whoever is liberal (1C, curl,
PHP) is read; whoever is hostile gets a Fault.
"""

import codecs
import re
from dataclasses import dataclass, field
from xml.parsers import expat

from bridge.web.soap.problem import SoapError

MAX_ELEMENTS = 64
MAX_ATTRIBUTES = 64
MAX_DEPTH = 16
MAX_NAMESPACES = 32  # declarations; expat does not count them among the attributes
MAX_NAME = 256  # characters of a name with its namespace
_SEPARATOR = "\x1f"  # between namespace and name; XML cannot contain it

# What 1C, its neighbours and old PHP send, by its usual names; nothing that could smuggle one text as
# another (UTF-7). A table, for `codecs.lookup` remembers every unknown name for ever.
ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf16"), "utf-16"),
    **dict.fromkeys(("utf-16le", "utf-16-le"), "utf-16-le"),
    **dict.fromkeys(("utf-16be", "utf-16-be"), "utf-16-be"),
    **dict.fromkeys(("windows-1251", "cp1251", "cp-1251", "win-1251", "1251"), "cp1251"),
    "koi8-r": "koi8-r",
    "iso-8859-5": "iso8859-5",
    **dict.fromkeys(("iso-8859-1", "latin-1", "latin1"), "latin-1"),
    **dict.fromkeys(("us-ascii", "ascii"), "ascii"),
}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TOO_MUCH = "Слишком сложный запрос: в нём больше, чем нужно любой операции"
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*?\?>", re.ASCII)
_DECLARED = re.compile(rb"""^\s*<\?xml\s[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


@dataclass
class Element:
    """An element: namespace, local name, attributes by "{namespace}name", children, own text."""

    namespace: str
    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""


def decode(body: bytes, header_charset: str) -> str:
    """The text of a request: BOM, then the header's charset, then the declaration, then UTF-8.

    The header wins over the declaration (RFC 7303 §3.2) unless the bytes cannot be that. An encoding
    that is not ours is refused wherever it is named.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return _decode(body[len(bom) :], name)
    declared = _DECLARED.match(body[:200])
    candidates = [header_charset, declared[1].decode("ascii") if declared else ""]
    names = [_known(name) for name in candidates if name] or ["utf-8"]
    for name in names[:-1]:
        try:
            return _decode(body, name)
        except SoapError:
            continue
    return _decode(body, names[-1])


def _known(name: str) -> str:
    found = ENCODINGS.get(name.strip("\"' ").lower().replace("_", "-"))
    if found is None:
        raise SoapError("Кодировка запроса не поддерживается: пришлите UTF-8", status=415)
    return found


def _decode(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding)
    except UnicodeDecodeError:
        raise SoapError("Текст запроса не соответствует объявленной кодировке") from None


def scan(text: str) -> Element:
    """Parse a document into elements.

    Raises:
        SoapError: it is no XML, carries a DTD, or is larger than any honest request.
    """
    # the newline keeps a second declaration from being the first
    text = _DECLARATION.sub("\n", text.lstrip("\ufeff"), count=1).rstrip()
    if not text:
        raise SoapError("Пустой запрос: нет конверта SOAP")
    if "\0" in text:  # expat would take it for UTF-16, whatever encoding it is told
        raise SoapError("Запрос не является правильным XML")
    builder = _Builder()
    parser = expat.ParserCreate("utf-8", _SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartNamespaceDeclHandler = builder.declare
    try:
        parser.Parse(text.encode(errors="surrogatepass"), True)
    except expat.ExpatError as error:
        raise SoapError(f"Запрос не является правильным XML (строка {error.lineno})") from None
    return builder.root


class _Builder:
    def __init__(self) -> None:
        self.root = Element("", "", {})
        self._open: list[Element] = []
        self._elements = 0
        self._attributes = 0
        self._namespaces = 0

    def doctype(self, *_: object) -> None:
        raise SoapError("DTD в запросе запрещён")

    def declare(self, *_: object) -> None:
        self._namespaces += 1
        if self._namespaces > MAX_NAMESPACES:
            raise SoapError(_TOO_MUCH)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        self._attributes += len(attributes)
        if (
            self._elements > MAX_ELEMENTS
            or self._attributes > MAX_ATTRIBUTES
            or len(self._open) >= MAX_DEPTH
            or max(map(len, (name, *attributes))) > MAX_NAME
        ):
            raise SoapError(_TOO_MUCH)
        namespace, _, local = name.rpartition(_SEPARATOR)
        element = Element(namespace, local, {_clark(key): value for key, value in attributes.items()})
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def characters(self, text: str) -> None:
        self._open[-1].text += text


def _clark(name: str) -> str:
    namespace, separator, local = name.rpartition(_SEPARATOR)
    return f"{{{namespace}}}{local}" if separator else local
