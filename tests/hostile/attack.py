"""The hostile list against a `serve` process: what each request got and cost, and what was left behind."""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from xml.etree import ElementTree

from bridge.core.dial_limits import DialLimits
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.store.archive import Archive
from bridge.web.auth import token_hash
from support.hostile import call, envelope
from support.hostile_http import whole
from support.ports import free_port
from support.rawclient import Line, RawAnswer, ask
from support.rawserver import RawServer
from support.serving import Serving, serving
from support.world import ANNA, HOOK_SECRET, LOGIN, PASSWORD, PETR

from .shots import Shot, shots

LINK_SECRET = "a-secret-of-links-for-tests-000000001"
SECRET_FILE = "canary-of-a-file-nobody-may-read"
# what rules a terminal, turns a line around or begins a new one
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
WHOLE_NUMBER = re.compile(r"(?<!\d)[78]?923[14]\d{6}(?!\d)")  # of the list or of the warm-up
WARM_UP = 200  # right calls before memory is looked at: each thread has worked by then
NEVER = ("evil.example", "<html", "<!doctype", "waitress", "traceback", 'file "', "spyne", "lxml", "expat")
HIDDEN = (HOOK_SECRET, PASSWORD, LINK_SECRET, ANNA.key, SECRET_FILE)
TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, kw_only=True)
class Hit:
    """What one request got. `wrong` is "" when that is what it must get."""

    shot: Shot
    cpu_s: float
    wrong: str


@dataclass(frozen=True, kw_only=True)
class Attack:
    """All of it.

    Attributes:
        grew_kb: from the warm-up to the end of the list; None where the system does not tell.
        faults: lines of the log that no request may cause.
        contacted: requests to an address that nobody may contact.
        stored: call events in the database afterwards.
    """

    hits: Sequence[Hit]
    grew_kb: int | None
    faults: Sequence[str]
    contacted: int
    stored: int
    took_s: float


@dataclass(frozen=True, kw_only=True)
class Site:
    bridge: Serving
    port: int
    exchange: FakeExchange
    trap: RawServer
    places: dict[str, str]


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    """A bridge as strangers would find it, an exchange behind it, and a trap beside."""
    secret = folder / "passwd"
    secret.write_text(SECRET_FILE)
    exchange, port = FakeExchange((ANNA, PETR)), free_port()
    with ExitStack() as running:
        trap = running.enter_context(RawServer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
        config = folder / "bridge.toml"
        config.write_text(_settings(port, running.enter_context(Loopback(exchange)).url), encoding="utf-8")
        bridge = running.enter_context(serving(config, port))
        places = {"FILE": secret.as_posix(), "TRAP": trap.url}
        yield Site(bridge=bridge, port=port, exchange=exchange, trap=trap, places=places)


def _settings(port: int, exchange_url: str) -> str:
    people = ", ".join(
        f"{{ name = {json.dumps(one.name)}, key = {json.dumps(one.key)}, extension = '{one.extension}' }}"
        for one in (ANNA, PETR)
    )
    unlimited = "\n".join(f"{one.name} = 0" for one in fields(DialLimits))
    return f"""
[server]
listen = "127.0.0.1:{port}"
public_url = "http://127.0.0.1:{port}"
database = "bridge.db"
link_secret = "{LINK_SECRET}"
threads = 8

[exchange.main]
base_url = "{exchange_url}"
hook_secret = "{HOOK_SECRET}"
timeout_s = 2
subscribers = [{people}]

[infobase.{LOGIN}]
exchange = "main"
token_hashes = ["{token_hash(PASSWORD)}"]
user = "{LOGIN}"
password = "{PASSWORD}"

[infobase.{LOGIN}.dial]
{unlimited}
"""


def attack() -> Attack:
    """Send the list once, request by request."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, site(Path(folder)) as here:
        for number in range(WARM_UP):
            ask(here.port, whole(f"89231{number:06}"))
        before, hits = _memory_kb(here), []
        for shot in shots(here.places):
            cpu, wrong = _cpu_s(here), judged(shot, here.port, here.exchange)
            hits.append(Hit(shot=shot, cpu_s=_cpu_s(here) - cpu, wrong=wrong))
        after = _memory_kb(here)
        said = here.bridge.said()
        return Attack(
            hits=hits,
            grew_kb=None if before is None or after is None else after - before,
            faults=faults(said),
            contacted=len(here.trap.requests),
            stored=len(Archive(Path(folder) / "bridge.db").events(limit=1_000_000)),
            took_s=time.monotonic() - began,
        )


def _ask(port: int, shot: Shot) -> tuple[RawAnswer, bool]:
    """The answer, and whether the connection was ended behind it."""
    with Line(port) as line:
        line.send(shot.request)
        piece, times = shot.more
        for _ in range(times):
            line.send(piece)
        answer = line.answer(head=shot.head)
        ends = answer.headers.get("connection") == "close" and line.closed()
        return answer, ends


def judged(shot: Shot, port: int, exchange: FakeExchange) -> str:
    """Send it; "" when what came back, and what the exchange was asked for, is what must be."""
    dialled = len(exchange.dials)
    try:
        answer, ended = _ask(port, shot)
    except (OSError, KeyError, ValueError) as error:
        return f"no answer: {error!r}"
    media = answer.headers.get("content-type", "").partition(";")[0]
    if answer.status != shot.status:
        return f"{answer.status} instead of {shot.status}: {answer.body[:200]!r}"
    if media not in shot.media:
        return f"{media} instead of {' or '.join(shot.media)}"
    if shot.ends and not ended:
        return "the connection goes on"
    text = answer.body.decode("utf-8", "replace")
    if shot.says not in text:
        return f"it does not say {shot.says}: {text[:200]}"
    if found := [word for word in NEVER if word in text.lower()] + [word for word in HIDDEN if word in text]:
        return f"the answer holds {found[0]!r}"
    if CONTROLS.search(text.replace("\r\n", "\n") + "".join(answer.headers.values())):
        return "a control character"
    if text and media.endswith("xml") and not _whole(text, shot):
        return "no envelope"
    if media == "application/json":
        json.loads(text)
    asked = [dial.number for dial in exchange.dials[dialled:]]
    if shot.number and asked != ([shot.number] if shot.dials else []):
        return f"the exchange was asked for {asked}"
    return ""


def _whole(text: str, shot: Shot) -> bool:
    """XML that can be read; an envelope where SOAP was asked."""
    root = ElementTree.fromstring(text)
    return root.tag.endswith("}Envelope") or shot.entrance == "/caller/"


def faults(said: str) -> list[str]:
    """Tracebacks and incidents of a log, and lines that hold what no log may."""
    forbidden = ("Traceback", "incident", *HIDDEN, envelope(call())[:60])
    return [
        line
        for line in said.split("\n")
        if any(word in line for word in forbidden)
        or WHOLE_NUMBER.search(line)
        or CONTROLS.search(line.rstrip("\r"))
    ]


def _cpu_s(here: Site) -> float:
    """What the process has computed so far; 0 where the system does not tell."""
    try:
        stat = Path(f"/proc/{here.bridge.process.pid}/stat").read_text()
    except OSError:
        return 0.0
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def _memory_kb(here: Site) -> int | None:
    try:
        status = Path(f"/proc/{here.bridge.process.pid}/status").read_text()
    except OSError:
        return None
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) if found else None
