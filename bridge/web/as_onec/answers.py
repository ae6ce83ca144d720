"""Answers in the very bytes of 1C: its prefix, its declarations, its tabs and CRLF.

As Mobilon's manual prints them (contents/vpbx/integration/1c.md, 2017-06-02). Which of that the
exchange relies on is unknown, so all of it is kept.
"""

from xml.sax.saxutils import escape

from bridge.core.caller import CallerCard
from bridge.web.soap.envelope import Call
from bridge.web.soap.problem import clean

_ENVELOPE = "\r\n".join(
    (
        '<soap:Envelope xmlns:soap="{soap}">',
        "\t<soap:Body>",
        '\t\t<m:{operation}Response xmlns:m="{namespace}">',
        '\t\t\t<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"',
        '\t\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{value}</m:return>',
        "\t\t</m:{operation}Response>",
        "\t</soap:Body>",
        "</soap:Envelope>",
    )
)
TAKEN = "1"
_NO_CATEGORY = ("", "0")  # "0" is what the manual's own answer says of a client that has none


def answered(call: Call, value: str) -> bytes:
    """The answer to `call`; `value` is what 1C's function would have returned."""
    text = _ENVELOPE.format(
        soap=call.version.value,
        operation=call.operation,
        namespace=call.namespace,
        value=escape(clean(value)),
    )
    return text.encode()


def plain(card: CallerCard) -> str:
    """A client in the words of 2016-12, «Категория:Имя»; that a client may have no category is ours.

    >>> plain(CallerCard(title="Имя", category="VIP")), plain(CallerCard(title="Имя", category="0"))
    ('VIP:Имя', 'Имя')
    """
    if not card.title or card.category in _NO_CATEGORY:
        return card.title
    return f"{card.category}:{card.title}"
