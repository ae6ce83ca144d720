"""Mobilon's words as the bridge reads them."""

import re

import pytest

from bridge.core.calls import CallState, Direction
from bridge.vpbx.mobilon.codes import REFUSALS, STATUS_REFUSALS, direction_of, refusal_code, state_of


def test_every_code_of_the_manual_has_a_russian_sentence_that_says_what_to_do() -> None:
    assert list(REFUSALS) == [1, 2, 3, 4, 5]
    for sentence in (*REFUSALS.values(), *STATUS_REFUSALS.values()):
        assert re.search(r"проверьте|попросите|повторите", sentence)
        assert not re.search(r"[A-Za-z.]", sentence)


@pytest.mark.parametrize("code", [2, "2", " 2 "])
def test_a_code_is_read_as_a_number_and_as_text(code: object) -> None:
    assert refusal_code(code, "whatever it says") == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Operator is not registered", 1),
        ("Invalid API key", 2),
        ("Неверный ключ", 2),
        ("НЕВЕРНЫЙ КЛЮЧ.", 2),
        ("Number may only contain digits and Latin letters", 3),
        ("Internal error", 4),
        ("User doesn't have subscriber or operator", 5),
        ("User doesn’t have subscriber or operator", 5),
    ],
)
@pytest.mark.parametrize("code_beside", [None, "", 0, "0", True, [2], "два"])
def test_a_known_text_gives_its_code_when_the_answer_carries_none(
    text: str, code: int, code_beside: object
) -> None:
    assert refusal_code(code_beside, text) == code


@pytest.mark.parametrize(
    ("code", "text"),
    [(6, "Неверный ключ"), (-1, ""), ("77", ""), (None, "Баланс исчерпан"), (None, ""), ("9" * 5000, "")],
)
def test_what_the_manual_does_not_have_is_not_guessed(code: object, text: str) -> None:
    assert refusal_code(code, text) is None


def test_states_are_read_in_any_case_and_a_new_one_is_unknown() -> None:
    words = ("START", "PREANSWER", "IVR", "ANSWER", "HANGUP", "END")
    assert [state_of(word) for word in words] == [CallState[word] for word in words]
    assert state_of("hangup") is CallState.HANGUP
    assert state_of("TRANSFER") is CallState.UNKNOWN


def test_directions_of_the_event_and_of_the_journal_mean_the_same() -> None:
    assert direction_of("Incoming") is Direction.INCOMING
    assert direction_of("external") is direction_of("OUTGOING") is Direction.EXTERNAL
    assert direction_of("sideways") is Direction.UNKNOWN
