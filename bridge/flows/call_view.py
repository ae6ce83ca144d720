"""A call as 1C may be told of it, and to whom."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bridge.core.calls import Direction, Subscriber
from bridge.core.folded import CallStatus, FoldedCall
from bridge.core.folding import fold
from bridge.core.past_calls import JournalCall
from bridge.core.ports import StoredEvent
from bridge.flows.reconcile import missed_end
from bridge.flows.take_event import concerned

GOING_ON = frozenset({CallStatus.RINGING, CallStatus.TALKING})


@dataclass(frozen=True, kw_only=True)
class Scope:
    """The calls that an infobase may be told of: all of its exchange, or those of some people and numbers.

    Args:
        find: whom 1C means by a handle.
        people, called: as of its `Audience`; with neither, it is told of all.
        missed_by: whom a missed call belongs to.
    """

    infobase: str
    exchange: str
    find: Callable[[str], Subscriber | None]
    people: Sequence[Subscriber] = ()
    called: frozenset[str] = frozenset()
    missed_by: Literal["first", "last"] = "last"

    def shows(self, call: FoldedCall, reader: Subscriber | None) -> bool:
        """Whether the infobase, or in it this subscriber alone, may be told of a call."""
        if reader is not None and not call.belongs_to(reader):
            return False
        if not (self.people or self.called):
            return True
        return concerned(call.numbers, call.keys, people=self.people, called=self.called)


@dataclass(frozen=True, kw_only=True)
class CallView:
    """A call as 1C is told of it. What is not known is empty; `started_s` is unix time.

    `recording`: the name of the call by which its recording is asked for; "" when there is none.
    """

    call_id: str
    started_s: float | None = None
    direction: Direction = Direction.UNKNOWN
    from_number: str = ""
    to_number: str = ""
    duration_s: int = 0
    status: CallStatus = CallStatus.UNKNOWN
    recording: str = ""


def by_call(events: Sequence[StoredEvent]) -> dict[str, list[StoredEvent]]:
    calls: dict[str, list[StoredEvent]] = defaultdict(list)
    for one in events:
        calls[one.event.call_id].append(one)
    return calls


def with_end(heard: Sequence[StoredEvent], told: JournalCall, scope: Scope, now_s: float) -> FoldedCall:
    """A call of which the exchange tells, folded as reconciliation would make it known."""
    name = told.call_id
    if heard:
        call = fold(heard, missed_by=scope.missed_by)
        name = call.call_id
        # which status a call has before its end is documented nowhere: only a talk that took time is over
        over = told.answered and told.duration_s > 0
        if call.ended or (call.at(now_s).status in GOING_ON and not over):
            return replace(call, recorded=call.recorded or told.has_record)
        if not told.started_s:
            told = replace(told, started_s=int(call.started_s))
    event = missed_end(told, exchange=scope.exchange, call_id=name)
    end = StoredEvent(id=0, event=event, received_at=float(event.time_s or 0))
    return fold([*heard, end], missed_by=scope.missed_by)


def view(call: FoldedCall, now_s: float) -> CallView:
    call = call.at(now_s)
    return CallView(
        call_id=call.call_id,
        started_s=call.started_s if call.started_s > 0 else None,
        direction=call.direction,
        from_number=call.from_number,
        to_number=call.to_number,
        duration_s=call.duration_s,
        status=call.status,
        recording=(call.recorded_as or call.call_id) if call.recorded else "",
    )
