"""The exchange calls us by SOAP as if we were the firm's 1C: the same bytes, another address."""

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
import requests
from structlog.testing import capture_logs

from bridge.core.caller import NOBODY
from bridge.core.errors import BadSettings
from bridge.onec.saying import card_xml
from bridge.sim.onec_data import MANUAL_CLIENT
from bridge.wire import Wire
from support.hooks import call_events, post_all
from support.ports import free_port
from support.proxy import Proxy
from support.rawclient import RawAnswer, ask
from support.stand import slow
from support.world import ANNA, HOOK_SECRET, World, eventually, settings, world

WIRE = Path(__file__).parents[1] / "wire" / "mobilon"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
# The second curl of the manual sends it. In the first one two headers ran together into
# `U09BUDoxMjhe-Control: no-cache`, which is no base64 and nobody's password.
MANUAL_LOGIN = "Basic U09BUDoxMjM="
MISPRINT = "Basic U09BUDoxMjhe-Control: no-cache"
USER, PASSWORD = "SOAP", "123"
NUMBER = MANUAL_CLIENT.number

# The manual prints this answer with a space before «Фэйковый чиж» and calls the client without one elsewhere;
# a name has no outer blanks. Indents are the tabs and CRLF of 1C; inside `m:return` they are the text's own.
NAMED = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\r\n'
    "\t<soap:Body>\r\n"
    '\t\t<m:SayNameResponse xmlns:m="http://VATS">\r\n'
    '\t\t\t<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"\r\n'
    '\t\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">&lt;?xml version="1.0"?&gt;\n'
    "&lt;data&gt;\n"
    "    &lt;title&gt;Фэйковый чиж&lt;/title&gt;\n"
    "    &lt;category&gt;0&lt;/category&gt;\n"
    "    &lt;manager&gt;\n"
    "        &lt;phone&gt;244&lt;/phone&gt;\n"
    "    &lt;/manager&gt;\n"
    "&lt;/data&gt;\n"
    "</m:return>\r\n"
    "\t\t</m:SayNameResponse>\r\n"
    "\t</soap:Body>\r\n"
    "</soap:Envelope>"
).encode()
TAKEN = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\r\n'
    b"\t<soap:Body>\r\n"
    b'\t\t<m:IncomingCallResponse xmlns:m="http://VATS">\r\n'
    b'\t\t\t<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"\r\n'
    b'\t\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">1</m:return>\r\n'
    b"\t\t</m:IncomingCallResponse>\r\n"
    b"\t</soap:Body>\r\n"
    b"</soap:Envelope>"
)


def firm(folder: Path, contract: str = "vats", **changes: Any) -> Any:
    """A bridge whose only 1C has the services of the manual, called as user SOAP with password 123."""
    service = {"vats": "VATS", "vatscalls": "VATScalls"}[contract]

    def infobases(url: str) -> Mapping[str, Any]:
        one = {
            "exchange": "main",
            "contract": contract,
            "url": f"{url}/ws/{service}",
            "user": USER,
            "password": PASSWORD,
            "probe_s": 0.2,
            "timeout_s": 3,
        }
        return {"buh": one}

    return world(folder, infobases=infobases, **changes)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with firm(tmp_path_factory.mktemp("firm")) as made:
        made.exchange.hook_url = ""
        yield made


def recorded(name: str, **headers: str) -> bytes:
    """What curl sent, with some of its headers replaced."""
    request = (WIRE / f"as-onec-{name}.http").read_bytes()
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    for header, value in headers.items():
        lines = [f"{header}: {value}" if line.startswith(f"{header}: ") else line for line in lines]
    return "\r\n".join([*lines, "", ""]).encode() + body


def body_of(name: str) -> str:
    return (WIRE / f"as-onec-{name}.http").read_bytes().partition(b"\r\n\r\n")[2].decode()


