"""The entrances: what 1C, the exchange and an operator may call, connected to the roads."""

import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from bridge import __version__, lines
from bridge.callerid import CallerId
from bridge.core.breaker import Breaker
from bridge.core.calls import CallEvent
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.ports import Accepted, Collected, HookRequest
from bridge.flows.collect import NO_MAILBOX, collect
from bridge.flows.make_call import Desk
from bridge.flows.take_event import Road, Taken, bring_event
from bridge.mailroom import MailRoom
from bridge.observe import Figures, log
from bridge.onec.saying import card_xml
from bridge.settings import Settings
from bridge.store.archive import Archive
from bridge.store.opening import Store
from bridge.store.passages import Way
from bridge.turns import turns
from bridge.web.auth import token_hash
from bridge.web.callerid import PREFIX as CALLER
from bridge.web.callerid import CallerEndpoint
from bridge.web.console import HOME as CONSOLE_HOME
from bridge.web.console import PREFIX as CONSOLE
from bridge.web.health import HealthEndpoint
from bridge.web.hooks import PREFIX as HOOKS
from bridge.web.hooks import HookEndpoint
from bridge.web.http import WsgiApp
from bridge.web.manual_call import PATH as MANUAL_CALL
from bridge.web.manual_call import ManualCallEndpoint
from bridge.web.on_demand import OnDemand
from bridge.web.path_secret import PathKeeper
from bridge.web.records import PREFIX as RECORDS
from bridge.web.router import Router
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.operations import Telephony, handlers, in_steps
from bridge.web.soap.vocabulary import ENGLISH, RUSSIAN, Language
from bridge.wiring.as_onec import as_onec
from bridge.wiring.calls import Calls
from bridge.wiring.console_extras import NO_EXTRAS, Extras
from bridge.wiring.dialling import Dialling
from bridge.wiring.partners import (
    Publication,
    audiences,
    hook_reader,
    mailboxes,
)
from bridge.wiring.passages import Doorbook, hook_secrets, sources
from bridge.wiring.records import event_data, record_links, records_entrance
from bridge.wiring.tokens import TokenWatch


