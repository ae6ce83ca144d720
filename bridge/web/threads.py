"""The threads that serve requests: one computes at a time, as many as there are may wait.

Waitress wakes a thread for each request as it comes, the longest idle first. All of them then wait for
the interpreter, and each call of the system that lets it go wakes one more: at 64 connections, sixteen
futexes a request and a third of the processor (measured on 3.0.2). Here a request is left for the thread
that is at work, unless it waits (`bridge/pausing.py`) or seems to; and the last that became idle is woken
first, for its memory is warm. A thread is started when no idle one is left to wake: each costs some 20 KB of
memory and its part of the start, and few bridges ever need all of them.
"""

import math
import threading
import time
from collections import deque
from typing import Any

from bridge.observe import log
from bridge.pausing import serving

FIRST = 4  # threads, before anybody asks
PATIENCE_S = 0.005  # without any request begun, though some wait: whoever is at work must be waiting


class Threads:
    """A `ThreadedTaskDispatcher` of waitress: tasks have `service` and `cancel`.

    Args:
        most: threads, when as many requests wait for somebody.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._tasks: deque[Any] = deque()
        self._idle: list[threading.Lock] = []  # each held; its thread sleeps on it
        self._working = 0  # awake and not paused
        self._begun_at = time.monotonic()  # when the last request was
        self._waits_since = math.inf  # monotonic: the loop saw one wait, and ever since
        self._stopping = False
        self._threads: list[threading.Thread] = []
        with self._lock:
            born = self._born(min(FIRST, most))
        for thread in born:
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
            asleep, born = self._summoned(self._wanted())
        self._wake(asleep, born)
        return PATIENCE_S

    def leave(self) -> None:
        """The thread that calls will wait for somebody."""
        with self._lock:
            self._working -= 1
            asleep, born = self._summoned(1 if self._tasks and not self._working else 0)
        self._wake(asleep, born)

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
            if thread.is_alive():  # one that is being started sees by itself that it is over
                thread.join(max(0.0, until - time.monotonic()))
        for task in waiting:
            task.cancel()
        return bool(waiting)

    def _summoned(self, wanted: int) -> tuple[list[threading.Lock], list[threading.Thread]]:
        """Whom to wake and, where idle ones are short, to start; they work from now on. The lock is held."""
        asleep = [self._idle.pop() for _ in range(min(wanted, len(self._idle)))]
        self._working += len(asleep)
        short = 0 if self._stopping else min(wanted - len(asleep), self._most - len(self._threads))
        return asleep, self._born(short)

    def _born(self, count: int) -> list[threading.Thread]:
        born = [
            threading.Thread(target=self._live, name=f"waitress-{len(self._threads) + number}", daemon=True)
            for number in range(count)
        ]
        self._threads += born
        self._working += count
        return born

    def _wake(self, asleep: list[threading.Lock], born: list[threading.Thread]) -> None:
        for one in asleep:
            one.release()
        for thread in born:
            try:
                thread.start()
            except RuntimeError as error:  # the system has no more for us: those that there are serve
                with self._lock:
                    self._threads.remove(thread)
                    self._working -= 1
                    self._most = len(self._threads)
                log.error("thread_not_started", threads=self._most, reason=str(error))

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
