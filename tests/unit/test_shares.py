"""How many newcomers a worker takes, by what it and the others hold."""

import time

from bridge.web.shares import REST_S, SLACK, Share, Shares


def rested(share: Share) -> Share:
    """It rests, and then looks again."""
    assert share.may_take(1_000_000) == 0
    time.sleep(REST_S)
    assert share.turn() == 0
    return share


def test_who_is_alone_takes_everybody() -> None:
    only = Shares(1).of(0)
    only.holds(500)
    assert only.may_take(500) > 1_000_000
    assert not only.resting


def test_who_holds_more_than_another_leaves_newcomers_to_it() -> None:
    shares = Shares(3)
    one, two, three = (shares.of(number) for number in range(3))
    for share, connections in ((one, 5), (two, 3), (three, 9)):
        share.holds(connections)
    assert two.may_take(3) == 5 + SLACK - 3
    assert one.may_take(5) == 3 + SLACK - 5
    assert three.may_take(9) == 0
    assert three.resting
    assert 0 < three.turn() <= REST_S


def test_newcomers_whom_nobody_takes_are_taken_after_a_rest() -> None:
    shares = Shares(2)
    one, two = shares.of(0), shares.of(1)
    two.holds(0)
    assert rested(one).may_take(40) == SLACK
    assert one.turn() > 1_000_000
    assert one.may_take(40 + SLACK) == 0, "only after another rest"


def test_who_is_not_there_yet_or_no_more_is_left_nothing() -> None:
    shares = Shares(2)
    one, two = shares.of(0), shares.of(1)
    assert one.may_take(40) > 1_000_000
    two.holds(0)
    assert one.may_take(40) == 0
    two.leave()
    two.holds(0)  # its last connections end
    assert one.may_take(40) > 1_000_000