def operation(name: str, namespace: str, **words: str) -> str:
    said = "".join(f"<{word}>{escape(value)}</{word}>" for word, value in words.items())
    return (
        f'<soap:Envelope xmlns:soap="{SOAP11}"><soap:Body><{name} xmlns="{namespace}">{said}</{name}>'
        "</soap:Body></soap:Envelope>"
    )


def basic(login: str, password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode(encoding)).decode()


def post(
    here: World, body: str, path: str = "/ws/VATS", *, login: str = MANUAL_LOGIN, **headers: str
) -> requests.Response:
    sent = {"Content-Type": "text/xml", "Authorization": login}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.post(f"{here.url}{path}", data=body.encode(), headers=sent, timeout=10)


def returned(answer: requests.Response) -> str:
    """The text of `return`; the answer is not a Fault."""
    assert answer.status_code == 200, answer.text
    (value,) = ElementTree.fromstring(answer.content)[0][0]
    assert value.tag.endswith("}return")
    return value.text or ""


def fault(answer: requests.Response, status: int = 500) -> tuple[str, str]:
    assert answer.status_code == status, answer.text
    found = ElementTree.fromstring(answer.content).find(f"{{{SOAP11}}}Body/{{{SOAP11}}}Fault")
    assert found is not None
    return found.findtext("faultcode", ""), found.findtext("faultstring", "")


def stored(here: World) -> list[Any]:
    """The events, the oldest first."""
    return sorted(
        {one.id: one for _, one in here.archive().events(limit=9_999)}.values(), key=lambda one: one.id
    )


def heard(here: World) -> list[Mapping[str, str]]:
    return [one.parameters for one in here.onec.received if one.operation in ("IncomingCall", "Event")]


# --- the two curls of the manual ------------------------------------------------------------------
def test_the_manuals_question_who_calls_is_answered_as_the_manual_shows(here: World) -> None:
    answer = ask(here.bridge.port, recorded("say-name"))
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert answer.body == NAMED


def test_the_manuals_ring_is_answered_as_the_manual_shows_and_told_to_1c(tmp_path: Path) -> None:
    with firm(tmp_path) as here:
        answer = ask(here.bridge.port, recorded("incoming-call"))
        assert (answer.status, answer.body) == (200, TAKEN)
        ring = {"NumFrom": NUMBER, "Key": ANNA.key}
        assert eventually(lambda: heard(here)) == [ring]


def test_the_misprinted_login_of_the_manual_is_nobody_and_is_told_so(here: World) -> None:
    before = len(stored(here))
    for name in ("say-name", "incoming-call"):
        answer = ask(here.bridge.port, recorded(name, Authorization=MISPRINT))
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        assert "<faultcode>soap:Client</faultcode>" in answer.text
        assert "Неверное имя или пароль: нужны имя ВАТС" in answer.text
    assert len(stored(here)) == before


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on this machine")
def test_the_manuals_curls_themselves_get_the_answers_of_the_manual(tmp_path: Path) -> None:
    with firm(tmp_path) as here:
        address = f"{here.url}/telephony/ws/VATS"
        media, login = "Content-Type: text/xml", f"Authorization: {MANUAL_LOGIN}"
        who = ["-X", "POST", "-H", media, "-H", login, "-d", body_of("say-name"), address]
        ring = ["-X", "POST", "-H", login, "-H", media, "-d", body_of("incoming-call"), address]
        assert curl(*who) == NAMED
        assert curl(*ring) == TAKEN
        assert eventually(lambda: heard(here)) == [{"NumFrom": NUMBER, "Key": ANNA.key}]


def curl(*arguments: str) -> bytes:
    done = subprocess.run(
        ["curl", "-s", "--noproxy", "*", *arguments], capture_output=True, timeout=30, check=True
    )
    return done.stdout


