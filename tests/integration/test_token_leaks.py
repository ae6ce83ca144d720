"""No log, page, answer or command holds a secret of the exchange: every road is walked, every output read.

The secrets are marked strings, looked for as addresses, forms, JSON, XML and base64 spell them.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
import requests
import zeep
from requests.auth import HTTPBasicAuth

from bridge.sim import records as sim_records
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.web.auth import token_hash
from support.ports import free_port
from support.world import ANNA, HOOK_SECRET, PASSWORD, eventually

MARKS = {
    "journal_token": "LEAK-account/token+777==",
    "api_password": 'LEAK-api"password<888>',
    "node_token": "LEAK-node-токен-999",
}
THEIRS = "LEAK-a-token-the-settings-do-not-know"
LINK_SECRET = "a-secret-of-links-for-tests-000000001"
# the program itself, as talkative as it and its libraries can be
SERVE = """
import logging, os, sys
from bridge import observe
if os.environ.get("PLANTED_LEAK"):
    from bridge.onec import vatscalls
    vatscalls.cleaned = lambda value, secrets=(): value
quiet = observe.configure
def loud(**options):
    quiet(**{**options, "level": "DEBUG"})
    logging.getLogger().setLevel(logging.DEBUG)
observe.configure = loud
from bridge.cli import main
main(["serve", "--config", sys.argv[1]])
"""
TEXTS = {"Key": ANNA.extension, "Number": "89235292926", "Ключ": ANNA.extension, "Номер": "89235292926"}


def spellings(secret: str) -> set[bytes]:
    """How a secret may look in an output."""
    raw = secret.encode()
    texts = {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), escape(secret)}
    texts |= {
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        escape(secret, {'"': "&quot;"}),
    }
    found = {text.encode() for text in texts} | {text.lower().encode() for text in texts}
    for shift in range(3):  # base64 of a text that it begins anywhere in; its edges depend on the neighbours
        coded = base64.b64encode(b"\0" * shift + raw)[4 : -4 if len(raw) > 8 else None]
        found |= {coded, coded.replace(b"+", b"-").replace(b"/", b"_")}
    return found


FORBIDDEN = {name: spellings(secret) for name, secret in {**MARKS, "token in an address": THEIRS}.items()}


@dataclass
class Outputs:
    """Everything that left the bridge, by where it was seen."""

    seen: dict[str, bytes] = field(default_factory=dict)

    def add(self, where: str, what: str | bytes) -> None:
        raw = what if isinstance(what, bytes) else what.encode("utf-8", "surrogateescape")
        self.seen[where] = self.seen.get(where, b"") + b"\n" + raw

    def response(self, where: str, answer: requests.Response) -> None:
        self.add(where, f"{answer.status_code} {dict(answer.headers)}")
        self.add(where, answer.content)

    def leaks(self) -> list[str]:
        return [
            f"{name} in {where}"
            for where, raw in self.seen.items()
            for name, forbidden in FORBIDDEN.items()
            if any(one in raw or one in raw.lower() for one in forbidden)
        ]


def settings(folder: Path, port: int, exchange_url: str, onec_url: str) -> Path:
    def text(value: str) -> str:
        return json.dumps(value, ensure_ascii=False)

    config = folder / "bridge.toml"
    config.write_text(
        f"""
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
database = "bridge.db"
link_secret = "{LINK_SECRET}"

[exchange.main]
api = "simple-calls"
base_url = "{exchange_url}"
journal_url = "{exchange_url}"
hook_secret = "{HOOK_SECRET}"
timeout_s = 3
reconcile_lag_s = 1
keep_records = true
journal_token = {text(MARKS["journal_token"])}
api_password = {text(MARKS["api_password"])}
node_token = {text(MARKS["node_token"])}
subscribers = [{{ name = "{ANNA.name}", key = "{ANNA.key}", extension = "{ANNA.extension}" }}]

[infobase.buh]
exchange = "main"
contract = "vatscalls"
url = "{onec_url}/ws/VATScalls"
token_hashes = ["{token_hash(PASSWORD)}"]

