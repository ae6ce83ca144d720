"""Too many connections: those that ask for nothing give way to those that do.

Waitress stops accepting at its limit, so a thousand silent strangers would lock everybody out
(measured on 3.0.2). Here the limit is never reached while anybody merely holds a connection.
"""

import select
from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

from bridge.web.guard import GuardedChannel


class Room(NamedTuple):
    """For how many connections."""

    limit: int  # at which waitress stops accepting; a turn of the loop may take `acceptor.ACCEPTS` more
    crowded: int


MANY = Room(limit=1000, crowded=800)
FEW = Room(limit=440, crowded=360)  # Python's `select` raises at more than 512 (FD_SETSIZE in selectmodule.c)
LIMIT, CROWDED = MANY if hasattr(select, "poll") else FEW  # Windows has nothing but `select`
SPARE = 50  # closed beyond what is needed, so that not each new connection costs a look at all of them


def make_room(channels: Collection[GuardedChannel]) -> int:
    """Ask the least useful connections to close when there are too many; returns how many.

    Silent ones before those that dribble a request, and those before whoever has just sent something; of
    each, those of the most crowded address, and there the longest silent or dribbling. Whoever is being
    answered stays.
    """
    if len(channels) <= CROWDED:
        return 0
    staying = [channel for channel in channels if not channel.will_close]
    excess = len(staying) - CROWDED
    if excess <= 0:
        return 0
    idle = [channel for channel in staying if channel.asks_nothing()]
    crowd = Counter(channel.addr[0] for channel in idle)
    idle.sort(key=lambda channel: _usefulness(channel, crowd[channel.addr[0]]))
    leaving = idle[: excess + SPARE]
    for channel in leaving:
        channel.will_close = True
    return len(leaving)


def _usefulness(channel: GuardedChannel, neighbours: int) -> tuple[int, int, float]:
    """A dribble looks lively by its last byte, not by its first; what came but is unread may be a click."""
    if channel.request is not None:
        return (1, -neighbours, channel.began or 0.0)
    return (2 if channel.unread() else 0, -neighbours, channel.last_activity)
