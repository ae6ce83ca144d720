"""What the console needs of the rest of the bridge; wiring supplies it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Literal, Protocol

from bridge.core.accounts import Accounts
from bridge.core.calls import Subscriber
from bridge.core.folded import Person
from bridge.core.overview import Heap, Overview
from bridge.core.tokens import Token


class Condition(StrEnum):
    """How a link is, or what is wrong enough to be told at the top of the first page."""

    HEARD = "heard"  # the exchange's hook spoke
    NEVER_HEARD = "never_heard"
    SILENT = "silent"  # and it is working time
    HEARS = "hears"  # 1C takes what it is told
    NOT_TOLD = "not_told"  # nothing was told yet
    FAULTS = "faults"  # 1C hears, and failed on the last one
    AWAY = "away"
    DENIED = "denied"
    COLLECTS = "collects"
    NOT_COLLECTED = "not_collected"
    ONLY_DIALS = "only_dials"
    DEAD = "dead"
    OLD = "old"
    STOPPED = "stopped"
    NOT_RECONCILED = "not_reconciled"


@dataclass(frozen=True, kw_only=True)
class Link:
    """One partner and how the road to it is. `ago_s`: since when, or how long ago it last worked."""

    kind: Literal["exchange", "infobase", "mailbox"]
    name: str
    condition: Condition
    ago_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something a person should do something about."""

    condition: Condition
    name: str
    count: int = 0
    ago_s: float | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Health:
    links: Sequence[Link]
    alarms: Sequence[Alarm]
    heaps: Sequence[Heap]


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One line of the settings page; `copied`: it is there to be pasted somewhere."""

    name: str
    value: str
    copied: bool = False


@dataclass(frozen=True, kw_only=True)
class SettingsGroup:
    title: str
    lines: Sequence[Setting]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A finding of the doctor; `grade` 0 good, 1 worth a look, 2 wrong."""

    link: str
    grade: int
    said: str
    advice: str


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """One message between two programs, as it was sent and answered; `about`: in a few words, what of."""

    title: str
    sent: str
    answered: str = ""
    took_ms: float = 0.0
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Played:
    """What came of a try in the sandbox, in the order of the road."""

    steps: Sequence[Exchanged]


@dataclass(frozen=True, kw_only=True)
class Telephone:
    """One that the bridge may have rung for an infobase; `handle` is what 1C would call it by."""

    infobase: str
    handle: str
    name: str
    extension: str


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a real call would be: `telephone` rings first, then `exchange` at `host` dials `number`.

    `refusal`: why the bridge would not dial; "" when nothing is known to forbid it.
    """

    telephone: Telephone
    number: str
    exchange: str
    host: str
    refusal: str


@dataclass(frozen=True, kw_only=True)
class Rung:
    """What came of a real call. `maybe`: a telephone may ring, whatever is said."""

    started: bool
    maybe: bool
    message: str
    code: int
    call_id: str
    steps: Sequence[Exchanged]


class RealCalls(Protocol):
    """`MakeCall` for whoever sits at the console, by the same road and under the same rules."""

    @property
    def telephones(self) -> Sequence[Telephone]: ...

    def prospect(self, infobase: str, handle: str, number: str) -> Prospect:
        """Nothing is dialled. Raises UnknownRecord when the infobase has no such telephone."""
        ...

    def dial(self, prospect: Prospect, *, asked_at: float) -> Rung:
        """At most once for what was asked at that unix time, however often it is called."""
        ...


class Counted(Protocol):
    """How many something concerned; unfinished while nobody has said."""

    count: int


class Sandbox(Protocol):
    """A bridge between a fake exchange and a fake 1C: nobody is rung, nothing is booked.

    `here`: it is the bridge of this console; if not, it forgets everything after `idle_s` without a try.
    """

    @property
    def here(self) -> bool: ...

    @property
    def idle_s(self) -> float: ...

    @property
    def people(self) -> Sequence[Subscriber]: ...

    @property
    def scenarios(self) -> Sequence[str]: ...

    @property
    def onec_away(self) -> bool: ...

    def dial(self, handle: str, number: str, *, russian: bool) -> Played: ...
    def ring(self, scenario: str, number: str, handle: str) -> Played: ...
    def switch_onec(self, *, away: bool) -> Played: ...


class TokenDesk(Protocol):
    """Where passwords of infobases are issued and revoked; what is done is written down there."""

    def listed(self) -> Sequence[Token]: ...
    def find(self, infobase: str, token_id: str) -> Token: ...
    def is_last(self, token: Token) -> bool: ...
    def issue(self, infobase: str, label: str, who: str) -> str: ...
    def revoke(self, token: Token, who: str) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Roads:
    """The roads that the pages open into.

    `name_of` names a person of an exchange; `missed_by` is whose a missed call is there; `record_link`
    makes the link to a recording, "" where there is none; `clean` takes the bridge's secrets out of a
    text; `lifetimes` are of replayed deliveries; `hurry` wakes whoever tells these infobases; `deed`
    writes down who does what about which thing, before it is done; `hook_address` gives an exchange's
    address for its cabinet, the secret inside; `logins` are of the infobases, by their names.
    """

    overview: Overview
    accounts: Accounts
    zone: tzinfo
    now: Callable[[], float]
    infobases: Sequence[str]
    people: Sequence[Subscriber]
    name_of: Callable[[str, Person], str]
    missed_by: Callable[[str], Literal["first", "last"]]
    health: Callable[[], Health]
    record_link: Callable[[str, str], str]
    clean: Callable[[str], str]
    lifetimes: Mapping[tuple[str, str], float]
    hurry: Callable[..., None]
    deed: Callable[[str, str, str], AbstractContextManager[Counted]]
    settings: Callable[[], Sequence[SettingsGroup]]
    hook_address: Callable[[str], str]
    exchanges: Sequence[str]
    logins: Mapping[str, str]
    tokens: TokenDesk
    real: RealCalls | None = None
    doctor: Callable[[], Iterator[Found]] | None = None
    sandbox: Callable[[], Sandbox] | None = None
