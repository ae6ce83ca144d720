"""«Звонки»: the journal, searched by number, person, day and how the call went."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from bridge.core.calls import Subscriber
from bridge.core.delivery import DeliveryState
from bridge.core.folded import PUBLIC_DIGITS, CallStatus, FoldedCall
from bridge.core.folding import fold
from bridge.core.numbers import same_digits
from bridge.core.overview import CallEvents, Search
from bridge.web.console.curiosity import NUMBERS
from bridge.web.console.entering import Door
from bridge.web.console.texts import STATES, STATUSES
from bridge.web.console.visit import Fields, Page, Visit

ROWS = 40
# for a page of those with some status; then the reader goes on himself
LOOKED_THROUGH = 160  # calls
LOOKED_FOR_S = 0.15
# what is said of the deliveries of a call: the first of these that there is
WORST = (
    DeliveryState.DEAD,
    DeliveryState.QUEUED,
    DeliveryState.EXPIRED,
    DeliveryState.DELIVERED,
    DeliveryState.SUPERSEDED,
)
CURIOUS = "Наблюдатель может искать не больше {n} разных номеров в час: подождите или спросите оператора"
FILTERS = ("number", "person", "since", "until", "status")


@dataclass(frozen=True, kw_only=True)
class CallRow:
    """A call as a line of a list."""

    place: int
    exchange: str
    call: FoldedCall
    received_at: float
    person: str
    status: str
    status_look: str
    told: str
    told_look: str
    address: str


def found(visit: Visit, door: Door) -> Page:
    query = visit.query
    people = visit.roads.people
    person = next((one for one in people if one.name == query["person"]), None)
    status = next((one for one in CallStatus if one.value == query["status"]), None)
    problem, search = _search(visit, person)
    status_code = 200
    if not problem and not _may_look_for(visit, door, search.digits):
        problem, status_code = visit.look.say(CURIOUS, n=NUMBERS), 429
    rows, place = ([], None) if problem else _looked_through(visit, search, person, status)
    asked = {name: query[name] for name in FILTERS if query[name]}
    facts = {
        "rows": rows,
        "problem": problem,
        "asked": {name: query[name] for name in FILTERS},
        "filtered": bool(asked),
        "people": people,
        "statuses": [(one.value, visit.look.say(STATUSES[one][0])) for one in CallStatus],
        "older": urlencode(asked | {"before": place}) if place else "",
        "newest": urlencode(asked) if query["before"] else "",
    }
    return Page(template="calls.html", facts=facts, status=status_code)


def _may_look_for(visit: Visit, door: Door, digits: str) -> bool:
    """Extensions and what an operator looks for are nobody's concern."""
    hidden = visit.look.masked and len(digits) >= PUBLIC_DIGITS
    return not hidden or door.curiosity.may_look_for(visit.name, digits)


def folded(visit: Visit, one: CallEvents) -> CallRow | None:
    """None for a call of which this version understands nothing."""
    if not one.events:
        return None
    roads, look = visit.roads, visit.look
    call = fold(one.events, missed_by=roads.missed_by(one.exchange)).at(roads.now())
    status, status_look = STATUSES[call.status]
    told, told_look = next(
        (STATES[state] for state in WORST if one.states.get(state)), ("никому не сообщается", "idle")
    )
    return CallRow(
        place=one.place,
        exchange=one.exchange,
        call=call,
        received_at=max(event.received_at for event in one.events),
        person=roads.name_of(one.exchange, call.person) if call.person else "",
        status=look.say(status),
        status_look=status_look,
        told=look.say(told),
        told_look=told_look,
        address="call?" + urlencode({"exchange": one.exchange, "id": one.call_id}),
    )


def _search(visit: Visit, person: Subscriber | None) -> tuple[str, Search]:
    """What is wrong with the question, if anything, and the question."""
    query: Fields = visit.query
    digits = same_digits(query["number"])
    if query["number"] and not digits:
        return visit.look.say("В номере нет цифр: укажите номер целиком или внутренний"), Search()
    try:
        since = _midnight(visit, query["since"], 0)
        until = _midnight(visit, query["until"], 1)
    except (ValueError, OverflowError):
        return visit.look.say("Дата не читается: нужна, например, 2026-11-23"), Search()
    search = Search(digits=digits, person=person, since=since, until=until, before=query.number("before"))
    return "", search


def _midnight(visit: Visit, day: str, later: int) -> float | None:
    if not day:
        return None
    beginning = date.fromisoformat(day) + timedelta(days=later)
    return datetime.combine(beginning, time(), visit.roads.zone).timestamp()


def _looked_through(
    visit: Visit, search: Search, person: Subscriber | None, status: CallStatus | None
) -> tuple[list[CallRow], int | None]:
    """A page of calls, and where to go on; None when nothing is left."""
    wanted = _wanted(person if search.digits else None, status)
    rows: list[CallRow] = []
    looked, until = 0, visit.roads.now() + LOOKED_FOR_S
    while True:
        calls = visit.roads.overview.calls(search, limit=ROWS)
        for one in calls:
            looked += 1
            search = replace(search, before=one.place)
            row = folded(visit, one)
            if row and wanted(row.call):
                rows.append(row)
            if len(rows) == ROWS:
                return rows, search.before
        if len(calls) < ROWS:
            return rows, None
        if looked >= LOOKED_THROUGH or visit.roads.now() >= until:
            return rows, search.before


def _wanted(person: Subscriber | None, status: CallStatus | None) -> Callable[[FoldedCall], bool]:
    """What the database was not asked for."""

    def wanted(call: FoldedCall) -> bool:
        theirs = person is None or any(one.is_(person) for one in (*call.people, *call.speakers))
        return theirs and status in (None, call.status)

    return wanted
