"""What a running module finds around itself: the infobase, or nothing but a platform."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from onec.run.eventlog import EventLog
from onec.run.objects import MISSING, Value
from onec.run.reference import ByReference


class World(Protocol):
    """The part of the global context that is not the platform's own.

    `side` is "server", "client" (a thin client) or "thick".
    """

    authorities: str | bool  # whose certificates are trusted: a file, or True for those of the system
    event_log: EventLog
    faults: str  # "read" or "status": what 1C tells of an answer 401 that holds a Fault, which is unknown
    zone: str  # of the session, as IANA calls it

    def clock(self) -> datetime:
        """The time of the session's zone now, naive; a date of 1C keeps whole seconds of it."""

    def global_property(self, name: str, side: str) -> Value:
        """A common module, Справочники, Константы, …; `MISSING` when there is none called so."""

    def global_method(self, name: str, side: str) -> Callable[..., Value] | ByReference | None:
        """A function that takes values (an argument left out is `MISSING`), or a `ByReference`; or None."""

    def new(self, type_name: str, arguments: list[Value], side: str) -> Value | None:
        """`Новый type_name(arguments)` of a type the world adds; None when it adds no such type."""


class PlainWorld:
    """A platform without an infobase: for the texts of modules/.

    Args:
        properties: what stands as a global property: a common module, WSСсылки, …
        methods: global methods that are not the platform's, or that a person answers: Вопрос, …
    """

    def __init__(
        self,
        properties: dict[str, Value] | None = None,
        methods: dict[str, Callable[..., Value] | ByReference] | None = None,
        *,
        zone: str = "Europe/Moscow",
        faults: str = "read",
        authorities: str | bool = True,
    ) -> None:
        self.event_log = EventLog()
        self.zone = zone
        self.faults = faults
        self.authorities = authorities
        self._properties = {name.casefold(): value for name, value in (properties or {}).items()}
        self._methods = {name.casefold(): value for name, value in (methods or {}).items()}

    def clock(self) -> datetime:
        return datetime.now(ZoneInfo(self.zone)).replace(tzinfo=None)

    def global_property(self, name: str, side: str) -> Value:
        return self._properties.get(name.casefold(), MISSING)

    def global_method(self, name: str, side: str) -> Callable[..., Value] | ByReference | None:
        return self._methods.get(name.casefold())

    def new(self, type_name: str, arguments: list[Value], side: str) -> Value | None:
        return None