[infobase.box]
exchange = "main"
contract = "mailbox"
token_hashes = ["{token_hash(PASSWORD)}"]
""",
        encoding="utf-8",
    )
    return config


@dataclass
class Place:
    """A running bridge between fakes, and what it has said so far."""

    url: str
    config: Path
    exchange: FakeExchange
    onec: FakeOnec
    outputs: Outputs


@contextmanager
def place(folder: Path, **env: str) -> Iterator[Place]:
    with ExitStack() as running:
        exchange, onec = FakeExchange((ANNA,)), FakeOnec()
        exchange_url = running.enter_context(Loopback(exchange)).url
        onec_url = running.enter_context(Loopback(onec)).url
        port = free_port()
        config = settings(folder, port, exchange_url, onec_url)
        log = folder / "serve.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE, str(config)],
                cwd=folder,
                env=_env(**env),
                stdout=file,
                stderr=file,
            )
            outputs = Outputs()
            try:
                here = Place(f"http://127.0.0.1:{port}", config, exchange, onec, outputs)
                assert eventually(lambda: _ready(here.url), within_s=30), log.read_text("utf-8", "replace")
                exchange.hook_url = f"{here.url}/hooks/main/{HOOK_SECRET}"
                yield here
            finally:
                process.terminate()
                process.wait(timeout=40)
        outputs.add("the log", log.read_bytes())


def _env(**more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return plain | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(Path(__file__).parents[2])} | more


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=2).status_code == 200
    except requests.RequestException:
        return False


# --- the roads ------------------------------------------------------------------------------------
def ring(here: Place) -> None:
    """Calls whose events hold every secret, wherever an exchange could have put it."""
    token, coded = MARKS["journal_token"], quote(MARKS["journal_token"], safe="")
    addresses = [
        f"/api/call/record?token={coded}&callid=",
        f"https://records.elsewhere.example/{coded}/1.mp3?token={coded}&x=",
        f"https://records.elsewhere.example/1.mp3?key={quote(MARKS['api_password'])}&x=",
        f"/api/call/record?callid=1&token={THEIRS}&x=",
        f"https://records.elsewhere.example/1.mp3?token={THEIRS}&x=",
    ]
    now = int(time.time()) - 100
    for number, address in enumerate(addresses):
        uuid = f"call-{number}"
        common = {
            "uuid": uuid,
            "direction": "incoming",
            "from": "89160000001",
            "to": "101",
            "userkey": ANNA.key,
            "time": now + number,
            "utmString": f"src=ya;token={THEIRS};cmp={MARKS['node_token']}",
            "note": {"deep": [f"see {token} and {MARKS['api_password']}"], f"k-{token}": 1},
        }
        for state, more in (("PREANSWER", {}), ("HANGUP", {"callstatus": "ANSWER"}), ("END", {})):
            event = {**common, "state": state, **more, "recordUrl": address + uuid}
            answer = requests.post(here.exchange.hook_url, json=event, timeout=10)
            assert answer.status_code == 200, answer.text
            here.outputs.response("hooks", answer)
    broken = requests.post(here.exchange.hook_url, data=f"{{{token}", timeout=10)
    here.outputs.response("hooks refused", broken)
    stranger = requests.get(f"{here.url}/hooks/main/{coded}", timeout=10)
    here.outputs.response("hooks refused", stranger)


def played(here: Place) -> None:
    """Each recording, in each state of the exchange."""
    urls = {json.loads(data).get("recordUrl") for data in told(here, 20)} - {None, ""}
    uuid = str(here.exchange.calls[0].events[0]["uuid"])
    known = [url for url in urls if url.startswith(f"{here.url}/records/{uuid}?")]
    ours = known[:1] + [url for url in urls if url.startswith(f"{here.url}/records/call-0?")][:1]
    assert len(ours) == 2, urls
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
                    here.outputs.response("records", answer)
    here.exchange.options = here.exchange.options.changed({"record": ""})
    here.outputs.response("records refused", requests.get(ours[0] + "x", timeout=10))


def told(here: Place, count: int = 15) -> list[str]:
    """`Data` that 1C got."""
    seen = eventually(lambda: len(here.onec.received) >= count and here.onec.received, within_s=20)
    assert seen, "1C was not told"
    return [one.parameters["Data"] for one in seen]


def called(here: Place) -> None:
    """Every operation of both services, as every infobase."""
    for infobase in ("buh", "box"):
        for path in ("/ws/Telephony", "/ws/TelephonyRu"):
            session = requests.Session()
            session.auth = HTTPBasicAuth(infobase, PASSWORD)
            where = f"{path} as {infobase}"
            session.hooks["response"].append(
                lambda got, *_, where=where, **__: here.outputs.response(where, got)
            )
            client = zeep.Client(
                f"{here.url}{path}?wsdl", transport=zeep.Transport(session=session, timeout=15)
            )
            operations = client.service._binding._operations
            assert len(operations) >= 6
            for name, operation in operations.items():
                words = {word: _value(word, kind) for word, kind in operation.input.body.type.elements}
                try:
                    getattr(client.service, name)(**words)
                except zeep.exceptions.Fault as fault:
                    here.outputs.add(where, str(fault))


def _value(word: str, kind: Any) -> Any:
    match kind.type.name:
        case "date":
            return datetime.now(UTC).date()
        case "string":
            return TEXTS.get(word, "call-0")
    return 0


def looked(here: Place) -> None:
    """Pages, and the exchange's own manual."""
    coded = quote(MARKS["journal_token"], safe="")
    for path in (
        "/metrics",
        "/healthz",
        "/readyz",
        "/nothing",
        f"/records/{coded}?token={coded}",
        f"/caller/main/{HOOK_SECRET}?number=89235292926",
        f"/api/call/CallToSubscriber?key={ANNA.key}&outboundNumber=89235292926",
    ):
        answer = requests.get(f"{here.url}{path}", auth=("buh", PASSWORD), timeout=15)
        here.outputs.add(f"GET {path[:9]}", f"{answer.status_code} {dict(answer.headers)}")
        here.outputs.add(f"GET {path[:9]}", answer.content)


