"""Numbers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.dialing import DialPolicy
from bridge.core.errors import BadNumber
from bridge.core.numbers import _MOBILE, PhoneNumber, mask, same_digits


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("8 (923) 529-29-26", "79235292926"),
        ("+7 923 529 29 26", "79235292926"),
        ("9235292926", "79235292926"),
        ("7 923 529-29-26", "79235292926"),
        ("8-923-529-29-26 ", "79235292926"),
        ("(391) 274-50-00", "73912745000"),
        ("89235292926 доб. 12", "79235292926"),
        ("tel:+79235292926", "79235292926"),
        ("+49 30 123456", "4930123456"),
        ("8 10 49 30 123456", "4930123456"),
        ("101", "101"),
        ("0246", "0246"),
        ("\u00a08\u00a0923\u00a0529\u00a029\u00a026", "79235292926"),
        ("8 923 529–29–26", "79235292926"),
    ],
)
def test_one_number_is_one_number_however_it_is_written(text: str, digits: str) -> None:
    assert PhoneNumber.parse(text).digits == digits


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "Не указан"),
        ("   ", "Не указан"),
        ("2745000", "код города"),
        ("+7 999", "код города"),
        ("8-800-FLOWERS", "буквы"),
        ("Иванов Иван", "буквы"),
        ("8 923 529 29 26, 8 391 274 50 00", "несколько"),
        ("8 923 529 29 26; +7 391 274 50 00", "несколько"),
        ("1" * 65, "длинный"),
        ("+", "не номер"),
        ("8 (923) 529-29-2", "не хватает цифры"),
        ("81020770778-798-20 00", "слишком много цифр"),  # found by fuzzing: E.164 has fifteen
        ("00919123456789", "слишком много цифр"),  # libphonenumber takes fourteen for Russian
    ],
)
def test_what_is_no_number_is_refused_with_advice_in_russian(text: str, advice: str) -> None:
    with pytest.raises(BadNumber, match=advice):
        PhoneNumber.parse(text)


def test_a_city_number_is_completed_by_the_area_code_of_the_settings() -> None:
    assert PhoneNumber.parse("274-50-00", area_code="391").digits == "73912745000"


def test_an_extension_is_kept_apart_because_no_exchange_dials_it() -> None:
    number = PhoneNumber.parse("+7 (391) 274-50-00 доб. 12")
    assert (number.digits, number.extension) == ("73912745000", "12")


@pytest.mark.parametrize(
    ("text", "sent"),
    [("+7 923 529 29 26", "89235292926"), ("101", "101"), ("+49 30 123456", "8104930123456")],
)
def test_an_exchange_gets_the_trunk_form(text: str, sent: str) -> None:
    assert PhoneNumber.parse(text).trunk8 == sent


@pytest.mark.parametrize("text", ["8 923 529-29-26", "8 800 555 35 35"])
def test_ordinary_numbers_may_be_dialled_by_default(text: str) -> None:
    assert DialPolicy().refusal(PhoneNumber.parse(text), 0.0) is None


@pytest.mark.parametrize(
    "text",
    [
        "8 809 123 45 67",
        "8 803 123 45 67",
        "+49 30 123456",
        "+7 701 123 45 67",
        "+882 16 123456",
        "+870 773 123456",
        "101",
        "112",
    ],
)
def test_numbers_that_cost_are_refused_by_default(text: str) -> None:
    assert DialPolicy().refusal(PhoneNumber.parse(text), 0.0)


def test_the_settings_may_open_a_country() -> None:
    policy = DialPolicy(countries=frozenset({"RU", "KZ"}))
    assert policy.refusal(PhoneNumber.parse("+7 701 123 45 67"), 0.0) is None


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        digits = PhoneNumber.parse(text).digits
    except BadNumber:
        return
    assert digits.isdigit()
    assert digits.isascii()


@given(st.text(max_size=40))
def test_a_masked_number_shows_at_most_four_of_its_digits(text: str) -> None:
    if sum(char.isdigit() for char in text) >= 7 and text.isdigit():
        assert sum(char.isdigit() for char in mask(text)) <= 4


def test_two_spellings_of_a_caller_are_recognised_as_one() -> None:
    assert same_digits("+7 (923) 529-29-26") == same_digits("89235292926") == "9235292926"


def by_the_library(text: str) -> PhoneNumber:
    return PhoneNumber._parse_public(text, "", "")


@pytest.mark.parametrize("code", range(900, 1000))
def test_a_mobile_number_is_what_the_library_makes_of_it(code: int) -> None:
    for tail in ("0000000", "1234567", "5292926", "9999999"):
        for start in ("8", "+7", "7", ""):
            text = f"{start}{code}{tail}"
            assert PhoneNumber.parse(text) == by_the_library(text)


@given(st.from_regex(_MOBILE, fullmatch=True))
def test_a_mobile_number_written_in_any_way_is_what_the_library_makes_of_it(text: str) -> None:
    assert PhoneNumber.parse(text) == by_the_library(text.strip())
