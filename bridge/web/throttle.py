"""Guessing passwords is made slow: so many wrong ones from an address, then none is tried for a while.

In memory and for this process: a restart forgives everybody.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

TRIES = 10
WINDOW_S = 300.0
MAX_ADDRESSES = 10_000
WAIT = "Слишком много неудачных входов с этого адреса: подождите пять минут"


class Throttled(Exception):
    """Too many wrong passwords came from this address; this one was not looked at."""


class Throttle:
    """Counts wrong passwords by address.

    Whoever got in from there before with the same login is let try: a neighbour behind the same router
    locks nobody out. This machine itself is never throttled: it may be a proxy that was not named as
    `trusted_proxy`, and then everybody comes from there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, *, tries: int = TRIES) -> None:
        self._clock = clock
        self._tries = tries
        self._lock = threading.Lock()
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._entered: OrderedDict[tuple[str, str], None] = OrderedDict()

    def check(self, address: str, logins: tuple[str, ...]) -> None:
        """
        Raises:
            Throttled: nothing from this address is to be tried now.
        """
        address = owner_of(address)
        with self._lock:
            if any((address, login) in self._entered for login in logins):
                return
            failed = self._failed.get(address)
            if failed is None:
                return
            while failed and self._clock() - failed[0] > WINDOW_S:
                failed.popleft()
            if len(failed) >= self._tries:
                raise Throttled

    def failed(self, address: str) -> None:
        """A wrong password came from there."""
        if not address or _this_machine(address):
            return
        address = owner_of(address)
        with self._lock:
            self._failed.setdefault(address, deque(maxlen=self._tries)).append(self._clock())
            self._failed.move_to_end(address)
            while len(self._failed) > MAX_ADDRESSES:
                self._failed.popitem(last=False)

    def entered(self, address: str, login: str) -> None:
        """A right one did."""
        address = owner_of(address)
        with self._lock:
            self._entered[address, login] = None
            self._entered.move_to_end((address, login))
            while len(self._entered) > MAX_ADDRESSES:
                self._entered.popitem(last=False)


@lru_cache(1024)
def owner_of(address: str) -> str:
    """Whose address it is: one customer has 2**64 of IPv6 (RFC 6177), and may guess from each."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def _this_machine(address: str) -> bool:
    try:
        found = ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_loopback
