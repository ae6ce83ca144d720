"""The hostile list: each request, where it goes, and the status and media type that it must get."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape

from support.hostile import ALL, ASK, AT_1C, GOOD, MEDIA, NS, RING, SOAP11, Door, Odd, call, envelope
from support.hostile_http import (
    BAD_HOOKS,
    FRAMING,
    GOOD_HOOKS,
    HEADERS,
    HOOK,
    LINES,
    PATHS,
    STRANGERS,
    hook,
    soap,
    whole,
)
from support.hostile_pages import API, CALLER, PLAIN, STRANGE, api, caller, health, records, unknown
from support.world import ANNA

ENTRANCES = (
    "/ws/Telephony",
    "/ws/TelephonyRu",
    "/ws/VATS",
    "/ws/VATScalls",
    "/hooks/",
    "/caller/",
    "/records/",
    "/api/call/",
    "health",
    "unknown paths",
    "HTTP itself",
    "smuggling",
)
# values of a ring that the bridge as 1C refuses with a Fault, as its hook refuses them with 400
UNHEARD = frozenset({"text-4096", "number-too-long-number", "key-emoji", "key-long"})
FLOOD_BYTES = 2_000_000
PIECE = b"9" * 50_000


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One request.

    Attributes:
        number: of its own, which the exchange is asked for only when `dials`.
        ends: the connection must be closed after the one answer, whatever else was sent.
        media: one of these.
        says: what the answer must hold.
        event: it is a call event, to be stored.
        more: bytes that follow the request, and how many times.
    """

    entrance: str
    name: str
    request: bytes
    status: int
    media: tuple[str, ...]
    number: str = ""
    dials: bool = False
    ends: bool = False
    says: str = ""
    event: bool = False
    more: tuple[bytes, int] = (b"", 0)

    @property
    def head(self) -> bool:
        return self.request.startswith(b"HEAD ")


class _Numbers:
    """A mobile number for each request, so that no two are one double click."""

    def __init__(self) -> None:
        self._given = 0

    def next(self) -> str:
        self._given += 1
        return f"8923{4_000_000 + self._given}"


_numbers = _Numbers()


def shots(places: Mapping[str, str]) -> tuple[Shot, ...]:
    """All of them; `places` fill `{FILE}` and `{TRAP}`."""
    return (
        *(_odd("/ws/Telephony", odd, places, dials=odd.dials) for odd in (*ALL, *_names())),
        *(_odd("/ws/TelephonyRu", odd, places, dials=odd.dials) for odd in _russian()),
        *(_odd(_path(door), _at(door, odd), places) for door, odd in AT_1C),
        *_told(),
        *_hooks(),
        *(_row("/caller/", row) for row in caller()),
        *(_row("/api/call/", row) for row in api()),
        *(_row("/records/", row) for row in records()),
        *(_row("health", row) for row in health()),
        *(_row("unknown paths", row) for row in unknown()),
        *_protocol(),
        *_smuggled(),
        *_floods(),
    )


# --- SOAP -------------------------------------------------------------------------------------------
def _path(door: Door) -> str:
    return f"/ws/{door}"


def _odd(entrance: str, odd: Odd, places: Mapping[str, str], *, dials: bool = False) -> Shot:
    number = _numbers.next()
    return Shot(
        entrance=entrance,
        name=str(odd),
        request=odd.request(N=number, N1=number[1:], **places),
        status=odd.expected_status,
        media=(MEDIA[odd.answer_version],),
        number=number,
        dials=dials,
        says=odd.says if odd.faulty else "",
        event=entrance == f"/ws/{RING}" and not odd.faulty,
    )


def _at(door: Door, odd: Odd) -> Odd:
    """At the services of 1C a ring is taken whatever its number; `UNHEARD` names what is no ring."""
    asked = odd.at(door)
    refused = door is RING and not asked.faulty and not asked.dials and odd.name in UNHEARD
    return replace(asked, faulty=True) if refused else asked


