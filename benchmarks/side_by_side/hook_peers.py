"""Whom hooks are posted to: the bridge, and what its user would write instead (benchmarks/peers)."""

import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.php import start_php
from benchmarks.side_by_side.bench import ROOT, Bench, Running, free_port, ready
from benchmarks.side_by_side.ledger import MARK
from benchmarks.side_by_side.postgres import beside, fresh_address
from benchmarks.side_by_side.servers import last_core
from benchmarks.side_by_side.tools import Missing, node_packages, python_packages
from bridge.settings.model import ServerSection

PEERS = ROOT / "benchmarks" / "peers"
WSDL = ROOT / "wsdl" / "onec" / "vatscalls.wsdl"
PATH = "/hook"
THREADS = ServerSection().threads  # as the bridge comes
ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/><soap:Body>'
    '<m:EventResponse xmlns:m="http://VATSCalls">'
    '<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">1</m:return>'
    "</m:EventResponse></soap:Body></soap:Envelope>"
)


@dataclass(frozen=True)
class HookPeer:
    """A server of hooks. `start` is given the bench and the address of 1C; it raises Missing."""

    name: str
    start: Callable[[Bench, str], Running]
    path: str = PATH


def hook(path: str, *, state: str = "END", call: str = "@NUMBER@") -> str:
    """A call event of Mobilon as `load` posts it, each with a token of its own."""
    return (
        f"POST {path} HTTP/1.1\nHost: 127.0.0.1\nContent-Type: application/json\n\n"
        f'{{"uuid":"2ebc5a-{call}","state":"{state}","direction":"incoming","from":"89160000001",'
        f'"to":"83912000000","userkey":"gW3cyUJAtl50PhF","subid":"{MARK}@TOKEN@",'
        f'"time":{int(time.time())},"duration":"42"}}'
    )


def warm(bench: Bench, running: Running, path: str, *, count: int = 300) -> None:
    """`count` hooks, all of them taken; who has only just opened its port may refuse some at first.

    Raises:
        Missing: it goes on refusing; it is ended.
    """
    request = bench.request(hook(path, call="warm-@NUMBER@"))  # calls of no later load
    for _ in range(20):
        said = bench.raw_load(running.port, request, connections=8, count=count, expect="ok")
        if said["ok"] == said["sent"]:
            return
        time.sleep(0.2)
    running.end()
    raise Missing(f"refuses hooks: {said['statuses']}")


def _launch(
    bench: Bench,
    name: str,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    pinned: bool = False,
    database: bool = False,
) -> Running:
    folder, port = bench.place(name), free_port()
    given = {"PORT": str(port), "FOLDER": str(folder), "WSDL": str(WSDL), **environment}
    if database:
        given["DATABASE"] = str(folder / "events.db")
    process = bench.start(command, folder=folder, environment=given, core=last_core() if pinned else None)
    ready(process, f"http://127.0.0.1:{port}/", folder)
    return Running(name, port, [process])


# --- Python ----------------------------------------------------------------------------------------
def _python(
    name: str, script: str, *, threads: int = 0, pinned: bool = False, database: bool = False
) -> HookPeer:
    def start(bench: Bench, onec: str) -> Running:
        python = python_packages(PEERS / "python" / "hooks.txt", bench.cache)
        environment = {"ONEC": onec, "THREADS": str(threads)}
        return _launch(
            bench, name, [python, PEERS / script], environment=environment, pinned=pinned, database=database
        )

    return HookPeer(name, start)


# --- node ------------------------------------------------------------------------------------------
def _node(name: str, script: str, *, database: bool = False) -> HookPeer:
    def start(bench: Bench, onec: str) -> Running:
        environment = {"ONEC": onec, **node_packages(PEERS / "node_hooks", bench.cache)}
        return _launch(bench, name, ["node", PEERS / script], environment=environment, database=database)

    return HookPeer(name, start)


