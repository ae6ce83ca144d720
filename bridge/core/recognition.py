"""Which call of the hook is this call of the journal? And do both speak of the same hours?

Which of the hook's ids (`uuid`, `baseid`, `subid`) Mobilon's `callid` equals, if any, is unknown: all
are tried, over the whole day, before calls are recognised by who spoke with whom and when.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from bridge.core.calls import Direction
from bridge.core.numbers import same_digits
from bridge.core.past_calls import HeardCall, JournalCall

NEAR_S = 60  # the hook's START and the journal's time of one call
PUBLIC_DIGITS = 7  # shorter numbers are extensions (TelephonyMobilon 2019-12-12)
ZONE_STEP_S = 1800  # zones are whole and half hours apart
WIDEST_ZONE_S = 14 * 3600
MIN_VOTES = 3


def recognised(calls: Sequence[JournalCall], heard: Sequence[HeardCall]) -> Mapping[int, HeardCall]:
    """Place in the journal -> what the hook told of this call.

    Several records may name one heard call by its ids (legs of it); by likeness each heard call is
    recognised once, the nearest in time first. Of a call whose beginning was not heard the end counts.
    """
    found = _by_id(calls, heard)
    taken = {one.call_id for one in found.values()}
    free = [one for one in heard if one.call_id not in taken]
    alike = sorted(
        (*nearness, place, which)
        for place, which, gap_s in _alike(calls, free)
        if (nearness := _nearness(gap_s, calls[place]))
    )
    used: set[int] = set()
    for *_, place, which in alike:
        if place not in found and which not in used:
            found[place] = free[which]
            used.add(which)
    return found


def clock_shift_s(calls: Sequence[JournalCall], heard: Sequence[HeardCall]) -> int:
    """How far the journal's clock is ahead of the hook's: not 0 when it is read in a wrong time zone.

    Each call votes for every shift at which it would be one of the heard calls. A wrong zone has most
    of the journal on its side; a client who calls every hour has not.
    """
    named = _by_id(calls, heard).items()
    gaps = chain(
        ((place, gap_s) for place, _, gap_s in _alike(calls, heard)),
        ((place, one.started_s - calls[place].started_s) for place, one in named),
    )
    ballots = {(place, 0 if _nearness(gap_s, calls[place]) else _steps(gap_s)) for place, gap_s in gaps}
    votes = Counter(steps for _, steps in ballots if steps is not None)
    steps, most = max(votes.items(), key=lambda item: (item[1], -abs(item[0])), default=(0, 0))
    return -steps * ZONE_STEP_S if most >= MIN_VOTES and most > len(calls) / 2 else 0


def _by_id(calls: Sequence[JournalCall], heard: Sequence[HeardCall]) -> dict[int, HeardCall]:
    by_id = {name: one for one in heard for name in one.ids if name}
    return {place: by_id[call.call_id] for place, call in enumerate(calls) if call.call_id in by_id}


def _nearness(gap_s: float, call: JournalCall) -> tuple[int, float] | None:
    """Less is nearer; None when what was heard then is another call."""
    if abs(gap_s) <= NEAR_S:
        return 0, abs(gap_s)
    if abs(gap_s - call.duration_s) <= NEAR_S:
        return 1, abs(gap_s - call.duration_s)
    return None


def _steps(gap_s: float) -> int | None:
    """A gap in whole steps of a time zone; None when it is no such."""
    steps = round(gap_s / ZONE_STEP_S)
    near = abs(gap_s - steps * ZONE_STEP_S) <= NEAR_S
    return steps if near and abs(steps) * ZONE_STEP_S <= WIDEST_ZONE_S else None


def _alike(calls: Sequence[JournalCall], heard: Sequence[HeardCall]) -> Iterator[tuple[int, int, float]]:
    """Places of a call of the journal and of a heard call with the same people, and their gap in time."""
    ends = [{same_digits(number) for number in one.numbers} - {""} for one in heard]
    having: dict[str, list[int]] = defaultdict(list)
    for which, numbers in enumerate(ends):
        for digits in numbers:
            having[digits].append(which)
    for place, call in enumerate(calls):
        said = {same_digits(call.from_number), same_digits(call.to_number)} - {""}
        client = _client(call)
        # the firm's own number proves nothing: all clients call it
        for which in having.get(client or min(said, default=""), ()):
            if client or _agree(said, ends[which]):
                yield place, which, heard[which].started_s - call.started_s


def _client(call: JournalCall) -> str:
    """The digits of the other side, "" when they are hidden, not known or no client's."""
    number = {Direction.INCOMING: call.from_number, Direction.EXTERNAL: call.to_number}.get(
        call.direction, ""
    )
    digits = same_digits(number)
    return digits if len(digits) >= PUBLIC_DIGITS else ""


def _agree(said: set[str], ends: set[str]) -> bool:
    """All that the journal says was heard, and no client whom it does not name."""
    return said <= ends and all(len(digits) < PUBLIC_DIGITS for digits in ends - said)
