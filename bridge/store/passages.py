"""How exchanges come: by which of their secrets, and whether from a network that is not theirs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from bridge.store.rows import storable
from bridge.store.session import Database, Row, Session

PROOF_CHARS = 24  # of `sha256:…`: enough to tell two secrets apart

NOTE = """
INSERT INTO passage (exchange, way, proof, peer, at) VALUES (:exchange, :way, :proof, :peer, :now)
ON CONFLICT (exchange, way) DO UPDATE SET proof = excluded.proof, peer = excluded.peer, at = excluded.at
"""
ALL = "SELECT * FROM passage ORDER BY exchange, way"


class Way(StrEnum):
    """CURRENT and OLD: by that secret; OUTSIDE: by a right one, from elsewhere."""

    CURRENT = "current"
    OLD = "old"
    OUTSIDE = "outside"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The last time that an exchange came so; `at` is unix time, `proof` begins the secret's hash."""

    exchange: str
    way: Way
    proof: str
    peer: str
    at: float

    def is_of(self, proof: str) -> bool:
        """Did it come by the secret with this hash?"""
        return self.proof == proof[:PROOF_CHARS]


class Passages:
    """The table, on any `Database`."""

    def __init__(self, db: Database, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    def note(self, exchange: str, way: Way, *, proof: str, peer: str) -> None:
        facts = {
            "exchange": exchange,
            "way": way.value,
            "proof": proof[:PROOF_CHARS],
            "peer": storable(peer),
            "now": self._clock(),
        }
        self._db.write(lambda db: db.execute(NOTE, facts).rowcount)


def latest(db: Session) -> list[Passage]:
    """By exchange and way."""
    return [_passage(row) for row in db.execute(ALL).fetchall()]


def _passage(row: Row) -> Passage:
    return Passage(
        exchange=row["exchange"], way=Way(row["way"]), proof=row["proof"], peer=row["peer"], at=row["at"]
    )
