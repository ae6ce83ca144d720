"""HTTP as nobody should send it, on raw sockets against a real bridge."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bridge.web import guard
from support.hostile import GOOD, SOAP11, SOAP12, Odd, call, envelope
from support.rawclient import Line, RawAnswer, ask
from support.world import ANNA, HOOK_SECRET, World, world

DEADLINE_S = 0.5
NOTICED_S = 2.5  # a deadline is looked at once a second
AUTH = f"Authorization: {GOOD['Authorization']}"
HOOK = f"/hooks/main/{HOOK_SECRET}"
CHUNKS = b"0\r\n\r\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("guard"), contract="none") as made:
        made.exchange.hook_url = ""
        yield made


@pytest.fixture
def impatient() -> Iterator[None]:
    usual = guard.REQUEST_DEADLINE_S
    guard.REQUEST_DEADLINE_S = DEADLINE_S
    yield
    guard.REQUEST_DEADLINE_S = usual


def soap(*headers: str, body: bytes = b"", target: str = "/ws/Telephony", host: str = "Host: x") -> bytes:
    lines = [f"POST {target} HTTP/1.1", host, "Content-Type: text/xml", AUTH, *headers]
    return "\r\n".join([*(line for line in lines if line), "", ""]).encode("latin-1") + body


def whole(number: str, *headers: str) -> bytes:
    """A right call."""
    body = envelope(call(number=number)).encode()
    return soap(f"Content-Length: {len(body)}", *headers, body=body)


def refused(answer: RawAnswer, status: int) -> None:
    """A refusal of the HTTP layer in the client's language, that repeats nothing and ends the connection."""
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert answer.text.count("Запрос HTTP не принят") == 1
    for word in ("waitress", "generated", "Traceback", "<html", "canary", GOOD["Authorization"]):
        assert word not in answer.text
    assert "server" not in answer.headers


