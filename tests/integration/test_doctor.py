"""The doctor names the right cause, and what to do about it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.doctor import Finding, examine
from bridge.doctor.finding import BAD, GOOD, WARNING
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.beside import tokens_at
from bridge.store.sqlite import SqliteStore
from bridge.web.auth import token_hash
from support.ports import free_port
from support.rawserver import closed_port_url
from support.world import ANNA, HOOK_SECRET

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
    return list(examine(path))


def about(found: list[Finding], link: str) -> Finding:
    """The worst that is said about a link."""
    return max((one for one in found if one.link == link), key=lambda one: one.grade)


def test_a_right_publication_is_called_right(tmp_path: Path, exchange_url: str, onec_url: str) -> None:
    found = findings(tmp_path, exchange_url, f"{onec_url}/base/ws/VATScalls")
    assert about(found, "1С buh").grade == GOOD
    assert about(found, "база").grade == GOOD
    assert about(found, "настройки").grade == GOOD


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


LATER = """
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
mailbox_waiters = 30
[exchange.main]
base_url = "{exchange}"
hook_secret = "{secret}"
journal_token = "account-token-0001"
timezone = "Asia/Krasnoyarsk"
subscribers = [{{name = "Анна", key = "{key}"}}]
[infobase.kassa]
exchange = "main"
contract = "mailbox"
token_hashes = ["{token}"]
"""


def seen(folder: Path, exchange_url: str) -> str:
    """Everything that is said of an exchange with a journal and of an infobase that collects."""
    path = folder / "bridge.toml"
    facts = {
        "port": free_port(),
        "exchange": exchange_url,
        "secret": HOOK_SECRET,
        "key": ANNA.key,
        "token": token_hash("x"),
    }
    path.write_text(LATER.format(**facts), encoding="utf-8")
    return "\n".join(one.as_text() for one in examine(path))


def test_the_journal_the_reconciliation_and_the_mailbox_are_looked_at(
    tmp_path: Path, exchange_url: str
) -> None:
    said = seen(tmp_path, exchange_url)
    assert "журнал звонков читается, звонков сегодня: 0" in said
    assert "сверки ещё не было" in said
    assert "ящик ещё ни разу не забирали" in said
    assert "ждать смогут не больше 16" in said
    store = SqliteStore(tmp_path / "bridge.db")
    store.note_reconciliation(exchange="main", day="2026-11-22", in_exchange=5, known=3, added=2, problem="")
    store.acknowledge("kassa", None, after_id=0)
    store.close()
    said = seen(tmp_path, exchange_url)
    assert "сверка за 2026-11-22: в АТС 5, в мосте 3, добавлено 2" in said
    assert "ящик забирали" in said


def test_passwords_that_were_issued_or_revoked_are_known(tmp_path: Path, exchange_url: str) -> None:
    shut, left = "нет ни одного действующего пароля", "строка отозванного пароля, sha256:"
    said = seen(tmp_path, exchange_url)
    assert shut not in said
    assert left not in said
    database = str(tmp_path / "bridge.db")
    with tokens_at(database) as tokens:
        tokens.revoke("kassa", token_hash("x"), who="test")
        tokens.issue("other", token_hash("y"), label="", who="test")
    said = seen(tmp_path, exchange_url)
    assert shut in said
    assert left in said
    with tokens_at(database) as tokens:
        tokens.issue("kassa", token_hash("y"), label="", who="test")
    said = seen(tmp_path, exchange_url)
    assert shut not in said
    assert left in said


def test_a_journal_that_is_refused_is_named_without_its_token(tmp_path: Path) -> None:
    exchange = FakeExchange((ANNA,))
    exchange.options = replace(exchange.options, secret="another-token-000001")
    with Loopback(exchange) as server:
        said = seen(tmp_path, server.url)
    assert "журнал звонков: " in said
    assert "exchange.main.journal_token" in said
    assert "account-token-0001" not in said
