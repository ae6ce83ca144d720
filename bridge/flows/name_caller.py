"""The road `who is calling?`: what is known is answered at once, what is old is asked again.

A question is about a number or a taxpayer's number; both become one key, `who`, under which what the
infobases said is kept. Time is unix time in seconds.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from bridge.core.caller import NOBODY, CallerCard
from bridge.core.errors import BadNumber
from bridge.core.numbers import PhoneNumber, same_digits

INN = "inn:"
ABROAD = "+"  # a foreign number is not cut: its last ten digits may be those of a Russian one
MAX_DIGITS = 15  # E.164


class Source(StrEnum):
    """Where an answer came from: the labels of the figure `bridge_caller_names`."""

    FRESH = "fresh"  # known, and lately said by 1C
    STALE = "stale"  # known for longer; 1C is asked again behind the answer
    ASKED = "asked"  # 1C told it in time
    UNKNOWN = "unknown"  # 1C does not know it
    TIMEOUT = "timeout"  # 1C is slow, off or at rest after failures
    HIDDEN = "hidden"  # the caller hides, nobody was asked
    BUSY = "busy"  # too many wait already


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an infobase said, and when. `NOBODY` when it does not know the number."""

    card: CallerCard
    told_at: float


@dataclass(frozen=True, kw_only=True)
class CallerNote:
    """What is to be kept of a caller and an infobase: what was said, how often it was wanted since."""

    told: Told | None = None
    asked_at: float = 0.0
    times: int = 0

    def and_then(self, later: "CallerNote") -> "CallerNote":
        return CallerNote(
            told=later.told or self.told,
            asked_at=max(self.asked_at, later.asked_at),
            times=self.times + later.times,
        )


@dataclass(frozen=True, kw_only=True)
class Lifetimes:
    """How long what 1C said is not asked again: a name, and that there is none."""

    fresh_s: float
    unknown_s: float

    def fresh(self, told: Told, now: float) -> bool:
        """What seems to be said in the future is not: the clock went back."""
        return 0 <= now - told.told_at < (self.fresh_s if told.card.known else self.unknown_s)


@dataclass(frozen=True, kw_only=True)
class Naming:
    """What can be said now. `ask`: the infobases to ask again, in order; none: nothing to wait for."""

    card: CallerCard
    source: Source
    ask: tuple[str, ...]


def name_caller(
    order: Sequence[str], told: Mapping[str, Told], *, now: float, lifetimes: Lifetimes
) -> Naming:
    """Answer from what is known.

    A known name is said whoever of the infobases knows it, even while one before it in order was never
    asked: that one wins the next time.
    """
    ask = tuple(name for name in order if name not in told or not lifetimes.fresh(told[name], now))
    for name in order:
        if name in told and told[name].card.known:
            source = Source.STALE if name in ask else Source.FRESH
            return Naming(card=told[name].card, source=source, ask=ask)
    return Naming(card=NOBODY, source=Source.UNKNOWN, ask=ask)


def first_known(
    order: Sequence[str], told: Mapping[str, Told], *, pending: Collection[str] = ()
) -> CallerCard | None:
    """The card of the first in order that knows; None while one of `pending` before it may know better."""
    for name in order:
        if name in pending:
            return None
        if name in told and told[name].card.known:
            return told[name].card
    return None


def key_of(number: str) -> str:
    """The key of a caller's number in any spelling; "" for a hidden one and for the exchange itself.

    >>> key_of("+7 (923) 529-29-26"), key_of("89235292926"), key_of("101"), key_of("Anonymous")
    ('9235292926', '9235292926', '101', '')
    >>> key_of("8104930123456"), key_of("919123456789")
    ('+4930123456', '+919123456789')
    """
    try:
        parsed = PhoneNumber.parse(number)
    except BadNumber:
        return _key_of_digits(number)
    if parsed.internal:  # 0000 is the exchange that rings for a click in 1C
        return parsed.digits if parsed.digits.strip("0") else ""
    if number.strip().startswith("00") or (parsed.digits.startswith("7") and len(parsed.digits) > 11):
        return _key_of_digits(number)
    return _key_of_public(parsed.digits)


def _key_of_digits(number: str) -> str:
    """Of what is no number in Russia: one from abroad may come with neither a plus nor 810."""
    digits = re.sub(r"\D", "", number[: 4 * MAX_DIGITS])
    if len(digits) > 10:
        try:
            return _key_of_public(PhoneNumber.parse("+" + digits.removeprefix("00")).digits)
        except BadNumber:
            pass
    return same_digits(digits) if digits.strip("0") else ""


def _key_of_public(digits: str) -> str:
    if digits.startswith("7"):
        return same_digits(digits)
    with suppress(BadNumber):  # zeros that are dialled only inside that country are not part of the number
        while len(shorter := PhoneNumber.parse(ABROAD + digits).digits) < len(digits):
            digits = shorter
    return ABROAD + digits


def key_of_inn(inn: str) -> str:
    """The key of a taxpayer's number, ten digits of a firm or twelve of a person; "" when it is none.

    >>> key_of_inn("2460000001"), key_of_inn("246")
    ('inn:2460000001', '')
    """
    digits = inn.strip()
    return INN + digits if digits.isascii() and digits.isdigit() and len(digits) in (10, 12) else ""


def number_of(who: str) -> str:
    """The number behind a key as 1C is asked about it: 8XXXXXXXXXX, 810… abroad, an extension as it is.

    >>> number_of("9235292926"), number_of("+4930123456"), number_of("101")
    ('89235292926', '8104930123456', '101')
    """
    national = len(who) == 10 and not who.startswith("10")  # 8 before it would read as 810, the way abroad
    spelled = "810" + who[1:] if who.startswith(ABROAD) else "8" + who if national else who
    return spelled if key_of(spelled) == who else who  # the shortest and the longest from abroad would not
