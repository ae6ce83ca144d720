"""HTTP as nobody should send it, on raw sockets against a real bridge."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from bridge.web import guard
from support.hostile import GOOD, SOAP11, SOAP12, Odd, call, envelope
from support.hostile_http import (
    AUTH,
    BAD_HOOKS,
    EVENT,
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
from support.rawclient import Line, RawAnswer, ask
from support.world import ANNA, HOOK_SECRET, World, world

DEADLINE_S = 0.5
NOTICED_S = 2.5  # a deadline is looked at once a second


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


def refused(answer: RawAnswer, status: int) -> None:
    """A refusal of the HTTP layer in the client's language, that repeats nothing and ends the connection."""
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert answer.text.count("Запрос HTTP не принят") == 1
    for word in ("waitress", "generated", "Traceback", "<html", "canary", GOOD["Authorization"]):
        assert word not in answer.text
    assert "server" not in answer.headers


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


def test_who_expects_100_continue_and_has_no_body_is_answered_at_once(here: World) -> None:
    with Line(here.bridge.port) as line:
        for length in ("", "Content-Length: 0\r\n"):
            line.send(f"GET /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n{length}\r\n".encode())
            assert line.answer().status == 200


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


@pytest.mark.parametrize("request_", GOOD_HOOKS.values(), ids=GOOD_HOOKS.keys())
def test_a_hook_in_any_form_the_exchange_may_send_is_taken(here: World, request_: bytes) -> None:
    answer = ask(here.bridge.port, request_)
    assert (answer.status, answer.text) == (200, "ok")


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
