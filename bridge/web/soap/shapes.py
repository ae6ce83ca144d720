"""Requests that differ from one already understood in plain texts only: a program sends one shape for ever.

The careful reader (`scan`, `envelope`) decides what a shape means; here it is only remembered. A shape
is learnt by experiment: each text between a tag and the end of its element is changed for a marker, and
the careful reader is asked again; a parameter that became a marker is that text, a parameter that did
not change is part of the shape, anything else is not learnt. A text with markup in it, a carriage
return, or anything that XML forbids, is part of the shape.
"""

import re
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bridge.web.soap.envelope import MAX_VALUE, Said
from bridge.web.soap.problem import SoapError, Version

MAX_SHAPES = 256
MAX_SHAPE = 4096  # characters of what surrounds the texts
_STRANGE = "<>&\\]\r\\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"  # "]" for "]]>"
_TEXTS = re.compile(f">([^{_STRANGE}]*)</")
# begins with two bytes in UTF-8: read in any other encoding, it is another text; nobody can have written it
_MARKER = f"ж{secrets.token_hex(8)}-{{}}"

_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a parameter stands: the number of its text, or -1 and its value."""

    name: str
    number: int
    value: str
    limit: int


@dataclass(frozen=True, slots=True)
class _Shape:
    version: Version
    namespace: str
    operation: str
    types: Mapping[str, str]
    places: tuple[_Place, ...]


class Shapes:
    """The shapes that one entrance has met twice; bounded, in memory, safe from any thread.

    Args:
        read: the careful reader of a body in UTF-8, with the charset of the request's header.
        limits: characters of the parameters that may be longer than `MAX_VALUE`.
    """

    def __init__(self, read: Callable[[bytes, str], Said], limits: Mapping[str, int]) -> None:
        self._read = read
        self._limits = limits
        self._lock = threading.Lock()
        self._known: dict[_Key, _Shape | None] = {}
        self._met: dict[int, None] = {}

    def recall(self, text: str, charset: str) -> Said | None:
        """What a request says, when its shape is known; None: ask the careful reader."""
        parts = _TEXTS.split(text)
        shape = self._known.get((charset, *parts[::2]))
        if shape is None:
            return None
        texts = {}
        for place in shape.places:
            value = parts[place.number] if place.number >= 0 else place.value
            if len(value) > place.limit:
                return None
            texts[place.name] = value
        return Said(
            version=shape.version,
            namespace=shape.namespace,
            operation=shape.operation,
            types=shape.types,
            texts=texts,
        )

    def notice(self, text: str, charset: str, said: Said) -> None:
        """A request was read carefully; its shape is learnt when it comes the second time."""
        parts = _TEXTS.split(text)
        key = (charset, *parts[::2])
        if sum(map(len, key)) > MAX_SHAPE or key in self._known:
            return
        with self._lock:
            if hash(key) not in self._met:
                _bound(self._met)
                self._met[hash(key)] = None
                return
        shape = self._learn(parts, charset, said)
        with self._lock:
            _bound(self._known)
            self._known[key] = shape

    def _learn(self, parts: list[str], charset: str, said: Said) -> _Shape | None:
        markers = {_MARKER.format(number): number for number in range(1, len(parts), 2)}
        probe = list(parts)
        probe[1::2] = markers
        whole = "".join(f">{part}</" if number % 2 else part for number, part in enumerate(probe))
        try:
            probed = self._read(whole.encode(), charset)
        except SoapError:
            return None
        places = []
        for name in said.types:
            became, limit = probed.texts[name], self._limits.get(name, MAX_VALUE)
            if became in markers:
                places.append(_Place(name, markers[became], "", limit))
            elif became == said.texts[name]:
                places.append(_Place(name, -1, became, limit))
            else:
                return None
        return _Shape(said.version, said.namespace, said.operation, said.types, tuple(places))


def _bound(memory: dict[_Key, _Shape | None] | dict[int, None]) -> None:
    """Forget the oldest when there are too many."""
    while len(memory) >= MAX_SHAPES:
        del memory[next(iter(memory))]  # type: ignore[arg-type]
