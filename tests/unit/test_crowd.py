"""Who has to go when there are too many connections."""

from dataclasses import dataclass
from typing import Any

from bridge.web.crowd import CROWDED, SPARE, make_room


@dataclass
class Channel:
    """As much of a connection as is looked at."""

    addr: tuple[str, int] = ("192.0.2.1", 1)
    last_activity: float = 0.0
    request: Any = None
    answering: bool = False
    will_close: bool = False
    began: float | None = None
    sent: bool = False

    def unread(self) -> bool:
        return self.sent

    def asks_nothing(self) -> bool:
        return not self.answering


def crowd(count: int, **facts: Any) -> list[Channel]:
    return [Channel(last_activity=float(number), **facts) for number in range(count)]


def test_while_there_is_room_nobody_goes() -> None:
    channels = crowd(CROWDED)
    assert make_room(channels) == 0  # type: ignore[arg-type]
    assert not any(channel.will_close for channel in channels)


def test_the_longest_idle_go_first_and_a_few_more_than_needed() -> None:
    channels = crowd(CROWDED + 10)
    assert make_room(channels) == 10 + SPARE  # type: ignore[arg-type]
    assert [channel.will_close for channel in channels] == [True] * (10 + SPARE) + [False] * (CROWDED - SPARE)


def test_whoever_is_being_answered_stays() -> None:
    channels = crowd(CROWDED + 10, answering=True)
    assert make_room(channels) == 0  # type: ignore[arg-type]


def test_the_silent_go_before_those_who_dribble_and_a_crowd_before_single_visitors() -> None:
    guests = [Channel(addr=("198.51.100.7", 1), last_activity=-100.0) for _ in range(3)]
    slow = crowd(5, request=object())
    silent = crowd(CROWDED)
    make_room([*guests, *slow, *silent])  # type: ignore[list-item]
    assert not any(channel.will_close for channel in (*guests, *slow))
    assert sum(channel.will_close for channel in silent) == 8 + SPARE


def test_one_that_is_leaving_already_is_not_counted_twice() -> None:
    channels = crowd(CROWDED + 10)
    make_room(channels)  # type: ignore[arg-type]
    assert make_room(channels) == 0  # type: ignore[arg-type]
    assert sum(channel.will_close for channel in channels) == 10 + SPARE


def test_a_dribble_is_known_by_when_it_began_not_by_its_last_byte() -> None:
    dribbles = [
        Channel(request=object(), began=float(number), last_activity=1000.0) for number in range(CROWDED)
    ]
    late = Channel(request=object(), began=float(CROWDED), last_activity=0.0)
    make_room([late, *dribbles])  # type: ignore[list-item]
    assert not late.will_close
    assert [one.will_close for one in dribbles] == [True] * (1 + SPARE) + [False] * (CROWDED - 1 - SPARE)


def test_whoever_has_just_sent_something_goes_last_but_does_go() -> None:
    asking = [Channel(last_activity=-100.0, sent=True) for _ in range(3)]
    make_room([*asking, *crowd(CROWDED)])  # type: ignore[list-item]
    assert not any(channel.will_close for channel in asking)
    flood = [Channel(sent=True) for _ in range(CROWDED + 1)]
    assert make_room(flood) == 1 + SPARE  # type: ignore[arg-type]
