"""Too many connections: those that ask for nothing give way to those that do.

Waitress stops accepting at its limit, so a thousand silent strangers would lock everybody out
(measured on 3.0.2). Here the limit is never reached while anybody merely holds a connection.
"""

from collections import Counter
from collections.abc import Collection

from bridge.web.guard import GuardedChannel

LIMIT = 1000  # connections at which waitress would stop accepting
CROWDED = 800
SPARE = 50  # closed beyond what is needed, so that not each new connection costs a look at all of them


def make_room(channels: Collection[GuardedChannel]) -> int:
    """Ask the least useful connections to close when there are too many; returns how many.

    Silent ones before those that dribble a request; of both, those of the most crowded address, and
    there the longest idle. Whoever is being answered stays.
    """
    if len(channels) <= CROWDED:
        return 0
    staying = [channel for channel in channels if not channel.will_close]
    excess = len(staying) - CROWDED
    if excess <= 0:
        return 0
    idle = [channel for channel in staying if channel.asks_nothing()]
    crowd = Counter(channel.addr[0] for channel in idle)
    idle.sort(
        key=lambda channel: (channel.request is not None, -crowd[channel.addr[0]], channel.last_activity)
    )
    leaving = idle[: excess + SPARE]
    for channel in leaving:
        channel.will_close = True
    return len(leaving)
