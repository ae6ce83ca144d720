"""Формат(): the part of its language we know; the rest raises."""

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from onec.run.objects import Unsupported, Value
from onec.run.values import EMPTY_DATE, NBSP, parts, to_text

MONTHS = [
    "января",
    "февраля",
    "марта",
    "апреля",
    "мая",
    "июня",
    "июля",
    "августа",
    "сентября",
    "октября",
    "ноября",
    "декабря",
]
NUMBER_KEYS = {"ЧЦ", "ЧДЦ", "ЧРД", "ЧРГ", "ЧН", "ЧГ", "ЧВН", "Л", "L"}
DATE_KEYS = {"ДФ", "ДЛФ", "ДП", "Л", "L"}
ENGLISH = {"ND": "ЧЦ", "NFD": "ЧДЦ", "NDS": "ЧРД", "NGS": "ЧРГ", "NZ": "ЧН", "NG": "ЧГ", "NLZ": "ЧВН"} | {
    "DF": "ДФ",
    "DLF": "ДЛФ",
    "DE": "ДП",
    "BF": "БЛ",
    "BT": "БИ",
}


def formatted(value: Value, how: str) -> str:
    """`value` in the words of `how`."""
    given = _settings(how)
    if isinstance(value, bool):
        _only(given, {"БЛ", "БИ", "Л", "L"})
        return given.get("БИ" if value else "БЛ", to_text(value))
    if isinstance(value, Decimal):
        _only(given, NUMBER_KEYS)
        return _number(value, given)
    if isinstance(value, datetime):
        _only(given, DATE_KEYS)
        return _date(value, given)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise Unsupported(f"Формат of {value!r}")


def _settings(how: str) -> dict[str, str]:
    found = {}
    for part in re.finditer(r"\s*([А-ЯA-Z]+)\s*=\s*('(?:[^']|'')*'|\"[^\"]*\"|[^;]*)\s*(?:;|$)", how):
        text = part[2].strip()
        if text[:1] in "'\"" and text[:1] == text[-1:]:
            text = text[1:-1].replace("''", "'")
        found[ENGLISH.get(part[1], part[1])] = text
    if not found and how.strip():
        raise Unsupported(f"Формат: {how!r}")
    return found


def _only(given: dict[str, str], known: set[str]) -> None:
    if unknown := set(given) - known:
        raise Unsupported(f"Формат: {', '.join(sorted(unknown))}")


def _number(value: Decimal, given: dict[str, str]) -> str:
    """A zero is an empty string without ЧН: the platform's famous trap."""
    if "ЧДЦ" in given or "ЧЦ" in given:
        value = value.quantize(Decimal(1).scaleb(-int(given.get("ЧДЦ", 0))), rounding=ROUND_HALF_UP)
    if value == 0:
        if "ЧН" not in given:
            return ""
        if given["ЧН"]:
            return given["ЧН"]
    sign, whole, fraction = parts(value)
    if "ЧДЦ" in given:
        fraction = fraction.ljust(int(given["ЧДЦ"]), "0")
    if "ЧЦ" in given:
        size = int(given["ЧЦ"]) - int(given.get("ЧДЦ", 0))
        if len(whole) > size:
            raise Unsupported("Формат: more digits than ЧЦ allows")
        if "ЧВН" in given:
            whole = whole.zfill(size)
    elif "ЧВН" in given:
        raise Unsupported("Формат: ЧВН without ЧЦ")
    group = given.get("ЧРГ", NBSP)
    if given.get("ЧГ", "3,0") in ("3,0", "3"):
        whole = re.sub(r"(?<=\d)(?=(\d{3})+$)", group, whole)
    elif given["ЧГ"] not in ("", "0"):
        raise Unsupported("Формат: ЧГ")
    return sign + whole + (given.get("ЧРД", ",") + fraction if fraction else "")


def _date(value: datetime, given: dict[str, str]) -> str:
    if value == EMPTY_DATE:
        return given.get("ДП", "")
    if "ДФ" in given:
        return _by_pattern(value, given["ДФ"])
    local = given.get("ДЛФ", "ДВ")
    day, time = f"{value:%d.%m.}{value.year:04}", f"{value.hour}:{value:%M:%S}"
    match local:
        case "Д" | "D":
            return day
        case "В" | "T":
            return time
        case "ДВ" | "DT":
            return f"{day} {time}"
        case "ДД" | "DD":
            return f"{value.day} {MONTHS[value.month - 1]} {value.year} г."
    raise Unsupported(f"Формат: ДЛФ={local}")


def _by_pattern(value: datetime, pattern: str) -> str:
    made = {
        "д": str(value.day),
        "дд": f"{value:%d}",
        "М": str(value.month),
        "ММ": f"{value:%m}",
        "ММММ": MONTHS[value.month - 1],
        "гг": f"{value.year % 100:02}",
        "гггг": f"{value.year:04}",
        "Ч": str(value.hour),
        "ЧЧ": f"{value:%H}",
        "м": str(value.minute),
        "мм": f"{value:%M}",
        "с": str(value.second),
        "сс": f"{value:%S}",
    }
    letters = str.maketrans({"d": "д", "M": "М", "y": "г", "H": "Ч", "m": "м", "s": "с", "h": "ч"})

    def chosen(found: re.Match[str]) -> str:
        if found["quoted"] is not None:
            return found["quoted"]
        key = found[0].translate(letters)
        if key not in made:
            raise Unsupported(f"Формат: ДФ={found[0]}")
        return made[key]

    return re.sub(r"['\"](?P<quoted>[^'\"]*)['\"]|(?P<run>([дМгЧчмсdMyHhms])\3*|[вкtВ]+)", chosen, pattern)
