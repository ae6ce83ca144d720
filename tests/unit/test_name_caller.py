"""The decisions of the road `who is calling?`: what is said at once, whom to ask, whose word counts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.core.caller import NOBODY, CallerCard
from bridge.flows.name_caller import (
    CallerNote,
    Lifetimes,
    Naming,
    Source,
    Told,
    first_known,
    key_of,
    key_of_inn,
    name_caller,
    number_of,
)

NOW = 1_700_000_000.0
LIFETIMES = Lifetimes(fresh_s=3600, unknown_s=300)
CHIZH, ROMASHKA = CallerCard(title="Фэйковый чиж", manager="244"), CallerCard(title="Ромашка")


def told(card: CallerCard, ago_s: float = 0.0) -> Told:
    return Told(card=card, told_at=NOW - ago_s)


def named(**by_infobase: Told) -> Naming:
    return name_caller(["buh", "crm"], by_infobase, now=NOW, lifetimes=LIFETIMES)


def test_nothing_is_known_so_all_are_asked_in_order() -> None:
    assert named() == Naming(card=NOBODY, source=Source.UNKNOWN, ask=("buh", "crm"))


def test_the_first_in_order_wins() -> None:
    both = named(crm=told(ROMASHKA), buh=told(CHIZH))
    assert both == Naming(card=CHIZH, source=Source.FRESH, ask=())


@pytest.mark.parametrize(
    ("ago_s", "source", "ask"),
    [
        (0, Source.FRESH, ("crm",)),
        (3599, Source.FRESH, ("crm",)),
        (3600, Source.STALE, ("buh", "crm")),
        (-1, Source.STALE, ("buh", "crm")),  # said in the future: the clock went back
    ],
)
def test_an_old_name_is_said_and_asked_again(ago_s: float, source: Source, ask: tuple[str, ...]) -> None:
    assert named(buh=told(CHIZH, ago_s)) == Naming(card=CHIZH, source=source, ask=ask)


def test_a_later_infobase_that_knows_is_better_than_waiting_for_an_earlier_one() -> None:
    assert named(crm=told(ROMASHKA)) == Naming(card=ROMASHKA, source=Source.FRESH, ask=("buh",))


@pytest.mark.parametrize(("ago_s", "ask"), [(299, ("crm",)), (300, ("buh", "crm"))])
def test_that_nobody_is_known_there_is_believed_for_a_shorter_time(
    ago_s: float, ask: tuple[str, ...]
) -> None:
    assert named(buh=told(NOBODY, ago_s)) == Naming(card=NOBODY, source=Source.UNKNOWN, ask=ask)


def test_the_word_of_the_first_is_waited_for_while_it_may_come() -> None:
    order, known = ["buh", "crm"], {"crm": told(ROMASHKA)}
    assert first_known(order, known, pending={"buh"}) is None
    assert first_known(order, known) == ROMASHKA
    assert first_known(order, known | {"buh": told(NOBODY)}) == ROMASHKA
    assert first_known(order, known | {"buh": told(CHIZH)}, pending={"crm"}) == CHIZH
    assert first_known(order, {}) is None


@pytest.mark.parametrize(
    "spelling",
    [
        "89235292926",
        "79235292926",
        "+79235292926",
        "9235292926",
        "8 (923) 529-29-26",
        " 79235292926",
        "tel:+79235292926",
    ],
)
def test_one_caller_is_one_key_in_every_spelling_of_the_exchange(spelling: str) -> None:
    assert key_of(spelling) == "9235292926"
    assert number_of(key_of(spelling)) == "89235292926"


@pytest.mark.parametrize(
    "hidden", ["", " ", "anonymous", "Anonymous", "CallAPI", "0000", "00000000000", "unknown", "\x00", "—"]
)
def test_who_hides_has_no_key(hidden: str) -> None:
    assert key_of(hidden) == ""


def test_a_foreign_number_is_not_taken_for_a_russian_one() -> None:
    # without its country, 3012345678 would be a city number of Ulan-Ude
    assert key_of("+493012345678") == key_of("810493012345678") == "+493012345678"
    assert key_of("83012345678") == "3012345678"
    assert number_of("+493012345678") == "810493012345678"


@pytest.mark.parametrize("abroad", ["919235292926", "989235292926", "49309235292926", "9779235292926"])
def test_a_foreign_number_without_a_plus_is_not_the_client_with_its_last_ten_digits(abroad: str) -> None:
    """Indian, Iranian, German, Nepalese: the name of the Russian client +7 923 529-29-26 is not theirs."""
    for spelling in (abroad, f"+{abroad}", f"00{abroad}", f"810{abroad}"):
        assert key_of(spelling) == f"+{abroad}"
    assert key_of("0079235292926") == "9235292926"


def test_an_extension_is_asked_about_as_it_is() -> None:
    assert key_of("244") == number_of(key_of("244")) == "244"


def test_junk_is_a_short_key_at_most() -> None:
    for junk in ("9" * 10_000, "x" * 10_000 + "1", "8923529292six", "1;2;3", "\ud800"):
        assert len(key_of(junk)) <= 16


@pytest.mark.parametrize(
    ("inn", "key"),
    [
        ("2460000001", "inn:2460000001"),
        (" 246000000112 ", "inn:246000000112"),
        ("", ""),
        ("24600000011", ""),
        ("٢٤٦٠٠٠٠٠٠١", ""),
    ],
)
def test_a_taxpayers_number_has_ten_digits_or_twelve(inn: str, key: str) -> None:
    assert key_of_inn(inn) == key


def test_notes_of_one_caller_are_written_as_one() -> None:
    first = CallerNote(told=told(CHIZH), asked_at=5, times=1)
    assert first.and_then(CallerNote(asked_at=9, times=2)) == CallerNote(
        told=told(CHIZH), asked_at=9, times=3
    )
    assert first.and_then(CallerNote(told=told(NOBODY))).told == told(NOBODY)


@given(st.text(max_size=80))
def test_a_key_is_found_or_not_and_never_fails(number: str) -> None:
    who = key_of(number)
    assert who == "" or who.removeprefix("+").isdigit()
    assert not who or key_of(number_of(who)) == who
    assert key_of_inn(number) in ("", f"inn:{number.strip()}")


@given(st.from_regex(r"\A(\+|8|7|\+7|810|)[0-9]{3,14}\Z"))
@example("+1010000000")
@example("+2700000")
def test_the_number_behind_a_key_has_this_key(number: str) -> None:
    who = key_of(number)
    assert not who or key_of(number_of(who)) == who
