"""Who is calling: `SayName` and `SayNameByINN` of both contracts, and the card in the very shape of 1C.

Mobilon, contents/vpbx/integration/1c.md, 2016-12 and 2017-06-02. The extension TelephonyMobilon 2019-12-12
glues its XML from strings and escapes nothing: «ООО "Рога & Копыта"», «А < Б», «ИП <Иванов>» come as such.
"""

import re
from html import escape, unescape

from lxml import etree

from bridge.core.caller import (
    NO_CATEGORY,
    NOBODY,
    CallerCard,
    DirectoryAway,
    DirectoryDenied,
    NothingSaid,
    QuestionFailed,
    cleaned,
)
from bridge.core.delivery import Away, Delivered, Denied, Faulted
from bridge.foreign_xml import safe_parser
from bridge.onec import envelope
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import num_from

SAY_NAME = "SayName"
SAY_NAME_BY_INN = "SayNameByINN"
MAX_TEXT = 16 * 1024  # characters of an answer that are read; a card has some hundred
TITLE, CATEGORY, PHONE = "title", "category", "phone"

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>", re.IGNORECASE)
_PLAIN = re.compile(r"(?P<category>[^\s:<>]{1,20}):(?P<title>.*\S.*)", re.DOTALL)  # `VIP:Имя`, 2016-12
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});")


class SayName:
    """`Directory` of an infobase that publishes `vats` or `vatscalls`.

    Args:
        namespace: as that of the transport.
        by_inn: whether its contract has `SayNameByINN`.
    """

    def __init__(self, transport: OnecTransport, namespace: str, *, by_inn: bool = False) -> None:
        self._transport = transport
        self._namespace = namespace
        self._by_inn = by_inn

    def say_name(self, number: str) -> CallerCard:
        # digits only: `ВАТССервер.SayName` makes a number of it (TelephonyMobilon 2019-12-12)
        return self._ask(SAY_NAME, "Number", num_from(number))

    def say_name_by_inn(self, inn: str) -> CallerCard:
        if not self._by_inn:
            raise QuestionFailed("у контракта vats нет вопроса «кто это» по ИНН")
        return self._ask(SAY_NAME_BY_INN, "INN", inn)

    def _ask(self, operation: str, parameter: str, value: str) -> CallerCard:
        def read(body: bytes) -> str:
            return envelope.read_return(body, self._namespace, operation)

        request = envelope.build(self._namespace, operation, [(parameter, value)])
        match self._transport.send(request, read=read, secrets=[value]):
            case Delivered(text) if text.strip():
                return read_card(text)
            case Delivered():
                raise NothingSaid("пустой ответ")
            case Denied(reason):
                raise DirectoryDenied(reason)
            case Faulted(reason):
                raise QuestionFailed(reason)
            case Away(reason):
                raise DirectoryAway(reason)


def read_card(text: str) -> CallerCard:
    """The card in 1C's answer, however it was glued. `NOBODY` when it holds none. Never raises.

    >>> read_card('<data><title>ИП <Иванов></title><manager><phone>246</phone></manager></data>')
    CallerCard(title='ИП <Иванов>', category='', manager='246')
    >>> read_card("VIP:Имя")
    CallerCard(title='Имя', category='VIP', manager='')
    """
    text = envelope.without_forbidden(text[:MAX_TEXT]).removeprefix("\ufeff").strip()
    if text.startswith("&lt;"):  # escaped twice
        text = unescape(text)
    text = text.removeprefix("<![CDATA[").removesuffix("]]>")
    text = _DECLARATION.sub("", text, count=1).strip()  # its encoding is not that of a text
    if not text.startswith("<"):
        return _plain(text)
    start = text[:200].lower()
    if start.startswith(("<error", "<html", "<!doctype html")):
        return NOBODY
    fields = _fields(text)
    return cleaned(
        CallerCard(
            title=fields.get(TITLE, ""), category=fields.get(CATEGORY, ""), manager=fields.get(PHONE, "")
        )
    )


def card_xml(card: CallerCard) -> str:
    """The card as the manual shows it, well-formed (Mobilon, contents/vpbx/integration/1c.md, 2017-06-02)."""
    card = cleaned(card)
    return (
        '<?xml version="1.0"?>\n'
        "<data>\n"
        f"    <title>{escape(card.title, quote=False)}</title>\n"
        f"    <category>{escape(card.category or NO_CATEGORY, quote=False)}</category>\n"
        "    <manager>\n"
        f"        <phone>{escape(card.manager, quote=False)}</phone>\n"
        "    </manager>\n"
        "</data>\n"
    )


def _plain(text: str) -> CallerCard:
    if found := _PLAIN.fullmatch(text):
        return cleaned(CallerCard(title=found["title"], category=found["category"]))
    return cleaned(CallerCard(title=text))


def _fields(text: str) -> dict[str, str]:
    """What stands in the three elements: by a parser when it is XML, by eye where it is not."""
    doctype = "<!DOCTYPE" in text.upper()  # its entities are never expanded
    root = None if doctype else _parsed(text, recover=False)
    if root is not None:
        return _of_tree(root)
    found = {name: _seen(text, name) for name in (TITLE, CATEGORY, PHONE)}
    if not doctype and not (found[TITLE] and found[PHONE]):
        recovered = _parsed(text, recover=True)
        for name, value in _of_tree(recovered).items() if recovered is not None else ():
            found[name] = found[name] or value
    return found


def _parsed(text: str, *, recover: bool) -> etree._Element | None:
    try:
        return etree.fromstring(text, safe_parser(recover=recover))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _of_tree(root: etree._Element) -> dict[str, str]:
    """The first element of each name that holds something, wherever it stands."""
    found: dict[str, str] = {}
    for element in root.iter():
        if isinstance(element.tag, str):
            name = element.tag.rpartition("}")[2].rpartition(":")[2].lower()
            value = "".join(element.itertext()).strip()
            if name in (TITLE, CATEGORY, PHONE) and value:
                found.setdefault(name, value)
    return found


def _seen(text: str, name: str) -> str:
    found = re.search(rf"<{name}\s*>(.*?)</{name}\s*>", text, re.DOTALL | re.IGNORECASE)
    if not found:
        return ""
    value = found[1].strip().removeprefix("<![CDATA[").removesuffix("]]>")
    return _ENTITY.sub(lambda one: unescape(one[0]), value)
