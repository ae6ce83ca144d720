"""No log, page, answer, command or database holds what it must not: every road is walked, every output read.

Secrets and numbers are marked, and looked for as addresses, forms, JSON, XML and base64 spell them; what may
be seen where is the table `support.canary.SHOWN`.
"""

import base64
import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, quote_plus, urlencode
from wsgiref.types import StartResponse, WSGIEnvironment

import click
import pydantic
import pytest
import requests
import zeep
from requests.auth import HTTPBasicAuth

from bridge.cli import main
from bridge.core.accounts import Role
from bridge.core.delivery import DeliveryState
from bridge.settings import load
from bridge.sim import records as sim_records
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.beside import accounts_at
from bridge.web.auth import token_hash
from bridge.web.console import passwords
from bridge.web.console.routes import ROUTES
from support import canary
from support.canary import CALLER, DIALLED, KEY, MARKS, NUMBERS, SECRETS, Outputs
from support.ports import free_port
from support.serving import Serving, environment, serving
from support.world import ANNA, eventually

ME = replace(ANNA, key=KEY["key of a subscriber"])
HOOK, TOKEN = SECRETS["hook_secret"], SECRETS["password of an infobase"]
ISSUED = SECRETS["password that was issued"]
THEIRS = SECRETS["token in an address"]
TEXTS = {"Key": ME.extension, "Number": DIALLED, "Ключ": ME.extension, "Номер": DIALLED}
ROADS = (  # beginnings of the names of outputs; each must have been seen
    *("log", "hooks", "strangers", "1C was told", "soap ", "metrics", "health", "records", "caller", "api"),
    *("as 1C", "database", "body of", "bodies", "events list", "events show", "show --full", "dials list"),
    *("console of a stranger", "console of a viewer", "console of an operator", "console, ", "console users"),
    *("check", "reconcile", "audit list", "records listened", "settings", "wrong setting", "command line"),
)


def settings(folder: Path, port: int, exchange_url: str, onec_url: str, echo_url: str) -> Path:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    login = f'user = "мост"\npassword = {text(SECRETS["password of 1C"])}'
    tokens = f'token_hashes = ["{token_hash(TOKEN)}"]'
    config = folder / "bridge.toml"
    config.write_text(
        f"""
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
database = "bridge.db"
link_secret = "{SECRETS["link_secret"]}"

[exchange.main]
api = "simple-calls"
base_url = "{exchange_url}"
journal_url = "{exchange_url}"
hook_secret = "{HOOK}"
old_hook_secret = "{SECRETS["old_hook_secret"]}"
timeout_s = 3
reconcile_lag_s = 1
keep_records = true
journal_token = {text(SECRETS["journal_token"])}
api_password = {text(SECRETS["api_password"])}
node_token = {text(SECRETS["node_token"])}
subscribers = [{{ name = "{ME.name}", key = "{ME.key}", extension = "{ME.extension}" }}]

[infobase.buh]
exchange = "main"
contract = "vatscalls"
url = "{onec_url}/ws/VATScalls"
{login}
{tokens}

[infobase.box]
exchange = "main"
contract = "mailbox"
{tokens}

[infobase.echo]  # its 1C repeats all that it is told, on a page of an error
exchange = "main"
contract = "vats"
url = "{echo_url}/ws/VATS"
attempts = 1
{login}
""",
        encoding="utf-8",
    )
    return config


