"""Managed forms: what the metadata say of them and what stands on them."""

from itertools import count

from markup import Element, flag, many
from model import (
    Button,
    Check,
    Form,
    FormAttribute,
    FormCommand,
    FormParameter,
    Group,
    Input,
    Item,
    Label,
    Message,
    Note,
    Text,
)

from writers.parts import NAMESPACES, Dump, localized, naming, purposes, type_of

CONTEXT_MENU = "КонтекстноеМеню"
TOOLTIP = "РасширеннаяПодсказка"


def common_form(dump: Dump, one: Form) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("FormType", "Managed"),
        flag("IncludeHelpInContents", False),
        purposes(),
        flag("UseStandardCommands", False),
        Element("ExtendedPresentation"),
        Element("Explanation"),
    )
    return many("CommonForm", properties, uuid=dump.identifier(f"CommonForm.{one.name}"))


def form_of_object(dump: Dump, one: Form) -> Element:
    properties = many(
        "Properties",
        *naming(one.name, one.synonym),
        Element("FormType", "Managed"),
        flag("IncludeHelpInContents", False),
        purposes(),
        Element("ExtendedPresentation"),
    )
    return many("Form", properties, uuid=dump.identifier(f"Form.{one.name}"))


def layout(dump: Dump, one: Form) -> Element:
    """Ext/Form.xml: elements, attributes and commands are numbered separately."""
    spaces = {
        f"xmlns:{prefix}": address
        for prefix, address in NAMESPACES.items()
        if prefix not in ("cmi", "xen", "xpr") and (prefix != "dcssch" or dump.version != "2.13")
    }
    items = _Items()
    bar = tuple(items.button(each, "CommandBarButton", "Форма") for each in one.bar)
    placed = tuple(items.item(each) for each in one.items)
    content = (
        many(
            "AutoCommandBar",
            flag("Autofill", False),
            many("ChildItems", *bar) if bar else None,
            name="ФормаКоманднаяПанель",
            id="-1",
        ),
        many("Events", *(Element("Event", handler, {"name": name}) for name, handler in one.events.items())),
        many("ChildItems", *placed),
        many("Attributes", *(_attribute(each, number) for number, each in enumerate(one.attributes, 1))),
        many("Parameters", *(_parameter(each) for each in one.parameters)) if one.parameters else None,
        many("Commands", *(_command(each, number) for number, each in enumerate(one.commands, 1))),
    )
    attributes = {"xmlns": "http://v8.1c.ru/8.3/xcf/logform", **spaces, "version": dump.version}
    return Element("Form", tuple(each for each in content if each is not None), attributes)


class _Items:
    """Elements of one form; every one, and every companion, gets the next number."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def item(self, one: Item) -> Element:
        match one:
            case Button():
                return self.button(one, "UsualButton", "Кнопка")
            case Input():
                return self._input(one)
            case Check():
                right = Element("TitleLocation", "Right")
                return self._element("CheckBoxField", _last(one.path), Element("DataPath", one.path), right)
            case Label():
                return self._element("LabelField", _last(one.path), Element("DataPath", one.path))
            case Message():
                return self._message(one)
            case Note():
                return self._element("LabelDecoration", one.name, _title(one.text, formatted="false"))
            case Group():
                return self._group(one)

    def button(self, one: Button, kind: str, prefix: str) -> Element:
        name, number = f"{prefix}{one.command}", self._number()
        return many(
            "Button",
            Element("Type", kind),
            flag("DefaultButton", True) if one.default else None,
            Element("CommandName", f"Form.Command.{one.command}"),
            self._companion("ExtendedTooltip", name, TOOLTIP),
            name=name,
            id=number,
        )

    def _input(self, one: Input) -> Element:
        return self._element(
            "InputField",
            _last(one.path),
            Element("DataPath", one.path),
            flag("PasswordMode", True) if one.password else None,
            localized("InputHint", one.hint) if one.hint else None,
        )

    def _message(self, one: Message) -> Element:
        return self._element(
            "InputField",
            _last(one.path),
            Element("DataPath", one.path),
            flag("ReadOnly", True),
            flag("SkipOnInput", True),
            Element("TitleLocation", "None"),
            flag("AutoMaxWidth", False),
            flag("VerticalStretch", False),
            flag("MultiLine", True),
        )

    def _group(self, one: Group) -> Element:
        number = self._number()
        tooltip = self._companion("ExtendedTooltip", one.name, TOOLTIP)
        titled = one.title is not None
        return many(
            "UsualGroup",
            localized("Title", one.title) if titled else None,
            Element("Group", "Vertical" if titled else "Horizontal"),
            Element("Behavior", "Usual"),
            Element("Representation", "NormalSeparation" if titled else "None"),
            None if titled else flag("ShowTitle", False),
            tooltip,
            many("ChildItems", *(self.item(each) for each in one.items)),
            name=one.name,
            id=number,
        )

    def _element(self, kind: str, name: str, *properties: Element | None) -> Element:
        number = self._number()
        return many(
            kind,
            *properties,
            self._companion("ContextMenu", name, CONTEXT_MENU),
            self._companion("ExtendedTooltip", name, TOOLTIP),
            name=name,
            id=number,
        )

    def _companion(self, kind: str, name: str, suffix: str) -> Element:
        return many(kind, name=f"{name}{suffix}", id=self._number())

    def _number(self) -> str:
        return str(next(self._numbers))


def _last(path: str) -> str:
    return path.rsplit(".", 1)[-1]


def _title(text: Text, **attributes: str) -> Element:
    return Element("Title", localized("Title", text).content, attributes)


def _attribute(one: FormAttribute, number: int) -> Element:
    return many(
        "Attribute",
        localized("Title", one.title) if one.title else None,
        type_of(one.type),
        flag("MainAttribute", True) if one.main else None,
        flag("SavedData", True) if one.saved else None,
        name=one.name,
        id=str(number),
    )


def _parameter(one: FormParameter) -> Element:
    key = flag("KeyParameter", True) if one.key else None
    return many("Parameter", type_of(one.type), key, name=one.name)


def _command(one: FormCommand, number: int) -> Element:
    return many(
        "Command",
        localized("Title", one.title),
        localized("ToolTip", one.tooltip),
        Element("Action", f"Команда{one.name}"),
        Element("CurrentRowUse", "DontUse"),
        name=one.name,
        id=str(number),
    )
