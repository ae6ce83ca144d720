"""A real call from the console: asked for, confirmed, made once, by the road of `MakeCall`."""

import html
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from bridge.core.accounts import Role
from bridge.core.errors import StoreUnavailable
from bridge.sim.exchange_options import ExchangeOptions
from bridge.store.audit import AuditRecord, Deed
from bridge.store.beside import accounts_at
from bridge.web.console.pages.real_call import LIVES_S
from support.world import ANNA, LOGIN, PETR, UNLIMITED, World, world

from .test_console import HASH, OPERATOR, VIEWER, Browser

CLIENT = "8 923 529-29-26"
DIALLED = "89235292926"
HIDDEN = re.compile(r'name="(telephone|number|asked|proof)" value="([^"]*)"')


def other(onec_url: str) -> dict[str, dict[str, object]]:
    """A base for Anna alone, and one that may dial hardly anything."""
    del onec_url
    return {
        LOGIN: {"exchange": "main", "subscribers": ["101"]},
        "strict": {"exchange": "main", "dial": UNLIMITED | {"subscriber_minute": 1}},
    }


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, infobases=other) as running:
        running.exchange.options = ExchangeOptions(hooks_after_dial=False)
        with accounts_at(str(running.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
            accounts.add(VIEWER, Role.VIEWER, HASH)
        yield running


@pytest.fixture
def operator(here: World) -> Browser:
    browser = Browser(here)
    browser.enter()
    return browser


def made(here: World) -> list[tuple[str, str]]:
    return [(one.key, one.number) for one in here.exchange.dials if one.made]


def ask(browser: Browser, number: str = CLIENT, telephone: str = f"{LOGIN}/101") -> requests.Response:
    return browser.post("sandbox/real", telephone=telephone, number=number)


def confirmed(page: requests.Response, **changes: str) -> dict[str, str]:
    """The form of a confirmation, ticked."""
    facts = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
    assert set(facts) == {"telephone", "number", "asked", "proof"}
    return facts | {"real": "yes"} | changes


def calls_of_people(here: World) -> list[AuditRecord]:
    return [one for one in here.archive().deeds(since=0, limit=100) if one.did is Deed.DIAL]


def test_a_confirmed_call_is_made_once_and_told_as_1c_would_be(here: World, operator: Browser) -> None:
    page = ask(operator)
    for word in (ANNA.name, "(101)", CLIENT, "ВАТС main (127.0.0.1", LOGIN, "стоит денег"):
        assert word in page.text
    assert made(here) == []
    told = operator.post("sandbox/called", **confirmed(page))
    assert told.status_code == 200
    assert made(here) == [(ANNA.key, DIALLED)]
    text = html.unescape(told.text)
    for word in (
        "сначала зазвонит ваш телефон",
        "<m:Key>101</m:Key>",
        f"<m:Number>{CLIENT}</m:Number>",
        "SUCCESS",
        "Прокси.MakeCall",
        "/api/call/CallToSubscriber",
        f"curl -u {LOGIN}:",
    ):
        assert word in text, word
    assert ANNA.key not in text
    clicks = here.archive().clicks(limit=10)
    assert [(one.infobase, one.subscriber) for one in clicks] == [(LOGIN, ANNA.key)]
    (deed,) = calls_of_people(here)
    assert (deed.who, deed.count) == (f"{OPERATOR} (консоль)", 1)
    assert ANNA.name in deed.about
    assert DIALLED not in re.sub(r"\D", "", deed.about)


def test_the_same_confirmation_dials_no_second_time(here: World, operator: Browser) -> None:
    """Pressed twice at once, then again long after a double click."""
    facts = confirmed(ask(operator))
    token = re.search(r'name="form_token" value="(\w+)"', operator.get("sandbox").text)[1]

    def press(_: int) -> str:
        return operator.post("sandbox/called", token=token, **facts).text

    with ThreadPoolExecutor(4) as crowd:
        told = list(crowd.map(press, range(4)))
    honest = ("сначала зазвонит ваш телефон", "Этот звонок уже набирается")
    assert all(any(one in text for one in honest) for text in told)
    assert any(honest[0] in text for text in told)
    assert len(made(here)) == 1


def test_long_after_a_double_click_the_confirmation_still_finds_its_call(tmp_path: Path) -> None:
    short = {LOGIN: {"exchange": "main", "dial": UNLIMITED | {"double_click_s": 0.001}}}
    with world(tmp_path, infobases=lambda _: short) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        browser = Browser(here)
        browser.enter()
        facts = confirmed(ask(browser))
        for _ in range(3):
            assert "зазвонит" in browser.post("sandbox/called", **facts).text
        assert len(made(here)) == 1


def test_nobody_is_rung_without_a_confirmation(here: World, operator: Browser) -> None:
    page = ask(operator)
    unticked = operator.post("sandbox/called", **confirmed(page, real=""))
    assert unticked.status_code == 400
    assert "Отметьте, что звонок настоящий" in unticked.text
    for changes in (
        {"proof": ""},
        {"proof": "0" * 64},
        {"number": "8 923 529-29-27"},
        {"telephone": "strict/102"},
        {"asked": "9999999999"},
        {"asked": "x"},
    ):
        refused = operator.post("sandbox/called", **confirmed(page, **changes))
        assert refused.status_code == 400, changes
        assert "никто не подтверждал" in refused.text
    assert made(here) == []
    assert calls_of_people(here) == []


def test_a_confirmation_grows_old(here: World, operator: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = confirmed(ask(operator))
    monkeypatch.setattr("bridge.web.console.pages.real_call.LIVES_S", -LIVES_S)
    late = operator.post("sandbox/called", **facts)
    assert late.status_code == 400
    assert "подтвердите ещё раз" in late.text
    assert made(here) == []


def test_a_confirmation_is_of_one_browser(here: World, operator: Browser) -> None:
    facts = confirmed(ask(operator))
    another = Browser(here)
    another.enter()
    assert another.post("sandbox/called", **facts).status_code == 400
    assert made(here) == []


def test_a_viewer_and_a_foreign_page_ring_nobody(here: World, operator: Browser) -> None:
    facts = confirmed(ask(operator))
    viewer = Browser(here)
    viewer.enter(VIEWER)
    for page in ("sandbox/real", "sandbox/called"):
        assert viewer.post(page, **facts).status_code == 403
        assert operator.post(page, token="", **facts).status_code == 403
        assert operator.get(page).status_code == 405
    assert made(here) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("+1 212 555-01-23", "в эту страну запрещены"),
        ("8 809 123-45-67", "платные номера"),
        ("112", "Короткий номер не из списка"),
        ("", "Не указан номер"),
        ("завтра", "буквы"),
    ],
)
def test_what_the_rules_forbid_is_said_before_anything_is_confirmed(
    here: World, operator: Browser, number: str, said: str
) -> None:
    page = ask(operator, number)
    assert said in page.text
    assert "sandbox/called" not in page.text
    assert made(here) == []


def test_a_limit_is_told_in_the_words_that_1c_reads(here: World, operator: Browser) -> None:
    operator.post("sandbox/called", **confirmed(ask(operator, telephone="strict/102")))
    refused = operator.post(
        "sandbox/called", **confirmed(ask(operator, "8 923 529-29-27", telephone="strict/102"))
    )
    assert "предел dial.subscriber_minute" in refused.text
    assert "FAIL" in refused.text
    assert made(here) == [(PETR.key, DIALLED)]
    assert [one.count for one in calls_of_people(here)] == [0, 1]


@pytest.mark.parametrize("telephone", [f"{LOGIN}/102", "nowhere/101", "", f"{LOGIN}/", f"{LOGIN}/{ANNA.key}"])
def test_only_telephones_of_the_base_are_rung(here: World, operator: Browser, telephone: str) -> None:
    page = ask(operator, telephone=telephone)
    assert page.status_code == 400
    assert "такого абонента нет" in page.text


def test_where_there_is_no_exchange_nothing_is_offered(tmp_path: Path) -> None:
    with world(tmp_path, infobases=lambda _: {}) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        browser = Browser(here)
        browser.enter()
        assert "Настоящий звонок" not in browser.get("sandbox").text
        assert ask(browser).status_code == 400


def test_the_telephone_that_is_shown_is_the_one_that_rings(tmp_path: Path) -> None:
    """The key of one looks like the extension of another: `MakeCall` means the first by it."""
    people = [
        {"name": "Первая", "key": "102", "extension": "101"},
        {"name": "Вторая", "key": "k2", "extension": "102"},
        {"name": "101", "key": "k3"},
    ]
    with world(tmp_path, exchange={"subscribers": people}) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        browser = Browser(here)
        browser.enter()
        offered = re.findall(
            r'<option value="(buh/[^"]*)">([^<(]*)', html.unescape(browser.get("sandbox").text)
        )
        assert [(value, name.strip()) for value, name in offered] == [
            ("buh/101", "Первая"),
            ("buh/Вторая", "Вторая"),
        ]
        assert ask(browser, telephone="buh/102").status_code == 400
        told = browser.post("sandbox/called", **confirmed(ask(browser, telephone="buh/Вторая")))
        assert "Вторая" in told.text
        assert [one.subscriber for one in here.archive().clicks(limit=10)] == ["k2"]


def test_a_telephone_that_rings_is_told_of_even_if_the_audit_cannot_be_finished(
    here: World, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = confirmed(ask(operator))

    def full(*_: object) -> None:
        raise StoreUnavailable("диск полон")

    monkeypatch.setattr("bridge.store.audit.finish", full)
    told = operator.post("sandbox/called", **facts)
    assert told.status_code == 200
    assert "сначала зазвонит ваш телефон" in told.text
    assert len(made(here)) == 1
    (deed,) = calls_of_people(here)
    assert deed.count is None
