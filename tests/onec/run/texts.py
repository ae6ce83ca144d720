"""Functions of strings."""

import re
from decimal import Decimal
from urllib.parse import quote, unquote

from onec.run.collections import Array
from onec.run.enumerations import EnumerationValue
from onec.run.formats import formatted
from onec.run.objects import MISSING, OnecError, Unsupported, Value
from onec.run.registry import Registry
from onec.run.values import NBSP, to_boolean, to_text, whole

METHODS = Registry()
BLANK = " \t\r\n\f\v"  # whether СокрЛП takes a no-break space for a blank is not confirmed
URL_KEEPS = ";/?:@&=+$,#-_.!~*'()"
PART_KEEPS = "-_.~"


def text_of(value: Value, number: int = 1) -> str:
    """An argument that must be a string; the platform turns numbers into one."""
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return to_text(value)
    if value is None:
        raise OnecError(f"Несоответствие типов (параметр номер '{number}')")
    raise Unsupported(f"a string is meant: {value!r}")


def _strippable(text: str) -> str:
    if text[:1] == NBSP or text[-1:] == NBSP:
        raise Unsupported("a no-break space at the edge of a string that is trimmed")
    return text


@METHODS.add("СтрДлина")
def length(text: Value) -> Value:
    return Decimal(len(text_of(text)))


@METHODS.add("Лев")
def left(text: Value, count: Value) -> Value:
    return text_of(text)[: max(0, whole(count))]


@METHODS.add("Прав")
def right(text: Value, count: Value) -> Value:
    given, size = text_of(text), max(0, whole(count))
    return given[max(0, len(given) - size) :]


@METHODS.add("Сред")
def middle(text: Value, start: Value, count: Value = MISSING) -> Value:
    given, first = text_of(text), whole(start)
    if first < 1:
        raise Unsupported("Сред from before the first character")
    rest = given[first - 1 :]
    return rest if count is MISSING else rest[: max(0, whole(count))]


@METHODS.add("СокрЛП")
def trimmed(text: Value) -> Value:
    return _strippable(text_of(text)).strip(BLANK)


@METHODS.add("СокрЛ")
def trimmed_left(text: Value) -> Value:
    return _strippable(text_of(text)).lstrip(BLANK)


@METHODS.add("СокрП")
def trimmed_right(text: Value) -> Value:
    return _strippable(text_of(text)).rstrip(BLANK)


@METHODS.add("ВРег")
def upper(text: Value) -> Value:
    return text_of(text).upper()


@METHODS.add("НРег")
def lower(text: Value) -> Value:
    return text_of(text).lower()


@METHODS.add("ПустаяСтрока")
def blank(text: Value) -> Value:
    return not _strippable(text_of(text)).strip(BLANK)


@METHODS.add("СтрЗаменить")
def replaced(text: Value, old: Value, new: Value) -> Value:
    if not text_of(old, 2):
        raise Unsupported("СтрЗаменить of an empty string")
    return text_of(text).replace(text_of(old, 2), text_of(new, 3))


@METHODS.add("Найти")
def find_first(text: Value, what: Value) -> Value:
    if not text_of(what, 2):
        raise Unsupported("Найти of an empty string")
    return Decimal(text_of(text).find(text_of(what, 2)) + 1)


@METHODS.add("СтрНайти")
def find(
    text: Value, what: Value, direction: Value = MISSING, start: Value = MISSING, occurrence: Value = MISSING
) -> Value:
    given, sought = text_of(text), text_of(what, 2)
    if not sought:
        raise Unsupported("СтрНайти of an empty string")
    backward = isinstance(direction, EnumerationValue) and direction.name == "СКонца"
    times = 1 if occurrence is MISSING else whole(occurrence)
    edge = (len(given) if backward else 1) if start is MISSING else whole(start)
    for _ in range(times):
        if backward:
            found = given.rfind(sought, 0, edge - 1 + len(sought)) if edge > 0 else -1
            edge = found
        else:
            found = given.find(sought, edge - 1)
            edge = found + 2
        if found < 0:
            return Decimal(0)
    return Decimal(found + 1)


@METHODS.add("СтрНачинаетсяС")
def starts(text: Value, what: Value) -> Value:
    if not text_of(what, 2):
        raise Unsupported("СтрНачинаетсяС with an empty string: the platform refuses it, wording unknown")
    return text_of(text).startswith(text_of(what, 2))


