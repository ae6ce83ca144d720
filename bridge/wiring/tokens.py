"""Passwords of infobases: issued and revoked by people, believed by the entrances of this process."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

from bridge.core.errors import BridgeError, StoreUnavailable, TooMuch, UnknownRecord
from bridge.core.secrecy import without_secrets
from bridge.core.tokens import Token, Tokens, known, valid
from bridge.observe import log, typed
from bridge.settings import Settings
from bridge.store.audit import Deed
from bridge.web.auth import Gatekeeper, new_token, token_hash

if TYPE_CHECKING:
    from bridge.web.console.roads import Counted

LOOK_EVERY_S = 1.0  # so late does another process hear of a change, at most
NOTED_EVERY_S = 60.0  # by each process: that a token was used
MOST = 50  # valid ones of an infobase
MOST_LABEL = 60  # characters


class TokenWatch:
    """Keeps `gatekeeper` up to date, and writes down which tokens are used: aside, and seldom.

    Raises:
        StoreUnavailable: nobody knows what was revoked, so nobody is let in.
    """

    def __init__(
        self, settings: Settings, tokens: Tokens, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._in_file = in_file(settings)
        self._tokens = tokens
        self._clock = clock
        self._guard = threading.Lock()
        self._stopping = threading.Event()
        self._valid = valid(self._in_file, tokens.records())
        self._used: set[tuple[str, str]] = set()
        self._noted_at: dict[tuple[str, str], float] = {}
        self._threads: list[threading.Thread] = []
        logins = {section.login or name: name for name, section in settings.infobase.items()}
        self.gatekeeper = Gatekeeper(logins, self._valid)

    def start(self) -> None:
        for work in (self._watch, self._note):
            thread = threading.Thread(target=work, name="tokens", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """What was used in the last minute may stay unwritten."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(timeout_s)

    def look(self) -> None:
        """Believe what is written now.

        Raises:
            StoreUnavailable: it cannot be read; what was known goes on.
        """
        with self._guard:
            found = valid(self._in_file, self._tokens.records())
            if found != self._valid:
                self._valid = found
                self.gatekeeper.change(found)

    def _watch(self) -> None:
        blind = False
        while not self._stopping.wait(LOOK_EVERY_S):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may succeed
                if not blind and not self._stopping.is_set():
                    trace = None if isinstance(error, BridgeError) else error
                    log.error("tokens_unread", reason=str(error), exc_info=trace)
                blind = True
            else:
                blind = False

    def _note(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_S):
            self._used |= self.gatekeeper.used()
            now = self._clock()
            due = {
                one for one in self._used if now - self._noted_at.get(one, -NOTED_EVERY_S) >= NOTED_EVERY_S
            }
            if due:
                with suppress(StoreUnavailable):  # a lost line is no harm
                    self._tokens.used(due)
                self._used -= due
                self._noted_at |= dict.fromkeys(due, now)


class TokenDesk:
    """Where people issue and revoke tokens; each deed is written down before it is done.

    Args:
        deed: who, what, about which token.
        changed: called after each change, so that this process need not wait for its next look.
    """

    def __init__(
        self,
        settings: Settings,
        tokens: Tokens,
        *,
        deed: "Callable[[str, Deed, str], AbstractContextManager[Counted]]",
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._in_file = in_file(settings)
        self._tokens = tokens
        self._deed = deed
        self._changed = changed

    def listed(self) -> list[Token]:
        """As `core.tokens.known` orders them; also of infobases that the settings do not name any more."""
        return known(self._in_file, self._tokens.records())

    def find(self, infobase: str, token_id: str) -> Token:
        """
        Raises:
            UnknownRecord: there is none of that id, or more than one.
        """
        found = [one for one in self.listed() if one.infobase == infobase and one.id == token_id]
        if len(found) != 1:
            raise UnknownRecord(f"У базы {infobase[:40]} нет такого пароля")
        return found[0]

    def is_last(self, token: Token) -> bool:
        """Will nobody enter as this infobase without it?"""
        valid_ones = [one for one in self.listed() if one.valid and one.infobase == token.infobase]
        return [one.proof for one in valid_ones] == [token.proof]

    def issue(self, infobase: str, label: str, who: str) -> str:
        """A new password of an infobase, good at once; nobody can show it again.

        Raises:
            UnknownRecord: the settings name no such infobase.
            TooMuch: it has too many.
        """
        if infobase not in self._settings.infobase:
            raise UnknownRecord(f"Нет информационной базы {infobase[:40]}")
        if sum(one.valid for one in self.listed() if one.infobase == infobase) >= MOST:
            raise TooMuch(f"У базы {infobase} уже {MOST} паролей: отзовите лишние")
        password = new_token()
        made = Token(infobase=infobase, proof=token_hash(password), label=self._clean(label))
        with self._deed(who, Deed.TOKEN, f"{infobase}, {made.id}") as done:
            self._tokens.issue(infobase, made.proof, label=made.label, who=who)
            done.count = 1
        self._tell()
        return password

    def revoke(self, token: Token, who: str) -> bool:
        """For ever; False when it was revoked before."""
        with self._deed(who, Deed.REVOKE, f"{token.infobase}, {token.id}") as done:
            done.count = int(self._tokens.revoke(token.infobase, token.proof, who=who))
        self._tell()
        return bool(done.count)

    def _clean(self, label: str) -> str:
        """What a person typed, without secrets and numbers."""
        plain = " ".join("".join(one if one.isprintable() else " " for one in label).split())
        return typed(without_secrets(plain, self._settings.secrets()))[:MOST_LABEL]

    def _tell(self) -> None:
        with suppress(StoreUnavailable):  # it is written: the next look finds it
            self._changed()


def in_file(settings: Settings) -> dict[str, list[str]]:
    """The tokens of the settings file."""
    return {name: section.token_hashes for name, section in settings.infobase.items()}
