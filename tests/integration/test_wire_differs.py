"""The lean client and the one by `requests` that it replaced: of every answer they must think the same."""

import gzip
import re
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bridge.wire import Answer, Wire, WireError
from bridge.wire.address import BadAddress, taken_apart
from support.rawserver import RawServer, closed_port_url
from support.requests_wire import RequestsWire

LIMIT = 1000
BOMB = gzip.compress(bytes(100_000))
CHUNKED = "Transfer-Encoding: chunked"


def answer(*headers: str, body: bytes = b"", status: str = "HTTP/1.1 200 OK") -> bytes:
    return "\r\n".join([status, *headers, "", ""]).encode("latin-1") + body


ANSWERS = {
    "plain": answer("Content-Length: 2", "Content-Type: text/xml; charset=utf-8", body=b"ok"),
    "empty": answer("Content-Length: 0"),
    "until-close": answer(body=b"all of it"),
    "http-1.0": answer("Content-Length: 2", body=b"ok", status="HTTP/1.0 200 OK"),
    "http-1.0-kept": answer(
        "Content-Length: 2", "Connection: keep-alive", body=b"ok", status="HTTP/1.0 200 OK"
    ),
    "http-1.2": answer("Content-Length: 2", body=b"ok", status="HTTP/1.2 200 OK"),
    "http-2.0": answer("Content-Length: 2", body=b"ok", status="HTTP/2.0 200 OK"),
    "no-reason": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 200"),
    "cyrillic-reason": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 200 \xd0\x94\xd0\xb0"),
    "status-99": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 99 OK"),
    "status-1000": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 1000 OK"),
    "status-600": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 600 OK"),
    "status-word": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 two OK"),
    "no-http": b"220 mail.example ESMTP\r\n\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x50",
    "zeros": bytes(500),
    "nothing": b"",
    "half-line": b"HTTP/1.",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "bare-lf": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "mixed-lf": b"HTTP/1.1 200 OK\r\nX: 1\nContent-Length: 2\r\n\r\nok",
    "folded": answer("X: a", " b", "Content-Length: 2", body=b"ok"),
    "folded-tab": answer("Content-Length: 2", "X: a", "\tb", body=b"ok"),
    "no-colon": answer("nothing", "Content-Length: 2", body=b"ok"),
    "no-name": answer(": nothing", "Content-Length: 2", body=b"ok"),
    "space-in-name": answer("X Y: 1", "Content-Length: 2", body=b"ok"),
    "space-before-colon": answer("Content-Length : 2", body=b"ok"),
    "nul-in-value": answer("X: a\0b", "Content-Length: 2", body=b"ok"),
    "escape-in-value": answer("X: a\x1b[2J", "Content-Length: 2", body=b"ok"),
    "cyrillic-value": answer("X: \xd0\x96", "Content-Length: 2", body=b"ok"),
    "tab-value": answer("X:\ta\tb\t", "Content-Length:\t2", body=b"ok"),
    "spaces-value": answer("X:   a   ", "Content-Length:  2", body=b"ok"),
    "twice": answer("Set-Cookie: a=1", "set-cookie: ibsession=2", "Content-Length: 2", body=b"ok"),
    "100-headers": answer(*(f"X-{n}: {n}" for n in range(99)), "Content-Length: 2", body=b"ok"),
    "101-headers": answer(*(f"X-{n}: {n}" for n in range(100)), "Content-Length: 2", body=b"ok"),
    "long-header": answer(f"X: {'a' * 65_000}", "Content-Length: 2", body=b"ok"),
    "longer-header": answer(f"X: {'a' * 70_000}", "Content-Length: 2", body=b"ok"),
    "long-head": answer(*(f"X-{n}: {'a' * 5000}" for n in range(40)), "Content-Length: 2", body=b"ok"),
    "long-line": b"HTTP/1.1 200 " + b"a" * 70_000 + b"\r\n\r\n",
    "two-lengths": answer("Content-Length: 2", "Content-Length: 2", body=b"ok"),
    "two-lengths-differ": answer("Content-Length: 2", "Content-Length: 5", body=b"ok567"),
    "length-plus": answer("Content-Length: +2", body=b"ok"),
    "length-minus": answer("Content-Length: -2", body=b"ok"),
    "length-hex": answer("Content-Length: 0x2", body=b"ok"),
    "length-empty": answer("Content-Length:", body=b"ok"),
    "length-space": answer("Content-Length: 2 ", body=b"ok"),
    "length-superscript": answer("Content-Length: \xb2", body=b"ok"),
    "length-underscore": answer("Content-Length: 0_2", body=b"ok"),
    "length-huge": answer("Content-Length: 99999999999999999999", body=b"ok"),
    "cut": answer("Content-Length: 500", body=b"half"),
    "cut-after-head": answer("Content-Length: 500"),
    "long": answer("Content-Length: 1001", body=b"x" * 1001),
    "just": answer("Content-Length: 1000", body=b"x" * 1000),
    "more-than-told": answer("Content-Length: 2", body=b"ok and another answer"),
    "long-until-close": answer(body=b"x" * 1001),
    "just-until-close": answer(body=b"x" * 1000),
    "chunks": answer(CHUNKED, body=b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
    "chunks-upper": answer("TRANSFER-ENCODING: CHUNKED", body=b"3\r\nabc\r\n0\r\n\r\n"),
    "chunks-extension": answer(CHUNKED, body=b"3;a=b\r\nabc\r\n0\r\n\r\n"),
    "chunks-trailer": answer(CHUNKED, body=b"3\r\nabc\r\n0\r\nX: 1\r\n\r\n"),
    "chunks-and-length": answer(CHUNKED, "Content-Length: 3", body=b"3\r\nabc\r\n0\r\n\r\n"),
    "chunks-and-longer-length": answer(CHUNKED, "Content-Length: 30", body=b"3\r\nabc\r\n0\r\n\r\n"),
    "chunks-in-gzip": answer("Transfer-Encoding: gzip, chunked", body=b"3\r\nabc\r\n0\r\n\r\n"),
    "chunks-cut": answer(CHUNKED, body=b"3\r\nab"),
    "chunks-without-end": answer(CHUNKED, body=b"3\r\nabc\r\n"),
    "chunks-words": answer(CHUNKED, body=b"three\r\nabc\r\n0\r\n\r\n"),
    "chunks-minus": answer(CHUNKED, body=b"-3\r\nabc\r\n0\r\n\r\n"),
    "chunks-huge": answer(CHUNKED, body=b"ffffffffff\r\nabc"),
    "chunks-long": answer(CHUNKED, body=b"3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n"),
    "bomb": answer("Content-Encoding: gzip", f"Content-Length: {len(BOMB)}", body=BOMB),
    "bomb-in-chunks": answer(
        "Content-Encoding: gzip", CHUNKED, body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(BOMB), BOMB)
    ),
    "redirect": answer("Location: http://127.0.0.1:9/", "Content-Length: 0", status="HTTP/1.1 302 Found"),
    "redirect-in-bytes": answer("Location: /\xd0\x96", "Content-Length: 0", status="HTTP/1.1 301 Moved"),
    "204": answer(status="HTTP/1.1 204 No Content"),
    "204-with-length": answer("Content-Length: 2", body=b"ok", status="HTTP/1.1 204 No Content"),
    "304": answer("Content-Length: 2", status="HTTP/1.1 304 Not Modified"),
    "100-first": b"HTTP/1.1 100 Continue\r\n\r\n" + answer("Content-Length: 2", body=b"ok"),
    "103-first": b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer("Content-Length: 2", body=b"ok"),
    "401": answer("WWW-Authenticate: Basic", "Content-Length: 0", status="HTTP/1.1 401 No"),
    "500": answer("Content-Length: 5", body=b"fault", status="HTTP/1.1 500 Internal Server Error"),
}
REFUSED = (True, False)
# Of an answer that broke off the old one believed the beginning where the length was past counting
STRICTER = ("length-huge",)
Said = tuple[int, dict[str, str], bytes] | tuple[bool, bool]


