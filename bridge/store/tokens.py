"""Passwords of infobases that were issued, used or revoked while the bridge ran."""

from collections.abc import Callable, Iterable
from typing import Any

from bridge.core.tokens import Token
from bridge.store.accounts import Place
from bridge.store.rows import storable
from bridge.store.session import Row, Session

ALL = "SELECT * FROM infobase_token"
ISSUE = """
INSERT INTO infobase_token (infobase, proof, label, issued_by, issued_at)
VALUES (:infobase, :proof, :label, :who, :now) ON CONFLICT (infobase, proof) DO NOTHING
"""
REVOKE = """
INSERT INTO infobase_token (infobase, proof, revoked_by, revoked_at) VALUES (:infobase, :proof, :who, :now)
ON CONFLICT (infobase, proof) DO UPDATE SET revoked_by = excluded.revoked_by, revoked_at = excluded.revoked_at
 WHERE infobase_token.revoked_at IS NULL
"""
REVOKED_SO = """
SELECT 1 FROM infobase_token
 WHERE infobase = :infobase AND proof = :proof AND revoked_by = :who AND revoked_at = :now
"""
USED = """
INSERT INTO infobase_token (infobase, proof, used_at) VALUES (:infobase, :proof, :now)
ON CONFLICT (infobase, proof) DO UPDATE SET used_at = excluded.used_at
"""


class StoredTokens:
    """`core.tokens.Tokens` on any `Database`."""

    def __init__(self, db: Place, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    def records(self) -> list[Token]:
        return [token(row) for row in self._db.read(ALL)]

    def issue(self, infobase: str, proof: str, *, label: str, who: str) -> None:
        facts = self._facts(infobase, proof, who) | {"label": storable(label)}
        self._db.write(lambda db: db.execute(ISSUE, facts).rowcount)

    def revoke(self, infobase: str, proof: str, *, who: str) -> bool:
        facts = self._facts(infobase, proof, who)

        def work(db: Session) -> bool:
            db.execute(REVOKE, facts)
            return db.execute(REVOKED_SO, facts).fetchone() is not None  # also when this work runs again

        return self._db.write(work)

    def used(self, keys: Iterable[tuple[str, str]]) -> None:
        each = [
            self._facts(infobase, proof, "") for infobase, proof in sorted(keys)
        ]  # one order: no deadlock

        def work(db: Session) -> None:
            for facts in each:
                db.execute(USED, facts)

        self._db.write(work)

    def _facts(self, infobase: str, proof: str, who: str) -> dict[str, Any]:
        return {"infobase": infobase, "proof": proof, "who": storable(who), "now": self._clock()}


def token(row: Row) -> Token:
    """As it is written."""
    return Token(
        infobase=row["infobase"],
        proof=row["proof"],
        label=row["label"],
        issued_by=row["issued_by"],
        issued_at=row["issued_at"],
        used_at=row["used_at"],
        revoked_by=row["revoked_by"],
        revoked_at=row["revoked_at"],
    )
