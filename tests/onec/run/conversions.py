"""Types, conversions, numbers, and what works on any value."""

import uuid
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from onec.run.collections import names_of, wrong_type
from onec.run.objects import MISSING, NULL, OnecError, PlatformObject, Unsupported, Value
from onec.run.registry import Registry
from onec.run.values import EMPTY_DATE, kind, less, to_boolean, to_number, to_text, whole

METHODS = Registry()
TYPES = Registry()


class Type(PlatformObject):
    """Тип("Строка")"""

    type_name = "Тип"

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Type) and other.name.casefold() == self.name.casefold()

    def __hash__(self) -> int:
        return hash(self.name.casefold())

    def text(self) -> str:
        return self.name


class Uuid(PlatformObject):
    type_name = "УникальныйИдентификатор"

    def __init__(self, value: uuid.UUID) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Uuid) and other.value == self.value

    def __hash__(self) -> int:
        return hash(self.value)

    def text(self) -> str:
        return str(self.value)


@TYPES.add("УникальныйИдентификатор")
def _uuid(text: Value = MISSING) -> Value:
    if text is MISSING:
        return Uuid(uuid.uuid4())
    try:
        return Uuid(uuid.UUID(text))
    except ValueError:
        raise OnecError(
            "Преобразование значения к типу УникальныйИдентификатор не может быть выполнено"
        ) from None


@METHODS.add("Тип")
def type_named(name: Value) -> Value:
    return Type(name) if isinstance(name, str) else wrong_type(1)


@METHODS.add("ТипЗнч")
def type_of(value: Value) -> Value:
    return Type(kind(value))


@METHODS.add("Строка")
def as_text(value: Value) -> Value:
    return to_text(value)


@METHODS.add("Число")
def as_number(value: Value) -> Value:
    return to_number(value)


@METHODS.add("Булево")
def as_boolean(value: Value) -> Value:
    return to_boolean(value)


@METHODS.add("ЗначениеЗаполнено")
def filled(value: Value) -> Value:
    """Not the value its type has by itself; a boolean is always filled."""
    if value is None or value is NULL:
        return False
    if isinstance(value, bool):
        return True
    if isinstance(value, str):
        return bool(value.strip())
    if isinstance(value, Decimal):
        return value != 0
    if isinstance(value, datetime):
        return value != EMPTY_DATE
    own = getattr(value, "filled", None)
    if own is None:
        raise Unsupported(f"ЗначениеЗаполнено of {kind(value)}")
    return own()


@METHODS.add("XMLСтрока")
def xml_text(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return f"{value.year:04}-{value:%m-%dT%H:%M:%S}"
    if isinstance(value, str | Uuid):
        return to_text(value)
    raise Unsupported(f"XMLСтрока of {kind(value)}")


@METHODS.add("XMLЗначение")
def xml_value(wanted: Value, text: Value) -> Value:
    match wanted.name.casefold() if isinstance(wanted, Type) else wrong_type(1):
        case "строка":
            return text
        case "булево" if text in ("true", "1"):
            return True
        case "булево" if text in ("false", "0"):
            return False
        case "число":
            return Decimal(text)
        case "дата":
            return datetime.fromisoformat(text).replace(tzinfo=None)
    raise Unsupported(f"XMLЗначение({wanted.text()}, {text!r})")


@METHODS.add("Цел")
def integer(number: Value) -> Value:
    return to_number(number).to_integral_value(ROUND_DOWN)


@METHODS.add("Окр")
def rounded(number: Value, digits: Value = Decimal(0), mode: Value = MISSING) -> Value:
    if mode is not MISSING:
        raise Unsupported("Окр with a mode")
    return to_number(number).quantize(Decimal(1).scaleb(-whole(digits)), rounding=ROUND_HALF_UP)


@METHODS.add("Мин")
def least(first: Value, *rest: Value) -> Value:
    for one in rest:
        first = one if less(one, first) else first
    return first


@METHODS.add("Макс")
def greatest(first: Value, *rest: Value) -> Value:
    for one in rest:
        first = one if less(first, one) else first
    return first


@METHODS.add("ЗаполнитьЗначенияСвойств")
def fill(target: Value, source: Value, names: Value = MISSING, but: Value = MISSING) -> None:
    """Copies the properties both have; a listed one that is missing is an error."""
    if not isinstance(target, PlatformObject) or not isinstance(source, PlatformObject):
        wrong_type(1)
    skipped = {one.casefold() for one in names_of(but)} if but is not MISSING else set()
    listed = names_of(names) if names is not MISSING else None
    theirs = {one.casefold() for one in target.properties()}
    for name in listed or source.properties():
        if name.casefold() in skipped or (listed is None and name.casefold() not in theirs):
            continue
        target.set(name, source.get(name))
