"""What the objects of data ask of the session they live in."""

from typing import Protocol

from onec.run.infobase.store import Connection
from onec.run.objects import OnecError, Value

NO_RIGHT = "Нарушение прав доступа!"


class Surroundings(Protocol):
    """A session at the server."""

    connection: Connection

    def allowed(self, thing: str, right: str) -> bool:
        """Whether the user may, by roles: `allowed("Constant.X", "Read")`."""

    def make(self, type_name: str, *arguments: Value) -> Value:
        """A value of the platform: Структура, Массив, ТаблицаЗначений, …"""


def demand(session: Surroundings, thing: str, right: str) -> None:
    """Raises OnecError with 1C's text when the user may not."""
    if not session.allowed(thing, right):
        session.connection.fail()
        raise OnecError(NO_RIGHT)
