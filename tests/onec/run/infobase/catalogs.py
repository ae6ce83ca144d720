"""Справочники of the firm's own configuration, given by a test: read, never written."""

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from onec.run.infobase.dump import named
from onec.run.infobase.fields import FieldType
from onec.run.objects import PlatformObject, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]
NAME = FieldType(kind="Строка", length=150)


@dataclass(kw_only=True)
class Catalog:
    """`sections`: name -> columns; an item's row has its section rows under the section's name."""

    name: str
    synonym: str = ""
    attributes: Mapping[str, FieldType] = field(default_factory=dict)
    sections: Mapping[str, Mapping[str, FieldType]] = field(default_factory=dict)
    items: list["Item"] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        return f"Справочник.{self.name}"

    @property
    def fields(self) -> Mapping[str, FieldType]:
        return {
            "Ссылка": FieldType(kind="Ссылка", target=self.full_name),
            "Наименование": NAME,
            "ПометкаУдаления": FieldType(kind="Булево"),
            **self.attributes,
        }

    def section_fields(self, section: str) -> Mapping[str, FieldType]:
        return {
            "Ссылка": FieldType(kind="Ссылка", target=self.full_name),
            "НомерСтроки": FieldType(kind="Число", digits=5),
            **self.sections[section],
        }

    def add(
        self, name: str, sections: Mapping[str, Sequence[Mapping[str, Value]]] | None = None, **values: Value
    ) -> "Item":
        """A new item; attributes not given have their defaults."""
        row = {known: kind.default() for known, kind in self.attributes.items()}
        row |= {known: self.attributes[known].fit(value) for known, value in values.items()}
        made = Item(self, {"Наименование": NAME.fit(name), "ПометкаУдаления": False, **row})
        for section, rows in (sections or {}).items():
            kinds = self.sections[section]
            made.sections[section] = [
                {known: kind.fit(one.get(known, kind.default())) for known, kind in kinds.items()}
                for one in rows
            ]
        self.items.append(made)
        return made


class Item:
    def __init__(self, catalog: Catalog, values: dict[str, Value]) -> None:
        self.catalog = catalog
        self.values = values
        self.sections: dict[str, list[Mapping[str, Value]]] = {}
        self.id = uuid.uuid4()


class CatalogRef(PlatformObject):
    """СправочникСсылка: equal to another of the same item."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.type_name = f"СправочникСсылка.{item.catalog.name}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CatalogRef) and other.item is self.item

    def __hash__(self) -> int:
        return hash(self.item.id)

    def properties(self) -> Properties:
        made: Properties = {"Ссылка": (lambda: self, None)}
        return made | {name: (self._getter(name), None) for name in self.item.values}

    def methods(self) -> Methods:
        return {"Пустая": (lambda: False, 0, 0)}

    def field(self, name: str) -> Value:
        """As a query takes it."""
        return self if name == "Ссылка" else self.item.values[name]

    def text(self) -> str:
        return str(self.item.values["Наименование"])

    def link(self) -> str:
        """The navigation link; 1C turns the parts of the identifier about, nobody reads them here."""
        return f"e1cib/data/{self.item.catalog.full_name}?ref={self.item.id.hex}"

    def _getter(self, name: str) -> Callable[[], Value]:
        return lambda: self.item.values[name]


def rows(catalog: Catalog, section: str = "") -> Iterable[Mapping[str, Value]]:
    """For a query: the items, or the rows of one section of all of them."""
    for item in catalog.items:
        reference = CatalogRef(item)
        if not section:
            yield {"Ссылка": reference, **item.values}
            continue
        for number, row in enumerate(item.sections.get(section, []), 1):
            yield {"Ссылка": reference, "НомерСтроки": Decimal(number), **row}


def find(catalogs: Sequence[Catalog], table: str) -> tuple[Catalog, str] | None:
    """Of `Справочник.X` or `Справочник.X.Секция`."""
    kind, _, rest = table.partition(".")
    name, _, section = rest.partition(".")
    catalog = named({one.name: one for one in catalogs}, name)
    if kind.casefold() != "справочник" or catalog is None:
        return None
    known = next((one for one in catalog.sections if one.casefold() == section.casefold()), None)
    return (catalog, known or "") if known or not section else None


def contact_section() -> Mapping[str, FieldType]:
    """The columns of БСП's КонтактнаяИнформация that telephone numbers are in.

    Types: БСП 3.1.12 (1c-syntax/ssl_3_1), Catalogs/*/TabularSections.
    """
    return {
        "Представление": FieldType(kind="Строка", length=500),
        "НомерТелефона": FieldType(kind="Строка", length=20),
        "НомерТелефонаБезКодов": FieldType(kind="Строка", length=20),
    }
