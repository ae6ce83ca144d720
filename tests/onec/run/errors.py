"""An exception of 1C as ИнформацияОбОшибке shows it.

The layout of ПодробноеПредставлениеОшибки (position, text, «по причине:») follows what public logs of 1C
show; the exact spacing is not confirmed on a platform, and no module of ours reads it.
"""

from decimal import Decimal

from onec.run.collections import Properties
from onec.run.objects import OnecError, PlatformObject, Value


def at_place(error: OnecError, module: str, line: int) -> None:
    """Notes where an error arose, when nobody has yet."""
    if not getattr(error, "__notes__", None):
        error.add_note(f"{{{module}({line})}}")


def place_of(error: OnecError) -> str:
    notes: list[str] = getattr(error, "__notes__", [])
    return notes[0] if notes else ""


def detailed(error: OnecError) -> str:
    """What ПодробноеПредставлениеОшибки says: every error of the chain with its place."""
    lines = [f"{place_of(error)}: {error.text}" if place_of(error) else error.text]
    if error.cause is not None:
        lines += ["по причине:", detailed(error.cause)]
    return "\n".join(lines)


class ErrorInfo(PlatformObject):
    """ИнформацияОбОшибке; `error` is None when no exception is being handled."""

    type_name = "ИнформацияОбОшибке"

    def __init__(self, error: OnecError | None) -> None:
        self.error = error

    def properties(self) -> Properties:
        return {
            "Описание": (lambda: self.error.text if self.error else "", None),
            "Причина": (self._cause, None),
            "ИмяМодуля": (lambda: self._place().rpartition("(")[0].lstrip("{"), None),
            "НомерСтроки": (self._line, None),
        }

    def _place(self) -> str:
        return place_of(self.error) if self.error else ""

    def _line(self) -> Value:
        return Decimal(self._place().rpartition("(")[2].rstrip(")}") or 0)

    def _cause(self) -> Value:
        return ErrorInfo(self.error.cause) if self.error and self.error.cause else None
