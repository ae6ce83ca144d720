"""Rules on the properties: which there are, in which order, with which values, and the synonyms."""

import re
from collections.abc import Iterator

from lxml import etree
from onec.dump.files import Said
from onec.dump.kinds import MODULE_FLAGS, NESTED, NESTED_CHILDREN, Shape
from onec.dump.reading import FORM, MD, SCHEDULE, V8, XR, XSI, Dump, Element, Object

_TYPES = {
    "xs:string": "StringQualifiers",
    "xs:decimal": "NumberQualifiers",
    "xs:dateTime": "DateQualifiers",
    "xs:boolean": None,
    "v8:ValueStorage": None,
}
_REFERENCE = re.compile(r"[A-Za-z]+(\.[\wА-Яа-я]+)+")


def full_set(dump: Dump) -> Said:
    for one in dump.objects:
        yield from _set(one.path, one.full_name, one.element, _shape(dump, one))
        for name, element, shape in _nested(one):
            yield from _set(one.path, name, element, shape)


def values(dump: Dump) -> Said:
    for one in dump.objects:
        yield from _values(one.path, one.full_name, one.element, _shape(dump, one))
        for name, element, shape in _nested(one):
            yield from _values(one.path, name, element, shape)
        if one.kind == "CommonModule":
            flags = {name for name in _flag_names() if one.property(name) == "true"}
            if flags not in MODULE_FLAGS:
                yield one.path, f"a common module cannot be {sorted(flags)} (std469)"
        if one.kind == "ScheduledJob":
            yield from _job(dump, one)
        if one.kind == "WebService" and not one.property("DescriptorFileName").endswith(".1cws"):
            yield one.path, "the descriptor of a web service is called *.1cws"
    for path, tree in dump.trees.items():
        for element in tree.iter(f"{FORM}Type"):
            if element.getparent() is not None and etree.QName(element.getparent()).localname in (
                "Attribute",
                "Parameter",
            ):
                yield from ((path, text) for text in _type(element))


def synonyms(dump: Dump) -> Said:
    for one in dump.objects:
        if not one.adopted or one.kind == "Configuration":
            yield from _synonym(one.path, one.full_name, one.element.find(f"{MD}Properties/{MD}Synonym"))
        for name, element, _ in _nested(one):
            yield from _synonym(one.path, name, element.find(f"{MD}Properties/{MD}Synonym"))
    for path, tree in dump.trees.items():
        for command in tree.findall(f"{FORM}Commands/{FORM}Command"):
            yield from _synonym(path, f"command {command.get('name')}", command.find(f"{FORM}Title"))
        shown = {element.text for element in tree.iter(f"{FORM}DataPath")}
        for attribute in tree.findall(f"{FORM}Attributes/{FORM}Attribute"):
            if attribute.get("name") in shown:
                yield from _synonym(
                    path, f"attribute {attribute.get('name')}", attribute.find(f"{FORM}Title")
                )


def _shape(dump: Dump, one: Object) -> Shape:
    if not one.adopted:
        return one.shape.properties
    if _belonging_first(dump):
        return one.shape.adopted
    after = "ConfigurationExtensionPurpose" if one.kind == "Configuration" else "Comment"
    old: Shape = {}
    for name, word in one.shape.adopted.items():
        if name != "ObjectBelonging":
            old[name] = word
        if name == after:
            old["ObjectBelonging"] = "Adopted"
    return old


def _belonging_first(dump: Dump) -> bool:
    tree = dump.trees.get(dump.root_path)
    return tree is not None and tree.get("version") == "2.17"


def _nested(one: Object) -> Iterator[tuple[str, Element, Shape]]:
    for kind in one.shape.children or ():
        for element in one.children(kind) if kind in NESTED else ():
            name = f"{kind} {element.findtext(f'{MD}Properties/{MD}Name')}"
            yield name, element, NESTED[kind]
            for inner in NESTED_CHILDREN.get(kind, ()):
                for child in element.findall(f"{MD}ChildObjects/{MD}{inner}"):
                    yield f"{name} {child.findtext(f'{MD}Properties/{MD}Name')}", child, NESTED[inner]


def _set(path: str, name: str, element: Element, shape: Shape) -> Said:
    found = [etree.QName(each).localname for each in element.findall(f"{MD}Properties/*")]
    expected = list(shape)
    if found == expected:
        return
    missing, unknown = [each for each in expected if each not in found], set(found) - set(expected)
    if missing or unknown:
        yield path, f"{name}: missing {missing}, unknown {sorted(unknown)}"
    else:
        yield path, f"{name}: the properties are not in the platform's order"


