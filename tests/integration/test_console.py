"""The console over HTTP: who is let in, what each may do, and what no page ever says."""

import re
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from bridge.core.accounts import Role
from bridge.core.delivery import DeliveryState
from bridge.store.audit import Deed
from bridge.store.beside import accounts_at
from bridge.web.console import passwords
from bridge.web.console.entering import token_hash
from bridge.web.console.routes import ROUTES, Who
from support.world import ANNA, HOOK_SECRET, World, eventually, world

OPERATOR, VIEWER, PASSWORD = "operator", "viewer", "a long enough one"
CLIENT = "89160000001"
HASH = passwords.hashed(PASSWORD)  # it takes its time
TOKEN = re.compile(r'name="form_token" value="(\w+)"')


class Browser:
    """Somebody at the console."""

    def __init__(self, here: World, base: str = "") -> None:
        self.base = base or f"{here.url}/console/"
        self.session = requests.Session()

    def get(self, page: str = "", **more: object) -> requests.Response:
        return self.session.get(self.base + page, timeout=10, **more)

    def post(self, page: str, *, token: str | None = None, **form: object) -> requests.Response:
        """A form as the page has it; `token` instead of the right one."""
        right = TOKEN.search(self.get("login").text + self.get("password").text)
        assert right
        facts = {"form_token": right[1] if token is None else token, **form}
        return self.session.post(self.base + page, data=facts, timeout=10)

    def enter(self, name: str = OPERATOR, password: str = PASSWORD) -> requests.Response:
        return self.post("login", name=name, password=password)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("console"), server={"link_secret": "x" * 40}, attempts=1) as running:
        with accounts_at(str(running.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
            accounts.add(VIEWER, Role.VIEWER, HASH)
        yield running


@pytest.fixture
def operator(here: World) -> Browser:
    browser = Browser(here)
    browser.enter()
    return browser


@pytest.fixture
def viewer(here: World) -> Browser:
    browser = Browser(here)
    browser.enter(VIEWER)
    return browser


def dead(here: World, count: int = 1) -> None:
    """Calls that 1C refused for good."""
    before = len(here.archive().deliveries(limit=10_000))
    here.onec.set_mode("fault")
    for _ in range(count):
        here.exchange.ring("missed", CLIENT, ANNA)
    eventually(lambda: not here.archive().depths(), within_s=20)
    here.onec.set_mode("ok")
    assert len(here.archive().deliveries(limit=10_000)) > before


# --- coming in ------------------------------------------------------------------------------------
def test_nobody_sees_a_page_without_entering(here: World) -> None:
    for route in ROUTES:
        if route.method == "GET" and route.who is not Who.ANYBODY:
            answer = Browser(here).get(route.page, allow_redirects=False)
            assert (answer.status_code, answer.headers["Location"][-5:]) == (303, "login"), route.page


def test_whoever_has_the_password_comes_in_and_goes_out(here: World) -> None:
    browser = Browser(here)
    assert "Всё работает" in browser.enter().text or "Звенья" in browser.get().text
    assert browser.get().url.endswith("/console/")
    held = browser.session.cookies["vpbx_console"]
    browser.post("logout")
    assert browser.get().url.endswith("/console/login")
    browser.session.cookies.clear()
    answer = requests.get(browser.base, cookies={"vpbx_console": held}, timeout=10)
    assert answer.url.endswith("/console/login")  # the session is over, not only the cookie gone


def test_a_session_is_never_the_visitors_own_choice(here: World) -> None:
    browser = Browser(here)
    browser.get("login")
    before = browser.session.cookies["vpbx_console"]
    browser.enter()
    assert browser.session.cookies["vpbx_console"] != before


@pytest.mark.parametrize(("name", "password"), [(OPERATOR, "wrong"), ("nobody", PASSWORD), ("", "")])
def test_a_wrong_name_and_a_wrong_password_are_told_alike(here: World, name: str, password: str) -> None:
    answer = Browser(here).enter(name, password)
    assert answer.status_code == 403
    assert "Имя или пароль не подходят" in answer.text


def test_guessing_is_throttled_even_from_this_machine(here: World) -> None:
    browser = Browser(here)
    codes = [browser.enter("victim", "wrong").status_code for _ in range(11)]
    assert codes == [403] * 10 + [429]


def test_the_cookie_is_for_nobody_else(here: World) -> None:
    cookie = Browser(here).get("login").headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/console"} <= set(cookie.split("; "))
    assert "Secure" not in cookie


def test_behind_a_prefix_and_tls_the_cookie_and_the_links_follow(tmp_path: Path) -> None:
    """The proxy takes the prefix off; every link is relative to the page."""
    server = {"public_url": "https://bridge.example.ru/telephony"}
    with world(tmp_path, server=server) as here:
        answer = Browser(here).get("login")
        if answer.url.endswith("first"):
            answer = Browser(here).get("first")
        cookie = answer.headers["Set-Cookie"]
        assert {"Path=/telephony/console", "Secure"} <= set(cookie.split("; "))
        places = re.findall(r'(?:href|src|action)="([^"#]*)"', answer.text)
        assert places
        assert [one for one in places if one.startswith("/") or "://" in one] == []
        assert requests.get(f"{here.url}/console", timeout=10).url.startswith(f"{here.url}/console/")


def test_the_first_user_needs_a_code_of_the_bridges_computer(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        browser = Browser(here)
        assert browser.get().url.endswith("/console/first")
        facts = {"name": "anna", "password": PASSWORD, "again": PASSWORD}
        assert browser.post("first", code="guessed", **facts).status_code == 403
        with accounts_at(str(here.database)) as accounts:
            accounts.keep_code(token_hash("the code"), lives_s=60)
        different = browser.post("first", code="the code", **{**facts, "again": "another one"})
        assert different.status_code == 400
        assert browser.post("first", code="the code", **facts).url.endswith("/console/")
        assert Browser(here).get("first").url.endswith("/console/login")


def test_a_new_password_ends_the_other_sessions(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        first, second = Browser(here), Browser(here)
        first.enter()
        second.enter()
        new = {"password": "another long one", "again": "another long one"}
        assert first.post("password", old="wrong", **new).status_code == 403
        assert first.post("password", old=PASSWORD, **new).url.endswith("/console/")
        assert second.get().url.endswith("/console/login")
        assert second.enter(password="another long one").url.endswith("/console/")


# --- what each may do -----------------------------------------------------------------------------
POSTS = [route for route in ROUTES if route.method == "POST"]


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.page)
@pytest.mark.parametrize("token", ["", "0" * 64, "of another"])
def test_no_form_is_taken_without_the_token_of_its_browser(
    here: World, operator: Browser, route: object, token: str
) -> None:
    if token == "of another":
        token = TOKEN.search(Browser(here).get("login").text)[1]
    answer = operator.post(route.page, token=token, deed="replay", infobase="buh", state="dead")
    assert answer.status_code == 403
    assert "Форма устарела" in answer.text
    assert operator.get("calls").url.endswith("/console/calls")  # nothing was done: not even the logout


@pytest.mark.parametrize("route", POSTS, ids=lambda route: route.page)
def test_what_changes_anything_is_never_a_get(operator: Browser, route: object) -> None:
    if any(one.method == "GET" and one.page == route.page for one in ROUTES):
        assert operator.get(route.page).status_code in (200, 400)
    else:
        assert operator.get(route.page).status_code == 405


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.who is Who.OPERATOR], ids=lambda one: one.page
)
def test_a_viewer_is_refused_what_is_an_operators(viewer: Browser, route: object) -> None:
    answer = viewer.post(route.page) if route.method == "POST" else viewer.get(route.page)
    assert answer.status_code == 403
    assert "только оператор" in answer.text


def test_a_form_that_is_no_form_is_refused(operator: Browser) -> None:
    for media, body in (("application/json", b"{}"), ("application/x-www-form-urlencoded", b"a" * 20_000)):
        answer = operator.session.post(
            f"{operator.base}queue/do", data=body, headers={"Content-Type": media}, timeout=10
        )
        assert answer.status_code == 400


# --- what pages say -------------------------------------------------------------------------------
def test_a_call_is_seen_with_everything_that_became_of_it(here: World, operator: Browser) -> None:
    here.exchange.ring("answered", CLIENT, ANNA)
    eventually(lambda: not here.archive().depths())
    found = operator.get(f"calls?number=8 (916) 000-00-01&person={ANNA.name}").text
    assert CLIENT in found
    assert ANNA.name in found
    page = operator.get(re.search(r'href="\./(call\?[^"]+)"', found)[1].replace("&amp;", "&"))
    assert page.status_code == 200
    for word in ("звонит телефон", "ответили", "доставлено", "/records/"):
        assert word in page.text
    event = re.search(r'href="\./(raw\?event=(\d+))"', page.text)
    assert CLIENT not in operator.get(event[1]).text
    assert CLIENT in operator.post("raw", event=event[2]).text


def test_a_viewer_sees_no_whole_number_anywhere(here: World, viewer: Browser) -> None:
    here.exchange.ring("answered", CLIENT, ANNA)
    dead(here)
    pages = ["", "today", "calls", "queue?infobase=buh&state=dead", "raw?event=1"]
    call = re.search(r'href="\./(call\?[^"]+)"', viewer.get("calls").text)[1].replace("&amp;", "&")
    texts = {page: viewer.get(page).text for page in [*pages, call]}
    assert {page for page, text in texts.items() if CLIENT in text} == set()
    assert all("89*******01" in texts[page] for page in ("calls", call, "queue?infobase=buh&state=dead"))
    assert "<audio" not in texts[call]
    assert 'name="deed"' not in texts["queue?infobase=buh&state=dead"]


def test_no_page_tells_a_secret(here: World, operator: Browser) -> None:
    here.exchange.ring("answered", CLIENT, ANNA)
    texts = {one.page: operator.get(one.page).text for one in ROUTES if one.method == "GET"}
    assert len(texts["settings"]) > 2000
    secrets = (HOOK_SECRET, ANNA.key, HASH, "x" * 40)
    assert {(page, one) for page, text in texts.items() for one in secrets if one in text} == set()


def test_the_hooks_address_is_shown_to_the_operator_who_asks(here: World, operator: Browser) -> None:
    shown = operator.post("settings/hook", exchange="main").text
    assert f"{here.url}/hooks/main/{HOOK_SECRET}?key={{KEY}}&amp;number={{NUMBER}}" in shown
    assert operator.post("settings/hook", exchange="other").status_code == 400


def test_a_flood_of_logins_holds_no_thread(here: World) -> None:
    """Eight at once, where two are hashed: some are told to come later, all are answered soon."""
    browsers = [Browser(here) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda one: one.enter("flood", "wrong").status_code, browsers))
    assert set(codes) <= {403, 429}
    assert 403 in codes


