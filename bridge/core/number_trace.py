"""One person's number, recognised in whatever spelling a text holds it."""

import re
import unicodedata
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from bridge.core.numbers import PhoneNumber, same_digits

# what people, exchanges and word processors put between digits
_BETWEEN = r"[\s().+\-_/\u00a0\u00ad\u200b-\u200f\u2010-\u2015\u2060\u2212\ufeff\uff0d\ufffd]{0,5}"
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")
_FOREIGN = re.compile(r"(?![0-9])\d")
NATIONAL_DIGITS = 10  # of a number of country code 7, whatever is written before them
MAX_LAYERS = 3  # an address in JSON in a form


class NumberTrace:
    """Where a public number shows, spelled as it may be: with 8, +7, 810, spaces, in an address, in JSON.

    >>> trace = NumberTrace(PhoneNumber.parse("8 (923) 529-29-26"))
    >>> trace.shows("tel=%2B7%20923%20529-29-26"), trace.shows("1789235292926"), trace.shows("8 923 5292927")
    (True, False, False)
    """

    def __init__(self, number: PhoneNumber) -> None:
        if number.digits.startswith("7"):
            country, digits = "[78]", number.digits[-NATIONAL_DIGITS:]
        else:
            country, digits = "", number.digits
        before = rf"(?:(?:8{_BETWEEN}10|00)?{_BETWEEN}{country}{_BETWEEN})?"
        self._core = re.compile(_BETWEEN.join(digits))  # looked for first: it begins with what it is
        self._pattern = re.compile(rf"(?<!\d){before}{_BETWEEN.join(digits)}(?!\d)")
        self.caller = same_digits(number.digits)  # how callers are kept

    def shows(self, text: str) -> bool:
        """Is the number in the text?"""
        return any(
            self._core.search(reading) and self._pattern.search(reading) for reading in _readings(text)
        )

    def shows_in(self, raw: bytes) -> bool:
        """Is it in bytes of a text whose encoding nobody knows?"""
        plain = raw.isascii() and b"\0" not in raw
        encodings = ("utf-8",) if plain else ("utf-8", "utf-16-le", "utf-16-be")
        return any(self.shows(raw.decode(encoding, "replace")) for encoding in encodings)


def _readings(text: str) -> Iterator[str]:
    """The text, and what is inside of its spellings; digits of other scripts are made ours."""
    for layer in range(MAX_LAYERS + 1):
        yield text if text.isascii() else _FOREIGN.sub(_digit, text)
        plain = _opened(text) if layer < MAX_LAYERS else text
        if plain == text:
            return
        text = plain


def _opened(text: str) -> str:
    if "%" in text:
        text = unquote(text, errors="replace")
    if "\\u" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return unescape(text) if "&" in text else text


def _digit(found: re.Match[str]) -> str:
    return str(unicodedata.digit(found[0]))
