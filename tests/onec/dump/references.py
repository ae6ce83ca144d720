"""Rules on what names something else: references and rights."""

from collections import Counter

from onec.dump.files import Said
from onec.dump.reading import FORM, MD, RIGHTS, XR, Dump, Object

SECRET = frozenset(
    f"InformationRegister.{name}"
    for name in ("МВ_Секреты", "МВ_События", "МВ_Карточки", "МВ_ПоказанныеКарточки")
)
"""What no role may reach: the modules read and write it in privileged mode."""

_NEEDED = {"View": ("Read",), "Update": ("Read",), "Edit": ("View", "Update")}
"""A right on data -> the rights without which the platform ignores it."""


def references(dump: Dump) -> Said:
    root = dump.root
    if root is not None and dump.is_extension:
        language = root.property("DefaultLanguage")
        if dump.object(language) is None:
            yield root.path, f"DefaultLanguage {language} is not there"
    for one in dump.of_kind("Subsystem"):
        items = [each.text or "" for each in one.element.findall(f"{MD}Properties/{MD}Content/{XR}Item")]
        for name in items:
            if dump.object(name) is None:
                yield one.path, f"Content: {name} is not there"
        for name in (name for name, times in Counter(items).items() if times > 1):
            yield one.path, f"Content: {name} stands twice"
    for one in dump.of_kind("ScheduledJob"):
        if not (text := one.property("MethodName")).startswith("CommonModule.") or text.count(".") != 2:
            yield one.path, f"MethodName {text} is not CommonModule.Module.Method"
        elif dump.object(text.rpartition(".")[0]) is None:
            yield one.path, f"MethodName: {text.rpartition('.')[0]} is not there"
    for one in dump.of_kind("ExternalDataProcessor"):
        form = one.property("DefaultForm")
        expected = {f"{one.full_name}.Form.{each.text}" for each in one.children("Form")}
        if form not in expected:
            yield one.path, f"DefaultForm {form} is not there"
    for path, tree in dump.trees.items():
        if tree.tag == f"{RIGHTS}Rights":
            for name in (each.findtext(f"{RIGHTS}name") or "" for each in tree.findall(f"{RIGHTS}object")):
                if _target(dump, name) is None:
                    yield path, f"a right on {name}, which is not there"
        for element in tree.findall(f"{FORM}Attributes/{FORM}Attribute/{FORM}Type/*"):
            text = element.text or ""
            if text.startswith("cfg:") and not _type_is_there(dump, text.removeprefix("cfg:")):
                yield path, f"an attribute of the type {text}, which is not there"


def rights(dump: Dump) -> Said:
    for path, tree in dump.trees.items():
        if tree.tag != f"{RIGHTS}Rights":
            continue
        if tree.findtext(f"{RIGHTS}setForNewObjects") != "false":
            yield path, "new objects must not get rights by themselves"
        objects = tree.findall(f"{RIGHTS}object")
        if not objects:
            yield path, "a role without rights"
        counted = Counter(each.findtext(f"{RIGHTS}name") for each in objects)
        for name in (name for name, times in counted.items() if times > 1):
            yield path, f"{name} stands twice"
        for each in objects:
            name = each.findtext(f"{RIGHTS}name") or ""
            given = [one.findtext(f"{RIGHTS}name") or "" for one in each.findall(f"{RIGHTS}right")]
            if any(one.findtext(f"{RIGHTS}value") != "true" for one in each.findall(f"{RIGHTS}right")):
                yield path, f"{name}: a right that is not given is left out"
            if name in SECRET:
                yield path, f"{name} must be in no role"
            allowed = _target(dump, name)
            for right in given:
                if allowed is not None and right not in allowed:
                    yield path, f"{name} has no right {right}"
                for needed in _NEEDED.get(right, ()) if "Read" in (allowed or ()) else ():
                    if needed not in given:
                        yield path, f"{name}: {right} without {needed}"
            if not given or len(given) != len(set(given)):
                yield path, f"{name}: no rights, or one of them twice"


def _target(dump: Dump, name: str) -> tuple[str, ...] | None:
    """The rights that the named object can have; None: there is no such object."""
    parts = name.split(".")
    one = dump.object(".".join(parts[:2]))
    if one is None:
        return None
    if len(parts) == 2:
        return one.shape.rights
    if one.kind == "WebService" and len(parts) == 4 and parts[2] == "Operation":
        return ("Use",) if parts[3] in _operations(one) else None
    return None


def _operations(one: Object) -> set[str]:
    return {each.findtext(f"{MD}Properties/{MD}Name") or "" for each in one.children("Operation")}


def _type_is_there(dump: Dump, name: str) -> bool:
    if name == "ConstantsSet":
        return bool(dump.of_kind("Constant"))
    kind, _, rest = name.partition(".")
    return kind.endswith("Object") and dump.object(f"{kind.removesuffix('Object')}.{rest}") is not None
