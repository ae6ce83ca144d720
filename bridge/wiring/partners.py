"""The partners: exchanges and infobases of the settings become clients, readers and contracts."""

from collections.abc import Mapping
from dataclasses import dataclass

from bridge.core.breaker import BreakerPolicy
from bridge.core.calls import Subscriber
from bridge.core.numbers import same_digits
from bridge.core.ports import Contract, Exchange, HookReader, Vocabulary
from bridge.flows.take_event import Audience
from bridge.onec.mailbox import MailboxContract
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls
from bridge.settings import ExchangeSection, InfobaseSection, Settings
from bridge.vpbx.mobilon import MobilonApi, MobilonClient, MobilonHook
from bridge.vpbx.mobilon.client import BASE_URLS
from bridge.wire import Wire
from bridge.worker import Target

NAMESPACES = {"vats": "http://VATS", "vatscalls": "http://VATSCalls"}


def exchange_client(section: ExchangeSection) -> Exchange:
    """The client of an exchange; each dial gets a connection of its own, it must not be repeated."""
    return MobilonClient(
        api=MobilonApi(section.api),
        wire=Wire(connect_s=min(2.0, section.timeout_s), total_s=section.timeout_s, reuse=False),
        base_url=exchange_url(section),
        node_token=section.node_token.get_secret_value(),
        api_password=section.api_password.get_secret_value(),
    )


def exchange_url(section: ExchangeSection) -> str:
    """Where the exchange's API is."""
    return section.base_url or BASE_URLS[MobilonApi(section.api)]


def hook_reader(name: str, section: ExchangeSection) -> HookReader:  # noqa: ARG001 - one `kind` so far
    """Who reads the words of the exchange called `name`."""
    return MobilonHook(name)


def subscribers_of(section: ExchangeSection) -> list[Subscriber]:
    """The people of an exchange."""
    return [
        Subscriber(name=person.name, key=person.key.get_secret_value(), extension=person.extension)
        for person in section.subscribers
    ]


@dataclass(frozen=True)
class Publication:
    """What an infobase publishes: how it is called, and how its session is given back."""

    contract: Contract
    transport: OnecTransport


def publications(settings: Settings) -> dict[str, Publication]:
    """Infobase -> what it publishes, for those that publish something."""
    return {
        name: _publication(section, section.url)
        for name, section in settings.infobase.items()
        if section.contract in NAMESPACES and section.url is not None
    }


def audiences(settings: Settings, published: Mapping[str, Publication], exchange: str) -> list[Audience]:
    """The infobases that hear an exchange: those that are called, and those that collect."""
    words: dict[str, Vocabulary] = {name: one.contract for name, one in published.items()}
    words |= {name: MailboxContract() for name in mailboxes(settings)}
    return [
        Audience(
            infobase=name,
            contract=contract,
            popup_lifetime_s=settings.infobase[name].popup_lifetime_s,
            journal_lifetime_s=settings.infobase[name].journal_lifetime_s,
            mail=name not in published,
            people=people_of(settings, name) if settings.infobase[name].subscribers else (),
            called=frozenset(map(same_digits, settings.infobase[name].called)),
        )
        for name, contract in words.items()
        if settings.infobase[name].exchange == exchange
    ]


def mailboxes(settings: Settings) -> list[str]:
    """The infobases that collect their events."""
    return [name for name, section in settings.infobase.items() if section.contract == "mailbox"]


def people_of(settings: Settings, infobase: str) -> list[Subscriber]:
    """The people an infobase hears of and may dial for: all of its exchange, or those it names."""
    section = settings.infobase[infobase]
    people = subscribers_of(settings.exchange[section.exchange])
    if not section.subscribers:
        return people
    return [person for person in people if any(map(person.answers_to, section.subscribers))]


def namespace_of(section: InfobaseSection) -> str:
    """The namespace of the infobase's web service: the firm's own, or that of the contract."""
    return section.namespace or NAMESPACES[section.contract]


def _publication(section: InfobaseSection, url: str) -> Publication:
    transport = OnecTransport(
        url=url,
        namespace=namespace_of(section),
        user=section.user,
        password=section.password.get_secret_value(),
        wire=Wire(
            connect_s=section.connect_s,
            total_s=section.timeout_s,
            ca_file=str(section.ca_file or ""),
            pool_size=section.concurrency,
        ),
        session_reuse=section.reuse_session,
    )
    contract = Vats(transport) if section.contract == "vats" else VatsCalls(transport)
    return Publication(contract, transport)


def targets(settings: Settings, published: dict[str, Publication]) -> dict[str, Target]:
    """The infobases that the worker tells, each with its own gentleness."""
    return {
        name: Target(
            contract=publication.contract,
            concurrency=settings.infobase[name].concurrency,
            attempts=settings.infobase[name].attempts,
            breaker=BreakerPolicy(probe_s=settings.infobase[name].probe_s),
            idle=publication.transport.finish,
        )
        for name, publication in published.items()
    }
