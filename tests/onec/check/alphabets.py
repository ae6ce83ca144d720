"""Words that mix Latin and Cyrillic letters, by which a name looks like another."""

import re
from collections.abc import Iterator

from onec.bsl.lexer import words
from onec.check.findings import Finding, finding

# Latin abbreviations that the platform and the samples use inside Cyrillic names.
_ABBREVIATIONS = frozenset(
    {"HTTP", "HTTPS", "XML", "JSON", "WS", "URL", "URI", "SSL", "OpenSSL", "XDTO", "COM", "HTML", "ID", "UTF",
     "Windows", "Base", "OAuth", "SOAP", "WSDL", "API", "IP", "TLS", "ByteOrderMark"}
)  # fmt: skip
_WORD = re.compile(r"[A-Za-zА-Яа-яЁё]+")
_RUN = re.compile(r"[A-Za-z]+|[А-Яа-яЁё]+")


def mixed(text: str) -> Iterator[str]:
    """The words of a text that no honest keyboard makes: `SUССESS`, `messаge`."""
    for word in _WORD.findall(text):
        runs = _RUN.findall(word)
        latin = [run for run in runs if run.isascii()]
        if len(runs) > 1 and latin and not all(run in _ABBREVIATIONS for run in latin):
            yield word


def check(text: str, path: str) -> Iterator[Finding]:
    for token in words(text, path).tokens:
        if token.kind in ("name", "keyword", "string", "directive"):
            for word in mixed(token.raw):
                yield finding(path, token.place, "alphabet", f"{word} mixes Latin and Cyrillic letters")
