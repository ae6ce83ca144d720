"""Texts of typed parameters, as 1C and people write them, to XSD's canonical form.

Spyne would answer in English, take "1_000" for a number and refuse `2026-11-01T00:00:00` for a
date, which is how 1C writes its Дата.
"""

import re
from datetime import date

from bridge.web.soap.problem import SoapError
from bridge.web.soap.vocabulary import DATE, INT, LONG

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T[0-9:.]{5,18})?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_RUSSIAN_DATE = re.compile(r"([0-9]{2})\.([0-9]{2})\.([0-9]{4})(?: [0-9:]{4,8})?")
_BITS = {INT: 32, LONG: 64}


def canonical(name: str, xsd: str, text: str) -> str:
    """The canonical text of parameter `name` of type `xsd`; an empty number is 0 (1C's Неопределено).

    Raises:
        SoapError: the text is no such thing; the message shows a right one.
    """
    if xsd in _BITS:
        return _whole(name, text.strip(), _BITS[xsd])
    if xsd == DATE:
        return _date(name, text.strip())
    return text


def _whole(name: str, text: str, bits: int) -> str:
    if not text:
        return "0"
    if not _WHOLE.fullmatch(text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
        raise SoapError(f"Параметр {name} должен быть целым числом, например 0")
    return str(int(text))


def _date(name: str, text: str) -> str:
    try:
        if found := _ISO_DATE.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        if found := _RUSSIAN_DATE.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        pass
    raise SoapError(f"Параметр {name} должен быть датой, например 2026-11-23")