def echoing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A web server that puts the whole request on its page: headers, login, body."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode("utf-8", "replace")
    proof = environ.get("HTTP_AUTHORIZATION", "")
    login = base64.b64decode(proof.partition(" ")[2]).decode("utf-8", "replace")
    page = f"<html><title>Error {login}</title><body>by reason: {login} {proof} {body}</body></html>"
    start_response("500 Internal Server Error", [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]


@dataclass
class Place:
    """A running bridge between fakes, and what it has said so far."""

    url: str
    config: Path
    bridge: Serving
    exchange: FakeExchange
    onec: FakeOnec
    outputs: Outputs
    env: Mapping[str, str]

    def note(self, where: str, answer: requests.Response) -> requests.Response:
        self.outputs.add(where, f"{answer.status_code} {dict(answer.headers)}")
        self.outputs.add(where, answer.content)
        return answer

    def get(self, where: str, path: str, **more: Any) -> requests.Response:
        return self.note(where, requests.get(f"{self.url}{path}", timeout=15, **more))

    def post(self, where: str, path: str, **more: Any) -> requests.Response:
        return self.note(where, requests.post(f"{self.url}{path}", timeout=15, **more))


@contextmanager
def place(folder: Path, *, leaking: bool = False) -> Iterator[Place]:
    """What it leaves on the disk is read when it has ended."""
    outputs = Outputs()
    with ExitStack() as running:
        exchange, onec = FakeExchange((ME,)), FakeOnec(user="мост", password=SECRETS["password of 1C"])
        urls = [running.enter_context(Loopback(app)).url for app in (exchange, onec, echoing)]
        port = free_port()
        config = settings(folder, port, *urls)
        plants = {canary.PLANTED: canary.planted(canary.SERVE_PLANTS)} if leaking else {}
        env = canary.ISSUED | plants
        bridge = running.enter_context(serving(config, port, program=("-c", canary.SERVE), env=env))
        exchange.hook_url = f"{bridge.url}/hooks/main/{HOOK}"
        commands = {canary.PLANTED: canary.planted(canary.COMMAND_PLANTS)} if leaking else {}
        yield Place(bridge.url, config, bridge, exchange, onec, outputs, canary.ISSUED | commands)
    outputs.add("log", bridge.log.read_bytes())
    for file in folder.rglob("*"):
        if file.is_file() and file not in (config, bridge.log):
            outputs.add("bodies and all other bytes of the folder", file.read_bytes())
    dumped(folder / "bridge.db", outputs)


def dumped(database: Path, outputs: Outputs) -> None:
    """Each value in the database; bodies of events apart from what the bridge itself has written."""
    connection = sqlite3.connect(database)
    try:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        for table in tables:
            found = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in found.description]
            for row in found:
                for column, value in zip(columns, row, strict=True):
                    where = "body of an event" if (table, column) in BODIES else "database"
                    outputs.add(where, value if isinstance(value, bytes) else f"{table}.{column} {value}")
    finally:
        connection.close()


BODIES = {("event", "raw"), ("event", "fields")}


# --- the roads ------------------------------------------------------------------------------------
def ring(here: Place) -> None:
    """Calls whose events hold every secret, wherever an exchange could have put it."""
    token, coded = SECRETS["journal_token"], quote(SECRETS["journal_token"], safe="")
    addresses = [
        f"/api/call/record?token={coded}&callid=",
        f"https://records.elsewhere.example/{coded}/1.mp3?token={coded}&x=",
        f"https://records.elsewhere.example/1.mp3?key={quote(SECRETS['api_password'])}&x=",
        f"/api/call/record?callid=1&token={THEIRS}&x=",
        f"https://records.elsewhere.example/1.mp3?token={THEIRS}&x=",
    ]
    now = int(time.time()) - 100
    for number, address in enumerate(addresses):
        uuid = f"call-{number}"
        common = {
            "uuid": uuid,
            "direction": "incoming",
            "from": CALLER,
            "to": "101",
            "userkey": ME.key,
            "time": now + number,
            "utmString": f"src=ya;token={THEIRS};cmp={SECRETS['node_token']}",
            "note": {"deep": [f"see {token} and {SECRETS['api_password']}"], f"k-{token}": 1},
        }
        for state, more in (("PREANSWER", {}), ("HANGUP", {"callstatus": "ANSWER"}), ("END", {})):
            event = {**common, "state": state, **more, "recordUrl": address + uuid}
            assert here.post("hooks", f"/hooks/main/{HOOK}", json=event).status_code == 200


