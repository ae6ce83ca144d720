"""Members of values: those the dictionary knows, and those that come from the dump."""

from collections.abc import Iterator

from onec.bsl.tree import same
from onec.check.kind import Kind
from onec.check.platform import platform
from onec.check.samples import Unit

# A manager's method gives a value of the same object.
CARRIED = ("РегистрСведений", "Константа", "Отбор")
_COLLECTIONS = {
    "Константы": "Constants", "РегистрыСведений": "InformationRegisters", "ОбщиеФормы": "CommonForms",
    "ОбщиеКоманды": "CommonCommands",
    "РегламентныеЗадания": "ScheduledJobs", "ОбщиеМодули": "CommonModules", "Роли": "Roles",
}  # fmt: skip


def member(unit: Unit, owner: Kind, name: str) -> Kind | None:
    """The kind of a member that exists; see `has_member`."""
    if owner.name == "WSСсылкиМенеджер":
        return Kind(name="WSСсылкаМенеджер")  # any name: the reader makes the reference
    special = dict(_special(unit, owner))
    for known, kind in special.items():
        if same(known, name):
            return kind
    type_ = owner.type
    known_property = type_.properties.get(name.casefold()) if type_ else None
    if known_property is None or known_property.type == "?":
        return None
    collection = known_property.type == "КоллекцияОбъектовМетаданных" and owner.name.endswith("Конфигурация")
    carried = owner.of if known_property.type.startswith(CARRIED) else ""
    return Kind(name=known_property.type, of=known_property.name if collection else carried)


def has_member(unit: Unit, owner: Kind, name: str) -> bool:
    """False: certainly not."""
    type_ = owner.type
    if owner.name.casefold() in platform().enums:
        return name.casefold() in platform().enums[owner.name.casefold()]
    if type_ is None:
        return True
    if name.casefold() in type_.properties or name.casefold() in type_.methods:
        return True
    special = dict(_special(unit, owner))
    if special or owner.name in ("КонстантыНабор", "ЭлементыФормы", "ПараметрыФормы"):
        return any(same(one, name) for one in special)
    if owner.keys is not None:
        return name.casefold() in owner.keys
    return type_.open or owner.name == "КоллекцияОбъектовМетаданных"


def _special(unit: Unit, owner: Kind) -> Iterator[tuple[str, Kind | None]]:
    """Members that come from the dump."""
    metadata = unit.metadata
    register = metadata.register(owner.of) if owner.of else None
    match owner.name:
        case "КонстантыМенеджер":
            for one in metadata.constants:
                yield one, Kind(name="КонстантаМенеджер", of=one)
        case "КонстантыНабор":
            for one in metadata.constants:
                yield one, None
        case "РегистрыСведенийМенеджер":
            for one in metadata.registers:
                yield one, Kind(name="РегистрСведенийМенеджер", of=one)
        case "РегистрСведенийМенеджерЗаписи" | "РегистрСведенийЗапись" | "РегистрСведенийВыборка":
            for one in register.fields if register else ():
                yield (
                    one,
                    Kind(name="ХранилищеЗначения")
                    if owner.of == "МВ_Секреты" and one == "Значение"
                    else None,
                )
        case "Отбор":
            for one in register.dimensions if register else ():
                yield one, Kind(name="ЭлементОтбора", of=owner.of)
        case "КоллекцияОбъектовМетаданных" if owner.of in _COLLECTIONS:
            for one in metadata.others.get(_COLLECTIONS[owner.of], ()):
                yield one, Kind(name="ОбъектМетаданных")
        case "ЭлементыФормы":
            for one in unit.form.items if unit.form else ():
                yield one, Kind(name="ЭлементФормы")
        case "ПараметрыФормы":
            for one in unit.form.parameters if unit.form else ():
                yield one, None


def element(kind: Kind | None) -> Kind | None:
    type_ = kind.type if kind else None
    if kind is None or type_ is None or type_.each in ("", "?"):
        return None
    return Kind(name=type_.each, of=kind.of)
