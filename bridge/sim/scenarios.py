"""What the exchange says while a call happens: whole sequences of hook events, as pure functions.

Nothing here knows the clock or chance: they come in with the `Cast`, so the same cast always gives
the same bytes. Fields and traps are those of Mobilon's events as its own 1C extension receives
them (TelephonyMobilon extension, 2019-12-12).
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.core.calls import CallState, Direction, Subscriber

Event = dict[str, Any]  # the JSON of one hook, or the two GET parameters of the old hook
Scenario = Callable[["Cast"], list[Event]]


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who takes part, when it begins, and the seed of what chance would decide."""

    subscribers: tuple[Subscriber, ...]  # the first is the one who is called
    uuid: str
    time_s: int
    seed: int = 0
    caller: str = "89160000001"
    did: str = "83912000000"  # the firm's own number, that the client dialled
    utm: str = ""

    def chance(self) -> random.Random:
        return random.Random(self.seed)  # noqa: S311 a play, not a secret

    def other(self) -> Subscriber:
        """The second subscriber, for a transfer or a group; invented when there is only one."""
        invented = Subscriber(name="Сменщик", key="k0000000000000bb", extension="247")
        return self.subscribers[1] if len(self.subscribers) > 1 else invented


@dataclass(kw_only=True)
class _Script:
    """Writes a sequence down, event by event; every call leg is an Asterisk channel of its own."""

    cast: Cast
    direction: Direction = Direction.INCOMING
    caller: str
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.clock_s = self.cast.time_s
        self.channel = self.cast.chance().randrange(10_000, 90_000)
        self.baseid = self.leg()

    def leg(self) -> str:
        """The uniqueid of a new channel, for example ``1565770000.25643``."""
        self.channel += 1
        return f"{self.cast.time_s}.{self.channel - 1}"

    def say(
        self, state: CallState, to: str, *, subid: str = "", rung: Subscriber | None = None, **more: str
    ) -> None:
        event: Event = {
            "uuid": self.cast.uuid,
            "baseid": self.baseid,
            "subid": subid or self.baseid,
            "state": state.value,
            "direction": self.direction.value,
            "from": self.caller,
            "to": to,
        }
        if rung is not None:  # userkey is absent when nobody was rung
            event["userkey"] = rung.key
        event |= {"time": self.clock_s, **more}
        if self.cast.utm and state in (CallState.START, CallState.PREANSWER):
            event["utmString"] = self.cast.utm
        self.events.append(event)

    def ring(self, who: Subscriber) -> str:
        """A telephone rings a second later; returns its leg."""
        self.clock_s += 1
        subid = self.leg()
        self.say(CallState.PREANSWER, who.extension, subid=subid, rung=who)
        return subid

    def pick_up(self, who: Subscriber, subid: str) -> None:
        self.clock_s += 4
        self.say(CallState.ANSWER, who.extension, subid=subid, rung=who)

    def finish(self, to: str, rung: Subscriber | None, *, talked: bool, after_s: int) -> list[Event]:
        """HANGUP and END. callstatus comes only with the HANGUP of an answered call, never with END."""
        self.clock_s += after_s
        # duration is a string, time is a number (TelephonyMobilon extension, 2019-12-12)
        facts = {"duration": str(after_s)}
        if talked:
            facts["recordUrl"] = f"https://records.sim.invalid/{self.cast.uuid}.mp3"
        status = {"callstatus": "ANSWER"} if talked else {}
        self.say(CallState.HANGUP, to, rung=rung, **facts, **status)
        self.say(CallState.END, to, rung=rung, **facts)
        return self.events


def _incoming(cast: Cast) -> _Script:
    script = _Script(cast=cast, caller=cast.caller)
    script.say(CallState.START, cast.did)
    return script


def answered(cast: Cast) -> list[Event]:
    script, who = _incoming(cast), cast.subscribers[0]
    script.pick_up(who, script.ring(who))
    return script.finish(who.extension, who, talked=True, after_s=42)


def missed(cast: Cast) -> list[Event]:
    """HANGUP has the firm's own number in `to`: who was missed is known from PREANSWER alone."""
    script, who = _incoming(cast), cast.subscribers[0]
    script.ring(who)
    return script.finish(cast.did, who, talked=False, after_s=14)


def transferred(cast: Cast) -> list[Event]:
    script, first, second = _incoming(cast), cast.subscribers[0], cast.other()
    for who in (first, second):
        script.pick_up(who, script.ring(who))
    return script.finish(second.extension, second, talked=True, after_s=90)


def group(cast: Cast) -> list[Event]:
    """Several telephones ring at once, the last one answers."""
    script, team = _incoming(cast), (cast.subscribers[0], cast.other(), *cast.subscribers[2:])
    legs = [script.ring(who) for who in team]
    script.pick_up(team[-1], legs[-1])
    return script.finish(team[-1].extension, team[-1], talked=True, after_s=30)


def group_missed(cast: Cast) -> list[Event]:
    """Several telephones ring, nobody answers."""
    script, team = _incoming(cast), (cast.subscribers[0], cast.other(), *cast.subscribers[2:])
    for who in team:
        script.ring(who)
    return script.finish(cast.did, team[0], talked=False, after_s=20)


