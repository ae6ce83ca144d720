"""Passwords of infobases that are issued, used and revoked while the bridge runs, on every store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.tokens import known, valid
from bridge.store.beside import tokens_at
from support.stand import STANDS, START, PostgresStand, Stand

A, B, C = (f"sha256:{digit * 64}" for digit in "abc")


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def opening(stand: Stand, in_file: dict[str, list[str]] | None = None) -> dict[str, list[str]]:
    return valid(in_file or {}, stand.store.tokens.records())


def test_what_is_issued_opens_its_own_infobase_until_it_is_revoked(stand: Stand) -> None:
    tokens = stand.store.tokens
    tokens.issue("buh", A, label="касса 2", who="anna")
    tokens.issue("crm", B, label="", who="anna")
    assert opening(stand) == {"buh": [A], "crm": [B]}
    stand.clock.advance(60)
    assert tokens.revoke("buh", A, who="petr")
    assert opening(stand) == {"crm": [B]}
    (one,) = (one for one in tokens.records() if one.infobase == "buh")
    assert (one.label, one.issued_by, one.revoked_by) == ("касса 2", "anna", "petr")
    assert (one.issued_at, one.revoked_at, one.used_at) == (START, START + 60, None)


def test_a_token_of_one_infobase_is_revoked_for_it_alone(stand: Stand) -> None:
    """One password in the sections of two infobases is two tokens."""
    in_file = {"buh": [A], "crm": [A]}
    assert not stand.store.tokens.records()
    assert stand.store.tokens.revoke("crm", A, who="petr")
    assert opening(stand, in_file) == {"buh": [A]}


def test_a_token_of_the_settings_is_revoked_for_ever(stand: Stand) -> None:
    tokens, in_file = stand.store.tokens, {"buh": [A, B]}
    assert opening(stand, in_file) == {"buh": [A, B]}
    assert tokens.revoke("buh", A, who="petr")
    assert opening(stand, in_file) == {"buh": [B]}
    stand.reopen()
    assert opening(stand, in_file) == {"buh": [B]}, "a restart brings nothing back"
    stand.crash()
    assert opening(stand, in_file) == {"buh": [B]}
    assert opening(stand, {"buh": []}) == {}, "taken out of the file as well"


def test_what_is_revoked_is_revoked_once(stand: Stand) -> None:
    tokens = stand.store.tokens
    tokens.issue("buh", A, label="", who="anna")
    assert tokens.revoke("buh", A, who="petr")
    stand.clock.advance(60)
    assert not tokens.revoke("buh", A, who="anna")
    assert [(one.revoked_by, one.revoked_at) for one in tokens.records()] == [("petr", START)]
    tokens.issue("buh", A, label="", who="anna")  # the same wish again, after an answer that was lost
    assert opening(stand) == {}


def test_use_is_written_and_makes_nothing_valid(stand: Stand) -> None:
    tokens = stand.store.tokens
    tokens.issue("buh", A, label="", who="anna")
    stand.clock.advance(60)
    tokens.used({("buh", A), ("buh", B)})
    assert opening(stand) == {"buh": [A]}
    assert opening(stand, {"buh": [B]}) == {"buh": [A, B]}
    stand.clock.advance(60)
    tokens.used({("buh", B)})
    assert {one.proof: one.used_at for one in tokens.records()} == {A: START + 60, B: START + 120}
    assert tokens.revoke("buh", B, who="petr")
    tokens.used({("buh", B)})
    assert opening(stand, {"buh": [B]}) == {"buh": [A]}


def test_people_see_what_opens_before_what_does_not(stand: Stand) -> None:
    tokens = stand.store.tokens
    tokens.issue("buh", A, label="", who="anna")
    stand.clock.advance(60)
    tokens.issue("buh", B, label="", who="anna")
    tokens.used({("buh", C), ("crm", C)})  # of lines that are in the file no more
    tokens.revoke("buh", A, who="petr")
    told = known({"acc": [C]}, tokens.records())
    assert [(one.infobase, one.proof, one.valid) for one in told] == [
        ("acc", C, True),
        ("buh", B, True),
        ("buh", A, False),
    ]
    assert (told[0].id, told[0].in_file, told[1].in_file) == ("c" * 12, True, False)


def test_the_command_line_changes_them_beside_a_running_bridge(stand: Stand) -> None:
    address = stand.address if isinstance(stand, PostgresStand) else str(stand.path)
    with tokens_at(address) as beside:
        beside.issue("buh", A, label="", who="root")
        beside.used({("buh", A)})
    assert opening(stand) == {"buh": [A]}
    with tokens_at(address) as beside:
        assert beside.revoke("buh", A, who="root")
    assert opening(stand) == {}
    assert [one.proof for one in stand.archive().tokens()] == [A]
