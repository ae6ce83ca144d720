"""Attacks on the console that once succeeded."""

import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from bridge.cli import main
from bridge.core.accounts import Role
from bridge.core.errors import StoreUnavailable, TooMuch
from bridge.demo.sandbox import StageSandbox
from bridge.demo.stage import Script, staged
from bridge.store.accounts import StoredAccounts
from bridge.store.audit import Deed
from bridge.store.beside import accounts_at
from bridge.web.console.curiosity import NUMBERS, WINDOW_S, Curiosity
from bridge.web.console.entering import FIRST_TRIES, Door, token_hash
from bridge.web.console.roads import Found
from bridge.web.throttle import TRIES, Throttled
from bridge.wiring.console_extras import Extras
from support.world import ANNA, World, eventually, world

from .test_console import CLIENT, HASH, OPERATOR, PASSWORD, VIEWER, Browser, ids

STORE_GONE = "База postgresql://10.9.8.7/bridge не отвечает"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, attempts=1) as running:
        with accounts_at(str(running.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
            accounts.add(VIEWER, Role.VIEWER, HASH)
        yield running


def entered(here: World, name: str = OPERATOR) -> Browser:
    browser = Browser(here)
    browser.enter(name)
    return browser


@contextmanager
def unwritten(who: str, did: str, about: str) -> Iterator[SimpleNamespace]:
    yield SimpleNamespace(count=0)


def test_a_neighbour_of_the_operator_does_not_guess_for_ever(here: World) -> None:
    """Behind one router, or a proxy that is not named: who had entered from there was never counted."""
    with accounts_at(str(here.database)) as accounts:
        door = Door(accounts, unwritten)
        assert door.enter(OPERATOR, PASSWORD, "192.0.2.7")
        for number in range(TRIES):
            assert door.enter(OPERATOR, f"guess {number}", "192.0.2.7") is None
        with pytest.raises(Throttled):
            door.enter(OPERATOR, "another guess", "192.0.2.7")


def test_whoever_guesses_elsewhere_does_not_lock_the_operator_out(here: World) -> None:
    with accounts_at(str(here.database)) as accounts:
        door = Door(accounts, unwritten)
        assert door.enter(OPERATOR, PASSWORD, "192.0.2.7")
        for number in range(TRIES):
            assert door.enter(OPERATOR, f"guess {number}", "203.0.113.9") is None
        assert door.enter(OPERATOR, PASSWORD, "192.0.2.7")


def test_a_wrong_login_is_in_the_log_without_what_was_typed(
    here: World, capfd: pytest.CaptureFixture[str]
) -> None:
    Browser(here).enter("typed-into-the-wrong-field", "wrong password")
    said = capfd.readouterr()
    assert "console_login_refused" in said.out + said.err
    assert "typed-into" not in said.out + said.err


def test_a_new_password_is_good_even_when_everybody_logs_in_at_once(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second look at it once had to find a free seat: the password was changed, and the answer a 500."""
    browser = entered(here)
    seats = iter([True])
    monkeypatch.setattr("bridge.web.console.entering.Door._seat", lambda _: one_seat(seats))
    new = {"password": "another long one", "again": "another long one"}
    assert browser.post("password", old=PASSWORD, **new).url.endswith("/console/")


@contextmanager
def one_seat(seats: Iterator[bool]) -> Iterator[None]:
    if not next(seats, False):
        raise Throttled
    yield


def test_what_1c_answered_shows_a_viewer_no_number(here: World) -> None:
    said = f"Контрагент с номером {CLIENT} не найден"
    here.onec.set_mode("fault")
    here.exchange.ring("missed", CLIENT, ANNA)
    assert eventually(lambda: not here.archive().depths(), within_s=20)
    with sqlite3.connect(here.database) as other:
        other.execute("UPDATE attempt SET answer = ?", (said,))
        other.execute("UPDATE delivery SET last_answer = ?", (said,))
    other.close()
    for name, seen in ((OPERATOR, True), (VIEWER, False)):
        browser = entered(here, name)
        call = re.search(r'href="\./(call\?[^"]+)"', browser.get("calls").text)[1].replace("&amp;", "&")
        for page in (call, "queue?infobase=buh&state=dead"):
            text = browser.get(page).text
            assert "Контрагент с номером" in text
            assert (CLIENT in text) is seen, (name, page)


def test_where_the_database_is_is_told_to_no_stranger(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable(STORE_GONE)

    monkeypatch.setattr(StoredAccounts, "anybody", away)
    answer = Browser(here).get("login")
    assert answer.status_code == 503
    assert "10.9.8.7" not in answer.text


def test_only_what_was_named_is_sent_again(here: World) -> None:
    """Else the audit would name another infobase, or one that left the settings would be a 500."""
    here.onec.set_mode("fault")
    here.exchange.ring("missed", CLIENT, ANNA)
    assert eventually(lambda: not here.archive().depths(), within_s=20)
    operator = entered(here)
    chosen = ids(operator)
    with sqlite3.connect(here.database) as other:
        other.execute("UPDATE delivery SET infobase = 'gone' WHERE id = ?", (chosen[0],))
    other.close()
    for deed in ("replay", "discard"):
        done = operator.post("queue/do", infobase="buh", state="dead", deed=deed, delivery=[chosen[0]])
        assert (done.status_code, "Сделано: 0" in done.text) == (200, True)


def test_the_first_operator_is_in_the_audit_even_when_the_code_was_wrong(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        facts = {"name": "anna", "password": PASSWORD, "again": PASSWORD, "code": "guessed"}
        assert Browser(here).post("first", **facts).status_code == 403
        (written,) = here.archive().deeds()
        assert (written.did, written.who, written.count) == (Deed.USER, "anna (консоль)", 0)


def test_whoever_enters_over_a_session_ends_it(here: World) -> None:
    """The token of the first one stayed good for twelve hours, with nobody who could log it out."""
    browser = entered(here)
    before = browser.session.cookies["vpbx_console"]
    browser.enter("nobody", "wrong")
    assert held(here, before), "a wrong password ends nothing"
    browser.enter(VIEWER)
    assert not held(here, before)
    assert browser.session.cookies["vpbx_console"] != before
    assert browser.get().url.endswith("/console/")


def held(here: World, token: str) -> bool:
    answer = requests.get(f"{here.url}/console/", cookies={"vpbx_console": token}, timeout=10)
    return answer.url.endswith("/console/")


def test_a_stranger_does_not_keep_the_first_user_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten wrong codes from anywhere once shut the first login for everybody."""
    monkeypatch.setattr("bridge.web.console.entering.passwords.hashed", lambda _: HASH)
    with accounts_at(str(tmp_path / "bridge.db")) as accounts:
        door = Door(accounts, unwritten)
        accounts.keep_code(token_hash("the code"), lives_s=60)
        for _ in range(TRIES):
            assert door.first("anna", PASSWORD, "guessed", "203.0.113.9") is None
        with pytest.raises(Throttled):
            door.first("anna", PASSWORD, "the code", "203.0.113.9")
        with pytest.raises(Throttled):
            door.first("anna", PASSWORD, "the code", "::ffff:203.0.113.9")
        assert door.first("anna", PASSWORD, "guessed", "192.0.2.7") is None


def test_many_strangers_do_not_guess_the_code_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.web.console.entering.passwords.hashed", lambda _: HASH)
    with accounts_at(str(tmp_path / "bridge.db")) as accounts:
        door = Door(accounts, unwritten)
        for number in range(FIRST_TRIES):
            assert door.first("anna", PASSWORD, "guessed", f"203.0.113.{number}") is None
        with pytest.raises(Throttled):
            door.first("anna", PASSWORD, "guessed", "192.0.2.7")


def test_a_viewer_does_not_guess_a_number_by_searching(here: World) -> None:
    """What is masked was found by trying: the search said whether there is such a call."""
    viewer, operator = entered(here, VIEWER), entered(here)
    asked = [f"8916{number:07}" for number in range(NUMBERS)]
    assert {viewer.get(f"calls?number={one}").status_code for one in asked} == {200}
    for again in (asked[0], asked[-1], f"%2B7{asked[0][1:]}", "101"):
        assert viewer.get(f"calls?number={again}").status_code == 200, (
            "it is counted once, an extension never"
        )
    refused = viewer.get("calls?number=89170000000")
    assert refused.status_code == 429
    assert "Наблюдатель может искать" in refused.text
    assert viewer.get("calls").status_code == 200
    assert operator.get("calls?number=89170000000").status_code == 200


def test_a_rare_outcome_is_not_looked_for_until_it_is_found(
    here: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page of it once took as long as the database did: now the reader is asked to go on."""
    for number in range(42):
        event = {"uuid": f"call-{number}", "state": "END", "from": CLIENT, "to": "101", "time": 1565770001}
        assert requests.post(here.hook, json=event, timeout=10).status_code == 200
    operator = entered(here)
    assert "Звонков не нашлось" in operator.get("calls?status=IVR").text
    monkeypatch.setattr("bridge.web.console.pages.calls.LOOKED_FOR_S", 0.0)
    page = operator.get("calls?status=IVR").text
    assert "Более ранние" in page
    further = re.search(r'href="\./(calls\?[^"]*before=[^"]+)"', page)[1].replace("&amp;", "&")
    assert "Более ранние" not in operator.get(further).text


def test_curiosity_is_forgiven_in_an_hour() -> None:
    now = [0.0]
    curiosity = Curiosity(lambda: now[0])
    assert all(curiosity.may_look_for("anna", str(number)) for number in range(NUMBERS))
    assert not curiosity.may_look_for("anna", "more")
    assert curiosity.may_look_for("petr", "more")
    now[0] = WINDOW_S + 1
    assert curiosity.may_look_for("anna", "more")


def test_who_ran_the_doctor_is_in_the_audit(tmp_path: Path) -> None:
    found = Found(link="buh", grade=0, said="good", advice="")
    with world(tmp_path, extras=Extras(doctor=lambda: iter([found, found]))) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        assert "good" in entered(here).post("doctor/run").text
        written = here.archive().deeds(limit=1)[0]
        assert (written.did, written.who, written.count) == (Deed.CHECK, f"{OPERATOR} (консоль)", 2)


def test_a_deep_address_makes_no_large_page(here: World) -> None:
    answer = requests.get(f"{here.url}/console/{'a/' * 3000}", timeout=10)
    assert (answer.status_code, len(answer.content) < 100) == (404, True)


def test_many_who_press_at_once_hold_no_thread(tmp_path: Path) -> None:
    """Fifty presses on the sandbox once kept the hooks waiting for minutes."""
    with staged(Script(data=tmp_path)) as stage, ThreadPoolExecutor(6) as pool:
        sandbox = StageSandbox(stage)

        def press(_: int) -> str:
            try:
                return sandbox.dial("101", "89235292926", russian=False).steps[0].title
            except TooMuch as error:
                return str(error)

        said = set(pool.map(press, range(6)))
        assert len(said) == 2
        assert any("пробует другой" in one for one in said)
        assert sandbox.dial("101", "89235292926", russian=False).steps  # and the place is free again


@pytest.mark.parametrize("option", ["--onec", "--exchange"])
def test_a_demo_with_somebodys_own_system_has_no_sandbox_that_rings_it(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    @contextmanager
    def stage(_: object, extras: object) -> Iterator[None]:
        given.append(extras.sandbox)
        yield

    monkeypatch.setattr("bridge.cli.running.staged", stage)
    monkeypatch.setattr("bridge.cli.running._stay", lambda *_, **__: None)
    main(["demo", "--serve", "--data", str(tmp_path), option, "http://127.0.0.1:1"], standalone_mode=False)
    main(["demo", "--serve", "--data", str(tmp_path)], standalone_mode=False)
    assert [one is None for one in given] == [True, False]
