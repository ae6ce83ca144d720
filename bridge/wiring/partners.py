"""The partners: exchanges and infobases of the settings become clients, readers and contracts."""

from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from bridge.core.breaker import BreakerPolicy
from bridge.core.caller import Directory
from bridge.core.calls import Subscriber
from bridge.core.numbers import same_digits
from bridge.core.ports import Begin, Contract, Exchange, HookReader, Vocabulary
from bridge.core.wording import Wording
from bridge.flows.take_event import Audience
from bridge.onec.event_words import EventWords
from bridge.onec.mailbox import MailboxContract
from bridge.onec.miko import Miko
from bridge.onec.miko_users import UserList
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats
from bridge.onec.vatscalls import VatsCalls
from bridge.pace import Target
from bridge.settings import ExchangeSection, InfobaseSection, Settings
from bridge.settings.partners import OperationSection
from bridge.vpbx.mobilon import MobilonApi, MobilonClient, MobilonHook
from bridge.vpbx.mobilon.client import BASE_URLS
from bridge.wire import Wire
from bridge.wiring.records import event_data

NAMESPACES = {
    "vats": "http://VATS",
    "vatscalls": "http://VATSCalls",
    "miko": "http://wiki.miko.ru/uniphone:crmapi",
}
PUBLISHED = (*NAMESPACES, "custom")  # the contracts that we call; a firm's own has its WSDL's namespace
DIALS_KEPT = 64  # connections to an exchange that wait for the next click, as many as are dialled at once


def exchange_client(section: ExchangeSection) -> Exchange:
    """The client of an exchange; no dial is ever repeated."""
    return MobilonClient(
        api=MobilonApi(section.api),
        wire=Wire(
            connect_s=min(2.0, section.timeout_s),
            total_s=section.timeout_s,
            once=True,
            pool_size=DIALS_KEPT,
        ),
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
    """What an infobase publishes: how it is called, and how its session is given back.

    `directory` is there where the firm's own web service says who is calling, `begin` where calling needs
    nothing but a message.
    """

    contract: Contract
    transport: OnecTransport
    directory: Directory | None = None
    begin: Begin | None = None


def publications(settings: Settings) -> dict[str, Publication]:
    """Infobase -> what it publishes, for those that publish something."""
    return {
        name: _publication(settings, name, section.url)
        for name, section in settings.infobase.items()
        if section.contract in PUBLISHED and section.url is not None
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
    return section.namespace or NAMESPACES.get(section.contract, "")


def longest_attempt_s(section: InfobaseSection) -> float:
    """No attempt to tell this infobase takes longer; the WSDL and the list of users are asked for first."""
    calls = {"custom": 2, "miko": 3}.get(section.contract, 1)
    return calls * (section.connect_s + section.timeout_s)


def _publication(settings: Settings, name: str, url: str) -> Publication:
    section = settings.infobase[name]
    transport = OnecTransport(
        url=url,
        namespace=namespace_of(section),
        user=section.user,
        password=section.password.get_secret_value(),
        wire=Wire(
            connect_s=section.connect_s,
            total_s=section.timeout_s,
            ca_file=str(section.ca_file or ""),
            pool_size=2 * section.concurrency,  # deliveries, and questions who is calling
        ),
        session_reuse=section.reuse_session,
    )
    match section.contract:
        case "vats":
            vats = Vats(transport)
            return Publication(vats, transport, begin=vats.begin)
        case "miko":
            patience_s = section.connect_s + section.timeout_s
            miko = Miko(
                transport,
                users=UserList(transport),
                namespace=namespace_of(section),
                people=subscribers_of(settings.exchange[section.exchange]),
                patience_s=patience_s,
            )
            return Publication(miko, transport)
        case "custom":
            return _custom(settings, name, transport)
    vatscalls = VatsCalls(transport, event_data(settings, name))
    return Publication(vatscalls, transport, begin=vatscalls.begin)


def _custom(settings: Settings, name: str, transport: OnecTransport) -> Publication:
    """The firm's own web service. zeep is heavy, so only who needs it loads it."""
    from bridge.onec.custom import CardNames, Custom, CustomDirectory, Mapped, WebService
    from bridge.onec.description import Description
    from bridge.onec.wsdl import MAX_WSDL_BYTES

    section = settings.infobase[name]
    custom = section.custom
    wire = Wire(
        connect_s=section.connect_s,
        total_s=section.timeout_s,
        ca_file=str(section.ca_file or ""),
        max_bytes=MAX_WSDL_BYTES,
        reuse=False,
    )
    description = Description(
        transport, wire=wire, file=custom.wsdl_file, service=custom.service, port=custom.port
    )
    service = WebService(transport, description)

    def mapped(one: OperationSection) -> Mapped:
        wordings = {name: Wording.parse(text, one.words) for name, text in one.parameters.items()}
        return Mapped(one.operation, wordings)

    exchange = settings.exchange[section.exchange]
    words = EventWords(
        people=subscribers_of(exchange),
        zone=ZoneInfo(exchange.timezone),
        data=event_data(settings, name),
    )
    contract = Custom(
        service,
        words=words,
        ring=mapped(custom.ring) if custom.ring else None,
        event=mapped(custom.event) if custom.event else None,
    )
    if custom.who is None:
        return Publication(contract, transport)
    names = CardNames(custom.who.title, custom.who.category, custom.who.manager)
    return Publication(contract, transport, CustomDirectory(service, mapped(custom.who), names))


def targets(settings: Settings, published: dict[str, Publication]) -> dict[str, Target]:
    """The infobases that the worker tells, each with its own gentleness."""
    return {
        name: Target(
            contract=publication.contract,
            begin=publication.begin,
            concurrency=settings.infobase[name].concurrency,
            attempts=settings.infobase[name].attempts,
            breaker=BreakerPolicy(probe_s=settings.infobase[name].probe_s),
            idle=publication.transport.finish,
        )
        for name, publication in published.items()
    }
