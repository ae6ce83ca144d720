"""The checker: what was acknowledged, against what 1C heard and what the database says of the rest.

It knows nothing of the bridge's code. An event is its body: the same text posted twice is the same
event. Times are unix seconds of one machine's clock.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

SLACK_S = 1.5  # of scheduling on a loaded machine, added to every window in time
SHOWN = 5  # findings of a kind in the text of a report
ENDS = ("HANGUP", "END")
ORDER = ("START", "IVR", "PREANSWER", "ANSWER", "HANGUP", "END")
ID_TAIL = ', "bridgeEventId": '
FREEZES = ("1c frozen", "bridge frozen")


@dataclass(frozen=True, kw_only=True)
class Post:
    """One attempt to post. `acked_at` is None when no 200 came: whether it was kept nobody knows."""

    exchange: str
    body: str
    sent_at: float
    acked_at: float | None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What 1C heard; a list of these is in the order of hearing."""

    infobase: str
    parameters: Mapping[str, str]
    event_id: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A delivery as the database shows it. `replayed`: a person sent it again."""

    infobase: str
    event_id: str
    body: str
    state: str
    reason: str
    created_at: float
    expires_at: float
    done_at: float | None
    replayed: bool = False


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the test did. `room`: the repetitions it can explain at each of `infobases` (empty: of all)."""

    kind: str
    at: float
    until: float
    room: int = 0
    infobases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Listener:
    """An infobase under test: what it hears of which exchange, and how long a call to it may take."""

    name: str
    exchange: str
    contract: str = "vatscalls"
    popup_lifetime_s: float = 30.0
    timeout_s: float = 3.0


@dataclass(frozen=True)
class Event:
    """A body and what it says."""

    exchange: str
    body: str

    @cached_property
    def says(self) -> dict[str, Any]:
        return json.loads(self.body)  # type: ignore[no-any-return]

    @property
    def call(self) -> str:
        return str(self.says["uuid"])

    @property
    def popup(self) -> bool:
        return self.says["state"] == "PREANSWER"

    @property
    def place(self) -> tuple[int, int]:
        return self.says["time"], ORDER.index(self.says["state"])

    def __str__(self) -> str:
        return f"{self.call}/{self.says['state']}"


@dataclass(kw_only=True)
class Report:
    """Everything but `figures` must be empty, or the promise is broken."""

    lost: list[str] = field(default_factory=list)  # acknowledged, and neither heard nor accounted for
    undrained: list[str] = field(default_factory=list)  # still queued when everything had time to end
    ended_wrongly: list[str] = field(default_factory=list)  # expired, superseded or dead without cause
    disordered: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)  # that no fault explains
    stale_popups: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)  # heard or kept, and never sent
    corrupted: list[str] = field(default_factory=list)
    misnumbered: list[str] = field(default_factory=list)  # one event under two ids, or two under one
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def findings(self) -> dict[str, list[str]]:
        return {name: found for name, found in asdict(self).items() if name != "figures"}

    @property
    def clean(self) -> bool:
        return not any(self.findings.values())

    def as_json(self) -> str:
        return json.dumps({"clean": self.clean, **asdict(self)}, ensure_ascii=False, indent=1)

    def __str__(self) -> str:
        lines = [f"{name:>24}  {value}" for name, value in self.figures.items()]
        for name, found in self.findings.items():
            lines.append(f"{name:>24}  {len(found)}")
            lines += [f"{'':>24}    {one}" for one in found[:SHOWN]]
        return "\n".join([*lines, f"{'':>24}  {'CLEAN' if self.clean else 'BROKEN'}"])


@dataclass(kw_only=True)
class Ledger:
    """Fill it, then ask `report`."""

    listeners: Sequence[Listener]
    posts: list[Post] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    poison: str = "\0"  # 1C never takes a body with this text: it may end as a dead letter

    def report(self) -> Report:
        return _Check(self).run()


