"""«Очередь»: what waits, expired, or is to be sorted out by hand; sent again or dropped, also in bulk."""

from collections.abc import Sequence
from urllib.parse import urlencode

from bridge.core.delivery import DeliveryState
from bridge.core.errors import UnknownRecord
from bridge.core.overview import TROUBLES
from bridge.web.console.texts import DEEDS, EVENTS, HEADS, PURPOSES, STATES
from bridge.web.console.visit import Answer, Fields, Goto, Page, Visit

ROWS = 40
AT_ONCE = 40  # of a bulk: then progress is shown
SHOWN = (DeliveryState.QUEUED, *TROUBLES)


def heaps(visit: Visit) -> Page:
    """How much is where; with an infobase and a state, what."""
    roads, query = visit.roads, visit.query
    counted = {(one.infobase, one.state): one for one in roads.overview.heaps(roads.infobases)}
    infobase, state = _chosen(visit, query)
    rows = []
    if infobase and state:
        rows = list(roads.overview.stuck(state, infobase, before=query.number("before"), limit=ROWS + 1))
    more = len(rows) > ROWS
    rows = rows[:ROWS]
    place = urlencode({"infobase": infobase, "state": state, "before": rows[-1].record.id}) if more else ""
    done = query.number("done")
    return Page(
        template="queue.html",
        facts={
            "infobases": roads.infobases,
            "states": SHOWN,
            "counted": counted,
            "infobase": infobase,
            "state": state,
            "rows": rows,
            "older": place,
            "now": roads.now(),
            "done": done,
            "deed": DEEDS.get(query["deed"], ""),
            "troubles": TROUBLES,
            "HEADS": HEADS,
            "STATES": STATES,
            "EVENTS": EVENTS,
            "PURPOSES": PURPOSES,
            "DEEDS": DEEDS,
        },
    )


def ask(visit: Visit) -> Answer:
    """Before anything is done, how much it is about."""
    infobase, state = _meant(visit)
    deed, ids = _deed(visit), visit.form.numbers("delivery")
    everything = visit.form["scope"] == "all"
    if not everything and not ids:
        return Goto(page=_back(infobase, state))
    heap = next(
        (one for one in visit.roads.overview.heaps([infobase]) if one.state is state),
        None,
    )
    count = (f"{heap.count}{'+' if heap.more else ''}" if heap else "0") if everything else str(len(ids))
    return Page(
        template="queue_ask.html",
        facts={
            "infobase": infobase,
            "state": state,
            "deed": deed,
            "ids": ids,
            "everything": everything,
            "count": count,
            "back": _back(infobase, state),
            "STATES": STATES,
            "DEEDS": DEEDS,
        },
    )


def do(visit: Visit) -> Answer:
    """The chosen ones."""
    infobase, state = _meant(visit)
    deed, ids = _deed(visit), visit.form.numbers("delivery")
    done = _done(visit, deed, infobase, state, visit.roads.overview.of_heap(ids, infobase, state))
    return Goto(page=_back(infobase, state, done=done, deed=deed))


def do_all(visit: Visit) -> Answer:
    """All of a state, the newest first, so many at a time: each is done once, even if it fails again."""
    infobase, state = _meant(visit)
    deed, form = _deed(visit), visit.form
    so_far = form.number("done") or 0
    batch = visit.roads.overview.stuck(state, infobase, before=form.number("before"), limit=AT_ONCE)
    if batch:
        so_far += _done(visit, deed, infobase, state, [one.record.id for one in batch])
    if len(batch) < AT_ONCE:
        return Goto(page=_back(infobase, state, done=so_far, deed=deed))
    facts = {
        "infobase": infobase,
        "state": state,
        "deed": deed,
        "done": so_far,
        "total": form["total"],
        "before": batch[-1].record.id,
        "back": _back(infobase, state, done=so_far, deed=deed),
        "STATES": STATES,
        "DEEDS": DEEDS,
    }
    return Page(template="queue_progress_part.html" if visit.swaps else "queue_progress.html", facts=facts)


def hurry(visit: Visit) -> Answer:
    """1C is back, and nobody wants to wait for the next probe."""
    infobase, state = _meant(visit)
    with visit.roads.deed(visit.name, "hurry", infobase) as done:
        visit.roads.hurry(infobase)
        done.count = 1
    return Goto(page=_back(infobase, state))


def _done(visit: Visit, deed: str, infobase: str, state: DeliveryState, ids: Sequence[int]) -> int:
    roads = visit.roads
    with roads.deed(visit.name, deed, f"{infobase}, {state.value}") as written:
        if deed == "discard":
            done = roads.overview.discard(ids, visit.name)
        else:
            done = roads.overview.replay(ids, roads.lifetimes)
        written.count = done
    if deed == "replay" and done:
        roads.hurry(infobase)
    return done


def _chosen(visit: Visit, fields: Fields) -> tuple[str, DeliveryState | None]:
    infobase = fields["infobase"] if fields["infobase"] in visit.roads.infobases else ""
    return infobase, next((one for one in SHOWN if one.value == fields["state"]), None)


def _meant(visit: Visit) -> tuple[str, DeliveryState]:
    infobase, state = _chosen(visit, visit.form)
    if not infobase or state is None:
        raise UnknownRecord("Не указано, с какой базой и с чем это сделать")
    return infobase, state


def _deed(visit: Visit) -> str:
    if visit.form["deed"] not in DEEDS:
        raise UnknownRecord("Не указано, что сделать")
    return visit.form["deed"]


def _back(infobase: str, state: DeliveryState, **more: str | int) -> str:
    return "queue?" + urlencode({"infobase": infobase, "state": state.value, **more})
