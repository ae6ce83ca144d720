"""What every fake peer needs of WSGI: a request read whole, a reply said whole."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIEnvironment

MAX_PARAMETERS = 64
STEP_S = 0.02  # how often a waiting answer looks whether it is still wanted


def _never() -> bool:
    return False


def typed(texts: Mapping[str, str], kinds: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
    """Parameters of a control page as values. Raises ValueError that names the wrong one in Russian."""
    values = {}
    for name, text in texts.items():
        if name not in kinds:
            raise ValueError(f"Нет такого параметра: {name}; есть: {', '.join(kinds)}")
        try:
            values[name] = kinds[name](text)
        except ValueError:
            raise ValueError(f"{name}: ожидается число, например 1") from None
    return values


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as the peer's code wants it. `gone` tells that the client has left or we are stopping."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    gone: Callable[[], bool] = _never

    @classmethod
    def read(cls, environ: WSGIEnvironment) -> Self:
        """Raises ValueError when the query has too many parameters."""
        pairs = parse_qsl(
            environ.get("QUERY_STRING", ""),
            keep_blank_values=True,
            errors="replace",
            max_num_fields=MAX_PARAMETERS,
        )
        headers = {k[5:].replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        return cls(
            method=environ["REQUEST_METHOD"],
            path=environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace"),
            query=dict(pairs),
            headers=headers,
            body=environ["wsgi.input"].read(),
            gone=environ.get("waitress.client_disconnected", _never),
        )

    def pause(self, seconds: float, over: Callable[[], bool] = _never) -> None:
        """Keep the client waiting; ends early when it has gone or when `over` says so."""
        until = time.monotonic() + seconds
        while (left_s := until - time.monotonic()) > 0 and not self.gone() and not over():
            time.sleep(min(STEP_S, left_s))


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A whole answer. `promised_bytes` is a Content-Length that the body does not keep."""

    status: int = 200
    media: str = "text/plain; charset=utf-8"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = field(default=())
    promised_bytes: int | None = None

    @classmethod
    def text(cls, text: str, status: int = 200) -> Self:
        return cls(status=status, body=text.encode("utf-8", "replace"))

    @classmethod
    def html(cls, page: str, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Self:
        body = page.encode("utf-8", "replace")
        return cls(status=status, media="text/html; charset=utf-8", body=body, headers=headers)

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Self:
        body = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        return cls(status=status, media="application/json; charset=utf-8", body=body)


def serve(
    answer: Callable[[Request], Reply], environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    """Run one request of a WSGI server through `answer`."""
    try:
        reply = answer(Request.read(environ))
    except ValueError:
        reply = Reply.text("Запрос не разобран: проверьте параметры", 400)
    length = len(reply.body) if reply.promised_bytes is None else reply.promised_bytes
    start_response(
        f"{reply.status} {HTTPStatus(reply.status).phrase}",
        [("Content-Type", reply.media), ("Content-Length", str(length)), *reply.headers],
    )
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else reply.body]
