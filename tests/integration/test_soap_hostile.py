"""Everything hostile or odd that can be POSTed to the SOAP entrance, against a real bridge."""

import base64
import io
import logging
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
import structlog

from bridge import observe
from bridge.core.numbers import same_digits
from bridge.web.auth import token_hash
from support.hostile import (
    ALL,
    ASK,
    AT_1C,
    CYRILLIC,
    DATES,
    GOOD,
    MEDIA,
    NS,
    NUMBERS,
    RING,
    SOAP11,
    SOAP12,
    Door,
    Odd,
    call,
    envelope,
    shapes,
    values,
)
from support.rawclient import Line, RawAnswer, ask
from support.rawserver import RawServer
from support.world import ANNA, LOGIN, PASSWORD, World, world

SECRET_FILE = "canary-of-a-file-nobody-may-read"
RUSSIAN_LOGIN, RUSSIAN_PASSWORD = "бухгалтер", "пароль-для-телефонии"
CPU_S = 2.0
# what the two services of 1C do alike is seen once here, and at both by tests/hostile
IN_DEPTH = [(door, odd) for door, odd in AT_1C if door is RING or odd in (*values(), *shapes())]
NEVER = (
    "<html",
    "waitress",
    "Traceback",
    'File "',
    SECRET_FILE,
    "spyne",
    "lxml",
    "expat",
    ANNA.key,
    PASSWORD,
)


class Log:
    """What the bridge logs through here; it gives what makes the line."""

    def __init__(self, stream: io.StringIO) -> None:
        self._stream = stream

    def msg(self, made: Callable[[], str]) -> None:
        self._stream.write(made() + "\n")

    debug = info = warning = error = critical = msg


@pytest.fixture(scope="module")
def said() -> Iterator[io.StringIO]:
    """All that the bridge logs, as in production; nothing is hidden by name, so call sites must behave."""
    stream = io.StringIO()
    handlers, level = logging.root.handlers[:], logging.root.level
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(observe, "hide", lambda *_: None)
        observe.configure(json_lines=True)
        structlog.configure(logger_factory=lambda *_: Log(stream))
        logging.root.handlers[:] = [logging.StreamHandler(stream)]  # the libraries, unscrubbed
        yield stream
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        structlog.reset_defaults()


@pytest.fixture(scope="module")
def trap() -> Iterator[RawServer]:
    with RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        yield server


