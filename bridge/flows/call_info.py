"""1C asks: what became of this call.

Our own events first; the exchange is asked for what they do not tell. Nobody learns of a call that
is not his: it is answered exactly like one that there never was.
"""

from dataclasses import replace

from bridge.core.calls import Direction, Subscriber
from bridge.core.errors import BadNumber, JournalRefused
from bridge.core.folded import FoldedCall
from bridge.core.folding import fold
from bridge.core.numbers import PhoneNumber, same_digits
from bridge.core.past_calls import CallEvents, CallInfo, DialledCall, JournalCall
from bridge.core.ports import StoredEvent
from bridge.core.recognition import NEAR_S, recognised
from bridge.flows.call_view import CallView, Scope, by_call, view, with_end

MAX_ID = 128
MOST_NAMES = 2  # of one call, by which the exchange is asked


def call_info(
    handle: str,
    call_id: str,
    *,
    scope: Scope,
    events: CallEvents,
    exchange: CallInfo | None,
    now_s: float,
) -> CallView:
    """What is known of one call.

    Args:
        handle: the subscriber whose call it must be; empty for any of the infobase.
        call_id: the call's own id, any other that the exchange has for it, or what `MakeCall` returned.
        exchange: None when it cannot be asked at all.

    Raises:
        JournalRefused: nothing is known of the call, and the exchange could not be asked.
        StoreUnavailable: nobody knows what is known.
    """
    call_id = call_id.strip()
    reader = scope.find(handle) if handle.strip() else None
    if not call_id or len(call_id) > MAX_ID or (handle.strip() and reader is None):
        return CallView(call_id=call_id)
    heard, click = list(events.of_call(scope.exchange, call_id)), None
    if not heard and (click := events.dialled(scope.infobase, call_id)):
        heard = _of_click(click, scope, events)
        click = click if reader is None or click.subscriber in (reader.key, reader.extension) else None
    call = fold(heard, missed_by=scope.missed_by) if heard else None
    shown = call is not None and scope.shows(call, reader)
    if exchange is not None and not (call is not None and shown and call.ended):
        try:
            told = _asked(exchange, call_id, call if shown else None)
        except JournalRefused:
            if not shown and click is None:
                raise
            told = None
        if told is not None:
            call = with_end(heard or _like(told, scope, events), told, scope, now_s)
            shown = scope.shows(call, reader)
    if call is not None and shown:
        return replace(view(call, now_s), call_id=call_id)
    return _of_dial(click, call_id, scope) if click else CallView(call_id=call_id)


def _asked(exchange: CallInfo, call_id: str, call: FoldedCall | None) -> JournalCall | None:
    """By the id that 1C has, then by another: which of them the exchange's own is, is documented nowhere."""
    others = sorted(name for name in call.ids if "." in name) if call else []
    for name in list(dict.fromkeys([call_id, *others]))[:MOST_NAMES]:
        if (told := exchange.call(name)) is not None:
            return told
    return None


def _of_click(click: DialledCall, scope: Scope, events: CallEvents) -> list[StoredEvent]:
    """What was heard of a call that the exchange's answer to a dial named in its own way."""
    who = Subscriber(name="", key=click.subscriber, extension=click.subscriber)
    near = by_call(
        events.of_span(scope.exchange, since_s=click.begun_at - NEAR_S, until_s=click.begun_at + 2 * NEAR_S)
    )
    found: list[tuple[float, str]] = []
    for call_id, heard in near.items():
        call = fold(heard, missed_by=scope.missed_by)
        same = not call.to_number or same_digits(call.to_number) == same_digits(click.number)
        gap_s = abs(call.started_s - click.begun_at)
        ours = call.direction is Direction.EXTERNAL and any(one.is_(who) for one in call.speakers)
        if ours and same and gap_s <= NEAR_S:
            found.append((gap_s, call_id))
    return near[min(found)[1]] if found else []


def _of_dial(click: DialledCall, call_id: str, scope: Scope) -> CallView:
    """All that is known is that it was begun."""
    who = scope.find(click.subscriber)
    try:
        number = PhoneNumber.parse(click.number if len(click.number) < 7 else f"+{click.number}").trunk8
    except BadNumber:
        number = click.number
    return CallView(
        call_id=call_id,
        started_s=click.begun_at,
        direction=Direction.EXTERNAL,
        from_number=who.extension if who else "",
        to_number=number,
    )


def _like(told: JournalCall, scope: Scope, events: CallEvents) -> list[StoredEvent]:
    """What was heard of a call that the exchange's journal knows by a name that no event had."""
    if not told.started_s:
        return []
    near: dict[str, list[StoredEvent]] = {}
    for at_s in (told.started_s, told.started_s + told.duration_s):  # what lies between may be days
        near |= by_call(events.of_span(scope.exchange, since_s=at_s - NEAR_S, until_s=at_s + NEAR_S + 1))
    found = recognised([told], [fold(heard).heard() for heard in near.values()])
    return near[found[0].call_id] if found else []