def _node_red(name: str, flow: str, *, database: bool = False) -> HookPeer:
    def start(bench: Bench, onec: str) -> Running:
        packages = node_packages(PEERS / "node_hooks", bench.cache)
        program = Path(packages["NODE_PATH"]) / "node-red" / "red.js"
        if not program.exists():
            raise Missing("npm gave no node-red")
        folder = bench.place("flows")
        shutil.copy(PEERS / "node_hooks" / flow, folder / "flows.json")
        return _launch(
            bench,
            name,
            ["node", program, "--settings", PEERS / "node_hooks" / "node_red.js"],
            environment={"ONEC": onec, "FLOW": str(folder / "flows.json"), **packages},
            database=database,
        )

    return HookPeer(name, start)


# --- PHP -------------------------------------------------------------------------------------------
def _php(name: str, script: str, *, children: int) -> HookPeer:
    def start(bench: Bench, onec: str) -> Running:
        database = bench.place(name) / "events.db"
        with sqlite3.connect(database) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE event (id INTEGER PRIMARY KEY, uuid, state, at, body)")
        parameters = {"DATABASE": str(database), "ONEC": onec, "WSDL": str(WSDL)}
        return start_php(bench, name, script, children=children, parameters=parameters, path="/", wait=True)

    return HookPeer(name, start)


# --- the bridge ------------------------------------------------------------------------------------
SECRET = "benchmark-hook-secret"
BRIDGE_PATH = f"/hooks/main/{SECRET}"


def settings(port: int, database: str, infobase: str) -> str:
    return (
        f'[server]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
        f"database = '{database}'\n"
        f'[exchange.main]\nhook_secret = "{SECRET}"\nsilence_s = 0\n'
        f'[infobase.buh]\nexchange = "main"\n{infobase}'
    )


def told_at(onec: str, **more: object) -> str:
    """An infobase that publishes `vatscalls` at `onec`; `more` are its other settings."""
    lines = "".join(f"{name} = {value}\n" for name, value in more.items())
    return f'contract = "vatscalls"\nurl = "{onec}"\n{lines}'


def bridge(
    name: str,
    infobase: Callable[[str], str],
    *,
    workers: int = 0,
    postgres: bool = False,
) -> HookPeer:
    """`serve` as it comes.

    Args:
        infobase: the address of 1C -> the lines of its section.
        workers: of `--workers`; 0 is one process on one core.
        postgres: instead of SQLite; its processor time counts.
    """

    def start(bench: Bench, onec: str) -> Running:
        folder, port = bench.place(name), free_port()
        address = fresh_address() if postgres else str(folder / "bridge.db")
        (folder / "bridge.toml").write_text(settings(port, address, infobase(onec)), encoding="utf-8")
        running = serve(bench, name, folder, port, workers=workers)
        return beside(running, address) if postgres else running

    return HookPeer(name, start, BRIDGE_PATH)


def serve(bench: Bench, name: str, folder: Path, port: int, *, workers: int = 0) -> Running:
    """The bridge whose settings are in `folder`."""
    command = [sys.executable, "-m", "bridge", "serve", "--config", "bridge.toml"]
    command += ["--workers", str(workers)] if workers else []
    process = bench.start(command, folder=folder, core=None if workers else last_core())
    ready(process, f"http://127.0.0.1:{port}/readyz", folder)
    return Running(name, port, [process])


STORING_NOTHING = _python(
    "waitress storing nothing, pinned", "python/nothing.py", threads=THREADS, pinned=True
)
FLASK_STORE = _python("Flask + sqlite3", "python/hook_store.py", database=True)
EXPRESS_STORE = _node("express + better-sqlite3", "node_hooks/store.js", database=True)
NODE_RED_STORE = _node_red("Node-RED + better-sqlite3", "node_red_store.json", database=True)
PHP_STORE = _php("PHP-FPM + SQLite", "hook_store.php", children=2)

FLASK_TELL = _python("Flask + zeep, 4 threads", "python/hook_tell.py", threads=4)
FLASK_TELL_64 = _python("Flask + zeep, 64 threads", "python/hook_tell.py", threads=64)
EXPRESS_TELL = _node("express + node-soap", "node_hooks/tell.js")
NODE_RED_TELL = _node_red("Node-RED http to soap", "node_red_tell.json")


def php_tell(children: int) -> HookPeer:
    return _php(f"PHP SoapClient, {children} children", "hook_tell.php", children=children)
