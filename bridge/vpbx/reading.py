"""What an exchange sends becomes text and fields, strictly: nothing repeated, nothing endless.

Whose fields they are and what they mean is left to the package of the exchange.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes

from bridge.core.errors import BadEvent

MAX_DEPTH = 8  # of an event
MAX_ANSWER_DEPTH = 16
MAX_DIGITS = 32  # of one number in JSON
MAX_ITEMS = 500_000  # of an answer: 16 MiB of empty objects would take half a gigabyte
# What XML 1.0 cannot carry to 1C, but for tab and newline; and what rules a terminal or turns a line around:
# DEL, C1, line separators, bidirectional controls.
_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


MAX_PLAIN = 128
_PLAIN = re.compile(
    r"[!#-\[\]-z|}~]+"
).fullmatch  # ASCII but blanks, what JSON escapes, and "{" of a template
_PLAIN_NAMES = re.compile(r"[a-z0-9_]+").fullmatch


class RepeatedName(ValueError):
    """JSON that two readers could read differently."""


def clean(text: str) -> str:
    """Text without control characters but tab and newline, lone surrogates and outer blanks.

    >>> clean(" 8916\\x000000001 ")
    '89160000001'
    """
    return _CONTROLS.sub("", text).strip()


def decode(raw: bytes) -> str:
    """Bytes as text: UTF-8 with or without a BOM, else cp1251; never fails."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1251", errors="replace")


def decode_json(raw: bytes) -> str:
    """The same for a JSON text, which may be UTF-16 as well: its first bytes tell."""
    encoding = json.detect_encoding(raw)
    if encoding.startswith("utf-8"):
        return decode(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        return decode(raw)


def read_object(text: str) -> dict[str, Any]:
    """The one JSON object in `text`.

    Raises:
        BadEvent: it is not JSON or not an object, repeats a key, holds NaN or an endless number,
            or is deeper than `MAX_DEPTH`. The message never repeats the text.
    """
    try:
        value = _STRICT.decode(text)
    except (ValueError, RecursionError):
        raise BadEvent("Тело запроса — не JSON, который можно прочесть") from None
    if isinstance(value, list):
        raise BadEvent("Пришёл список: присылайте по одному событию в запросе")
    if not isinstance(value, dict):
        raise BadEvent("JSON в запросе — не объект")
    if _deeper(value, MAX_DEPTH):
        raise BadEvent("Слишком глубокая вложенность JSON")
    return value


def read_answer(text: str) -> Any:
    """What an exchange answered in JSON. Numbers that are not plain stay as they are spelled: ids.

    >>> read_answer('{"callid": 1477632923.10, "duration": 14}')
    {'callid': '1477632923.10', 'duration': 14}

    Raises:
        RepeatedName: an object has a name twice.
        ValueError: it is not JSON, or has more items or levels than an answer may have.
    """
    if sum(map(text.count, "{[,")) > MAX_ITEMS:
        raise ValueError("too many items")
    try:
        value = _ANSWER.decode(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if _deeper(value, MAX_ANSWER_DEPTH):
        raise ValueError("too deep")
    return value


def read_form(raw: bytes) -> list[tuple[str, str]]:
    """Names and values of a form or a query, in order, percent-decoded as UTF-8 or cp1251."""
    pairs = (part.partition(b"=") for part in raw.split(b"&") if part)
    return [(_form_text(name), _form_text(value)) for name, _, value in pairs]


def _form_text(raw: bytes) -> str:
    return decode(unquote_to_bytes(raw.replace(b"+", b" ")))


class Plain(NamedTuple):
    """A flat JSON object: the fields as they came, and the same as texts by their names in lower case."""

    fields: dict[str, str | int]
    texts: dict[str, str]


def read_plain(raw: bytes) -> Plain | None:
    """A flat JSON object as stock exchanges write it, read without looking twice.

    Whole numbers and short texts of ASCII that need neither cleaning nor escapes, under names of letters and
    digits. What it reads it reads as `decode_json`, `read_object` and `clean` do; None: they must be asked.
    """
    if raw[:1] != b"{" or not raw.isascii():
        return None
    try:
        fields = _STRICT.decode(raw.decode("ascii"))
    except (ValueError, RecursionError, BadEvent):
        return None
    texts = {}
    for name, value in fields.items():
        if type(value) is int:
            texts[name.lower()] = str(value)
        elif type(value) is str and len(value) <= MAX_PLAIN:
            texts[name.lower()] = value
        else:
            return None
    if len(texts) != len(fields) or not _PLAIN("".join(texts.values())) or not _PLAIN_NAMES("".join(texts)):
        return None
    return Plain(fields, texts)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    try:
        return _unrepeated(pairs)
    except RepeatedName:
        raise BadEvent("Поле в JSON повторено") from None


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise RepeatedName
    return fields


def _no_constant(_word: str) -> None:
    raise BadEvent("Число в JSON — не число")


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise BadEvent("Слишком длинное число в JSON")
    return int(digits)


def _plain_integer(digits: str) -> int | str:
    return digits if len(digits) > MAX_DIGITS else int(digits)


def _real(digits: str) -> float:
    if len(digits) > MAX_DIGITS or not math.isfinite(value := float(digits)):
        raise BadEvent("Слишком длинное число в JSON")
    return value


def _deeper(value: Any, most: int) -> bool:
    """More than `most` containers lie in one another; looked at without recursion."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(most):
        level = [inner for outer in level for inner in _items(outer) if isinstance(inner, (dict, list))]
        if not level:
            return False
    return bool(level)


def _items(container: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return container.values() if isinstance(container, dict) else container


# made once: `json.loads` makes a decoder for each call that has hooks
_STRICT = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_int=_integer, parse_float=_real
)
_ANSWER = json.JSONDecoder(
    object_pairs_hook=_unrepeated, parse_constant=str, parse_int=_plain_integer, parse_float=str
)
