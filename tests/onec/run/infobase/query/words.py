"""Words of a query text."""

import re
from dataclasses import dataclass

from onec.run.objects import Unsupported

_WORDS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<string>"(?:[^"]|"")*")
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<parameter>&[^\W\d]\w*)
    |(?P<name>[^\W\d]\w*)
    |(?P<sign><>|<=|>=|[=<>+\-*/(),.])""",
    re.VERBOSE,
)


@dataclass(frozen=True, kw_only=True)
class Word:
    """`kind`: string, number, parameter, name, sign, end; `text` of a string is without quotes."""

    kind: str
    text: str
    at: int


def words(text: str) -> list[Word]:
    """Raises Unsupported at a character no query of ours has: `;` among them, so no batches."""
    found, at = [], 0
    while at < len(text):
        match = _WORDS.match(text, at)
        if match is None:
            raise Unsupported(f"запрос: {text[at : at + 20]!r}")
        kind, said = str(match.lastgroup), match.group()
        if kind == "string":
            said = said[1:-1].replace('""', '"')
        elif kind == "parameter":
            said = said[1:]
        if kind != "space":
            found.append(Word(kind=kind, text=said, at=at))
        at = match.end()
    found.append(Word(kind="end", text="", at=at))
    return found
