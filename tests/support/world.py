"""A small real world for tests: a bridge on real sockets between the shipped simulators.

Everything listens on 127.0.0.1. Use as a context manager; what it starts, it stops.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import requests
import zeep
from requests.auth import HTTPBasicAuth

from bridge.core.calls import Subscriber
from bridge.core.dial_limits import DialLimits
from bridge.settings import Settings, given
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.archive import Archive
from bridge.web.auth import token_hash
from bridge.wiring import Bridge, assemble
from bridge.wiring.console_extras import NO_EXTRAS, Extras
from support.ports import free_port

ANNA = Subscriber(name="Иванова Анна", key="gW3cyUJAtl50PhF", extension="101")
PETR = Subscriber(name="Петров Пётр", key="k0000000000000aa", extension="102")
HOOK_SECRET = "a-hook-secret-of-tests-0001"
PASSWORD = "a-password-of-tests-0001"
LOGIN = "buh"
# a test dials oftener than an accountant; the limits have tests of their own
UNLIMITED = {one.name: 0 for one in fields(DialLimits)}


@dataclass
class World:
    """What a test touches."""

    bridge: Bridge
    exchange: FakeExchange
    onec: FakeOnec
    onec_server: Loopback
    exchange_server: Loopback
    database: Path
    url: str

    @property
    def hook(self) -> str:
        return f"{self.url}/hooks/main/{HOOK_SECRET}"

    def client(
        self, path: str = "/ws/Telephony", *, login: str = LOGIN, password: str = PASSWORD
    ) -> zeep.Client:
        """A zeep client of one of our WSDLs, as 1C would be."""
        session = requests.Session()
        session.auth = HTTPBasicAuth(login.encode(), password.encode())
        return zeep.Client(
            f"{self.url}{path}?wsdl",
            transport=zeep.Transport(session=session, timeout=10, operation_timeout=10),
        )

    def post(self, body: bytes, path: str = "/ws/Telephony", **headers: str) -> requests.Response:
        """A raw SOAP request with the right login."""
        sent = {
            "Content-Type": "text/xml; charset=utf-8",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        return requests.post(f"{self.url}{path}", data=body, headers=sent, auth=(LOGIN, PASSWORD), timeout=10)

    def archive(self) -> Archive:
        return Archive(self.database)


def settings(
    folder: Path,
    exchange_url: str,
    onec_url: str,
    *,
    infobases: Callable[[str], Mapping[str, Any]] | None = None,
    exchange: Mapping[str, Any] | None = None,
    exchanges: Mapping[str, Any] | None = None,
    server: Mapping[str, Any] | None = None,
    **infobase: Any,
) -> Settings:
    """Settings of a test world: exchange `main`, infobase `buh` that dials and hears `vatscalls`.

    `infobase` changes fields of `buh`; `infobases` (of the fake 1C's address) replaces all of them.
    `exchange` and `server` change fields of their sections; `exchanges` are more of them, whole.
    """
    port = free_port()
    people = [{"name": one.name, "key": one.key, "extension": one.extension} for one in (ANNA, PETR)]
    buh = {
        "exchange": "main",
        "token_hashes": [token_hash(PASSWORD)],
        "contract": "vatscalls",
        "url": f"{onec_url}/ws/VATScalls",
        "probe_s": 0.2,
        "timeout_s": 3,
        **infobase,
    }
    return given(
        {
            "server": {
                "listen": f"127.0.0.1:{port}",
                "public_url": f"http://127.0.0.1:{port}",
                "database": str(folder / "bridge.db"),
                "threads": 8,
                **(server or {}),
            },
            "exchange": {
                "main": {
                    "base_url": exchange_url,
                    "hook_secret": HOOK_SECRET,
                    "subscribers": people,
                    "timeout_s": 2,
                    **(exchange or {}),
                },
                **(exchanges or {}),
            },
            "infobase": {
                name: {"dial": UNLIMITED, **facts}
                for name, facts in (infobases(onec_url) if infobases else {LOGIN: buh}).items()
            },
        }
    )


@contextmanager
def world(folder: Path, *, extras: Extras = NO_EXTRAS, **changes: Any) -> Iterator[World]:
    """Start everything; `changes` go to `settings`."""
    with ExitStack() as running:
        exchange = FakeExchange((ANNA, PETR))
        exchange_server = running.enter_context(Loopback(exchange))
        onec = FakeOnec()
        onec_server = running.enter_context(Loopback(onec))
        made = settings(folder, exchange_server.url, onec_server.url, **changes)
        bridge = assemble(made, extras=extras)
        thread = threading.Thread(target=bridge.run, name="bridge-under-test")
        thread.start()
        running.callback(thread.join)
        running.callback(bridge.drain)
        here = World(
            bridge=bridge,
            exchange=exchange,
            onec=onec,
            onec_server=onec_server,
            exchange_server=exchange_server,
            database=Path(made.server.database),
            url=f"http://127.0.0.1:{bridge.port}",
        )
        exchange.hook_url = here.hook
        yield here


def eventually(seen: Callable[[], Any], *, within_s: float = 5.0) -> Any:
    """The first true value of `seen`, asked again and again; its last value when time is up."""
    until = time.monotonic() + within_s
    while not (value := seen()) and time.monotonic() < until:
        time.sleep(0.01)
    return value
