"""How a process sits on its machine: its core, the turns of its threads, what its collector looks at."""

import gc
import os
import sys
from contextlib import suppress

from bridge.turns import SWITCH_S


def cores() -> list[int]:
    """Those that this process may use; none where the system does not tell."""
    if not hasattr(os, "sched_getaffinity"):
        return []
    with suppress(OSError):
        return sorted(os.sched_getaffinity(0))
    return []


def stay_on_one_core() -> None:
    """For this thread and those that it will start; nothing where there is one only, or none is told.

    Threads of Python compute one at a time: on several cores they only hand the interpreter, and cold
    memory, to each other (docs/decisions/0021). Which core is by chance, for the sake of the neighbours.
    """
    mine = cores()
    if len(mine) > 1:
        with suppress(OSError):  # slower, not worse
            os.sched_setaffinity(0, {mine[os.getpid() % len(mine)]})


def started() -> None:
    """What is here now stays: the collector need not go through it again, nor a forked child copy it.

    It is frozen uncollected: to find half a megabyte of garbage costs a tenth of the start. The collector,
    which need not run before, begins now, and so do the turns of threads.
    """
    gc.freeze()
    gc.enable()
    sys.setswitchinterval(SWITCH_S)
