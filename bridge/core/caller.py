"""Who is calling, as 1C knows them."""

from dataclasses import dataclass
from typing import Protocol

from bridge.core.errors import BridgeError


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


class DirectoryAway(BridgeError):
    """1C did not say who it is: off, slow, or broken. Not the same as not knowing the number."""


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
            DirectoryAway: as above, and when this contract has no such question.
        """
        ...
