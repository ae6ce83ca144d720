"""Whatever bytes come, the console answers; whatever was stored, its pages are pages."""

import io
import string
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.core.accounts import Role
from bridge.core.calls import CallState, Direction
from bridge.settings import Settings
from bridge.web.console import passwords
from bridge.web.console.app import ConsoleEndpoint
from bridge.web.console.entering import form_token, token_hash
from bridge.web.console.routes import ROUTES
from bridge.wiring.console import console
from bridge.wiring.console_extras import NO_EXTRAS
from support.stand import STANDS, PostgresStand, Stand, journal, said
from support.world import settings as settings_of

TOKEN = "the-session-of-a-test"
CASES = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
PAGES = sorted({route.page for route in ROUTES})
NAMES = ["number", "person", "since", "until", "status", "before", "exchange", "id", "event", "infobase"]
NAMES += [
    "label",
    "state",
    "deed",
    "delivery",
    "scope",
    "name",
    "password",
    "code",
    "to",
    "back",
    "done",
    "after",
]
GOOD = ["", "main", "buh", "c1", "1", "dead", "queued", "replay", "discard", "all", "2026-11-23", "MISSED"]
VOID = {"meta", "link", "input", "br", "img"}


class Place:
    """A console without a server, on a store of its own."""

    def __init__(self, stand: Stand, folder: Path) -> None:
        address = stand.address if isinstance(stand, PostgresStand) else str(stand.path)
        made: Settings = settings_of(
            folder, "http://127.0.0.1:1", "http://127.0.0.1:2", server={"database": address}
        )
        self.stand = stand
        self.app: ConsoleEndpoint = console(
            made,
            stand.store,
            hint=lambda *_: None,
            breakers=dict,
            calls=SimpleNamespace(telephones=()),  # nobody can be rung here
            tokens_changed=lambda: None,
            extras=NO_EXTRAS,
            began=0.0,
        )
        stand.store.accounts.add("operator", Role.OPERATOR, passwords.hashed("a long enough one"))
        stand.store.accounts.open_session("operator", token_hash(TOKEN), lives_s=10**9)

    def ask(
        self, method: str, page: str, query: str, *, body: bytes = b"", cookie: str = ""
    ) -> tuple[int, str]:
        said: list[tuple[int, dict[str, str]]] = []
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": f"/console/{page}".encode().decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_TYPE": "application/x-www-form-urlencoded",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_COOKIE": cookie or f"vpbx_console={TOKEN}; vpbx_language=en",
            "REMOTE_ADDR": "192.0.2.1",
            "wsgi.input": io.BytesIO(body),
        }
        answer = self.app(environ, lambda line, headers: said.append((int(line[:3]), dict(headers))))
        text = b"".join(answer).decode()
        status, headers = said[0]
        if "Content-Security-Policy" not in headers:
            assert page.startswith("static/"), page
        return status, text


class Reader(HTMLParser):
    """Notices what is open at the end, and every script of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attrs).get("src") or "inline")
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"], attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def whole(text: str) -> None:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert [one.split("?")[0].rpartition("/")[2] for one in reader.scripts] in (
        [],
        ["htmx-2.0.11.min.js", "console.js"],
    )


@pytest.fixture(scope="module", params=STANDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("store")
    stand = STANDS[request.param](folder)
    yield Place(stand, tmp_path_factory.mktemp("settings"))
    stand.close()


words = st.one_of(st.sampled_from(GOOD), st.text(max_size=20), st.integers().map(str))
queries = st.one_of(
    st.lists(st.tuples(st.sampled_from(NAMES), words), max_size=5).map(
        lambda pairs: urlencode(pairs, errors="replace")
    ),
    st.text(alphabet=string.printable, max_size=60),
)


@CASES
@given(page=st.one_of(st.sampled_from(PAGES), st.text(max_size=20)), query=queries)
def test_every_question_is_answered_by_a_page(place: Place, page: str, query: str) -> None:
    page = page.encode("utf-8", "replace").decode()
    status, text = place.ask("GET", page, query)
    assert status in (200, 303, 400, 403, 404, 405)
    if status != 303 and not page.startswith("static/"):
        whole(text)


@CASES
@given(
    page=st.sampled_from([one.page for one in ROUTES if one.method == "POST" and one.page != "logout"]),
    form=st.lists(st.tuples(st.sampled_from(NAMES), words), max_size=8),
    proved=st.booleans(),
)
def test_every_form_is_answered(
    place: Place, page: str, form: list[tuple[str, str]], *, proved: bool
) -> None:
    token = [("form_token", form_token(TOKEN))] if proved else []
    body = urlencode([*form, *token], errors="replace").encode()
    status, text = place.ask("POST", page, "", body=body, cookie=f"vpbx_console={TOKEN}")
    assert status in (200, 303, 400, 403, 429)
    if status != 303:
        whole(text)


@CASES
@given(st.binary(max_size=80), st.text(alphabet=string.printable, max_size=60))
def test_no_bytes_of_a_stranger_break_it(place: Place, body: bytes, cookie: str) -> None:
    for page in ("login", "queue/do", "first"):
        assert place.ask("POST", page, "", body=body, cookie=cookie or "a=b")[0] in (303, 400, 403)


strange = st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode())


@CASES
@given(
    call=strange.filter(bool),
    numbers=st.tuples(strange, strange),
    raw=st.binary(max_size=80),
    state=st.sampled_from(CallState),
    direction=st.sampled_from(Direction),
    time_s=st.one_of(st.none(), st.integers(0, 4_000_000_000)),
)
def test_whatever_an_exchange_said_is_shown_as_text(
    place: Place,
    call: str,
    numbers: tuple[str, str],
    raw: bytes,
    state: CallState,
    direction: Direction,
    time_s: int | None,
) -> None:
    event = said(
        call,
        state,
        time_s,
        from_number=numbers[0],
        to_number=numbers[1],
        raw=raw,
        direction=direction,
        dedup_key="",
    )
    accepted = place.stand.store.accept(event, [journal()], merge_s=0)
    stored = place.stand.store.overview.event(accepted.event_id)
    assert stored is not None
    asked = urlencode({"exchange": "main", "id": stored.event.call_id})
    for page, query in (("calls", ""), ("", ""), ("call", asked), ("raw", f"event={accepted.event_id}")):
        status, text = place.ask("GET", page, query)
        assert status == 200, (page, text)
        whole(text)
