"""By which secret an exchange comes, and from where: for whoever changes the secret or lists networks."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

from bridge.core.errors import BridgeError
from bridge.observe import Figures, log
from bridge.settings import ExchangeSection, Settings
from bridge.store.passages import Passages, Way
from bridge.web.auth import token_hash
from bridge.web.sources import Sources

NOTED_EVERY_S = 60.0  # a hook must not cost two commits
KNOWN_EVERY_S = 3600.0  # without an old secret: only where the exchange calls from, for the next start


class Doorbook:
    """`web.sources.Witness`. Writes aside, seldom; a lost line is no harm."""

    def __init__(
        self,
        settings: Settings,
        passages: Passages,
        figures: Figures,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ways = {name: _ways(section) for name, section in settings.exchange.items()}
        self._passages = passages
        self._figures = figures
        self._clock = clock
        self._guard = threading.Lock()
        self._noted_at: dict[tuple[str, Way], float] = {}

    def passed(self, exchange: str, proof: str, address: str) -> None:
        way = self._ways[exchange].get(proof)
        if way is None:
            return
        every_s = NOTED_EVERY_S if len(self._ways[exchange]) > 1 else KNOWN_EVERY_S
        if self._due(exchange, way, every_s):
            if way is Way.OLD:
                log.info("hook_old_secret", exchange=exchange, peer=address)
            self._note(exchange, way, proof, address)

    def outside(self, exchange: str, proof: str, address: str) -> None:  # noqa: ARG002
        self._figures.strangers.labels("network").inc()
        log.warning("hook_outside", exchange=exchange, peer=address)
        if self._due(exchange, Way.OUTSIDE, NOTED_EVERY_S):
            self._note(exchange, Way.OUTSIDE, "", address)

    def _due(self, exchange: str, way: Way, every_s: float) -> bool:
        now = self._clock()
        if now - self._noted_at.get((exchange, way), -math.inf) < every_s:
            return False
        with self._guard:
            if now - self._noted_at.get((exchange, way), -math.inf) < every_s:
                return False
            self._noted_at[exchange, way] = now
            return True

    def _note(self, exchange: str, way: Way, proof: str, address: str) -> None:
        def work() -> None:
            with suppress(BridgeError):  # the store is away, or closed: the hook itself is told so
                self._passages.note(exchange, way, proof=proof, peer=address)

        threading.Thread(target=work, name="doorbook", daemon=True).start()


def hook_secrets(settings: Settings) -> dict[str, tuple[str, str]]:
    """Exchange -> the secrets in its addresses: the one that counts, and the one it comes after."""
    return {
        name: (section.hook_secret.get_secret_value(), section.old_hook_secret.get_secret_value())
        for name, section in settings.exchange.items()
    }


def sources(settings: Settings) -> Sources:
    """Where exchanges may call from."""
    return Sources({name: section.networks for name, section in settings.exchange.items()})


def _ways(section: ExchangeSection) -> Mapping[str, Way]:
    """The hash of a secret -> what it is."""
    ways = {token_hash(section.hook_secret.get_secret_value()): Way.CURRENT}
    if old := section.old_hook_secret.get_secret_value():
        ways[token_hash(old)] = Way.OLD
    return ways