def said(ask: Callable[[], Answer]) -> Said:
    try:
        told = ask()
    except WireError as error:
        return error.sent, error.timeout
    return told.status, {name.lower(): value for name, value in told.headers.items()}, told.body


def unfolded(told: Said) -> Said:
    """The old one left a line break in the value of a header that begins with one."""
    if len(told) == 2:
        return told
    status, headers, body = told
    return status, {name: re.sub(r"[\r\n]+[ \t]*", " ", value) for name, value in headers.items()}, body


def both(peer: RawServer) -> tuple[Said, Said]:
    with (
        peer,
        closing(Wire(total_s=1.0, max_bytes=LIMIT)) as lean,
        closing(RequestsWire(total_s=1.0, max_bytes=LIMIT)) as old,
    ):
        return said(lambda: lean.get(peer.url)), said(lambda: old.get(peer.url))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_is_the_same_to_both(name: str) -> None:
    lean, old = both(RawServer(ANSWERS[name]))
    assert lean == (REFUSED if name in STRICTER else old)


@pytest.mark.parametrize("name", ["plain", "until-close", "chunks", "cut", "bare-lf", "nothing"])
def test_a_reset_is_the_same_to_both(name: str) -> None:
    lean, old = both(RawServer(ANSWERS[name], reset=True))
    assert lean == old