@pytest.fixture(scope="module")
def here(said: io.StringIO, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    infobases = {
        LOGIN: {
            "exchange": "main",
            "token_hashes": [token_hash(PASSWORD)],
            "user": LOGIN,  # the exchange knows it as the user of 1C
            "password": PASSWORD,
        },
        "open": {"exchange": "main"},  # was given no token yet
        "rus": {
            "exchange": "main",
            "login": RUSSIAN_LOGIN,
            "token_hashes": [token_hash(RUSSIAN_PASSWORD)],
        },
    }
    with world(tmp_path_factory.mktemp("hostile"), infobases=lambda _: infobases) as made:
        made.exchange.hook_url = ""
        yield made


@pytest.fixture(scope="module")
def places(trap: RawServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    secret = tmp_path_factory.mktemp("secret") / "passwd"
    secret.write_text(SECRET_FILE)
    return {"FILE": secret.as_posix(), "TRAP": trap.url}


def number_of(odd: Odd) -> str:
    """A mobile number of the request's own, so that no two requests are one double click."""
    return f"8923{2_000_000 + ALL.index(odd):07}"


def send(here: World, odd: Odd, places: dict[str, str]) -> RawAnswer:
    number = number_of(odd)
    return ask(here.bridge.port, odd.request(N=number, N1=number[1:], **places))


def parse(answer: RawAnswer, version: str) -> ElementTree.Element:
    """The only child of the Body of a well-formed answer in that version of SOAP."""
    for word in NEVER:
        assert word not in answer.text
    assert answer.headers["content-type"].replace(" ", "") == f"{MEDIA[version]};charset=utf-8"
    root = ElementTree.fromstring(answer.body)
    assert root.tag == f"{{{version}}}Envelope"
    (body,) = root
    assert body.tag == f"{{{version}}}Body"
    (child,) = body
    return child


def fault_of(answer: RawAnswer, version: str) -> tuple[str, str]:
    """Code and text of a Fault."""
    fault = parse(answer, version)
    assert fault.tag == f"{{{version}}}Fault"
    s = {"s": version}
    code = fault.findtext("faultcode") if version == SOAP11 else fault.findtext("s:Code/s:Value", "", s)
    text = fault.findtext("faultstring") if version == SOAP11 else fault.findtext("s:Reason/s:Text", "", s)
    assert code
    assert text
    assert re.search("[а-яё]{4}", text)
    return code.partition(":")[2], text


def check(odd: Odd, answer: RawAnswer) -> None:
    """The answer is the one that this request must get."""
    version = odd.answer_version
    assert answer.status == odd.expected_status, answer.text
    if odd.faulty:
        check_fault(odd, answer)
    else:
        result = parse(answer, version).findtext(f".//{{{NS}}}Result")
        assert result == ("SUCCESS" if odd.dials else "FAIL"), answer.text


def check_fault(odd: Odd, answer: RawAnswer) -> None:
    version = odd.answer_version
    code, text = fault_of(answer, version)
    assert odd.says in text
    assert code == (odd.code or ("Client" if version == SOAP11 else "Sender"))
    if answer.status == 401:
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
    if answer.status == 405:
        assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("odd", ALL, ids=str)
def test_an_odd_request_gets_its_soap_answer_and_dials_only_what_it_says(
    odd: Odd, here: World, places: dict[str, str]
) -> None:
    before, cpu = len(here.exchange.dials), time.process_time()
    answer = send(here, odd, places)
    assert time.process_time() - cpu < CPU_S
    check(odd, answer)
    dialled = [(dial.key, dial.number) for dial in here.exchange.dials[before:]]
    assert dialled == ([(ANNA.key, number_of(odd))] if odd.dials else [])


@pytest.mark.parametrize(("door", "odd"), IN_DEPTH, ids=str)
def test_the_services_of_1c_give_the_same_answers_and_take_only_what_is_a_ring(
    door: Door, odd: Odd, here: World, places: dict[str, str]
) -> None:
    number, before, cpu = number_of(odd), newest(here), time.process_time()
    asked = odd.at(door)
    answer = ask(here.bridge.port, asked.request(N=number, N1=number[1:], **places))
    assert time.process_time() - cpu < CPU_S
    taken = here.archive().events(limit=newest(here) - before)
    assert len(taken) <= 1
    if asked.faulty:
        assert answer.status == asked.expected_status, answer.text
        check_fault(asked, answer)
        assert taken == []
    elif door is RING and not asked.dials and answer.status != 200:
        fault_of(answer, asked.answer_version)  # a number or a key that the hook would refuse
        assert taken == []
    else:
        assert answer.status == 200, answer.text
        value = parse(answer, asked.answer_version).findtext("*") or ""
        assert (value == "1", value.startswith("<?xml")) == (door is RING, door is ASK)
        assert len(taken) == (door is RING)
    if taken and asked.dials:
        ((_, stored),) = taken
        assert same_digits(stored.event.from_number) == number[1:]
        said = str(odd.body)
        key = CYRILLIC if CYRILLIC in said else ANNA.key if ANNA.key in said else ANNA.extension
        assert stored.event.user_key == key


def newest(here: World) -> int:
    """The number of the newest event; 0 when there is none."""
    return max((stored.id for _, stored in here.archive().events(limit=1)), default=0)


def test_every_request_of_the_list_is_there_once() -> None:
    names = [str(odd) for odd in ALL]
    assert len(set(names)) == len(names)


FLOODS = {
    "text-1900000": 1_900_000,
    "body-70000": 70_000,
    "body-2000000": 2_000_000,
    "body-50000000": 50_000_000,
}


def flood(port: int, size: int, version: str, *, chunked: bool, target: str = "/ws/Telephony") -> RawAnswer:
    """A request that goes on and on; its client looks for the answer when it has sent all."""
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {MEDIA[version]}\r\n{length}\r\n"
    head += f"Authorization: {GOOD['Authorization']}\r\n\r\n"
    start = envelope(call(number="9"), version).partition("9<")[0].encode()
    piece = b"9" * 50_000
    with Line(port) as line:
        line.send(head.encode())
        line.send((b"%x\r\n%s\r\n" % (len(start), start)) if chunked else start)
        left = size - len(start)
        while left > 0:
            part = piece[:left]
            line.send((b"%x\r\n%s\r\n" % (len(part), part)) if chunked else part)
            left -= len(part)
        if chunked:
            line.send(b"0\r\n\r\n")
        return line.answer()


@pytest.mark.parametrize("target", ["/ws/Telephony", RING.target, ASK.target])
@pytest.mark.parametrize("chunked", [False, True], ids=["content-length", "chunked"])
@pytest.mark.parametrize("version", [SOAP11, SOAP12], ids=["1.1", "1.2"])
@pytest.mark.parametrize("size", FLOODS.values(), ids=FLOODS.keys())
def test_a_body_without_measure_gets_413_as_a_fault_that_arrives(
    here: World, size: int, version: str, target: str, *, chunked: bool
) -> None:
    before, cpu = len(here.exchange.dials), time.process_time()
    answer = flood(here.bridge.port, size, version, chunked=chunked, target=target)
    assert answer.status == 413
    fault_of(answer, version)
    assert time.process_time() - cpu < CPU_S
    assert len(here.exchange.dials) == before


@pytest.mark.parametrize(("text", "fine"), DATES.items(), ids=[ascii(text)[:30] for text in DATES])
def test_a_date_is_read_as_1c_and_people_write_it_and_nothing_else_is_a_date(
    here: World, text: str, *, fine: bool
) -> None:
    inner = f'<GetCallJournal xmlns="{NS}"><Key>101</Key><Date>{text}</Date></GetCallJournal>'
    told = told_about(here, inner)
    assert ("Date должен быть датой" in told) is not fine


@pytest.mark.parametrize(("text", "fine"), NUMBERS.items(), ids=[ascii(text)[:30] for text in NUMBERS])
def test_a_whole_number_is_plain_digits_within_its_size(here: World, text: str, *, fine: bool) -> None:
    inner = (
        f'<PollEvents xmlns="{NS}"><Key/><AfterId>{text}</AfterId><WaitSeconds>0</WaitSeconds></PollEvents>'
    )
    told = told_about(here, inner)
    assert ("AfterId должен быть целым числом" in told) is not fine


def told_about(here: World, inner: str) -> str:
    """The text of the Fault, "" when there is none."""
    answer = ask(here.bridge.port, Odd(name="typed", body=envelope(inner)).request())
    child = parse(answer, SOAP11)
    return child.findtext("faultstring") or ""


def test_an_infobase_without_a_token_lets_nobody_in_not_even_with_an_empty_password(here: World) -> None:
    for token in ("", "sha256:", PASSWORD):
        proof = "Basic " + base64.b64encode(f"open:{token}".encode()).decode()
        odd = Odd(name="no-token", body=envelope(call()), headers={"Authorization": proof})
        answer = ask(here.bridge.port, odd.request(N="89231999999"))
        assert answer.status == 401
    assert "89231999999" not in [dial.number for dial in here.exchange.dials]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_russian_login_and_password_are_known_in_the_encodings_that_1c_sends(
    here: World, encoding: str
) -> None:
    for password, status in ((RUSSIAN_PASSWORD, 200), (RUSSIAN_PASSWORD.upper(), 401)):
        proof = base64.b64encode(f"{RUSSIAN_LOGIN}:{password}".encode(encoding)).decode()
        ping = envelope(f'<Ping xmlns="{NS}"/>')
        odd = Odd(name="russian", body=ping, headers={"Authorization": f"Basic {proof}"})
        assert ask(here.bridge.port, odd.request()).status == status


@pytest.mark.parametrize("odd", [odd for odd in ALL if odd.says == "DTD"], ids=str)
def test_the_russian_service_refuses_a_dtd_as_well(here: World, odd: Odd, places: dict[str, str]) -> None:
    check(odd, ask(here.bridge.port, replace(odd, target="/ws/TelephonyRu").request(N="1", **places)))


@pytest.mark.parametrize("target", ["/ws/Telephony", "/ws/Telephony?wsdl", "/ws/Telephony/?WSDL=1"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_wsdl_names_our_address_whatever_host_is_asked(here: World, method: str, target: str) -> None:
    request = f"{method} {target} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\r\n"
    answer = ask(here.bridge.port, request.encode(), head=method == "HEAD")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    if method == "GET":
        assert f'location="{here.url}/ws/Telephony"' in answer.text
        assert "evil" not in answer.text


def test_nobody_was_contacted_and_no_log_line_holds_a_secret_or_a_number(
    here: World, said: io.StringIO, trap: RawServer, places: dict[str, str]
) -> None:
    """Runs last: looks at what all the requests above left behind."""
    for odd in ALL[::7]:
        send(here, odd, places)
    assert trap.requests == []
    lines = said.getvalue()
    assert "soap_refused" in lines
    assert '"dial"' in lines
    for word in (ANNA.key, PASSWORD, SECRET_FILE, "Traceback", "incident", *GOOD.values()):
        assert word not in lines
    assert not re.search(r"8923[2-9]\d{6}|923[2-9]\d{6}", lines)
