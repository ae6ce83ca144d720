"""Recordings for whoever holds a valid link: streamed, in parts where a player asks for parts.

The account's token never comes this far. What was listened to is noted when the answer ends.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Protocol

from waitress.channel import ClientDisconnected

from bridge.core.errors import BridgeError, StoreUnavailable
from bridge.core.records import NoSuchPart, RecordAway, RecordGone, Recording, Span
from bridge.observe import Figures, log
from bridge.web.http import NOSNIFF, Environ, Reply, StartResponse, path_text, peer
from bridge.web.signing import PREFIX, RecordLinks, Refused, Signed

__all__ = ["PREFIX", "Listened", "RecordsEndpoint"]

MAX_AGE_S = 3600  # in the listener's own cache: a recording does not change
BUSY = "Сейчас слушают слишком много записей сразу: повторите через минуту"
SUFFIXES: Mapping[str, str] = {
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/ogg": "ogg",
    "audio/mp4": "m4a",
}


@dataclass(frozen=True, kw_only=True)
class Listened:
    """One answer to the holder of a valid link; `sent` are bytes of the recording."""

    signed: Signed
    peer: str
    status: int
    sent: int


class Seats(Protocol):
    """Nobody waits for one."""

    def acquire(self, *, blocking: bool) -> bool: ...

    def release(self) -> None: ...


class RecordsEndpoint:
    """WSGI application at `PREFIX`.

    Args:
        open_record: the recording of a call, or a part of it, while the context lasts.
        infobases: exchange -> the infobases that may still hear of its calls.
        seats: how many may listen at once; each holds a thread while the exchange sends.
        note: keeps who listened; whatever it raises stops nobody.
    """

    def __init__(
        self,
        links: RecordLinks,
        open_record: Callable[[Signed, Span | None], AbstractContextManager[Recording]],
        *,
        infobases: Mapping[str, Collection[str]],
        seats: Seats,
        note: Callable[[Listened], None],
        figures: Figures,
    ) -> None:
        self._links = links
        self._open = open_record
        self._infobases = infobases
        self._seats = seats
        self._note = note
        self._figures = figures

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return Reply.text(405, "GET or HEAD", Allow="GET, HEAD").send(environ, start_response)
        signed = self._links.read(path_text(environ), str(environ.get("QUERY_STRING", "")))
        if isinstance(signed, Signed) and signed.infobase not in self._infobases.get(signed.exchange, ()):
            signed = Refused(reason="Эта информационная база больше не слушает эту ВАТС")
        if isinstance(signed, Refused):
            log.info("record_refused", peer=peer(environ), reason=signed.reason)
            return _said(403, signed.reason).send(environ, start_response)
        if not self._seats.acquire(blocking=False):
            self._count(signed, 503)
            return _said(503, BUSY, **{"Retry-After": "30"}).send(environ, start_response)
        held = ExitStack()
        held.callback(self._seats.release)
        try:
            return self._answer(signed, environ, start_response, held)
        except BaseException:
            held.close()
            raise

    def _answer(
        self, signed: Signed, environ: Environ, start_response: StartResponse, held: ExitStack
    ) -> Iterable[bytes]:
        span = Span.parse(str(environ.get("HTTP_RANGE", "")))
        asked_etag = str(environ.get("HTTP_IF_RANGE", "")).strip()
        try:
            opened = held.enter_context(ExitStack())
            recording = self._opened(signed, span, asked_etag, opened)
        except BridgeError as error:
            held.close()
            reply = _problem(error)
            self._ended(signed, environ, reply.status, 0, reason=str(error))
            return reply.send(environ, start_response)
        status = 200 if recording.part is None else 206
        start_response(f"{status} {HTTPStatus(status).phrase}", _headers(signed, recording))
        if environ["REQUEST_METHOD"] == "HEAD":
            held.close()
            self._count(signed, status)
            return []
        return _Stream(
            recording,
            held,
            lambda sent, reason: self._ended(signed, environ, status, sent, reason=reason),
        )

    def _opened(self, signed: Signed, span: Span | None, asked_etag: str, opened: ExitStack) -> Recording:
        """The part, unless it is one of something else than the listener has: then the whole anew."""
        try:
            recording = opened.enter_context(self._open(signed, span))
            if recording.part is None or asked_etag in ("", _etag(signed, recording.total)):
                return recording
        except NoSuchPart as problem:
            if asked_etag in ("", _etag(signed, problem.total)):
                raise
        opened.close()
        return opened.enter_context(self._open(signed, None))

    def _ended(self, signed: Signed, environ: Environ, status: int, sent: int, *, reason: str = "") -> None:
        self._count(signed, status)
        facts: dict[str, Any] = {"infobase": signed.infobase, "exchange": signed.exchange, "status": status}
        facts |= {"call_id": signed.call_id, "peer": peer(environ), "sent": sent}
        if reason:
            log.warning("record_not_played", **facts, reason=reason)
        else:
            log.info("record_played", **facts)
        if environ["REQUEST_METHOD"] == "HEAD":
            return
        try:
            self._note(Listened(signed=signed, peer=peer(environ), status=status, sent=sent))
        except Exception as error:  # noqa: BLE001 - who listens is not punished for a full disk
            log.error("listening_not_noted", call_id=signed.call_id, reason=str(error))

    def _count(self, signed: Signed, status: int) -> None:
        self._figures.records.labels(signed.exchange, str(status)).inc()


class _Stream:
    """The body of an answer. Whatever ends it, the exchange's connection and the seat are let go."""

    def __init__(self, recording: Recording, held: ExitStack, ended: Callable[[int, str], None]) -> None:
        self._recording = recording
        self._held = held
        self._ended: Callable[[int, str], None] | None = ended
        self._sent = 0
        self._problem = ""

    def __iter__(self) -> Iterator[bytes]:
        try:
            for chunk in self._recording.chunks:
                yield chunk
                self._sent += len(chunk)
        except BridgeError as error:  # too late for another status: fewer bytes than promised say it
            self._problem = str(error)
            if self._recording.total is None:  # none were promised: only a cut connection says it
                raise ClientDisconnected from None

    def close(self) -> None:
        """Called by the server, also when the listener has gone."""
        self._held.close()
        if self._ended:
            ended, self._ended = self._ended, None
            ended(self._sent, self._problem)


