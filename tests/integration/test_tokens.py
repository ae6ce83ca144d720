"""Passwords of infobases, issued and revoked by buttons and commands while real bridges run."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import requests

from bridge.core.accounts import Role
from bridge.core.errors import StoreUnavailable
from bridge.core.tokens import Token
from bridge.settings import Settings
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.archive import Archive
from bridge.store.audit import Deed
from bridge.store.beside import accounts_at, tokens_at
from bridge.web.auth import Gatekeeper, token_hash
from bridge.wiring.tokens import MOST, TokenWatch
from support.postgres import drop_database, fresh_database
from support.replica import Replica
from support.serving import environment
from support.world import ANNA, LOGIN, PASSWORD, World, eventually, settings, world

from .test_console import HASH, OPERATOR, VIEWER, Browser

linux = pytest.mark.skipif(sys.platform != "linux", reason="--workers is for Linux")
OTHER = "crm"
PING = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%s</e:Body></e:Envelope>' % (
    b'<Ping xmlns="http://vpbx-bridge.ru/telephony/1"/>'
)
SHOWN = re.compile(r'<code id="password">([^<]+)</code>')
FILE_ID = token_hash(PASSWORD).removeprefix("sha256:")[:12]


def ping(url: str, login: str, password: str) -> int:
    """The HTTP status that an infobase gets."""
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "Connection": "close"}
    return requests.post(
        f"{url}/ws/Telephony", data=PING, headers=headers, auth=(login, password), timeout=20
    ).status_code


def operators(database: str) -> None:
    with accounts_at(database) as accounts:
        accounts.add(OPERATOR, Role.OPERATOR, HASH)
        accounts.add(VIEWER, Role.VIEWER, HASH)


def issued(browser: Browser, infobase: str = LOGIN, label: str = "") -> str:
    return SHOWN.search(browser.post("settings/token", infobase=infobase, label=label).text)[1]


def id_of(password: str) -> str:
    return token_hash(password).removeprefix("sha256:")[:12]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, infobases=two) as running:
        operators(str(running.database))
        yield running


def two(onec_url: str) -> dict[str, dict[str, object]]:
    """Infobases of one exchange; the second has no password in its section."""
    return {
        LOGIN: {"exchange": "main", "token_hashes": [token_hash(PASSWORD)]},
        OTHER: {"exchange": "main", "contract": "vats", "url": f"{onec_url}/ws/VATS"},
    }


@pytest.fixture
def operator(here: World) -> Browser:
    browser = Browser(here)
    browser.enter()
    return browser


def test_a_password_is_issued_by_a_button_and_good_at_once(here: World, operator: Browser) -> None:
    made = issued(operator, label="касса 2")
    assert ping(here.url, LOGIN, made) == 200
    page = operator.get("settings").text
    assert "касса 2" in page
    assert f"<code>{id_of(made)}</code>" in page
    assert made not in page
    assert token_hash(made) not in page
    assert ping(here.url, LOGIN, PASSWORD) == 200, "those of the file are as good as before"


def test_a_password_is_revoked_by_a_button_after_a_question(here: World, operator: Browser) -> None:
    made = issued(operator)
    meant = {"infobase": LOGIN, "id": id_of(made)}
    asked = operator.post("settings/ask", **meant).text
    assert "последний пароль" not in asked
    assert ping(here.url, LOGIN, made) == 200, "nothing is done by the question"
    told = operator.post("settings/revoke", **meant)
    assert "Пароль отозван" in told.text
    assert "bridge.toml строку" not in told.text
    assert ping(here.url, LOGIN, made) == 401
    assert ping(here.url, LOGIN, PASSWORD) == 200


def test_a_password_of_the_settings_file_is_revoked_for_ever(here: World, operator: Browser) -> None:
    meant = {"infobase": LOGIN, "id": FILE_ID}
    asked = operator.post("settings/ask", **meant).text
    assert "последний пароль базы" in asked
    assert "удалите его строку и оттуда" in asked
    assert ping(here.url, LOGIN, PASSWORD) == 200
    told = operator.post("settings/revoke", **meant).text
    assert f"<code>sha256:{FILE_ID}</code>" in told, "which line is to be taken out"
    assert ping(here.url, LOGIN, PASSWORD) == 401
    page = operator.get("settings").text
    assert "Нет ни одного действующего пароля" in page
    assert "его строка ещё в bridge.toml" in page


def test_a_revocation_outlives_a_restart(tmp_path: Path) -> None:
    for status in (200, 401):
        with world(tmp_path) as here:
            assert ping(here.url, LOGIN, PASSWORD) == status
            with tokens_at(str(here.database)) as tokens:
                tokens.revoke(LOGIN, token_hash(PASSWORD), who="test")


def test_a_password_opens_its_own_infobase_only(here: World, operator: Browser) -> None:
    made = issued(operator, OTHER)
    assert ping(here.url, OTHER, made) == 200
    assert ping(here.url, LOGIN, made) == 401
    assert ping(here.url, OTHER, PASSWORD) == 401
    for page in ("settings/ask", "settings/revoke"):
        refused = operator.post(page, infobase=LOGIN, id=id_of(made))
        assert refused.status_code == 400
        assert "нет такого пароля" in refused.text
    assert operator.post("settings/token", infobase="gone", label="").status_code == 400
    assert ping(here.url, OTHER, made) == 200


def test_a_viewer_sees_no_password_and_no_button(here: World, operator: Browser) -> None:
    made = issued(operator)
    viewer = Browser(here)
    viewer.enter(VIEWER)
    assert "Пароли" not in viewer.get("").text
    meant = {"infobase": LOGIN, "id": id_of(made), "label": ""}
    for answer in (
        viewer.get("settings"),
        *(viewer.post(f"settings/{page}", **meant) for page in ("token", "ask", "revoke")),
    ):
        assert answer.status_code == 403
    assert ping(here.url, LOGIN, made) == 200


def test_who_issued_and_who_revoked_is_in_the_audit(here: World, operator: Browser) -> None:
    made = issued(operator, label="тел. 8 916 000-00-01, token=abcdef")
    operator.post("settings/revoke", infobase=LOGIN, id=id_of(made))
    written = here.archive().deeds()
    assert [(one.did, one.who, one.about, one.count) for one in written[:2]] == [
        (Deed.REVOKE, f"{OPERATOR} (консоль)", f"{LOGIN}, {id_of(made)}", 1),
        (Deed.TOKEN, f"{OPERATOR} (консоль)", f"{LOGIN}, {id_of(made)}", 1),
    ]
    (one,) = (one for one in here.archive().tokens() if one.proof == token_hash(made))
    assert (one.issued_by, one.revoked_by) == (OPERATOR, OPERATOR)
    assert "916" not in one.label, "a label is no place for numbers"
    assert "abcdef" not in one.label


def test_the_last_use_is_written_down_aside(here: World, operator: Browser) -> None:
    made = issued(operator)

    def used() -> set[str]:
        return {one.proof for one in here.archive().tokens() if one.used_at}

    assert used() == set()
    assert ping(here.url, LOGIN, made) == 200
    assert ping(here.url, LOGIN, "wrong") == 401
    assert eventually(lambda: used() == {token_hash(made)})
    assert "последний вход" in operator.get("settings").text


def test_nobody_fills_the_list(here: World, operator: Browser) -> None:
    with tokens_at(str(here.database)) as tokens:
        for number in range(MOST):
            tokens.issue(OTHER, token_hash(f"{number}"), label="", who="test")
    refused = operator.post("settings/token", infobase=OTHER, label="")
    assert refused.status_code == 400
    assert "отзовите лишние" in refused.text


# --- what is believed while the database is away ----------------------------------------------------
class Book:
    """`Tokens` in memory that may be away."""

    def __init__(self) -> None:
        self.told: list[Token] = []
        self.away = False
        self.looks = 0

    def records(self) -> list[Token]:
        self.looks += 1
        if self.away:
            raise StoreUnavailable("away")
        return self.told

    def used(self, keys: object) -> None: ...


@pytest.fixture
def made(tmp_path: Path) -> Settings:
    return settings(tmp_path, "http://127.0.0.1:1", "http://127.0.0.1:1")


def proves(gatekeeper: Gatekeeper, password: str) -> bool:
    header = requests.auth._basic_auth_str(LOGIN, password)
    return gatekeeper.infobase(header, "192.0.2.1") == LOGIN


def test_without_the_database_the_last_known_passwords_go_on(
    made: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    book = Book()
    book.told = [Token(infobase=LOGIN, proof=token_hash("issued"), issued_at=1.0)]
    watch = TokenWatch(made, book)  # type: ignore[arg-type]
    watch.start()
    book.away, book.told = True, []
    before = book.looks
    assert eventually(lambda: book.looks >= before + 2)
    assert proves(watch.gatekeeper, "issued")
    assert proves(watch.gatekeeper, PASSWORD)
    book.away = False
    assert eventually(lambda: not proves(watch.gatekeeper, "issued"))
    watch.stop()
    said = "".join(capfd.readouterr())
    assert said.count("tokens_unread") == 1, "it is complained of once"


def test_a_bridge_that_cannot_know_what_was_revoked_does_not_start(made: Settings) -> None:
    book = Book()
    book.away = True
    with pytest.raises(StoreUnavailable):
        TokenWatch(made, book)  # type: ignore[arg-type]


def test_no_request_reads_the_database(made: Settings) -> None:
    book = Book()
    watch = TokenWatch(made, book)  # type: ignore[arg-type]
    for password in (PASSWORD, "wrong"):
        proves(watch.gatekeeper, password)
    assert book.looks == 1


def test_what_was_proved_before_a_change_is_not_believed_after_it() -> None:
    keeper = Gatekeeper({LOGIN: LOGIN}, {LOGIN: [token_hash("one"), token_hash("two")]})
    for _ in range(3):
        assert proves(keeper, "one")
        assert proves(keeper, "two")
    keeper.change({LOGIN: [token_hash("two"), token_hash("three")]})
    assert not proves(keeper, "one")
    assert proves(keeper, "two")
    assert proves(keeper, "three")
    assert keeper.used() == {(LOGIN, token_hash(one)) for one in ("one", "two", "three")}
    assert keeper.used() == set()


# --- bridges as administrators run them -------------------------------------------------------------
@contextmanager
def replicas(folder: Path, database: str, count: int, *arguments: str) -> Iterator[list[Replica]]:
    with ExitStack() as running:
        exchange = running.enter_context(Loopback(FakeExchange((ANNA,))))
        onec = running.enter_context(Loopback(FakeOnec()))
        made = [Replica(folder, f"bridge-{number}", arguments=arguments) for number in range(count)]
        for one in made:
            one.configure(database=database, exchange_url=exchange.url, onec_url=onec.url)
            running.enter_context(one.running())
        operators(database)
        yield made


def told(replica: Replica, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
    """What `vpbx-bridge token …` does beside this bridge."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", "token", *words, "-c", str(replica.config)],
        env=environment(),
        input=answer,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def everywhere(made: list[Replica], password: str, status: int) -> bool:
    """In every process: of several behind one socket each answers some of these."""

    def so() -> bool:
        return all(ping(one.url, LOGIN, password) == status for one in made for _ in range(12))

    return bool(eventually(so, within_s=20))


