"""The secret in a path: `<prefix><exchange>/<secret>`, the only proof that a stock exchange can give.

While it is being changed there are two of them. Guessing is as slow as guessing passwords.
"""

import hmac
from collections.abc import Mapping, Sequence

from bridge.observe import Figures, log
from bridge.web.auth import token_hash
from bridge.web.http import Environ, Reply, path_text, peer
from bridge.web.sources import ANYWHERE, NOBODY, Sources, Witness
from bridge.web.throttle import WINDOW_S, Throttle, Throttled

MAX_ADMITTED = 1000  # remembered; an exchange calls from a few addresses
_NO_SECRET = token_hash("")  # compared, never believed: an unknown name costs as much as a known one
NOT_FOUND = Reply.text(404, "not found")
WAIT = Reply.text(429, "too many wrong addresses from you: wait", **{"Retry-After": str(int(WINDOW_S))})


class PathKeeper:
    """Lets in whoever knows the secret of an exchange, from where that exchange may call.

    Args:
        secrets: exchange -> the secrets that are right, at most two; an empty one is none.
    """

    def __init__(
        self,
        secrets: Mapping[str, Sequence[str]],
        *,
        figures: Figures,
        sources: Sources = ANYWHERE,
        witness: Witness = NOBODY,
    ) -> None:
        self._proofs = {
            name: [token_hash(one) for one in (*right, "")[:2]] for name, right in secrets.items()
        }
        self._figures = figures
        self._sources = sources
        self._witness = witness
        self._throttle = Throttle()
        # path and address -> exchange and the hash of its secret, for those that were let in. Found by a
        # keyed hash of the whole path, so the time it takes says nothing of a wrong one.
        self._admitted: dict[tuple[str, str], tuple[str, str]] = {}

    def know(self, exchange: str, address: str) -> None:
        """This exchange has come from there with the right secret before."""
        self._throttle.entered(address, exchange)

    def admit(self, environ: Environ, prefix: str) -> str | Reply:
        """The exchange that calls; or the answer for a stranger, the same whatever is wrong about them."""
        address, path = peer(environ), environ.get("PATH_INFO", "")
        if admitted := self._admitted.get((path, address)):
            self._witness.passed(*admitted, address)
            return admitted[0]
        name, _, secret = path_text(environ).removeprefix(prefix).partition("/")
        entrance = prefix.strip("/")
        listed = self._sources.lists(name, address)
        if not listed:
            try:
                self._throttle.check(address, (name,))
            except Throttled:
                self._figures.strangers.labels("throttled").inc()
                log.info("stranger_waits", entrance=entrance, peer=address)
                return WAIT
        proof = self._proof(name, secret.rstrip("/"))
        if proof and self._sources.admit(name, address):
            self._throttle.entered(address, name)
            self._witness.passed(name, proof, address)
            if len(self._admitted) < MAX_ADMITTED:
                self._admitted[path, address] = name, proof
            return name
        if not listed:
            self._throttle.failed(address)
        self._stranger(entrance, name, proof, address)
        return NOT_FOUND

    def _proof(self, name: str, secret: str) -> str:
        """The hash of the secret when it is right, else ""."""
        offered = token_hash(secret)
        right = self._proofs.get(name, [_NO_SECRET, _NO_SECRET])
        found = [hmac.compare_digest(offered, proof) for proof in right]
        return offered if any(found) and secret else ""

    def _stranger(self, entrance: str, name: str, proof: str, address: str) -> None:
        if proof:
            self._witness.outside(name, proof, address)
            return
        self._figures.strangers.labels("secret").inc()
        if entrance == "hooks":
            log.warning("hook_stranger", peer=address)
        else:
            log.warning("caller_stranger", peer=address)