def _problem(error: BridgeError) -> Reply:
    match error:
        case NoSuchPart(total=total):
            span = {} if total is None else {"Content-Range": f"bytes */{total}"}
            return _said(416, str(error), **span)
        case RecordGone():
            return _said(404, str(error))
        case RecordAway(timeout=timeout):
            return _said(504 if timeout else 502, str(error))
        case StoreUnavailable():
            return _said(503, "Мост сейчас не может прочесть свою базу: повторите", **{"Retry-After": "5"})
    raise error


def _said(status: int, text: str, **headers: str) -> Reply:
    return Reply.text(status, text, **{"Cache-Control": "no-store", **headers})


def _headers(signed: Signed, recording: Recording) -> list[tuple[str, str]]:
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", signed.call_id)[:64]
    headers = [
        ("Content-Type", recording.media),
        ("Content-Disposition", f'inline; filename="record-{name}.{SUFFIXES[recording.media]}"'),
        ("Cache-Control", f"private, max-age={MAX_AGE_S}"),
        NOSNIFF,
    ]
    if recording.total is None:  # nobody knows how much comes: no part of it can be asked for
        return [*headers, ("Accept-Ranges", "none")]
    headers += [("Accept-Ranges", "bytes"), ("ETag", _etag(signed, recording.total))]
    if recording.part is None:
        return [*headers, ("Content-Length", str(recording.total))]
    first, last = recording.part
    return [
        *headers,
        ("Content-Length", str(last - first + 1)),
        ("Content-Range", f"bytes {first}-{last}/{recording.total}"),
    ]


def _etag(signed: Signed, total: int | None) -> str:
    """The same for the exchange's recording and for our copy of it; another while it still grows."""
    of = sha256(f"{signed.exchange}\n{signed.call_id}".encode()).hexdigest()[:16]
    return f'"{of}-{total}"'
