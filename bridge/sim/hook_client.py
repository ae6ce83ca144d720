"""How the fake exchange calls a webhook: once, with a short patience, remembering what came back.

Whether the real exchange tries again, and how long it waits, is documented nowhere (Mobilon,
contents/vpbx/api.md, 2017-06-02); one attempt is the harder case for the receiver, so it is ours.
"""

import json
import threading
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from bridge.sim.scenarios import Event
from bridge.wire import Wire, WireError

TIMEOUT_S = 5.0
# The captured request of the old hook (Mobilon, contents/vpbx/api.md, picture webhooks_2, 2017-06-02)
CURL = "curl/7.22.0 (x86_64-pc-linux-gnu) libcurl/7.22.0 OpenSSL/1.0.1"


@dataclass(frozen=True, kw_only=True)
class Posted:
    """One attempt to tell the hook. `status` is 0 when no answer came, `error` then says why."""

    event: Event
    at: float  # unix time, seconds
    took_s: float
    status: int
    answer: str = ""
    error: str = ""


class HookClient:
    """Posts events to one address at a time; safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: list[Posted] = []

    @property
    def posts(self) -> list[Posted]:
        with self._lock:
            return list(self._posts)

    def tell(self, hook_url: str, event: Event) -> Posted:
        """One attempt; never raises for what the receiver or the network does."""
        at, started = time.time(), time.monotonic()
        wire = Wire(connect_s=TIMEOUT_S, total_s=TIMEOUT_S, reuse=False)
        try:
            if "state" in event:
                body = json.dumps(event, ensure_ascii=False).encode()
                answer = wire.post(hook_url, body, {"Content-Type": "application/json"})
            else:
                answer = wire.get(_old_url(hook_url, event), {"User-Agent": CURL})
        except WireError as error:
            took_s = time.monotonic() - started
            posted = Posted(event=event, at=at, took_s=took_s, status=0, error=error.reason)
        else:
            text = answer.body.decode("utf-8", "replace")
            posted = Posted(event=event, at=at, took_s=answer.took_s, status=answer.status, answer=text)
        finally:
            wire.close()
        with self._lock:
            self._posts.append(posted)
        return posted


def _old_url(template: str, event: Event) -> str:
    """Fill in {KEY} and {NUMBER} as the exchange's settings page promises, or add both as a query."""
    if "{KEY}" in template or "{NUMBER}" in template:
        return template.replace("{KEY}", quote(event["key"])).replace("{NUMBER}", quote(event["number"]))
    return f"{template}{'&' if '?' in template else '?'}{urlencode(event)}"
