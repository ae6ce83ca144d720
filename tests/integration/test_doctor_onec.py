"""Every way the fake 1C fails has a finding with a code of its own, and advice."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.doctor import Code, Finding, examine
from bridge.doctor.finding import BAD, GOOD, WARNING
from bridge.resources import wsdl_text
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_modes import NAMES
from support.ports import free_port
from support.rawserver import RawServer, closed_port_url
from support.world import HOOK_SECRET

PASSWORD = "geheimes-parol"
SETTINGS = """
[server]
listen = "127.0.0.1:{port}"
[exchange.main]
base_url = "http://127.0.0.1:9"
hook_secret = "{secret}"
[infobase.buh]
exchange = "main"
token_hashes = ["sha256:{hash}"]
contract = "{contract}"
url = "{url}"
user = "Телефония"
password = "{password}"
timeout_s = {timeout_s}
"""

# mode -> what the worst finding is. "ok" and its like have only good ones: the code is of the last step
TABLE: dict[str, tuple[int, Code]] = {
    "ok": (GOOD, Code.CALL_GOOD),
    "session_lost": (GOOD, Code.SESSION_KEPT),  # the first call begins a session anew
    "no_session_reuse": (GOOD, Code.SESSION_NONE),
    "no_wsdl": (GOOD, Code.WSDL_HIDDEN),
    "slow": (WARNING, Code.CALL_NAMES_LATE),
    "clock_skew": (WARNING, Code.CLOCK),
    "broken_inner_xml": (WARNING, Code.CALL_BAD_XML),
    "hang": (BAD, Code.ONEC_SILENT),
    "redirect_https": (BAD, Code.ONEC_REDIRECT),
    "wrong_namespace": (BAD, Code.WSDL_NAMESPACE),
    "wrong_case": (BAD, Code.WSDL_CASE),
    "wrong_parameter": (BAD, Code.WSDL_PARAMETERS),
    "procedure": (BAD, Code.WSDL_PROCEDURE),
    "locked": (BAD, Code.ONEC_LOCKED),
    "no_licence": (BAD, Code.ONEC_LICENCE),
    "html": (BAD, Code.ONEC_ERROR_PAGE),
    "unauthorized": (BAD, Code.ONEC_LOGIN),
    "not_found_service": (BAD, Code.ONEC_EXTENSION),
    "login_page": (BAD, Code.ONEC_LOGIN_PAGE),
    "no_right": (BAD, Code.CALL_NO_RIGHT),
    "fault": (BAD, Code.CALL_FAULT),
    "fault_200": (BAD, Code.CALL_FAULT),
    "html_200": (BAD, Code.ONEC_ERROR_PAGE),
    "empty_200": (BAD, Code.CALL_NO_ANSWER),
    "accepted_202": (BAD, Code.CALL_NO_ANSWER),
    "no_return": (BAD, Code.CALL_NO_ANSWER),
    "wrong_operation": (BAD, Code.CALL_NO_ANSWER),
    "garbage": (BAD, Code.CALL_NOT_SOAP),
    "half": (BAD, Code.ONEC_CUT_OFF),
    "gzip": (BAD, Code.ONEC_COMPRESSED),
}


@pytest.fixture(scope="module")
def onec() -> FakeOnec:
    return FakeOnec(user="Телефония", password=PASSWORD)


@pytest.fixture(scope="module")
def onec_url(onec: FakeOnec) -> Iterator[str]:
    with Loopback(onec) as server:
        yield server.url


def look(folder: Path, url: str, *, more: str = "", **changes: Any) -> list[Finding]:
    """Everything that is said of the infobase."""
    facts = {
        "port": free_port(),
        "secret": HOOK_SECRET,
        "hash": "0" * 64,
        "contract": "vatscalls",
        "url": url,
        "password": PASSWORD,
        "timeout_s": 2,
        **changes,
    }
    path = folder / "bridge.toml"
    path.write_text(SETTINGS.format(**facts) + more, encoding="utf-8")
    return [one for one in examine(path, only="buh") if one.link == "1С buh"]


def worst(found: list[Finding]) -> Finding:
    return max(found, key=lambda one: one.grade)


def codes(found: list[Finding]) -> list[Code]:
    return [one.code for one in found]


def test_every_mode_of_the_fake_1c_is_in_the_table() -> None:
    assert set(TABLE) == set(NAMES)


@pytest.mark.parametrize("mode", TABLE)
def test_each_trouble_has_its_code_and_advice(
    tmp_path: Path, onec: FakeOnec, onec_url: str, mode: str
) -> None:
    onec.reset()
    onec.set_mode(mode)
    found = look(tmp_path, f"{onec_url}/base/ws/VATScalls")
    onec.reset()
    grade, code = TABLE[mode]
    assert worst(found).grade == grade, [one.as_text() for one in found]
    assert code in [one.code for one in found if one.grade == grade]
    for one in found:
        assert one.grade == GOOD or one.advice
        assert PASSWORD not in one.said + one.advice
    assert "00000000000" not in str(found)


def test_nothing_is_written_to_1c_and_its_session_is_given_back(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.reset()
    look(tmp_path, f"{onec_url}/ws/VATScalls")
    assert {one.operation for one in onec.received} == {"SayName"}
    assert len({one.session for one in onec.received}) == onec.sessions == 1
    assert onec.open_sessions == frozenset()


def test_a_base_that_keeps_no_sessions_is_asked_for_none(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.reset()
    found = look(tmp_path, f"{onec_url}/ws/VATScalls", more="reuse_session = false\n")
    assert (worst(found).grade, onec.sessions) == (GOOD, 0)


@pytest.mark.parametrize(("contract", "service"), [("vats", "VATS"), ("miko", "miko_crm_api")])
def test_the_other_contracts_are_called_harmlessly_too(
    tmp_path: Path, onec: FakeOnec, onec_url: str, contract: str, service: str
) -> None:
    onec.reset()
    found = look(tmp_path, f"{onec_url}/ws/{service}", contract=contract)
    assert worst(found).grade == GOOD
    assert codes(found)[-2:] == [Code.CALL_GOOD, Code.SESSION_KEPT]
    assert {one.operation for one in onec.received} == {"SayName" if contract == "vats" else "user_list"}


CUSTOM = """
[infobase.buh.custom.ring]
operation = "{ring}"
parameters = {{"Номер" = "{{from}}", "{parameter}" = "{{extension}}"}}
[infobase.buh.custom.who]
operation = "КтоЗвонит"
parameters = {{"Номер" = "{{number}}"}}
"""


@pytest.mark.parametrize(
    ("ring", "parameter", "code", "said"),
    [
        ("ВходящийЗвонок", "Добавочный", Code.CALL_GOOD, "КтоЗвонит"),
        ("Входящийзвонок", "Добавочный", Code.WSDL_CASE, "называется ВходящийЗвонок"),
        ("ЗвонокВходящий", "Добавочный", Code.WSDL_NO_OPERATION, "нет операции ЗвонокВходящий"),
        ("ВходящийЗвонок", "добавочный", Code.WSDL_PARAMETERS, "Добавочный отличается регистром"),
    ],
)
def test_a_firms_own_web_service_is_held_against_the_settings(
    tmp_path: Path, onec: FakeOnec, onec_url: str, ring: str, parameter: str, code: Code, said: str
) -> None:
    onec.reset()
    more = CUSTOM.format(ring=ring, parameter=parameter)
    found = look(tmp_path, f"{onec_url}/ws/CRM", contract="custom", more=more)
    assert code in codes(found), [one.as_text() for one in found]
    assert said in " ".join(one.said for one in found)
    if code is not Code.CALL_GOOD:
        assert "custom.ring" in worst(found).advice


@pytest.mark.parametrize(
    ("wsdl", "expected"),
    [
        (wsdl_text("onec/crm.wsdl"), [Code.WSDL_HIDDEN, Code.WSDL_GOOD]),
        ("это не WSDL", [Code.ONEC_NOT_PUBLISHED, Code.WSDL_UNREADABLE]),
        ("", [Code.ONEC_NOT_PUBLISHED]),  # no file at all: the bridge could not call
    ],
)
def test_a_firms_own_web_service_may_be_described_by_a_file(
    tmp_path: Path, onec: FakeOnec, onec_url: str, wsdl: str, expected: list[Code]
) -> None:
    onec.reset()
    onec.set_mode("no_wsdl")
    more = CUSTOM.format(ring="ВходящийЗвонок", parameter="Добавочный")
    if wsdl:
        (tmp_path / "crm.wsdl").write_text(wsdl, encoding="utf-8")
        more = f'[infobase.buh.custom]\nwsdl_file = "crm.wsdl"\n{more}'
    found = look(tmp_path, f"{onec_url}/ws/CRM", contract="custom", more=more)
    onec.reset()
    told = [one for one in codes(found) if one not in (Code.NET_REACHED, Code.WSDL_ADDRESS)]
    assert told[: len(expected)] == expected, [one.as_text() for one in found]
    assert (told[-1] is Code.CALL_GOOD) == (expected[-1] is Code.WSDL_GOOD)


def test_an_answer_slower_than_two_seconds_makes_cards_late(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.reset()
    onec.set_mode("slow", seconds=2.2)
    found = look(tmp_path, f"{onec_url}/ws/VATScalls", timeout_s=9)
    onec.reset()
    assert worst(found).code is Code.CALL_SLOW
    assert "карточки звонков будут запаздывать" in worst(found).advice


def test_a_licence_that_is_refused_to_sessions_only_can_be_done_without(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.set_mode("no_licence", status=406)
    found = worst(look(tmp_path, f"{onec_url}/ws/VATScalls"))
    onec.reset()
    assert found.code is Code.ONEC_LICENCE
    assert "infobase.buh.reuse_session" in found.advice


def test_a_session_that_1c_forgets_at_once_is_worth_a_look(tmp_path: Path, onec: FakeOnec) -> None:
    """As behind a balancer that sends the second call to another server."""
    onec.reset()

    def forgetful(environ: Any, start_response: Any) -> Any:
        if "HTTP_COOKIE" in environ and environ["REQUEST_METHOD"] == "POST":
            start_response("400 Bad Request", [("Content-Length", "0")])
            return []
        return onec(environ, start_response)

    with Loopback(forgetful) as server:
        found = look(tmp_path, f"{server.url}/ws/VATScalls")
    assert worst(found).code is Code.SESSION_DROPPED
    assert Code.CALL_GOOD in codes(found)


def test_the_other_web_service_of_the_pair_is_recognised(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.reset()
    said = " ".join(one.said for one in look(tmp_path, f"{onec_url}/ws/VATS"))
    assert "http://VATS, а в мосте http://VATSCalls" in said
    assert "нет операции Event, есть: IncomingCall, SayName" in said


def test_a_login_that_the_settings_lack_is_asked_for(tmp_path: Path, onec_url: str) -> None:
    path = tmp_path / "bridge.toml"
    look(tmp_path, f"{onec_url}/ws/VATScalls")
    text = path.read_text(encoding="utf-8").replace('user = "Телефония"', 'user = ""')
    path.write_text(text, encoding="utf-8")
    found = worst(list(examine(path, only="buh")))
    assert (found.code, "заполните infobase.buh.user" in found.advice) == (Code.ONEC_LOGIN, True)


def test_windows_login_of_iis_is_told_from_that_of_1c(tmp_path: Path) -> None:
    answer = (
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    )
    with RawServer(answer) as server:
        found = worst(look(tmp_path, f"{server.url}/ws/VATS"))
    assert (found.code, "анонимную проверку" in found.advice) == (Code.ONEC_LOGIN, True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, "<html><title>403 Forbidden</title></html>", Code.ONEC_FORBIDDEN),
        (404, "<html><title>404</title></html>", Code.ONEC_NOT_PUBLISHED),
        (502, "<html><title>Bad gateway</title></html>", Code.ONEC_BUSY),
        (500, "ошибка соединения с сервером 1С:Предприятия", Code.ONEC_AWAY),
        (500, "<html><title>oops</title></html>", Code.ONEC_HTTP),
        (200, "<html><title>Лицензионное соглашение</title></html>", Code.ONEC_OTHER_PROGRAM),
        (200, "<definitions/>", Code.ONEC_OTHER_PROGRAM),
    ],
)
def test_a_web_server_without_our_service_is_told_apart(
    tmp_path: Path, status: int, body: str, code: Code
) -> None:
    text = body.encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(text)}\r\n"
    with RawServer(f"{head}Connection: close\r\n\r\n".encode() + text) as server:
        found = look(tmp_path, f"{server.url}/ws/VATScalls")
    assert worst(found).code is code, [one.as_text() for one in found]
    assert worst(found).advice


def test_a_number_and_the_password_in_a_fault_are_hidden(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.set_mode("fault", text=f"Нет клиента 89235292926, пароль {PASSWORD}")
    found = look(tmp_path, f"{onec_url}/ws/VATScalls")
    onec.reset()
    assert "Нет клиента" in worst(found).said
    told = json.dumps([one.as_dict() for one in found], ensure_ascii=False)
    assert "89235292926" not in told
    assert PASSWORD not in told


def test_a_1c_that_is_off_is_named(tmp_path: Path) -> None:
    found = look(tmp_path, f"{closed_port_url()}/ws/VATScalls")
    assert codes(found) == [Code.NET_REFUSED]


def test_a_name_that_nobody_knows_is_named(tmp_path: Path) -> None:
    found = look(tmp_path, "http://server1c.firma.invalid/base/ws/VATScalls")
    assert (found[0].code, "server1c.firma.invalid" in found[0].said) == (Code.NET_DNS, True)
    assert "infobase.buh.url" in found[0].advice


def test_a_service_of_a_file_without_a_harmless_question_is_left_in_doubt(
    tmp_path: Path, onec: FakeOnec, onec_url: str
) -> None:
    onec.reset()
    onec.set_mode("no_wsdl")
    (tmp_path / "crm.wsdl").write_text(wsdl_text("onec/crm.wsdl"), encoding="utf-8")
    ring = CUSTOM.format(ring="ВходящийЗвонок", parameter="Добавочный").partition(
        "[infobase.buh.custom.who]"
    )[0]
    more = f'[infobase.buh.custom]\nwsdl_file = "crm.wsdl"\n{ring}'
    found = look(tmp_path, f"{onec_url}/ws/CRM", contract="custom", more=more)
    onec.reset()
    assert (worst(found).grade, worst(found).code) == (WARNING, Code.ONEC_NOT_PUBLISHED)
    assert Code.CALL_UNTRIED in codes(found)