# --- what is said -------------------------------------------------------------------------------
def test_the_answers_are_the_bytes_that_1c_itself_gives(here: World) -> None:
    """The fake 1C writes its answers by a text of its own."""
    for name in ("say-name", "incoming-call"):
        theirs = requests.post(
            f"{here.onec_server.url}/telephony/ws/VATS", data=body_of(name).encode(), timeout=10
        )
        ours = ask(here.bridge.port, recorded(name))
        assert (ours.status, ours.body) == (200, theirs.content)
        assert ours.headers["content-type"] == theirs.headers["Content-Type"]


def test_soap_12_is_answered_in_soap_12(here: World) -> None:
    body = operation("SayName", "http://VATS", Number=NUMBER).replace(SOAP11, SOAP12)
    answer = post(here, body, Content_Type="application/soap+xml; charset=utf-8")
    assert answer.headers["Content-Type"] == "application/soap+xml; charset=utf-8"
    assert answer.text.startswith(f'<soap:Envelope xmlns:soap="{SOAP12}">\r\n\t<soap:Body>')
    assert "<title>Фэйковый чиж</title>" in returned(answer)


def test_curls_own_content_type_is_taken_as_1c_takes_it(here: World) -> None:
    answer = post(here, body_of("say-name"), Content_Type="application/x-www-form-urlencoded")
    assert answer.content == NAMED


@pytest.mark.parametrize("path", ["/ws/VATS", "/ws/VATScalls"])
def test_an_unknown_number_has_empty_fields(here: World, path: str) -> None:
    namespace = {"/ws/VATS": "http://VATS", "/ws/VATScalls": "http://VATSCalls"}[path]
    text = returned(post(here, operation("SayName", namespace, Number="89990000000"), path))
    card = ElementTree.fromstring(text)
    assert (card.tag, card.findtext("title"), card.findtext("manager/phone")) == ("data", "", "")
    assert text == card_xml(NOBODY)


def test_who_calls_is_known_by_the_taxpayers_number_too(tmp_path: Path) -> None:
    with firm(tmp_path, "vatscalls") as here:
        said = operation("SayNameByINN", "http://VATSCalls", INN=MANUAL_CLIENT.inn)
        card = ElementTree.fromstring(returned(post(here, said, "/ws/VATScalls")))
        assert (card.findtext("title"), card.findtext("manager/phone")) == (MANUAL_CLIENT.name, "244")


@pytest.mark.parametrize("path", ["/telephony/ws/ImportTasks", "/ws/VATS", "/ws/VATScalls"])
def test_the_question_of_2016_is_answered_in_its_own_words(here: World, path: str) -> None:
    """`number` in lower case, namespace `http://test`, a plain «Категория:Имя»; here without a category."""
    answer = post(here, operation("SayName", "http://test", number=NUMBER), path)
    assert returned(answer) == MANUAL_CLIENT.name
    assert '<m:SayNameResponse xmlns:m="http://test">' in answer.text
    assert returned(post(here, operation("SayName", "http://test", number="89990000000"), path)) == ""


def test_the_exchange_gets_its_answer_in_time_though_1c_is_slow(tmp_path: Path) -> None:
    with firm(tmp_path, exchange={"caller_s": 0.3}) as here:
        here.onec.set_mode("slow", seconds=5)
        answer = post(here, operation("SayName", "http://VATS", Number="89990000000"))
        assert "<title></title>" in returned(answer)
        assert answer.elapsed.total_seconds() < 3


# --- events ---------------------------------------------------------------------------------------
def test_an_event_is_told_to_1c_as_the_plain_hook_would_have_told_it(tmp_path: Path) -> None:
    first, *_ = call_events("call-1", ("START",), utmString='src=ya;cmp="бренд" & Ко')
    with firm(tmp_path, "vatscalls") as here:
        said = operation("Event", "http://VATSCalls", Data=json.dumps(first, ensure_ascii=False))
        assert returned(post(here, said, "/telephony/ws/VATScalls.1cws")) == "1"
        (told,) = eventually(lambda: heard(here))
        assert {**json.loads(told["Data"]), "bridgeEventId": 0} == {**first, "bridgeEventId": 0}


