"""Who is calling, as 1C knows them."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from bridge.core.errors import BridgeError

MAX_TITLE, MAX_CATEGORY = 200, 60
NO_CATEGORY = "0"  # as the manual's example writes it
_MANAGER = re.compile(r"(?<![\w*#])\+?\d{2,15}(?!\w)")
_BETWEEN_DIGITS = re.compile(r"(?<=[\d(+])[ ()\u00a0.-]+(?=[\d(])|(?<=\d)[ ()\u00a0.-]+(?=\d)")


@dataclass(frozen=True, kw_only=True)
class CallerCard:
    """What the exchange shows on the telephone and where it leads the call.

    Fields are those of Mobilon's `SayName` (contents/vpbx/integration/1c.md, 2017-06-02): the client's
    name, a category of the firm's own, and the telephone of the responsible manager, usually an extension.
    """

    title: str = ""
    category: str = ""
    manager: str = ""

    @property
    def known(self) -> bool:
        return bool(self.title or self.manager)


NOBODY = CallerCard()


def cleaned(card: CallerCard) -> CallerCard:
    """The card without what a telephone cannot show; a manager that is no telephone is none."""
    category = _line(card.category, MAX_CATEGORY)
    return CallerCard(
        title=_line(card.title, MAX_TITLE),
        category="" if category == NO_CATEGORY else category,
        manager=_telephone(card.manager),
    )


def _line(text: str, limit: int) -> str:
    """One printable line: no controls, nothing that turns the text around."""
    spaced = "".join(" " if unicodedata.category(char) in ("Cc", "Zl", "Zp") else char for char in text)
    shown = (char for char in spaced if not unicodedata.category(char).startswith("C"))
    return " ".join("".join(shown).split())[:limit].rstrip()


def _telephone(text: str) -> str:
    """The first number in the text, digits and a leading plus; feature codes (*100) are none."""
    found = _MANAGER.search(_BETWEEN_DIGITS.sub("", _line(text, MAX_TITLE)))
    return found[0] if found and found[0].isascii() else ""


class DirectoryAway(BridgeError):
    """1C did not say who it is: off, slow, or broken. Not the same as not knowing the number."""


class DirectoryDenied(DirectoryAway):
    """1C does not accept our login: asking again soon may lock its user."""


class QuestionFailed(DirectoryAway):
    """1C hears, but has no answer to this one question; the next one may pass."""


class NothingSaid(QuestionFailed):
    """An empty answer: 1C knows nobody there, or its handler is missing. It unsays no name."""


class Directory(Protocol):
    """One infobase that can be asked. Bounded in time by its own deadlines, not by the exchange's."""

    def say_name(self, number: str) -> CallerCard:
        """Who calls from `number`, 8XXXXXXXXXX or an extension; `NOBODY` when 1C does not know it.

        Raises:
            DirectoryAway: it could not be asked; the message says why, in Russian, without the number.
        """
        ...

    def say_name_by_inn(self, inn: str) -> CallerCard:
        """The same by a taxpayer's number.

        Raises:
            DirectoryAway: as above, and `QuestionFailed` when this contract has no such question.
        """
        ...
