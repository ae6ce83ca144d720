"""Who calls, by HTTP Basic. Our tokens are long and random, so SHA-256 is what keeps them."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from bridge.web.proven import Proven
from bridge.web.sources import ANYWHERE, NOBODY, Sources, Witness
from bridge.web.throttle import Throttle

PREFIX = "sha256:"
TOKEN_BYTES = 24
CHALLENGE = 'Basic realm="vpbx-1c-bridge", charset="UTF-8"'
_NOBODY = {PREFIX + "0" * 64: ""}  # compared, never believed: who has no token is not let in


def new_token() -> str:
    """A password for an infobase: ASCII, because Perl, Qt and old 1C send nothing else right."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What the settings keep instead of the token."""
    return PREFIX + hashlib.sha256(token.encode()).hexdigest()


class Keys:
    """What opens, until tokens change: login -> hash of a token -> name of the infobase."""

    def __init__(self, logins: Mapping[str, str], hashes: Mapping[str, Sequence[str]]) -> None:
        self.known = {
            login: dict.fromkeys(hashes.get(infobase, ()), infobase) for login, infobase in logins.items()
        }


class Gatekeeper:
    """Knows infobases by login and token.

    Args:
        logins: login -> name of the infobase.
        hashes: name of the infobase -> the hashes of its valid tokens.
    """

    def __init__(self, logins: Mapping[str, str], hashes: Mapping[str, Sequence[str]]) -> None:
        self._throttle = Throttle()
        self._logins = dict(logins)
        self._keys = Keys(self._logins, hashes)
        self._used: set[tuple[str, str]] = set()

    def change(self, hashes: Mapping[str, Sequence[str]]) -> None:
        """From now on these tokens open, and no others, whatever was proved before."""
        self._keys = Keys(self._logins, hashes)

    def infobase(self, authorization: str, address: str) -> str | None:
        """The infobase that an `Authorization` header from `address` proves; None when it proves nothing.

        Raises:
            Throttled: too many wrong passwords came from there.
        """
        found = _proved(authorization, self._keys.known, self._throttle, address)
        if found is None:
            return None
        self._used.add(found)
        return found[0]

    def used(self) -> set[tuple[str, str]]:
        """Whose tokens let somebody in since this was last asked: (infobase, hash)."""
        found = set()
        while self._used:  # one by one: a request may add to it meanwhile
            found.add(self._used.pop())
        return found


class Doorkeeper:
    """Knows exchanges by login and password, one exchange by several pairs.

    Args:
        pairs: login, password, name of the exchange. An empty login or password lets nobody in; a
            pair that stands for two exchanges lets nobody in either.
        sources: from where each may call; a right password from elsewhere is answered as a wrong one.
    """

    def __init__(
        self,
        pairs: Iterable[tuple[str, str, str]],
        *,
        sources: Sources = ANYWHERE,
        witness: Witness = NOBODY,
    ) -> None:
        self._throttle = Throttle()
        self._sources = sources
        self._witness = witness
        self._known: dict[str, dict[str, str]] = {}
        for login, password, exchange in pairs:
            if not login or not password:
                continue
            meant = self._known.setdefault(login, {})
            proof = token_hash(password)
            meant[proof] = exchange if meant.get(proof, exchange) == exchange else ""

    def exchange(self, authorization: str, address: str) -> str | None:
        """The exchange that an `Authorization` header from `address` proves; None when it proves nothing.

        Raises:
            Throttled: too many wrong passwords came from there.
        """
        # whoever knows an old password at the exchange's own place is no guesser, as with path secrets
        throttle = None if self._sources.anyones(address) else self._throttle
        found = _proved(authorization, self._known, throttle, address, self._admit)
        return found[0] if found else None

    def _admit(self, exchange: str, proof: str, address: str) -> bool:
        admitted = self._sources.admit(exchange, address)
        seen = self._witness.passed if admitted else self._witness.outside
        seen(exchange, proof, address)
        return admitted


def _proved(
    authorization: str,
    known: Mapping[str, Mapping[str, str]],
    throttle: Throttle | None,
    address: str,
    admit: Callable[[str, str, str], bool] = lambda *_: True,
) -> tuple[str, str] | None:
    """Whom a header proves, of `known` (login -> hash of a token -> name), and by which hash.

    Args:
        throttle: None for an address that is never slowed.
        admit: may this name, with this hash, call from this address?
    """
    offers = _proven.offers(authorization)
    if throttle:
        throttle.check(address, tuple(login for login, _ in offers))
    for login, offered in offers:
        # unknown logins cost the same comparison, so that they are not told apart by time
        valid = known.get(login) or _NOBODY
        matches = [name for proof, name in valid.items() if hmac.compare_digest(offered, proof)]
        if any(matches) and admit(matches[0], offered, address):
            if throttle:
                throttle.entered(address, login)
            _proven.keep(authorization, offers)
            return matches[0], offered
    if (
        offers and throttle
    ):  # without a login nobody guesses: clients ask so first, to be told that one is needed
        throttle.failed(address)
    return None


def _offers(header: str) -> list[tuple[str, str]]:
    """Login and hash of the password, read as UTF-8, then as cp1251: 1C on Windows may send either."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return []
    try:
        raw = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return []
    readings = []
    for encoding in ("utf-8", "cp1251"):
        try:
            login, colon, token = raw.decode(encoding).partition(":")
        except UnicodeDecodeError:
            continue
        if colon:
            readings.append((login, token))
    return [(login, token_hash(token)) for login, token in dict.fromkeys(readings)]


_proven = Proven(_offers)