def _russian() -> Iterator[Odd]:
    """The list in Russian words, as far as it is text that can hold them."""
    words = {NS: f"{NS}/ru", "MakeCall": "Позвонить", "Key": "Ключ", "Number": "Номер"}
    for odd in ALL:
        if not isinstance(odd.body, str):
            continue
        body = odd.body
        for ours, theirs in words.items():
            body = body.replace(ours, theirs)
        if odd.name != "operation-russian":  # which is none there
            says = words.get(odd.says, odd.says)
            yield replace(odd, says=says, body=body, target=odd.target.replace("Telephony", "TelephonyRu"))


def _names() -> Iterator[Odd]:
    """Names that nobody said before: libxml2 keeps each for ever, so it must not see them."""
    for turn in range(30):
        names = "".join(f"<n{turn}x{number}/>" for number in range(4_000))
        yield Odd(name=f"new-names-{turn}", body=envelope(names), says="сложный")


# --- the rest ---------------------------------------------------------------------------------------
def _row(entrance: str, row: tuple[str, bytes, int, str]) -> Shot:
    name, request, status, media = row
    return Shot(entrance=entrance, name=name, request=request, status=status, media=(media,))


def _hooks() -> Iterator[Shot]:
    for name, (request, status, says) in BAD_HOOKS.items():
        yield replace(_row("/hooks/", (name, request, status, PLAIN)), says=says)
    for name, request in GOOD_HOOKS.items():
        yield replace(_row("/hooks/", (name, request, 200, PLAIN)), event=True)
    for name, target in STRANGERS.items():
        for method in ("GET", "POST", "HEAD"):
            yield _row("/hooks/", (f"{name}-{method}", hook(method, target, b"{}"), 404, PLAIN))
    for method in ("PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH"):
        yield _row("/hooks/", (f"method-{method}", hook(method, HOOK), 405, PLAIN))
    for name, (target, status) in _RAW_QUERIES.items():
        request = f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        yield _row("/hooks/", (name, request, status, PLAIN))
    for name, value in _JSON_VALUES.items():
        body = b'{"uuid": "u", "state": "END", "time": 1, "x": %s}' % value
        yield _row("/hooks/", (f"json-{name}", hook("POST", HOOK, body), 400, PLAIN))


def _told() -> Iterator[Shot]:
    """The same JSON, as far as it is text, as the exchange tells it to 1C."""
    for name, value in _JSON_VALUES.items():
        if not value.isascii() or b"\0" in value:
            continue
        data = escape(f'{{"uuid": "u", "state": "END", "time": 1, "x": {value.decode()}}}')
        event = f'<t:Event xmlns:t="{ASK.namespace}"><t:Data>{data}</t:Data></t:Event>'
        yield _odd(_path(ASK), Odd(name=f"json-{name}", body=envelope(event), target=ASK.target), {})


# what shells and old exchanges send without escaping: (target, status)
_RAW_QUERIES = {
    "raw-cyrillic": (f"{HOOK}?key=Анна&number=8916", 400),
    "raw-space": (f"{HOOK}?key=a b&number=8916", 400),
    "raw-nul": (f"{HOOK}?key=a\0b&number=8916", 400),
}

_JSON_VALUES = {
    "digits-10000": b"9" * 10_000,
    "minus-10000": b"-" + b"9" * 10_000,
    "exponent": b"1e999999",
    "fraction-10000": b"0." + b"9" * 10_000,
    "nan": b"NaN",
    "infinity": b"-Infinity",
    "depth-60000": b"[" * 60_000,
    "depth-60000-objects": b'{"a":' * 12_000,
    "depth-900-whole": b"[" * 900 + b"]" * 900,
    "repeated-deep": b'[{"a": 1, "a": 2}]',
    "half": b'{"a',
    "bytes": b"\xff\xfe\xfd",
    "utf-16": '{"a":'.encode("utf-16"),
}


