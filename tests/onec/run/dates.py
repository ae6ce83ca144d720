"""Functions of dates: seconds since the start of the year 1, without a zone."""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from onec.run.objects import MISSING, OnecError, Value
from onec.run.registry import SERVER, Here, Registry
from onec.run.values import EMPTY_DATE, whole

METHODS = Registry()
DIGITS = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d))?")


def date_of(value: Value) -> datetime:
    if isinstance(value, datetime):
        return value
    raise OnecError("Несоответствие типов (параметр номер '1')")


@METHODS.add("Дата")
def make(first: Value, *rest: Value) -> Value:
    """Of a date, of 8 or 14 digits, or of a year, a month, a day and so on."""
    if isinstance(first, datetime) and not rest:
        return first
    refused = OnecError("Преобразование значения к типу Дата не может быть выполнено")
    if isinstance(first, str):
        found = DIGITS.fullmatch(first)
        if rest or not found:
            raise refused
        numbers = [int(one) for one in found.groups() if one]
    else:
        numbers = [whole(one) for one in (first, *rest)]
    if not 3 <= len(numbers) <= 6:
        raise refused
    year, month, day, *time = numbers
    try:
        return datetime(year, month, day, *time)
    except ValueError:
        raise refused from None


def now(here: Here) -> datetime:
    return here.interpreter.world.clock().replace(microsecond=0, tzinfo=None)


@METHODS.add("ТекущаяДатаСеанса", sides=SERVER)
def session_now(here: Here) -> Value:
    return now(here)


@METHODS.add("ТекущаяДата")
def machine_now(here: Here) -> Value:
    return now(here)


@METHODS.add("ТекущаяУниверсальнаяДата")
def universal_now(here: Here) -> Value:
    return to_universal(now(here), _zone(here, MISSING))


@METHODS.add("ТекущаяУниверсальнаяДатаВМиллисекундах")
def universal_milliseconds(here: Here) -> Value:
    given = here.interpreter.world.clock()
    seconds = to_universal(given.replace(microsecond=0), _zone(here, MISSING)) - EMPTY_DATE
    return Decimal(int(seconds.total_seconds()) * 1000 + given.microsecond // 1000)


@METHODS.add("ЧасовойПоясСеанса", sides=SERVER)
def session_zone(here: Here) -> Value:
    return here.interpreter.world.zone


@METHODS.add("УниверсальноеВремя")
def universal(here: Here, date: Value, zone: Value = MISSING) -> Value:
    return to_universal(date_of(date), _zone(here, zone))


@METHODS.add("МестноеВремя")
def local(here: Here, date: Value, zone: Value = MISSING) -> Value:
    given = date_of(date)
    if given == EMPTY_DATE:
        return given
    return given.replace(tzinfo=UTC).astimezone(_zone(here, zone)).replace(tzinfo=None)


def _zone(here: Here, given: Value) -> ZoneInfo:
    """The session's zone stands for the server's when none is given: no sample may need the difference."""
    name = here.interpreter.world.zone if given is MISSING else given
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError):
        raise OnecError("Неверный часовой пояс") from None  # wording unconfirmed


def to_universal(date: datetime, zone: ZoneInfo) -> datetime:
    return date if date == EMPTY_DATE else date.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


def _part(attribute: str) -> Callable[[Value], Value]:
    def part(date: Value) -> Value:
        return Decimal(getattr(date_of(date), attribute))

    return part


for _name, _attribute in {
    "Год": "year",
    "Месяц": "month",
    "День": "day",
    "Час": "hour",
    "Минута": "minute",
    "Секунда": "second",
}.items():
    METHODS.add(_name)(_part(_attribute))


@METHODS.add("ДеньНедели")
def weekday(date: Value) -> Value:
    return Decimal(date_of(date).isoweekday())


@METHODS.add("НачалоДня")
def day_start(date: Value) -> Value:
    return date_of(date).replace(hour=0, minute=0, second=0)


@METHODS.add("КонецДня")
def day_end(date: Value) -> Value:
    return date_of(date).replace(hour=23, minute=59, second=59)


@METHODS.add("НачалоМесяца")
def month_start(date: Value) -> Value:
    return date_of(date).replace(day=1, hour=0, minute=0, second=0)


@METHODS.add("КонецМесяца")
def month_end(date: Value) -> Value:
    given = date_of(date)
    return given.replace(day=monthrange(given.year, given.month)[1], hour=23, minute=59, second=59)


@METHODS.add("НачалоЧаса")
def hour_start(date: Value) -> Value:
    return date_of(date).replace(minute=0, second=0)


@METHODS.add("НачалоМинуты")
def minute_start(date: Value) -> Value:
    return date_of(date).replace(second=0)


@METHODS.add("ДобавитьМесяц")
def add_months(date: Value, months: Value) -> Value:
    given = date_of(date)
    count = given.year * 12 + given.month - 1 + whole(months)
    year, month = divmod(count, 12)
    return given.replace(year=year, month=month + 1, day=min(given.day, monthrange(year, month + 1)[1]))
