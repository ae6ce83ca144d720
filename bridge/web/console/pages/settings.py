"""«Настройка»: what to type into the exchange and into 1C, passwords of infobases, what is set."""

from collections.abc import Sequence
from dataclasses import dataclass

from bridge.core.errors import UnknownRecord
from bridge.core.tokens import Token
from bridge.web.console.visit import Answer, Goto, Page, Visit


@dataclass(frozen=True, kw_only=True)
class Infobase:
    """An infobase and its passwords. `login` is "" for one that the settings do not name any more."""

    name: str
    login: str
    valid: Sequence[Token]
    revoked: Sequence[Token]


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
    """A new password for 1C, good at once and shown once."""
    infobase = visit.form["infobase"]
    password = visit.roads.tokens.issue(infobase, visit.form["label"], visit.name)
    return _page(visit, issued=infobase, password=password)


def ask(visit: Visit) -> Page:
    """Before a password is revoked, which one, and what will follow."""
    meant = _meant(visit)
    facts = {
        "one": meant,
        "last": visit.roads.tokens.is_last(meant),
        "login": visit.roads.logins.get(meant.infobase, ""),
    }
    return Page(template="token_ask.html", facts=facts)


def revoke(visit: Visit) -> Answer:
    meant = _meant(visit)
    visit.roads.tokens.revoke(meant, visit.name)
    return Goto(page="settings?revoked=" + meant.id)


def _meant(visit: Visit) -> Token:
    return visit.roads.tokens.find(visit.form["infobase"], visit.form["id"])


def _page(visit: Visit, *, shown: str = "", address: str = "", issued: str = "", password: str = "") -> Page:
    listed = visit.roads.tokens.listed()
    told = visit.query["revoked"]
    facts = {
        "groups": visit.roads.settings(),
        "exchanges": visit.roads.exchanges,
        "shown": shown,
        "address": address,
        "infobases": _infobases(visit, listed),
        "issued": issued,
        "login": visit.roads.logins.get(issued, ""),
        "password": password,
        "revoked": next((one for one in listed if one.id == told and not one.valid), None) if told else None,
    }
    return Page(template="settings.html", facts=facts)


def _infobases(visit: Visit, listed: Sequence[Token]) -> list[Infobase]:
    """Those of the settings, then others whose passwords are still good, should they come back."""
    logins = visit.roads.logins
    gone = sorted({one.infobase for one in listed if one.valid} - logins.keys())
    return [
        Infobase(
            name=name,
            login=logins.get(name, ""),
            valid=[one for one in listed if one.infobase == name and one.valid],
            revoked=[one for one in listed if one.infobase == name and not one.valid],
        )
        for name in (*logins, *gone)
    ]
