"""One line of the doctor's report."""

from dataclasses import asdict, dataclass
from typing import Any

GOOD, WARNING, BAD = 0, 1, 2
_MARKS = {GOOD: "[  ok  ]", WARNING: "[  !   ]", BAD: "[ошибка]"}


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`grade` 0 good, 1 worth a look, 2 wrong; `advice` says what to do next."""

    link: str
    grade: int
    said: str
    advice: str = ""

    def as_text(self) -> str:
        advice = f"\n           → {self.advice}" if self.advice else ""
        return f"{_MARKS[self.grade]} {self.link}: {self.said}{advice}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def good(link: str, said: str) -> Finding:
    return Finding(link=link, grade=GOOD, said=said)


def doubtful(link: str, said: str, advice: str) -> Finding:
    return Finding(link=link, grade=WARNING, said=said, advice=advice)


def bad(link: str, said: str, advice: str) -> Finding:
    return Finding(link=link, grade=BAD, said=said, advice=advice)
