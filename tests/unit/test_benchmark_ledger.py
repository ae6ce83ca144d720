"""The arithmetic of `benchmarks/side_by_side/ledger.py`: what a table of losses may and may not count."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.side_by_side.ledger import (
    Account,
    Heard,
    Popups,
    Sent,
    account,
    delays,
    drained_s,
    rate,
    read_heard,
    read_sent,
)

SECOND = 10**9


def sent(*numbers: int, status: int = 200) -> list[Sent]:
    return [Sent(number, number * SECOND, number * SECOND + 1000, status) for number in numbers]


def heard(*numbers: int, late_s: float = 0.001) -> list[Heard]:
    return [
        Heard(number, number * SECOND, int((number + late_s) * SECOND) + place)
        for place, number in enumerate(numbers)
    ]


def test_all_that_was_sent_came():
    assert account(sent(0, 1, 2), heard(0, 1, 2)) == Account(
        sent=3, acknowledged=3, reached=3, repeated=0, lost=0, broken_promises=0, out_of_order=0
    )


def test_an_event_that_was_refused_is_lost_but_no_promise_is_broken():
    found = account(sent(0, 1) + sent(2, status=502), heard(0, 1))
    assert (found.lost, found.broken_promises) == (1, 0)


def test_an_event_that_was_acknowledged_and_never_came_is_a_broken_promise():
    found = account(sent(0, 1, 2), heard(0, 2))
    assert (found.lost, found.broken_promises) == (1, 1)


def test_an_event_without_an_answer_may_still_come():
    found = account(sent(0) + sent(1, status=0), heard(0, 1))
    assert (found.acknowledged, found.reached, found.lost) == (1, 2, 0)


def test_a_repetition_is_counted_and_replaces_no_event():
    found = account(sent(0, 1), heard(0, 0, 0))
    assert (found.reached, found.repeated, found.lost) == (1, 2, 1)


def test_what_was_sent_in_another_run_is_not_counted():
    found = account(sent(0), heard(0, 900))
    assert (found.reached, found.repeated) == (1, 0)


def test_an_event_first_heard_after_a_later_one_of_its_call_is_out_of_order():
    assert account(sent(*range(8)), heard(0, 4, 1, 5, 3, 2, 6, 7), each=4).out_of_order == 1


def test_events_that_were_under_way_together_have_no_order():
    together = [Sent(0, 0, 9 * SECOND, 200), Sent(1, SECOND, 8 * SECOND, 200)]
    assert account(together, heard(1, 0), each=4).out_of_order == 0


def test_an_event_that_nobody_acknowledged_has_no_order():
    assert account(sent(0, status=0) + sent(1), heard(1, 0), each=4).out_of_order == 0


def test_calls_among_themselves_have_no_order():
    assert account(sent(*range(8)), heard(4, 0, 5, 1, 6, 2, 7, 3), each=4).out_of_order == 0


def test_a_repetition_of_what_was_heard_in_order_is_not_out_of_order():
    assert account(sent(*range(4)), heard(0, 1, 0, 1, 2, 3), each=4).out_of_order == 0


POPUPS = Popups(places=[0], lifetime_s=3.0, slack_s=0.5)


def test_a_popup_that_outlived_its_use_expired_and_is_not_lost():
    found = account(
        sent(*range(8)), heard(1, 2, 3, 4, 5, 6, 7), each=4, popups=POPUPS, returned_at=5 * SECOND
    )
    assert (found.out_of_date, found.lost, found.broken_promises) == (1, 0, 0)


def test_a_popup_that_could_still_be_told_is_lost():
    found = account(
        sent(*range(8)), heard(1, 2, 3, 4, 5, 6, 7), each=4, popups=POPUPS, returned_at=1 * SECOND
    )
    assert (found.out_of_date, found.lost, found.broken_promises) == (0, 1, 1)


def test_a_popup_that_nobody_took_did_not_expire():
    found = account(sent(0, status=502), [], each=4, popups=POPUPS, returned_at=9 * SECOND)
    assert (found.out_of_date, found.lost, found.broken_promises) == (0, 1, 0)


def test_an_event_for_the_books_never_expires():
    found = account(sent(0, 1), heard(0), each=4, popups=POPUPS, returned_at=9 * SECOND)
    assert (found.out_of_date, found.lost, found.broken_promises) == (0, 1, 1)


ENDED = Popups(places=[0], ends=[2, 3], lifetime_s=30.0)


def together(number: int) -> Sent:
    """Taken only when the whole call had been sent."""
    return Sent(number, number * SECOND, 9 * SECOND, 200)


def test_a_popup_that_was_taken_after_the_end_of_its_call_was_sent_is_out_of_date():
    found = account([together(0), *sent(1, 2, 3)], heard(1, 2, 3), each=4, popups=ENDED)
    assert (found.out_of_date, found.lost, found.broken_promises) == (1, 0, 0)


def test_a_popup_that_was_taken_before_the_end_of_its_call_was_sent_is_lost():
    found = account(sent(*range(4)), heard(1, 2, 3), each=4, popups=ENDED)
    assert (found.out_of_date, found.lost, found.broken_promises) == (0, 1, 1)


def test_an_end_that_1c_never_had_excuses_no_popup():
    found = account([together(0), *sent(1, 2, 3)], heard(1), each=4, popups=ENDED)
    assert (found.out_of_date, found.lost) == (0, 3)


def test_a_popup_told_after_its_lifetime_is_late():
    found = account(sent(0, 1), heard(0, 1, late_s=3.6), each=4, popups=POPUPS, returned_at=3 * SECOND)
    assert found.told_late == 1


def test_the_backlog_is_drained_when_the_last_of_those_that_waited_came():
    waited = [Heard(0, 0, 10 * SECOND), Heard(1, SECOND, int(10.4 * SECOND)), Heard(0, 0, 12 * SECOND)]
    before, after = Heard(2, 0, SECOND), Heard(3, 11 * SECOND, 30 * SECOND)
    assert drained_s([before, *waited, after], int(9.5 * SECOND)) == pytest.approx(0.9)


def test_nothing_waited():
    assert drained_s(heard(0, 1, 2), 5 * SECOND) == 0.0


def test_delays_are_of_the_first_hearing():
    again = [Heard(0, 0, 2_000_000), Heard(0, 0, 900_000_000), Heard(1, 0, 4_000_000), Heard(2, 0, 6_000_000)]
    found = delays(again)
    assert (found.p50, found.longest) == (4.0, 6.0)


def test_a_rate_counts_each_event_once():
    told = [Heard(n, 0, (n + 1) * SECOND) for n in range(4)]
    assert rate([*told, Heard(3, 0, 9 * SECOND)]) == pytest.approx(1.0)


def test_a_rate_lasts_until_the_last_answer():
    assert rate([Heard(n, 0, n * SECOND // 10) for n in range(11)], answer_s=0.1) == pytest.approx(10.0)


def test_a_rate_may_leave_out_what_was_slow_at_first():
    slow = [Heard(n, 0, (n + 1) * SECOND) for n in range(5)]
    fast = [Heard(5 + n, 0, 5 * SECOND + (n + 1) * SECOND // 10) for n in range(5)]
    assert rate([*slow, *fast], since=0.5) == pytest.approx(10.0)


def test_the_logs_are_read_as_they_are_written(tmp_path: Path):
    (tmp_path / "sent").write_text("7 1000 2000 200\n8 1500 2600 0\n")
    (tmp_path / "heard").write_text(f"3000 bench-t{1000:016x}{7:08x}\n3500 -\n3600 bench-t{1500:016x}\n")
    assert read_sent(tmp_path / "sent") == [Sent(7, 1000, 2000, 200), Sent(8, 1500, 2600, 0)]
    assert read_heard(tmp_path / "heard") == [Heard(7, 1000, 3000)]
