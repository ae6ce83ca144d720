"""A request that is answered in steps, so that no thread waits while it waits (`core/steps.py`)."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from bridge.core.steps import Awaited, Commit, Steps

IN_STEPS = "bridge.in_steps"  # in the environ: the application is called where nobody may wait
ASIDE: Iterable[bytes] = []  # its answer then, when it could only wait; nothing was done


class Stepped:
    """WSGI's iterable: whoever reads it takes the steps that are left.

    Args:
        steps: the last one calls `start_response` and gives the body.
    """

    def __init__(self, steps: Steps[Iterable[bytes]]) -> None:
        self._steps = steps
        self._body: Iterable[bytes] = ()
        self._error: BaseException | None = None
        self.awaited: Awaited | None = None
        self.go_on()

    def settle(self) -> None:
        """Wait for a commit, if one is awaited. Never raises: the next step meets it again."""
        if isinstance(self.awaited, Commit):
            with suppress(Exception):
                self.awaited.wait()

    def go_on(self) -> Awaited | None:
        """Take the next step; what the one behind it waits for, None: the answer is known."""
        try:
            self.awaited = next(self._steps)
        except StopIteration as end:
            self.awaited, self._body = None, end.value
        except BaseException as error:  # noqa: BLE001 - raised where it is expected
            self.awaited, self._error = None, error
        return self.awaited

    def finish(self) -> None:
        """Take all that are left."""
        while self.awaited is not None:
            self.go_on()

    def __iter__(self) -> Iterator[bytes]:
        self.finish()
        if self._error is not None:
            raise self._error
        return iter(self._body)
