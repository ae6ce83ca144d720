"""Метаданные: what the configuration and the extension consist of."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.dump import Dump, named
from onec.run.objects import PlatformObject, Value

Methods = dict[str, tuple[Callable[..., Value], int, int]]
Properties = dict[str, tuple[Callable[[], Value], Callable[[Value], None] | None]]


class MetadataObject(PlatformObject):
    type_name = "ОбъектМетаданных"

    def __init__(
        self, full_name: str, synonym: str = "", inner: Mapping[str, "MetadataCollection"] | None = None
    ) -> None:
        self.full_name = full_name
        self.name = full_name.rpartition(".")[2]
        self._synonym = synonym
        self._inner = inner or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MetadataObject) and other.full_name == self.full_name

    def __hash__(self) -> int:
        return hash(self.full_name)

    def properties(self) -> Properties:
        made: Properties = {"Имя": (lambda: self.name, None), "Синоним": (lambda: self._synonym, None)}
        return made | {name: (lambda one=one: one, None) for name, one in self._inner.items()}

    def methods(self) -> Methods:
        return {
            "ПолноеИмя": (lambda: self.full_name, 0, 0),
            "Представление": (lambda: self._synonym or self.name, 0, 0),
        }

    def text(self) -> str:
        return self.full_name


class MetadataCollection(PlatformObject):
    type_name = "КоллекцияОбъектовМетаданных"

    def __init__(self, objects: Iterable[MetadataObject]) -> None:
        self._objects = {one.name: one for one in objects}

    def get(self, name: str) -> Value:
        found = named(self._objects, name)
        return super().get(name) if found is None else found

    def index_get(self, key: Value) -> Value:
        return list(self._objects.values())[int(key)] if isinstance(key, Decimal) else self.get(str(key))

    def methods(self) -> Methods:
        return {
            "Найти": (lambda name: named(self._objects, name), 1, 1),
            "Количество": (lambda: Decimal(len(self._objects)), 0, 0),
            "Содержит": (lambda one: one in self._objects.values(), 1, 1),
        }

    def iterate(self) -> Iterable[Value]:
        return list(self._objects.values())


class Metadata(PlatformObject):
    """Метаданные, itself."""

    type_name = "ОбъектМетаданныхКонфигурация"

    def __init__(self, dump: Dump, catalogs: Iterable[Catalog], name: str) -> None:
        self._name = name
        self._collections = {
            "Справочники": MetadataCollection(map(_catalog, catalogs)),
            "Константы": _plain("Константа", {one.name: one.synonym for one in dump.constants.values()}),
            "РегистрыСведений": MetadataCollection(
                MetadataObject(
                    f"РегистрСведений.{one.name}",
                    one.synonym,
                    {
                        "Измерения": _fields(f"РегистрСведений.{one.name}.Измерение", one.dimensions),
                        "Ресурсы": _fields(f"РегистрСведений.{one.name}.Ресурс", one.resources),
                    },
                )
                for one in dump.registers.values()
            ),
            "РегламентныеЗадания": _plain(
                "РегламентноеЗадание", {one.name: one.synonym for one in dump.jobs.values()}
            ),
            "ОбщиеКоманды": _plain("ОбщаяКоманда", {one.name: one.title for one in dump.commands.values()}),
            "ОбщиеФормы": _plain("ОбщаяФорма", {one.name: one.title for one in dump.forms.values()}),
            "ОбщиеМодули": _plain("ОбщийМодуль", dict.fromkeys(dump.modules, "")),
            "Роли": _plain("Роль", dict.fromkeys(dump.roles, "")),
        }

    def properties(self) -> Properties:
        made: Properties = {"Имя": (lambda: self._name, None)}
        return made | {name: (lambda one=one: one, None) for name, one in self._collections.items()}

    def methods(self) -> Methods:
        return {"НайтиПоПолномуИмени": (self._find, 1, 1)}

    def _find(self, full_name: Value) -> Value:
        for collection in self._collections.values():
            for one in collection.iterate():
                if one.full_name.casefold() == str(full_name).casefold():
                    return one
        return None


def _plain(kind: str, synonyms: Mapping[str, str]) -> MetadataCollection:
    return MetadataCollection(MetadataObject(f"{kind}.{name}", synonym) for name, synonym in synonyms.items())


def _fields(prefix: str, names: Iterable[str]) -> MetadataCollection:
    return MetadataCollection(MetadataObject(f"{prefix}.{name}") for name in names)


def _catalog(one: Catalog) -> MetadataObject:
    sections = (
        MetadataObject(
            f"{one.full_name}.ТабличнаяЧасть.{name}",
            inner={"Реквизиты": _fields(f"{one.full_name}.ТабличнаяЧасть.{name}.Реквизит", columns)},
        )
        for name, columns in one.sections.items()
    )
    return MetadataObject(
        one.full_name,
        one.synonym or one.name,
        {
            "Реквизиты": _fields(f"{one.full_name}.Реквизит", one.attributes),
            "ТабличныеЧасти": MetadataCollection(sections),
        },
    )