def test_an_exchange_that_tells_by_soap_and_by_the_hook_is_told_on_once(tmp_path: Path) -> None:
    events = call_events("call-1", ("START", "PREANSWER", "HANGUP"))
    with firm(tmp_path, "vatscalls") as here:
        for soap_is_first, event in zip((True, False, True), events, strict=True):
            said = operation("Event", "http://VATSCalls", Data=json.dumps(event, indent=1))
            for by_soap in (soap_is_first, not soap_is_first):
                if by_soap:
                    assert returned(post(here, said, "/ws/VATScalls")) == "1"
                else:
                    assert post_all(here.hook, [event]) == [200]
        states = [event["state"] for event in events]
        assert [one.event.state.value for one in stored(here)] == states
        assert [one.repeats for one in stored(here)] == [1, 1, 1]
        assert eventually(lambda: len(heard(here)) == 3)
        assert [json.loads(told["Data"])["state"] for told in heard(here)] == states


def test_a_ring_that_comes_by_soap_and_by_the_old_hook_is_one_card(tmp_path: Path) -> None:
    with firm(tmp_path) as here:
        assert requests.get(f"{here.hook}?key={ANNA.key}&number={NUMBER}", timeout=10).text == "ok"
        assert returned(post(here, body_of("incoming-call"))) == "1"
        one, other = stored(here)
        assert (one.merged_into, other.merged_into) == (None, one.id)
        assert one.event.raw == other.event.raw
        assert eventually(lambda: heard(here)) == [{"NumFrom": NUMBER, "Key": ANNA.key}]
        other_call = body_of("incoming-call").replace(NUMBER, "89235292927")
        assert returned(post(here, other_call)) == "1"
        assert eventually(lambda: len(heard(here)) == 2)


def test_a_hidden_caller_and_an_empty_key_are_still_a_call(here: World) -> None:
    before = len(stored(here))
    assert returned(post(here, operation("IncomingCall", "http://VATS", NumFrom="", Key=""))) == "1"
    assert len(stored(here)) == before + 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "не JSON"),
        ("hello", "не JSON"),
        ("[]", "не JSON"),
        (f"key={ANNA.key}&number=8999", "не JSON"),
        ('{"uuid": "u", "state": ', "не JSON"),
        ('{"a": 1}', "Нет параметра key"),
        ('{"uuid": "", "state": "START"}', "uuid или state"),
        ('{"uuid": "u", "uuid": "v", "state": "START"}', "повторено"),
        ("{" * 2000, "не JSON"),
        ('{"uuid": "u", "state": "START", "x": "' + "x" * 32_768 + '"}', "слишком длинный"),
    ],
    ids=["empty", "text", "list", "form", "cut", "other", "no-id", "twice", "deep", "long"],
)
def test_what_is_no_event_is_refused_in_russian_and_nothing_is_stored(
    here: World, data: str, said: str
) -> None:
    before = len(stored(here))
    code, text = fault(post(here, operation("Event", "http://VATSCalls", Data=data), "/ws/VATScalls"))
    assert code == "soap:Client"
    assert said in text
    assert len(stored(here)) == before


def test_an_event_may_be_far_longer_than_any_that_was_seen(here: World) -> None:
    event = {"uuid": "long", "state": "START", "from": NUMBER, "to": "101", "direction": "incoming"}
    event["comment"] = "x" * (32 * 1024 - len(json.dumps(event)) - 16)
    data = json.dumps(event, ensure_ascii=False)
    assert 32_000 < len(data) <= 32 * 1024
    assert returned(post(here, operation("Event", "http://VATSCalls", Data=data), "/ws/VATScalls")) == "1"
    assert stored(here)[-1].event.fields["comment"] == event["comment"]


