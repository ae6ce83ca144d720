"""What an `Authorization` header says, remembered once it has let somebody in.

A client sends the same header with each request. To read it takes Base64, two encodings and a hash for
each; whether it opens is asked anew each time, so a revoked token is refused at once. A header that
proved nothing is not kept: guesses cost what they cost. Kept are hashes, keyed by a hash that nobody else
can compute.
"""

import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence

MAX_PROVEN = 1024

Offers = Sequence[tuple[str, str]]  # login and the hash of a token, for each way to read the header


class Proven:
    """Safe from any thread; bounded, the oldest is forgotten first.

    Args:
        read: what a header offers.
    """

    def __init__(self, read: Callable[[str], Offers]) -> None:
        self._read = read
        self._secret = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._known: dict[bytes, Offers] = {}

    def offers(self, header: str) -> Offers:
        return self._known.get(self._key(header)) or self._read(header)

    def keep(self, header: str, offers: Offers) -> None:
        """It has let somebody in."""
        key = self._key(header)
        if key in self._known:
            return
        with self._lock:
            if len(self._known) >= MAX_PROVEN:
                del self._known[next(iter(self._known))]
            self._known[key] = offers

    def _key(self, header: str) -> bytes:
        return hashlib.blake2b(header.encode("utf-8", "replace"), key=self._secret, digest_size=16).digest()
