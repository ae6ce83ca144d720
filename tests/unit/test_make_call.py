"""The road «1C dials»: one click, at most one dial, one honest sentence."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bridge.core.calls import Subscriber
from bridge.core.dial_limits import NO_LIMITS, DialLimits
from bridge.core.dialing import CallCode, CallResult, DialPolicy, DialStatus
from bridge.core.errors import StoreUnavailable
from bridge.core.numbers import PhoneNumber
from bridge.core.ports import DialRecord
from bridge.core.steps import THREAD, Commit, Steps
from bridge.core.watch import WorkHours
from bridge.flows.make_call import IN_PROGRESS, Desk, click, make_call

ANNA = Subscriber(name="Иванова Анна", key="gW3cyUJAtl50PhF", extension="101")
PETR = Subscriber(name="Петров Пётр", extension="102")
RANG = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")
NUMBER = "8 (923) 529-29-26"


@dataclass
class Exchange:
    """`kept`: it has a connection to ask over at once."""

    answer: CallResult = RANG
    dialled: list[tuple[Subscriber, str]] = field(default_factory=list)
    kept: bool = False

    def begin(self, subscriber: Subscriber, number: PhoneNumber) -> "Asked | None":
        return Asked(self.dial(subscriber, number)) if self.kept else None

    def dial(self, subscriber: Subscriber, number: PhoneNumber) -> CallResult:
        self.dialled.append((subscriber, number.digits))
        return self.answer


@dataclass
class Asked:
    answer: CallResult
    ends_at: float = 0.0

    def fileno(self) -> int:
        raise AssertionError("nobody watches it here")

    def come(self) -> bool:
        return True

    def result(self) -> CallResult:
        return self.answer


@dataclass
class Log:
    """Clicks in memory. `fails` names the step at which the store goes away."""

    fails: str = ""
    clicks: dict[tuple[str, str, str], int] = field(default_factory=dict)
    refusal: CallResult | None = None
    results: dict[int, CallResult] = field(default_factory=dict)

    def begin(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> DialRecord:
        if self.fails == "begin":
            raise StoreUnavailable("диск полон")
        if self.refusal:
            return DialRecord(id=0, result=self.refusal, fresh=False)
        click = (infobase, subscriber, number)
        if click in self.clicks:
            dial_id = self.clicks[click]
            return DialRecord(id=dial_id, result=self.results.get(dial_id), fresh=False)
        self.clicks[click] = len(self.clicks) + 1
        return DialRecord(id=self.clicks[click], result=None, fresh=True)

    def bring_click(
        self,
        infobase: str,
        subscriber: str,
        number: str,
        *,
        window_s: float,
        since: float = math.inf,
        limits: DialLimits = NO_LIMITS,
    ) -> Callable[[], DialRecord]:
        if self.fails == "bring":
            raise StoreUnavailable("мост останавливается")
        return lambda: self.begin(infobase, subscriber, number, window_s=window_s, limits=limits)

    def end(self, dial_id: int, result: CallResult) -> None:
        if self.fails == "end":
            raise StoreUnavailable("диск полон")
        self.results[dial_id] = result

    def look(self, dial_id: int) -> CallResult | None:
        return self.results.get(dial_id)


@dataclass
class Office:
    exchange: Exchange = field(default_factory=Exchange)
    log: Log = field(default_factory=Log)
    rules: dict[str, Any] = field(default_factory=dict)
    wait: Callable[[int], CallResult | None] = lambda _: None
    wall_s: float = 0.0

    def click(self, handle: str = "101", number: str = NUMBER) -> CallResult:
        return make_call(handle, number, **self._with())

    def steps(self, handle: str = "101", number: str = NUMBER) -> Steps[CallResult]:
        return click(handle, number, **self._with())

    def _with(self) -> dict[str, Any]:
        desk = Desk(infobase="buh", exchange=self.exchange, subscribers=(ANNA, PETR), **self.rules)
        return {
            "desk": desk,
            "dial_log": self.log,
            "wait_for_first": self.wait,
            "wall_s": self.wall_s,
        }


@pytest.mark.parametrize("handle", [ANNA.key, "101", "Иванова Анна", " иванова анна "])
def test_a_subscriber_is_found_by_key_extension_or_name(handle: str) -> None:
    office = Office()
    assert office.click(handle) == RANG
    assert office.exchange.dialled == [(ANNA, "79235292926")]


def test_a_subscriber_without_a_key_is_found_by_extension() -> None:
    office = Office()
    office.click("102")
    assert office.exchange.dialled == [(PETR, "79235292926")]


@pytest.mark.parametrize("handle", ["", "  ", "103", "Иванова", "gw3cyujatl50phf"])
def test_an_unknown_subscriber_is_refused_and_nothing_is_dialled(handle: str) -> None:
    office = Office()
    result = office.click(handle)
    assert (result.status, result.code) == (DialStatus.FAILED, CallCode.UNKNOWN_SUBSCRIBER)
    assert (office.exchange.dialled, office.log.clicks) == ([], {})


def test_an_unlisted_key_goes_to_the_exchange_where_that_is_allowed() -> None:
    office = Office(rules={"unlisted_keys": True})
    office.click("k-unlisted")
    office.click("777")
    assert [(who.key, who.extension) for who, _ in office.exchange.dialled] == [
        ("k-unlisted", ""),
        ("777", "777"),
    ]
    assert office.click("  ").code == CallCode.UNKNOWN_SUBSCRIBER


@pytest.mark.parametrize("handle", ["k-of-vera", " 103 ", "Верина Вера"])
def test_whoever_is_listed_for_others_alone_is_no_unlisted_key(handle: str) -> None:
    vera = Subscriber(name="Верина Вера", key="k-of-vera", extension="103")
    office = Office(rules={"unlisted_keys": True, "others": (vera,)})
    assert office.click(handle).code == CallCode.UNKNOWN_SUBSCRIBER
    assert office.exchange.dialled == []


@pytest.mark.parametrize("number", ["", "звоните", "8 923", "89235292926, 89235292927"])
def test_a_bad_number_is_refused_with_advice(number: str) -> None:
    office = Office()
    result = office.click(number=number)
    assert result.code == CallCode.BAD_NUMBER
    assert result.message
    assert office.exchange.dialled == []


@pytest.mark.parametrize(
    ("number", "policy"),
    [
        ("+1 212 555 01 00", DialPolicy()),
        ("8 809 505 00 00", DialPolicy()),
        ("102", DialPolicy()),
        ("112", DialPolicy(short=frozenset({"102"}))),
        ("89005292926", DialPolicy(denied=("7900",))),
        ("89005292926", DialPolicy(denied=("7900",), allowed=("79",))),
        ("+375 29 123-45-67", DialPolicy(allowed=("370",))),
        ("+881 6 12345678", DialPolicy()),
        ("8 940 712-34-56", DialPolicy()),
        ("+7 840 226-00-00", DialPolicy()),
    ],
)
def test_what_the_rules_forbid_is_not_dialled(number: str, policy: DialPolicy) -> None:
    office = Office(rules={"policy": policy})
    assert office.click(number=number).code == CallCode.NOT_ALLOWED
    assert (office.exchange.dialled, office.log.clicks) == ([], {})


@pytest.mark.parametrize(
    ("number", "policy", "digits"),
    [
        ("102", DialPolicy(short=frozenset({"102"})), "102"),
        ("+375 29 123-45-67", DialPolicy(allowed=("375",)), "375291234567"),
        ("8 809 505 00 00", DialPolicy(premium=True), "78095050000"),
        ("8 809 505 00 00", DialPolicy(allowed=("7809505",)), "78095050000"),
        ("8 940 712-34-56", DialPolicy(allowed=("7940",)), "79407123456"),
    ],
)
def test_what_the_rules_allow_is_dialled(number: str, policy: DialPolicy, digits: str) -> None:
    office = Office(rules={"policy": policy})
    assert office.click(number=number).code == CallCode.DONE
    assert [one for _, one in office.exchange.dialled] == [digits]


THURSDAY_NOON_S = 12 * 3600.0  # 1970-01-01 was a Thursday


@pytest.mark.parametrize(
    ("wall_s", "code"),
    [
        (THURSDAY_NOON_S, CallCode.DONE),
        (THURSDAY_NOON_S + 6 * 3600, CallCode.OFF_HOURS),
        (THURSDAY_NOON_S + 2 * 24 * 3600, CallCode.OFF_HOURS),
    ],
)
def test_dialling_may_be_left_to_the_hours_of_work(wall_s: float, code: int) -> None:
    policy = DialPolicy(hours=WorkHours.parse("09:00-18:00", "1-5"))
    office = Office(rules={"policy": policy}, wall_s=wall_s)
    assert office.click().code == code
    assert len(office.exchange.dialled) == (code == CallCode.DONE)


def test_a_refusal_of_the_log_is_read_and_nothing_is_dialled() -> None:
    office = Office()
    office.log.refusal = CallResult.fail(CallCode.TOO_OFTEN, "За минуту у абонента уже 10 звонков")
    assert office.click() == office.log.refusal
    assert office.exchange.dialled == []


def test_a_city_number_is_completed() -> None:
    office = Office(rules={"area_code": "391"})
    office.click(number="274-50-00")
    assert office.exchange.dialled == [(ANNA, "73912745000")]


def test_a_double_click_dials_once_and_reads_the_first_answer() -> None:
    office = Office()
    answers = [office.click("101"), office.click(ANNA.key), office.click(ANNA.name, "+79235292926")]
    assert answers == [RANG] * 3, "one click, however the person and the number are written"
    assert len(office.exchange.dialled) == 1


def test_a_refusal_of_the_exchange_is_the_answer_of_the_second_click_too() -> None:
    busy = CallResult.fail(3, "Занято")
    office = Office(Exchange(busy))
    assert [office.click(), office.click()] == [busy, busy]
    assert len(office.exchange.dialled) == 1


def test_a_click_while_the_first_is_dialled_waits_for_its_answer() -> None:
    office = Office()
    office.log.begin("buh", ANNA.key, "79235292926", window_s=10)
    waited: list[int] = []
    office.wait = lambda dial_id: waited.append(dial_id) or RANG  # type: ignore[func-returns-value]
    assert (office.click(), waited, office.exchange.dialled) == (RANG, [1], [])


def test_a_click_whose_first_has_no_answer_yet_is_told_so() -> None:
    office = Office()
    office.log.begin("buh", ANNA.key, "79235292926", window_s=10)
    assert office.click() == IN_PROGRESS
    assert IN_PROGRESS.code == CallCode.IN_PROGRESS
    assert office.exchange.dialled == []


def test_without_a_record_nothing_is_dialled() -> None:
    office = Office(log=Log(fails="begin"))
    with pytest.raises(StoreUnavailable):
        office.click()
    assert office.exchange.dialled == []


def test_a_store_that_fails_after_the_dial_does_not_hide_that_the_telephone_rings() -> None:
    office = Office(log=Log(fails="end"))
    result = office.click()
    assert (result.status, result.code, result.call_id) == (DialStatus.STARTED, 0, "x1")
    assert result.message.startswith("Звоним (")
    assert office.click() == IN_PROGRESS
    assert len(office.exchange.dialled) == 1


def test_a_second_click_that_cannot_read_the_first_answer_does_not_say_that_nothing_was_dialled() -> None:
    office = Office()
    office.log.begin("buh", ANNA.key, "79235292926", window_s=10)

    def unreadable(_: int) -> CallResult | None:
        raise StoreUnavailable("занято")

    office.wait = unreadable
    assert office.click() == IN_PROGRESS


def test_the_exchange_is_asked_only_when_the_commit_has_been_waited_for() -> None:
    office = Office(exchange=Exchange(kept=True))
    steps = office.steps()
    assert isinstance(next(steps), Commit)
    assert (office.exchange.dialled, office.log.clicks) == ([], {})
    assert isinstance(next(steps), Asked)
    assert (office.exchange.dialled, len(office.log.clicks)) == ([(ANNA, "79235292926")], 1)
    assert (ended(steps), office.log.results) == (RANG, {1: RANG})


def test_an_exchange_that_must_be_reached_first_is_asked_on_a_thread() -> None:
    office = Office()
    steps = office.steps()
    assert isinstance(next(steps), Commit)
    assert next(steps) is THREAD
    assert office.exchange.dialled == []
    assert ended(steps) == RANG
    assert len(office.exchange.dialled) == 1


def test_a_second_click_waits_for_the_answer_to_the_first_on_a_thread() -> None:
    office = Office(exchange=Exchange(kept=True), wait=lambda _: RANG)
    first, second = office.steps(), office.steps()
    assert isinstance(next(first), Commit)
    assert isinstance(next(first), Asked)
    assert isinstance(next(second), Commit)
    assert next(second) is THREAD
    assert ended(second) == ended(first) == RANG
    assert len(office.exchange.dialled) == 1


def test_what_is_refused_or_known_waits_for_nobody_but_the_store() -> None:
    office = Office(exchange=Exchange(kept=True))
    assert ended(office.steps(handle="?")).code == CallCode.UNKNOWN_SUBSCRIBER
    office.click()
    again = office.steps()
    assert isinstance(next(again), Commit)
    assert ended(again) == RANG


@pytest.mark.parametrize("fails", ["bring", "begin"])
def test_a_store_that_takes_nothing_lets_nothing_be_dialled(fails: str) -> None:
    office = Office(exchange=Exchange(kept=True), log=Log(fails=fails))
    with pytest.raises(StoreUnavailable):
        office.click()
    assert office.exchange.dialled == []


def ended(steps: Steps[CallResult]) -> CallResult:
    """What the next step, which is the last, gives."""
    with pytest.raises(StopIteration) as end:
        next(steps)
    result: CallResult = end.value.value
    return result
