"""Stopping politely: the first signal drains, the second one ends at once."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType

EXIT_FORCED = 130


def on_stop(drain: Callable[[], None], *, at_once: Callable[[], None] = lambda: None) -> None:
    """Call `drain` at the first SIGTERM, SIGINT or (Windows services) SIGBREAK.

    `at_once` is called at the second one, before the process ends.
    """
    asked = False

    def handle(_: int, __: FrameType | None) -> None:
        nonlocal asked
        if asked:
            at_once()
            os._exit(EXIT_FORCED)
        asked = True
        drain()

    signals = [signal.SIGTERM, signal.SIGINT]
    if sys.platform == "win32":
        signals.append(signal.SIGBREAK)
    for number in signals:
        signal.signal(number, handle)
