"""A dead 1C costs one probe per interval: the breaker's transitions."""

import pytest

from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.delivery import Away, Delivered, Denied, Faulted, Outcome

POLICY = BreakerPolicy(failures=3, probe_s=5, soon_s=0.25, credentials_probe_s=900)


def after(*outcomes: Outcome, now: float = 100.0, breaker: Breaker | None = None) -> Breaker:
    breaker = breaker or Breaker()
    for outcome in outcomes:
        breaker = breaker.after(outcome, now=now, policy=POLICY, dice=0.5)
    return breaker


def room(breaker: Breaker, *, now: float, in_flight: int = 0, concurrency: int = 2) -> int:
    return breaker.room(now=now, concurrency=concurrency, in_flight=in_flight)


def test_closed_lets_through_as_many_as_the_infobase_may_have() -> None:
    assert [room(Breaker(), now=0, in_flight=busy) for busy in range(4)] == [2, 1, 0, 0]


def test_a_few_failures_leave_it_closed_and_remembered() -> None:
    breaker = after(Away("a"), Away("b"))
    assert (breaker.open, breaker.failures, breaker.reason) == (False, 2, "b")
    assert room(breaker, now=100) == 2


def test_failures_in_a_row_open_it() -> None:
    breaker = after(Away("a"), Away("b"), Away("c"))
    assert (breaker.open, breaker.retry_at, breaker.denied) == (True, 105, False)
    assert room(breaker, now=104.9) == 0


@pytest.mark.parametrize("heard", [Delivered("1"), Faulted("об этом событии")])
def test_a_1c_that_hears_closes_it(heard: Outcome) -> None:
    assert after(Away("a"), Away("b"), heard, Away("c")).failures == 1
    assert after(heard, breaker=after(Away("a"), Away("b"), Away("c"))) == Breaker()


def test_open_lets_one_probe_through_at_its_time_and_no_second_beside_it() -> None:
    breaker = after(Away("a"), Away("b"), Away("c"))
    assert room(breaker, now=105, concurrency=8) == 1
    assert room(breaker, now=105, concurrency=8, in_flight=1) == 0


def test_a_failed_probe_opens_it_for_another_interval() -> None:
    breaker = after(Away("d"), breaker=after(Away("a"), Away("b"), Away("c")), now=106)
    assert (breaker.open, breaker.retry_at, breaker.reason) == (True, 111, "d")


@pytest.mark.parametrize("away", [Away("отвергнуто", unheard=True), Away("молчит", hung=True)])
def test_one_that_takes_no_connection_or_keeps_silent_is_asked_again_soon(away: Away) -> None:
    breaker = after(away, away, away)
    assert breaker.retry_at == pytest.approx(100.25)
    assert after(away, breaker=breaker, now=101).retry_at == pytest.approx(101.25)
    patient = BreakerPolicy(failures=1, probe_s=0.1)
    assert Breaker().after(away, now=100, policy=patient, dice=0.5).retry_at == pytest.approx(100.1)


def test_the_longer_a_1c_is_away_the_seldomer_it_is_asked_up_to_the_usual_pace() -> None:
    refused = Away("отвергнуто", unheard=True)
    breaker, now, waits = after(refused, refused, refused), 100.0, []
    while now < 400:
        waits.append(breaker.retry_at - now)
        now = breaker.retry_at
        breaker = after(refused, breaker=breaker, now=now)
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (pytest.approx(0.25), pytest.approx(5))
    assert len(waits) < 250


def test_an_answer_that_was_under_way_when_it_opened_lengthens_no_wait() -> None:
    refused = after(*[Away("отвергнуто", unheard=True)] * 3)
    late = after(Away("обрыв"), breaker=refused, now=100.2)
    assert (late.retry_at, late.reason, late.open) == (refused.retry_at, "обрыв", True)


def test_wrong_credentials_open_it_at_once_and_for_long() -> None:
    breaker = after(Denied("пароль"))
    assert (breaker.open, breaker.denied, breaker.retry_at) == (True, True, 1000)
    assert after(Denied("пароль"), breaker=breaker, now=1000).retry_at == 1900
    assert after(Delivered("1"), breaker=breaker) == Breaker()


def test_a_1c_that_refused_and_then_went_away_is_probed_as_one_that_is_away() -> None:
    breaker = after(Away("выключена"), breaker=after(Denied("пароль")), now=1000)
    assert (breaker.open, breaker.denied, breaker.retry_at) == (True, False, 1005)


@pytest.mark.parametrize("dice", [0.0, 0.999])
def test_probes_of_many_infobases_do_not_fall_together(dice: float) -> None:
    breaker = Breaker(failures=2).after(Away("x"), now=100, policy=POLICY, dice=dice)
    assert 104 <= breaker.retry_at <= 106
    assert breaker.retry_at != 105


def test_an_answer_that_was_under_way_does_not_shorten_the_wait_after_a_wrong_password() -> None:
    denied = after(Denied("пароль"))
    assert after(Away("выключена"), breaker=denied, now=101) == denied
