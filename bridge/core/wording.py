"""Texts with words in braces: how a firm tells what its own web service wants to hear of a call.

    "+7{from}, тел. {extension}"

A brace itself is written twice.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

# What an event has to say. docs/operating.md explains each.
OF_EVENT = (
    "from",
    "to",
    "key",
    "extension",
    "name",
    "state",
    "direction",
    "call_id",
    "event_id",
    "time",
    "date",
    "duration",
    "answered",
    "data",
)
OF_NUMBER = ("number",)  # who is calling?

_PIECE = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<word>[^{}]*)\}|(?P<text>[^{}]+)|(?P<stray>[{}])")


@dataclass(frozen=True)
class Wording:
    """A text whose words are still to be filled in: (literal, word) pairs, either of them may be ""."""

    pieces: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, text: str, words: Collection[str]) -> "Wording":
        """
        Raises:
            ValueError: another word, or a brace alone; the message is Russian and lists the words.

        >>> Wording.parse("тел. {from}", OF_EVENT).fill({"from": "101"})
        'тел. 101'
        """
        pieces = []
        for found in _PIECE.finditer(text):
            word = found["word"]
            if found["stray"] or (word is not None and word not in words):
                listed = ", ".join(f"{{{one}}}" for one in words)
                what = "скобка без пары" if found["stray"] else f"слова {{{word[:40]}}} нет"
                raise ValueError(f"{what}; есть слова: {listed} (сама скобка пишется дважды)")
            pieces.append(((found["brace"] or "")[:1] + (found["text"] or ""), word or ""))
        return cls(tuple(pieces))

    def fill(self, values: Mapping[str, str]) -> str:
        return "".join(literal + (values[word] if word else "") for literal, word in self.pieces)