def test_a_store_that_cannot_commit_is_a_failure_that_the_exchange_sees(tmp_path: Path) -> None:
    with firm(tmp_path) as here:
        with slow(here.database), capture_logs() as lines:
            code, text = fault(post(here, body_of("incoming-call")))
        assert (code, text) == ("soap:Server", "Мост сейчас не может сохранить событие: повторите")
        assert [line["exchange"] for line in lines if line["event"] == "hook_not_stored"] == ["main"]
        assert heard(here) == []
        assert figure(here, 'bridge_hooks_total{exchange="main",result="503"}') == 1
        assert returned(post(here, body_of("incoming-call"))) == "1"


# --- who may ------------------------------------------------------------------------------------
def two_exchanges(url: str) -> Mapping[str, Any]:
    def one(exchange: str, user: str, password: str) -> dict[str, Any]:
        return {"exchange": exchange, "contract": "none", "user": user, "password": password}

    return {
        "first": one("main", "Телефония", "пароль-1"),
        "second": one("main", "Телефония", "пароль-2"),
        "same": one("main", "Телефония", "пароль-1"),
        "other": one("branch", "Телефония", "пароль-3"),
        "both": one("main", "Общий", "общий-пароль"),
        "both2": one("branch", "Общий", "общий-пароль"),
        "nobody": one("main", "", "пароль-4"),
        "blank": one("main", "Пустой", ""),
    }


BRANCH_SECRET = "a-hook-secret-of-the-branch-01"
LOGINS = {  # login -> the exchange that it proves
    ("main", HOOK_SECRET): "main",
    ("branch", BRANCH_SECRET): "branch",
    ("Телефония", "пароль-1"): "main",
    ("Телефония", "пароль-2"): "main",
    ("Телефония", "пароль-3"): "branch",
    ("Общий", "общий-пароль"): "",
    ("main", BRANCH_SECRET): "",
    ("main", "пароль-1"): "",
    ("", "пароль-4"): "",
    ("Пустой", ""): "",
    ("", ""): "",
    ("main", ""): "",
    ("Телефония", "пароль-4"): "",
    ("first", "пароль-1"): "",
}


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_login_leads_to_its_own_exchange_or_nowhere(tmp_path: Path, encoding: str) -> None:
    branch = {"branch": {"hook_secret": BRANCH_SECRET}}
    with world(tmp_path, infobases=two_exchanges, exchanges=branch) as here:
        for number, ((login, password), exchange) in enumerate(LOGINS.items()):
            ring = operation("IncomingCall", "http://VATS", NumFrom=f"8916000{number:04}", Key="k")
            before = len(stored(here))
            answer = post(here, ring, login=basic(login, password, encoding))
            assert answer.status_code == (200 if exchange else 401), login
            assert [one.event.exchange for one in stored(here)[before:]] == [exchange][: bool(exchange)]


def test_no_login_and_odd_ones_are_nobody(here: World) -> None:
    before = len(stored(here))
    good = MANUAL_LOGIN.partition(" ")[2]
    for login in ("", "Basic", f"Bearer {good}", good, f"Basic {good} {good}", "Basic Og==", "Basic !!"):
        assert fault(post(here, body_of("incoming-call"), login=login), 401)[0] == "soap:Client"
    assert len(stored(here)) == before


# --- where ----------------------------------------------------------------------------------------
OURS = (
    "/ws/VATS",
    "/ws/VATS/",
    "/ws/VATS.1cws",
    "/telephony/ws/VATS",
    "/telephony/ws/VATS.1cws",
    "/telephony/ws/VATS?wsdl",
    "/Бухгалтерия 3.0/ws/VATS",
    "/ws/ws/VATS",
    "/telephony/ws/ImportTasks",
    "/ws/ImportTasks",
)
NOT_OURS = (
    "/VATS",
    "/ws/vats",
    "/ws/VATS.wsdl",
    "/ws/VATSX",
    "/ws/VATS/x",
    "/a/b/ws/VATS",
    "/telephony/ws/Telephony",
    "/telephony/ws/TelephonyRu",
    "/telephony/hooks/main",
    "/./ws/VATS",
    "/../ws/VATS",
    "/%00/ws/VATS",
    "/a%0d%0a/ws/VATS",
    "/hooks/ws/VATS",
    "/" + "a" * 65 + "/ws/VATS",
)


