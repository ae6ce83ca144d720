"""What 1C answered, and what becomes of the delivery: the one decision table."""

from dataclasses import dataclass
from enum import StrEnum

from bridge.core import backoff


class Purpose(StrEnum):
    """Why 1C is told; it decides how long the telling makes sense."""

    POPUP = "popup"  # a card on the screen while the telephone rings
    JOURNAL = "journal"  # a fact for the books: retried for days


class DeliveryState(StrEnum):
    """The visible life of a delivery: every event can be asked what became of it."""

    QUEUED = "queued"  # в очереди
    DELIVERED = "delivered"  # доставлено
    EXPIRED = "expired"  # истекло
    SUPERSEDED = "superseded"  # не нужно: звонок уже завершён
    DEAD = "dead"  # разобрать вручную


@dataclass(frozen=True)
class Delivered:
    """1C took the event and said so in the expected element."""

    answer: str = ""


@dataclass(frozen=True)
class Away:
    """1C cannot hear anything now (off, updating, no licence, published wrongly): the event waits.

    `hung` tells that 1C took the connection and never answered, which one single event may cause;
    `unheard`, that it did not even take the connection.
    """

    reason: str
    hung: bool = False
    unheard: bool = False


@dataclass(frozen=True)
class Faulted:
    """1C heard this event and failed on it; it may be poison, so attempts are limited."""

    reason: str


@dataclass(frozen=True)
class Denied:
    """1C does not accept our login: nothing will pass until a person acts."""

    reason: str


Outcome = Delivered | Away | Faulted | Denied


@dataclass(frozen=True)
class Done:
    answer: str


@dataclass(frozen=True)
class RetryIn:
    """Try again `wait_s` seconds from now, by the store's clock."""

    wait_s: float
    reason: str
    counted: bool  # whether the attempt counts against the limit of the event
    hung: bool = False  # 1C kept silent
    denied: bool = False  # 1C does not accept our login

    @property
    def word(self) -> str:
        """The word by which an attempt is remembered: whose fault it was, 1C's or the event's."""
        if self.denied:
            return "denied"
        return "away" if self.hung or not self.counted else "retry"


@dataclass(frozen=True)
class GaveUp:
    reason: str


Verdict = Done | RetryIn | GaveUp

# Silence is more often a frozen 1C than a poisonous event: it takes so many times more to give up.
HUNG_PATIENCE = 10


def decide(outcome: Outcome, *, tries: int, limit: int, dice: float) -> Verdict:
    """Turn 1C's answer to one attempt into the next move of the delivery.

    Args:
        tries: attempts that counted against the limit before this one.
        limit: attempts after which a failing event goes to the dead letters.
        dice: in [0, 1), for the jitter.

    >>> decide(Faulted("x"), tries=9, limit=10, dice=0.5)
    GaveUp(reason='x')
    """
    match outcome:
        case Delivered(answer):
            return Done(answer)
        case Away(reason, hung) if hung:
            return _again(reason, tries, limit * HUNG_PATIENCE, dice, hung=True)
        case Away(reason) | Denied(reason):
            # short and the same each time: the infobase's breaker is what waits for 1C
            denied = isinstance(outcome, Denied)
            return RetryIn(backoff.wait_s(1, dice), reason, counted=False, denied=denied)
        case Faulted(reason):
            return _again(reason, tries, limit, dice)


def _again(reason: str, tries: int, limit: int, dice: float, *, hung: bool = False) -> Verdict:
    if tries + 1 >= limit:
        return GaveUp(reason)
    return RetryIn(backoff.wait_s(tries + 1, dice), reason, counted=True, hung=hung)
