"""Who is calling, asked over plain HTTP: `/caller/<exchange>/<secret>?number=`, answered as XML or JSON.

A number that nobody knows gets 200 and empty fields, as 1C itself answers the exchange (Mobilon,
contents/vpbx/integration/1c.md, 2017-06-02): to an exchange that rings a telephone meanwhile, 404 is a
broken address, and nobody can say what it does then.
"""

import json
from collections.abc import Callable, Iterable
from typing import Protocol

from bridge.core.caller import CallerCard
from bridge.web.http import Environ, Reply, StartResponse
from bridge.web.parameters import parameters
from bridge.web.path_secret import PathKeeper

PREFIX = "/caller/"
NO_STORE = {"Cache-Control": "no-store"}
JSON = "application/json"
XML = ("application/xml", "text/xml")
ANY = ("application/*", "*/*")


class Names(Protocol):
    """Never raises, never takes longer than the exchange waits."""

    def answer(self, exchange: str, number: str) -> CallerCard: ...


class CallerEndpoint:
    """WSGI application at `/caller/<exchange>/<secret>`.

    Args:
        keeper: knows the secrets, the same as of the hooks.
        written: a card as 1C writes it.
    """

    def __init__(self, keeper: PathKeeper, names: Names, written: Callable[[CallerCard], str]) -> None:
        self._keeper = keeper
        self._names = names
        self._written = written

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._answer(environ).send(environ, start_response)

    def _answer(self, environ: Environ) -> Reply:
        exchange = self._keeper.admit(environ, PREFIX)
        if isinstance(exchange, Reply):
            return exchange
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
            return Reply.text(405, "GET, HEAD or POST", Allow="GET, HEAD, POST")
        try:
            number = parameters(environ)["number"]
        except (KeyError, ValueError):
            return Reply.text(400, "Нужен параметр number, один раз; пустой — номер скрыт", **NO_STORE)
        card = self._names.answer(exchange, number)
        if _prefers_json(environ.get("HTTP_ACCEPT", "")):
            return Reply(status=200, body=_json(card), media=f"{JSON}; charset=utf-8", headers=NO_STORE)
        body = self._written(card).encode()
        return Reply(status=200, body=body, media="text/xml; charset=utf-8", headers=NO_STORE)


def _json(card: CallerCard) -> bytes:
    said = {"title": card.title, "category": card.category, "manager": {"phone": card.manager}}
    return json.dumps(said, ensure_ascii=False).encode()


def _prefers_json(accept: str) -> bool:
    """JSON when it is named and nothing else is liked better; a wildcard names nothing.

    >>> _prefers_json("application/json, text/plain, */*"), _prefers_json("*/*")
    (True, False)
    >>> _prefers_json("application/json;q=0.5, text/xml")
    False
    """
    liked: dict[str, float] = {}
    for one in accept.lower().split(",")[:32]:
        media, *options = (part.strip() for part in one.split(";"))
        liked[media] = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
    named = liked.get(JSON, 0.0)
    xml = max(liked.get(media, 0.0) for media in XML)
    anything = max(liked.get(media, 0.0) for media in ANY)
    return named > xml and named >= anything


def _weight(text: str) -> float:
    """A quality of Accept, 0…1; what is none is 0."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 <= value <= 1 else 0.0
