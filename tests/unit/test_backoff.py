"""How long the bridge waits between attempts."""

import pytest

from bridge.core.backoff import JITTER, SCHEDULE_S, wait_s


def test_waits_grow_and_the_last_is_repeated() -> None:
    waits = [wait_s(tries, 0.5) for tries in range(1, 20)]
    assert waits == sorted(waits)
    assert waits[: len(SCHEDULE_S)] == list(SCHEDULE_S)
    assert set(waits[len(SCHEDULE_S) :]) == {SCHEDULE_S[-1]}


@pytest.mark.parametrize("dice", [0.0, 0.25, 0.75, 0.999])
def test_many_infobases_do_not_come_back_in_one_moment_nor_far_from_the_schedule(dice: float) -> None:
    for tries, base in enumerate(SCHEDULE_S, start=1):
        assert abs(wait_s(tries, dice) - base) <= base * JITTER + 0.001
    assert wait_s(3, dice) != wait_s(3, 0.5)
