"""The exchange's own manual against us: `/api/call/CallToSubscriber`, with the bridge's rules and answers.

Whoever dials by Mobilon's HTTP line today (the manual's curl, its 1C example) changes the address and
adds a login; parameters and JSON stay (Mobilon, contents/vpbx/api.md, 2017-06-02).
"""

import json
from collections.abc import Callable, Iterable

from bridge.core.dialing import CallResult, DialStatus
from bridge.core.errors import StoreUnavailable
from bridge.observe import log
from bridge.web.auth import CHALLENGE, Gatekeeper
from bridge.web.http import Environ, Reply, StartResponse, peer
from bridge.web.parameters import parameters
from bridge.web.throttle import WAIT, Throttled

PATH = "/api/call/CallToSubscriber"
STARTED = "Call had been initialised"  # the manual's own words


class ManualCallEndpoint:
    """WSGI application: `key` and `outboundNumber` by query or form, Basic of an infobase.

    Args:
        dial: infobase, key, number -> what the accountant reads; the same road as SOAP's `MakeCall`.
    """

    def __init__(self, dial: Callable[[str, str, str], CallResult], gatekeeper: Gatekeeper) -> None:
        self._dial = dial
        self._gatekeeper = gatekeeper

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(environ).send(environ, start_response)

    def _answer(self, environ: Environ) -> Reply:
        if environ["REQUEST_METHOD"] not in ("GET", "POST"):
            return _refused(405, "Нужен GET или POST", Allow="GET, POST")
        try:
            infobase = self._gatekeeper.infobase(environ.get("HTTP_AUTHORIZATION", ""), peer(environ))
        except Throttled:
            log.info("call_refused", status=429, peer=peer(environ))
            return _refused(429, WAIT)
        if infobase is None:
            log.info("call_refused", status=401, peer=peer(environ))
            return _refused(
                401, "Неверное имя или пароль информационной базы", **{"WWW-Authenticate": CHALLENGE}
            )
        try:
            words = parameters(environ)
            key, number = words["key"], words["outboundNumber"]
        except (KeyError, ValueError):
            return _refused(400, "Нужны параметры key и outboundNumber, каждый один раз")
        try:
            result = self._dial(infobase, key, number)
        except StoreUnavailable as error:
            log.error("store_unavailable", reason=str(error))
            return _refused(503, "Мост сейчас не может сохранить запрос, звонок не начат: повторите")
        return _reply(200, _manual_words(result))


def _manual_words(result: CallResult) -> dict[str, object]:
    """SUCCESS with a number for a code, FAIL with a text, as the manual shows them; `message` is ours."""
    if result.status is DialStatus.STARTED:
        said = {"description": STARTED, "code": 0, "callid": result.call_id}
    else:
        said = {"description": result.message, "code": str(result.code)}
    return {"result": result.status.value, **said, "message": result.message}


def _refused(status: int, message: str, **headers: str) -> Reply:
    return _reply(status, {"result": "FAIL", "description": message, "message": message}, **headers)


def _reply(status: int, said: dict[str, object], **headers: str) -> Reply:
    body = json.dumps(said, ensure_ascii=False).encode()
    return Reply(status=status, body=body, media="application/json; charset=utf-8", headers=headers)
