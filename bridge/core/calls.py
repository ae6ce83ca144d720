"""A call and what the exchange says of it, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class CallState(StrEnum):
    """Where a call is. Names are Mobilon's (`Event` of 2019); other exchanges are mapped to them."""

    START = "START"
    IVR = "IVR"
    PREANSWER = "PREANSWER"  # a subscriber's telephone rings
    ANSWER = "ANSWER"
    HANGUP = "HANGUP"
    END = "END"
    UNKNOWN = "UNKNOWN"  # delivered as it came


# Within one second of one call, events are told in this order: time, rank, arrival.
RANK: Mapping[CallState, int] = {
    CallState.START: 0,
    CallState.IVR: 1,
    CallState.PREANSWER: 2,
    CallState.ANSWER: 3,
    CallState.UNKNOWN: 3,
    CallState.HANGUP: 4,
    CallState.END: 5,
}


# What the exchange writes as the caller when it rings the employee first for a click in 1C; the extension
# drops both (TelephonyMobilon 2019-12-12, ВАТССервер.ПолучитьОповещенияПользователя).
CLICK_LEGS = frozenset({"callapi", "0000"})  # in lower case


class Direction(StrEnum):
    """Who called whom, seen from the firm. Values are Mobilon's."""

    INCOMING = "incoming"
    EXTERNAL = "external"  # the firm calls out
    UNKNOWN = ""


@dataclass(frozen=True, kw_only=True)
class CallEvent:
    """What the exchange said once: the meaning, and beside it the raw bytes.

    `time_s` is the exchange's own unix time in seconds, None when it said none (Mobilon's old
    hook). `call_id` is "" when the exchange gives none: the store then makes one.
    """

    exchange: str
    call_id: str
    state: CallState
    direction: Direction
    from_number: str
    to_number: str
    user_key: str = field(repr=False)
    time_s: int | None
    raw: bytes = field(repr=False)
    raw_media: str
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the exchange's own JSON
    dedup_key: str = field(default="", repr=False)  # equal keys: the same event came twice
    merge_key: str = field(default="", repr=False)  # equal within the merge window: likely the same ring
    recovered: bool = False  # found in the exchange's journal: the hook never told it

    @property
    def rank(self) -> int:
        return RANK[self.state]

    @property
    def of_click(self) -> bool:
        """The employee's own leg of a click: nobody calls anybody yet."""
        return self.from_number.strip().lower() in CLICK_LEGS


@dataclass(frozen=True, kw_only=True)
class Subscriber:
    """An employee with a telephone. `key` is the exchange's user key and never reaches a log."""

    name: str
    key: str = field(default="", repr=False)
    extension: str = ""

    def answers_to(self, handle: str) -> bool:
        """True when 1C may mean this subscriber by `handle`: the key, the extension or the name."""
        handle = handle.strip()
        return bool(handle) and (
            handle in (self.key, self.extension) or handle.casefold() == self.name.casefold()
        )
