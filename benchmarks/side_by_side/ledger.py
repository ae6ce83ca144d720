"""What became of the events: the sender's log against the log of the fake 1C.

Times are nanoseconds of CLOCK_MONOTONIC. An event is its number; `each` of them in a row are one call.
"""

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "bench-"  # what stands before the load generator's token in an event
MARK_LENGTH = len(MARK) + 25  # the token: "t", 16 hex digits of the moment, 8 of the number


@dataclass(frozen=True)
class Sent:
    """A hook. `status` is 0 when no answer came."""

    number: int
    at: int
    done_at: int
    status: int


@dataclass(frozen=True)
class Heard:
    """An event as the fake 1C had it; a list of these is in the order of hearing."""

    number: int
    sent_at: int
    at: int


def read_sent(path: Path) -> list[Sent]:
    rows = (line.split() for line in path.read_text().splitlines())
    return [Sent(int(number), int(at), int(done), int(status)) for number, at, done, status in rows]


def read_heard(path: Path, place: int = 0) -> list[Heard]:
    """The whole lines with a token, from byte `place` on; what 1C heard besides is no event of ours."""
    heard = []
    with path.open("rb") as file:
        file.seek(place)
        lines = file.read().decode().split("\n")[:-1]  # the last may be half written
    for line in lines:
        at, _, found = line.partition(" ")
        token = found.removeprefix(MARK)
        if len(found) == MARK_LENGTH and token.startswith("t"):
            heard.append(Heard(int(token[17:], 16), int(token[1:17], 16), int(at)))
    return heard


@dataclass(frozen=True, kw_only=True)
class Popups:
    """The events that are popups: these of each call, worth telling for `lifetime_s`."""

    places: Collection[int]
    lifetime_s: float
    slack_s: float = 1.5  # a loaded machine's, of the sender's and the bridge's clocks


@dataclass(frozen=True, kw_only=True)
class Account:
    """Counts of events; `expired` are not among the lost, `expired_early` and `told_late` should be 0."""

    sent: int
    acknowledged: int
    reached: int
    repeated: int
    lost: int
    broken_promises: int
    out_of_order: int
    expired: int = 0
    expired_early: int = 0
    told_late: int = 0


def account(
    sent: Sequence[Sent],
    heard: Sequence[Heard],
    *,
    each: int = 1,
    popups: Popups | None = None,
    returned_at: int = 0,
) -> Account:
    """
    Args:
        each: events of one call, sent in their order.
        returned_at: when 1C heard again; 0 when it never was away. Only a popup that was sent a lifetime
            before may have expired.
    """
    numbers = {one.number for one in sent}
    heard = [one for one in heard if one.number in numbers]
    reached = {one.number for one in heard}
    acknowledged = {one.number for one in sent if one.status == 200}
    missing = numbers - reached
    expired, early, late = _expired(sent, heard, missing, each, popups, returned_at)
    return Account(
        sent=len(numbers),
        acknowledged=len(acknowledged),
        reached=len(reached),
        repeated=len(heard) - len(reached),
        lost=len(missing - expired),
        broken_promises=len((missing & acknowledged) - expired),
        out_of_order=_out_of_order(heard, each),
        expired=len(expired),
        expired_early=early,
        told_late=late,
    )


def _out_of_order(heard: Sequence[Heard], each: int) -> int:
    """Events first heard after a later one of their call had been."""
    latest: dict[int, int] = {}
    seen: set[int] = set()
    count = 0
    for one in heard:
        call = one.number // each
        if one.number not in seen and one.number < latest.get(call, -1):
            count += 1
        seen.add(one.number)
        latest[call] = max(one.number, latest.get(call, -1))
    return count


def _expired(
    sent: Sequence[Sent],
    heard: Sequence[Heard],
    missing: Collection[int],
    each: int,
    popups: Popups | None,
    returned_at: int,
) -> tuple[set[int], int, int]:
    """The popups that rightly never came, how many went too early, how many came too late.

    Only an acknowledged popup can have expired; one that was never taken is lost.
    """
    if popups is None:
        return set(), 0, 0
    lifetime, slack = int(popups.lifetime_s * 1e9), int(popups.slack_s * 1e9)
    rightly, early = set(), 0
    for one in sent:
        if one.number in missing and one.number % each in popups.places and one.status == 200:
            rightly.add(one.number)
            early += returned_at < one.at + lifetime - slack
    late = sum(
        one.number % each in popups.places and one.at > one.sent_at + lifetime + slack for one in heard
    )
    return rightly, early, late


def drained_s(heard: Sequence[Heard], returned_at: int) -> float:
    """Seconds from 1C's return until it had all that was sent before it, each counted once."""
    first: dict[int, Heard] = {}
    for one in heard:
        first.setdefault(one.number, one)
    waited = [one.at for one in first.values() if one.sent_at < returned_at <= one.at]
    return (max(waited) - returned_at) / 1e9 if waited else 0.0


@dataclass(frozen=True)
class Delays:
    """Milliseconds from an event's moment until 1C had it."""

    p50: float
    p99: float
    longest: float


def delays(heard: Sequence[Heard]) -> Delays:
    """Of the first hearing of each; there must be one."""
    first: dict[int, float] = {}
    for one in heard:
        first.setdefault(one.number, (one.at - one.sent_at) / 1e6)
    took = sorted(first.values())
    return Delays(statistics.median(took), took[min(len(took) - 1, int(len(took) * 0.99))], took[-1])


def rate(heard: Sequence[Heard], *, answer_s: float = 0.0, since: float = 0.0) -> float:
    """Events a second from the first one's sending until 1C had answered the last, each counted once.

    Args:
        answer_s: how long 1C takes to answer.
        since: the share of the hearing that is left out, for what takes time to get going.

    >>> rate([Heard(n, 0, (n + 1) * 10**9) for n in range(10)])
    1.0
    """
    first: dict[int, Heard] = {}
    for one in heard:
        first.setdefault(one.number, one)
    events = sorted(first.values(), key=lambda one: one.at)
    skipped = int(len(events) * since)
    begun = events[skipped - 1].at if skipped else min(one.sent_at for one in events)
    return (len(events) - skipped) / ((events[-1].at - begun) / 1e9 + answer_s)