def rung_otherwise(here: Place) -> None:
    """The other kinds of hook, by the old secret too; and what is refused there."""
    secret, old = f"/hooks/main/{HOOK}", f"/hooks/main/{SECRETS['old_hook_secret']}"
    words = {"key": ME.key, "number": f"+7{CALLER[1:]}"}
    event = {"uuid": "call-form", "state": "END", "from": CALLER, "userkey": ME.key, "time": int(time.time())}
    for answer in (
        here.get("hooks", f"{secret}?{urlencode(words)}"),
        here.post("hooks", old, data={**words, "number": f"8 ({CALLER[1:4]}) {CALLER[4:7]}-{CALLER[7:]}"}),
        here.post("hooks", secret, data={"data": json.dumps(event)}),
    ):
        assert answer.status_code == 200, answer.text
    for wrong in (f"{{{SECRETS['journal_token']}", f'{{"uuid": "{CALLER}", "uuid": "{ME.key}"}}', CALLER):
        assert here.post("hooks", secret, data=wrong).status_code == 400
    assert here.get("hooks", f"{secret}?number={DIALLED}&number={CALLER}").status_code == 400


def strangers(here: Place) -> None:
    """Those who know nothing, or nearly something."""
    near = SECRETS["nearly the hook_secret"]
    for path in (f"/hooks/main/{near}", f"/caller/main/{near}?number={CALLER}", f"/hooks/nobody/{HOOK}"):
        assert here.get("strangers", path).status_code == 404
    assert here.get("strangers", f"/records/{CALLER}?token={quote(THEIRS)}").status_code == 403
    assert here.get("strangers", f"/nothing/{CALLER}?token={quote(THEIRS)}").status_code == 404
    for path in ("/ws/Telephony", "/ws/VATS", "/api/call/CallToSubscriber"):
        for login in (("buh", near), ("main", TOKEN), (CALLER, HOOK)):
            body = {"key": ME.key, "outboundNumber": DIALLED}
            assert here.post("strangers", path, auth=login, data=body).status_code == 401


def played(here: Place) -> None:
    """Each recording, in each state of the exchange."""
    uuids = ["call-0", *(call.events[0]["uuid"] for call in here.exchange.calls)]

    def links() -> list[str]:
        """Of a call that the exchange made up, and of one that it has a recording of."""
        urls = {json.loads(data).get("recordUrl") or "" for data in told(here)}
        found = [[url for url in urls if url.startswith(f"{here.url}/records/{uuid}?")] for uuid in uuids]
        return [url[0] for url in found if url][:2]

    assert eventually(lambda: len(links()) == 2, within_s=20)
    ours = links()
    for trick in get_args(sim_records.Trick):
        if trick == "drip":
            continue
        here.exchange.options = here.exchange.options.changed({"record": trick})
        for url in ours:
            for span in ({}, {"Range": "bytes=5-9"}):
                try:
                    answer = requests.get(url, headers=span, timeout=10)
                except requests.RequestException as error:  # half a recording
                    here.outputs.add("records", str(error))
                else:
                    here.note("records", answer)
    here.exchange.options = here.exchange.options.changed({"record": ""})
    here.note("records", requests.get(ours[0] + "x", timeout=10))


def told(here: Place, count: int = 15) -> list[str]:
    """`Data` that 1C got."""

    def events() -> list[str]:
        return [one.parameters["Data"] for one in here.onec.received if one.operation == "Event"]

    assert eventually(lambda: len(events()) >= count, within_s=20), "1C was not told"
    return events()


def called(here: Place) -> None:
    """Every operation of both services, as every infobase that may call."""
    for infobase in ("buh", "box"):
        for path in ("/ws/Telephony", "/ws/TelephonyRu"):
            asked = ["wsdl"]
            session = requests.Session()
            session.auth = HTTPBasicAuth(infobase, TOKEN)
            session.hooks["response"].append(
                lambda got, *_, asked=asked, **__: here.note(f"soap {asked[0]}", got)
            )
            client = zeep.Client(
                f"{here.url}{path}?wsdl", transport=zeep.Transport(session=session, timeout=15)
            )
            operations = client.service._binding._operations
            assert len(operations) >= 6
            for name, operation in operations.items():
                asked[0] = name
                words = {word: _value(word, kind) for word, kind in operation.input.body.type.elements}
                try:
                    getattr(client.service, name)(**words)
                except zeep.exceptions.Fault as fault:
                    here.outputs.add(f"soap {name}", str(fault))


def _value(word: str, kind: Any) -> Any:
    match kind.type.name:
        case "date":
            return datetime.now(UTC).date()
        case "string":
            return TEXTS.get(word, "call-0")
    return 0


