"""Where a request goes: the plain address is taken apart here, an unusual one is prepared by `requests`."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urlsplit

# Nothing in it that would have to be written otherwise: no step up or down the path, nothing quoted that
# need not be, no Cyrillic, no user, no fragment.
_PLAIN = re.compile(
    r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::([0-9]{1,5}))?"
    r"((?:/(?!\.)(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?:[01][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[BCDF]"
    r"|[89A-F][0-9A-F]))*)*)"
    r"(\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%(?:[01][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[BCDF]"
    r"|[89A-F][0-9A-F]))*)?"
)
_PORTS = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """No request can go there."""


class Origin(NamedTuple):
    """One server: connections to it are alike."""

    secure: bool
    host: str  # a name in ASCII, or an address without brackets
    port: int

    @property
    def authority(self) -> str:
        """As the header `Host` tells it: without the usual port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


@lru_cache(maxsize=64)
def taken_apart(url: str) -> tuple[Origin, str]:
    """The server and the target of a request to it.

    Raises:
        BadAddress: it is none.
    """
    plain = _PLAIN.fullmatch(url)
    if plain is None:
        return _prepared(url)
    scheme, host, port, path, query = plain.groups()
    return _origin(scheme, host, port), f"{path or '/'}{query or ''}"


@lru_cache(maxsize=256)
def _origin(scheme: str, host: str, port: str | None) -> Origin:
    number = _PORTS[scheme] if port is None else int(port)
    if not 0 < number < 65536:
        raise BadAddress
    return Origin(scheme == "https", host, number)


def _prepared(url: str) -> tuple[Origin, str]:
    """What `requests` makes of it: names in IDNA, paths quoted once. A login in it is left out."""
    from requests import PreparedRequest  # costs a tenth of a second, and few need it
    from requests.exceptions import RequestException

    request = PreparedRequest()
    try:
        request.prepare_url(url, None)
        parts = urlsplit(str(request.url))
        port = parts.port
    except (RequestException, ValueError):
        raise BadAddress from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise BadAddress
    return _origin(parts.scheme, parts.hostname, None if port is None else str(port)), request.path_url
