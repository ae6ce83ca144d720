"""«Сегодня»: is each link alive, what waits, how the day goes, what somebody should do something about."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Any

from bridge.core.delivery import DeliveryState
from bridge.core.overview import Heap, Search
from bridge.web.console.chart import chart
from bridge.web.console.pages.calls import folded
from bridge.web.console.texts import ADVICE, ALARMS, LINKS
from bridge.web.console.visit import Page, Visit

LATEST_CALLS = 8


def whole(visit: Visit) -> Page:
    return Page(template="today.html", facts=_facts(visit))


def part(visit: Visit) -> Page:
    """What changes, asked for every few seconds."""
    return Page(template="today_part.html", facts=_facts(visit))


def _facts(visit: Visit) -> dict[str, Any]:
    roads, look = visit.roads, visit.look
    now = roads.now()
    midnight = datetime.combine(datetime.fromtimestamp(now, roads.zone).date(), time(), roads.zone)
    health = roads.health()
    heaps = health.heaps
    day = roads.overview.day(midnight.timestamp())
    latest = roads.overview.calls(Search(), limit=LATEST_CALLS)
    return {
        "now": now,
        "links": [(one, look.say(LINKS[one.condition][0]), LINKS[one.condition][1]) for one in health.links],
        "alarms": [
            (one, look.say(ALARMS[one.condition]), look.say(ADVICE[one.condition])) for one in health.alarms
        ],
        "waiting": _total(heaps, DeliveryState.QUEUED),
        "dead": _total(heaps, DeliveryState.DEAD),
        "expired": _total(heaps, DeliveryState.EXPIRED),
        "oldest_s": max(
            (now - one.oldest_at for one in heaps if one.state is DeliveryState.QUEUED), default=None
        ),
        "day": day,
        "chart": chart(day.hours),
        "calls": [row for one in latest if (row := folded(visit, one))],
    }


def _total(heaps: Sequence[Heap], state: DeliveryState) -> str:
    """How many are in a state; with a plus where there are more than were counted."""
    of_state = [one for one in heaps if one.state is state]
    return f"{sum(one.count for one in of_state)}{'+' if any(one.more for one in of_state) else ''}"
