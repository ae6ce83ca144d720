"""Who is at the console: passwords become sessions, sessions become users, forms prove whose they are.

A browser holds one random token in a cookie. Its hash finds the session; a keyed hash of it is in
every form, so that no other site can make one.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from bridge.core.accounts import Accounts, User
from bridge.observe import log
from bridge.web.console import passwords
from bridge.web.console.curiosity import Curiosity
from bridge.web.console.roads import Counted
from bridge.web.throttle import Throttle, Throttled, owner_of

LIVES_S = 12 * 3600.0
CODE_LIVES_S = 3600.0
TOKEN_BYTES = 32
MAX_NAME = 64
FIRST_TRIES = 100  # of wrong codes for the first user, from everywhere together
SEATS = 4  # two are hashed, two wait
NAME = r"[a-z0-9][a-z0-9._-]{0,30}"


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """By which a session, or the code of the first user, is kept."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def form_token(token: str) -> str:
    """What each form of the holder of `token` says."""
    return hmac.digest(token.encode("utf-8", "replace"), b"form of the console", hashlib.sha256).hex()


def is_form_of(token: str, said: str) -> bool:
    return bool(token) and hmac.compare_digest(form_token(token).encode(), said.encode("utf-8", "replace"))


class Door:
    """Lets people in by name and password.

    Wrong passwords are counted by address, and by name too: behind a proxy that the settings do not
    name, everybody seems to come from this machine, whose address is never throttled. Whoever comes
    from where that name has entered before is counted for himself. Only so many
    passwords are looked at at once: who would have to wait holds no thread of the hooks.
    """

    def __init__(
        self, accounts: Accounts, deed: Callable[[str, str, str], AbstractContextManager[Counted]]
    ) -> None:
        self._accounts = accounts
        self._deed = deed
        self._throttle = Throttle()
        self._codes = Throttle(tries=FIRST_TRIES)
        self.curiosity = Curiosity()
        self._seats = threading.BoundedSemaphore(SEATS)

    def enter(self, name: str, password: str, address: str) -> str | None:
        """The token of a new session; None for a wrong name or password.

        Raises:
            Throttled: too many wrong ones came, or too many at once; this one was not looked at.
        """
        with self._seat():
            return self._enter(name, password, address)

    def _enter(self, name: str, password: str, address: str) -> str | None:
        name = name.strip().lower()[:MAX_NAME]
        self._throttle.check(address, (name,))
        self._throttle.check(f"name:{name}", (address,) if address not in _OWN else ())
        self._throttle.check(f"{name} from {owner_of(address)}", ())
        user = self._accounts.find(name)
        if not passwords.same(password, user.password if user else passwords.NOBODY) or user is None:
            self._throttle.failed(address)
            self._throttle.failed(f"name:{name}")
            self._throttle.failed(f"{name} from {owner_of(address)}")
            log.warning("console_login_refused", peer=address)
            return None
        self._throttle.entered(address, name)
        self._throttle.entered(f"name:{name}", address)
        return self._session(name, address)

    def again(self, name: str, address: str) -> str:
        """The token of a new session of somebody who has just proved who it is."""
        return self._session(name, address)

    def first(self, name: str, password: str, code: str, address: str) -> str | None:
        """The first operator comes with the code that a command gave; None when it is wrong or too late.

        Raises:
            Throttled: too many wrong codes came, from there or from everywhere.
        """
        place = f"first from {owner_of(address)}"
        self._throttle.check(place, ())
        self._codes.check("first", ())
        with self._seat():
            kept = passwords.hashed(password)
        with self._deed(name, "user", f"первый оператор, {address}") as done:
            done.count = int(self._accounts.add_first(name, kept, token_hash(code.strip())))
        if not done.count:
            self._throttle.failed(place)
            self._codes.failed("first")
            log.warning("console_login_refused", peer=address)
            return None
        return self._session(name, address)

    def user(self, token: str) -> User | None:
        """Whose session it is."""
        return self._accounts.session(token_hash(token)) if token else None

    def leave(self, token: str) -> None:
        self._accounts.close_session(token_hash(token))

    @contextmanager
    def _seat(self) -> Iterator[None]:
        if not self._seats.acquire(blocking=False):
            raise Throttled
        try:
            yield
        finally:
            self._seats.release()

    def _session(self, name: str, address: str) -> str:
        token = new_token()
        with self._deed(name, "enter", address) as done:
            self._accounts.open_session(name, token_hash(token), lives_s=LIVES_S)
            done.count = 1
        return token


_OWN = frozenset({"127.0.0.1", "::1"})
