"""Where Mobilon may have the recording of a call, and where the bridge does not go.

The manual knows `GET /api/call/record?token=&callid=` (Mobilon, contents/vpbx/api.md, 2017-06-02); its
`record_url` is relative and holds the account's token. The event of 2019 has `recordUrl` (TelephonyMobilon
2019-12-12); on which server is documented nowhere. Which of a call's ids `callid` is, is unknown: all are
tried. Whatever an address says, requests go only to the servers of the settings, and the token only to the
exchange's own.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import SplitResult, quote, unquote, urlsplit

from bridge.core.records import Traces
from bridge.core.secrecy import without_secrets

PATH = "/api/call/record"
MAX_PLACES = 4  # asked for one recording
MAX_SAID = 2  # of them by addresses that the exchange said
MAX_ADDRESS = 2048
DEFAULT_PORTS = {"http": 80, "https": 443}
# a GET there makes the exchange dial (`client`): no address of a recording may be one of them
_DIALLING = re.compile(r"(?i)calltosubscriber|/simple-calls|/call/[^/]+/\+?[0-9]+/?$")


@dataclass(frozen=True)
class Place:
    """Where to ask: `url` may hold the token and is never shown."""

    url: str = field(repr=False)

    @property
    def server(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, kw_only=True)
class Places:
    """The places of one account.

    Args:
        base_url: where its API is that gives recordings by `callid`.
        own_urls: other addresses of the exchange's; the token may be sent there too.
        token: the account's; "" when the settings have none.
        hosts: other servers that recordings may be fetched from, `name` or `name:port`.
        allow_http: recordings may come unencrypted from those; from loopback they may anyway.
        secrets: whatever else of the exchange must not be shown.
    """

    base_url: str
    own_urls: Sequence[str] = ()
    token: str = field(default="", repr=False)
    hosts: Sequence[str] = ()
    allow_http: bool = False
    secrets: Sequence[str] = field(default=(), repr=False)

    def of(self, traces: Traces) -> list[Place]:
        """Where to ask, in this order."""
        said = dict.fromkeys(url for address in traces.addresses if (url := self._url(address)))
        urls = list(said)[:MAX_SAID]
        if self.token:
            urls += [self._by_id(call_id) for call_id in traces.call_ids if call_id]
        return [Place(url) for url in list(dict.fromkeys(urls))[:MAX_PLACES]]

    def shown(self, place: Place) -> str:
        """Where that is, for people and for the database."""
        return without_secrets(place.url, (self.token, *self.secrets))

    def public(self, address: str) -> bool:
        """Whole, on a server that the bridge does not go to, and without a secret."""
        clean = without_secrets(address, (self.token, *self.secrets)) == address
        return clean and address.lower().startswith(("https://", "http://"))

    def _by_id(self, call_id: str) -> str:
        return f"{self.base_url.rstrip('/')}{PATH}?token={_quoted(self.token)}&callid={_quoted(call_id)}"

    def _url(self, address: str) -> str:
        """Where an address of the exchange may be fetched from; "" when it may not."""
        if len(address) > MAX_ADDRESS or not address.isascii() or re.search(r"[\x00-\x20\x7f\\]", address):
            return ""
        try:
            parts = urlsplit(address)
            port = parts.port
        except ValueError:
            return ""
        if not parts.netloc:
            return "" if parts.scheme or not parts.path else self._own(self.base_url, parts)
        if parts.scheme not in ("", "http", "https") or "@" in parts.netloc or not parts.hostname:
            return ""
        scheme = parts.scheme or "https"
        named = (parts.hostname, port or DEFAULT_PORTS[scheme])
        for own in (self.base_url, *self.own_urls):
            if named == _server(own) or (port is None and parts.hostname == urlsplit(own).netloc):
                return self._own(own, parts)
        return self._foreign(scheme, named, parts)

    def _own(self, base_url: str, parts: SplitResult) -> str:
        """On the exchange's own server, with our token in place of the one inside."""
        path = parts.path if parts.path.startswith("/") else f"/{parts.path}"
        if not _walkable(path) or _DIALLING.search(unquote(path)):
            return ""
        pairs = [pair for pair in parts.query.split("&") if pair]
        token = _quoted(self.token)
        asked = [f"token={token}" if self.token and _is_token(pair) else pair for pair in pairs]
        if path.rstrip("/") == PATH and self.token and not any(map(_is_token, pairs)):
            asked.insert(0, f"token={token}")
        own = urlsplit(base_url)
        return f"{own.scheme}://{own.netloc}{path}" + (f"?{'&'.join(asked)}" if asked else "")

    def _foreign(self, scheme: str, named: tuple[str, int], parts: SplitResult) -> str:
        """On another server of the settings, without any token."""
        host, port = named
        allowed = {one if ":" in one else f"{one}:{DEFAULT_PORTS[scheme]}" for one in self.hosts}
        if f"{host}:{port}" not in allowed or not _walkable(parts.path):
            return ""
        if scheme == "http" and not (self.allow_http or _is_loopback(host)):
            return ""
        query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_token(pair))
        url = f"{scheme}://{host}:{port}{parts.path or '/'}" + (f"?{query}" if query else "")
        return url if without_secrets(url, (self.token, *self.secrets)) == url else ""


def _is_token(pair: str) -> bool:
    return unquote(pair.partition("=")[0]).strip().lower() == "token"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _server(url: str) -> tuple[str | None, int]:
    parts = urlsplit(url)
    return parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme, 0)


def _walkable(path: str) -> bool:
    """No step up, however it is spelled: every server walks those in its own way."""
    plain = unquote(unquote(path))
    return ".." not in plain.split("/") and "\\" not in plain and "//" not in plain


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
