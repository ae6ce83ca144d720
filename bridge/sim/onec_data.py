"""What the fake 1C knows and does: a small directory of clients, and the handlers of its operations."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bridge.core.numbers import same_digits
from bridge.sim import onec_custom
from bridge.sim.onec_soap import Call, CallError, Value

# Read by the extension's Event without a guard (TelephonyMobilon extension, 2019-12-12)
EVENT_FIELDS = ("from", "to", "direction", "uuid", "state")


@dataclass(frozen=True, kw_only=True)
class Client:
    """A counterparty of the firm. `manager_phone` is the extension of the responsible employee."""

    name: str
    number: str = ""
    inn: str = ""
    category: str = "0"
    manager_phone: str = ""


# The client of the manual's own example (Mobilon, contents/vpbx/integration/1c.md, 2017-03)
MANUAL_CLIENT = Client(name="Фэйковый чиж", number="89235292926", inn="2460000001", manager_phone="244")


def run(call: Call, clients: Sequence[Client]) -> Value:
    """What the operation gives back. Raises CallError when 1C's own code would throw."""
    if call.service.typed:
        try:
            onec_custom.check_types(call.service, call.element)
        except ValueError as error:
            raise CallError(f"Ошибка преобразования данных XDTO: {error}", call.soap) from None
    if call.operation in onec_custom.HANDLERS:
        return onec_custom.run(call, lambda number: _card(number, clients))
    return _HANDLERS[call.operation](call, clients)


def _card(number: str, clients: Sequence[Client]) -> Mapping[str, str] | None:
    client = _known(number, clients)
    if client is None:
        return None
    return {"title": client.name, "category": client.category, "manager": client.manager_phone}


def _known(number: str, clients: Sequence[Client]) -> Client | None:
    wanted = same_digits(number)
    return next((one for one in clients if wanted and same_digits(one.number) == wanted), None)


def _taken(_call: Call, _clients: Sequence[Client]) -> str:
    return "1"


def _event(call: Call, _clients: Sequence[Client]) -> str:
    try:
        data = json.loads(call.parameters["Data"])
    except (ValueError, RecursionError):
        raise CallError("Ошибка при вызове метода контекста (ПрочитатьJSON)", call.soap) from None
    for name in EVENT_FIELDS:
        if not isinstance(data, dict) or name not in data:
            raise CallError(f"Поле объекта не обнаружено ({name})", call.soap)
    return "1"


def _say_name(call: Call, clients: Sequence[Client]) -> str:
    return _data(_known(call.parameters["Number"], clients) or Client(name="", category=""))


def _say_name_by_inn(call: Call, clients: Sequence[Client]) -> str:
    wanted = call.parameters["INN"].strip()
    for client in clients:
        if wanted and client.inn == wanted:
            return _data(client)
    return '<?xml version="1.0"?><error>Контрагент не найден</error>'


def _data(client: Client) -> str:
    """Glued from strings and not escaped, as the extension does: a name may break it on purpose."""
    return (
        '<?xml version="1.0"?>\n'
        "<data>\n"
        f"    <title>{client.name}</title>\n"
        f"    <category>{client.category}</category>\n"
        "    <manager>\n"
        f"        <phone>{client.manager_phone}</phone>\n"
        "    </manager>\n"
        "</data>\n"
    )


_HANDLERS: Mapping[str, Callable[[Call, Sequence[Client]], str]] = {
    "IncomingCall": _taken,
    "Event": _event,
    "SayName": _say_name,
    "SayNameByINN": _say_name_by_inn,
}
