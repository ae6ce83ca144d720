"""Telephone numbers as people and exchanges write them, made one.

Reading and classifying is left to `phonenumbers` (Google's libphonenumber in Python); what is
ours is the choice of what a Russian firm's click may mean.
"""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from bridge.core.errors import BadNumber

HOME_REGION = "RU"
MAX_TEXT = 64
MAX_DIGITS = 15  # of a number with its country code (ITU-T E.164, 6.2.1)
# What libphonenumber makes of a Russian mobile number, which most clicks are, is known without asking it.
_MOBILE = re.compile(r"(?:\+?7|8)?[ -]?\(?(9[0-9]{2})\)?[ -]?([0-9]{3})[ -]?([0-9]{2})[ -]?([0-9]{2})")
_SHORT = re.compile(r"[0-9]{2,6}")  # internal numbers: "short extensions 2-6 digits", Mobilon's manual
_LETTERS = re.compile(r"[^\W\d_]", re.UNICODE)
_EXTENSION_MARK = re.compile(r"(?i)[\s,;]*(?:доб(?:авочный)?|вн(?:утр)?|ext|x|#)\.?\s*(\d{1,7})\s*$")
_SEVERAL = re.compile(r"\d[\s)]*[,;/]\s*(?:\+|8|7|\()")


@dataclass(frozen=True, kw_only=True)
class PhoneNumber:
    """A number to dial: ``digits`` is E.164 without the plus, or a short internal number."""

    digits: str
    region: str = ""  # ISO 3166 country of a public number: "RU"; "" for an internal one
    premium: bool = False
    extension: str = ""  # digits to press after the answer; no exchange API takes them

    @property
    def internal(self) -> bool:
        return self.region == ""

    @property
    def trunk8(self) -> str:
        """The form of Mobilon and of most 1C bases: 8XXXXXXXXXX; 810… abroad; internal as it is."""
        if self.internal:
            return self.digits
        if self.digits.startswith("7") and len(self.digits) == 11:
            return "8" + self.digits[1:]
        return "810" + self.digits

    @classmethod
    def parse(cls, text: str, *, area_code: str = "") -> "PhoneNumber":
        """Read a number the way people write it.

        A Russian trunk prefix becomes the country code, so one caller is one number whichever
        exchange reports the call. `area_code` completes a city number written without it.

        >>> PhoneNumber.parse("8 (923) 529-29-26").digits
        '79235292926'
        >>> PhoneNumber.parse("+7 391 274-50-00 доб. 12").extension
        '12'
        >>> PhoneNumber.parse("101").internal
        True

        Raises:
            BadNumber: the text holds no number, or more than one; the message says what to write.
        """
        text = text.strip().removeprefix("tel:")
        if not text:
            raise BadNumber("Не указан номер телефона")
        if len(text) > MAX_TEXT:
            raise BadNumber("Слишком длинный номер: укажите один номер телефона")
        if _SHORT.fullmatch(text):
            return cls(digits=text)
        if mobile := _MOBILE.fullmatch(text):
            return cls(digits=f"7{''.join(mobile.groups())}", region=HOME_REGION)
        if _SEVERAL.search(text):
            raise BadNumber("В строке несколько номеров: укажите один")
        mark = _EXTENSION_MARK.search(text)
        main = text[: mark.start()] if mark else text
        # libphonenumber would read letters as a vanity number ("FLOWERS" -> 3569377)
        if _LETTERS.search(main):
            raise BadNumber("В номере есть буквы: укажите номер цифрами, например 8 912 345-67-89")
        return cls._parse_public(main, area_code, mark[1] if mark else "")

    @classmethod
    def _parse_public(cls, text: str, area_code: str, extension: str) -> "PhoneNumber":
        local = re.sub(r"\D", "", text)
        if area_code and len(local) + len(area_code) == 10:
            text = area_code + local
        try:
            number = phonenumbers.parse(text, HOME_REGION)
        except NumberParseException:
            raise BadNumber("Это не номер телефона: укажите, например, 8 912 345-67-89") from None
        if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
            raise BadNumber("В номере не хватает или слишком много цифр: нужен код города или оператора")
        region = phonenumbers.region_code_for_number(number)
        lost_a_digit = len(local) == 10 and local.startswith("8")  # of 8XXXXXXXXXX
        if lost_a_digit and not phonenumbers.is_valid_number(number):
            raise BadNumber("В номере не хватает цифры: после 8 нужно десять")
        if region is None and number.country_code == 7:
            region = HOME_REGION  # a range newer than the library's tables is still Russian to dial
        digits = f"{number.country_code}{phonenumbers.national_significant_number(number)}"
        if len(digits) > MAX_DIGITS or (number.country_code == 7 and len(digits) != 11):
            raise BadNumber("В номере слишком много цифр")
        return cls(
            digits=digits,
            region=region or "?",
            premium=phonenumbers.number_type(number) == PhoneNumberType.PREMIUM_RATE,
            extension=extension,
        )


def mask(number: str) -> str:
    """Hide a number for logs: the operator can tell two calls apart, not whom they were with.

    >>> mask("89235292926"), mask("101"), mask("CallAPI")
    ('89*******26', '1**', 'CallAPI')
    """
    if not any(char.isdigit() for char in number):
        return "".join(char for char in number[:16] if char.isprintable())
    if len(number) < 7:
        return number[:1] + "*" * (len(number) - 1)
    return number[:2] + "*" * (len(number) - 4) + number[-2:]


def same_digits(number: str) -> str:
    """Digits by which two spellings of one number are recognised as one (the last ten, or all).

    >>> same_digits("+7 (923) 529-29-26") == same_digits("89235292926")
    True
    """
    digits = re.sub(r"\D", "", number)
    return digits[-10:] if len(digits) >= 10 else digits