def lived_through(made: list[Replica], database: str, issue: Callable[[], str]) -> None:
    """Issued, used, revoked; then the one of the settings file."""
    password = issue()
    assert everywhere(made, password, 200)
    listed = told(made[0], "list").stdout
    assert id_of(password) in listed
    assert FILE_ID in listed
    assert password not in listed
    asked = told(made[-1], "revoke", LOGIN, id_of(password), answer="n\n")
    assert asked.returncode == 1
    assert everywhere(made, password, 200)
    assert told(made[-1], "revoke", LOGIN, id_of(password), "--yes").returncode == 0
    assert everywhere(made, password, 401)
    last = told(made[0], "revoke", LOGIN, FILE_ID, answer="y\n")
    assert "последний пароль" in last.stderr
    assert f"sha256:{FILE_ID}" in last.stdout
    assert everywhere(made, PASSWORD, 401)
    assert [one.did for one in Archive(database).deeds(limit=2)] == [Deed.REVOKE, Deed.REVOKE]


def by_command(replica: Replica) -> str:
    made = told(replica, "issue", LOGIN, "--name", "касса")
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]


def by_button(replica: Replica) -> str:
    browser = Browser(None, f"{replica.url}/console/")  # type: ignore[arg-type]
    browser.enter()
    return issued(browser)


