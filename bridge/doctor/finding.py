"""One line of the doctor's report."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from bridge.doctor.codes import Code

GOOD, WARNING, BAD = 0, 1, 2
HIDDEN = "***"
_MARKS = {GOOD: "[  ok  ]", WARNING: "[  !   ]", BAD: "[ошибка]"}
_SECRET_CHARS = 8


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`grade` 0 good, 1 worth a look, 2 wrong; `advice` says what to do next; `code` is for programs."""

    link: str
    code: Code
    grade: int
    said: str
    advice: str = ""

    def as_text(self) -> str:
        advice = f"\n           → {self.advice}" if self.advice else ""
        return f"{_MARKS[self.grade]} {self.link}: {self.said}{advice}"

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "code": self.code.value}

    def without(self, secrets: Iterable[str]) -> "Finding":
        """The same with `secrets` hidden, whoever repeated them to us.

        A password that is a word («пароль») is left: hidden inside our own sentences, it would be told.
        """
        said, advice = self.said, self.advice
        for secret in sorted(secrets, key=len, reverse=True):
            if len(secret) >= _SECRET_CHARS and any(map(str.isdigit, secret)):
                said, advice = said.replace(secret, HIDDEN), advice.replace(secret, HIDDEN)
        return replace(self, said=said, advice=advice)


def good(link: str, code: Code, said: str, advice: str = "") -> Finding:
    """Nothing is wrong; `advice` is a hint that may be ignored."""
    return Finding(link=link, code=code, grade=GOOD, said=said, advice=advice)


def doubtful(link: str, code: Code, said: str, advice: str) -> Finding:
    return Finding(link=link, code=code, grade=WARNING, said=said, advice=advice)


def bad(link: str, code: Code, said: str, advice: str) -> Finding:
    return Finding(link=link, code=code, grade=BAD, said=said, advice=advice)
