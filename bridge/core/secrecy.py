"""What may not leave the bridge in any text: the secrets of an exchange, and tokens in its addresses."""

import json
import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MIN_SECRET = 6  # a shorter one would be found inside numbers and names by chance
# `record_url` comes with the account's token inside (Mobilon, contents/vpbx/api.md, 2017-06-02)
_TOKEN = re.compile(r"(?i)(?:(?<![a-z0-9_])|(?<=%3f)|(?<=%26))token(?:=|%3d)[^&;#\s\"'<>\\]*(?:&amp;|&)?")


def suspect(text: str, secrets: Collection[str] = ()) -> bool:
    """False when `text` surely holds nothing to hide, as it is or inside JSON that escapes no letters.

    Only of ASCII letters the other case is certain.
    """
    looked_for = _looked_for(tuple(secrets))
    if looked_for is None or not text.isascii():
        return True
    small = text.lower()
    return any(one in small for one in looked_for)


@lru_cache(maxsize=256)
def _looked_for(secrets: tuple[str, ...]) -> frozenset[str] | None:
    found = {spelled.lower() for spelled in spellings(secrets)}
    return frozenset({"token", *found}) if all(map(str.isascii, found)) else None


def without_secrets(text: str, secrets: Collection[str] = ()) -> str:
    """The same text without any `token=…` and without these secrets, however they are spelled in it.

    >>> without_secrets("/api/call/record?token=abc&callid=1.2"), without_secrets("/s-3cret!/a", ["s-3cret!"])
    ('/api/call/record?callid=1.2', '/***/a')
    """
    if not suspect(text, secrets):
        return text
    shorter = _TOKEN.sub("", text)
    if shorter != text:
        text = shorter.rstrip("?&")
    for spelled in sorted(spellings(secrets), key=len, reverse=True):  # one may be the beginning of another
        text = re.sub(re.escape(spelled), "***", text, flags=re.IGNORECASE)
    return text


def cleaned(value: Any, secrets: Collection[str] = ()) -> Any:
    """A value of JSON with every text in it, names too, `without_secrets`; itself when that hides nothing."""
    if not suspect("\n".join(_texts(value)), secrets):
        return value
    return each_text(value, lambda text: without_secrets(text, secrets))


def each_text(value: Any, change: Callable[[str], str]) -> Any:
    """A value of JSON with every text in it, names too, changed."""
    match value:
        case str():
            return change(value)
        case dict():
            return {change(name): each_text(one, change) for name, one in value.items()}
        case list():
            return [each_text(one, change) for one in value]
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


def spellings(secrets: Collection[str]) -> set[str]:
    """Each secret as it is, in an address, in a form and in JSON; short ones are none."""
    return {
        spelled
        for secret in secrets
        if len(secret) >= MIN_SECRET
        for spelled in (
            secret,
            quote(secret, safe="", errors="replace"),
            quote_plus(secret, errors="replace"),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
        )
    }
