"""Users of the console and their sessions, on every store."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.accounts import Role
from bridge.core.errors import StoreUnavailable
from bridge.store.beside import accounts_at
from support.stand import STANDS, PostgresStand, Stand


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def test_a_name_is_one_users(stand: Stand) -> None:
    accounts = stand.store.accounts
    assert not accounts.anybody()
    assert accounts.add("anna", Role.VIEWER, "hash-1")
    assert not accounts.add("anna", Role.OPERATOR, "hash-2")
    assert [(one.name, one.role, one.password) for one in accounts.users()] == [
        ("anna", Role.VIEWER, "hash-1")
    ]
    assert accounts.find("petr") is None


def test_the_first_user_needs_the_code_once_and_in_time(stand: Stand) -> None:
    accounts = stand.store.accounts
    assert not accounts.add_first("anna", "hash", "no code was made")
    accounts.keep_code("old", lives_s=60.0)
    accounts.keep_code("code", lives_s=60.0)
    assert not accounts.add_first("anna", "hash", "old")
    stand.clock.advance(61.0)
    assert not accounts.add_first("anna", "hash", "code")
    accounts.keep_code("code", lives_s=60.0)
    assert accounts.add_first("anna", "hash", "code")
    assert accounts.users()[0].operates
    assert not accounts.add_first("petr", "hash", "code")


def test_nobody_is_first_after_somebody(stand: Stand) -> None:
    accounts = stand.store.accounts
    accounts.keep_code("code", lives_s=60.0)
    accounts.add("anna", Role.VIEWER, "hash")
    assert not accounts.add_first("petr", "hash", "code")


def test_a_session_lasts_as_long_as_it_was_said(stand: Stand) -> None:
    accounts = stand.store.accounts
    accounts.add("anna", Role.OPERATOR, "hash")
    accounts.open_session("anna", "token", lives_s=60.0)
    held = accounts.session("token")
    assert held is not None
    assert held.name == "anna"
    assert accounts.session("another") is None
    stand.clock.advance(61.0)
    assert accounts.session("token") is None


@pytest.mark.parametrize("how", ["leave", "password", "remove"])
def test_a_session_ends_before_its_time(stand: Stand, how: str) -> None:
    accounts = stand.store.accounts
    accounts.add("anna", Role.OPERATOR, "hash")
    accounts.open_session("anna", "token", lives_s=60.0)
    match how:
        case "leave":
            accounts.close_session("token")
        case "password":
            assert accounts.change_password("anna", "another")
        case "remove":
            assert accounts.remove("anna")
    assert accounts.session("token") is None


def test_what_is_not_there_is_not_changed(stand: Stand) -> None:
    assert not stand.store.accounts.remove("anna")
    assert not stand.store.accounts.change_password("anna", "hash")


def test_the_command_line_sees_the_users_of_a_running_bridge(stand: Stand) -> None:
    address = stand.address if isinstance(stand, PostgresStand) else str(stand.path)
    with accounts_at(address) as beside:
        assert beside.add("anna", Role.OPERATOR, "hash")
    assert stand.store.accounts.find("anna") is not None


def test_a_database_of_another_kind_is_told_in_words(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "bridge.db")
    other.execute("CREATE TABLE something (id INTEGER)")
    other.close()
    with (
        pytest.raises(StoreUnavailable, match="не читается: no such table"),
        accounts_at(str(tmp_path / "bridge.db")) as accounts,
    ):
        accounts.anybody()


def test_the_first_user_may_be_made_before_the_bridge_ran(tmp_path: Path) -> None:
    address = str(tmp_path / "new" / "bridge.db")
    with accounts_at(address) as accounts:
        assert accounts.add("anna", Role.OPERATOR, "hash")
    with accounts_at(address) as accounts:
        assert accounts.anybody()
