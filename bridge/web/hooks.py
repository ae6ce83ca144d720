"""What the exchange posts: proved by the secret in the path, stored, answered «ok» after the commit."""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from bridge.core.errors import BadEvent, StoreUnavailable
from bridge.core.numbers import mask
from bridge.core.ports import HookRequest
from bridge.flows.take_event import Taken
from bridge.observe import Figures, log
from bridge.web.http import Environ, Reply, StartResponse, path_text, peer, read_body

MAX_BODY = 64 * 1024
PREFIX = "/hooks/"


@dataclass(frozen=True, kw_only=True)
class Hook:
    """One exchange's entrance. `take` is the road `flows.take_event`, already wired."""

    secret: str
    take: Callable[[HookRequest], Taken]


class HookEndpoint:
    """WSGI application at `/hooks/<exchange>/<secret>`."""

    def __init__(self, hooks: Mapping[str, Hook], figures: Figures) -> None:
        self._hooks = dict(hooks)
        self._figures = figures

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        name, _, secret = path_text(environ).removeprefix(PREFIX).partition("/")
        hook = self._hooks.get(name)
        expected = hook.secret if hook else "-"
        proved = hmac.compare_digest(secret.rstrip("/").encode(), expected.encode())
        if hook is None or not proved:
            log.warning("hook_stranger", peer=peer(environ))
            return Reply.text(404, "not found").send(environ, start_response)
        reply = self._take(name, hook, environ)
        self._figures.hooks.labels(name, str(reply.status)).inc()
        return reply.send(environ, start_response)

    def _take(self, name: str, hook: Hook, environ: Environ) -> Reply:
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
            taken = hook.take(request)
        except BadEvent as error:
            log.warning("hook_refused", exchange=name, reason=str(error))
            return Reply.text(400, str(error))
        except StoreUnavailable as error:
            log.error("hook_not_stored", exchange=name, reason=str(error))
            return Reply.text(503, "try again", **{"Retry-After": "5"})
        _log_taken(name, taken)
        return Reply.text(200, "ok")


def _log_taken(exchange: str, taken: Taken) -> None:
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
