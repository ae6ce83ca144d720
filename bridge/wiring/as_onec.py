"""The bridge as 1C: who of the settings may call it so, and where that leads."""

import re
from collections.abc import Callable, Iterator, Mapping

from bridge.core.ports import HookRequest
from bridge.flows.take_event import Taken
from bridge.observe import Figures
from bridge.onec.saying import card_xml
from bridge.settings import Settings
from bridge.web.as_onec.endpoint import Names, OnecEndpoint, Roads
from bridge.web.as_onec.services import SERVICES
from bridge.web.auth import Doorkeeper
from bridge.web.http import WsgiApp
from bridge.web.sources import Witness
from bridge.wiring.passages import hook_secrets, sources


def as_onec(
    settings: Settings,
    *,
    take: Mapping[str, Callable[[HookRequest], Taken]],
    names: Names,
    figures: Figures,
    witness: Witness,
) -> dict[re.Pattern[str], WsgiApp]:
    """Paths -> services, for the router."""
    roads = Roads(take=take, names=names, written=card_xml)
    doorkeeper = Doorkeeper(_pairs(settings), sources=sources(settings), witness=witness)
    return {
        service.pattern: OnecEndpoint(
            service,
            roads,
            doorkeeper=doorkeeper,
            public_url=settings.server.public_url,
            figures=figures,
        )
        for service in SERVICES
    }


def _pairs(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """The exchange by its name, and by every user of 1C that it may have been given."""
    for name, secrets in hook_secrets(settings).items():
        for secret in secrets:
            yield name, secret, name
    for infobase in settings.infobase.values():
        yield infobase.user, infobase.password.get_secret_value(), infobase.exchange