@dataclass(frozen=True, kw_only=True)
class Entrances:
    """Everything that the entrances need of the rest."""

    settings: Settings
    store: Store
    tell: Callable[[CallEvent, Accepted], Collection[str]]  # at once; gives those who are told
    hint: Callable[..., None]  # wakes whoever tells these infobases, here or in another process
    breakers: Callable[[], Mapping[str, Breaker]]
    publications: Mapping[str, Publication]
    draining: threading.Event
    figures: Figures
    mailroom: MailRoom
    dialling: threading.BoundedSemaphore  # slow dials must leave threads for the hooks
    callerid: CallerId
    tokens: TokenWatch
    extras: Extras = NO_EXTRAS

    def router(self) -> Router:
        """Paths to applications, in one table."""
        health = HealthEndpoint(
            ready=self.store.ping,
            serving=lambda: not self.draining.is_set(),
            look=self.look,
            figures=self.figures,
        )
        exact: dict[str, WsgiApp] = {"/healthz": health, "/readyz": health, "/metrics": health}
        dialling = Dialling(self.settings, dial_log=self.store, figures=self.figures, seats=self.dialling)
        telephony = self._telephony(dialling)
        pages = self._console(dialling, telephony)
        exact[CONSOLE_HOME] = pages
        brought = {name: self._bring(name) for name in self.settings.exchange}
        witness = Doorbook(self.settings, self.store.passages, self.figures)
        keeper = PathKeeper(
            hook_secrets(self.settings),
            figures=self.figures,
            sources=sources(self.settings),
            witness=witness,
        )
        self._recall(keeper)
        as_1c = as_onec(
            self.settings,
            take={name: _waited(road) for name, road in brought.items()},
            names=self.callerid,
            figures=self.figures,
            witness=witness,
        )
        return Router(
            exact=exact | self._calls(telephony),
            prefixes={
                CONSOLE: pages,
                HOOKS: HookEndpoint(brought, keeper, self.figures),
                CALLER: CallerEndpoint(keeper, self.callerid, card_xml),
                RECORDS: records_entrance(self.settings, self.store, self.figures, outside=self.dialling),
            },
            patterns=as_1c,
        )

    # --- 1C calls --------------------------------------------------------------------------------
    def _calls(self, telephony: Telephony) -> dict[str, WsgiApp]:
        gatekeeper = self.tokens.gatekeeper
        roads = handlers(telephony)

        def service(language: Language) -> WsgiApp:
            return SoapEndpoint(
                language,
                roads,
                gatekeeper=gatekeeper,
                public_url=self.settings.server.public_url,
                figures=self.figures,
                in_steps=in_steps(telephony),
            )

        soap: dict[str, WsgiApp] = {
            ENGLISH.path: service(ENGLISH),
            RUSSIAN.path: OnDemand(lambda: service(RUSSIAN)),  # a firm calls one of them
        }
        return soap | {MANUAL_CALL: ManualCallEndpoint(telephony.make_call, gatekeeper)}

    def _telephony(self, dialling: Dialling) -> Telephony:
        desks = dialling.desks
        told = {name: event_data(self.settings, name) for name in self.settings.infobase}
        finders = {name: desk.find for name, desk in desks.items()}
        calls = Calls(
            self.settings,
            events=self.store.calls,
            finders=finders,
            seats=self.settings.server.threads // 4,
            outside=self.dialling,
        )
        links = record_links(self.settings)
        return Telephony(
            ping=_ping,
            make_call=dialling.dial,
            click=dialling.click,
            subscribers=lambda infobase: desks[infobase].subscribers,
            show_keys=lambda infobase: self.settings.infobase[infobase].show_keys,
            collect=lambda infobase, handle, after_id, wait_s: self._collect(
                desks[infobase], handle, after_id, wait_s
            ),
            event_data=lambda infobase, stored: told[infobase](stored),
            call_info=calls.info,
            call_journal=calls.journal,
            zone=calls.zone,
            record_url=lambda infobase, call_id: links.link(
                infobase, self.settings.infobase[infobase].exchange, call_id
            ),
        )

    def _collect(self, desk: Desk, handle: str, after_id: int, wait_s: int) -> Collected:
        if desk.infobase not in mailboxes(self.settings):
            raise UnknownRecord(NO_MAILBOX)
        collected = collect(
            handle,
            after_id,
            infobase=desk.infobase,
            find=desk.find,
            mailbox=self.store,
            wait=self.mailroom.visit(desk.infobase, wait_s),
        )
        if collected.letters:
            log.info(
                "collected",
                infobase=desk.infobase,
                letters=len(collected.letters),
                last_id=collected.last_id,
            )
        return collected

    # --- the exchange calls ----------------------------------------------------------------------
    def _recall(self, keeper: PathKeeper) -> None:
        """Where exchanges came from before this start: guessing from there must not shut them out."""
        with suppress(StoreUnavailable):
            for passage in Archive(self.settings.server.database).passages():
                if passage.way is not Way.OUTSIDE:
                    keeper.know(passage.exchange, passage.peer)

    def _bring(self, exchange: str) -> Road:
        reader = hook_reader(exchange, self.settings.exchange[exchange])
        hearing = audiences(self.settings, self.publications, exchange)
        merge_s = self.settings.exchange[exchange].merge_window_s

        def bring(request: HookRequest) -> Callable[[], Taken]:
            committed = bring_event(
                request, reader=reader, audiences=hearing, outbox=self.store, merge_s=merge_s
            )

            def taken() -> Taken:
                taken = committed()
                told = self.tell(taken.event, taken.receipt)
                if rest := [name for name in taken.hints if name not in told]:
                    self.hint(*rest)
                    turns.give_way()  # 1C is told first, the exchange answered a moment later
                return taken

            return taken

        return bring

    # --- an operator looks -----------------------------------------------------------------------
    def _console(self, dialling: Dialling, telephony: Telephony) -> WsgiApp:
        began = time.time()

        def make() -> WsgiApp:  # its pages take a while to load, and few look at them
            from bridge.wiring.console import console
            from bridge.wiring.console_calls import ConsoleCalls

            return console(
                self.settings,
                self.store,
                hint=self.hint,
                breakers=self.breakers,
                calls=ConsoleCalls(self.settings, dialling, telephony, self.figures),
                tokens_changed=self.tokens.look,
                extras=self.extras,
                began=began,
            )

        return OnDemand(make)

    def look(self) -> None:
        """How much waits and who cannot hear, for whoever reads the figures now."""
        self.figures.lost.set(lines.lost)
        for name, breaker in self.breakers().items():
            self.figures.away.labels(name).set(2 if breaker.denied else int(breaker.open))
        try:
            self._look_into_the_store()
        except StoreUnavailable:  # the figures are needed most when something is broken
            self.figures.store_up.set(0)
        else:
            self.figures.store_up.set(1)

    def _look_into_the_store(self) -> None:
        archive = Archive(self.settings.server.database)
        depths = {depth.infobase: depth for depth in archive.depths()}
        now = time.time()
        proofs = {name: token_hash(old) for name, (_, old) in hook_secrets(self.settings).items() if old}
        for name in self.settings.infobase:
            depth = depths.get(name)
            oldest_s = max(0.0, now - depth.oldest_at) if depth else 0.0
            self.figures.waiting.labels(name).set(depth.waiting if depth else 0)
            self.figures.oldest_seconds.labels(name).set(oldest_s)
        for passage in archive.passages() if proofs else ():
            if passage.way is Way.OLD and passage.is_of(proofs.get(passage.exchange, "")):
                self.figures.old_secret_seconds.labels(passage.exchange).set(max(0.0, now - passage.at))
        for name, polled_at in archive.last_polled().items():
            self.figures.mailbox_polled_seconds.labels(name).set(max(0.0, now - polled_at))


def _waited(bring: Road) -> Callable[[HookRequest], Taken]:
    return lambda request: bring(request)()


def _ping() -> str:
    now = datetime.now().astimezone().isoformat(timespec="seconds")
    return f"vpbx-1c-bridge {__version__} {now}"