def _protocol() -> Iterator[Shot]:
    fault = (MEDIA[SOAP11],)
    for tables in (FRAMING, HEADERS):
        for name, (request, status) in tables.items():
            yield Shot(
                entrance="HTTP itself", name=name, request=request, status=status, media=fault, ends=True
            )
    ending = b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    for name, (line, asked) in LINES.items():
        yield Shot(
            entrance="HTTP itself",
            name=name,
            request=line + ending,
            status=asked or 401,
            media=(*fault, PLAIN),
            ends=asked is not None,
        )
    number = _numbers.next()
    yield Shot(
        entrance="HTTP itself",
        name="header-underscore",
        request=whole(number, "Content_Length: 3", "Transfer_Encoding: chunked", "Host_: y"),
        status=200,
        media=fault,
        number=number,
        dials=True,
    )
    for name, request in STRANGE.items():
        yield Shot(entrance="HTTP itself", name=name, request=request, status=400, media=(PLAIN,), ends=True)
    for target, status in PATHS.items():
        number = _numbers.next()
        body = envelope(call(number=number)).encode()
        yield Shot(
            entrance="HTTP itself",
            name=f"path {target[:24]}",
            request=soap(f"Content-Length: {len(body)}", body=body, target=target),
            status=status,
            media=(PLAIN,) if status == 404 else fault,
            number=number,
            dials=status == 200,
        )


def _smuggled() -> Iterator[Shot]:
    """A right call behind each request that two servers could frame differently: it must not be run."""
    for name, (request, status) in FRAMING.items():
        number = _numbers.next()
        yield Shot(
            entrance="smuggling",
            name=name,
            request=request + whole(number),
            status=status,
            media=(MEDIA[SOAP11],),
            number=number,
            ends=True,
        )
    for name, inside in {
        "chunks": b"%x\r\n%s\r\n0\r\n\r\n",
        "trailer": b"%x\r\n%s\r\n0\r\nX: y\r\n\r\n",
    }.items():
        hidden, number = envelope(call(number="x")).encode(), _numbers.next()
        framed = soap(
            "Transfer-Encoding: chunked", "Connection: keep-alive", body=inside % (len(hidden), hidden)
        )
        yield Shot(
            entrance="smuggling",
            name=f"after-{name}",
            request=framed + whole(number),
            status=200,
            media=(MEDIA[SOAP11],),
            number=number,
            ends=True,
        )


def _floods() -> Iterator[Shot]:
    """More than the bridge takes at all: refused before it is read."""
    login = f"Authorization: {GOOD['Authorization']}\r\n"
    for entrance, target in {
        "/ws/Telephony": "/ws/Telephony",
        "/ws/TelephonyRu": "/ws/TelephonyRu",
        "/ws/VATS": RING.target,
        "/ws/VATScalls": ASK.target,
        "/hooks/": HOOK,
        "/caller/": f"{CALLER}?number=1",
        "/records/": "/records/x",
        "/api/call/": f"{API}?key={ANNA.key}",
        "health": "/metrics",
        "unknown paths": "/nothing",
    }.items():
        media = (MEDIA[SOAP11],) if entrance.startswith("/ws/") else (PLAIN,)
        request = hook("POST", target, b"9" * FLOOD_BYTES, "text/xml", login)
        yield Shot(entrance=entrance, name="2-megabytes", request=request, status=413, media=media, ends=True)
    for name, (size, piece) in {
        "length": (f"Content-Length: {len(PIECE) * 1_000}", PIECE),
        "chunks": ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(PIECE), PIECE)),
    }.items():
        yield Shot(
            entrance="/ws/Telephony",
            name=f"50-megabytes-{name}",
            request=soap(size),
            status=413,
            media=(MEDIA[SOAP11],),
            ends=True,
            more=(piece, 1_000),
        )