def test_a_command_issues_and_revokes_beside_a_running_bridge(tmp_path: Path) -> None:
    database = str(tmp_path / "bridge.db")
    with replicas(tmp_path, database, 1) as made:
        lived_through(made, database, lambda: by_command(made[0]))


@linux
def test_every_process_behind_one_socket_knows_of_it(tmp_path: Path) -> None:
    database = str(tmp_path / "bridge.db")
    with replicas(tmp_path, database, 1, "--workers", "2") as made:
        lived_through(made, database, lambda: by_button(made[0]))


def test_every_replica_on_one_postgresql_knows_of_it(tmp_path: Path) -> None:
    database = fresh_database()
    try:
        with replicas(tmp_path, database, 2) as made:
            lived_through(made, database, lambda: by_button(made[0]))
    finally:
        drop_database(database)


def test_commands_say_what_is_wrong(tmp_path: Path) -> None:
    with world(tmp_path / "world") as here:
        replica = Replica(tmp_path).configure(
            database=str(here.database), exchange_url="http://127.0.0.1:1", onec_url="http://127.0.0.1:1"
        )
        assert "есть: buh" in told(replica, "issue", "nobody").stderr
        assert "нет такого пароля" in told(replica, "revoke", LOGIN, "0" * 12, "--yes").stderr
        misplaced = subprocess.run(
            [sys.executable, "-m", "bridge", "token", "-c", str(replica.config), "list"],
            env=environment(),
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        assert misplaced.returncode == 2
        assert "после команды" in misplaced.stderr
        assert "Нет" not in told(replica, "list", "--infobase", LOGIN).stdout