def commanded(here: Place) -> None:
    today = datetime.now().astimezone().date().isoformat()
    shows = [("events", "show", str(event_id), "--full") for event_id in (1, 2, 5, 8, 16)]
    for words in (
        ("events", "list"),
        ("events", "list", "--infobase", "buh"),
        *shows,
        ("reconcile", "--date", today),
        ("check",),
        ("check", "--json"),
        ("wsdl",),
    ):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "bridge",
                *words,
                *(() if words == ("wsdl",) else ("--config", here.config.name)),
            ],
            cwd=here.config.parent,
            env=_env(),
            capture_output=True,
            timeout=60,
            check=False,
        )
        here.outputs.add(" ".join(words[:2]), done.stdout + done.stderr)


def walked(here: Place) -> Mapping[str, bytes]:
    ring(here)
    for data in told(here):
        here.outputs.add("1C was told", data)
    here.exchange.options = here.exchange.options.changed({"record_url": "token"})
    here.exchange.ring("answered")  # and calls that only the journal tells
    here.exchange.options = here.exchange.options.changed(
        {"hooks_lost": "1", "secret": MARKS["journal_token"]}
    )
    here.exchange.clock = lambda: time.time() - 300
    here.exchange.ring("answered")
    played(here)
    called(here)
    looked(here)
    commanded(here)
    return here.outputs.seen


def test_no_secret_of_the_exchange_leaves_the_bridge(tmp_path: Path) -> None:
    with place(tmp_path) as here:
        seen = walked(here)
        asked = [one for one in here.exchange.dials if one.line]
        assert asked, "the password was used"
    assert here.outputs.leaks() == []
    assert b"record_played" in seen["the log"]
    assert b"urllib3" in seen["the log"], "the libraries talked"
    assert b"call-0" in seen["events show"]
    assert b"RIFF" in seen["records"]
    assert "добавлено".encode() in seen["reconcile --date"]
    assert {"/ws/Telephony as box", "/ws/TelephonyRu as buh", "check --json"} <= set(seen)


def test_a_planted_leak_is_found(tmp_path: Path) -> None:
    with place(tmp_path, PLANTED_LEAK="1") as here:
        ring(here)
        for data in told(here):
            here.outputs.add("1C was told", data)
        called(here)
    leaks = here.outputs.leaks()
    assert {f"{name} in 1C was told" for name in MARKS} <= set(leaks)
    assert "journal_token in /ws/Telephony as box" in leaks


@pytest.mark.parametrize(
    "spell", [quote_plus, lambda s: base64.b64encode(f"Basic x:{s}".encode()).decode(), json.dumps]
)
@pytest.mark.parametrize("name", MARKS)
def test_the_scan_sees_every_spelling(name: str, spell: Any) -> None:
    outputs = Outputs()
    outputs.add("here", f"something {spell(MARKS[name])} more")
    assert outputs.leaks() == [f"{name} in here"]
