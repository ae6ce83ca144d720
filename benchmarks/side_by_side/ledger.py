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
    """The events that are popups: these of each call, worth telling for `lifetime_s`, and until one of
    `ends` of their call was told."""

    places: Collection[int]
    ends: Collection[int] = ()
    lifetime_s: float
    slack_s: float = 1.5  # a loaded machine's, of the sender's and the bridge's clocks


@dataclass(frozen=True, kw_only=True)
class Account:
    """Counts of events. `out_of_date`: popups that came too late to be told, which are not among the lost;
    `told_late`: popups told nevertheless."""

    sent: int
    acknowledged: int
    reached: int
    repeated: int
    lost: int
    broken_promises: int
    out_of_order: int
    out_of_date: int = 0
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
        returned_at: when 1C heard again; 0 when it never was away. A popup that was taken a lifetime
            before may expire; at any time one that was under way together with the end of its call.
    """
    numbers = {one.number for one in sent}
    heard = [one for one in heard if one.number in numbers]
    reached = {one.number for one in heard}
    acknowledged = {one.number for one in sent if one.status == 200}
    missing = numbers - reached
    out_of_date = _out_of_date(sent, missing, each, popups, returned_at) if popups else set()
    return Account(
        sent=len(numbers),
        acknowledged=len(acknowledged),
        reached=len(reached),
        repeated=len(heard) - len(reached),
        lost=len(missing - out_of_date),
        broken_promises=len((missing & acknowledged) - out_of_date),
        out_of_order=_out_of_order(sent, heard, each),
        out_of_date=len(out_of_date),
        told_late=_told_late(heard, each, popups) if popups else 0,
    )


def _out_of_order(sent: Sequence[Sent], heard: Sequence[Heard], each: int) -> int:
    """Events first heard after a later one of their call, although they were acknowledged before that
    one was sent; what was under way together has no order."""
    known = {one.number: one for one in sent}
    before: dict[int, list[int]] = {}  # call -> its events in the order of their first hearing
    count = 0
    for one in heard:
        earlier = before.setdefault(one.number // each, [])
        if one.number in earlier:
            continue
        mine = known[one.number]
        count += any(
            other > one.number and mine.status == 200 and mine.done_at <= known[other].at for other in earlier
        )
        earlier.append(one.number)
    return count


def _out_of_date(
    sent: Sequence[Sent], missing: Collection[int], each: int, popups: Popups, returned_at: int
) -> set[int]:
    """The popups that rightly never came: acknowledged, but 1C came back too late for them, or an end of
    their call was sent before they were taken, and 1C has it."""
    lifetime = int((popups.lifetime_s - popups.slack_s) * 1e9)
    known = {one.number: one for one in sent}

    def over(popup: Sent) -> bool:
        call = popup.number - popup.number % each
        ends = (known.get(call + place) for place in popups.ends)
        return any(end and end.number not in missing and end.at < popup.done_at for end in ends)

    return {
        one.number
        for one in sent
        if one.number in missing
        and one.number % each in popups.places
        and one.status == 200
        and (returned_at > one.at + lifetime or over(one))
    }


def _told_late(heard: Sequence[Heard], each: int, popups: Popups) -> int:
    lifetime = int((popups.lifetime_s + popups.slack_s) * 1e9)
    return sum(one.number % each in popups.places and one.at > one.sent_at + lifetime for one in heard)


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


def may_expire(sent: Sequence[Sent], each: int, popups: Popups, returned_at: int) -> set[int]:
    """The popups that need not be waited for; one that still comes does so before the end of its call."""
    rings = {one.number for one in sent if one.number % each in popups.places}
    return _out_of_date(sent, rings, each, popups, returned_at)
