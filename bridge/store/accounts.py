"""Users of the console and their sessions."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from bridge.core.accounts import Role, User
from bridge.store.rows import storable
from bridge.store.session import Row, Session, T

ANYBODY = "SELECT name FROM console_user LIMIT 1"
USERS = "SELECT name, role, password, created_at FROM console_user ORDER BY name"
FIND = "SELECT name, role, password, created_at FROM console_user WHERE name = :name"
ADD = """
INSERT INTO console_user (name, role, password, created_at) VALUES (:name, :role, :password, :now)
ON CONFLICT (name) DO NOTHING
"""
TAKE_CODE = "DELETE FROM console_code WHERE code_hash = :code_hash AND expires_at > :now"
SPEND_CODES = "DELETE FROM console_code"
KEEP_CODE = "INSERT INTO console_code (id, code_hash, expires_at) VALUES (1, :code_hash, :expires_at)"
REMOVE = "DELETE FROM console_user WHERE name = :name"
CHANGE = "UPDATE console_user SET password = :password WHERE name = :name"
OPEN = """
INSERT INTO console_session (token_hash, name, expires_at) VALUES (:token_hash, :name, :expires_at)
"""
SESSION = """
SELECT u.name, u.role, u.password, u.created_at FROM console_session s JOIN console_user u ON u.name = s.name
 WHERE s.token_hash = :token_hash AND s.expires_at > :now
"""
CLOSE = "DELETE FROM console_session WHERE token_hash = :token_hash"
CLOSE_ALL = "DELETE FROM console_session WHERE name = :name"
FORGET = "DELETE FROM console_session WHERE expires_at <= :now"


class Place(Protocol):
    """What accounts need of a `Database`."""

    def read(self, statement: str, **facts: Any) -> Sequence[Row]: ...
    def write(self, work: Callable[[Session], T]) -> T: ...


class StoredAccounts:
    """`core.accounts.Accounts` on any `Database`."""

    def __init__(self, db: Place, clock: Callable[[], float]) -> None:
        self._db = db
        self._clock = clock

    def anybody(self) -> bool:
        return bool(self._db.read(ANYBODY))

    def users(self) -> list[User]:
        return [_user(row) for row in self._db.read(USERS)]

    def find(self, name: str) -> User | None:
        found = self._db.read(FIND, name=storable(name))
        return _user(found[0]) if found else None

    def add(self, name: str, role: Role, password: str) -> bool:
        facts = self._facts(name, role, password)
        return self._db.write(lambda db: db.execute(ADD, facts).rowcount) > 0

    def add_first(self, name: str, password: str, code_hash: str) -> bool:
        facts = self._facts(name, Role.OPERATOR, password) | {"code_hash": code_hash}

        def work(db: Session) -> bool:
            right = db.execute(TAKE_CODE, facts).rowcount > 0
            if not right or db.execute(ANYBODY).fetchone():
                return False
            return db.execute(ADD, facts).rowcount > 0

        return self._db.write(work)

    def remove(self, name: str) -> bool:
        return self._for_user(REMOVE, {"name": storable(name)})

    def change_password(self, name: str, password: str) -> bool:
        return self._for_user(CHANGE, {"name": storable(name), "password": password})

    def _for_user(self, statement: str, facts: Mapping[str, Any]) -> bool:
        def work(db: Session) -> bool:
            db.execute(CLOSE_ALL, facts)
            return db.execute(statement, facts).rowcount > 0

        return self._db.write(work)

    def keep_code(self, code_hash: str, *, lives_s: float) -> None:
        facts = {"code_hash": code_hash, "expires_at": self._clock() + lives_s}

        def work(db: Session) -> None:
            db.execute(SPEND_CODES)
            db.execute(KEEP_CODE, facts)

        self._db.write(work)

    def open_session(self, name: str, token_hash: str, *, lives_s: float) -> None:
        now = self._clock()
        facts = {"name": storable(name), "token_hash": token_hash, "now": now, "expires_at": now + lives_s}

        def work(db: Session) -> None:
            db.execute(FORGET, facts)
            db.execute(OPEN, facts)

        self._db.write(work)

    def session(self, token_hash: str) -> User | None:
        found = self._db.read(SESSION, token_hash=token_hash, now=self._clock())
        return _user(found[0]) if found else None

    def close_session(self, token_hash: str) -> None:
        self._db.write(lambda db: db.execute(CLOSE, {"token_hash": token_hash}).rowcount)

    def _facts(self, name: str, role: Role, password: str) -> dict[str, Any]:
        return {"name": storable(name), "role": role.value, "password": password, "now": self._clock()}


def _user(row: Row) -> User:
    return User(
        name=row["name"], role=Role(row["role"]), password=row["password"], created_at=row["created_at"]
    )
