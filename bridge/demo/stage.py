"""Sets the stage: the bridge between an exchange and a 1C, which are simulated unless they are given."""

import json
import os
import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bridge.core.accounts import Role
from bridge.core.calls import Subscriber
from bridge.settings import Settings, given
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_data import Client
from bridge.sim.recorder import Recorder
from bridge.store.beside import accounts_at
from bridge.web.auth import new_token, token_hash
from bridge.web.console import passwords
from bridge.web.soap.vocabulary import ENGLISH, RUSSIAN
from bridge.wiring import Bridge, assemble
from bridge.wiring.console_extras import NO_EXTRAS, Extras

HOST = "127.0.0.1"
EXCHANGE = "demo"
USER = "demo"
OPERATOR = "operator"
SUBSCRIBERS = (
    Subscriber(name="Иванова Анна", key="gW3cyUJAtl50PhF", extension="101"),
    Subscriber(name="Петров Пётр", key="k0000000000000aa", extension="102"),
)
CLIENT = Client(name="ООО «Ромашка & Ко»", number="89160000001", manager_phone=SUBSCRIBERS[0].extension)
SERVICES = {"vats": "VATS", "vatscalls": "VATScalls"}


@dataclass(frozen=True, kw_only=True)
class Script:
    """What the demo is asked to be. "" means simulated; `port` 0 means any free one."""

    data: Path
    port: int = 0
    onec_url: str = ""
    contract: str = "vatscalls"
    exchange_url: str = ""
    popup_lifetime_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Everything that runs, and how to reach it."""

    url: str
    password: str = field(repr=False)
    hook: str = field(repr=False)
    caller: str = field(repr=False)
    exchange_url: str
    onec_url: str
    exchange: FakeExchange | None
    onec: FakeOnec | None
    onec_server: Loopback | None
    exchange_recorder: Recorder | None
    onec_recorder: Recorder | None
    console_password: str = field(repr=False)
    bridge: Bridge
    database: Path

    @property
    def wsdl(self) -> str:
        return f"{self.url}{ENGLISH.path}?wsdl"

    @property
    def wsdl_ru(self) -> str:
        return f"{self.url}{RUSSIAN.path}?wsdl"

    @property
    def console(self) -> str:
        return f"{self.url}/console/"

    def facts(self) -> dict[str, Any]:
        """For programs: what `demo --serve --json` prints."""
        return {
            "wsdl": self.wsdl,
            "wsdl_ru": self.wsdl_ru,
            "user": USER,
            "password": self.password,
            "hook": self.hook,
            "caller": self.caller,
            "console": self.console,
            "console_user": OPERATOR,
            "console_password": self.console_password,
            "exchange": self.exchange_url,
            "onec": self.onec_url,
            "subscribers": [
                {"name": one.name, "key": one.key, "extension": one.extension} for one in SUBSCRIBERS
            ],
        }


@contextmanager
def staged(script: Script, extras: Extras = NO_EXTRAS) -> Iterator[Stage]:
    """Everything started; stopped in the right order at the end. `extras` are of its console."""
    keys = _keys(script.data)
    with ExitStack() as running:
        exchange, exchange_recorder, exchange_url = None, None, script.exchange_url
        if not exchange_url:
            exchange = FakeExchange(SUBSCRIBERS, options=ExchangeOptions(record_url="relative"))
            exchange_recorder = Recorder(exchange)
            exchange_url = running.enter_context(Loopback(exchange_recorder)).url
        onec, onec_recorder, onec_server, onec_url = None, None, None, script.onec_url
        if not onec_url:
            onec = FakeOnec((CLIENT,))
            onec_recorder = Recorder(onec)
            onec_server = running.enter_context(Loopback(onec_recorder))
            onec_url = onec_server.url
        port = script.port or _free_port()
        url = f"http://{HOST}:{port}"
        bridge = assemble(_settings(script, url, keys, exchange_url, onec_url), extras=extras)
        serving = threading.Thread(target=bridge.run, name="bridge")
        serving.start()
        running.callback(serving.join)
        running.callback(bridge.drain)
        stage = Stage(
            url=url,
            password=keys["password"],
            hook=f"{url}/hooks/{EXCHANGE}/{keys['hook_secret']}",
            caller=f"{url}/caller/{EXCHANGE}/{keys['hook_secret']}",
            exchange_url=exchange_url,
            onec_url=onec_url,
            exchange=exchange,
            onec=onec,
            onec_server=onec_server,
            exchange_recorder=exchange_recorder,
            onec_recorder=onec_recorder,
            console_password=keys["console_password"],
            bridge=bridge,
            database=_database(script),
        )
        if exchange is not None:
            exchange.hook_url = stage.hook
        with accounts_at(str(stage.database)) as accounts:
            accounts.add(OPERATOR, Role.OPERATOR, passwords.hashed(stage.console_password))
        yield stage


def _keys(data: Path) -> dict[str, str]:
    """Secrets made once for a data folder, so that addresses given out stay right after a restart."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "demo.json"
    kept: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    keys = {
        "password": new_token(),
        "hook_secret": secrets.token_urlsafe(24),
        "journal_token": secrets.token_urlsafe(24),
        "link_secret": secrets.token_urlsafe(32),
        "console_password": secrets.token_urlsafe(12),
    } | kept
    if keys == kept:
        return kept
    fresh = path.with_suffix(".new")  # whole or not at all: a demo may be killed here
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file)
    fresh.replace(path)
    return keys


def _database(script: Script) -> Path:
    return script.data / "bridge.db"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _settings(script: Script, url: str, keys: dict[str, str], exchange_url: str, onec_url: str) -> Settings:
    """The settings of the demo, whatever the environment says."""
    contracts = [script.contract] if script.onec_url else list(SERVICES)
    infobases = {
        f"{USER}-{contract}": {
            "exchange": EXCHANGE,
            "contract": contract,
            "url": _service(onec_url, contract),
            "probe_s": 1.0,
            "popup_lifetime_s": script.popup_lifetime_s,
        }
        for contract in contracts
    }
    infobases[USER] = {
        "exchange": EXCHANGE,
        "token_hashes": [token_hash(keys["password"])],
        "unlisted_keys": True,  # so that a wrong key is refused by the exchange itself, as in life
        "show_keys": True,
    }
    return given(
        {
            "server": {
                "listen": urlsplit(url).netloc,
                "public_url": url,
                "database": str(_database(script)),
                "link_secret": keys["link_secret"],
                "records_dir": str(script.data / "records"),
            },
            "exchange": {
                EXCHANGE: {
                    "base_url": exchange_url,
                    "allow_http": True,
                    "hook_secret": keys["hook_secret"],
                    "journal_token": keys["journal_token"],
                    "subscribers": [
                        {"name": one.name, "key": one.key, "extension": one.extension} for one in SUBSCRIBERS
                    ],
                }
            },
            "infobase": infobases,
        }
    )


def _service(onec_url: str, contract: str) -> str:
    """The address of the web service: as given, or 1C's usual `/ws/<name>` under a base address."""
    base = onec_url.partition("?")[0].rstrip("/")
    last = base.rpartition("/")[2].removesuffix(".1cws").casefold()
    if last == SERVICES[contract].casefold() or "/ws/" in urlsplit(base).path:
        return base
    return f"{base}/{SERVICES[contract]}" if last == "ws" else f"{base}/ws/{SERVICES[contract]}"
