"""What the exchange posts: proved by the secret in the path, stored, answered «ok» after the commit."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from prometheus_client import Counter

from bridge.core.errors import BadEvent, StoreUnavailable
from bridge.core.numbers import mask
from bridge.core.ports import HookRequest
from bridge.flows.take_event import Road, Taken
from bridge.observe import Figures, log
from bridge.web.http import Environ, Later, Reply, StartResponse, read_body
from bridge.web.path_secret import PathKeeper

MAX_BODY = 64 * 1024
PREFIX = "/hooks/"
OK = Reply.text(200, "ok")
AGAIN = Reply.text(503, "try again", **{"Retry-After": "5"})
T = TypeVar("T")


class HookEndpoint:
    """WSGI application at `/hooks/<exchange>/<secret>`. It waits for nobody; the answer waits for the commit.

    Args:
        roads: exchange -> the road `flows.take_event.bring_event`, already wired.
    """

    def __init__(self, roads: Mapping[str, Road], keeper: PathKeeper, figures: Figures) -> None:
        self._roads = dict(roads)
        self._keeper = keeper
        self._figures = figures
        self._counted: dict[tuple[str, int], Counter] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        admitted = self._keeper.admit(environ, PREFIX)
        if isinstance(admitted, Reply):
            return admitted.send(environ, start_response)
        request = _request(environ)
        if isinstance(request, Reply):
            return self._counting(admitted, request).send(environ, start_response)
        try:
            committed = _reading(admitted, lambda: self._roads[admitted](request))
        except BadEvent as error:
            return self._counting(admitted, Reply.text(400, str(error))).send(environ, start_response)
        except StoreUnavailable:
            return self._counting(admitted, AGAIN).send(environ, start_response)
        return Later(lambda: self._heard(admitted, committed), environ, start_response)

    def _heard(self, name: str, committed: Callable[[], Taken]) -> Reply:
        try:
            hear(name, committed)
        except StoreUnavailable:
            return self._counting(name, AGAIN)
        return self._counting(name, OK)

    def _counting(self, name: str, reply: Reply) -> Reply:
        counter = self._counted.get((name, reply.status))
        if counter is None:
            counter = self._figures.hooks.labels(name, str(reply.status))
            self._counted[name, reply.status] = counter
        counter.inc()
        return reply


def _request(environ: Environ) -> HookRequest | Reply:
    """What came; or the answer to what no exchange sends."""
    if environ["REQUEST_METHOD"] not in ("GET", "POST"):
        return Reply.text(405, "GET or POST", Allow="GET, POST")
    if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        return Reply.text(415, "no content encoding, please")
    body = read_body(environ, MAX_BODY)
    if body is None:
        return Reply.text(413, "too long")
    return HookRequest(
        method=environ["REQUEST_METHOD"],
        query=environ.get("QUERY_STRING", ""),
        media=environ.get("CONTENT_TYPE", ""),
        body=body,
    )


def hear(exchange: str, take: Callable[[], Taken]) -> None:
    """Take what the exchange says and log what became of it; when this returns, it is committed.

    Raises:
        BadEvent, StoreUnavailable: as `take_event` does.
    """
    taken = _reading(exchange, take)
    event = taken.event
    log.info(
        "hook_taken",
        exchange=exchange,
        event_id=taken.receipt.event_id,
        state=event.state.value,
        caller=mask(event.from_number),
        duplicate=taken.receipt.duplicate_of is not None,
        infobases=len(taken.hints),
    )


def _reading(exchange: str, take: Callable[[], T]) -> T:
    """Log what went wrong."""
    try:
        return take()
    except BadEvent as error:
        log.warning("hook_refused", exchange=exchange, reason=str(error))
        raise
    except StoreUnavailable as error:
        log.error("hook_not_stored", exchange=exchange, reason=str(error))
        raise
