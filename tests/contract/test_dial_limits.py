"""A click may be one too many: limits and the stop of dialling, on every store."""

import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest

from bridge.core.dial_limits import NO_LIMITS, DialLimits, DialsBegun
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.ports import DialRecord
from bridge.store.dials import EVERYBODY
from support.stand import STANDS, Stand

RANG = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")
NAMES = [one.name for one in fields(DialLimits)]
CALM_S = 10.0


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "store"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def click(
    stand: Stand, who: str, number: str, limits: DialLimits, base: str = "buh", *, answer: bool = True
) -> DialRecord:
    record = stand.store.begin(base, who, number, window_s=CALM_S, limits=limits)
    if record.fresh and answer:
        stand.store.end(record.id, RANG)
    return record


def refusal(record: DialRecord) -> str:
    assert not record.fresh
    assert record.result is not None
    assert record.result.code == CallCode.TOO_OFTEN
    return record.result.message


@pytest.mark.parametrize(
    ("name", "again_after_s"),
    [
        ("subscriber_minute", 60),
        ("subscriber_hour", 3600),
        ("subscriber_day", 24 * 3600),
        ("infobase_minute", 60),
        ("infobase_hour", 3600),
        ("infobase_day", 24 * 3600),
    ],
)
def test_a_limit_holds_for_its_time_and_no_longer(stand: Stand, name: str, again_after_s: float) -> None:
    limits = replace(NO_LIMITS, **{name: 2})
    assert click(stand, "101", "79160000001", limits).fresh
    stand.clock.advance(1)
    assert click(stand, "101", "79160000002", limits).fresh
    assert f"dial.{name}" in refusal(click(stand, "101", "79160000003", limits))
    others = click(stand, "102", "79160000003", limits)
    assert others.fresh == name.startswith("subscriber"), "a subscriber's limit is his own"
    assert click(stand, "101", "79160000003", limits, base="sklad").fresh, "another infobase has its own"
    stand.clock.advance(again_after_s - 2)
    refusal(click(stand, "101", "79160000004", limits))
    stand.clock.advance(1)  # the first of the two is that old now
    assert click(stand, "101", "79160000004", limits).fresh


def test_one_number_is_not_rung_for_ever_whoever_clicks(stand: Stand) -> None:
    limits = replace(NO_LIMITS, same_number_hour=3)
    for who in ("101", "102", "103"):
        assert click(stand, who, "79160000001", limits).fresh
    assert "same_number_hour" in refusal(click(stand, "104", "79160000001", limits))
    assert click(stand, "104", "79160000002", limits).fresh
    stand.clock.advance(3600)
    assert click(stand, "104", "79160000001", limits).fresh


def test_a_number_that_was_never_rung_is_not_said_to_have_been(stand: Stand) -> None:
    limits = replace(NO_LIMITS, same_number_hour=2, subscriber_hour=6)
    for _ in range(4):
        refused = click(stand, "101", "79160000001", limits, answer=False)
        assert refused.fresh
        stand.store.end(refused.id, CallResult.fail(CallCode.EXCHANGE_AWAY, "АТС не отвечает"))
    for _ in range(2):
        unknown = click(stand, "101", "79160000001", limits, answer=False)
        assert unknown.fresh
        stand.store.end(unknown.id, CallResult.fail(CallCode.OUTCOME_UNKNOWN, "Исход неизвестен"))
        stand.clock.advance(CALM_S + 1)
    assert "same_number_hour" in refusal(click(stand, "102", "79160000001", limits))
    assert "subscriber_hour" in refusal(click(stand, "101", "79160000002", limits)), "each was asked for"


def test_so_many_are_dialled_at_once(stand: Stand) -> None:
    limits = replace(NO_LIMITS, at_once=2)
    first = click(stand, "101", "79160000001", limits, answer=False)
    assert click(stand, "102", "79160000002", limits, answer=False).fresh
    assert "at_once" in refusal(click(stand, "103", "79160000003", limits))
    stand.store.end(first.id, RANG)
    assert click(stand, "103", "79160000003", limits).fresh


def test_a_double_click_is_no_second_dial_for_a_limit(stand: Stand) -> None:
    limits = replace(NO_LIMITS, subscriber_minute=1)
    first = click(stand, "101", "79160000001", limits)
    again = click(stand, "101", "79160000001", limits)
    assert (again.id, again.fresh, again.result) == (first.id, False, RANG)


def test_a_refused_click_leaves_no_trace_that_counts(stand: Stand) -> None:
    limits = replace(NO_LIMITS, subscriber_minute=1)
    click(stand, "101", "79160000001", limits)
    for second in range(59):
        stand.clock.advance(1)
        refusal(click(stand, "101", f"7917000{second:04}", limits))
    stand.clock.advance(1)
    assert click(stand, "101", "79160000099", limits).fresh


def test_a_clock_that_goes_back_opens_no_limit(stand: Stand) -> None:
    limits = replace(NO_LIMITS, subscriber_minute=1)
    click(stand, "101", "79160000001", limits)
    stand.clock.advance(-3600)
    refusal(click(stand, "101", "79160000002", limits))


def test_clicks_at_one_moment_do_not_slip_past_a_limit_together(stand: Stand) -> None:
    limits = replace(NO_LIMITS, infobase_minute=3)
    records: list[DialRecord] = []
    threads = [
        threading.Thread(target=lambda n=n: records.append(click(stand, "101", f"7916000{n:04}", limits)))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.fresh for one in records) == 3


def test_dialling_is_stopped_for_one_or_for_all_and_allowed_again(stand: Stand) -> None:
    archive = stand.archive()
    archive.stop_dialling("buh", "разбираемся")
    stopped = click(stand, "101", "79160000001", NO_LIMITS)
    assert stopped.result is not None
    assert (stopped.fresh, stopped.result.code) == (False, CallCode.STOPPED)
    assert stopped.result.message.endswith("разбираемся")
    assert click(stand, "101", "79160000001", NO_LIMITS, base="sklad").fresh
    archive.stop_dialling(EVERYBODY, "")
    assert not click(stand, "101", "79160000002", NO_LIMITS, base="sklad").fresh
    assert {one.infobase for one in archive.dial_stops()} == {"", "buh"}
    assert (archive.allow_dialling(EVERYBODY), archive.allow_dialling(EVERYBODY)) == (True, False)
    assert not click(stand, "101", "79160000001", NO_LIMITS).fresh
    assert archive.allow_dialling("buh")
    assert click(stand, "101", "79160000001", NO_LIMITS).fresh


def test_every_dial_can_be_looked_up(stand: Stand) -> None:
    click(stand, "101", "79160000001", NO_LIMITS)
    click(stand, "102", "79160000002", NO_LIMITS, answer=False)
    newest, oldest = stand.archive().clicks()
    assert (newest.subscriber, newest.number, newest.result) == ("102", "79160000002", None)
    assert (oldest.subscriber, oldest.result) == ("101", RANG)
    assert [one.number for one in stand.archive().clicks(limit=1)] == ["79160000002"]


@pytest.mark.parametrize("name", NAMES)
def test_each_limit_is_named_in_its_refusal_and_zero_switches_it_off(name: str) -> None:
    much = DialsBegun(**{one: (10**6 if one == name else 0) for one in NAMES})
    assert f"dial.{name}" in DialLimits().refusal(much)
    assert DialLimits(**{name: 0}).refusal(much) == ""
    assert NO_LIMITS.refusal(DialsBegun(**dict.fromkeys(NAMES, 10**6))) == ""
