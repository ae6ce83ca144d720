"""Обещание: what a method with Асинх returns, and what Ждать takes the value of.

A method runs to its end when it is called: nothing here ever waits, so a promise is always settled. What
Ждать gives is therefore right; the order of statements of two methods that both wait is not the platform's.
"""

from onec.run.objects import OnecError, PlatformObject, Value


class Promise(PlatformObject):
    type_name = "Обещание"

    def __init__(self) -> None:
        self._value: Value = None
        self.error: OnecError | None = None

    def keep(self, value: Value) -> None:
        self._value = value

    def break_(self, error: OnecError) -> None:
        self.error = error

    def result(self) -> Value:
        if self.error is not None:
            raise self.error
        return self._value


def kept(value: Value) -> Promise:
    """A promise that is already kept."""
    promise = Promise()
    promise.keep(value)
    return promise
