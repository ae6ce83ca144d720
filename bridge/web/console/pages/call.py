"""The page of a call: each event as it came, each attempt to tell 1C, the recording."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from bridge.core.calls import CallEvent
from bridge.core.errors import UnknownRecord
from bridge.core.folded import PUBLIC_DIGITS
from bridge.core.folding import fold
from bridge.core.numbers import mask, same_digits
from bridge.core.overview import Attempt, CallEvents
from bridge.core.ports import StoredEvent
from bridge.web.console.look import without_numbers
from bridge.web.console.pages.calls import folded
from bridge.web.console.texts import EVENTS, PURPOSES, STATES, VERDICTS
from bridge.web.console.visit import Page, Visit

EVENTS_SHOWN = 20
ATTEMPTS_SHOWN = 4
ANSWER_SHOWN = 200  # characters
MOST_RAW = 8_000  # characters


@dataclass(frozen=True, kw_only=True)
class Told:
    """Attempts in a row that ended alike: the first and the last of them, unix time."""

    since: float
    until: float
    count: int
    verdict: str
    answer: str


def life(visit: Visit) -> Page:
    exchange, call_id = visit.query["exchange"], visit.query.exact("id")
    after = visit.query.number("after") or 0
    events = visit.roads.overview.call(exchange, call_id, after=after, limit=EVENTS_SHOWN)
    if not events:
        raise UnknownRecord("Такого звонка нет: возможно, срок его хранения вышел")
    stored = [one.stored for one in events]
    row = folded(visit, CallEvents(place=0, exchange=exchange, call_id=call_id, events=stored))
    call = fold(stored)
    recorded = visit.operates and call.recorded
    link = visit.roads.record_link(exchange, call.recorded_as or call.call_id) if recorded else ""
    return Page(
        template="call.html",
        facts={
            "row": row,
            "events": events,
            "recorded": call.recorded,
            "record": f"{visit.root}..{link}" if link else "",
            "more": urlencode({"exchange": exchange, "id": call_id, "after": stored[-1].id})
            if len(events) == EVENTS_SHOWN
            else "",
            "told": told,
            "EVENTS": EVENTS,
            "STATES": STATES,
            "VERDICTS": VERDICTS,
            "PURPOSES": PURPOSES,
        },
    )


def raw_masked(visit: Visit) -> Page:
    """What came, with numbers and keys hidden."""
    stored = _event(visit, visit.query.number("event"))
    return _raw(visit, stored, masked(_text(visit, stored), stored.event), whole=False)


def raw_whole(visit: Visit) -> Page:
    """What came, to the operator who asked for this one; it is written down who did."""
    stored = _event(visit, visit.form.number("event"))
    with visit.roads.deed(visit.name, "show_full", f"событие {stored.id}") as done:
        done.count = 1
    return _raw(visit, stored, _text(visit, stored), whole=True)


def masked(text: str, event: CallEvent) -> str:
    """A text of the exchange without numbers of people and keys.

    The numbers of the event are hidden inside of other words too: in the name of a recording.
    """
    if event.user_key:
        text = text.replace(event.user_key, "***")
    for digits in {same_digits(event.from_number), same_digits(event.to_number)}:
        if len(digits) >= PUBLIC_DIGITS:
            text = re.sub(rf"\d?{digits}", lambda one: mask(one[0]), text)
    return without_numbers(text)


def told(attempts: Sequence[Attempt]) -> list[Told]:
    """The latest attempts, those that ended alike as one."""
    rows = []
    for (verdict, answer), alike in groupby(attempts, key=lambda one: (one.verdict, one.answer)):
        at = [one.at for one in alike]
        shown = answer[:ANSWER_SHOWN]
        rows.append(Told(since=at[0], until=at[-1], count=len(at), verdict=verdict, answer=shown))
    return rows[-ATTEMPTS_SHOWN:]


def _event(visit: Visit, event_id: int | None) -> StoredEvent:
    stored = visit.roads.overview.event(event_id) if event_id is not None else None
    if stored is None:
        raise UnknownRecord("Такого события нет")
    return stored


def _text(visit: Visit, stored: StoredEvent) -> str:
    text = stored.event.raw.decode("utf-8", "backslashreplace")
    return visit.roads.clean(text)[:MOST_RAW]


def _raw(visit: Visit, stored: StoredEvent, text: str, *, whole: bool) -> Page:
    template = "raw_part.html" if visit.swaps else "raw.html"
    return Page(template=template, facts={"stored": stored, "text": text, "whole": whole})
