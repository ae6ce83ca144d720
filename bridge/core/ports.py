"""What the flows need of the world, as contracts. Each has one test suite for all who fulfil it."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bridge.core.calls import CallEvent, Subscriber
from bridge.core.delivery import DeliveryState, Outcome, Purpose, Verdict
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallResult
from bridge.core.numbers import PhoneNumber
from bridge.core.steps import Answer


# --- the exchange -------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class HookRequest:
    """A webhook as it came: nothing decoded but the transfer. `query` is the raw query string."""

    method: str
    query: str
    media: str  # Content-Type, as sent; "" when absent
    body: bytes


class HookReader(Protocol):
    """Reads one exchange's words. Raises `BadEvent` when the request holds no call event."""

    def read(self, request: HookRequest) -> CallEvent: ...


class Dialled(Answer, Protocol):
    """The exchange was asked, and nobody waits for its answer yet."""

    def result(self) -> CallResult:
        """What it answered; waits for what has not come. To be called once. Never raises."""
        ...


class Exchange(Protocol):
    """Makes the exchange dial. At most once: it never repeats a request, whatever happens to it."""

    def dial(self, subscriber: Subscriber, number: PhoneNumber) -> CallResult:
        """Ask the exchange to ring `subscriber`, then `number`. Never raises; answers in bounded time."""
        ...

    def begin(self, subscriber: Subscriber, number: PhoneNumber) -> Dialled | None:
        """`dial` without waiting; None when it would have to, and then nobody was asked. Never raises."""
        ...


# --- the infobase -------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Telling:
    """What an infobase is to be told about an event: which operation, and for how long it is worth it."""

    operation: str
    purpose: Purpose


@dataclass(frozen=True, kw_only=True)
class StoredEvent:
    """An event as the store gives it back. `id` grows with acceptance; 1C deduplicates by it."""

    id: int
    event: CallEvent
    received_at: float  # unix time, seconds
    merged_into: int | None = None
    repeats: int = 0  # how many more times exactly this event came


class Vocabulary(Protocol):
    """What an infobase can be told in."""

    def tell_about(self, event: CallEvent) -> Telling | None:
        """Which telling this event calls for; None when this contract has no word for it."""
        ...


class Contract(Vocabulary, Protocol):
    """A set of SOAP operations that an infobase publishes."""

    def deliver(self, operation: str, stored: StoredEvent) -> Outcome:
        """Call 1C once. Never raises for anything 1C or the network may do; bounded in time."""
        ...


class Calling(Answer, Protocol):
    """1C was called, and nobody waits for its answer yet."""

    def outcome(self) -> Outcome:
        """As `Contract.deliver`."""
        ...


# None: it cannot be called without waiting; nothing was sent
Begin = Callable[[str, StoredEvent], Calling | None]