def impersonated(here: Place) -> None:
    """What the exchange says when it takes the bridge for 1C, by either login."""
    event = {"uuid": "call-soap", "state": "END", "from": CALLER, "userkey": ME.key, "time": int(time.time())}
    asked = {
        ("VATS", "IncomingCall"): {"NumFrom": CALLER, "Key": ME.key},
        ("VATS", "SayName"): {"Number": CALLER},
        ("VATScalls", "SayName"): {"Number": f"+7{CALLER[1:]}"},
        ("VATScalls", "SayNameByINN"): {"INN": CALLER},
        ("VATScalls", "Event"): {"Data": json.dumps(event)},
    }
    for login in (("main", HOOK), ("мост", SECRETS["password of 1C"])):
        for (service, operation), words in asked.items():
            session = requests.Session()
            session.auth = HTTPBasicAuth(*(text.encode() for text in login))
            session.hooks["response"].append(lambda got, *_, **__: here.note("as 1C", got))
            transport = zeep.Transport(session=session, timeout=15)
            client = zeep.Client(f"{here.url}/ws/{service}?wsdl", transport=transport)
            getattr(client.service, operation)(**words)
    refused = here.post("as 1C", "/ws/VATS", auth=("main", HOOK), data=f"<{CALLER}", headers={"X": ME.key})
    assert refused.status_code in (415, 500)


def looked(here: Place) -> None:
    """Pages, who is calling, and the exchange's own manual."""
    for path in ("/healthz", "/readyz"):
        here.get("health", f"{path}?token={quote(THEIRS)}")
    for accept in ("*/*", "application/json"):
        for number in (CALLER, f"+7{DIALLED[1:]}"):
            query = urlencode({"number": number})
            here.get("caller", f"/caller/main/{HOOK}?{query}", headers={"Accept": accept})
    assert here.get("caller", f"/caller/main/{HOOK}?number={CALLER}&number=1").status_code == 400
    for query in (
        {"key": ME.extension, "outboundNumber": DIALLED},
        {"key": SECRETS["nearly the hook_secret"], "outboundNumber": DIALLED},
        {"key": ME.key, "outboundNumber": f"+1{DIALLED[1:]}"},
        {"key": ME.key},
    ):
        path = f"/api/call/CallToSubscriber?{urlencode(query)}"
        here.get("api", path, auth=("buh", TOKEN))
    here.get("metrics", "/metrics", auth=("buh", TOKEN))


def browsed(here: Place) -> None:
    """Every page of the console, as each who may see it; a name and a password are mistyped too."""
    password = SECRETS["password of the console"]
    people = {Role.OPERATOR: "console of an operator", Role.VIEWER: "console of a viewer"}
    with accounts_at(str(here.config.parent / "bridge.db")) as accounts:
        for role in people:
            accounts.add(role.value, role, passwords.hashed(password))
    for role, where in people.items():
        session = requests.Session()

        def get(page: str, where: str = where, session: requests.Session = session) -> str:
            return here.note(where, session.get(f"{here.url}/console/{page}", timeout=15)).text

        def post(page: str, where: str, session: requests.Session = session, **form: str) -> int:
            token = FORM_TOKEN.search(session.get(f"{here.url}/console/password", timeout=15).text)
            assert token
            facts = {"form_token": token[1], **form}
            answer = session.post(f"{here.url}/console/{page}", data=facts, timeout=15)
            return here.note(where, answer).status_code

        stranger = "console of a stranger"
        assert post("login", stranger, name=CALLER, password=SECRETS["node_token"]) == 403
        assert post("login", where, name=role.value, password=password) == 200
        pages = [route.page for route in ROUTES if route.method == "GET"]
        stuck = [f"queue?infobase={name}&state={s.value}" for name in ("buh", "echo") for s in DeliveryState]
        linked = re.findall(r'href="\./((?:call|raw)\?[^"]+)"', "".join(map(get, [*pages, *stuck])))
        calls = [link.replace("&amp;", "&") for link in dict.fromkeys(linked)]
        linked = re.findall(r'href="\./(raw\?[^"]+)"', "".join(map(get, calls)))
        assert calls
        assert linked
        for page in dict.fromkeys(linked):
            get(page, "console of a viewer")  # masked for whoever looks
        allowed = 200 if role is Role.OPERATOR else 403
        for number in ("1", "2", "5"):
            assert post("raw", "console, a whole event", event=number) == allowed
        assert post("settings/hook", "console, the hook's address", exchange="main") == allowed
        get(f"calls?{urlencode({'number': DIALLED})}", "console, what was looked for")
        issued_and_revoked(here, post, where, allowed)
        get("settings")
        real_call(here, session, allowed)


