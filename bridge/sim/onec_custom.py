"""Web services of the fake 1C beyond the exchange's own: a firm's CRM with types of 1C, and MIKO's panel."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lxml import etree

from bridge.resources import wsdl_text
from bridge.sim.onec_soap import Call, CallError, Service, Value

_XSD = "{http://www.w3.org/2001/XMLSchema}"

# Read by MIKO's panel (mikopbx/ModuleMegafonPbx Lib/RestAPI, 2026-05-18)
CALL_FIELDS = ("user_id", "entire_id", "feature", "time", "state", "from", "to", "call_id")
# A user may come several times; two people may share a telephone
USERS: Sequence[Mapping[str, Any]] = (
    {"id": "u-101", "extension": "101", "mobile": "+7 916 000-01-01"},
    {"id": "u-101", "extension": "101", "mobile": ""},
    {"id": "u-102", "extension": 102, "mobile": None},
    {"id": "u-103-a", "extension": "103", "mobile": ""},
    {"id": "u-103-b", "extension": "103", "mobile": ""},
)

Directory = Callable[[str], Mapping[str, str] | None]  # number -> title, category, manager


def check_types(service: Service, element: Any) -> None:
    """XDTO reads each value by its type. Raises ValueError that names the first wrong one."""
    document = etree.fromstring(wsdl_text(service.wsdl).encode())
    schema = etree.XMLSchema(document.find(f".//{_XSD}schema"))
    if not schema.validate(element):
        raise ValueError(schema.error_log[0].message)


def run(call: Call, find: Directory) -> Value:
    """The answer of an operation. Raises CallError when 1C's own code would throw."""
    return HANDLERS[call.operation](call, find)


def _ring(_call: Call, _find: Directory) -> Value:
    return "true"


def _event(_call: Call, _find: Directory) -> Value:
    return None


def _who(call: Call, find: Directory) -> Value:
    card = find(call.parameters["Номер"])
    return {
        "return": "true" if card else "false",
        "Наименование": card["title"] if card else None,
        "ТелефонМенеджера": card["manager"] if card else None,
    }


def _client(call: Call, find: Directory) -> Value:
    card = find(call.parameters["Номер"])
    names = {"Наименование": "title", "Категория": "category", "ТелефонМенеджера": "manager"}
    return {"return": {ours: card[name] for ours, name in names.items()} if card else None}


def _user_list(_call: Call, _find: Directory) -> Value:
    return json.dumps(USERS, ensure_ascii=False)


def _call_event(call: Call, _find: Directory) -> Value:
    try:
        data = json.loads(call.parameters["Data"])
    except (ValueError, RecursionError):
        raise CallError("Ошибка при вызове метода контекста (ПрочитатьJSON)", call.soap) from None
    for name in CALL_FIELDS:
        if not isinstance(data, dict) or name not in data:
            raise CallError(f"Поле объекта не обнаружено ({name})", call.soap)
    return "1"


HANDLERS: Mapping[str, Callable[[Call, Directory], Value]] = {
    "ВходящийЗвонок": _ring,
    "ЗаписатьСобытие": _event,
    "КтоЗвонит": _who,
    "НайтиКлиента": _client,
    "user_list": _user_list,
    "call_event": _call_event,
}
