"""What a failed answer says to a person: one short, clean sentence out of HTML, JSON or text.

Nothing that could hold a telephone number, a key, a stack or the request itself gets through.
"""

import html
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bridge.core.numbers import mask
from bridge.wire import Answer

HIDDEN = "•••"
_MAX_READ = 20_000  # characters of a page that are looked at
_CHARSETS = frozenset({"utf-8", "windows-1251", "cp1251", "koi8-r", "utf-16"})

_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\ud800-\udfff]+")
_DUMP = re.compile(r"[A-Za-z0-9+/=]{40,}")  # base64 that 1C appends to its exceptions
_PHONE = re.compile(r"(?<![0-9])(?<!0x)\+?\d(?:[ ()-]{0,3}\d){6,}")
_TAG = re.compile(r"<[^>]*>?")
_HIDDEN_PARTS = re.compile(r"(?is)<(script|style)\b.*?(</\1>|\Z)")
_TITLE = re.compile(r"(?is)<title[^>]{0,100}>(.{0,300}?)</title>")
# The platform's own error page (onecdc 1.1.0, tests); the Russian twin of the words is unverified
_BY_REASON = re.compile(r"(?is)(?:by reason|по причине):?(.*?)(?:</body|</html|\Z)")
_CHARSET = re.compile(rb"(?i)charset=[\"']?([a-z0-9_-]{1,20})")


@dataclass(frozen=True)
class Page:
    """An answer that is not SOAP. `words` is all it says, `essence` what to show; neither is clean."""

    words: str = ""
    essence: str = ""


def clean(text: str, limit: int, secrets: Iterable[str] = ()) -> str:
    """One line of at most `limit` characters; numbers are masked, `secrets` and dumps removed.

    >>> clean("Нет абонента\\r\\n\\t+7 923 529-29-26", 300)
    'Нет абонента 792*****926'
    """
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _DUMP.sub(HIDDEN, _CONTROL.sub(" ", text)).strip()
    text = _PHONE.sub(lambda found: mask(re.sub(r"\D", "", found[0])), text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def compressed(answer: Answer) -> bool:
    """Such a body is never inflated: it may be a bomb."""
    return answer.headers.get("Content-Encoding", "").lower() not in ("", "identity")


def read_page(answer: Answer) -> Page:
    if compressed(answer):
        return Page()
    text = _decoded(answer).strip()[:_MAX_READ]
    if text.startswith("{"):
        return _exception_page(text)
    if re.match(r"(?i)<(!doctype\s+html|html)", text) or "html" in answer.media:
        return _html_page(text)
    # angle brackets outside HTML may be our own request, sent back
    return Page() if "<" in text else Page(text, text)


def _decoded(answer: Answer) -> str:
    for source in (answer.headers.get("Content-Type", "").encode("latin-1", "replace"), answer.body[:1024]):
        declared = _CHARSET.search(source)
        if declared and (name := declared[1].decode().lower()) in _CHARSETS:
            return answer.body.decode(name, "replace").removeprefix("\ufeff")
    try:
        return answer.body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return answer.body.decode("cp1251", "replace")  # Apache and IIS of a Russian Windows


def _html_page(page: str) -> Page:
    page = _HIDDEN_PARTS.sub(" ", page)
    found = (pattern.search(page) for pattern in (_TITLE, _BY_REASON))
    parts = [part for match in found if match and (part := _bare(match[1]))]
    return Page(_bare(page), ": ".join(parts))


def _bare(markup: str) -> str:
    return html.unescape(_TAG.sub(" ", markup)).strip()


def _exception_page(text: str) -> Page:
    """1C's JSON exception is a chain of `inner`; beside `descr` lie stacks and base64.

    The innermost `descr` is the sentence a person wrote (onecdc 1.1.0, tests).
    """
    try:
        node = json.loads(text).get("exception")
    except (ValueError, RecursionError):
        return Page()
    said: list[str] = []
    while isinstance(node, dict):
        if isinstance(node.get("descr"), str) and node["descr"].strip():
            said.append(node["descr"])
        node = node.get("inner")
    return Page(" ".join(said), said[-1] if said else "")
