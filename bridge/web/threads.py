"""The threads that serve requests: one computes at a time, as many as there are may wait.

Waitress wakes a thread for each request as it comes, the longest idle first. All of them then wait for
the interpreter, and each call of the system that lets it go wakes one more: at 64 connections, sixteen
futexes a request and a third of the processor (measured on 3.0.2). Here a request is left for the thread
that is at work, unless it waits (`bridge/pausing.py`) or seems to; and the last that became idle is woken
first, for its memory is warm.
"""

import math
import threading
import time
from collections import deque
from typing import Any

from bridge.observe import log
from bridge.pausing import serving

PATIENCE_S = 0.005  # without any request begun, though some wait: whoever is at work must be waiting


class Threads:
    """A `ThreadedTaskDispatcher` of waitress: tasks have `service` and `cancel`."""

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._tasks: deque[Any] = deque()
        self._idle: list[threading.Lock] = []  # each held; its thread sleeps on it
        self._working = count  # awake and not paused
        self._begun_at = time.monotonic()  # when the last request was
        self._waits_since = math.inf  # monotonic: the loop saw one wait, and ever since
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._live, name=f"waitress-{number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def add_task(self, task: Any) -> None:
        """It waits for `give`, or for a thread that ends another."""
        self._tasks.append(task)

    def give(self) -> float:
        """Wake whoever is needed for what waits; returns in how many seconds to ask again."""
        if not self._tasks:
            self._waits_since = math.inf
            return math.inf
        with self._lock:
            wanted = self._wanted()
            waking = [self._idle.pop() for _ in range(min(wanted, len(self._idle)))]
            self._working += len(waking)
        for asleep in waking:
            asleep.release()
        return PATIENCE_S

    def leave(self) -> None:
        """The thread that calls will wait for somebody."""
        asleep = None
        with self._lock:
            self._working -= 1
            if self._tasks and self._idle and not self._working:
                asleep = self._idle.pop()
                self._working += 1
        if asleep:
            asleep.release()

    def come_back(self) -> None:
        """It has waited long enough."""
        with self._lock:
            self._working += 1

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Let each thread finish its request; those that wait are cancelled."""
        with self._lock:
            self._stopping = True
            waiting = list(self._tasks) if cancel_pending else []
            if cancel_pending:
                self._tasks.clear()
            idle, self._idle = self._idle, []
        for asleep in idle:
            asleep.release()
        until = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        for task in waiting:
            task.cancel()
        return bool(waiting)

    def _wanted(self) -> int:
        now = time.monotonic()
        self._waits_since = min(self._waits_since, now)
        if now - max(self._waits_since, self._begun_at) > PATIENCE_S:
            self._waits_since = now
            return len(self._tasks)
        return 0 if self._working and now - self._begun_at <= PATIENCE_S else 1

    def _live(self) -> None:
        serving(self)
        asleep = threading.Lock()
        asleep.acquire()
        while True:
            with self._lock:
                task = self._tasks.popleft() if self._tasks else None
                if task is None:
                    self._working -= 1
                    if self._stopping:
                        return
                    self._idle.append(asleep)
                else:
                    self._begun_at = time.monotonic()
            if task is None:
                asleep.acquire()
                continue
            _serve(task)


def _serve(task: Any) -> None:
    try:
        task.service()
    except BaseException as error:  # noqa: BLE001 - the thread must live to serve the next
        log.error("serving_incident", exc_info=error)