def _values(path: str, name: str, element: Element, shape: Shape) -> Said:
    for each in element.findall(f"{MD}Properties/*"):
        tag = etree.QName(each).localname
        for text in _value(each, shape.get(tag, "text")):
            yield path, f"{name}, {tag}: {text}"


def _value(element: Element, word: str) -> Iterator[str]:
    text, children = element.text or "", len(element)
    match word:
        case "text":
            ok = not children
        case "name" | "reference":
            ok = bool(text) and not children and (word == "name" or _REFERENCE.fullmatch(text) is not None)
        case "bool":
            ok = text in ("true", "false")
        case "int":
            ok = text.isdecimal()
        case "empty":
            ok = not text and not children and not element.attrib
        case "nil":
            ok = element.get(f"{XSI}nil") == "true" and not text
        case "fill":
            ok = element.get(f"{XSI}nil") == "true" or element.get(f"{XSI}type") == "xs:string"
        case "localized" | "localized?":
            yield from _localized(element, empty=word.endswith("?"))
            return
        case "type":
            yield from _type(element)
            return
        case "references":
            ok = children > 0 and all(one.get(f"{XSI}type") == "xr:MDObjectRef" for one in element)
            ok = ok and all(one.tag == f"{XR}Item" for one in element)
        case "purposes":
            ok = [one.text for one in element] == ["PlatformApplication"]
        case _:
            ok = text in word.split("|") and not children
    if not ok:
        yield f"{text!r} is not {word}"


def _localized(element: Element, *, empty: bool) -> Iterator[str]:
    items = element.findall(f"{V8}item")
    if not items and not (empty and len(element) == 0):
        yield "no text"
    languages = [one.findtext(f"{V8}lang") for one in items]
    if len(languages) != len(set(languages)):
        yield f"a language twice: {languages}"
    for one in items:
        if [etree.QName(each).localname for each in one] != ["lang", "content"]:
            yield "an item is lang and content"


def _type(element: Element) -> Iterator[str]:
    types = [one.text or "" for one in element.findall(f"{V8}Type")]
    if len(types) != 1:
        yield f"one type is expected, not {types}"
        return
    if types[0].startswith("cfg:"):
        if len(element) > 1:
            yield f"{types[0]} has no qualifiers"
        return
    if types[0] not in _TYPES:
        yield f"an unknown type {types[0]}"
        return
    qualifiers = [etree.QName(one).localname for one in element[1:]]
    expected = [_TYPES[types[0]]] if _TYPES[types[0]] else []
    if qualifiers != expected:
        yield f"{types[0]} with the qualifiers {qualifiers}"
    length = element.findtext(f"{V8}StringQualifiers/{V8}Length")
    if length is not None and not (length.isdecimal() and int(length) <= 1024):
        yield f"a string of {length}"
    digits = element.findtext(f"{V8}NumberQualifiers/{V8}Digits")
    if digits is not None and not (digits.isdecimal() and 0 < int(digits) <= 32):
        yield f"a number of {digits} digits"


def _synonym(path: str, name: str, element: Element | None) -> Said:
    texts = (
        {}
        if element is None
        else {one.findtext(f"{V8}lang"): one.findtext(f"{V8}content") for one in element}
    )
    for language in ("ru", "en"):
        if not (texts.get(language) or "").strip():
            yield path, f"{name} has no synonym in {language}"


def _flag_names() -> set[str]:
    return set().union(*MODULE_FLAGS)


def _job(dump: Dump, one: Object) -> Said:
    """std540, std402: predefined, off, and not oftener than once a minute."""
    if one.property("Use") != "false" or one.property("Predefined") != "true":
        yield one.path, "a scheduled job is shipped predefined and switched off"
    path = f"{dump.folder(one)}/Ext/Schedule.xml"
    tree = dump.trees.get(path)
    schedule = tree.find(f"{SCHEDULE}Schedule") if tree is not None else None
    if schedule is None:
        return
    every = schedule.get("RepeatPeriodInDay", "")
    if not every.isdecimal() or 0 < int(every) < 60:
        yield path, f"repeats every {every} s, oftener than once a minute"
    if schedule.get("DaysRepeatPeriod") != "1":
        yield path, "does not run every day"
