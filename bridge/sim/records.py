"""The recordings of the fake exchange: a real WAV of each call, given in every way a server can think of.

`GET /api/call/record?token=&callid=` (Mobilon, contents/vpbx/api.md, 2017-06-02). What comes for a call
without a recording, and which types and ranges the exchange speaks, is documented nowhere.
"""

import io
import math
import re
import struct
import time
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qs, quote
from wsgiref.types import StartResponse, WSGIEnvironment
from zlib import crc32

from bridge.sim.dial_lines import BAD_KEY, CODES
from bridge.sim.scenarios import Event
from bridge.sim.wsgi import Reply

PATH = "/api/call/record"
FOLDER = "/records/"  # of the addresses that hold no token
Trick = Literal[
    "", "no_range", "no_length", "octets", "drip", "half", "fail", "bad_token", "404", "html", "redirect"
]
RecordUrl = Literal["absolute", "relative", "token", "none"]  # what `recordUrl` of a hook holds
RATE = 8000  # of a telephone
SECONDS = 3
DRIP_BYTES, DRIP_S = 2048, 0.05


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """How recordings are given: the account's token ("" accepts any), and the trick of the day."""

    token: str = ""
    trick: Trick = ""

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse, known: bool) -> Iterable[bytes]:
        """Answer a GET of a recording; `known`: the call has one."""
        asked = parse_qs(environ.get("QUERY_STRING", ""))
        token = asked.get("token", [""])[0]
        by_token = environ["PATH_INFO"] == PATH
        name = asked.get("callid", [""])[0] if by_token else environ["PATH_INFO"]
        reply = self._instead(token if by_token else self.token or "any", known=known)
        if reply is not None:
            return _send(
                start_response, reply.status, reply.media, [reply.body], len(reply.body), *reply.headers
            )
        body = recording(name)
        media = "application/octet-stream" if self.trick == "octets" else "audio/x-wav"
        if self.trick == "half":
            return _send(start_response, 200, media, [body[: len(body) // 2]], len(body))
        if self.trick == "drip":
            return _send(start_response, 200, media, _dripping(body), len(body))
        if self.trick == "no_length":
            return _send(start_response, 200, media, [body[:1000], body[1000:]], None)
        span = re.fullmatch(r"bytes=(\d*)-(\d*)", environ.get("HTTP_RANGE", ""))
        if self.trick == "no_range" or span is None:
            return _send(start_response, 200, media, [body], len(body))
        first = int(span[1]) if span[1] else max(0, len(body) - int(span[2]))
        last = min(int(span[2]), len(body) - 1) if span[1] and span[2] else len(body) - 1
        if first >= len(body):
            return _send(start_response, 416, "text/plain", [], 0, ("Content-Range", f"bytes */{len(body)}"))
        part = body[first : last + 1]
        where = ("Content-Range", f"bytes {first}-{last}/{len(body)}")
        return _send(start_response, 206, media, [part], len(part), where)

    def _instead(self, token: str, *, known: bool) -> Reply | None:
        """What is answered in place of a recording, if anything is."""
        if self.trick == "bad_token" or not token or (self.token and token not in (self.token, "any")):
            return _fail(CODES[BAD_KEY], BAD_KEY)
        match self.trick:
            case "404":
                return Reply.text("Not Found", 404)
            case "html":
                return Reply.html("<html><body><h1>Технические работы</h1></body></html>")
            case "redirect":
                return Reply.html("", 302, (("Location", "http://169.254.169.254/latest/meta-data/"),))
            case "fail":
                return _fail("Record not found", 4)
        return None if known else _fail("Record not found", 4)


@lru_cache(maxsize=64)
def recording(name: str) -> bytes:
    """A tone of its own for each call: a WAV of a few seconds."""
    pitch = 300 + crc32(name.encode()) % 500
    tone = (int(12_000 * math.sin(2 * math.pi * pitch * place / RATE)) for place in range(RATE * SECONDS))
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(b"".join(struct.pack("<h", one) for one in tone))
    return file.getvalue()


def told(events: Sequence[Event], how: RecordUrl, *, base: str, token: str, callid: str) -> list[Event]:
    """The events with `recordUrl` as this exchange would write it."""
    return [
        _with_address(event, how, base, token, callid) if "recordUrl" in event else event for event in events
    ]


def _with_address(event: Event, how: RecordUrl, base: str, token: str, callid: str) -> Event:
    match how:
        case "absolute":
            return {**event, "recordUrl": f"{base}{FOLDER}{event['uuid']}.mp3"}
        case "relative":
            return {**event, "recordUrl": f"{PATH}?callid={quote(callid)}"}
        case "token":
            return {**event, "recordUrl": f"{PATH}?token={quote(token, safe='')}&callid={quote(callid)}"}
        case "none":
            return {name: value for name, value in event.items() if name != "recordUrl"}


def _fail(text: str, code: int) -> Reply:
    """By analogy with a dial: for a recording no refusal is documented."""
    return Reply.json({"result": "FAIL", "description": text, "code": str(code)})


def _dripping(body: bytes) -> Iterator[bytes]:
    for place in range(0, len(body), DRIP_BYTES):
        yield body[place : place + DRIP_BYTES]
        time.sleep(DRIP_S)


def _send(
    start_response: StartResponse,
    status: int,
    media: str,
    body: Iterable[bytes],
    length: int | None,
    *headers: tuple[str, str],
) -> Iterable[bytes]:
    promised = [] if length is None else [("Content-Length", str(length))]
    start_response(f"{status} {HTTPStatus(status).phrase}", [("Content-Type", media), *promised, *headers])
    return body
