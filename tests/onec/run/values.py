"""Operators and conversions of plain values, as 1C has them under Russian regional settings."""

from datetime import datetime, timedelta
from decimal import Context, Decimal, InvalidOperation

from onec.run.objects import NULL, OnecError, PlatformObject, Unsupported, Value

EMPTY_DATE = datetime(1, 1, 1)
NBSP = "\u00a0"  # groups the digits of a number: «1 000»
ARITHMETIC = Context(prec=38)  # 1C stores up to 38 digits; how many it keeps of 1/3 is not confirmed


def kind(value: Value) -> str:
    """The name of a value's type, as Тип() takes it."""
    if value is None:
        return "Неопределено"
    if value is NULL:
        return "Null"
    if isinstance(value, bool):
        return "Булево"
    if isinstance(value, Decimal):
        return "Число"
    if isinstance(value, str):
        return "Строка"
    if isinstance(value, datetime):
        return "Дата"
    if isinstance(value, PlatformObject):
        return value.type_name
    raise Unsupported(f"a value of Python inside a module: {value!r}")


def equal(left: Value, right: Value) -> bool:
    """`=`: values of different types are different, without an error."""
    return kind(left) == kind(right) and bool(left == right)


def less(left: Value, right: Value) -> bool:
    """`<`"""
    comparable = kind(left) == kind(right) and kind(left) in ("Число", "Дата", "Булево", "Строка")
    if not comparable:
        raise OnecError(
            "Операции сравнения на больше-меньше допустимы только для значений совпадающих примитивных типов"
        )
    if isinstance(left, str) and not (left + right).isdigit():
        raise Unsupported("the order of strings depends on the infobase's locale")
    return bool(left < right)


def unary(operator: str, value: Value) -> Value:
    match operator:
        case "Не":
            return not to_boolean(value)
        case "-":
            return -to_number(value)
        case "+":
            return to_number(value)
    raise Unsupported(f"operator {operator}")


def binary(operator: str, left: Value, right: Value) -> Value:
    """Every operator but И and Или, which may leave their right side alone."""
    match operator:
        case "=":
            return equal(left, right)
        case "<>":
            return not equal(left, right)
        case "<":
            return less(left, right)
        case ">":
            return less(right, left)
        case "<=":
            return not less(right, left)
        case ">=":
            return not less(left, right)
        case "+":
            return _sum(left, right)
        case "-":
            return _difference(left, right)
        case "*":
            return ARITHMETIC.multiply(to_number(left), to_number(right))
        case "/" | "%":
            return _quotient(operator, to_number(left), to_number(right))
    raise Unsupported(f"operator {operator}")


def _sum(left: Value, right: Value) -> Value:
    if isinstance(left, str):
        return left + to_text(right)
    if isinstance(left, datetime):
        return _shifted(left, to_number(right))
    return ARITHMETIC.add(to_number(left), to_number(right))


def _difference(left: Value, right: Value) -> Value:
    if isinstance(left, datetime):
        if isinstance(right, datetime):
            return Decimal(int((left - right).total_seconds()))
        return _shifted(left, -to_number(right))
    return ARITHMETIC.subtract(to_number(left), to_number(right))


def _shifted(date: datetime, seconds: Decimal) -> datetime:
    try:
        return date + timedelta(seconds=int(seconds))
    except OverflowError:
        raise OnecError("Значение даты вне допустимого диапазона") from None  # wording unconfirmed


def _quotient(operator: str, left: Decimal, right: Decimal) -> Decimal:
    if right == 0:
        raise OnecError("Деление на 0")
    return ARITHMETIC.divide(left, right) if operator == "/" else ARITHMETIC.remainder(left, right)


def to_boolean(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        return value != 0
    raise OnecError("Преобразование значения к типу Булево не может быть выполнено")


def to_number(value: Value) -> Decimal:
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        try:
            return number_of(value)
        except ValueError:
            pass
    raise OnecError("Преобразование значения к типу Число не может быть выполнено")


def number_of(text: str) -> Decimal:
    """A number written by a person: spaces group, a comma or a point divides; ValueError when it is none."""
    bare = text.strip().replace(NBSP, "").replace(" ", "").replace(",", ".")
    if not bare or not set(bare) <= set("0123456789.+-"):
        raise ValueError(text)
    try:
        return Decimal(bare)
    except InvalidOperation:
        raise ValueError(text) from None


def to_text(value: Value) -> str:
    """Строка(value)"""
    if value is None or value is NULL:
        return ""
    if isinstance(value, bool):
        return "Да" if value else "Нет"
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return number_text(value)
    if isinstance(value, datetime):
        return f"{value:%d.%m.}{value.year:04} {value.hour}:{value:%M:%S}"
    if isinstance(value, PlatformObject):
        return value.text()
    raise Unsupported(f"a value of Python inside a module: {value!r}")


def number_text(number: Decimal, *, group: str = NBSP, point: str = ",") -> str:
    """The digits of a number in groups of three, without trailing zeros."""
    sign, whole, fraction = parts(number)
    grouped = f"{int(whole):,}".replace(",", group)
    return sign + grouped + (point + fraction if fraction else "")


def parts(number: Decimal) -> tuple[str, str, str]:
    """The sign, the digits before and the digits after the point; no trailing zeros."""
    digits = format(abs(number), "f")
    whole, _, fraction = digits.partition(".")
    fraction = fraction.rstrip("0")
    sign = "-" if number < 0 and (fraction or whole.strip("0")) else ""
    return sign, whole, fraction


def whole(value: Value) -> int:
    """A number as a position, a count or a length."""
    number = to_number(value)
    if number != int(number):
        raise Unsupported(f"a whole number is meant: {number}")
    return int(number)
