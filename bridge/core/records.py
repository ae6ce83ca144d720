"""The recording of a call: where it may be, and which part of it is wanted."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Protocol

from bridge.core.errors import BridgeError

_SPAN = re.compile(r"bytes=([0-9]{1,18})?-([0-9]{1,18})?")


class RecordGone(BridgeError):
    """The exchange has no such recording, or has it no longer."""


class RecordAway(BridgeError):
    """The recording could not be had now. `timeout`: the exchange did not answer in time."""

    def __init__(self, message: str, *, timeout: bool = False) -> None:
        super().__init__(message)
        self.timeout = timeout


class SourceAway(RecordAway):
    """No recording at all can be had from there now: it does not answer, or does not let us in."""


@dataclass(frozen=True, kw_only=True)
class Span:
    """One range of bytes that was asked for: from `first` on, or the last `suffix` of them."""

    first: int = 0
    last: int | None = None
    suffix: int | None = None

    @classmethod
    def parse(cls, header: str) -> "Span | None":
        """The one range of a `Range` header; None for several and for what is none: the whole is sent.

        >>> Span.parse("bytes=10-19"), Span.parse("bytes=0-1,5-6")
        (Span(first=10, last=19, suffix=None), None)
        """
        found = _SPAN.fullmatch(header.strip())
        if found is None or not any(found.groups()):
            return None
        first, last = (None if digits is None else int(digits) for digits in found.groups())
        if first is None:
            return cls(suffix=last)
        return None if last is not None and last < first else cls(first=first, last=last)

    @property
    def header(self) -> str:
        if self.suffix is not None:
            return f"bytes=-{self.suffix}"
        return f"bytes={self.first}-{'' if self.last is None else self.last}"

    def within(self, total: int) -> tuple[int, int] | None:
        """The first and the last byte of it in a recording of `total` bytes; None when there are none.

        >>> Span(first=90).within(100), Span(suffix=10).within(5), Span(first=100).within(100)
        ((90, 99), (0, 4), None)
        """
        if self.suffix is not None:
            return (max(0, total - self.suffix), total - 1) if self.suffix and total else None
        if self.first >= total:
            return None
        return self.first, total - 1 if self.last is None else min(self.last, total - 1)


@dataclass(frozen=True, kw_only=True)
class Traces:
    """What the bridge knows of where the recording of a call is."""

    addresses: Sequence[str] = field(default=(), repr=False)  # as the exchange said, the newest first
    call_ids: Sequence[str] = ()  # names of the call, the likeliest first


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A recording, or a part of it, being read.

    `total` is the bytes of the whole, None when nobody knows; `part` the first and the last byte of what
    `chunks` gives, None for the whole. `chunks` raises `RecordAway` when it breaks off.
    """

    media: str
    total: int | None
    part: tuple[int, int] | None
    chunks: Iterator[bytes]


class NoSuchPart(BridgeError):
    """The span lies outside of the recording; `total` is its length, None when nobody knows."""

    def __init__(self, total: int | None) -> None:
        super().__init__("Такой части у записи нет")
        self.total = total


class RecordSource(Protocol):
    """Where one exchange keeps its recordings."""

    def knows(self, traces: Traces) -> bool:
        """True when there is somewhere to ask for it."""
        ...

    def better(self, traces: Traces) -> bool:
        """True when a link through the bridge serves better than the exchange's own address.

        That is: the bridge can fetch it, and the address is none that everybody may open already.
        """
        ...

    def shown(self, traces: Traces) -> str:
        """Where it is asked for first, without any secret; "" when nowhere."""
        ...

    def open(self, traces: Traces, span: Span | None = None) -> AbstractContextManager[Recording]:
        """The recording, or the part of it that `span` asks for, while the context lasts.

        Raises:
            RecordGone: there is none.
            RecordAway: it cannot be had now.
            NoSuchPart: it has no such part.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class KeptRecord:
    """A recording that is to be copied, or was. `file` is its name in the folder of copies, "" before."""

    exchange: str
    call_id: str
    tries: int = 0
    problem: str = ""
    file: str = ""
    media: str = ""
    size: int = 0


@lru_cache(maxsize=256)
def is_record_url(name: str) -> bool:
    """`recordUrl` of the hook (TelephonyMobilon 2019-12-12), `record_url` of the journal (vpbx/api.md)."""
    return name.replace("_", "").lower() == "recordurl"


def no_record_in(text: str) -> bool:
    """True when surely no name in this JSON text is one of `is_record_url`."""
    return "recordurl" not in text.replace("_", "").lower()


def record_addresses(fields: Mapping[str, Any]) -> list[str]:
    """The addresses of recordings in what the exchange said of a call, at any depth."""
    found = [
        value for name, value in fields.items() if is_record_url(name) and isinstance(value, str) and value
    ]
    inner = [record_addresses(value) for value in fields.values() if isinstance(value, dict)]
    return found + [address for addresses in inner for address in addresses]
