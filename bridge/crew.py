"""Threads that take pieces of work as they are free; made when they are needed, kept until the end."""

import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]  # it never raises


class Crew:
    """At most `size` threads called `name`."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._idle = 0  # threads that wait and have been given nothing
        self._left = 0  # pieces given and not done
        self._guard = threading.Lock()
        self._done = threading.Condition(self._guard)

    def give(self, work: Work) -> None:
        """Begun at once, unless all of the crew are busy.

        Raises:
            RuntimeError: the machine has no thread left, and the crew none at all.
        """
        with self._guard:
            if self._idle:
                self._idle -= 1
            elif len(self._threads) < self._size:
                self._grow()
            self._left += 1
        self._queue.put(work)

    def _grow(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            if not self._threads:
                raise
        else:
            self._threads.append(thread)

    def stop(self) -> None:
        """Wait until all is done, also what is given by it; give nothing more."""
        with self._guard:
            self._done.wait_for(lambda: not self._left)
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            try:
                work()
            finally:  # a defect that ends this thread must not keep the crew from stopping
                with self._guard:
                    self._left -= 1
                    if not self._left:
                        self._done.notify_all()
            with self._guard:
                self._idle += 1
