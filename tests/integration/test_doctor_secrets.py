"""The doctor on who may call as the exchange: is the old secret still needed, do networks shut it out?"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.doctor import Code, Finding, examine
from bridge.doctor.entrance import entrance_findings
from bridge.doctor.finding import BAD, GOOD, WARNING
from bridge.settings import load
from bridge.store.archive import Archive
from bridge.store.passages import Way
from bridge.store.sqlite import SqliteStore
from bridge.web.auth import token_hash
from bridge.wiring import assemble
from support.ports import free_port
from support.world import HOOK_SECRET, eventually

OLD_SECRET = "an-older-secret-of-tests-0000"
DAY_S = 24 * 3600.0
SETTINGS = """
[server]
listen = "127.0.0.1:{port}"
public_url = "{public}"
{server}
[exchange.main]
base_url = "http://127.0.0.1:9"
hook_secret = "{secret}"
{main}
"""


def write(folder: Path, *, public: str = "", server: str = "", main: str = "") -> Path:
    port = free_port()
    path = folder / "bridge.toml"
    facts = {"port": port, "public": public or f"http://127.0.0.1:{port}", "secret": HOOK_SECRET}
    path.write_text(SETTINGS.format(**facts, server=server, main=main), encoding="utf-8")
    return path


@contextmanager
def serving(path: Path) -> Iterator[str]:
    bridge = assemble(load(path))
    thread = threading.Thread(target=bridge.run, name="bridge-under-test")
    thread.start()
    try:
        yield f"http://127.0.0.1:{bridge.port}"
    finally:
        bridge.drain()
        thread.join()


def of_exchange(path: Path) -> dict[Code, Finding]:
    return {one.code: one for one in examine(path, only="main")}


def noted(folder: Path, way: Way, *, secret: str = "", ago_s: float = 60.0, peer: str = "192.0.2.7") -> None:
    store = SqliteStore(folder / "bridge.db", clock=lambda: time.time() - ago_s)
    store.passages.note("main", way, proof=token_hash(secret) if secret else "", peer=peer)
    store.close()


OLD = f'old_hook_secret = "{OLD_SECRET}"'
NEW_USED: dict[str, Any] = {"way": Way.CURRENT, "secret": HOOK_SECRET}
OLD_USED: dict[str, Any] = {"way": Way.OLD, "secret": OLD_SECRET}


@pytest.mark.parametrize(
    ("passages", "code", "said"),
    [
        ([], Code.HOOK_OLD_SECRET, "по прежнему секрету ВАТС не приходила, по новому ещё не приходила"),
        ([OLD_USED], Code.HOOK_OLD_SECRET, "по новому ещё не приходила"),
        ([OLD_USED, NEW_USED], Code.HOOK_OLD_SECRET, "по прежнему секрету ВАТС приходила"),
        ([NEW_USED], Code.HOOK_NEW_SECRET, "по прежнему секрету ВАТС не приходила"),
        ([{**OLD_USED, "ago_s": 2 * DAY_S}, NEW_USED], Code.HOOK_NEW_SECRET, "2 "),
        ([{**OLD_USED, "ago_s": 2 * DAY_S}, {**NEW_USED, "ago_s": 3 * DAY_S}], Code.HOOK_OLD_SECRET, "3 "),
        # of a secret before the last one, which nobody has any more
        ([{"way": Way.OLD, "secret": "another-0123456789"}, NEW_USED], Code.HOOK_NEW_SECRET, "не приходила"),
    ],
)
def test_the_old_secret_may_go_when_the_new_one_is_used_and_it_is_not(
    tmp_path: Path, passages: list[dict[str, Any]], code: Code, said: str
) -> None:
    path = write(tmp_path, main=OLD)
    SqliteStore(tmp_path / "bridge.db").close()
    for passage in passages:
        noted(tmp_path, **passage)
    found = of_exchange(path)
    assert {Code.HOOK_OLD_SECRET, Code.HOOK_NEW_SECRET} & set(found) == {code}
    assert said in found[code].said
    assert ("уберите exchange.main.old_hook_secret" in found[code].advice) is (code is Code.HOOK_NEW_SECRET)
    assert found[code].grade == (GOOD if code is Code.HOOK_NEW_SECRET else WARNING)


def test_without_an_old_secret_nothing_is_said_of_it(tmp_path: Path) -> None:
    path = write(tmp_path)
    noted(tmp_path, **OLD_USED)
    assert not {Code.HOOK_OLD_SECRET, Code.HOOK_NEW_SECRET, Code.HOOK_OUTSIDE} & set(of_exchange(path))


def test_an_address_that_the_networks_shut_out_is_named_until_they_let_it_in(tmp_path: Path) -> None:
    path = write(tmp_path, main='networks = ["91.199.46.0/24"]')
    noted(tmp_path, Way.OUTSIDE, peer="91.199.47.5")
    found = of_exchange(path)[Code.HOOK_OUTSIDE]
    assert found.grade == WARNING
    assert "91.199.47.5" in found.said
    assert "exchange.main.networks" in found.advice
    path.write_text(path.read_text("utf-8").replace("91.199.46.0/24", "91.199.46.0/23"), "utf-8")
    assert Code.HOOK_OUTSIDE not in of_exchange(path)


def test_a_running_bridge_tells_the_doctor_who_was_shut_out(tmp_path: Path) -> None:
    path = write(tmp_path, main='networks = ["91.199.46.0/24"]')
    with serving(path) as url:
        refused = requests.get(f"{url}/hooks/main/{HOOK_SECRET}", timeout=10)
        assert (refused.status_code, refused.text) == (404, "not found")
        assert eventually(lambda: Archive(tmp_path / "bridge.db").passages())
        found = of_exchange(path)
    assert "с адреса 127.0.0.1," in found[Code.HOOK_OUTSIDE].said
    assert HOOK_SECRET not in str(found)


def test_a_hook_that_networks_close_is_reached_as_far_as_the_bridge(tmp_path: Path) -> None:
    path = write(tmp_path, main='networks = ["91.199.46.0/24"]')
    with serving(path):
        found = {one.code: one for one in entrance_findings(load(path))}
        assert found[Code.OWN_HOOK_NETWORKS].grade == GOOD
        assert not {Code.OWN_HOOK_OPEN, Code.OWN_HOOK_CLOSED, Code.OWN_NETWORKS_PROXY} & set(found)
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        assert file.execute("SELECT count(*) FROM passage").fetchone() == (0,), "the doctor leaves no trace"


@pytest.mark.parametrize(
    ("server", "main", "wrong"),
    [
        ("", 'networks = ["91.199.46.0/24"]', True),
        ('trusted_proxy = "127.0.0.1"', 'networks = ["91.199.46.0/24"]', False),
        ("", "", False),
    ],
)
def test_networks_behind_a_proxy_that_is_not_named_shut_everybody_out(
    tmp_path: Path, server: str, main: str, *, wrong: bool
) -> None:
    path = write(tmp_path, public="https://bridge.invalid", server=server, main=main)
    found = {one.code: one for one in entrance_findings(load(path))}
    assert (Code.OWN_NETWORKS_PROXY in found) is wrong
    if wrong:
        assert found[Code.OWN_NETWORKS_PROXY].grade == BAD
        assert "trusted_proxy" in found[Code.OWN_NETWORKS_PROXY].advice
