"""Names that nearly match: the difference that eyes do not see, said in words."""

from collections.abc import Iterable

# Cyrillic letters that look like Latin ones; names typed with them are met in production contracts
_LOOKALIKES = str.maketrans("АВЕКМНОРСТУХаеорсух", "ABEKMHOPCTYXaeopcyx")


def difference(found: str, wanted: str) -> str:
    """How two spellings of what may be one name differ; "" when they are different names.

    >>> difference("incomingcall", "IncomingCall"), difference("http://VATS/", "http://VATS")
    ('отличается регистром букв', 'отличается косой чертой в конце')
    >>> difference("Еvent", "Event")  # with a Cyrillic Е
    'отличается буквой другого алфавита, похожей на вид'
    """
    if found.strip() == wanted.strip():
        return "отличается пробелом"
    if found.rstrip("/") == wanted.rstrip("/"):
        return "отличается косой чертой в конце"
    if found.casefold() == wanted.casefold():
        return "отличается регистром букв"
    if found.translate(_LOOKALIKES) == wanted.translate(_LOOKALIKES):
        return "отличается буквой другого алфавита, похожей на вид"
    if _bare(found) == _bare(wanted):
        return "отличается написанием"
    return ""


def nearest(wanted: str, names: Iterable[str]) -> tuple[str, str]:
    """The name that is meant, and how it differs; ("", "") when none is like it."""
    return next(((name, how) for name in names if (how := difference(name, wanted))), ("", ""))


def _bare(name: str) -> str:
    flat = name.translate(_LOOKALIKES).casefold().strip().rstrip("/")
    return flat.removeprefix("https://").removeprefix("http://")
