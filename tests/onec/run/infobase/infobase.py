"""The infobase: one store, users, catalogs of the firm, a clock that a test moves."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from onec.bsl.parser import CLIENT, SERVER, parse
from onec.bsl.tree import Module
from onec.run.eventlog import EventLog
from onec.run.infobase import constants, records
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.dump import Dump
from onec.run.infobase.jobs import in_use
from onec.run.infobase.records import RecordManager
from onec.run.infobase.session import Session
from onec.run.infobase.store import Row, Store
from onec.run.objects import OnecError, Unsupported, Value

SAMPLES = Path(__file__).parents[4] / "onec_samples"
SYMBOLS = {"server": SERVER, "client": CLIENT}


@dataclass(frozen=True, kw_only=True)
class User:
    """`full`: an administrator. `rights`: what roles of the firm's own configuration give besides."""

    name: str
    password: str = ""
    roles: tuple[str, ...] = ()
    full: bool = False
    rights: frozenset[tuple[str, str]] = frozenset()
    granted: frozenset[tuple[str, str]] = field(default=frozenset(), repr=False)

    def may(self, thing: str, right: str) -> bool:
        return self.full or (thing, right) in self.granted or (thing, right) in self.rights


class Clock:
    """Local time that stands still until a test moves it; begins now, as the bridge's own clock does."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self.now = datetime.now(self._zone).replace(tzinfo=None, microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def unix(self) -> float:
        """The same as the exchange writes it."""
        return self.now.replace(tzinfo=self._zone).timestamp()

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Infobase:
    """Made from a dump; safe for several sessions at once.

    Args:
        catalogs: of the firm's own configuration.
        configuration: its name.
    """

    def __init__(
        self,
        folder: Path = SAMPLES / "extension",
        *,
        users: Iterable[User] = (),
        catalogs: Sequence[Catalog] = (),
        configuration: str = "БухгалтерияПредприятия",
        zone: str = "Asia/Krasnoyarsk",
    ) -> None:
        self.dump = _dump(folder)
        self.users = {one.name: self.with_rights(one) for one in users}
        self.catalogs = catalogs
        self.configuration = configuration
        self.store = Store()
        self.event_log = EventLog()
        self.zone = zone
        self.safe_mode = False  # the extension's own flag, on when an administrator has not taken it off
        self.faults = "read"  # whether a Fault inside an HTTP 401 is seen: see World
        self.clock = Clock(zone)
        self.defects: list[str] = []
        self.job_errors: list[str] = []

    def session(self, user: str) -> Session:
        return Session(self, self.users[user])

    def administration(self) -> Session:
        """A session that may do everything: for tests that set things up and look at them."""
        return Session(self, User(name="", full=True))

    def tree(self, path: str, text: str, side: str) -> Module:
        return _tree(path, text, side)

    def rows(self, register: str) -> list[Row]:
        """What is committed in a register."""
        known = self.dump.registers[register]
        return list(self.administration().connection.rows(records.table_of(known)))

    def constant(self, name: str) -> Value:
        return constants.read(self.administration(), self.dump.constants[name])

    def set_constant(self, name: str, value: Value) -> None:
        constants.write(self.administration(), self.dump.constants[name], value)

    def add_row(self, register: str, **values: Value) -> None:
        record = RecordManager(self.administration(), self.dump.registers[register])
        for name, value in values.items():
            record.set(name, value)
        record.call("Записать", [])

    def run_jobs(self) -> list[str]:
        """Run each scheduled job that is switched on once; returns their names."""
        session = self.administration()
        return [one.name for one in self.dump.jobs.values() if in_use(session, one) and self._run(one.method)]

    def job_in_use(self, name: str) -> bool:
        return in_use(self.administration(), self.dump.jobs[name])

    def _run(self, method: str) -> bool:
        """As the user a job without a user runs as: everything is allowed, the name is empty."""
        module, _, name = method.partition(".")
        try:
            self.administration().call(module, name)
        except OnecError as error:
            self.job_errors.append(error.text)
        return True

    def with_rights(self, user: User) -> User:
        """The user with what the roles of the dump grant."""
        granted: set[tuple[str, str]] = set()
        for role in user.roles:
            if role not in self.dump.roles:
                raise Unsupported(f"роль {role}")
            granted |= self.dump.roles[role].rights
        return User(
            name=user.name,
            password=user.password,
            roles=user.roles,
            full=user.full,
            rights=user.rights,
            granted=frozenset(granted),
        )


@cache
def _tree(path: str, text: str, side: str) -> Module:
    """A tree does not change: every infobase of a test run shares it."""
    return parse(text, path, symbols=SYMBOLS[side])


@cache
def _dump(folder: Path) -> Dump:
    """Neither does a dump."""
    return Dump(folder)
