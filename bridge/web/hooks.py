"""What the exchange posts: proved by the secret in the path, stored, answered «ok» after the commit."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import Counter

from bridge.core.errors import BadEvent, StoreUnavailable
from bridge.core.numbers import mask
from bridge.core.ports import HookRequest
from bridge.flows.take_event import Taken
from bridge.observe import Figures, log
from bridge.web.http import Environ, Reply, StartResponse, read_body
from bridge.web.path_secret import PathKeeper

MAX_BODY = 64 * 1024
PREFIX = "/hooks/"
OK = Reply.text(200, "ok")


class HookEndpoint:
    """WSGI application at `/hooks/<exchange>/<secret>`.

    Args:
        roads: exchange -> the road `flows.take_event`, already wired.
    """

    def __init__(
        self, roads: Mapping[str, Callable[[HookRequest], Taken]], keeper: PathKeeper, figures: Figures
    ) -> None:
        self._roads = dict(roads)
        self._keeper = keeper
        self._figures = figures
        self._counted: dict[tuple[str, int], Counter] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        admitted = self._keeper.admit(environ, PREFIX)
        if isinstance(admitted, Reply):
            return admitted.send(environ, start_response)
        reply = self._take(admitted, environ)
        counter = self._counted.get((admitted, reply.status))
        if counter is None:
            counter = self._figures.hooks.labels(admitted, str(reply.status))
            self._counted[admitted, reply.status] = counter
        counter.inc()
        return reply.send(environ, start_response)

    def _take(self, name: str, environ: Environ) -> Reply:
        if environ["REQUEST_METHOD"] not in ("GET", "POST"):
            return Reply.text(405, "GET or POST", Allow="GET, POST")
        if environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            return Reply.text(415, "no content encoding, please")
        body = read_body(environ, MAX_BODY)
        if body is None:
            return Reply.text(413, "too long")
        request = HookRequest(
            method=environ["REQUEST_METHOD"],
            query=environ.get("QUERY_STRING", ""),
            media=environ.get("CONTENT_TYPE", ""),
            body=body,
        )
        try:
            hear(name, lambda: self._roads[name](request))
        except BadEvent as error:
            return Reply.text(400, str(error))
        except StoreUnavailable:
            return Reply.text(503, "try again", **{"Retry-After": "5"})
        return OK


def hear(exchange: str, take: Callable[[], Taken]) -> None:
    """Take what the exchange says and log what became of it; when this returns, it is committed.

    Raises:
        BadEvent, StoreUnavailable: as `take_event` does.
    """
    try:
        taken = take()
    except BadEvent as error:
        log.warning("hook_refused", exchange=exchange, reason=str(error))
        raise
    except StoreUnavailable as error:
        log.error("hook_not_stored", exchange=exchange, reason=str(error))
        raise
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