@METHODS.add("СтрЗаканчиваетсяНа")
def ends(text: Value, what: Value) -> Value:
    if not text_of(what, 2):
        raise Unsupported("СтрЗаканчиваетсяНа with an empty string: the platform refuses it, wording unknown")
    return text_of(text).endswith(text_of(what, 2))


@METHODS.add("СтрЧислоВхождений")
def occurrences(text: Value, what: Value) -> Value:
    return Decimal(text_of(text).count(text_of(what, 2)))


@METHODS.add("СтрЧислоСтрок")
def line_count(text: Value) -> Value:
    return Decimal(len(text_of(text).split("\n")))


@METHODS.add("СтрПолучитьСтроку")
def line(text: Value, number: Value) -> Value:
    lines = text_of(text).split("\n")
    return lines[whole(number) - 1] if 0 < whole(number) <= len(lines) else ""


@METHODS.add("СтрРазделить")
def split(text: Value, separators: Value, keep_empty: Value = True) -> Value:
    """Every character of `separators` separates."""
    if not text_of(separators, 2):
        raise Unsupported("СтрРазделить without a separator")
    pieces = re.split(f"[{re.escape(text_of(separators, 2))}]", text_of(text))
    return Array([one for one in pieces if one or to_boolean(keep_empty)])


@METHODS.add("СтрСоединить")
def join(pieces: Value, separator: Value = "") -> Value:
    if not isinstance(pieces, Array):
        raise OnecError("Несоответствие типов (параметр номер '1')")
    return text_of(separator, 2).join(to_text(one) for one in pieces.items)


@METHODS.add("СтрШаблон")
def template(text: Value, *given: Value) -> Value:
    """`%1` … `%10`, `%(1)`, `%%`."""
    if len(given) > 10:
        raise OnecError("Слишком много фактических параметров (СтрШаблон)")

    def chosen(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        number = found["bare"] or found["bracketed"]
        if number is None or not 1 <= int(number) <= 10:
            raise OnecError("Ошибка синтаксиса шаблона (СтрШаблон)")  # wording unconfirmed
        if int(number) > len(given) or given[int(number) - 1] is MISSING:
            raise Unsupported(f"СтрШаблон: %{number} has no value")
        return to_text(given[int(number) - 1])

    return re.sub(r"%(?:%|(?P<bare>10|[1-9])|\((?P<bracketed>\d+)\)|)", chosen, text_of(text))


@METHODS.add("Символ")
def character(code: Value) -> Value:
    return chr(whole(code))


@METHODS.add("КодСимвола")
def code_of(text: Value, position: Value = Decimal(1)) -> Value:
    given, at = text_of(text), whole(position)
    return Decimal(ord(given[at - 1])) if 1 <= at <= len(given) else Decimal(-1)


@METHODS.add("НСтр")
def in_language(text: Value, language: Value = "ru") -> Value:
    """The text of one language out of `ru = '…'; en = '…'`; an apostrophe inside is doubled."""
    pattern = r"\s*(?P<code>[A-Za-z]+)\s*=\s*(?:'(?P<one>(?:[^']|'')*)'|\"(?P<two>[^\"]*)\")\s*(?:;|$)"
    given, at, found = text_of(text), 0, {}
    while at < len(given.rstrip()):
        part = re.compile(pattern).match(given, at)
        if part is None:
            raise Unsupported(f"НСтр: {given!r}")
        found[part["code"].lower()] = (part["one"] or "").replace("''", "'") + (part["two"] or "")
        at = part.end()
    if text_of(language, 2) not in found:
        raise Unsupported(f"НСтр without {language}: {given!r}")
    return found[text_of(language, 2)]


@METHODS.add("Формат")
def format_value(value: Value, how: Value) -> Value:
    return formatted(value, text_of(how, 2))


@METHODS.add("КодироватьСтроку")
def encode(text: Value, way: Value, encoding: Value = "UTF-8") -> Value:
    return quote(text_of(text), safe=_kept(way), encoding=text_of(encoding, 3))


@METHODS.add("РаскодироватьСтроку")
def decode(text: Value, way: Value, encoding: Value = "UTF-8") -> Value:
    _kept(way)
    return unquote(text_of(text), encoding=text_of(encoding, 3), errors="strict")


def _kept(way: Value) -> str:
    if not isinstance(way, EnumerationValue) or way.type_name != "СпособКодированияСтроки":
        raise OnecError("Несоответствие типов (параметр номер '2')")
    return PART_KEEPS if way.name == "КодировкаURL" else URL_KEEPS
