"""«Настройка»: how the bridge is set up, without secrets, and what to type into the exchange and into 1C."""

from bridge.core.errors import UnknownRecord
from bridge.web.console.visit import Page, Visit


def whole(visit: Visit) -> Page:
    return _page(visit, "", "")


def hook(visit: Visit) -> Page:
    """The address for the exchange's cabinet, with its secret: to the operator who asks for it."""
    exchange = visit.form["exchange"]
    if exchange not in visit.roads.exchanges:
        raise UnknownRecord("Такой ВАТС в настройках нет")
    visit.roads.note(visit.name, "show_full", f"hook address of {exchange}")
    return _page(visit, exchange, visit.roads.hook_address(exchange))


def _page(visit: Visit, exchange: str, address: str) -> Page:
    facts = {
        "groups": visit.roads.settings(),
        "exchanges": visit.roads.exchanges,
        "shown": exchange,
        "address": address,
    }
    return Page(template="settings.html", facts=facts)
