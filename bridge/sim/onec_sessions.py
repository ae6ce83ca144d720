"""Sessions of the fake 1C: asked for with IBSession, kept in a cookie, each one a licence taken."""

import dataclasses
import threading
import uuid
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie

from bridge.sim.wsgi import Reply, Request

COOKIE = "ibsession"


@dataclass(frozen=True, kw_only=True)
class Session:
    """The session of one request; `guid` is "" when it asked for none and 1C makes one for that call."""

    guid: str = ""
    starts: bool = False
    ends: bool = False


class Sessions:
    """All sessions of an infobase; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[str] = set()
        self.started = 0

    @property
    def open(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._open)

    def enter(self, request: Request, *, lost: bool) -> Session | None:
        """The request's session; None when its cookie is unknown, or all are `lost` and it starts none."""
        wish = request.headers.get(COOKIE, "").strip().lower()
        guid = _cookie(request)
        with self._lock:
            if wish == "start":
                guid = str(uuid.uuid4())
                self._open.add(guid)
                self.started += 1
            elif lost or (guid and guid not in self._open):
                return None
        return Session(guid=guid, starts=wish == "start", ends=wish == "finish")

    def leave(self, session: Session, reply: Reply) -> Reply:
        """The reply with the cookie of a session just started; a finished one is closed."""
        if session.ends:
            with self._lock:
                self._open.discard(session.guid)
        if not session.starts:
            return reply
        cookie = ("Set-Cookie", f"{COOKIE}={session.guid}; path=/")
        return dataclasses.replace(reply, headers=(*reply.headers, cookie))

    def clear(self) -> None:
        with self._lock:
            self._open.clear()


def _cookie(request: Request) -> str:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return "?"  # what cannot be read is a session that nobody started
    return morsel.value if morsel else ""
