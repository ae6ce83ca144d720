"""Links to recordings: whoever holds one may listen until it expires, and to nothing else.

`<public_url>/records/<call_id>?of=<exchange>&for=<infobase>&until=<unix time>&sig=<signature>`. The
signature is over the link's own text, which has one spelling only.
"""

import base64
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

PREFIX = "/records/"
EXPIRED = "Ссылка устарела: откройте звонок в 1С заново"
CHANGED = "Ссылка неверна: откройте запись из звонка в 1С"
# names as the settings have them; a signature has 43 letters, unused bits of the last included
_QUERY = re.compile(r"of=([a-z0-9_-]+)&for=([a-z0-9_-]+)&until=([1-9][0-9]{0,11})&sig=([A-Za-z0-9_-]{43})")
_STEPS = frozenset({"", ".", ".."})  # a client would walk them instead of sending them


@dataclass(frozen=True, kw_only=True)
class Signed:
    """What a valid link lets its holder hear, and whose link it is."""

    infobase: str
    exchange: str
    call_id: str


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Why a link opens nothing, in Russian; always HTTP 403."""

    reason: str


class RecordLinks:
    """Makes and reads the links.

    Args:
        secret: "" makes no links and opens none.
        lifetime_s: how long a link opens, from when it was made.
        clock: unix time in seconds.
    """

    def __init__(
        self, secret: str, public_url: str, lifetime_s: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._key = secret.encode()
        self._public_url = public_url.rstrip("/")
        self._lifetime_s = lifetime_s
        self._clock = clock

    def link(self, infobase: str, exchange: str, call_id: str) -> str:
        """The link to the recording of a call; "" when links are off or the call has no id."""
        if not self._key or call_id in _STEPS:
            return ""
        until = int(self._clock() + self._lifetime_s)
        text = _text(Signed(infobase=infobase, exchange=exchange, call_id=call_id), until)
        return f"{self._public_url}{text}&sig={self._signature(text)}"

    def read(self, path: str, query: str) -> Signed | Refused:
        """What the link says, if it is one of ours and unchanged.

        Args:
            path: decoded, from `PREFIX` on.
            query: as it came.
        """
        found = _QUERY.fullmatch(query)
        if not self._key or found is None or not path.startswith(PREFIX):
            return Refused(reason=CHANGED)
        exchange, infobase, until, signature = found.groups()
        signed = Signed(infobase=infobase, exchange=exchange, call_id=path.removeprefix(PREFIX))
        expected = self._signature(_text(signed, int(until)))
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            return Refused(reason=CHANGED)
        return signed if self._clock() < int(until) else Refused(reason=EXPIRED)

    def _signature(self, text: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(), sha256)).rstrip(b"=").decode()


def _text(signed: Signed, until: int) -> str:
    """The link after the public address and before its signature; nothing in it can be read in two ways."""
    call_id = quote(signed.call_id, safe="", errors="replace")
    return f"{PREFIX}{call_id}?of={signed.exchange}&for={signed.infobase}&until={until}"