@pytest.mark.parametrize(
    ("path", "ours"), [*((one, True) for one in OURS), *((one, False) for one in NOT_OURS)]
)
def test_the_service_is_wherever_1c_would_have_published_it_and_nowhere_else(
    here: World, path: str, *, ours: bool
) -> None:
    target = path if path.isascii() else quote(path)
    request = recorded("say-name").replace(b"POST /telephony/ws/VATS ", f"POST {target} ".encode())
    answer = ask(here.bridge.port, request)
    assert (answer.status, answer.body == NAMED) == ((200, True) if ours else (404, False))


@pytest.mark.parametrize("service", ["VATS", "VATScalls"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_wsdl_is_open_and_names_our_address_whatever_host_is_asked(
    here: World, service: str, method: str
) -> None:
    for path in (f"/ws/{service}?wsdl", f"/telephony/ws/{service}.1cws?wsdl"):
        request = f"{method} {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode()
        answer = ask(here.bridge.port, request, head=method == "HEAD")
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/xml; charset=utf-8"
        if method == "GET":
            assert answer.text.count(f'location="{here.url}/ws/{service}"') == 2
            assert "evil" not in answer.text
            assert "localhost" not in answer.text


@pytest.mark.parametrize("path", ["/ws/VATS", "/telephony/ws/VATScalls", "/telephony/ws/ImportTasks.1cws"])
def test_even_what_http_refuses_is_answered_in_soap(here: World, path: str) -> None:
    for target, more, status in ((path, "X: 1\r\n" * 65, 400), (f"{path}?{'a' * 5000}", "", 414)):
        request = f"POST {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n{more}\r\n"
        answer: RawAnswer = ask(here.bridge.port, request.encode())
        assert answer.status == status
        assert ElementTree.fromstring(answer.body).find(f".//{{{SOAP11}}}Fault") is not None


# --- what an operator sees --------------------------------------------------------------------------
def figure(here: World, name: str) -> float:
    for line in requests.get(f"{here.url}/metrics", timeout=10).text.splitlines():
        if line.startswith(f"{name} "):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_calls_are_counted_and_logged_as_those_of_the_hook_without_a_number_or_a_secret(
    tmp_path: Path,
) -> None:
    with firm(tmp_path) as here, capture_logs() as lines:
        post(here, body_of("incoming-call"))
        post(here, body_of("say-name"))
        post(here, operation("Event", "http://VATSCalls", Data="x"), "/ws/VATScalls")
        post(here, body_of("incoming-call"), login=MISPRINT)
        taken = [line for line in lines if line["event"] == "hook_taken"]
        assert [(line["exchange"], line["state"]) for line in taken] == [("main", "PREANSWER")]
        assert [line["reason"] for line in lines if line["event"] == "hook_refused"] == [
            "Параметр Data — не JSON-объект с событием звонка"
        ]
        refused = [line for line in lines if line["event"] == "soap_refused"]
        assert [(line["service"], line["status"]) for line in refused] == [("VATScalls", 500), ("VATS", 401)]
        said = json.dumps(lines, default=str, ensure_ascii=False)
        assert not [word for word in (NUMBER, ANNA.key, HOOK_SECRET, MANUAL_LOGIN) if word in said]
        assert {
            name: figure(here, name)
            for name in (
                'bridge_hooks_total{exchange="main",result="200"}',
                'bridge_hooks_total{exchange="main",result="400"}',
                'bridge_soap_requests_total{service="VATS",status="200"}',
                'bridge_soap_requests_total{service="VATS",status="401"}',
                'bridge_soap_requests_total{service="VATScalls",status="500"}',
            )
        } == {
            'bridge_hooks_total{exchange="main",result="200"}': 1,
            'bridge_hooks_total{exchange="main",result="400"}': 1,
            'bridge_soap_requests_total{service="VATS",status="200"}': 2,
            'bridge_soap_requests_total{service="VATS",status="401"}': 1,
            'bridge_soap_requests_total{service="VATScalls",status="500"}': 1,
        }


# --- no loop --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("listen", "public", "url"),
    [
        ("127.0.0.1:8080", "https://bridge.example.ru", "http://127.0.0.1:8080/ws/VATS"),
        ("127.0.0.1:8080", "https://bridge.example.ru", "http://localhost:8080/base/ws/VATS"),
        ("0.0.0.0:8080", "https://bridge.example.ru", "http://127.0.0.1:8080/telephony/ws/VATScalls"),
        ("10.0.0.5:80", "https://bridge.example.ru", "http://10.0.0.5/base/ws/VATS"),
        ("[::1]:8080", "https://bridge.example.ru", "http://[::1]:8080/base/ws/VATS"),
        ("127.0.0.1:8080", "https://bridge.example.ru", "https://bridge.example.ru/ws/VATS"),
        ("127.0.0.1:8080", "https://bridge.example.ru", "https://BRIDGE.example.ru:443/ws/VATS"),
        ("127.0.0.1:8080", "https://example.ru/bridge", "https://example.ru/bridge/ws/VATScalls"),
    ],
)
def test_a_bridge_that_would_tell_itself_does_not_start(
    tmp_path: Path, listen: str, public: str, url: str
) -> None:
    with pytest.raises(BadSettings, match=r"infobase\.buh\.url: это адрес самого моста"):
        settings(tmp_path, "http://127.0.0.1:1", "", url=url, server={"listen": listen, "public_url": public})


@pytest.mark.parametrize(
    "url",
    [
        "https://bridge.example.ru/base/ws/VATS",  # the same proxy may lead to 1C by another path
        "https://bridge.example.ru:8443/ws/VATS",
        "http://127.0.0.1:80/ws/VATS",
        "http://10.0.0.5:8080/ws/VATS",
    ],
)
def test_a_1c_beside_the_bridge_is_another_address(tmp_path: Path, url: str) -> None:
    server = {"listen": "127.0.0.1:8080", "public_url": "https://bridge.example.ru"}
    made = settings(tmp_path, "http://127.0.0.1:1", "", url=url, server=server)
    assert made.infobase["buh"].url == url


@pytest.mark.parametrize("contract", ["vats", "vatscalls"])
def test_a_bridge_that_tells_itself_through_a_proxy_is_refused_and_stops_there(
    tmp_path: Path, contract: str
) -> None:
    """The settings cannot know where a proxy leads: here another port that is the bridge's own."""
    port = free_port()
    service = {"vats": "VATS", "vatscalls": "VATScalls"}[contract]
    with Proxy([port]) as front:
        infobases = {
            "buh": {
                "exchange": "main",
                "contract": contract,
                "url": f"{front.url}/ws/{service}",
                "user": USER,
                "password": PASSWORD,
                "attempts": 1,
            }
        }
        server = {"listen": f"127.0.0.1:{port}", "public_url": "http://bridge.example.ru"}
        with world(tmp_path, infobases=lambda _: infobases, server=server) as here:
            post_all(here.hook, call_events("call-1", ("PREANSWER",)))
            assert eventually(lambda: "Здесь не 1С, а мост" in last_answer(here), within_s=10)
            assert len(stored(here)) == 1


def last_answer(here: World) -> str:
    """What the only delivery was told last."""
    ((record, _),) = here.archive().deliveries()
    return record.last_answer


def test_the_bridge_is_refused_by_its_own_name(here: World) -> None:
    wire = Wire(connect_s=2, total_s=5)
    answer = wire.post(f"{here.url}/ws/VATS", body_of("say-name").encode(), {"Authorization": MANUAL_LOGIN})
    wire.close()
    assert answer.status == 500
    assert "а мост" in answer.body.decode()
