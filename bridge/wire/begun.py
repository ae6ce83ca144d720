"""A request that has left, and its answer that nobody waits for yet."""

from collections.abc import Callable
from typing import TypeVar

from bridge.wire.connection import Connection, Deadline
from bridge.wire.reading import Reply, plain_reply, read_reply
from bridge.wire_errors import FAILURES, wire_error

T = TypeVar("T")


class Begun:
    """Wait until `fileno` is readable or `ends_at` (monotonic) is over; then `come`, then `answer`."""

    def __init__(self, connection: Connection, deadline: Deadline) -> None:
        self.connection = connection
        self.deadline = deadline
        self.ends_at = deadline.at
        self._come = b""
        self._reply: Reply | None = None

    def fileno(self) -> int:
        return self.connection.fileno()

    def come(self) -> int:
        """Take what has come; the status if that is the whole of a plain answer, else 0."""
        try:
            come = self.connection.receive_at_once()
        except FAILURES:
            return 0  # who reads on meets it again
        plain = plain_reply(self.connection, self.deadline, come)
        if plain is None:
            self._come = come
            return 0
        self._reply = plain
        return plain.status if plain.at_hand else 0

    def read(self, finish: Callable[[Connection, Reply, Deadline], T]) -> T:
        """What `finish` makes of the head of the answer, which is waited for.

        Raises:
            WireError: it did not come.
        """
        try:
            reply = self._reply or read_reply(self.connection, self.deadline, self._come)
        except BaseException as error:
            self.connection.close()
            if isinstance(error, FAILURES):
                raise wire_error(error, sent=True) from None
            raise
        return finish(self.connection, reply, self.deadline)
