"""Who is calling: whom the settings let us ask, in which order, and how gently."""

from collections.abc import Callable, Mapping

from bridge.callerid import CallerId, Gentleness, Manners
from bridge.chores import Chore
from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.caller import Directory
from bridge.flows.name_caller import Lifetimes
from bridge.observe import Figures
from bridge.onec.saying import SayName
from bridge.settings import InfobaseSection, Settings
from bridge.store.opening import Store
from bridge.wiring.partners import Publication, namespace_of

SAYING = ("vats", "vatscalls")  # contracts with SayName
PREFETCH_EVERY_S = 60.0


def directory_of(section: InfobaseSection, publication: Publication) -> Directory | None:
    """Whom to ask who is calling; None when the contract has no such question."""
    if publication.directory is not None:
        return publication.directory
    if section.contract in SAYING:
        by_inn = section.contract == "vatscalls"
        return SayName(publication.transport, namespace_of(section), by_inn=by_inn)
    return None


def caller_id(
    settings: Settings, store: Store, published: Mapping[str, Publication], figures: Figures
) -> CallerId:
    """The road `who is calling?`, for one process."""
    directories: dict[str, tuple[Directory, Gentleness]] = {}
    for name, publication in published.items():
        section = settings.infobase[name]
        if (directory := directory_of(section, publication)) is not None:
            breaker = BreakerPolicy(probe_s=section.probe_s)
            directories[name] = (
                directory,
                Gentleness(concurrency=section.concurrency, breaker=breaker),
            )
    manners = {
        name: Manners(
            order=_order(settings, name, directories),
            answer_s=section.caller_s,
            lifetimes=Lifetimes(fresh_s=section.caller_fresh_s, unknown_s=section.caller_unknown_s),
        )
        for name, section in settings.exchange.items()
    }
    return CallerId(
        store.callers,
        manners=manners,
        directories=directories,
        seats=settings.server.threads // 4,
        figures=figures,
    )


def prefetching(settings: Settings, names: CallerId, breakers: Callable[[], Mapping[str, Breaker]]) -> Chore:
    """Who calls often is asked about again before what is known is old, while 1C hears."""

    def work() -> None:
        hearing = breakers()
        for name in names.infobases:
            if name in hearing and not hearing[name].open:
                exchange = settings.exchange[settings.infobase[name].exchange]
                names.prefetch(name, fresh_s=exchange.caller_fresh_s)

    return Chore(name="prefetch", first_in_s=PREFETCH_EVERY_S, next_in=lambda: PREFETCH_EVERY_S, work=work)


def _order(settings: Settings, exchange: str, directories: Mapping[str, object]) -> tuple[str, ...]:
    """As the settings say, or as they list the infobases of this exchange."""
    listed = [name for name, section in settings.infobase.items() if section.exchange == exchange]
    chosen = settings.exchange[exchange].caller_order or listed
    return tuple(dict.fromkeys(name for name in chosen if name in directories))
