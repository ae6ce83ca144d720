"""A call as it was folded from its events (`core.folding`): who with whom, whose it is, how it went."""

from dataclasses import dataclass, field, replace
from enum import StrEnum

from bridge.core.calls import CLICK_LEGS, Direction, Subscriber
from bridge.core.numbers import same_digits
from bridge.core.past_calls import HeardCall

PUBLIC_DIGITS = 7  # shorter numbers are extensions (TelephonyMobilon 2019-12-12)
RINGING_S = 180.0  # nobody's telephone rings longer: then the end was not heard
TALKING_S = 4 * 3600.0


class CallStatus(StrEnum):
    """How a call went. `Status` of `GetCallInfo`; ANSWERED is Mobilon's own word."""

    ANSWERED = "ANSWERED"
    MISSED = "MISSED"  # a client called, nobody answered
    NOT_ANSWERED = "NOT_ANSWERED"  # the firm called, nobody answered
    IVR = "IVR"  # the client left in the menu: nobody was rung
    RINGING = "RINGING"
    TALKING = "TALKING"
    UNKNOWN = "UNKNOWN"  # it was heard of, but not how it ended


@dataclass(frozen=True, kw_only=True)
class Person:
    """An employee as the events name one: by the key at the exchange, the extension, or both."""

    user_key: str = field(default="", repr=False)
    extension: str = ""
    at_s: float = 0.0  # when the telephone first rang or, where that was not heard, was named
    answered: bool = False

    def is_(self, subscriber: Subscriber) -> bool:
        by_key = bool(self.user_key) and self.user_key == subscriber.key
        return by_key or (bool(self.extension) and self.extension == subscriber.extension)


@dataclass(frozen=True, kw_only=True)
class FoldedCall:
    """One call. `started_s` and `last_s`, the time of its last word, are unix seconds.

    Attributes:
        ids: every name the exchange used for it.
        numbers: all that were named in it, extensions too.
        keys: of all the subscribers who were named in it.
        to_number: of an incoming call the firm's number that was dialled, if it was heard.
        people: whose telephones rang, in order; the caller is none of them.
        speakers: who spoke, in order; of a call that the firm makes the one who makes it.
        person: whose call it is: the last to speak; of a missed one the first or the last rung.
        clicked: 1C asked for it.
        recorded: somewhere there is a recording.
        recorded_as: the exchange's name for it, where the call's own is ours (the old hook gives none).
    """

    call_id: str
    ids: frozenset[str]
    numbers: frozenset[str]
    keys: frozenset[str] = field(repr=False)
    started_s: float
    last_s: float
    direction: Direction
    from_number: str
    to_number: str
    people: tuple[Person, ...]
    speakers: tuple[Person, ...]
    person: Person | None
    duration_s: int
    status: CallStatus
    ended: bool
    clicked: bool
    recorded: bool
    recorded_as: str = ""

    @property
    def internal(self) -> bool:
        """Between two extensions. A hidden caller is a client."""
        return all(map(is_extension, (self.from_number, self.to_number)))

    def at(self, now_s: float) -> "FoldedCall":
        """The same as it is to be told of now: what cannot go on so long any more is not known."""
        patience_s = {CallStatus.RINGING: RINGING_S, CallStatus.TALKING: TALKING_S}.get(self.status)
        if patience_s is None or now_s - self.last_s <= patience_s:
            return self
        return replace(self, status=CallStatus.UNKNOWN)

    def belongs_to(self, subscriber: Subscriber) -> bool:
        """Who spoke or called; of a missed call the one who missed it; while it rings everybody rung."""
        calls = self.direction is Direction.EXTERNAL or self.internal
        if calls and subscriber.extension and subscriber.extension == self.from_number:
            return True
        if self.status in (CallStatus.RINGING, CallStatus.UNKNOWN):
            return any(one.is_(subscriber) for one in (*self.people, *self.speakers))
        if self.status is CallStatus.ANSWERED and not self.speakers:  # nobody said who
            return any(one.is_(subscriber) for one in self.people)
        owners = self.speakers or ((self.person,) if self.person else ())
        return any(one.is_(subscriber) for one in owners)

    def heard(self) -> HeardCall:
        """For recognising it in the exchange's journal."""
        return HeardCall(
            call_id=self.call_id,
            ids=self.ids,
            numbers=self.numbers,
            started_s=self.started_s,
            finished=self.ended,
        )


def is_extension(number: str) -> bool:
    return 0 < len(same_digits(number)) < PUBLIC_DIGITS and number.strip() not in CLICK_LEGS
