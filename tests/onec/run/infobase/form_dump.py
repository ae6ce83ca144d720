"""What Form.xml says: attributes, elements, commands, events."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from onec.run.infobase.fields import FieldType, read_type
from onec.run.infobase.markup import elements, local, localised, only, text_of, under


@dataclass(frozen=True, kw_only=True)
class Item:
    """An element of a form, with the events it has handlers for."""

    name: str
    kind: str
    data_path: str
    command: str
    title: str
    password: bool
    read_only: bool
    visible: bool
    enabled: bool
    events: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Form:
    """`events` and items' events: the platform's English name -> method of the module."""

    name: str
    title: str
    attributes: Mapping[str, str | FieldType]  # a type of its own ("cfg:ConstantsSet") or of a value
    main: str
    parameters: Mapping[str, FieldType]
    keys: tuple[str, ...]  # parameters that tell one window of the form from another
    commands: Mapping[str, str]
    items: Mapping[str, Item]
    events: Mapping[str, str]
    text: str = field(repr=False)
    path: str


def read_form(name: str, synonym: str, root: Any, text: str, path: str) -> Form:
    attributes: dict[str, str | FieldType] = {}
    main = ""
    for one in under(root, "Attributes"):
        attributes[one.get("name")] = _attribute_type(one)
        if text_of(one, "MainAttribute") == "true":
            main = one.get("name")
    parameters = under(root, "Parameters")
    return Form(
        name=name,
        title=localised(root, "Title") or synonym,
        attributes=attributes,
        main=main,
        parameters={one.get("name"): read_type(only(one, "Type")) for one in parameters},
        keys=tuple(one.get("name") for one in parameters if text_of(one, "KeyParameter") == "true"),
        commands={one.get("name"): text_of(one, "Action") for one in under(root, "Commands")},
        items={one.name: one for one in _items(root)},
        events=_events(root),
        text=text,
        path=path,
    )


def _attribute_type(one: Any) -> str | FieldType:
    described = only(one, "Type")
    names = [] if described is None else [(one.text or "").strip() for one in elements(described, "Type")]
    if names and names[0].startswith("cfg:ConstantsSet"):
        return "ConstantsSet"
    return read_type(described)


def _items(root: Any) -> Iterable[Item]:
    for bar in elements(root, "AutoCommandBar"):
        yield from _items(bar)
    for group in elements(root, "ChildItems"):
        for one in group:
            if not isinstance(one.tag, str):
                continue
            yield Item(
                name=one.get("name"),
                kind=local(one),
                data_path=text_of(one, "DataPath"),
                command=text_of(one, "CommandName"),
                title=localised(one, "Title"),
                password=text_of(one, "PasswordMode") == "true",
                read_only=text_of(one, "ReadOnly") == "true",
                visible=text_of(one, "Visible") != "false",
                enabled=text_of(one, "Enabled") != "false",
                events=_events(one),
            )
            yield from _items(one)


def _events(one: Any) -> dict[str, str]:
    return {event.get("name"): (event.text or "").strip() for event in under(one, "Events")}
