"""Rules on the objects: identifiers, order, names, generated types, belonging."""

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree
from onec.dump.files import Said, listed
from onec.dump.kinds import CONTAINED, FORBIDDEN, KINDS, NESTED, ORDER
from onec.dump.reading import MD, XR, Dump, Element, Object

_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-zА-Яа-я_][A-Za-zА-Яа-я0-9_]*")
OWN_NAMES = frozenset({"WebService.VATS"})
"""Own objects that keep the name of a contract instead of having the prefix."""

ADOPTED = frozenset({"Language.Русский", "CommonModule.УправлениеКонтактнойИнформациейКлиент"})
"""Objects of the configuration below that our extensions take, each on purpose."""


def identifiers(dump: Dump) -> Said:
    counted: Counter[str] = Counter()
    for path, tree in dump.trees.items():
        for element in tree.iter(etree.Element):
            tag = etree.QName(element).localname
            found = [element.get("uuid")] if element.get("uuid") is not None else []
            if tag in ("TypeId", "ValueId", "ObjectId"):
                found.append(element.text or "")
            for identifier in found:
                if not _IDENTIFIER.fullmatch(identifier):
                    yield path, f"{identifier!r} is no identifier"
                counted[identifier] += 1
                if counted[identifier] == 2:
                    yield path, f"{identifier} is used twice"
            if element.getparent() is tree and tag in KINDS and element.get("uuid") is None:
                yield path, f"{tag} has no uuid"


def children_in_order(dump: Dump) -> Said:
    root = dump.root
    if root is None:
        return
    found = listed(dump)
    places = [ORDER.index(kind) for kind, _ in found if kind in ORDER]
    if places != sorted(places):
        yield root.path, "the kinds of ChildObjects are not in the platform's order"
    for child, times in Counter(found).items():
        if times > 1:
            yield root.path, f"{'.'.join(child)} is listed twice"
    for one in dump.objects:
        nested = [etree.QName(each).localname for each in one.element.findall(f"{MD}ChildObjects/*")]
        allowed = ("Form",) if one.kind == "ExternalDataProcessor" else one.shape.children
        if one.kind == "Configuration":
            allowed = ORDER
        if (allowed is None) != (one.element.find(f"{MD}ChildObjects") is None):
            yield one.path, "ChildObjects is there, or is not, against the kind"
        for kind in set(nested) - set(allowed or ()):
            yield one.path, f"a {one.kind} has no {kind}"
        order = [(allowed or ()).index(kind) for kind in nested if kind in (allowed or ())]
        if order != sorted(order):
            yield one.path, "its ChildObjects are not in the platform's order"


def names(dump: Dump) -> Said:
    prefix = dump.root.property("NamePrefix") if dump.root is not None and dump.is_extension else "МВ_"
    for one in dump.objects:
        for name in _all_names(one):
            if not _NAME.fullmatch(name) or len(name) > 80:
                yield one.path, f"{name!r} is no name of 1C (letters without ё, digits, _, at most 80)"
        counted = Counter(name.casefold() for name in _all_names(one)[1:])
        for name in (name for name, times in counted.items() if times > 1):
            yield one.path, f"{name} stands twice"
        free = one.adopted or one.full_name in OWN_NAMES or one.kind == "Form"
        if not free and not one.name.startswith(prefix):
            yield one.path, f"{one.name} does not begin with {prefix}"
    for path in dump.files:
        if _is_shared_module(dump, path) and (module := dump.module(path)) is not None:
            for method in module.methods:
                if not method.name.startswith(prefix):
                    yield path, f"{method.name} does not begin with {prefix} in a module that is not ours"


def generated_types(dump: Dump) -> Said:
    for one in dump.objects:
        found = [
            (each.get("name"), each.get("category"))
            for each in one.element.findall(f"{MD}InternalInfo/{XR}GeneratedType")
        ]
        expected = [(f"{one.kind}{category}.{one.name}", category) for category in one.shape.generated]
        if found != expected:
            yield one.path, f"generated types {found}, expected {expected}"
        for each in one.element.findall(f"{MD}InternalInfo/{XR}GeneratedType"):
            if [etree.QName(inner).localname for inner in each] != ["TypeId", "ValueId"]:
                yield one.path, f"{each.get('name')} lacks an identifier"


def contained_objects(dump: Dump) -> Said:
    for one in dump.objects:
        internal = one.element.find(f"{MD}InternalInfo")
        needed = one.adopted or one.shape.internal in ("types", "contained")
        if (internal is not None) != needed:
            yield one.path, "InternalInfo is there, or is not, against the kind"
        found = [each.findtext(f"{XR}ClassId") for each in one.element.iter(f"{XR}ContainedObject")]
        if tuple(found) != CONTAINED.get(one.kind, ()):
            yield one.path, f"contained objects of the classes {found}"


def belonging(dump: Dump) -> Said:
    for one in dump.objects:
        value = one.element.find(f"{MD}Properties/{MD}ObjectBelonging")
        if value is not None and value.text != "Adopted":
            yield one.path, f"ObjectBelonging {value.text}"
        if value is None and one.kind in ("Configuration", "Language"):
            yield one.path, f"a {one.kind} of an extension is Adopted"
        if value is not None and not one.shape.may_be_adopted:
            yield one.path, f"a {one.kind} of ours is our own"
        if one.element.find(f"{MD}Properties/{MD}ExtendedConfigurationObject") is not None:
            yield one.path, "ExtendedConfigurationObject ties the extension to one configuration"
    root = dump.root
    if root is not None and root.property("KeepMappingToExtendedConfigurationObjectsByIDs") == "true":
        yield root.path, "objects must be found by name, not by identifier"


def adopted_on_purpose(dump: Dump) -> Said:
    for one in dump.objects:
        if one.adopted and one.kind != "Configuration" and one.full_name not in ADOPTED:
            yield one.path, f"{one.full_name} is adopted, but not on the list"


def forbidden_names(dump: Dump) -> Said:
    for one in dump.objects:
        for name in _all_names(one):
            if name.casefold() in FORBIDDEN:
                yield one.path, f"the name {name} breaks queries"


def _all_names(one: Object) -> list[str]:
    return [one.name, *(_name(each) for each in _nested(one.element))]


def _nested(element: Element) -> Iterator[Element]:
    for each in element.findall(f"{MD}ChildObjects/*"):
        if etree.QName(each).localname in NESTED:
            yield each


def _name(element: Element) -> str:
    return element.findtext(f"{MD}Properties/{MD}Name") or ""


def _is_shared_module(dump: Dump, path: str) -> bool:
    """A module whose names meet those of the configuration below."""
    if not path.endswith(".bsl"):
        return False
    owner = next(
        (one for one in dump.objects if one.adopted and path.startswith(f"{dump.folder(one)}/")), None
    )
    return path == "Ext/ManagedApplicationModule.bsl" or (owner is not None and owner.kind == "CommonModule")
