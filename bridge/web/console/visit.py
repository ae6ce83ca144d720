"""A request to the console as a page sees it, and what a page may answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from bridge.core.accounts import User
from bridge.web.console.look import Look
from bridge.web.console.roads import Roads
from bridge.web.http import Environ, read_body
from bridge.web.parameters import FORM

MAX_BODY = 16 * 1024
MAX_FIELDS = 200


@dataclass(frozen=True)
class Fields:
    """Parameters of an address or a form. The last of those that came twice counts."""

    pairs: Sequence[tuple[str, str]] = ()

    def __getitem__(self, name: str) -> str:
        """Without spaces around it, as people type them; "" when it did not come."""
        return self.exact(name).strip()

    def exact(self, name: str) -> str:
        """As it came."""
        return next((value for key, value in reversed(self.pairs) if key == name), "")

    def number(self, name: str) -> int | None:
        """None when it is not there, or none that a database has."""
        text = self[name]
        return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None

    def numbers(self, name: str) -> list[int]:
        found = [Fields([pair]).number(name) for pair in self.pairs if pair[0] == name]
        return [one for one in found if one is not None]

    @classmethod
    def of_query(cls, environ: Environ) -> "Fields":
        """Raises ValueError for what is no text."""
        return cls(_pairs(str(environ.get("QUERY_STRING", ""))))

    @classmethod
    def of_form(cls, environ: Environ) -> "Fields":
        """Raises ValueError for what is too long, or no form."""
        if str(environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower() != FORM:
            raise ValueError("not a form")
        body = read_body(environ, MAX_BODY)
        if body is None:
            raise ValueError("too long")
        return cls(_pairs(body.decode("ascii")))


def _pairs(text: str) -> list[tuple[str, str]]:
    return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One request of somebody. `root` leads from the page's address to the console's, whatever the prefix.

    `token` is the browser's; `swaps`: htmx asks, for a part of a page.
    """

    roads: Roads
    page: str
    root: str
    query: Fields
    form: Fields
    user: User | None
    token: str
    look: Look
    address: str
    swaps: bool

    @property
    def operates(self) -> bool:
        return self.user is not None and self.user.operates

    @property
    def name(self) -> str:
        return self.user.name if self.user else ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """A template with its facts."""

    template: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, kw_only=True)
class Goto:
    """Another page of the console, after something was done. `token`: the browser's from now on."""

    page: str
    token: str | None = None
    language: str = ""


Answer = Page | Goto
