"""What 1C answered decides what becomes of the delivery: the whole table."""

import pytest

from bridge.core.delivery import (
    HUNG_PATIENCE,
    Away,
    Delivered,
    Denied,
    Done,
    Faulted,
    GaveUp,
    Outcome,
    RetryIn,
    Verdict,
    decide,
)

LIMIT = 3
TABLE: list[tuple[Outcome, int, Verdict]] = [
    (Delivered("1"), 0, Done("1")),
    (Delivered("1"), 99, Done("1")),
    (Away("выключена"), 0, RetryIn(1.0, "выключена", counted=False)),
    (Away("выключена"), 10_000, RetryIn(1.0, "выключена", counted=False)),
    (Denied("пароль"), 0, RetryIn(1.0, "пароль", counted=False, denied=True)),
    (Denied("пароль"), 10_000, RetryIn(1.0, "пароль", counted=False, denied=True)),
    (Faulted("ошибка"), 0, RetryIn(1.0, "ошибка", counted=True)),
    (Faulted("ошибка"), 1, RetryIn(3.0, "ошибка", counted=True)),
    (Faulted("ошибка"), 2, GaveUp("ошибка")),
    (Faulted("ошибка"), 3, GaveUp("ошибка")),
    (Away("молчит", hung=True), 0, RetryIn(1.0, "молчит", counted=True, hung=True)),
    (Away("молчит", hung=True), LIMIT, RetryIn(30.0, "молчит", counted=True, hung=True)),
    (Away("молчит", hung=True), LIMIT * HUNG_PATIENCE - 1, GaveUp("молчит")),
]


@pytest.mark.parametrize(("outcome", "tries", "verdict"), TABLE)
def test_an_answer_has_its_verdict(outcome: Outcome, tries: int, verdict: Verdict) -> None:
    assert decide(outcome, tries=tries, limit=LIMIT, dice=0.5) == verdict


def test_with_one_attempt_allowed_the_first_fault_is_the_last() -> None:
    assert decide(Faulted("x"), tries=0, limit=1, dice=0.5) == GaveUp("x")


def test_an_infobase_away_never_makes_a_dead_letter() -> None:
    verdicts = {type(decide(Away("x"), tries=tries, limit=1, dice=0.5)) for tries in range(1000)}
    assert verdicts == {RetryIn}
