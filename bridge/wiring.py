"""The composition root: the only module that knows all others. Settings become a running bridge."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bridge import __version__
from bridge.core.breaker import BreakerPolicy
from bridge.core.calls import Subscriber
from bridge.core.dialing import CallResult, DialPolicy
from bridge.core.numbers import mask
from bridge.core.ports import Contract, DialLog, Exchange, HookReader, HookRequest
from bridge.flows.make_call import Desk, make_call
from bridge.flows.take_event import Audience, Taken, take_event
from bridge.observe import Figures, hide, log
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls
from bridge.settings import ExchangeSection, InfobaseSection, Settings
from bridge.store.archive import Archive
from bridge.store.sqlite import SqliteStore
from bridge.vpbx.mobilon import MobilonApi, MobilonClient, MobilonHook
from bridge.web.auth import Gatekeeper
from bridge.web.health import HealthEndpoint
from bridge.web.hooks import PREFIX as HOOKS
from bridge.web.hooks import Hook, HookEndpoint
from bridge.web.router import Router
from bridge.web.server import Server, ServerOptions
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.operations import Telephony, handlers
from bridge.web.soap.vocabulary import LANGUAGES
from bridge.wire import Wire
from bridge.worker import Target, Worker

LOOK_EVERY_S = 0.05
NAMESPACES = {"vats": "http://VATS", "vatscalls": "http://VATSCalls"}


class Bridge:
    """A bridge put together by `assemble`: `start`, then `run` until `drain`, then `close`."""

    def __init__(self, store: SqliteStore, worker: Worker, server: Server) -> None:
        self._store = store
        self._worker = worker
        self._server = server

    @property
    def port(self) -> int:
        return self._server.port

    def run(self) -> None:
        """Serve and deliver until `drain`; then finish what is under way and close the store."""
        self._worker.start()
        try:
            self._server.run()
        finally:
            self._worker.stop()
            self._store.close()

    def drain(self) -> None:
        self._server.drain()


def assemble(settings: Settings) -> Bridge:
    """Open the store, take the port, connect the roads.

    Raises:
        StoreUnavailable: the database cannot be opened.
        OSError: the address is taken.
    """
    hide(*settings.secrets())
    figures = Figures()
    store = SqliteStore(settings.server.database)
    try:
        contracts = {name: contract_of(section) for name, section in settings.infobase.items()}
        worker = Worker(store, _targets(settings, contracts), figures=figures)
        router = _router(settings, store, worker, contracts, figures)
        server = Server(
            router.application,
            ServerOptions(
                host=settings.server.host,
                port=settings.server.port,
                threads=settings.server.threads,
                trusted_proxy=settings.server.trusted_proxy,
            ),
        )
    except BaseException:
        store.close()
        raise
    router.server = server
    log.info("started", version=__version__, listen=f"{settings.server.host}:{server.port}")
    return Bridge(store, worker, server)


# --- the exchange -------------------------------------------------------------------------------
def exchange_client(section: ExchangeSection) -> Exchange:
    return MobilonClient(
        api=MobilonApi(section.api),
        wire=Wire(connect_s=min(2.0, section.timeout_s), total_s=section.timeout_s, reuse=False),
        base_url=section.base_url or "",
        node_token=section.node_token.get_secret_value(),
        api_password=section.api_password.get_secret_value(),
    )


def hook_reader(name: str) -> HookReader:
    return MobilonHook(name)


def subscribers_of(section: ExchangeSection) -> list[Subscriber]:
    return [
        Subscriber(name=person.name, key=person.key.get_secret_value(), extension=person.extension)
        for person in section.subscribers
    ]


# --- the infobase -------------------------------------------------------------------------------
@dataclass(frozen=True)
class Publication:
    """What an infobase publishes: how it is called, and how its session is given back."""

    contract: Contract
    transport: OnecTransport


def contract_of(section: InfobaseSection) -> Publication | None:
    """The contract of an infobase; None when it publishes nothing."""
    if section.contract == "none" or section.url is None:
        return None
    transport = OnecTransport(
        url=section.url,
        namespace=section.namespace or NAMESPACES[section.contract],
        user=section.user,
        password=section.password.get_secret_value(),
        wire=Wire(
            connect_s=section.connect_s,
            total_s=section.timeout_s,
            ca_file=section.ca_file,
            pool_size=section.concurrency,
        ),
        session_reuse=section.reuse_session,
    )
    contract = Vats(transport) if section.contract == "vats" else VatsCalls(transport)
    return Publication(contract, transport)


def _targets(settings: Settings, contracts: dict[str, Publication | None]) -> dict[str, Target]:
    return {
        name: Target(
            contract=publication.contract,
            concurrency=settings.infobase[name].concurrency,
            attempts=settings.infobase[name].attempts,
            breaker=BreakerPolicy(probe_s=settings.infobase[name].probe_s),
            idle=publication.transport.finish,
        )
        for name, publication in contracts.items()
        if publication is not None
    }


# --- what comes in ------------------------------------------------------------------------------
@dataclass
class _Entrance:
    """The router, and the server that is made after it and asked by it whether it drains."""

    application: Router
    server: Server | None = None


def _router(
    settings: Settings,
    store: SqliteStore,
    worker: Worker,
    contracts: dict[str, Publication | None],
    figures: Figures,
) -> _Entrance:
    telephony = _telephony(settings, store, figures)
    gatekeeper = Gatekeeper(
        {section.login or name: name for name, section in settings.infobase.items()},
        {name: section.token_hashes for name, section in settings.infobase.items()},
    )
    soap = {
        language.path: SoapEndpoint(
            language,
            handlers(telephony),
            gatekeeper=gatekeeper,
            public_url=settings.server.public_url,
            figures=figures,
        )
        for language in LANGUAGES
    }
    hooks = HookEndpoint(
        {
            name: Hook(
                secret=section.hook_secret.get_secret_value(),
                take=_take(name, settings, store, worker, contracts),
            )
            for name, section in settings.exchange.items()
        },
        figures,
    )
    entrance = _Entrance(Router(exact={}, prefixes={}))
    health = HealthEndpoint(
        ready=store.ping,
        serving=lambda: entrance.server is None or not entrance.server.draining,
        look=lambda: _look(Archive(settings.server.database), worker, figures),
        figures=figures,
    )
    entrance.application = Router(
        exact={**soap, "/healthz": health, "/readyz": health, "/metrics": health},
        prefixes={HOOKS: hooks},
    )
    return entrance


def _look(archive: Archive, worker: Worker, figures: Figures) -> None:
    """How much waits and who cannot hear, for whoever reads the figures now."""
    depths = {depth.infobase: depth for depth in archive.depths()}
    now = time.time()
    for name, breaker in worker.breakers().items():
        depth = depths.get(name)
        figures.waiting.labels(name).set(depth.waiting if depth else 0)
        figures.oldest_seconds.labels(name).set(max(0.0, now - depth.oldest_at) if depth else 0)
        figures.away.labels(name).set(2 if breaker.denied else int(breaker.open))


def _take(
    exchange: str,
    settings: Settings,
    store: SqliteStore,
    worker: Worker,
    contracts: dict[str, Publication | None],
) -> Callable[[HookRequest], Taken]:
    reader = hook_reader(exchange)
    audiences = {
        name: Audience(
            infobase=name,
            contract=publication.contract,
            popup_lifetime_s=settings.infobase[name].popup_lifetime_s,
            journal_lifetime_s=settings.infobase[name].journal_lifetime_s,
        )
        for name, publication in contracts.items()
        if publication is not None and settings.infobase[name].exchange == exchange
    }
    merge_s = settings.exchange[exchange].merge_window_s

    def take(request: HookRequest) -> Taken:
        taken = take_event(request, reader=reader, audiences=audiences, outbox=store, merge_s=merge_s)
        worker.hint(*taken.hints)
        return taken

    return take


def _telephony(settings: Settings, store: SqliteStore, figures: Figures) -> Telephony:
    clients = {name: exchange_client(section) for name, section in settings.exchange.items()}
    desks = {
        name: _desk(name, section, settings.exchange[section.exchange], clients[section.exchange])
        for name, section in settings.infobase.items()
    }
    patience_s = {
        name: settings.exchange[section.exchange].timeout_s for name, section in settings.infobase.items()
    }

    def dial(infobase: str, handle: str, number: str) -> CallResult:
        result = make_call(
            handle,
            number,
            desk=desks[infobase],
            log=store,
            wait_for_first=_waiter(store, patience_s[infobase]),
        )
        figures.dials.labels(infobase, str(result.code)).inc()
        log.info("dial", infobase=infobase, number=mask(number), result=result.status.value, code=result.code)
        return result

    return Telephony(
        ping=lambda: (
            f"vpbx-1c-bridge {__version__} {datetime.now().astimezone().isoformat(timespec='seconds')}"
        ),
        make_call=dial,
        subscribers=lambda infobase: desks[infobase].subscribers,
        show_keys=lambda infobase: settings.infobase[infobase].show_keys,
    )


def _desk(name: str, section: InfobaseSection, exchange: ExchangeSection, client: Exchange) -> Desk:
    return Desk(
        infobase=name,
        exchange=client,
        subscribers=subscribers_of(exchange),
        policy=DialPolicy(
            countries=frozenset(section.dial.countries),
            premium=section.dial.premium,
            internal=section.dial.internal,
        ),
        unlisted_keys=section.unlisted_keys,
        area_code=exchange.area_code,
        double_click_s=section.dial.double_click_s,
    )


def _waiter(log_of_dials: DialLog, patience_s: float) -> Callable[[int], CallResult | None]:
    """Waits for the first of two clicks to get its answer, not longer than the exchange may take."""

    def wait(dial_id: int) -> CallResult | None:
        until = time.monotonic() + patience_s
        while (result := log_of_dials.look(dial_id)) is None and time.monotonic() < until:
            time.sleep(LOOK_EVERY_S)
        return result

    return wait