def test_whoever_did_something_is_in_the_audit(here: World, operator: Browser) -> None:
    dead(here)
    since = time.time()
    Browser(here).enter()
    operator.post("raw", event="1")
    operator.post("settings/hook", exchange="main")
    operator.post("queue/hurry", **CHOICE)
    assert operator.post("doctor/run").status_code == 400, "nobody gave this bridge a doctor"
    chosen = ids(operator)
    operator.post("queue/do", delivery=chosen[:1], deed="replay", **CHOICE)
    operator.post("queue/do", delivery=chosen[1:3], deed="discard", **CHOICE)
    written = here.archive().deeds(since=since)
    assert {one.who for one in written} == {f"{OPERATOR} (консоль)"}
    assert [(one.did, one.about, one.count) for one in reversed(written)] == [
        (Deed.ENTER, "127.0.0.1", 1),
        (Deed.SHOW_FULL, "событие 1", 1),
        (Deed.SHOW_FULL, "адрес веб-хука main", 1),
        (Deed.HURRY, "buh", 1),
        (Deed.REPLAY, "buh, dead", 1),
        (Deed.DISCARD, "buh, dead", 2),
    ]


def test_what_cannot_be_written_down_is_not_done(here: World, operator: Browser) -> None:
    dead(here)
    chosen = ids(operator)
    with sqlite3.connect(here.database, isolation_level=None) as other:
        other.execute("ALTER TABLE audit RENAME TO audit_gone")
        refused = operator.post("queue/do", delivery=chosen[:1], deed="replay", **CHOICE)
        unseen = operator.post("raw", event="1")
        other.execute("ALTER TABLE audit_gone RENAME TO audit")
    other.close()
    assert (refused.status_code, unseen.status_code) == (503, 503)
    assert CLIENT not in unseen.text
    assert ids(operator) == chosen


