"""Where an exchange calls from: the networks that the settings list, if they list any."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Protocol

Network = IPv4Network | IPv6Network


class Witness(Protocol):
    """Is told by which secret an exchange came, and from where. Never raises, never waits.

    Args:
        proof: the hash of the secret.
    """

    def passed(self, exchange: str, proof: str, address: str) -> None: ...

    def outside(self, exchange: str, proof: str, address: str) -> None:
        """The secret was right, the network was not one of the exchange's."""


class Nobody:
    """A witness that keeps nothing."""

    def passed(self, exchange: str, proof: str, address: str) -> None: ...

    def outside(self, exchange: str, proof: str, address: str) -> None: ...


class Sources:
    """By exchange, the networks that may call as it. An exchange without any may call from anywhere."""

    def __init__(self, networks: Mapping[str, Sequence[str]]) -> None:
        self._networks = {
            name: tuple(ip_network(one) for one in listed) for name, listed in networks.items() if listed
        }

    def admit(self, exchange: str, address: str) -> bool:
        """May this exchange call from there?

        >>> sources = Sources({"main": ["91.199.46.0/24"]})
        >>> sources.admit("main", "::ffff:91.199.46.7"), sources.admit("main", "unknown")
        (True, False)
        """
        networks = self._networks.get(exchange)
        return networks is None or _within(address, networks)

    def lists(self, exchange: str, address: str) -> bool:
        """Do the settings name this very place as one of the exchange's?"""
        return _within(address, self._networks.get(exchange, ()))

    def anyones(self, address: str) -> bool:
        """Do the settings name this very place as one of any exchange's?"""
        return any(_within(address, networks) for networks in self._networks.values())


ANYWHERE, NOBODY = Sources({}), Nobody()


def _within(address: str, networks: Sequence[Network]) -> bool:
    found = _read(address)
    return found is not None and any(found in network for network in networks)


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(address.partition("%")[0])  # a zone says which cable, not who
    except ValueError:
        return None  # what a proxy that does not know says: "unknown"
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found
