"""Threads that take pieces of work as they are free; made when they are needed, kept until the end.

Whoever was free last is given the next piece: its memory is still near, and the others sleep on.
"""

import threading
from collections import deque
from collections.abc import Callable

Work = Callable[[], None]  # it never raises


class _Member:
    """A thread, and what it does next; None: it goes."""

    __slots__ = ("turn", "work")

    def __init__(self, work: Work) -> None:
        self.work: Work | None = work
        self.turn = threading.Lock()  # released when there is something to do
        self.turn.acquire()


class Crew:
    """At most `size` threads called `name`."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._queue: deque[Work] = deque()
        self._threads: list[threading.Thread] = []
        self._idle: list[_Member] = []
        self._left = 0  # pieces given and not done
        self._stopped = False
        self._guard = threading.Lock()
        self._done = threading.Condition(self._guard)

    def give(self, work: Work) -> None:
        """Begun at once, unless all of the crew are busy.

        Raises:
            RuntimeError: the machine has no thread left, and the crew none at all.
        """
        with self._guard:
            if not self._begun(work):
                if not self._threads:
                    raise RuntimeError("no thread for any work")
                self._queue.append(work)
            self._left += 1

    def begin(self, work: Work) -> bool:
        """As `give`, if it is begun at once; else False, and nothing was given."""
        with self._guard:
            begun = self._begun(work)
            self._left += begun
        return begun

    def _begun(self, work: Work) -> bool:
        """By a thread that is free, or a new one. The guard is held."""
        if self._idle:
            member = self._idle.pop()
            member.work = work
            member.turn.release()
            return True
        if len(self._threads) == self._size:
            return False
        thread = threading.Thread(target=self._run, args=(_Member(work),), name=self._name, daemon=True)
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
            self._stopped = True
            for member in self._idle:
                member.work = None
                member.turn.release()
            self._idle.clear()
        for thread in self._threads:
            thread.join()

    def _run(self, member: _Member) -> None:
        while member.work is not None:
            try:
                member.work()
            finally:  # a defect that ends this thread must not keep the crew from stopping
                with self._guard:
                    self._left -= 1
                    if not self._left:
                        self._done.notify_all()
            with self._guard:
                if self._stopped:
                    return
                if self._queue:
                    member.work = self._queue.popleft()
                    continue
                self._idle.append(member)
            member.turn.acquire()
