"""How long to wait before trying again. The dice are an argument: this module knows no chance."""

# The first waits are short because most failures of 1C are (a restart of the web server, a lock);
# the last is repeated until the delivery's lifetime ends. Seconds.
SCHEDULE_S: tuple[float, ...] = (1, 3, 10, 30, 60, 120, 300)
JITTER = 0.2  # ± share of the wait, so that many infobases do not come back in one moment


def wait_s(tries: int, dice: float) -> float:
    """Seconds to wait after the `tries`-th failed attempt (1 is the first); `dice` is in [0, 1).

    >>> wait_s(1, 0.5), wait_s(99, 0.5), wait_s(2, 0.0)
    (1.0, 300.0, 2.4)
    """
    base = SCHEDULE_S[min(tries, len(SCHEDULE_S)) - 1]
    return round(base * (1 + JITTER * (2 * dice - 1)), 3)
