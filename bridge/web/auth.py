"""Who calls: HTTP Basic of an infobase. Tokens are long and random, so SHA-256 is what keeps them."""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence

PREFIX = "sha256:"
TOKEN_BYTES = 24
CHALLENGE = 'Basic realm="vpbx-1c-bridge", charset="UTF-8"'
_NOBODY = PREFIX + "0" * 64  # compared, never believed: an infobase without tokens lets nobody in


def new_token() -> str:
    """A password for an infobase: ASCII, because Perl, Qt and old 1C send nothing else right."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """What the settings keep instead of the token."""
    return PREFIX + hashlib.sha256(token.encode()).hexdigest()


class Gatekeeper:
    """Knows infobases by login and token.

    Args:
        logins: login -> name of the infobase.
        hashes: name of the infobase -> the hashes of its valid tokens.
    """

    def __init__(self, logins: Mapping[str, str], hashes: Mapping[str, Sequence[str]]) -> None:
        self._logins = dict(logins)
        self._hashes = {name: tuple(known) for name, known in hashes.items()}

    def infobase(self, authorization: str) -> str | None:
        """The infobase that an `Authorization` header proves; None when it proves nothing."""
        for login, token in _credentials(authorization):
            name = self._logins.get(login, "")
            offered = token_hash(token)
            known = self._hashes.get(name, ())
            # unknown logins cost the same comparison, so that they are not told apart by time
            matches = [hmac.compare_digest(offered, valid) for valid in known or (_NOBODY,)]
            if known and any(matches):
                return name
        return None


def _credentials(header: str) -> list[tuple[str, str]]:
    """Login and password as UTF-8, then as cp1251: 1C on Windows may send either."""
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
    return readings