def test_markup_of_a_caller_is_text(here: World, operator: Browser) -> None:
    evil = '"><script>alert(1)</script>'
    event = {"uuid": evil, "state": "END", "direction": "incoming", "from": evil, "to": "101", "time": 1}
    assert requests.post(here.hook, json=event, timeout=10).status_code == 200
    found = operator.get("calls").text
    call = re.search(r'href="\./(call\?[^"]+script[^"]+)"', found)[1].replace("&amp;", "&")
    for text in (found, operator.get(call).text, operator.get("today").text):
        assert "<script>" not in text
        assert "&lt;script&gt;" in text


def test_every_answer_has_the_headers_that_keep_a_browser_safe(here: World, operator: Browser) -> None:
    """Of each route there is, as a stranger and as an operator; of what is none; of each refusal."""
    stranger = Browser(here)
    answers = [operator.get(page) for page in ("nowhere", "raw?event=none")]
    for route in ROUTES:
        for browser in (stranger, operator):
            if route.method == "GET":
                answers.append(browser.get(route.page, allow_redirects=False))
            elif route.page != "logout":
                answers.append(
                    browser.session.post(browser.base + route.page, timeout=10, allow_redirects=False)
                )
                answers.append(browser.post(route.page))
    assert {200, 303, 400, 403, 404} <= {one.status_code for one in answers}
    for answer in answers:
        headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_static_files_are_kept_for_ever_by_their_version(here: World) -> None:
    browser = Browser(here)
    places = re.findall(r'(?:href|src)="\./(static/[^"]+)"', browser.get("login").text)
    assert len(set(places)) == 5
    for place in places:
        answer = browser.get(place)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert "immutable" not in browser.get(place.partition("?")[0]).headers["Cache-Control"]
    for place in ("static/", "static/../app.py", "static/%2e%2e/app.py", "static/console.txt"):
        assert browser.get(place).status_code == 404


