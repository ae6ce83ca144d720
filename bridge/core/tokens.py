"""Passwords by which infobases enter: those of the settings file, and those issued while the bridge runs.

Only hashes are known here (`proof`, as the settings keep them: `sha256:` and hexadecimal digits).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

Hashes = Mapping[str, Sequence[str]]  # infobase -> proofs
_ID = slice(len("sha256:"), len("sha256:") + 12)


@dataclass(frozen=True, kw_only=True)
class Token:
    """What is known of one. Times are unix time; None: never.

    `issued_at` is None for one that nobody issued here; `in_file`: the settings name it.
    """

    infobase: str
    proof: str
    label: str = ""
    issued_by: str = ""
    issued_at: float | None = None
    used_at: float | None = None  # to the minute
    revoked_by: str = ""
    revoked_at: float | None = None
    in_file: bool = False

    @property
    def id(self) -> str:
        """By which people tell it from the others of its infobase; it opens nothing."""
        return self.proof[_ID]

    @property
    def valid(self) -> bool:
        return self.revoked_at is None and (self.in_file or self.issued_at is not None)


class Tokens(Protocol):
    """Where it is written which tokens were issued, used and revoked."""

    def records(self) -> Sequence[Token]:
        """All that was ever written; `in_file` is nobody's concern here."""
        ...

    def issue(self, infobase: str, proof: str, *, label: str, who: str) -> None: ...

    def revoke(self, infobase: str, proof: str, *, who: str) -> bool:
        """For ever, also one that is only in the settings; False when it was revoked before."""
        ...

    def used(self, keys: Iterable[tuple[str, str]]) -> None:
        """These (infobase, proof) were used just now."""
        ...


def known(in_file: Hashes, records: Iterable[Token]) -> list[Token]:
    """Every token there is or was: by infobase, the valid ones first, the newest of each first."""
    written = {(one.infobase, one.proof): one for one in records}
    named = {(infobase, proof) for infobase, proofs in in_file.items() for proof in proofs}
    found = [
        replace(written.get(key, Token(infobase=key[0], proof=key[1])), in_file=key in named)
        for key in written.keys() | named
    ]
    # a line that was taken out of the file needs no word any more, but its revocation does
    told = [one for one in found if one.valid or one.revoked_at is not None]
    return sorted(
        told,
        key=lambda one: (one.infobase, not one.valid, -(one.revoked_at or one.issued_at or 0), one.proof),
    )


def valid(in_file: Hashes, records: Iterable[Token]) -> dict[str, list[str]]:
    """The proofs that open each infobase now."""
    opening: dict[str, list[str]] = {}
    for one in known(in_file, records):
        if one.valid:
            opening.setdefault(one.infobase, []).append(one.proof)
    return opening