def forwarded(cast: Cast) -> list[Event]:
    """The first does not answer; after a while the second is rung, and does."""
    script, first, second = _incoming(cast), cast.subscribers[0], cast.other()
    script.ring(first)
    script.clock_s += 15
    script.pick_up(second, script.ring(second))
    return script.finish(second.extension, second, talked=True, after_s=25)


def forwarded_missed(cast: Cast) -> list[Event]:
    """The first does not answer, and the second does not either."""
    script, first, second = _incoming(cast), cast.subscribers[0], cast.other()
    script.ring(first)
    script.clock_s += 15
    script.ring(second)
    return script.finish(cast.did, second, talked=False, after_s=20)


def transfer_missed(cast: Cast) -> list[Event]:
    """The first speaks and transfers; the second does not answer, and the client hangs up."""
    script, first, second = _incoming(cast), cast.subscribers[0], cast.other()
    script.pick_up(first, script.ring(first))
    script.clock_s += 30
    script.ring(second)
    return script.finish(second.extension, first, talked=True, after_s=55)


def click_to_call(cast: Cast) -> list[Event]:
    """The employee's leg comes first and looks like an incoming call from nobody."""
    script, who = _clicked(cast)
    script.say(CallState.ANSWER, cast.caller, subid=script.leg(), rung=who)
    return script.finish(cast.caller, who, talked=True, after_s=35)


def click_unanswered(cast: Cast) -> list[Event]:
    """The employee picks up, the client does not."""
    script, who = _clicked(cast)
    return script.finish(cast.caller, who, talked=False, after_s=20)


def _clicked(cast: Cast) -> tuple[_Script, Subscriber]:
    """A click, until the client's telephone rings."""
    who = cast.subscribers[0]
    # both are filtered by the extension's own code (TelephonyMobilon extension, 2019-12-12)
    nobody = cast.chance().choice(("CallAPI", "0000"))
    script = _Script(cast=cast, caller=nobody)
    leg = script.ring(who)
    script.pick_up(who, leg)
    script.direction, script.caller = Direction.EXTERNAL, who.extension
    script.say(CallState.START, cast.caller, rung=who)
    script.clock_s += 7
    return script, who


def outgoing(cast: Cast) -> list[Event]:
    """An employee dials on the telephone itself."""
    who = cast.subscribers[0]
    script = _Script(cast=cast, caller=who.extension, direction=Direction.EXTERNAL)
    script.say(CallState.START, cast.caller, rung=who)
    script.clock_s += 6
    script.say(CallState.ANSWER, cast.caller, subid=script.leg(), rung=who)
    return script.finish(cast.caller, who, talked=True, after_s=48)


def outgoing_unanswered(cast: Cast) -> list[Event]:
    """The same, and the client does not answer."""
    who = cast.subscribers[0]
    script = _Script(cast=cast, caller=who.extension, direction=Direction.EXTERNAL)
    script.say(CallState.START, cast.caller, rung=who)
    return script.finish(cast.caller, who, talked=False, after_s=25)


def ivr_drop(cast: Cast) -> list[Event]:
    """The client listened to the menu and left: nobody was rung, so there is no userkey."""
    script = _incoming(cast)
    script.clock_s += 2
    script.say(CallState.IVR, cast.did)
    return script.finish(cast.did, None, talked=False, after_s=9)


def internal(cast: Cast) -> list[Event]:
    """Employee to employee: numbers shorter than seven digits."""
    who, colleague = cast.subscribers[0], cast.other()
    script = _Script(cast=cast, caller=colleague.extension)
    script.say(CallState.START, who.extension)
    script.pick_up(who, script.ring(who))
    return script.finish(who.extension, who, talked=True, after_s=12)


def old_hook(cast: Cast) -> list[Event]:
    """Only "this telephone rings": no id, state or time (Mobilon, contents/vpbx/api.md, 2017-06-02)."""
    return [{"key": cast.subscribers[0].key, "number": cast.caller}]


def duplicates(cast: Cast) -> list[Event]:
    """Each event one to three times in a row."""
    chance = cast.chance()
    return [event for event in answered(cast) for _ in range(chance.randint(1, 3))]


def shuffled(cast: Cast) -> list[Event]:
    """A transferred call whose events overtook each other."""
    events = transferred(cast)
    cast.chance().shuffle(events)
    return events


SCENARIOS: Mapping[str, Scenario] = {
    "answered": answered,
    "missed": missed,
    "transferred": transferred,
    "group": group,
    "group_missed": group_missed,
    "forwarded": forwarded,
    "forwarded_missed": forwarded_missed,
    "transfer_missed": transfer_missed,
    "click_to_call": click_to_call,
    "click_unanswered": click_unanswered,
    "outgoing": outgoing,
    "outgoing_unanswered": outgoing_unanswered,
    "ivr_drop": ivr_drop,
    "internal": internal,
    "old_hook": old_hook,
    "duplicates": duplicates,
    "shuffled": shuffled,
}