HELLO = b"5\r\nhello\r\n0\r\n\r\n"
FRAMING = {  # what frames the request: (bytes, status)
    "length-and-chunks": (soap("Content-Length: 5", "Transfer-Encoding: chunked", body=HELLO), 400),
    "chunks-and-length": (soap("Transfer-Encoding: chunked", "Content-Length: 5", body=HELLO), 400),
    "chunks-twice": (soap("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=HELLO), 400),
    "chunks-twice-case": (soap("Transfer-Encoding: chunked", "tRANSFER-eNCODING: chunked", body=HELLO), 400),
    "chunked-chunked": (soap("Transfer-Encoding: chunked, chunked", body=HELLO), 400),
    "chunked-comma": (soap("Transfer-Encoding: chunked,", body=HELLO), 400),
    "comma-chunked": (soap("Transfer-Encoding: ,chunked", body=HELLO), 400),
    "encoding-empty": (soap("Transfer-Encoding:", body=HELLO), 400),
    "encoding-identity": (soap("Transfer-Encoding: identity", body=HELLO), 501),
    "encoding-gzip": (soap("Transfer-Encoding: gzip, chunked", body=HELLO), 501),
    "encoding-quoted": (soap('Transfer-Encoding: "chunked"', body=HELLO), 501),
    "xchunked": (soap("Transfer-Encoding: xchunked", body=HELLO), 501),
    "chunked-x": (soap("Transfer-Encoding: chunked;x=1", body=HELLO), 501),
    "space-before-colon": (soap("Transfer-Encoding : chunked", body=HELLO), 400),
    "tab-before-colon": (soap("Transfer-Encoding\t: chunked", body=HELLO), 400),
    "vertical-tab": (soap("Transfer-Encoding: \x0bchunked", body=HELLO), 400),
    "nbsp": (soap("Transfer-Encoding: \xa0chunked", body=HELLO), 501),
    "encoding-in-http-1.0": (
        soap("Transfer-Encoding: chunked", body=HELLO).replace(b"HTTP/1.1", b"HTTP/1.0"),
        400,
    ),
    "encoding-in-http-1.0-kept": (
        soap("Transfer-Encoding: chunked", "Connection: keep-alive", body=HELLO).replace(
            b"HTTP/1.1", b"HTTP/1.0"
        ),
        400,
    ),
    "two-lengths": (soap("Content-Length: 5", "Content-Length: 5", body=b"hello"), 400),
    "two-lengths-differ": (soap("Content-Length: 5", "Content-Length: 6", body=b"hello"), 400),
    "two-lengths-joined": (soap("Content-Length: 5, 5", body=b"hello"), 400),
    "length-plus": (soap("Content-Length: +3", body=b"abc"), 400),
    "length-minus": (soap("Content-Length: -1", body=b"abc"), 400),
    "length-underscore": (soap("Content-Length: 1_0", body=b"abc"), 400),
    "length-hex": (soap("Content-Length: 0x3", body=b"abc"), 400),
    "length-float": (soap("Content-Length: 3.0", body=b"abc"), 400),
    "length-empty": (soap("Content-Length:", body=b"abc"), 400),
    "length-space": (soap("Content-Length: 1 0", body=b"abc"), 400),
    "length-superscript": (soap("Content-Length: \xb2", body=b"ab"), 400),
    "length-huge": (soap("Content-Length: 99999999999999999999"), 413),
    "length-5000-digits": (soap("Content-Length: " + "9" * 5_000), 400),
    "length-over-limit": (soap("Content-Length: 1048576"), 413),
    "length-over-limit-expected": (soap("Content-Length: 1048576", "Expect: 100-continue"), 413),
    "bad-and-expected": (
        soap("Content-Length: 5", "Transfer-Encoding: chunked", "Expect: 100-continue"),
        400,
    ),
    "chunk-negative": (soap("Transfer-Encoding: chunked", body=b"-5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-plus": (soap("Transfer-Encoding: chunked", body=b"+5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-0x": (soap("Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-underscore": (soap("Transfer-Encoding: chunked", body=b"0_5\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-words": (soap("Transfer-Encoding: chunked", body=b"five\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-too-short": (soap("Transfer-Encoding: chunked", body=b"3\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-bad-extension": (soap("Transfer-Encoding: chunked", body=b"5;=\r\nhello\r\n0\r\n\r\n"), 400),
    "chunk-over-limit": (
        soap("Transfer-Encoding: chunked", body=b"ffffff\r\n" + b"x" * 1_100_000),
        413,
    ),
    "chunk-size-without-end": (soap("Transfer-Encoding: chunked", body=b"0" * 1_100_000), 413),
    "trailer-without-end": (soap("Transfer-Encoding: chunked", body=b"0\r\n" + b"a: b\r\n" * 200_000), 413),
}
HEADERS = {
    "nul-in-value": (whole("1", "X: canary\0"), 400),
    "nul-in-name": (whole("1", "X\0: canary"), 400),
    "cr-in-value": (whole("1", "X: canary\rY: 1"), 400),
    "lf-in-value": (whole("1", "X: canary\nY: 1"), 400),
    "no-colon": (whole("1", "canary"), 400),
    "no-name": (whole("1", ": canary"), 400),
    "space-in-name": (whole("1", "X Y: canary"), 400),
    "non-ascii-name": (whole("1", "\xd0\x9f: canary"), 400),
    "folded": (whole("1", "X: a", " canary"), 400),
    "folded-tab": (whole("1", "X: a", "\tcanary"), 400),
    "folded-first": (soap(host=" Host: canary"), 400),
    "two-hosts": (whole("1", "Host: canary"), 400),
    "no-host": (soap("Content-Length: 0", host=""), 400),
    "host-underscore-only": (soap("Content-Length: 0", host="Ho_st: canary"), 400),
    "two-content-types": (whole("1", "Content-Type: canary/x"), 400),
    "two-authorizations": (whole("1", "Authorization: Basic canary"), 400),
    "65-headers": (whole("1", *(f"X-{n}: 1" for n in range(61))), 400),
    "5000-headers": (whole("1", *(f"X-{n}: 1" for n in range(5_000))), 431),
    "header-300000": (whole("1", "X: " + "a" * 300_000), 431),
    "header-name-300000": (whole("1", "a" * 300_000 + ": 1"), 431),
    "uri-300000": (soap("Content-Length: 0", target="/ws/Telephony?" + "a" * 300_000), 431),
}
LINES = {
    "method-lower": (b"post /ws/Telephony HTTP/1.1", 400),
    "method-brackets": (b"P(ST /ws/Telephony HTTP/1.1", 400),
    "method-space": (b" POST /ws/Telephony HTTP/1.1", None),  # waitress drops what is blank before a request
    "http-9.9": (b"POST /ws/Telephony HTTP/9.9", 400),
    "http-1.2": (b"POST /ws/Telephony HTTP/1.2", 400),
    "http-2.0": (b"POST /ws/Telephony HTTP/2.0", 400),
    "http-0.9": (b"POST /ws/Telephony", 400),
    "http-lower": (b"POST /ws/Telephony http/1.1", 400),
    "http-11": (b"POST /ws/Telephony HTTP/11", 400),
    "two-spaces": (b"POST  /ws/Telephony HTTP/1.1", 400),
    "tab": (b"POST\t/ws/Telephony\tHTTP/1.1", 400),
    "space-in-target": (b"POST /ws/Telephony x HTTP/1.1", 400),
    "cr-in-line": (b"POST /ws/\rTelephony HTTP/1.1", 400),
    "half-ipv6": (b"POST http://[::1/ws/Telephony HTTP/1.1", 400),
    "no-line": (b"Host: canary", 400),
    "tls-hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
}


@pytest.mark.parametrize(("request_", "status"), FRAMING.values(), ids=FRAMING.keys())
def test_a_body_framed_in_two_ways_or_none_is_refused_as_a_fault(
    here: World, request_: bytes, status: int
) -> None:
    answer = ask(here.bridge.port, request_)
    refused(answer, status)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert f'<soap:Envelope xmlns:soap="{SOAP11}">' in answer.text


@pytest.mark.parametrize(("request_", "status"), HEADERS.values(), ids=HEADERS.keys())
def test_headers_that_two_servers_could_read_differently_are_refused_as_a_fault(
    here: World, request_: bytes, status: int
) -> None:
    answer = ask(here.bridge.port, request_)
    refused(answer, status)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"


@pytest.mark.parametrize(("line", "status"), LINES.values(), ids=LINES.keys())
def test_a_request_line_is_method_target_and_version_or_is_refused(
    here: World, line: bytes, status: int | None
) -> None:
    answer = ask(here.bridge.port, line + b"\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    if status is None:
        assert answer.status == 401
    else:
        refused(answer, status)


def test_a_refusal_speaks_the_version_of_soap_that_was_asked_and_plain_text_elsewhere(here: World) -> None:
    two = soap("Host: y").replace(b"text/xml", b"application/soap+xml")
    answer = ask(here.bridge.port, two)
    assert answer.headers["content-type"] == "application/soap+xml; charset=utf-8"
    assert SOAP12 in answer.text
    for target in (HOOK, "/healthz", "/"):
        answer = ask(here.bridge.port, soap("Host: y", target=target))
        refused(answer, 400)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert HOOK_SECRET not in answer.text
    answer = ask(here.bridge.port, soap("Host: y").replace(b"POST", b"HEAD"), head=True)
    assert answer.status == 400


def test_64_headers_are_accepted(here: World) -> None:
    answer = ask(here.bridge.port, whole("89233000001", *(f"X-{n}: 1" for n in range(59))))
    assert answer.status == 200


def test_a_header_with_an_underscore_is_not_the_one_with_a_dash(here: World) -> None:
    body = envelope(call(number="89233000002")).encode()
    sent = soap("Content_Length: 3", "Transfer_Encoding: chunked", f"Content-Length: {len(body)}", body=body)
    assert ask(here.bridge.port, sent).status == 200
    assert ask(here.bridge.port, sent.replace(AUTH.encode(), AUTH.replace("-", "_").encode())).status == 200
    hidden = sent.replace(b"Authorization:", b"Author_ization:")
    assert ask(here.bridge.port, hidden).status == 401


def dialled(here: World) -> list[str]:
    return [dial.number for dial in here.exchange.dials]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_what_follows_a_chunked_request_is_never_run(here: World, version: str) -> None:
    first, second = f"8923300010{version[-1]}", f"8923300011{version[-1]}"
    body = envelope(call(number=first)).encode()
    chunked = soap(
        "Transfer-Encoding: chunked",
        "Connection: keep-alive",
        body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
    )
    with Line(here.bridge.port) as line:
        line.send(chunked.replace(b"HTTP/1.1", f"HTTP/{version}".encode()) + whole(second))
        answer = line.answer()
        assert answer.status == (200 if version == "1.1" else 400)
        assert answer.headers["connection"] == "close"
        assert line.closed()
    time.sleep(0.1)
    assert second not in dialled(here)


@pytest.mark.parametrize(
    "name", ["length-and-chunks", "chunked-chunked", "two-lengths-differ", "encoding-empty"]
)
def test_what_follows_a_refused_request_is_never_run(here: World, name: str) -> None:
    number = f"8923300020{list(FRAMING).index(name):02}"[:11]
    with Line(here.bridge.port) as line:
        line.send(FRAMING[name][0] + whole(number))
        assert line.answer().status == 400
        assert line.closed()
    time.sleep(0.1)
    assert number not in dialled(here)


def test_requests_one_after_another_on_one_connection_are_all_answered_in_order(here: World) -> None:
    numbers = [f"8923300030{n}" for n in range(3)]
    with Line(here.bridge.port) as line:
        line.send(b"".join(whole(number) for number in numbers))
        assert [line.answer().status for _ in numbers] == [200, 200, 200]
    assert dialled(here)[-3:] == numbers


def test_expect_100_continue_is_answered_before_the_body_is_sent(here: World) -> None:
    head, _, body = whole("89233000401", "Expect: 100-continue").partition(b"\r\n\r\n")
    with Line(here.bridge.port) as line:
        line.send(head + b"\r\n\r\n")
        assert line.answer().status == 100
        line.send(body)
        assert line.answer().status == 200
    assert "89233000401" in dialled(here)


DRIBBLES = {
    "line": b"POST /ws/Telephony HTTP/1.1",
    "headers": b"POST /ws/Telephony HTTP/1.1\r\nHost: x\r\n",
    "body": soap("Content-Length: 60000"),
    "chunks": soap("Transfer-Encoding: chunked", body=b"ffff\r\n"),
    "trailer": soap("Transfer-Encoding: chunked", body=b"0\r\nX: "),
}


@pytest.mark.parametrize("start", DRIBBLES.values(), ids=DRIBBLES.keys())
@pytest.mark.usefixtures("impatient")
def test_who_sends_a_request_byte_by_byte_is_cut_at_the_deadline(here: World, start: bytes) -> None:
    began = time.monotonic()
    with Line(here.bridge.port, timeout_s=0.05) as line:
        line.send(start)
        while not line.closed():
            assert time.monotonic() - began < DEADLINE_S + NOTICED_S
            try:
                line.send(b"x")
            except OSError:
                break
    assert time.monotonic() - began >= DEADLINE_S


@pytest.mark.usefixtures("impatient")
def test_a_kept_connection_may_rest_longer_than_a_request_may_take(here: World) -> None:
    with Line(here.bridge.port) as line:
        line.send(whole("89233000501"))
        assert line.answer().status == 200
        time.sleep(DEADLINE_S + 1.2)
        line.send(whole("89233000502"))
        assert line.answer().status == 200


def test_200_silent_connections_do_not_stop_the_next_client(here: World) -> None:
    starts = [b"", b"POST /ws/Telephony HTTP/1.1\r\nHost: x\r\n", soap("Content-Length: 9"), b"\r\n"]
    idle = [socket.create_connection(("127.0.0.1", here.bridge.port), 5) for _ in range(200)]
    try:
        for n, one in enumerate(idle):
            one.sendall(starts[n % 4])
        began = time.monotonic()
        for n in range(5):
            assert ask(here.bridge.port, whole(f"8923300060{n}")).status == 200
        assert time.monotonic() - began < 2
    finally:
        for one in idle:
            one.close()


def test_a_refused_client_that_never_stops_sending_is_cut(here: World) -> None:
    began = time.monotonic()
    usual, guard.LINGER_S = guard.LINGER_S, 0.3
    try:
        with Line(here.bridge.port, timeout_s=5) as line:
            line.send(soap("Content-Length: 999999999"))
            refused(line.answer(), 413)
            with suppress(OSError):
                while time.monotonic() - began < 5:
                    line.send(b"x" * 1000)
                    time.sleep(0.01)
    finally:
        guard.LINGER_S = usual
    assert time.monotonic() - began < 3


PATHS = {  # target -> status; 200 is SOAP, 404 is nobody's
    "/ws/Telephony/": 200,
    "//ws/Telephony": 200,  # leading slashes are one, as everywhere
    "/ws/Telephony#x": 200,
    "http://evil.example/ws/Telephony": 200,
    "/ws//Telephony": 404,
    "/ws/telephony": 404,
    "/ws/./Telephony": 404,
    "/hooks/../ws/Telephony": 404,
    "/hooks/%2e%2e/ws/Telephony": 404,
    "/ws/%2e%2e/ws/Telephony": 404,
    "/ws/..%2fws%2fTelephony": 404,
    "/ws/Telephony%00": 404,
    "/ws/Telephony%00.html": 404,
    "/ws/Telephony%0d%0aX:1": 404,
    "/ws/Telephony;x=1": 404,
    "/ws/Telephony%20": 404,
    "/ws/%ff%fe": 404,
    "/ws/Telephony/%c0%af": 404,
    "/ws/Teleph%6Fny": 200,
    "/ws\\Telephony": 404,
    "/../../etc/passwd": 404,
    "/..%5c..%5cwindows%5cwin.ini": 404,
    "/ws/" + "a" * 12_000: 404,
    "/ws/" + "%41" * 4_000: 404,
    "/" + "/" * 12_000: 404,
    "/ws/Telephony?" + "a" * 4_097: 414,
    "*": 404,
    "ws/Telephony": 404,
}


@pytest.mark.parametrize(("target", "status"), PATHS.items(), ids=[target[:40] for target in PATHS])
def test_a_path_is_taken_as_written_and_leads_to_one_place_only(
    here: World, target: str, status: int
) -> None:
    number = f"892331{list(PATHS).index(target):05}"
    body = envelope(call(number=number)).encode()
    answer = ask(here.bridge.port, soap(f"Content-Length: {len(body)}", body=body, target=target))
    assert answer.status == status
    assert (number in dialled(here)) is (status == 200)
    soapy = status != 404
    assert answer.headers["content-type"] == ("text/xml" if soapy else "text/plain") + "; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


# --- hooks ----------------------------------------------------------------------------------------


def hook(
    method: str, target: str, body: bytes = b"", media: str = "application/json", more: str = ""
) -> bytes:
    about = f"Content-Type: {media}\r\nContent-Length: {len(body)}\r\n{more}"
    return f"{method} {target} HTTP/1.1\r\nHost: x\r\n{about}\r\n".encode("latin-1") + body


EVENT = b'{"uuid": "u-%s", "state": "START", "from": "89235292926", "to": "101", "time": 1700000000}'
STRANGERS = {
    "wrong-secret": f"/hooks/main/{HOOK_SECRET[:-1]}x",
    "secret-and-more": f"/hooks/main/{HOOK_SECRET}x",
    "secret-upper": f"/hooks/main/{HOOK_SECRET.upper()}",
    "no-secret": "/hooks/main/",
    "only-name": "/hooks/main",
    "dash": "/hooks/nobody/-",
    "unknown-exchange": f"/hooks/nobody/{HOOK_SECRET}",
    "empty-name": f"/hooks//{HOOK_SECRET}",
    "name-case": f"/hooks/Main/{HOOK_SECRET}",
    "dots": f"/hooks/../hooks/main/{HOOK_SECRET}",
    "nul": f"/hooks/main/{HOOK_SECRET}%00",
    "bytes": "/hooks/main/%ff%fe",
    "cyrillic": "/hooks/main/%D0%96",
    "long": "/hooks/main/" + "a" * 12_000,
    "not-a-hook": "/nothing",
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "HEAD", "OPTIONS"])
@pytest.mark.parametrize("target", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_hook_without_its_secret_is_a_page_that_does_not_exist(
    here: World, target: str, method: str
) -> None:
    answer = ask(here.bridge.port, hook(method, target, EVENT % b"x"), head=method == "HEAD")
    nothing = ask(here.bridge.port, hook(method, "/hooks/no/no"), head=method == "HEAD")
    assert (answer.status, answer.body) == (nothing.status, nothing.body)
    assert answer.status == 404
    told = [name for name in answer.headers if name != "date"]
    assert told == [name for name in nothing.headers if name != "date"]


@pytest.mark.parametrize("method", ["PUT", "HEAD", "DELETE", "OPTIONS", "TRACE", "PATCH"])
def test_a_hook_is_only_asked_by_get_and_post(here: World, method: str) -> None:
    answer = ask(here.bridge.port, hook(method, HOOK, EVENT % b"x"), head=method == "HEAD")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, POST"


GOOD_HOOKS = {
    "get": hook("GET", f"{HOOK}?key={ANNA.key}&number=89235292926"),
    "get-slash": hook("GET", f"{HOOK}/?key={ANNA.key}&number=89235292927"),
    "post-query": hook("POST", f"{HOOK}?key={ANNA.key}&number=89235292928"),
    "post-form": hook(
        "POST", HOOK, f"key={ANNA.key}&number=89235292929".encode(), "application/x-www-form-urlencoded"
    ),
    "post-json": hook("POST", HOOK, EVENT % b"json"),
    "post-json-as-form": hook("POST", HOOK, EVENT % b"form", "application/x-www-form-urlencoded"),
    "post-json-no-type": hook("POST", HOOK, EVENT % b"none", ""),
    "post-chunked": f"POST {HOOK} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(EVENT % b"chunks"), EVENT % b"chunks"),
    "cyrillic-percent": hook("GET", f"{HOOK}?key=%D0%96&number=89235292930"),
    "http-1.0": hook("GET", f"{HOOK}?key={ANNA.key}&number=89235292931").replace(b"HTTP/1.1", b"HTTP/1.0"),
}


@pytest.mark.parametrize("request_", GOOD_HOOKS.values(), ids=GOOD_HOOKS.keys())
def test_a_hook_in_any_form_the_exchange_may_send_is_taken(here: World, request_: bytes) -> None:
    answer = ask(here.bridge.port, request_)
    assert (answer.status, answer.text) == (200, "ok")


BAD_HOOKS = {  # (request, status, a word of the answer)
    "repeated": (hook("GET", f"{HOOK}?key=canary&key=2&number=1"), 400, "повторён"),
    "repeated-case": (hook("GET", f"{HOOK}?key=canary&KEY=2&number=1"), 400, "повторён"),
    "repeated-other": (hook("GET", f"{HOOK}?key=canary&number=1&x=1&x=2"), 400, "повторён"),
    "repeated-escaped": (hook("GET", f"{HOOK}?key=canary&%6bey=2"), 400, "повторён"),
    "repeated-json": (hook("POST", HOOK, b'{"uuid":"canary","uuid":"2","state":"END"}'), 400, "повторено"),
    "repeated-form": (
        hook("POST", HOOK, b"key=canary&key=2", "application/x-www-form-urlencoded"),
        400,
        "повторён",
    ),
    "nothing": (hook("GET", HOOK), 400, "key"),
    "semicolons": (hook("GET", f"{HOOK}?canary;number=1"), 400, "key"),
    "template": (hook("GET", f"{HOOK}?key={{KEY}}&number={{NUMBER}}"), 400, "шаблон"),
    "not-json": (hook("POST", HOOK, b'{"canary": '), 400, "JSON"),
    "list": (hook("POST", HOOK, b'["canary"]'), 400, "список"),
    "deep": (hook("POST", HOOK, b'{"uuid":' + b"[" * 30_000 + b"]" * 30_000 + b"}"), 400, "JSON"),
    "nan": (hook("POST", HOOK, b'{"uuid":"canary","state":"END","time":NaN}'), 400, "JSON"),
    "long-number": (hook("POST", HOOK, b'{"uuid":' + b"9" * 5_000 + b',"state":"END"}'), 400, "число"),
    "long-field": (hook("POST", HOOK, b'{"uuid":"' + b"c" * 200 + b'","state":"END"}'), 400, "длиннее"),
    "many-digits": (hook("GET", f"{HOOK}?key=canary&number={'9' * 100}"), 400, "цифр"),
    "garbage": (hook("POST", HOOK, bytes(range(128, 256)) * 10), 400, "key"),
    "oversize": (hook("POST", HOOK, b"canary" * 12_000), 413, ""),
    "gzip": (hook("POST", HOOK, b"\x1f\x8bcanary", more="Content-Encoding: gzip\r\n"), 415, ""),
    "long-query": (hook("GET", f"{HOOK}?key=canary&number={'1' * 5_000}"), 414, ""),
}


@pytest.mark.parametrize(("request_", "status", "says"), BAD_HOOKS.values(), ids=BAD_HOOKS.keys())
def test_a_hook_that_holds_no_event_is_told_so_without_repeating_it(
    here: World, request_: bytes, status: int, says: str
) -> None:
    answer = ask(here.bridge.port, request_)
    assert answer.status == status
    assert says in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for word in ("canary", HOOK_SECRET, ANNA.key, "Traceback", "999", "<"):
        assert word not in answer.text


def test_a_hook_body_is_taken_up_to_64_kib(here: World) -> None:
    event = EVENT[:-1] % b"big" + b', "note": "' + b"n" * 60_000 + b'"}'
    assert ask(here.bridge.port, hook("POST", HOOK, event)).status == 200
    many = hook("POST", HOOK, b"x" * 2_000_000)
    refused(ask(here.bridge.port, many), 413)


def test_requests_of_the_soap_list_are_not_hooks(here: World) -> None:
    odd = Odd(name="soap-at-hook", body=envelope(call(number="89233000901")), target=HOOK)
    assert ask(here.bridge.port, odd.request()).status == 400
    assert "89233000901" not in dialled(here)
