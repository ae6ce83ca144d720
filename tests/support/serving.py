"""`vpbx-bridge serve` as a process of its own, with its log in a file."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
READY_S = 60.0
SERVE = ("-m", "bridge", "serve", "--config")


@dataclass(frozen=True)
class Serving:
    """A bridge that answers."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")


def environment(**more: str) -> dict[str, str]:
    """Ours without settings of a bridge, for a program that speaks UTF-8 and runs this checkout."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return plain | {"PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT)} | more


@contextmanager
def serving(
    config: Path, port: int, *, program: Sequence[str] = SERVE, env: Mapping[str, str] | None = None
) -> Iterator[Serving]:
    """Started beside its settings, ready, and ended as an administrator would when the block is left.

    Args:
        program: arguments of Python, to which the settings file is added.
    """
    log = config.parent / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, *program, str(config)],
            cwd=config.parent,
            env=environment(**(env or {})),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )
        here = Serving(process, f"http://127.0.0.1:{port}", log)
        try:
            until = time.monotonic() + READY_S
            while not _ready(here.url):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"the bridge did not come up:\n{here.said()[-2000:]}")
                time.sleep(0.05)
            yield here
        finally:
            process.terminate()
            process.wait(timeout=40)


def _ready(url: str) -> bool:
    try:
        return requests.get(f"{url}/readyz", timeout=2).status_code == 200
    except requests.RequestException:
        return False