def test_whoever_reads_english_is_answered_so(operator: Browser) -> None:
    answer = operator.post("language", to="en", back="calls")
    assert answer.url.endswith("/console/calls")
    assert '<html lang="en">' in answer.text
    assert "Employee" in answer.text
    assert '<html lang="ru">' in operator.post("language", to="xx", back="//evil.example").text


@pytest.mark.parametrize(
    "asked", ["since=gestern", "until=9999-12-31", "number=абв", "before=-1", "status=NO", "since=0001-01-01"]
)
def test_a_strange_question_is_answered_all_the_same(operator: Browser, asked: str) -> None:
    assert operator.get(f"calls?{asked}").status_code == 200


@pytest.mark.parametrize(
    "page", ["call", "call?exchange=main&id=nothing", "raw", "raw?event=99999", "nowhere"]
)
def test_what_is_not_there_is_told_so(operator: Browser, page: str) -> None:
    answer = operator.get(page)
    assert answer.status_code in (400, 404)
    assert "Не получилось" in answer.text


def test_pages_without_what_only_some_ways_to_start_give_say_so(operator: Browser) -> None:
    assert "vpbx-bridge demo --serve" in operator.get("sandbox").text
    assert "vpbx-bridge check" in operator.get("doctor").text
    assert operator.post("doctor/run").status_code == 400
    assert operator.post("sandbox/ring").status_code == 400


# --- the queue ------------------------------------------------------------------------------------
def ids(browser: Browser, state: str = "dead") -> list[str]:
    text = browser.get(f"queue?infobase=buh&state={state}").text
    return re.findall(r'name="delivery" value="(\d+)"', text)


CHOICE = {"infobase": "buh", "state": "dead"}


def test_what_is_dead_is_sent_again_by_hand(here: World, operator: Browser) -> None:
    dead(here)
    chosen = ids(operator)
    heard = len(here.onec.received)
    asked = operator.post("queue/ask", delivery=chosen[:2], scope="chosen", deed="replay", **CHOICE)
    assert "Отправить ещё раз: 2?" in asked.text
    done = operator.post("queue/do", delivery=chosen[:2], deed="replay", **CHOICE)
    assert "Сделано: 2" in done.text
    assert eventually(lambda: len(here.onec.received) == heard + 2)
    assert set(ids(operator)) == set(chosen) - set(chosen[:2])


def test_all_of_a_list_is_dropped_in_steps_that_end(here: World, operator: Browser) -> None:
    dead(here, 12)
    assert len(ids(operator)) == 40  # a whole page, and there are more
    (heap,) = [one for one in here.archive().counts().items() if one[0] == ("buh", DeliveryState.DEAD)]
    step = operator.post("queue/all", deed="discard", total="?", **CHOICE)
    assert "Сделано 40 из ?" in step.text
    before = re.search(r'name="before" value="(\d+)"', step.text)[1]
    last = operator.post("queue/all", deed="discard", done="40", before=before, total="?", **CHOICE)
    assert f"Сделано: {heap[1]}" in last.text
    assert ids(operator) == []


@pytest.mark.parametrize(
    "form",
    [
        {"deed": "replay"},
        {"deed": "explode", **CHOICE},
        {"deed": "replay", "infobase": "other", "state": "dead"},
        {"deed": "replay", "infobase": "buh", "state": "delivered"},
    ],
)
def test_a_deed_that_is_not_said_whole_is_not_done(operator: Browser, form: dict[str, str]) -> None:
    for page in ("queue/ask", "queue/do", "queue/all"):
        assert operator.post(page, **form).status_code == 400


def test_the_first_page_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        with accounts_at(str(here.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, HASH)
        browser = Browser(here)
        browser.enter()
        here.onec_server.stop()
        here.exchange.ring("answered", CLIENT, ANNA)
        assert eventually(lambda: "1С не отвечает, события ждут" in browser.get("today").text, within_s=10)
        assert "Включите 1С" in browser.get("today").text
        here.onec_server.start()
        browser.post("queue/hurry", infobase="buh", state="queued")
        assert eventually(lambda: "Всё работает" in browser.get("today").text, within_s=10)


def test_a_part_asked_by_somebody_who_left_leads_to_the_login(here: World) -> None:
    answer = Browser(here).get("today", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"].endswith("login")


def test_a_browser_may_only_look_at_the_head(operator: Browser) -> None:
    answer = operator.session.head(operator.base, timeout=10)
    assert (answer.status_code, answer.content) == (200, b"")
