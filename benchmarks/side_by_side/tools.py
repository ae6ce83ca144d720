"""The tools in C (benchmarks/c), compiled on the spot into a cache folder, and node packages beside them."""

import hashlib
import os
import shutil
import subprocess
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent.parent / "c"


class Missing(Exception):
    """This machine lacks what a part needs; the part is skipped and says this line."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Executables; the head of each source says how to call it."""

    load: Path
    answer: Path
    fsyncs: Path


def cache_folder() -> Path:
    """Where what is built stays for the next run."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "vpbx-bridge-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build(cache: Path) -> Tools:
    """Raises Missing where there is no C compiler or no epoll."""
    compiler = next((found for name in ("cc", "gcc", "clang") if (found := shutil.which(name))), None)
    if not hasattr(os, "sched_setaffinity"):
        raise Missing("the load generator needs Linux (epoll)")
    if compiler is None:
        raise Missing("no C compiler (cc, gcc or clang): install one, for example apt install gcc libc6-dev")
    return Tools(**{name: _compiled(compiler, name, cache) for name in Tools.__annotations__})


def _compiled(compiler: str, name: str, cache: Path) -> Path:
    source = SOURCES / f"{name}.c"
    program = cache / f"{name}-{_digest(source)}"
    if not program.exists():
        fresh = program.with_suffix(f".{os.getpid()}")
        done = subprocess.run(
            [compiler, "-O2", "-Wall", "-Wextra", "-o", fresh, source],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise Missing(f"{compiler} does not compile {source.name}: {done.stderr.strip()[-300:]}")
        fresh.rename(program)
    return program


def node_packages(folder: Path, cache: Path) -> dict[str, str]:
    """What to add to the environment of node for it to find the packages that `folder` locks.

    Raises:
        Missing: there is no node or no npm here, or npm could not fetch them.
    """
    if not (shutil.which("node") and (npm := shutil.which("npm"))):
        raise Missing("no node or no npm")
    place = cache / f"node-{_digest(folder / 'package-lock.json')}"
    if not (place / "done").exists():
        place.mkdir(exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, place)
        _fetch(f"npm ci of {folder.name}", [npm, "ci", "--no-audit", "--no-fund"], place)
    return {"NODE_PATH": str(place / "node_modules"), "NODE_ENV": "production"}


def python_packages(requirements: Path, cache: Path) -> Path:
    """The Python of an environment that has what peers in Python need; the bridge's own stays as it is.

    Raises:
        Missing: pip could not fetch them.
    """
    place = cache / f"python-{_digest(requirements)}"
    python = place / "bin" / "python"
    if not (place / "done").exists():
        venv.create(place, with_pip=True)
        what = f"pip install of {requirements.parent.name}"
        _fetch(what, [python, "-m", "pip", "install", "-q", "-r", requirements.resolve()], place)
    return python


def _fetch(what: str, command: Sequence[str | Path], place: Path) -> None:
    """Run it in `place`, and mark it as done."""
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise Missing(f"{what} failed: {done.stderr.strip()[-300:]}")
    (place / "done").touch()


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
