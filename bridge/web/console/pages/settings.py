"""«Настройка»: how the bridge is set up, without secrets, and what to type into the exchange and into 1C."""

from bridge.core.errors import UnknownRecord
from bridge.web.auth import new_token, token_hash
from bridge.web.console.visit import Page, Visit


def whole(visit: Visit) -> Page:
    return _page(visit)


def hook(visit: Visit) -> Page:
    """The address for the exchange's cabinet, with its secret: to the operator who asks for it."""
    exchange = visit.form["exchange"]
    if exchange not in visit.roads.exchanges:
        raise UnknownRecord("Такой ВАТС в настройках нет")
    with visit.roads.deed(visit.name, "show_full", f"адрес веб-хука {exchange}") as done:
        done.count = 1
    return _page(visit, shown=exchange, address=visit.roads.hook_address(exchange))


def token(visit: Visit) -> Page:
    """A new password for 1C, shown once; the bridge believes it when its hash is in the settings."""
    with visit.roads.deed(visit.name, "token", "") as done:
        password = new_token()
        done.count = 1
    return _page(visit, password=password, line=f'token_hashes = ["{token_hash(password)}"]')


def _page(visit: Visit, *, shown: str = "", address: str = "", password: str = "", line: str = "") -> Page:
    facts = {
        "groups": visit.roads.settings(),
        "exchanges": visit.roads.exchanges,
        "shown": shown,
        "address": address,
        "password": password,
        "line": line,
    }
    return Page(template="settings.html", facts=facts)
