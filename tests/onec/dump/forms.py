"""The rule on forms: numbers, names, data, commands, handlers, companions, order."""

from collections import Counter
from collections.abc import Iterable, Iterator

from lxml import etree
from onec.bsl.tree import Module
from onec.dump.files import Said
from onec.dump.reading import FORM, Dump, Element

SECTIONS = ("AutoCommandBar", "Events", "ChildItems", "Attributes", "Parameters", "Commands")
_TAIL = ("ContextMenu", "ExtendedTooltip", "Events")
ELEMENTS = {
    "UsualGroup": (
        "Title",
        "Group",
        "Behavior",
        "Representation",
        "ShowTitle",
        "ExtendedTooltip",
        "ChildItems",
    ),
    "InputField": (
        "DataPath",
        "ReadOnly",
        "SkipOnInput",
        "Title",
        "TitleLocation",
        "AutoMaxWidth",
        "VerticalStretch",
        "PasswordMode",
        "MultiLine",
        "InputHint",
        *_TAIL,
    ),
    "CheckBoxField": ("DataPath", "Title", "TitleLocation", *_TAIL),
    "LabelField": ("DataPath", "Title", "TitleLocation", *_TAIL),
    "LabelDecoration": ("Title", *_TAIL),
    "Button": ("Type", "DefaultButton", "CommandName", "ExtendedTooltip"),
    "AutoCommandBar": ("Autofill", "ChildItems"),
    "ContextMenu": (),
    "ExtendedTooltip": (),
}
"""What may stand in an element, in the platform's order."""

COMPANIONS = {
    "UsualGroup": ("ExtendedTooltip",),
    "InputField": ("ContextMenu", "ExtendedTooltip"),
    "CheckBoxField": ("ContextMenu", "ExtendedTooltip"),
    "LabelField": ("ContextMenu", "ExtendedTooltip"),
    "LabelDecoration": ("ContextMenu", "ExtendedTooltip"),
    "Button": ("ExtendedTooltip",),
}
BOUND = ("InputField", "CheckBoxField", "LabelField")

HANDLERS = {
    "OnCreateAtServer": ("НаСервере", 2),
    "BeforeWriteAtServer": ("НаСервере", 3),
    "OnWriteAtServer": ("НаСервере", 3),
    "AfterWriteAtServer": ("НаСервере", 2),
    "OnOpen": ("НаКлиенте", 1),
    "NotificationProcessing": ("НаКлиенте", 3),
    "OnChange": ("НаКлиенте", 1),
}
"""Event -> where its handler runs and how many parameters it has."""


def forms(dump: Dump) -> Said:
    for path, tree in dump.trees.items():
        if tree.tag == f"{FORM}Form":
            module = dump.module(path.removesuffix(".xml") + "/Module.bsl")
            for text in _form(dump, tree, module):
                yield path, text


def _form(dump: Dump, form: Element, module: Module | None) -> Iterator[str]:
    sections = [_tag(one) for one in form]
    if sections != [one for one in SECTIONS if one in sections] or "AutoCommandBar" not in sections:
        yield f"the sections {sections} are not the platform's"
    elements = [
        one for one in form.iter(etree.Element) if one.get("id") is not None and _tag(one) in ELEMENTS
    ]
    attributes = form.findall(f"{FORM}Attributes/{FORM}Attribute")
    commands = form.findall(f"{FORM}Commands/{FORM}Command")
    for what, space in (("element", elements), ("attribute", attributes), ("command", commands)):
        yield from _unique(what, space)
    yield from _names("parameter", form.findall(f"{FORM}Parameters/{FORM}Parameter"))
    if len([one for one in attributes if one.find(f"{FORM}MainAttribute") is not None]) > 1:
        yield "two main attributes"
    for one in form.iter(f"{FORM}ChildItems"):
        for child in one:
            if _tag(child) not in COMPANIONS:
                yield f"an unknown element {_tag(child)}"
    for one in elements:
        yield from _element(dump, form, one)
    for command in commands:
        handler = command.findtext(f"{FORM}Action") or ""
        yield from _handler(module, f"command {command.get('name')}", handler, "НаКлиенте", 1)
    for event in form.iter(f"{FORM}Event"):
        name, handler = event.get("name") or "", event.text or ""
        if name not in HANDLERS:
            yield f"an unknown event {name}"
        else:
            yield from _handler(module, f"event {name}", handler, *HANDLERS[name])


def _unique(what: str, found: Iterable[Element]) -> Iterator[str]:
    found = list(found)
    numbers = Counter(one.get("id") for one in found)
    for number in (number for number, times in numbers.items() if times > 1):
        yield f"two {what}s have the number {number}"
    for one in found:
        number = one.get("id") or ""
        if not number.isdecimal() and not (number == "-1" and _tag(one) == "AutoCommandBar"):
            yield f"the number {number!r} of {what} {one.get('name')}"
    yield from _names(what, found)


def _names(what: str, found: Iterable[Element]) -> Iterator[str]:
    counted = Counter((one.get("name") or "").casefold() for one in found)
    for name in (name for name, times in counted.items() if times > 1 or not name):
        yield f"two {what}s are called {name!r}, or one is not called at all"


def _element(dump: Dump, form: Element, one: Element) -> Iterator[str]:
    tag, name = _tag(one), one.get("name")
    inner = [_tag(each) for each in one]
    if inner != [each for each in ELEMENTS[tag] if each in inner]:
        yield f"{name}: {inner} is not the order, or not the set, of a {tag}"
    for companion in COMPANIONS.get(tag, ()):
        if inner.count(companion) != 1:
            yield f"{name} has no {companion}"
    if tag in BOUND:
        data = one.findtext(f"{FORM}DataPath") or ""
        if not _data_is_there(dump, form, data):
            yield f"{name}: there is no data {data!r}"
    if tag == "Button":
        command = one.findtext(f"{FORM}CommandName") or ""
        known = {f"Form.Command.{each.get('name')}" for each in form.findall(f"{FORM}Commands/{FORM}Command")}
        if command not in known:
            yield f"{name}: there is no command {command!r}"


def _data_is_there(dump: Dump, form: Element, data: str) -> bool:
    attribute, _, field = data.partition(".")
    found = [
        each for each in form.findall(f"{FORM}Attributes/{FORM}Attribute") if each.get("name") == attribute
    ]
    if not found:
        return False
    types = [each.text for each in found[0].findall(f"{FORM}Type/*")]
    if not field:
        return not any((each or "").startswith("cfg:") for each in types)
    return types == ["cfg:ConstantsSet"] and dump.object(f"Constant.{field}") is not None


def _handler(module: Module | None, what: str, name: str, directive: str, parameters: int) -> Iterator[str]:
    method = module.method(name) if module is not None else None
    if method is None:
        yield f"{what}: the module has no {name!r}"
    elif method.directive != directive or len(method.parameters) != parameters or method.is_function:
        yield f"{what}: {name} is not a procedure &{directive} with {parameters} parameters"


def _tag(element: Element) -> str:
    return etree.QName(element).localname
