"""Consoles that cannot show every character: code pages 866 and 1251 of Windows."""

import sys

_PLAIN = str.maketrans({"→": "->", "«": '"', "»": '"', "—": "-", "–": "-", "…": "...", "•": "*", "№": "N"})


def printable(text: str) -> str:
    """The text, in plainer characters where standard output lacks some of them."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return text.translate(_PLAIN)
    return text