class _Check:
    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.found = Report()
        self.by_name = {one.name: one for one in ledger.listeners}
        self.sent_at: dict[Event, float] = {}
        self.acked_at: dict[Event, float] = {}
        for post in ledger.posts:
            event = Event(post.exchange, post.body)
            self.sent_at[event] = min(post.sent_at, self.sent_at.get(event, post.sent_at))
            if post.acked_at is not None:
                self.acked_at[event] = min(post.acked_at, self.acked_at.get(event, post.acked_at))
        self.by_body = {event.body: event for event in self.sent_at}
        self.by_words = {(event.call, event.says["state"]): event for event in self.sent_at}
        self.by_ring = {
            (event.exchange, event.says["from"], event.says["userkey"]): event
            for event in self.sent_at
            if event.popup
        }
        # (infobase, event) -> when it was heard, and its place among everything heard there
        self.heard: dict[tuple[str, Event], list[tuple[float, int]]] = defaultdict(list)
        self.rows = {(row.infobase, row.body): row for row in ledger.kept}

    def run(self) -> Report:
        self._recognise()
        self._account()
        self._order()
        self._repetitions()
        self._popups()
        self._measure()
        return self.found

    # --- who said what -----------------------------------------------------------------------------
    def _recognise(self) -> None:
        numbers: dict[Event, set[str]] = defaultdict(set)
        events: dict[str, set[Event]] = defaultdict(set)
        for place, told in enumerate(self.ledger.told):
            event = self._event_of(told)
            if event is not None:
                self.heard[told.infobase, event].append((told.at, place))
                numbers[event].add(told.event_id)
                events[told.event_id].add(event)
        for row in self.ledger.kept:
            event = self.by_body.get(row.body)
            if event is None:
                self.found.invented.append(f"in the database: {row.body[:120]}")
            else:
                numbers[event].add(row.event_id)
                events[row.event_id].add(event)
        self.found.misnumbered += [f"{one} is {sorted(ids)}" for one, ids in numbers.items() if len(ids) > 1]
        self.found.misnumbered += [
            f"{number} is {', '.join(map(str, ones))}" for number, ones in events.items() if len(ones) > 1
        ]

    def _event_of(self, told: Told) -> Event | None:
        listener = self.by_name[told.infobase]
        if listener.contract == "vats":
            ring = (listener.exchange, told.parameters["NumFrom"], told.parameters["Key"])
            if ring not in self.by_ring:
                self.found.invented.append(f"{told.infobase}: IncomingCall {told.event_id}")
            return self.by_ring.get(ring)
        data = told.parameters["Data"]
        ours, tail, number = data.rpartition(ID_TAIL)
        if tail and number == f"{told.event_id}}}" and (event := self.by_body.get(ours + "}")):
            return event
        return self._damaged(told.infobase, data)

    def _damaged(self, infobase: str, data: str) -> Event | None:
        try:
            says = json.loads(data)
            event = self.by_words.get((says["uuid"], says["state"]))
        except (ValueError, KeyError, TypeError):
            event = None
        where = self.found.corrupted if event else self.found.invented
        where.append(f"{infobase}: {data[:200]}")
        return event

    # --- nothing is lost -----------------------------------------------------------------------------
    def _account(self) -> None:
        for event in self.acked_at:
            for listener in self._audience(event):
                if (listener.name, event) not in self.heard:
                    self._unheard(listener, event)

    def _audience(self, event: Event) -> list[Listener]:
        return [
            one
            for one in self.ledger.listeners
            if one.exchange == event.exchange and (event.popup or one.contract == "vatscalls")
        ]

    def _unheard(self, listener: Listener, event: Event) -> None:
        row = self.rows.get((listener.name, event.body))
        name = f"{listener.name}: {event}"
        if row is None:
            self.found.lost.append(f"{name}: not in the database")
        elif row.state == "delivered":
            self.found.lost.append(f"{name}: said to be delivered, never heard")
        elif row.state == "queued":
            self.found.undrained.append(f"{name}: {row.reason}")
        elif not self._ended_rightly(row, listener, event):
            self.found.ended_wrongly.append(f"{name}: {row.state}, {row.reason}")

    def _ended_rightly(self, row: Kept, listener: Listener, event: Event) -> bool:
        match row.state:
            case "expired":
                return event.popup and row.done_at is not None and row.done_at >= row.expires_at
            case "superseded":
                ends = [self.by_words.get((event.call, state)) for state in ENDS]
                return event.popup and any(end and (listener.name, end) in self.heard for end in ends)
            case "dead":
                return bool(row.reason) and self.ledger.poison in event.body
        return False

    # --- in order ------------------------------------------------------------------------------------
    def _order(self) -> None:
        """First hearings of a call follow (time, rank).

        Of two heard the wrong way round, the later-sorting one is to blame only if the other was
        acknowledged before it could have been chosen: before it was sent to us at all, or longer
        before its hearing than a call to 1C may be under way.
        """
        lanes: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for infobase, event in self.heard:
            lanes[infobase, event.call].append(event)
        for (infobase, _), events in lanes.items():
            for first in events:
                for second in events:
                    if first.place < second.place and self._overtaken(infobase, first, second):
                        self.found.disordered.append(f"{infobase}: {second} before {first}")

    def _overtaken(self, infobase: str, first: Event, second: Event) -> bool:
        (_, place), (chosen_by, other) = self.heard[infobase, first][0], self.heard[infobase, second][0]
        row = self.rows.get((infobase, first.body))
        if place < other or first not in self.acked_at or (row and row.replayed):
            return False
        under_way_s = self.by_name[infobase].timeout_s + SLACK_S
        for fault in self.ledger.faults:
            if fault.kind in FREEZES and fault.at - under_way_s <= chosen_by <= fault.until + under_way_s:
                under_way_s += fault.until - fault.at
        return self.acked_at[first] < max(self.sent_at[second], chosen_by - under_way_s)

    # --- once ----------------------------------------------------------------------------------------
    def _repetitions(self) -> None:
        """A repetition is explained by a fault between 1C's hearing and our commit, while it has room."""
        room = {
            (place, infobase): fault.room
            for place, fault in enumerate(self.ledger.faults)
            for infobase in fault.infobases or self.by_name
        }
        repeated = sorted(
            (at, infobase, str(event))
            for (infobase, event), times in self.heard.items()
            for at, _ in times[:-1]
        )
        self.found.figures["repetitions"] = len(repeated)
        by_end = sorted(enumerate(self.ledger.faults), key=lambda one: one[1].until)
        for at, infobase, name in repeated:
            until = at + self.by_name[infobase].timeout_s + SLACK_S
            for place, fault in by_end:
                if fault.at <= until and fault.until >= at - SLACK_S and room.get((place, infobase), 0) > 0:
                    room[place, infobase] -= 1
                    break
            else:
                self.found.duplicates.append(f"{infobase}: {name} heard again after {at:.3f}")

    # --- a popup is not told when it is history ------------------------------------------------------
    def _popups(self) -> None:
        for (infobase, event), times in self.heard.items():
            row = self.rows.get((infobase, event.body))
            accepted_at = self.acked_at.get(event, row.created_at if row else None)
            if not event.popup or accepted_at is None or (row and row.replayed):
                continue
            listener = self.by_name[infobase]
            latest = accepted_at + listener.popup_lifetime_s + listener.timeout_s + SLACK_S
            for at, _ in times:
                # sent in time to a 1C that was frozen, it lies in the network until 1C thaws
                frozen = any(
                    fault.kind in FREEZES and fault.at <= latest and fault.until >= at - SLACK_S
                    for fault in self.ledger.faults
                )
                if at > latest and not frozen:
                    self.found.stale_popups.append(f"{infobase}: {event} {at - accepted_at:.1f} s after")

    # --- how fast: shown, never judged ---------------------------------------------------------------
    def _measure(self) -> None:
        figures = self.found.figures
        figures["posted"] = len(self.ledger.posts)
        figures["events"] = len(self.sent_at)
        figures["acknowledged"] = len(self.acked_at)
        figures["maybe"] = len(self.sent_at) - len(self.acked_at)
        figures["heard"] = len(self.ledger.told)
        figures["heard_once_at_least"] = len(self.heard)
        for state in ("delivered", "expired", "superseded", "dead", "queued"):
            figures[f"kept_{state}"] = sum(row.state == state for row in self.ledger.kept)
        faults: dict[str, int] = defaultdict(int)
        for fault in self.ledger.faults:
            faults[fault.kind] += 1
        figures["faults"] = dict(faults)
        acks = [one.acked_at - one.sent_at for one in self.ledger.posts if one.acked_at is not None]
        waits = [
            max(0.0, times[0][0] - self.acked_at[event])
            for (_, event), times in self.heard.items()
            if event in self.acked_at
        ]
        figures["ack_ms_p50_p99"] = _percentiles(acks)
        figures["acknowledged_to_heard_ms_p50_p99"] = _percentiles(waits)


def _percentiles(seconds: list[float]) -> tuple[float, float]:
    ordered = sorted(seconds) or [0.0]
    return tuple(round(ordered[int(len(ordered) * part)] * 1000, 1) for part in (0.5, 0.99))  # type: ignore[return-value]
