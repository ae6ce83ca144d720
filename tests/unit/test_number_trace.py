"""One number in every spelling; other numbers are left alone."""

import json
from html import escape
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.number_trace import NumberTrace
from bridge.core.numbers import PhoneNumber

MAN = NumberTrace(PhoneNumber.parse("8 (923) 529-29-26"))
FOREIGNER = NumberTrace(PhoneNumber.parse("+375 29 123-45-67"))
PLAIN = (
    "89235292926",
    "79235292926",
    "+79235292926",
    "9235292926",
    "0079235292926",
    "81079235292926",
    "8-10-7-923-529-29-26",
    "8 (923) 529-29-26",
    "+7 (923) 529 29 26",
    "+7 923 529‑29‑26",
    "8.923.529.29.26",
    "8_923_529_29_26",
    "8 - (923) - 529 - 29 - 26",
    "+7 923 529\u221229\u221226",
    "\u202a+7\u2060923\u200b529\u00ad29\uff0d26\u202c",
    "８９２３５２９２９２６",
    "٨٩٢٣٥٢٩٢٩٢٦",
)
AROUND = (
    "{}",
    "tel:{}",
    "x|{}|y",
    "in-83912000000-{}-20190814-101010.wav",
    "«{}»",
    '{{"from":"{}"}}',
    "{},12",
)


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("number", PLAIN)
def test_every_spelling_shows(number: str, around: str) -> None:
    text = around.format(number)
    for spelled in (text, quote(text, safe=""), quote_plus(text), json.dumps(text), escape(text)):
        assert MAN.shows(spelled), spelled
        assert MAN.shows(urlencode({"data": spelled}))
    assert MAN.shows_in(text.encode())
    assert MAN.shows_in(text.encode("utf-16"))


@pytest.mark.parametrize(
    "text",
    [
        "89235292927",
        "8923529292",
        "892352929261",
        "8613812345678",
        "1565770000.25643",
        "19235292926",
        "529-29-26",
        "",
        "%",
        "\\u00",
        "&#;",
    ],
)
def test_other_numbers_do_not(text: str) -> None:
    assert not MAN.shows(text)


def test_digits_escaped_one_by_one_show() -> None:
    assert MAN.shows("".join(f"\\u{ord(digit):04x}" for digit in "89235292926"))
    assert MAN.shows("".join(f"%{ord(digit):02x}" for digit in "89235292926"))
    assert MAN.shows("".join(f"&#{ord(digit)};" for digit in "89235292926"))


def test_a_number_of_another_country_needs_its_code() -> None:
    for text in ("+375 29 123-45-67", "810375291234567", "375291234567", "00 375 (29) 1234567"):
        assert FOREIGNER.shows(text), text
    for text in ("8 529 123-45-67", "+7 529 123-45-67", "5291234567"):
        assert not FOREIGNER.shows(text), text
    assert FOREIGNER.caller == "5291234567"


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    MAN.shows(text)
    MAN.shows_in(text.encode("utf-8", "surrogatepass"))


@given(st.from_regex(r"\+?7\d{10}", fullmatch=True))
def test_a_number_always_shows_in_its_own_spelling_and_never_in_its_neighbours(text: str) -> None:
    try:
        trace = NumberTrace(PhoneNumber.parse(text))
    except Exception:  # noqa: BLE001 - a number that nobody has
        return
    assert trace.shows(text)
    assert not trace.shows(text[:-1] + str((int(text[-1]) + 1) % 10))
