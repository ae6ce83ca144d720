"""What the chaos is let loose on: bridges on one database, two fake 1C, an exchange; all on 127.0.0.1."""

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge.core.delivery import DeliveryState
from bridge.core.errors import StoreUnavailable
from bridge.store.archive import Archive

from .calls import POISON
from .ledger import Fault, Kept, Ledger, Listener, Post, Told
from .processes import BridgeProgram, OnecProgram, free_port

HOOK_SECRET = "a-hook-secret-of-chaos-0001"
TIMEOUT_S = 2.0
POPUP_S = 5.0
EXCHANGES = ("main", "branch")
SERVICES = {"vats": "VATS", "vatscalls": "VATScalls"}
# `buh` and `front` are services of one 1C, `branch` is another with an exchange of its own
LISTENERS = (
    Listener(name="buh", exchange="main", popup_lifetime_s=POPUP_S, timeout_s=TIMEOUT_S),
    Listener(name="front", exchange="main", contract="vats", popup_lifetime_s=POPUP_S, timeout_s=TIMEOUT_S),
    Listener(name="branch", exchange="branch", popup_lifetime_s=POPUP_S, timeout_s=TIMEOUT_S),
)
HOSTS = {"buh": 0, "front": 0, "branch": 1}  # infobase -> which fake 1C


@dataclass(kw_only=True)
class Site:
    folder: Path
    database: str
    bridges: list[BridgeProgram]
    onecs: list[OnecProgram]
    listeners: Sequence[Listener] = LISTENERS

    @property
    def hooks(self) -> list[str]:
        return [f"{bridge.url}/hooks/{{exchange}}/{HOOK_SECRET}" for bridge in self.bridges]

    def start(self) -> None:
        for program in (*self.onecs, *self.bridges):
            program.start()
        for program in (*self.onecs, *self.bridges):
            program.wait_ready()

    def stop(self) -> None:
        for program in (*self.bridges, *self.onecs):
            program.kill()

    # --- what can be read afterwards -----------------------------------------------------------------
    def archive(self) -> Archive:
        return Archive(self.database)

    def told(self) -> list[Told]:
        """What both 1C heard. The last line may be torn: a kill came while it was written."""
        found = []
        for number, onec in enumerate(self.onecs):
            for line in onec.ledger.read_bytes().split(b"\n")[:-1]:
                try:
                    heard = json.loads(line)
                except ValueError:
                    continue
                found.append(
                    Told(
                        infobase=self._infobase(number, heard["service"]),
                        parameters=heard["parameters"],
                        event_id=heard["idempotency_key"],
                        at=heard["at"],
                    )
                )
        return found

    def _infobase(self, number: int, service: str) -> str:
        (name,) = (
            one.name
            for one in self.listeners
            if HOSTS[one.name] == number and SERVICES[one.contract] == service
        )
        return name

    def kept(self, replayed: frozenset[int] = frozenset()) -> list[Kept]:
        """Everything in the database; `replayed` are ids of deliveries sent again by hand."""
        return [
            Kept(
                infobase=one.infobase,
                event_id=str(stored.id),
                body=stored.event.raw.decode("utf-8", "replace"),
                state=one.state.value,
                reason=one.last_answer,
                created_at=one.created_at,
                expires_at=one.expires_at,
                done_at=one.done_at,
                replayed=one.id in replayed,
            )
            for one, stored in self.archive().deliveries(limit=10_000_000)
        ]

    def drained(self, within_s: float) -> bool:
        """True when nothing waits any more."""
        until = time.monotonic() + within_s
        while time.monotonic() < until:
            try:
                if not any(state is DeliveryState.QUEUED for _, state in self.archive().counts()):
                    return True
            except StoreUnavailable:
                pass
            time.sleep(0.2)
        return False

    def ledger(
        self, posts: list[Post], faults: list[Fault], replayed: frozenset[int] = frozenset()
    ) -> Ledger:
        return Ledger(
            listeners=self.listeners,
            posts=posts,
            told=self.told(),
            kept=self.kept(replayed),
            faults=faults,
            poison=POISON,
        )

    def integrity(self) -> str:
        """`ok`, or what SQLite finds wrong with the file."""
        connection = sqlite3.connect(self.database)
        try:
            return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
        finally:
            connection.close()


@contextmanager
def site(
    folder: Path,
    *,
    database: str = "",
    replicas: int = 1,
    sabotage: str = "",
    environment: Mapping[str, str] | None = None,
    listeners: Sequence[Listener] = LISTENERS,
    attempts: int = 5,
) -> Iterator[Site]:
    """Everything up and ready; ended by process id when the block is left."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    made = Site(
        folder=folder,
        database=database or str(folder / "data" / "bridge.db"),
        bridges=[],
        onecs=[
            OnecProgram(folder, f"onec-{number}") for number in sorted({HOSTS[one.name] for one in listeners})
        ],
        listeners=listeners,
    )
    for number in range(replicas):
        port = free_port()
        config = folder / f"bridge-{number}.toml"
        config.write_text(_settings(made, port, attempts), encoding="utf-8")
        made.bridges.append(BridgeProgram(config, port=port, sabotage=sabotage, environment=environment))
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _settings(made: Site, port: int, attempts: int) -> str:
    sections = [
        f'[server]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
        f"database = '{made.database}'\nthreads = 16\n"
    ]
    sections += [f'[exchange.{name}]\nhook_secret = "{HOOK_SECRET}"\n' for name in EXCHANGES]
    sections += [
        f'[infobase.{one.name}]\nexchange = "{one.exchange}"\ncontract = "{one.contract}"\n'
        f'url = "{made.onecs[HOSTS[one.name]].url}/ws/{SERVICES[one.contract]}"\n'
        f"popup_lifetime_s = {one.popup_lifetime_s}\ntimeout_s = {one.timeout_s}\nconnect_s = 1\n"
        f"probe_s = 0.3\nattempts = {attempts}\n"
        for one in made.listeners
    ]
    return "\n".join(sections)