# --- the store ----------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class PlannedDelivery:
    infobase: str
    operation: str
    purpose: Purpose
    lifetime_s: float
    mail: bool = False  # laid into the infobase's mailbox: 1C collects it itself
    # of an infobase that hears only some calls; None: it hears all. `joining`: this event alone does
    # not concern it, so it is told only if it follows the call already. `earlier` plans what was said
    # of the call before the infobase began to follow it.
    joining: bool = False
    earlier: Callable[[CallEvent], "PlannedDelivery | None"] | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """A delivery for the books that was alone in its lane when its event was stored.

    Args:
        at: unix time, seconds: when it was.
    """

    lane_id: int
    delivery_id: int
    infobase: str
    operation: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """The receipt of an event: committed durably. `duplicate_of` names the first when it came before.

    `heads` may be taken at once; they need not be complete.
    """

    event_id: int
    duplicate_of: int | None = None
    heads: tuple[Head, ...] = field(default=(), compare=False)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The right to attempt one delivery now; the lane is held until `settle`."""

    lane_id: int
    delivery_id: int
    infobase: str
    operation: str
    purpose: Purpose
    tries: int  # counted attempts before this one
    stored: StoredEvent
    epoch: int = 0  # of the lease it was claimed under; stale epochs write nothing


@dataclass(frozen=True, kw_only=True)
class DeliveryRecord:
    """One delivery as people see it."""

    id: int
    event_id: int
    infobase: str
    operation: str
    purpose: Purpose
    state: DeliveryState
    attempts: int
    last_answer: str
    created_at: float
    expires_at: float
    done_at: float | None


@dataclass(frozen=True, kw_only=True)
class DialRecord:
    """A click that was begun. `result` is None while the exchange is being asked."""

    id: int
    result: CallResult | None
    fresh: bool  # True for the click that must dial; False: it was begun before, do not dial


class Outbox(Protocol):
    """Where accepted events wait to be told. Everything it returns from `accept` is durable."""

    def accept(self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float) -> Accepted: ...

    def bring(
        self, event: CallEvent, plan: Sequence[PlannedDelivery], *, merge_s: float
    ) -> Callable[[], Accepted]:
        """`accept` without waiting for the commit: what it returns must be called, and waits for it."""
        ...

    def claims(self, infobase: str, room: int) -> Sequence[Claim]:
        """At most `room` due deliveries, each of another free lane: live popups, then the longest due."""
        ...

    def take(self, head: Head, event: CallEvent, accepted: Accepted) -> Claim | None:
        """As `claims`, of what was accepted a moment ago; it never waits for a server.

        None when it is not so plain any more: then it is for `claims`.
        """
        ...

    def settle(self, claim: Claim, verdict: Verdict) -> bool:
        """Write what became of a claimed delivery, then free its lane; True if more may wait in it.

        Raises:
            StoreUnavailable: nothing was written and the lane is still held: settle again.
            ClaimLost: another replica holds the infobase now; nothing was written, nothing is held.
        """
        ...

    def settle_all(self, verdicts: Sequence[tuple[Claim, Verdict]]) -> Sequence[bool]:
        """`settle` of several deliveries of one infobase, all of them or none."""
        ...

    def due_in(self, infobase: str) -> float | None:
        """Seconds until something of this infobase may be claimed; None when nothing waits."""
        ...

    def hasten(self, infobase: str, *, hung: bool = False) -> int:
        """1C is back: everything postponed because it was away is due now. Returns how many lanes.

        `hung`: also what it kept silent about.
        """
        ...

    def expire(self) -> int:
        """End the waiting of deliveries past their lifetime; returns how many."""
        ...

    def rest(self, infobase: str) -> None:
        """Nothing is under way for this infobase: another replica may tell it."""
        ...


# --- the mailbox -----------------------------------------------------------------------------------
@dataclass(frozen=True, kw_only=True)
class Letter:
    """An event in an infobase's mailbox. `id` grows by one with each letter of that mailbox."""

    id: int
    stored: StoredEvent


@dataclass(frozen=True, kw_only=True)
class Collected:
    """What a reader got. `last_id` is the `after_id` to come back with, past letters of others too."""

    letters: Sequence[Letter]
    last_id: int
    more: bool  # there are letters beyond `last_id` right now


class Mailbox(Protocol):
    """Where an infobase that publishes nothing finds its events. Each reader has a durable cursor."""

    def acknowledge(self, infobase: str, reader: Subscriber | None, *, after_id: int) -> int:
        """The reader has everything up to `after_id`; returns the id to read on from.

        That is `after_id` itself, except: 0 (the reader does not know) and ids that this mailbox
        never gave are answered with the reader's durable cursor, and acknowledge nothing. A lower
        id than before is believed too: a 1C restored from a backup reads again.
        """
        ...

    def letters(self, infobase: str, reader: Subscriber | None, *, after_id: int, limit: int) -> Collected:
        """Letters after `after_id` for one subscriber, or for all (None); at most `limit` of them."""
        ...


class Bell(Protocol):
    """Tells the other processes on this store that something new waits.

    A hint: they look by themselves too.
    """

    def ring(self, infobases: Iterable[str]) -> None:
        """Returns at once, never raises; call it after the commit."""
        ...

    def listen(self, heard: Callable[[Sequence[str]], None]) -> None:
        """From now on call `heard` (on a thread of the bell) with what other processes rang for."""
        ...

    def close(self) -> None: ...


class DialLog(Protocol):
    """Clicks, kept durably so that one click dials at most once, even across a crash."""

    def bring_click(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> Callable[[], DialRecord]:
        """Record a click before dialling, or find the one of the last `window_s` seconds.

        `since` (unix time), if it is earlier: the one since then, however long ago that is now.

        A click that surely dialled nothing is not found: the next one may dial. One that the limits or a
        person's stop forbid is not recorded: it comes back not fresh, with a refusal as its result.

        Waits for no commit: what it returns must be called, and waits for it.

        Raises:
            StoreUnavailable: nothing is taken any more. What this returns raises it, too.
        """
        ...

    def end(self, dial_id: int, result: CallResult) -> None:
        """What became of a click: known to this process at once, to the others in moments.

        Lost if the process is killed in these moments; then the click is one whose outcome is not known.

        Raises:
            StoreUnavailable: the store is closed.
        """
        ...

    def look(self, dial_id: int) -> CallResult | None:
        """The result of a click, None while it is open."""
        ...
