"""The doctor names the right cause, and what to do about it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.doctor import Finding, examine
from bridge.doctor.finding import BAD, GOOD, WARNING
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.web.auth import token_hash
from support.rawserver import closed_port_url
from support.world import ANNA, HOOK_SECRET, free_port

SETTINGS = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
[exchange.main]
base_url = "{exchange}"
hook_secret = "{secret}"
subscribers = [{{name = "Анна", key = "{key}"}}]
[infobase.buh]
exchange = "main"
token_hashes = ["{token}"]
contract = "vatscalls"
url = "{url}"
user = "Телефония"
password = "пароль"
timeout_s = 2
"""


@pytest.fixture
def onec() -> FakeOnec:
    return FakeOnec(user="Телефония", password="пароль")


@pytest.fixture
def onec_url(onec: FakeOnec) -> Iterator[str]:
    with Loopback(onec) as server:
        yield server.url


@pytest.fixture(scope="module")
def exchange_url() -> Iterator[str]:
    with Loopback(FakeExchange((ANNA,))) as server:
        yield server.url


def findings(folder: Path, exchange_url: str, url: str, **changes: str) -> list[Finding]:
    facts = {
        "port": free_port(),
        "exchange": exchange_url,
        "secret": HOOK_SECRET,
        "key": ANNA.key,
        "token": token_hash("x"),
        "url": url,
        **changes,
    }
    path = folder / "bridge.toml"
    path.write_text(SETTINGS.format(**facts), encoding="utf-8")
    return examine(path)


def about(found: list[Finding], link: str) -> Finding:
    """The worst that is said about a link."""
    return max((one for one in found if one.link == link), key=lambda one: one.grade)


def test_a_right_publication_is_called_right(tmp_path: Path, exchange_url: str, onec_url: str) -> None:
    found = findings(tmp_path, exchange_url, f"{onec_url}/base/ws/VATScalls")
    assert about(found, "1С buh").grade == GOOD
    assert about(found, "база").grade == GOOD
    assert about(found, "настройки").grade == GOOD


@pytest.mark.parametrize(
    ("mode", "args", "said", "advice"),
    [
        ("unauthorized", {}, "имя или пароль", "infobase.user «Телефония»"),
        ("locked", {}, "вход закрыт", "снимите блокировку сеансов"),
        ("not_found_service", {}, "Сервис не найден", "publishExtensionsByDefault"),
        ("no_licence", {"status": 406}, "не может начать сеанс", "лицензии"),
        ("html", {}, "HTTP 500", "в браузере"),
        ("hang", {}, "нет ответа", "брандмауэр"),
    ],
)
def test_each_trouble_of_1c_is_named_with_its_cure(
    tmp_path: Path,
    exchange_url: str,
    onec: FakeOnec,
    onec_url: str,
    mode: str,
    args: dict[str, Any],
    said: str,
    advice: str,
) -> None:
    onec.set_mode(mode, **args)
    found = about(findings(tmp_path, exchange_url, f"{onec_url}/ws/VATScalls"), "1С buh")
    onec.set_mode("ok")
    assert found.grade == BAD
    assert said in found.said
    assert advice in found.advice


def test_a_wrong_password_of_1c_is_not_shown(tmp_path: Path, exchange_url: str) -> None:
    with Loopback(FakeOnec(user="Телефония", password="другой")) as server:
        found = findings(tmp_path, exchange_url, f"{server.url}/ws/VATScalls")
    assert about(found, "1С buh").grade == BAD
    assert "пароль" not in str([one.as_dict() for one in found]).replace("имя или пароль", "")


def test_the_other_web_service_of_the_pair_is_recognised(
    tmp_path: Path, exchange_url: str, onec_url: str
) -> None:
    found = findings(tmp_path, exchange_url, f"{onec_url}/ws/VATS")
    said = " ".join(one.said + one.advice for one in found if one.link == "1С buh")
    assert "http://VATS, а в мосте http://VATSCalls" in said
    assert "нет операции Event" in said
    assert "IncomingCall, SayName" in said


def test_a_1c_that_is_off_is_named(tmp_path: Path, exchange_url: str) -> None:
    found = about(findings(tmp_path, exchange_url, f"{closed_port_url()}/ws/VATScalls"), "1С buh")
    assert (found.grade, "соединение отвергнуто" in found.said) == (BAD, True)


def test_an_exchange_that_is_off_is_named(tmp_path: Path, onec_url: str) -> None:
    found = about(findings(tmp_path, closed_port_url(), f"{onec_url}/ws/VATScalls"), "ВАТС main")
    assert (found.grade, "соединение отвергнуто" in found.said) == (BAD, True)


def test_a_key_that_was_never_filled_in_is_named(tmp_path: Path, exchange_url: str, onec_url: str) -> None:
    key = "впишите ключ абонента из кабинета ВАТС"
    found = about(findings(tmp_path, exchange_url, f"{onec_url}/ws/VATScalls", key=key), "ВАТС main")
    assert (found.grade, found.said) == (BAD, "у абонента «Анна» не вписан ключ")


def test_a_bridge_that_does_not_run_is_worth_a_look(tmp_path: Path, exchange_url: str, onec_url: str) -> None:
    found = about(findings(tmp_path, exchange_url, f"{onec_url}/ws/VATScalls"), "адрес моста")
    assert (found.grade, "vpbx-bridge serve" in found.advice) == (WARNING, True)


def test_the_doctor_dials_nobody(tmp_path: Path, onec_url: str) -> None:
    exchange = FakeExchange((ANNA,))
    with Loopback(exchange) as server:
        findings(tmp_path, server.url, f"{onec_url}/ws/VATScalls")
    assert exchange.dials == []
