"""The console, connected to the roads: how each link is, what to type where, who did what."""

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Literal
from zoneinfo import ZoneInfo

from bridge.core.breaker import Breaker
from bridge.core.folded import Person
from bridge.core.secrecy import without_secrets
from bridge.settings import Settings
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.opening import Store
from bridge.web.console.app import ConsoleEndpoint
from bridge.web.console.roads import Counted, RealCalls, Roads
from bridge.web.http import WsgiApp
from bridge.wiring.console_extras import Extras
from bridge.wiring.console_health import Watch
from bridge.wiring.console_settings import hook_address, shown
from bridge.wiring.partners import subscribers_of
from bridge.wiring.records import record_links
from bridge.wiring.tokens import TokenDesk

UTC = "UTC"


def console(
    settings: Settings,
    store: Store,
    *,
    hint: Callable[..., None],
    breakers: Callable[[], Mapping[str, Breaker]],
    calls: RealCalls,
    tokens_changed: Callable[[], None],
    extras: Extras,
    began: float,
) -> WsgiApp:
    """The entrance at `/console/`.

    Args:
        tokens_changed: makes this process look at them again.
        began: when the bridge did, unix time: what it did not hear before is no silence.
    """
    watch = Watch(settings, store.overview, breakers=breakers, began=began)

    def hurry(*infobases: str) -> None:
        for name in infobases:
            store.hasten(name)
        hint(*infobases)

    exchanges = list(settings.exchange.values())
    roads = Roads(
        overview=store.overview,
        accounts=store.accounts,
        zone=ZoneInfo(exchanges[0].timezone if exchanges else UTC),
        now=time.time,
        infobases=[name for name, one in settings.infobase.items() if one.contract != "none"],
        people=[person for section in exchanges for person in subscribers_of(section)],
        name_of=_names(settings),
        missed_by=_missed_by(settings),
        health=watch.look,
        record_link=_record_links(settings),
        clean=lambda text: without_secrets(text, settings.secrets()),
        lifetimes=settings.lifetimes(),
        hurry=hurry,
        deed=_deeds(settings),
        settings=lambda: shown(settings),
        hook_address=lambda exchange: hook_address(settings, exchange),
        exchanges=list(settings.exchange),
        real=None if extras.pretended or not calls.telephones else calls,
        logins={name: one.login or name for name, one in settings.infobase.items()},
        tokens=TokenDesk(settings, store.tokens, deed=_deeds(settings), changed=tokens_changed),
        doctor=extras.doctor,
        sandbox=extras.sandbox,
    )
    return ConsoleEndpoint(roads, public_url=settings.server.public_url)


def _names(settings: Settings) -> Callable[[str, Person], str]:
    people = {name: subscribers_of(section) for name, section in settings.exchange.items()}

    def name_of(exchange: str, person: Person) -> str:
        known = next((one.name for one in people.get(exchange, ()) if person.is_(one)), "")
        return known or person.extension

    return name_of


def _missed_by(settings: Settings) -> Callable[[str], Literal["first", "last"]]:
    def missed_by(exchange: str) -> Literal["first", "last"]:
        section = settings.exchange.get(exchange)
        return section.missed_by if section else "last"

    return missed_by


def _record_links(settings: Settings) -> Callable[[str, str], str]:
    """Links without the outside address: the console leads to the recordings beside it."""
    links = record_links(settings)
    prefix = settings.server.public_url.rstrip("/")
    hearing = {one.exchange: name for name, one in reversed(settings.infobase.items())}

    def link(exchange: str, call_id: str) -> str:
        infobase = hearing.get(exchange)
        return links.link(infobase, exchange, call_id).removeprefix(prefix) if infobase else ""

    return link


def _deeds(settings: Settings) -> Callable[[str, str, str], AbstractContextManager[Counted]]:
    """Into the same audit as the commands write."""

    def deed(who: str, did: str, about: str) -> AbstractContextManager[Counted]:
        return Archive(settings.server.database).deed(f"{who} (консоль)", Deed(did), about)

    return deed