def real_call(here: Place, session: requests.Session, allowed: int) -> None:
    """Asked for, confirmed, made; and one that is refused."""
    where = "console, a real call"

    def post(page: str, facts: dict[str, str]) -> requests.Response:
        return here.note(where, session.post(f"{here.url}/console/{page}", data=facts, timeout=15))

    token = FORM_TOKEN.search(session.get(f"{here.url}/console/password", timeout=15).text)
    assert token
    chosen = {"form_token": token[1], "telephone": f"buh/{ME.extension}"}
    for number in (f"+1{DIALLED[1:]}", CALLER[:4], DIALLED):
        asked = post("sandbox/real", chosen | {"number": number})
        assert asked.status_code == allowed
    confirmed = dict(HIDDEN.findall(asked.text))
    assert post("sandbox/called", chosen | confirmed | {"real": "yes"}).status_code == allowed


def issued_and_revoked(here: Place, post: Any, where: str, allowed: int) -> None:
    """A password of an infobase, by buttons; in between it is used."""
    meant = {"infobase": "box", "id": token_hash(ISSUED).removeprefix("sha256:")[:12]}

    def used() -> int:
        return here.get("api", "/api/call/CallToSubscriber?key=1", auth=("box", ISSUED)).status_code

    assert post("settings/token", "console, issued", infobase="box", label="касса") == allowed
    assert used() == (400 if allowed == 200 else 401)
    assert post("settings/ask", where, **meant) == allowed
    assert post("settings/revoke", where, **meant) == allowed
    assert used() == 401


FORM_TOKEN = re.compile(r'name="form_token" value="(\w+)"')
HIDDEN = re.compile(r'name="(number|asked|proof)" value="([^"]*)"')


def commands() -> dict[tuple[str, ...], str]:
    """What an administrator types -> the name of its output."""
    today = datetime.now().astimezone().date().isoformat()
    shown = [str(number) for number in (1, 2, 5, 8, 16)]
    whole = {("events", "show", number, "--full"): "show --full" for number in shown}
    words = [
        ("events", "list", "--limit", "1000"),
        ("events", "list", "--infobase", "echo"),
        *(("events", "show", number) for number in shown),
        ("events", "replay", "--dead", "--yes"),
        ("events", "purge", "--older-than", "3000", "--yes"),
        ("dials", "list"),
        ("dials", "stop", "--why", f"позвонил {CALLER}"),
        ("dials", "allow"),
        ("records", "listened"),
        ("records", "copies"),
        ("reconcile", "--date", today),
        ("check",),
        ("check", "--json"),
        ("wsdl",),
        ("wsdl", "--ru"),
        ("token",),
        ("token", "--hook"),
        ("token", "--link"),
        ("token", "issue", "buh", "--name", "касса"),
        ("token", "list"),
        ("token", "revoke", "buh", token_hash(TOKEN).removeprefix("sha256:")[:12], "--yes"),
        ("console", "users", "list"),
        ("console", "users", "add", "petr"),
        ("console", "users", "password", "petr"),
        ("console", "users", "remove", "petr"),
        ("console", "code"),
        ("backup", "copy.db"),
        ("migrate",),
        ("erase", "--number", CALLER, "--dry-run"),
        ("audit", "list"),
        ("audit", "list", "--json"),
    ]
    return {one: " ".join(one[:2] if one[0] not in ("erase", "backup") else one[:1]) for one in words} | whole


NOT_WALKED = {  # command -> why not
    ("serve",): "it is what the log is of",
    ("demo",): "it has settings of its own",
    ("simulate", "exchange"): "it is a fake",
    ("simulate", "1c"): "it is a fake",
    ("init",): "it shows secrets that it has just made, once",
}