@pytest.mark.parametrize("name", ["plain", "chunks", "100-first", "folded", "half-head", "nothing"])
def test_an_answer_byte_by_byte_is_the_same_to_both(name: str) -> None:
    whole = ANSWERS[name]
    lean, old = both(RawServer(whole, drip_s=0.001))
    assert lean == old


pieces = st.sampled_from(
    [
        *(b"HTTP/1.1 200 OK", b"HTTP/1.0 404 No", b"HTTP/1.1 100 Continue\r\n\r\n", b"\r\n\r\n", b"\r\n"),
        *(b"Content-Length: 3", b"Content-Length: ", b"Transfer-Encoding: chunked", b"Connection: close"),
        *(b"Connection: keep-alive", b"X: y", b"3\r\nabc\r\n0\r\n\r\n", b"abc", b"0", b"\n", b"\r", b":"),
        *(b" ", b"\t", b"\0", b"\xff"),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(pieces, max_size=12), st.booleans())
@example([b"Content-Length: ", b"\n", b" "], True)
def test_any_answer_is_the_same_to_both(parts: list[bytes], begun: bool) -> None:
    start = b"HTTP/1.1 200 OK\r\n" if begun else b""
    raw = start + b"".join(parts)
    lean, old = both(RawServer(raw))
    # of lengths that differ the old one took some, where one was no number
    assert lean == unfolded(old) or (lean == REFUSED and raw.count(b"Content-Length") > 1)


# --- what is sent --------------------------------------------------------------------------------
Client = Wire | RequestsWire
PATHS = [
    *("", "/", "/a/b?c=d&e=%D0%96", "?a=b", "/call/k%2Fey/89235292926", "/a b", "/база/ws/Телефония?wsdl"),
    *("/a/../b", "/./a", "/%7Euser/%41", "/%zz", "/a#part", "/a;b=c,d", "//a//b", "/a?b?c/d", "/a'(b)*!$"),
    *("/.hidden", "/a/..", "/a\\b", '/a"b<c>', "/[a]", "/{a}|b^`"),
]


@pytest.fixture
def clients() -> Iterator[tuple[Client, Client]]:
    with closing(Wire(reuse=False)) as lean, closing(RequestsWire(reuse=False)) as old:
        yield lean, old


@pytest.mark.parametrize("path", PATHS)
def test_a_request_goes_to_the_same_place(clients: tuple[Client, Client], path: str) -> None:
    with RawServer(ANSWERS["plain"]) as peer:
        for client in clients:
            client.get(f"{peer.url}{path}")
    lean, old = peer.requests
    assert lean.split(b"\r\n")[0] == old.split(b"\r\n")[0]
    assert sorted(lean.split(b"\r\n")) == sorted(old.split(b"\r\n"))


@pytest.mark.parametrize("body", [b"<a/>", b""])
def test_a_body_and_headers_go_the_same(clients: tuple[Client, Client], body: bytes) -> None:
    headers: dict[str, str | bytes] = {"Content-Type": "text/xml", "User-Agent": "x", "X": "Ж".encode()}
    with RawServer(ANSWERS["plain"]) as peer:
        for client in clients:
            client.post(f"{peer.url}/a", body, headers)
    # the body may come behind what this server reads
    lean, old = (sorted(request.partition(b"\r\n\r\n")[0].split(b"\r\n")) for request in peer.requests)
    assert lean == old


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://пример.испытание/", "xn--e1afmkfd.xn--80akhbyknj4f"),
        ("http://Example.RU:80/", "example.ru"),
        ("https://[::1]:8443/", "[::1]:8443"),
        ("http://user:secret@example.ru/", "example.ru"),
    ],
)
def test_unusual_servers_are_named_as_http_names_them(url: str, host: str) -> None:
    assert taken_apart(url)[0].authority == host


NOWHERE = (
    "",
    "x",
    "ftp://a/",
    "http://",
    "http://a:0/",
    "http://a:99999/",
    "http://[::1/",
    "http://a\r\nX: 1/",
)


@pytest.mark.parametrize("url", NOWHERE)
def test_what_is_no_address_is_called_so(url: str) -> None:
    with pytest.raises(BadAddress):
        taken_apart(url)
    with pytest.raises(WireError, match="неправильный адрес") as caught:
        Wire().get(url)
    assert not caught.value.sent


@pytest.mark.parametrize("value", ["a\r\nX: 1", "a\nb", "a\0b", "Ж"])
def test_a_header_that_would_be_two_never_leaves(value: str) -> None:
    with RawServer(ANSWERS["plain"]) as peer, pytest.raises(WireError) as caught:
        Wire().get(peer.url, {"X": value})
    assert not caught.value.sent
    assert peer.requests == []


def test_a_closed_port_is_the_same_to_both(clients: tuple[Client, Client]) -> None:
    url = closed_port_url()
    assert [said(lambda client=client: client.get(url)) for client in clients] == [(False, False)] * 2
