"""1C's sessions, kept between calls: headers `IBSession: start` and `finish`, cookie `ibsession`.

A session holds a client licence («one session - one license», 1C administrator's guide 8.3.22,
10.3.4), so sessions are reused and given back. One session runs one request at a time, so a call
borrows a session and returns it: there are never more of them than calls that ran at once,
however many threads there are and whichever of them end.
"""

import re
import threading

from bridge.wire import Answer

_COOKIE = re.compile(r"(?i)(?:^|[,;\s])ibsession=([^;,\s]+)")


class Sessions:
    """A pool of free sessions, the last used first: the others expire at 1C. Safe for threads."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._asking = enabled
        self._free: list[str] = []
        self._lock = threading.Lock()

    def borrow(self) -> str:
        """A session for one call, "" when there is none and the call has to start its own."""
        with self._lock:
            return self._free.pop() if self._free else ""

    def headers(self, session: str) -> dict[str, str]:
        """What the request says of its session (YellowERP, 2017; MIKO ModuleMegafonPbx 2026-05-18)."""
        if session:
            return {"Cookie": f"ibsession={session}"}
        return {"IBSession": "start"} if self._asking else {}

    def keep(self, session: str, answer: Answer) -> None:
        """Take back what was borrowed, or what 1C started instead.

        A service published with «Повторное использование сеансов: Не использовать» gives no
        cookie; it is then asked no more, lest every call leaves a session behind.
        """
        if not self._enabled or answer.status == 406:
            return
        started = _COOKIE.search(answer.headers.get("Set-Cookie", ""))
        session = started[1] if started else session
        with self._lock:
            if session:
                self._free.append(session)
            elif answer.status == 200:
                self._asking = False

    def put_back(self, session: str) -> None:
        """Take back a session that 1C did not see in this call."""
        if session:
            with self._lock:
                self._free.append(session)

    def take_all(self) -> list[str]:
        """All free sessions, to be finished; 1C is asked for new ones afterwards."""
        with self._lock:
            taken, self._free, self._asking = self._free, [], self._enabled
            return taken
