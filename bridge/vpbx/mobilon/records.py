"""Mobilon's recordings: what came from where one may be (`record_places`), and what came in its place."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from bridge.core.errors import BadEvent
from bridge.core.records import NoSuchPart, RecordAway, RecordGone, Recording, SourceAway, Span, Traces
from bridge.vpbx.media import BY_NAME, UNNAMED, looks_like_text, sniffed
from bridge.vpbx.mobilon.codes import refusal_code
from bridge.vpbx.mobilon.record_places import Place, Places
from bridge.vpbx.reading import decode_json, read_object
from bridge.wire import Flow, Wire, WireError, media_of

HEAD_BYTES = 16  # looked at before anything is sent on
REFUSAL_BYTES = 4096  # of what is no recording
REMEMBERED = 512  # recordings whose place is known
BAD_TOKEN = 2  # Invalid API key: the manual's code
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")
_UNSATISFIED = re.compile(r"bytes \*/([0-9]{1,18})")

GONE = "Записи у АТС нет: удалена или ещё обрабатывается"
UNKNOWN = "Где эта запись, мост не знает: укажите journal_token в настройках ВАТС"
NO_ENTRY = "АТС не пускает мост к записям: проверьте journal_token в настройках моста"
NO_RECORDING = "АТС прислала вместо записи что-то другое"
NOT_WHOLE = "АТС прислала запись не целиком"


class MobilonRecords:
    """The recordings of one account. Safe for several threads.

    Args:
        wire: how to reach them; its limits are those of a whole recording.
    """

    def __init__(self, wire: Wire, places: Places) -> None:
        self._wire = wire
        self._places = places
        self._found: dict[Place, None] = {}  # where there was a recording: a player asks again and again

    def knows(self, traces: Traces) -> bool:
        return bool(self._places.of(traces))

    def better(self, traces: Traces) -> bool:
        if self._places.of(Traces(addresses=traces.addresses)):
            return True
        return bool(self._places.of(traces)) and not any(map(self._places.public, traces.addresses))

    def shown(self, traces: Traces) -> str:
        places = self._places.of(traces)
        return self._places.shown(places[0]) if places else ""

    @contextmanager
    def open(self, traces: Traces, span: Span | None = None) -> Iterator[Recording]:
        """As the port says; the places are asked one after another."""
        problem: RecordAway | RecordGone = RecordGone(GONE if self.knows(traces) else UNKNOWN)
        dead: set[str] = set()  # nobody waits for them twice
        for place in sorted(self._places.of(traces), key=lambda one: one not in self._found):
            if place.server in dead:
                continue
            with ExitStack() as held:
                try:
                    recording = self._ask(place, span, held)
                except RecordGone:
                    continue
                except RecordAway as away:
                    problem = away
                    if isinstance(away, SourceAway):
                        dead.add(place.server)
                    continue
                self._remember(place)
                yield recording
                return
        raise problem

    def _remember(self, place: Place) -> None:
        self._found[place] = None
        for oldest in list(self._found)[:-REMEMBERED]:
            self._found.pop(oldest, None)

    def _ask(self, place: Place, span: Span | None, held: ExitStack) -> Recording:
        """The recording at one place. Raises RecordGone, RecordAway, NoSuchPart."""
        flow = self._flow(place, span, held)
        if span is None:
            return _whole(flow)
        if flow.status == 206:
            partial = _part(flow, span)
            if partial is not None:
                return partial
            held.close()
            flow = self._flow(place, None, held)  # a part that tells too little: the whole does
        if flow.status == 416:
            found = _UNSATISFIED.fullmatch(flow.headers.get("Content-Range", ""))
            raise NoSuchPart(int(found[1]) if found else None)
        recording = _whole(flow)
        if recording.total is None:
            return recording
        part = span.within(recording.total)
        if part is None:
            raise NoSuchPart(recording.total)
        chunks = _sliced(recording.chunks, *part)
        return Recording(media=recording.media, total=recording.total, part=part, chunks=chunks)

    def _flow(self, place: Place, span: Span | None, held: ExitStack) -> Flow:
        try:
            return held.enter_context(self._wire.stream(place.url, {"Range": span.header} if span else {}))
        except WireError as error:
            raise _away(error) from None


def _whole(flow: Flow) -> Recording:
    """The recording itself. Raises RecordGone, RecordAway."""
    first = _first(flow)
    _check(flow, first)
    if flow.status != 200:
        raise RecordAway(f"АТС не дала запись (HTTP {flow.status})")
    media = _media(flow, first)
    if media is None or looks_like_text(first):
        raise RecordAway(f"{NO_RECORDING} ({media_of(flow.headers)[:60] or 'без типа'})")
    length = flow.headers.get("Content-Length", "")
    total = int(length) if length.isascii() and length.isdigit() else None
    return Recording(media=media, total=total, part=None, chunks=_read(first, flow.chunks))


def _part(flow: Flow, span: Span) -> Recording | None:
    """What was asked for, as the exchange cut it; None when it does not say what it is a part of."""
    found = _CONTENT_RANGE.fullmatch(flow.headers.get("Content-Range", "").strip())
    if found is None:
        return None
    first, last, total = (int(digits) for digits in found.groups())
    if span.within(total) != (first, last):
        return None
    head = _first(flow)
    media = _media(flow, head if first == 0 else b"")
    if media is None or (first == 0 and looks_like_text(head)):
        return None
    chunks = _exactly(_read(head, flow.chunks), last - first + 1)
    return Recording(media=media, total=total, part=(first, last), chunks=chunks)


def _first(flow: Flow) -> bytes:
    """The beginning of the body, long enough to tell what it is."""
    head = bytearray()
    try:
        while len(head) < (REFUSAL_BYTES if looks_like_text(head) else HEAD_BYTES) and (
            chunk := next(flow.chunks, b"")
        ):
            head += chunk
    except WireError as error:
        raise _away(error) from None
    return bytes(head)


def _read(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    try:
        yield from rest
    except WireError as error:
        raise RecordAway(f"Запись оборвалась: {error.reason}", timeout=error.timeout) from None


def _check(flow: Flow, first: bytes) -> None:
    """That this is no refusal. Raises RecordGone, RecordAway."""
    said = _refusal(first)
    if said:
        code = refusal_code(said.get("code"), str(said.get("description") or said.get("message") or ""))
        raise SourceAway(NO_ENTRY) if code == BAD_TOKEN else RecordGone(GONE)
    if flow.status in (204, 404, 410) or (flow.status == 200 and not first):
        raise RecordGone(GONE)
    if flow.status in (401, 403):
        raise SourceAway(NO_ENTRY)
    if 300 <= flow.status < 400:
        raise RecordAway(f"АТС отправляет за записью на другой адрес (HTTP {flow.status}), мост туда не идёт")


def _refusal(body: bytes) -> Mapping[str, object]:
    """The object of a FAIL, which comes with HTTP 200; {} when it is none."""
    if not looks_like_text(body):
        return {}
    try:
        said = read_object(decode_json(body))
    except BadEvent:
        return {}
    return said if str(said.get("result") or "").strip().upper() == "FAIL" else {}


def _media(flow: Flow, first: bytes) -> str | None:
    """What kind of recording it is; None when it is none that a browser may be given."""
    if flow.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return None
    media = media_of(flow.headers)
    return sniffed(first) if media in UNNAMED else BY_NAME.get(media)


def _sliced(chunks: Iterator[bytes], first: int, last: int) -> Iterator[bytes]:
    """Bytes `first` to `last` of what a server sent whole, whatever was asked for."""
    place = 0
    for chunk in chunks:
        if wanted := chunk[max(0, first - place) : max(0, last + 1 - place)]:
            yield wanted
        place += len(chunk)
        if place > last:
            return


def _exactly(chunks: Iterator[bytes], length: int) -> Iterator[bytes]:
    left = length
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return
    if left:
        raise RecordAway(NOT_WHOLE)


def _away(error: WireError) -> SourceAway:
    return SourceAway(f"АТС не отвечает: {error.reason}", timeout=error.timeout)
