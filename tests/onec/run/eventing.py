"""The exception being handled, and the event log."""

from onec.run.enumerations import EnumerationValue
from onec.run.errors import ErrorInfo, detailed
from onec.run.eventlog import Record
from onec.run.objects import MISSING, Unsupported, Value
from onec.run.registry import SERVER, Here, Registry
from onec.run.values import to_text

METHODS = Registry()
LONGEST_COMMENT = 10_240  # std498: «10 КБ»; whether of characters or of bytes it does not say


def _handled(here: Here) -> ErrorInfo:
    errors = here.interpreter.handled
    return ErrorInfo(errors[-1] if errors else None)


@METHODS.add("ИнформацияОбОшибке")
def error_info(here: Here) -> Value:
    return _handled(here)


@METHODS.add("ОписаниеОшибки")
def error_description(here: Here) -> Value:
    """Text with its place; the platform's exact layout is not confirmed."""
    return detail(_handled(here))


@METHODS.add("КраткоеПредставлениеОшибки")
def brief(info: Value) -> Value:
    return _info(info).error.text if _info(info).error else ""


@METHODS.add("ПодробноеПредставлениеОшибки")
def detail(info: Value) -> Value:
    error = _info(info).error
    return detailed(error) if error else ""


def _info(info: Value) -> ErrorInfo:
    if not isinstance(info, ErrorInfo):
        raise Unsupported("ИнформацияОбОшибке is meant")
    return info


@METHODS.add("ЗаписьЖурналаРегистрации", sides=SERVER)
def log(
    here: Here,
    event: Value,
    level: Value = MISSING,
    metadata: Value = MISSING,
    data: Value = MISSING,
    comment: Value = "",
    mode: Value = MISSING,
) -> None:
    if not isinstance(event, str) or not event or len(event) > 255:
        raise Unsupported("the name of an event")
    if level is not MISSING and not (
        isinstance(level, EnumerationValue) and level.type_name == "УровеньЖурналаРегистрации"
    ):
        raise Unsupported("УровеньЖурналаРегистрации is meant")
    text = "" if comment is MISSING else to_text(comment)
    if len(text) > LONGEST_COMMENT:
        raise Unsupported("a comment of the event log longer than 10 KB")
    here.interpreter.world.event_log.write(
        Record(
            event=event,
            level="Информация" if level is MISSING else level.name,
            comment=text,
            metadata=None if metadata is MISSING else metadata,
            data=None if data is MISSING else data,
        )
    )
