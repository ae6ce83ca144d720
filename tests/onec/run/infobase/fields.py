"""Types of fields, and what 1C does to a value that is put into one."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from lxml import etree
from onec.run.objects import PlatformObject, Unsupported, Value

EMPTY_DATE = datetime(1, 1, 1)


@dataclass(frozen=True, kw_only=True)
class FieldType:
    """`kind`: Строка, Число, Дата, Булево, ХранилищеЗначения, Ссылка, Любой."""

    kind: str
    length: int = 0  # of a string; 0: not limited
    fixed: bool = False
    digits: int = 0
    fraction: int = 0
    sign: bool = True
    parts: str = "DateTime"
    target: str = ""  # of a reference: "Справочник.X"

    def default(self) -> Value:
        plain = {"Строка": "", "Число": Decimal(0), "Дата": EMPTY_DATE, "Булево": False}
        return plain.get(self.kind)

    def fit(self, value: Value) -> Value:
        """The value as the field keeps it: long strings are cut, numbers that are too great become 99…9.

        1C would turn a value of another type into the default, without a word; this refuses.

        Raises:
            Unsupported: the value is of another type.
        """
        match self.kind:
            case "Любой":
                return value
            case "Строка" if isinstance(value, str):
                cut = value[: self.length] if self.length else value
                return cut.ljust(self.length) if self.fixed else cut
            case "Число" if isinstance(value, Decimal | int) and not isinstance(value, bool):
                return self._number(Decimal(value))
            case "Дата" if isinstance(value, datetime):
                whole = value.replace(microsecond=0)
                return whole.replace(hour=0, minute=0, second=0) if self.parts == "Date" else whole
            case "Булево" if isinstance(value, bool):
                return value
            case "ХранилищеЗначения" if isinstance(value, PlatformObject) and (
                value.type_name == "ХранилищеЗначения"
            ):
                return value
            case "Ссылка" if isinstance(value, PlatformObject):
                return value
        raise Unsupported(f"{value!r} в поле типа {self.kind}: 1С молча заменила бы значение")

    def _number(self, value: Decimal) -> Decimal:
        rounded = value.quantize(Decimal(1).scaleb(-self.fraction), ROUND_HALF_UP)
        if not self.sign and rounded < 0:
            return Decimal(0)
        if self.digits:
            greatest = (Decimal(10) ** self.digits - 1).scaleb(-self.fraction)
            rounded = max(-greatest, min(greatest, rounded))
        return rounded


def read_type(described: Any) -> FieldType:
    """Of a `Type` element. Raises Unsupported for composite types and kinds nobody uses here."""
    if described is None:
        return FieldType(kind="Любой")
    found = {str(etree.QName(one).localname): one for one in described if isinstance(one.tag, str)}
    names = [(one.text or "").strip() for one in described if str(etree.QName(one).localname) == "Type"]
    if not names:
        return FieldType(kind="Любой")
    if len(names) > 1:
        raise Unsupported(f"составной тип {names}")
    match names[0].rpartition(":")[2]:
        case "string":
            length, fixed = _qualifiers(found.get("StringQualifiers"), "Length", "AllowedLength")
            return FieldType(kind="Строка", length=int(length or 0), fixed=fixed == "Fixed")
        case "decimal":
            digits, fraction, sign = _qualifiers(
                found.get("NumberQualifiers"), "Digits", "FractionDigits", "AllowedSign"
            )
            return FieldType(
                kind="Число", digits=int(digits or 0), fraction=int(fraction or 0), sign=sign != "Nonnegative"
            )
        case "boolean":
            return FieldType(kind="Булево")
        case "dateTime":
            (parts,) = _qualifiers(found.get("DateQualifiers"), "DateFractions")
            return FieldType(kind="Дата", parts=parts or "DateTime")
        case "ValueStorage":
            return FieldType(kind="ХранилищеЗначения")
    raise Unsupported(f"тип {names[0]}")


def _qualifiers(of: Any, *names: str) -> list[str]:
    if of is None:
        return ["" for _ in names]
    texts = {str(etree.QName(one).localname): (one.text or "").strip() for one in of}
    return [texts.get(name, "") for name in names]
