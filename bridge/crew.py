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
        self._idle = 0  # threads that wait, less the pieces that wait for one
        self._left = 0  # pieces given and not done
        self._guard = threading.Lock()
        self._done = threading.Condition(self._guard)

    def give(self, work: Work) -> None:
        """Begun at once, unless all of the crew are busy.

        Raises:
            RuntimeError: the machine has no thread left, and the crew none at all.
        """
        with self._guard:
            if not self._found():
                if not self._threads:
                    raise RuntimeError("no thread for any work")
                self._idle -= 1
            self._left += 1
        self._queue.put(work)

    def begin(self, work: Work) -> bool:
        """As `give`, if it is begun at once; else False, and nothing was given."""
        with self._guard:
            if not self._found():
                return False
            self._left += 1
        self._queue.put(work)
        return True

    def _found(self) -> bool:
        """Whether there is a thread for one more piece of work; it is that piece's from now on."""
        if self._idle > 0:
            self._idle -= 1
            return True
        if len(self._threads) == self._size:
            return False
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the machine has none left
            return False
        self._threads.append(thread)
        return True

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
