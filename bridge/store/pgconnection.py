"""Connections to PostgreSQL: bounded in every wait, durable, and at the right version of the schema."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row

from bridge.core.errors import ClaimLost, StoreUnavailable
from bridge.store.address import said
from bridge.store.applied import NOTED, all_applied
from bridge.store.session import ManyRows, Row, Rows

MIGRATIONS = Path(__file__).parent / "migrations" / "postgres"
CONNECT_S = 3
STARTING_S = 20.0  # a server that recovers says so, and is worth waiting for
MIN_VERSION = 130000
_MIGRATING = 0x1C5A7  # the advisory lock under which one replica migrates and the others wait
# A stopped process must not keep a lane locked, a dead network must not keep a thread.
_OPTIONS = {
    "statement_timeout": "10s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "default_transaction_isolation": "read\\ committed",  # locks first, then a fresh look
}
_KEEPALIVE = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

Connection = psycopg.Connection[dict[str, Any]]


def arguments(address: str, *, bounded: bool = True) -> dict[str, Any]:
    """What every connection is opened with, besides the address; `options` of the address are kept."""
    ours = " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()) if bounded else ""
    options = f"{conninfo_to_dict(address).get('options', '')} {ours}".strip()
    return {
        "autocommit": True,
        "row_factory": dict_row,
        "connect_timeout": CONNECT_S,
        "application_name": "vpbx-1c-bridge",
        "options": options,
        **_KEEPALIVE,
    }


def configure(connection: psycopg.Connection[Any]) -> None:
    """An answer of ours means «kept»: a server that commits without waiting for its disk is told to wait."""
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )


def connect(address: str, *, bounded: bool = True) -> Connection:
    """One connection in autocommit mode, rows by name.

    Raises:
        StoreUnavailable: the server is away or refuses us.
    """
    until = time.monotonic() + STARTING_S
    while True:
        try:
            connection: Connection = psycopg.connect(address, **arguments(address, bounded=bounded))
            configure(connection)
        except psycopg.Error as error:
            starting = "starting up" in str(error) or "not yet accepting" in str(error)
            if not starting or time.monotonic() > until:
                raise StoreUnavailable(f"PostgreSQL {place(address)} недоступен: {said(error)}") from None
            time.sleep(0.2)
        else:
            return connection


def place(address: str) -> str:
    """The address as people may see it: without the name and the password.

    >>> place("postgresql://bridge:secret@db:5432/bridge?sslmode=require")
    'db:5432/bridge'
    """
    try:
        facts = conninfo_to_dict(address)
    except psycopg.Error:
        return "по адресу, который не читается"
    port = f":{facts['port']}" if facts.get("port") else ""
    return f"{facts.get('host', '')}{port}/{facts.get('dbname', '')}"


@lru_cache(maxsize=512)
def translated(statement: str) -> str:
    """Named parameters the way psycopg writes them.

    >>> translated("SELECT a::text FROM t WHERE x = :x AND y = ':z'")
    "SELECT a::text FROM t WHERE x = %(x)s AND y = ':z'"
    """
    return re.sub(r"(?<![:\w']):(\w+)", r"%(\1)s", statement)


def weakness(address: str) -> str:
    """What in the server's settings loses committed events at a power cut; "" when nothing does."""
    with connect(address) as connection:
        found = connection.execute(
            "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting = 'off'"
        ).fetchall()
    return ", ".join(f"{row['name']} = off" for row in found)


class PostgresSession:
    """`Session` of PostgreSQL, on a connection that its user has begun a transaction on."""

    def __init__(self, connection: Connection, owner: str) -> None:
        self._connection = connection
        self._owner = owner

    def execute(self, statement: str, facts: Mapping[str, Any] | None = None, /) -> Rows:
        return self._connection.execute(translated(statement), facts)

    def insert(self, statement: ManyRows, rows: Sequence[Sequence[Any]], /) -> list[Row]:
        found: list[Row] = []
        for text, parameters in statement.parts(rows, "%s"):
            result = self._connection.execute(text, parameters)
            found += result.fetchall() if statement.then else ()
        return found

    def hurry(self) -> None:
        self._connection.execute("SET LOCAL lock_timeout = '200ms'")

    def lock_lanes(self, lane_ids: Sequence[int]) -> None:
        self.execute(
            "SELECT 1 FROM lane WHERE id = ANY(:ids) ORDER BY id FOR UPDATE", {"ids": list(lane_ids)}
        )

    def lock_ring(self, exchange: str, merge_key: str) -> None:
        self.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(:ring, 0))", {"ring": f"{exchange}|{merge_key}"}
        )

    def fence(self, infobase: str, epoch: int) -> None:
        held = self.execute(
            "SELECT 1 FROM post WHERE name = :name AND owner = :owner AND epoch = :epoch FOR SHARE",
            {"name": infobase, "owner": self._owner, "epoch": epoch},
        ).fetchone()
        if held is None:
            raise ClaimLost(f"Базу {infobase} уже обслуживает другой процесс моста")


def migrate(address: str) -> list[str]:
    """Bring the schema up to date; returns the names of what was applied now.

    Replicas that start together wait for the first one. A migration and the note that it was made
    are one transaction.

    Raises:
        StoreUnavailable: the server is away, too old, or does not let us create tables.
    """
    with _alone(address) as connection:
        if _whole(connection):
            return []
        import yoyo  # nothing else in the process needs it

        try:
            with yoyo.get_backend(_for_yoyo(address)) as backend:
                backend.break_lock()  # the advisory lock above is the one that dies with its owner
                applied = []
                for migration in backend.to_apply(yoyo.read_migrations(str(MIGRATIONS))):
                    with backend.transaction():
                        migration.process_steps(backend, "apply")
                        backend.mark_one(migration, log=False)
                    applied.append(migration.id)
                return applied
        except psycopg.Error as error:
            raise StoreUnavailable(f"Схема базы {place(address)} не обновляется: {said(error)}") from None


@contextmanager
def _alone(address: str) -> Iterator[Connection]:
    with connect(address, bounded=False) as connection:
        if connection.info.server_version < MIN_VERSION:
            raise StoreUnavailable("Нужен PostgreSQL 13 или новее")
        if connection.info.parameter_status("server_encoding") != "UTF8":
            raise StoreUnavailable(
                f"База {place(address)} не в UTF-8: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
            )
        connection.execute("SELECT pg_advisory_lock(%s)", (_MIGRATING,))
        yield connection


def _whole(connection: Connection) -> bool:
    """Are all migrations made? A new database has no note of any."""
    try:
        noted = {row["migration_hash"] for row in connection.execute(NOTED)}
    except psycopg.Error:
        return False
    return all_applied(MIGRATIONS, noted)


def _for_yoyo(address: str) -> str:
    parts = urlsplit(address)
    query = urlencode([*parse_qsl(parts.query), ("connect_timeout", str(CONNECT_S))])
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, query, ""))
