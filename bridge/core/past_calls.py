"""Past calls: what the exchange's own journal says of them, what the hooks told, what was dialled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from bridge.core.calls import Direction
from bridge.core.ports import StoredEvent


@dataclass(frozen=True, kw_only=True)
class JournalCall:
    """One finished call as the exchange's journal tells it. `started_s` is unix time, 0 when it does not say.

    Only what is asked by its id (`CallInfo`) may lack the time and the numbers. `record` is where the
    recording is at the exchange, without the account's token.
    """

    call_id: str
    started_s: int
    duration_s: int
    direction: Direction
    from_number: str
    to_number: str
    answered: bool
    raw: bytes = field(repr=False)
    raw_media: str
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)  # the exchange's own words
    has_record: bool = False
    record: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class JournalDay:
    """One day of the exchange's journal. A record that cannot be read hides no other; it is counted."""

    calls: Sequence[JournalCall]
    unreadable: int = 0


class CallJournal(Protocol):
    """The exchange's own list of calls."""

    def calls(self, day: str) -> JournalDay:
        """All calls of one day, `YYYY-MM-DD` of the exchange's own time zone.

        Raises:
            JournalRefused: it could not be had whole; the message says why, in Russian.
        """
        ...


class CallInfo(Protocol):
    """What the exchange says of one call."""

    def call(self, call_id: str) -> JournalCall | None:
        """The call that the exchange knows by this id; None when it knows none.

        Raises:
            JournalRefused: it could not be asked; the message says why, in Russian.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class DialledCall:
    """A click that the exchange began to dial, as its answer named the call."""

    subscriber: str = field(repr=False)  # the exchange's key, or the extension
    number: str  # digits, as `PhoneNumber.digits`
    begun_at: float  # unix time


class CallEvents(Protocol):
    """Events of past calls, but for those that were merged into another."""

    def of_call(self, exchange: str, call_id: str) -> Sequence[StoredEvent]:
        """Of the call with this id or, if there is none, of one that the exchange also calls so."""
        ...

    def of_span(self, exchange: str, *, since_s: float, until_s: float) -> Sequence[StoredEvent]:
        """All of every call that was heard of in the span, unix seconds.

        Raises:
            TooMuch: that is more than is given at once.
        """
        ...

    def dialled(self, infobase: str, call_id: str) -> DialledCall | None:
        """What `infobase` dialled when the exchange answered with this id."""
        ...

    def whole_day(self, exchange: str, day: str, *, after_s: float) -> bool:
        """True when a reconciliation of that day, done after `after_s`, left nothing of it out."""
        ...


@dataclass(frozen=True, kw_only=True)
class HeardCall:
    """What the hooks told of one call: enough to recognise it in the exchange's journal."""

    call_id: str  # the call's own at the bridge: its lane
    ids: frozenset[str]  # every name the exchange used for it
    numbers: frozenset[str]  # both ends, as they came
    started_s: float  # the earliest time said or, where none was said, received
    finished: bool  # a HANGUP or END came, by the hook or by an earlier reconciliation


class CallRecords(Protocol):
    """What the store knows of past calls."""

    def heard(self, exchange: str, *, since_s: float, until_s: float) -> Sequence[HeardCall]:
        """Calls with an event whose time (or, without one, its arrival) is in the span, unix seconds."""
        ...

    def note_reconciliation(
        self, *, exchange: str, day: str, in_exchange: int, known: int, added: int, problem: str
    ) -> None:
        """Keep the report of one reconciliation; `problem` is Russian, "" when there was none."""
        ...
