"""How each server of SOAP and of callers' names is started: ours, the peers and the limits."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.ours.settings import write_settings
from benchmarks.peers.php import start_php
from benchmarks.side_by_side.bench import Bench, Running, free_port, ready
from benchmarks.side_by_side.envelope import SOAP_PATH
from benchmarks.side_by_side.tools import Missing, node_packages
from bridge.web.soap.vocabulary import ENGLISH
from bridge.web.soap.wsdl import published

PEERS = Path(__file__).parent.parent / "peers"


def last_core() -> int:
    """Where whoever is pinned runs; the first core takes interrupts and the load."""
    return max(os.sched_getaffinity(0))


def bridge(
    bench: Bench,
    name: str,
    *,
    upstream: str = "http://127.0.0.1:9",
    workers: int = 0,
    infobase: str = 'contract = "none"',
    wait: bool = True,
    folder: Path | None = None,
    port: int = 0,
) -> Running:
    """`vpbx-bridge serve`: one process kept to one core, or `--workers`, which pins them itself.

    Args:
        folder, port: of a bridge that has run before.
    """
    folder, port = folder or bench.place(name), port or free_port()
    write_settings(folder, port, upstream=upstream, infobase=infobase)
    command = [sys.executable, "-m", "bridge", "serve", "--config", "bridge.toml"]
    command += ["--workers", str(workers)] if workers else []
    process = bench.start(command, folder=folder, core=None if workers else last_core())
    return _started(name, port, process, folder, "/readyz", wait=wait)


def entrance(
    bench: Bench,
    name: str,
    how: str,
    *,
    upstream: str = "http://127.0.0.1:9",
    workers: int = 0,
    wait: bool = True,
) -> Running:
    """The SOAP entrance alone; see `benchmarks.ours.entrance`."""
    folder, port = bench.place(name), free_port()
    write_settings(folder, port, upstream=upstream)
    command = [sys.executable, "-m", "benchmarks.ours.entrance", "bridge.toml", how]
    command += ["--workers", str(workers)]
    process = bench.start(command, folder=folder, core=None if workers else last_core())
    return _started(name, port, process, folder, SOAP_PATH, wait=wait)


def node_soap(bench: Bench, *, upstream: str = "", name: str = "node-soap", wait: bool = True) -> Running:
    environment = node_packages(PEERS / "node", bench.cache)
    folder, port = bench.place(name), free_port()
    _write_wsdl(folder, port)
    command = ["node", PEERS / "node" / "telephony.js", str(port), "telephony.wsdl"]
    process = bench.start([*command, upstream], folder=folder, environment=environment)
    return _started(name, port, process, folder, f"{SOAP_PATH}?wsdl", wait=wait)


def php_soap(
    bench: Bench, *, children: int, upstream: str = "", name: str = "PHP-FPM + nginx", wait: bool = True
) -> Running:
    folder = bench.place(name)
    parameters = {"WSDL": str(_write_wsdl(folder, 80)), "UPSTREAM": upstream}
    return start_php(
        bench,
        name,
        "telephony.php",
        children=children,
        parameters=parameters,
        path=f"{SOAP_PATH}?wsdl",
        wait=wait,
    )


def stock_spyne(
    bench: Bench,
    *,
    name: str,
    upstream: str = "",
    threads: int = 4,
    pinned: bool = False,
    wait: bool = True,
) -> Running:
    if sys.version_info >= (3, 12):
        raise Missing("stock Spyne 2.14 does not import on Python 3.12 and later")
    command = [sys.executable, PEERS / "python" / "telephony.py", "{port}", str(threads)]
    return _python(bench, name, [*command, upstream], path=f"{SOAP_PATH}?wsdl", pinned=pinned, wait=wait)


def bare_waitress(
    bench: Bench, *, name: str, answer: str, threads: int = 4, pinned: bool = True, wait: bool = True
) -> Running:
    command = [sys.executable, PEERS / "python" / "bare.py", "{port}", str(threads), "answer"]
    return _python(bench, name, command, path="/", pinned=pinned, wait=wait, answer=answer)


def _python(
    bench: Bench,
    name: str,
    command: list[str | Path],
    *,
    path: str,
    pinned: bool,
    wait: bool,
    answer: str = "",
) -> Running:
    folder, port = bench.place(name), free_port()
    (folder / "answer").write_text(answer, encoding="utf-8")
    words = [str(word).replace("{port}", str(port)) for word in command]
    process = bench.start(words, folder=folder, core=last_core() if pinned else None)
    return _started(name, port, process, folder, path, wait=wait)


def _started(
    name: str, port: int, process: subprocess.Popen[bytes], folder: Path, path: str, *, wait: bool
) -> Running:
    running = Running(name, port, [process], folder)
    if wait:
        try:
            ready(process, f"http://127.0.0.1:{port}{path}", folder)
        except Missing:
            running.end()
            raise
    return running


def _write_wsdl(folder: Path, port: int) -> Path:
    file = folder / "telephony.wsdl"
    file.write_bytes(published(ENGLISH, f"http://127.0.0.1:{port}"))
    return file
