"""Who may enter the console, and what each may see and do there."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """An operator sees whole numbers and changes what waits; a viewer does neither."""

    OPERATOR = "operator"
    VIEWER = "viewer"


@dataclass(frozen=True, kw_only=True)
class User:
    """`password` is a hash of it; `created_at` is unix time."""

    name: str
    role: Role
    password: str = field(repr=False)
    created_at: float = 0.0

    @property
    def operates(self) -> bool:
        return self.role is Role.OPERATOR


class Accounts(Protocol):
    """Where users and their sessions are kept. Tokens and codes come as hashes only."""

    def anybody(self) -> bool:
        """Is there a user at all?"""
        ...

    def users(self) -> Sequence[User]:
        """By name."""
        ...

    def find(self, name: str) -> User | None: ...

    def add(self, name: str, role: Role, password: str) -> bool:
        """False when there is a user of that name already."""
        ...

    def add_first(self, name: str, password: str, code_hash: str) -> bool:
        """The first operator, made by whoever holds the code, which opens once.

        False when it is not the code, or came too late, or somebody was first.
        """
        ...

    def remove(self, name: str) -> bool:
        """With all sessions; False when there is none."""
        ...

    def change_password(self, name: str, password: str) -> bool:
        """Ends all sessions of the user; False when there is none."""
        ...

    def keep_code(self, code_hash: str, *, lives_s: float) -> None:
        """The code for the first user; the one before it opens nothing any more."""
        ...

    def open_session(self, name: str, token_hash: str, *, lives_s: float) -> None: ...

    def session(self, token_hash: str) -> User | None:
        """Whose it is, while it lasts."""
        ...

    def close_session(self, token_hash: str) -> None: ...