WRONG = {  # variables that spoil a setting with a secret in it
    "BRIDGE__EXCHANGE__MAIN__HOOK_SECRET": f"{HOOK} {SECRETS['old_hook_secret']}",
    "BRIDGE__EXCHANGE__MAIN__OLD_HOOK_SECRET": f"{SECRETS['old_hook_secret']}/ж",
    "BRIDGE__EXCHANGE__MAIN__TIMEOUT_S": SECRETS["node_token"],
    "BRIDGE__SERVER__PUBLIC_URL": f"{SECRETS['journal_token']}://{TOKEN}",
    "BRIDGE__SERVER__DATABASE": f"postgresql://x:{TOKEN}@127.0.0.1:1/x?{TOKEN}=1",
    "BRIDGE__INFOBASE__BUH__TOKEN_HASHES": json.dumps([TOKEN]),
    "BRIDGE__INFOBASE__BUH__CALLED": json.dumps([[CALLER]]),
}


def commanded(here: Place) -> None:
    asked = commands()
    config = ["--config", here.config.name]
    lines = [([*words, *([] if words[0] == "token" else config)], {}) for words in asked]
    lines += [(["wsdl", *config], {variable: value}) for variable, value in WRONG.items()]
    names = [*asked.values(), *["wrong setting"] * len(WRONG)]
    done = subprocess.run(
        [sys.executable, "-c", canary.COMMANDS, json.dumps(lines)],
        cwd=here.config.parent,
        env=environment(**here.env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    ).stdout
    answers = done.split(b"\x1e")[1:]
    assert len(answers) == len(lines), done[-2000:]
    for name, answer in zip(names, answers, strict=True):
        said = answer.partition(b"\n")[2]
        assert b"Traceback" not in said, said
        assert name != "wrong setting" or (b"bridge.toml:" in said and b"<definitions" not in said), said
        here.outputs.add(name, said)


def printed(here: Place) -> None:
    """The settings in the hands of a programmer, and the process in those of a neighbour."""
    made = load(here.config)
    for text in (repr(made), str(made), made.model_dump_json(), repr(list(made)), repr(made.exchange)):
        here.outputs.add("settings", text)
    line = Path(f"/proc/{here.bridge.process.pid}/cmdline")
    here.outputs.add("command line", line.read_bytes() if line.exists() else b"unknown here")


def walked(here: Place) -> Mapping[str, bytes]:
    """Every road, in the order of a day."""
    ring(here)
    for data in told(here):
        here.outputs.add("1C was told", data)
    rung_otherwise(here)
    strangers(here)
    looked(here)
    called(here)
    here.exchange.options = here.exchange.options.changed({"record_url": "token"})
    here.exchange.ring("answered")  # and calls that only the journal tells
    here.exchange.options = here.exchange.options.changed(
        {"hooks_lost": "1", "secret": SECRETS["journal_token"]}
    )
    here.exchange.clock = lambda: time.time() - 300
    here.exchange.ring("answered")
    played(here)
    called(here)
    impersonated(here)
    browsed(here)
    commanded(here)
    printed(here)
    return here.outputs.seen


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Outputs:
    with place(tmp_path_factory.mktemp("clean")) as here:
        walked(here)
        assert [one for one in here.exchange.dials if one.line], "the password was used"
    return here.outputs


def test_no_secret_of_the_exchange_leaves_the_bridge(clean: Outputs) -> None:
    """Nor one of an infobase, nor a key but where the exchange's own event is shown."""
    assert [leak for leak in clean.leaks() if leak.partition(" — ")[0] not in NUMBERS] == []


def test_no_number_is_shown_but_to_whom_it_is_meant(clean: Outputs) -> None:
    assert [leak for leak in clean.leaks() if leak.partition(" — ")[0] in NUMBERS] == []


def test_every_road_was_walked_and_said_something(clean: Outputs) -> None:
    seen = clean.seen
    assert [road for road in ROADS if not any(where.startswith(road) for where in seen)] == []
    assert b"record_played" in seen["log"]
    assert b"a library goes to" in seen["log"], "the libraries talked"
    assert b"call-0" in seen["events show"]
    assert b"RIFF" in seen["records"]
    assert "добавлено".encode() in seen["reconcile --date"]
    assert b"<title>" in seen["caller"]
    assert b'"result": "SUCCESS"' in seen["api"]
    assert b"bridge_hooks_total" in seen["metrics"]


def test_what_may_be_seen_is_really_there(clean: Outputs) -> None:
    """Else the scan might be blind, or the table too wide."""
    for where in ("1C was told", "database", "body of an event", "soap PollEvents"):
        assert {"number of a caller", *KEY} <= canary.seen_in(clean.seen[where]), where
    assert "number that was dialled" in canary.seen_in(clean.seen["soap MakeCall"])
    assert "number that was dialled" in canary.seen_in(clean.seen["database"])


def test_every_command_is_walked_or_has_a_reason() -> None:
    def names(group: click.Group, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        context = click.Context(group)
        for name in group.list_commands(context):
            one = group.get_command(context, name)
            assert one is not None
            if isinstance(one, click.Group):
                yield from names(one, (*above, name))
            else:
                yield (*above, name)

    walked = {words[: len(name)] for name in names(main) for words in commands()}
    assert [name for name in names(main) if name not in walked and name not in NOT_WALKED] == []
    assert all(name in set(names(main)) for name in NOT_WALKED)


# --- leaks on purpose -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    with place(tmp_path_factory.mktemp("leaking"), leaking=True) as here:
        walked(here)
    return here.outputs.leaks()


@pytest.mark.parametrize(
    ("where", "mark"),
    [(where, mark) for where, (mark, _) in (canary.SERVE_PLANTS | canary.COMMAND_PLANTS).items()],
)
def test_a_planted_leak_is_found(leaking: Sequence[str], where: str, mark: str) -> None:
    assert [leak for leak in leaking if leak.startswith(f"{mark} — {where}")], leaking


def test_settings_that_print_their_secrets_are_found(
    clean: Outputs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pydantic.SecretStr, "_display", pydantic.SecretStr.get_secret_value)
    config = settings(tmp_path, 8080, *["http://127.0.0.1:1"] * 3)
    outputs = Outputs()
    outputs.add("settings", repr(load(config)))
    shown = {leak.partition(" — ")[0] for leak in outputs.leaks()}
    assert {*SECRETS, *KEY} - shown == {
        "password of an infobase",
        "token in an address",
        "nearly the hook_secret",
        "password of the console",  # no setting
        "password that was issued",
    }


def test_all_of_the_exchanges_secrets_would_be_told_to_1c(leaking: Sequence[str]) -> None:
    for name in ("journal_token", "api_password", "node_token"):
        assert f"{name} — 1C was told" in leaking
    assert "journal_token — soap PollEvents" in leaking


SPELL = {
    "form": quote_plus,
    "basic": lambda s: base64.b64encode(f"Basic x:{s}".encode()).decode(),
    "json": json.dumps,
    "repr": repr,
    "url-twice": lambda s: quote(quote(s)),
    "upper-case-escapes": lambda s: quote(s, safe="").lower(),
    "hex": lambda s: s.encode().hex(),
}


@pytest.mark.parametrize("spell", SPELL.values(), ids=SPELL)
@pytest.mark.parametrize("name", MARKS)
def test_the_scan_sees_every_spelling(name: str, spell: Any) -> None:
    outputs = Outputs()
    outputs.add("here", f"something {spell(MARKS[name])} more")
    assert f"{name} — here" in outputs.leaks()


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize(
    "pattern",
    [
        "8{}",
        "+7{}",
        "7{}",
        "{}",
        "%2B7{}",
        "8 ({0[0]}) {0[1]}-{0[2]}-{0[3]}",
        "+7 {0[0]} {0[1]} {0[2]} {0[3]}",
    ],
)
def test_the_scan_sees_every_way_to_write_a_number(name: str, pattern: str) -> None:
    digits = NUMBERS[name]
    parts = [digits[:3], digits[3:6], digits[6:8], digits[8:]]
    outputs = Outputs()
    outputs.add("here", f"from={pattern.format(parts if '[' in pattern else digits)}&x=1")
    assert outputs.leaks() == [f"{name} — here"]
