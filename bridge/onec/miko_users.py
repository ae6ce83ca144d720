"""Who sits at MIKO's panel: `user_list`, and which of them an event is about."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.core.calls import CallEvent, Subscriber
from bridge.core.delivery import Away, Delivered, Denied, Faulted
from bridge.core.numbers import same_digits
from bridge.onec.persons import firms_end
from bridge.onec.popups import PUBLIC_DIGITS
from bridge.onec.transport import OnecTransport

USER_LIST = "user_list"
KEPT_S = 120.0  # as long as MIKO's own bridge keeps it (mikopbx/ModuleMegafonPbx Lib/RestAPI, 2026-05-18)

User = Mapping[str, Any]  # id, extension, mobile and more


class UserList:
    """The list as 1C gives it, asked for again when it is two minutes old. Safe for several threads."""

    def __init__(self, transport: OnecTransport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._users: Sequence[User] = ()
        self._read_at = -KEPT_S

    def now(self) -> Sequence[User] | Away | Denied:
        """The users, or why they cannot be had: a failure here is of the list, not of an event."""
        with self._lock:
            if time.monotonic() - self._read_at < KEPT_S:
                return self._users
        match self._transport.call(USER_LIST, ()):
            case Delivered(answer):
                users = read_users(answer)
            case Faulted(reason):
                return Away(f"{USER_LIST}: {reason}")
            case refused:
                return refused
        if users is None:
            return Away(f"{USER_LIST}: в ответе не список пользователей")
        with self._lock:
            self._users, self._read_at = users, time.monotonic()
        return users


def read_users(text: str) -> Sequence[User] | None:
    """The users of the panel; None when the text is no list of them."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(read, list):
        return None
    return [one for one in read if isinstance(one, dict) and one.get("id")]


def users_of(event: CallEvent, person: Subscriber | None, users: Sequence[User]) -> Mapping[str, None]:
    """The ids of the users whose extension, or whose mobile telephone, this event is about.

    MIKO's own bridge tells exactly one user or none since 2026-04, after events had gone to a chance one.
    """
    extension = person.extension if person else ""
    mobile = same_digits(firms_end(event))
    return {
        str(user["id"]): None
        for user in users
        if (extension and _text(user, "extension") == extension)
        or (len(mobile) >= PUBLIC_DIGITS and same_digits(_text(user, "mobile")) == mobile)
    }


def _text(user: User, name: str) -> str:
    value = user.get(name)
    return "" if value is None else str(value).strip()
