"""Paths to applications. What is nobody's gets 404; what breaks gets 500 without a word of why."""

import re
import secrets
from collections.abc import Iterable, Mapping

from bridge.observe import log
from bridge.web.http import Environ, Later, Reply, StartResponse, WsgiApp, path_text
from bridge.web.soap.problem import Blame, refusal

MAX_QUERY = 4096


class Router:
    """WSGI application. `exact` paths first, then the longest of `prefixes`, then whole `patterns`.

    A trailing slash is forgiven, but not below a prefix.
    """

    def __init__(
        self,
        *,
        exact: Mapping[str, WsgiApp],
        prefixes: Mapping[str, WsgiApp],
        patterns: Mapping[re.Pattern[str], WsgiApp],
    ) -> None:
        self._exact = dict(exact)
        self._patterns = dict(patterns)
        self._prefixes = sorted(prefixes.items(), key=lambda item: -len(item[0]))

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if len(environ.get("QUERY_STRING", "")) > MAX_QUERY:
            return _refusal(environ, 414, "Слишком длинный адрес").send(environ, start_response)
        application = self._find(path_text(environ))
        try:
            answer = application(environ, start_response)
        except Exception as error:  # noqa: BLE001 - the last resort of the whole server
            return _incident(environ, error).send(environ, start_response)
        return answer.but(_incident) if type(answer) is Later else answer

    def _find(self, path: str) -> WsgiApp:
        page = path.rstrip("/") or "/"
        found = self._exact.get(page)
        if found:
            return found
        for prefix, application in self._prefixes:
            if path.startswith(prefix):
                return application
        for pattern, application in self._patterns.items():
            if pattern.fullmatch(page):
                return application
        return _nothing


def _incident(environ: Environ, error: Exception) -> Reply:
    incident = secrets.token_hex(4)
    log.error("incident", incident=incident, exc_info=error)
    return _refusal(environ, 500, f"Внутренняя ошибка моста, номер {incident}", Blame.SERVER)


def _refusal(environ: Environ, status: int, text: str, blame: Blame = Blame.CLIENT) -> Reply:
    media, body = refusal(path_text(environ), environ.get("CONTENT_TYPE", ""), text, blame=blame)
    return Reply(status=status, body=body, media=media)


def _nothing(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    return Reply.text(404, "not found").send(environ, start_response)
