"""The table of callers, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.caller import NOBODY, CallerCard
from bridge.core.errors import StoreUnavailable
from bridge.flows.name_caller import CallerNote, Told
from support.stand import DAY_S, STANDS, START, Stand

CHIZH = CallerCard(title="ООО «Рога & Копыта»", category="VIP", manager="244")
WHO = "9235292926"


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "stand"
    folder.mkdir()
    stand = STANDS[request.param](folder)
    yield stand
    stand.close()


def keep(stand: Stand, infobase: str = "buh", who: str = WHO, **note: object) -> None:
    stand.store.callers.keep({(infobase, who): CallerNote(**note)})  # type: ignore[arg-type]


def told(card: CallerCard = CHIZH, at: float = START) -> Told:
    return Told(card=card, told_at=at)


def often(stand: Stand, *, older_than_s: float = 10.0, limit: int = 10) -> list[str]:
    return stand.store.callers.often("buh", older_than_s=older_than_s, limit=limit)


def test_what_was_said_survives_a_crash(stand: Stand) -> None:
    keep(stand, told=told(), asked_at=START, times=1)
    keep(stand, "crm", told=told(NOBODY))
    stand.crash()
    assert stand.store.callers.recall(["buh", "crm", "docs"], WHO) == {"buh": told(), "crm": told(NOBODY)}
    assert stand.store.callers.recall(["buh"], "9990001122") == {}
    assert stand.store.callers.recall(["crm"], WHO) == {"crm": told(NOBODY)}


def test_the_last_word_counts(stand: Stand) -> None:
    keep(stand, told=told())
    keep(stand, told=told(CallerCard(title="Чиж"), START + 5))
    assert stand.store.callers.recall(["buh"], WHO) == {"buh": told(CallerCard(title="Чиж"), START + 5)}


def test_that_somebody_was_wanted_keeps_the_name_and_makes_none(stand: Stand) -> None:
    keep(stand, asked_at=START, times=1)
    assert stand.store.callers.recall(["buh"], WHO) == {}
    keep(stand, told=told())
    keep(stand, asked_at=START + 1, times=2)
    assert stand.store.callers.recall(["buh"], WHO) == {"buh": told()}


def test_who_calls_often_is_found_before_the_name_is_old(stand: Stand) -> None:
    keep(stand, told=told(), asked_at=START, times=2)
    stand.clock.advance(11)
    assert often(stand) == [], "twice is not often"
    keep(stand, asked_at=START + 11, times=1)
    assert often(stand) == [WHO]
    assert often(stand, older_than_s=12) == [], "what is known is young"
    assert stand.store.callers.often("crm", older_than_s=10, limit=10) == []
    keep(stand, told=told(at=START + 11))
    assert often(stand) == [], "it was asked again"
    stand.clock.advance(31 * DAY_S)
    assert often(stand) == [], "they have not called for a month"


def test_strangers_who_call_often_are_not_asked_about(stand: Stand) -> None:
    keep(stand, told=told(NOBODY), asked_at=START, times=50)
    keep(stand, who="9000000001", told=told(CallerCard(manager="244")), asked_at=START, times=50)
    stand.clock.advance(60)
    assert often(stand) == ["9000000001"]


def test_the_oldest_knowledge_is_refreshed_first(stand: Stand) -> None:
    for number, at in (("9000000001", 3.0), ("9000000002", 1.0), ("9000000003", 2.0)):
        keep(stand, who=number, told=told(at=START + at), asked_at=START, times=3)
    stand.clock.advance(60)
    assert often(stand, limit=2) == ["9000000002", "9000000003"]


def test_a_name_lives_as_long_as_the_events_counted_from_the_last_call(stand: Stand) -> None:
    keep(stand, told=told(), asked_at=START, times=1)
    keep(stand, who="9000000001", told=told(), asked_at=START, times=1)
    stand.clock.advance(100 * DAY_S)
    keep(stand, asked_at=START + 100 * DAY_S, times=1)
    keep(stand, who="9000000001", told=told(at=START + 100 * DAY_S))  # refreshed, but not wanted
    stand.clock.advance(100 * DAY_S)
    stand.store.purge(older_than_s=180 * DAY_S)
    assert stand.store.callers.recall(["buh"], WHO) == {"buh": told()}
    assert stand.store.callers.recall(["buh"], "9000000001") == {}


def test_a_name_that_no_database_could_take_is_kept_without_the_bad_characters(stand: Stand) -> None:
    keep(stand, told=told(CallerCard(title="А\ud800Б\0")))
    assert stand.store.callers.recall(["buh"], WHO)["buh"].card.title == "А?Б?"


def test_many_notes_are_one_commit_and_none_of_them_when_it_fails(stand: Stand) -> None:
    notes = {("buh", f"9{number:09}"): CallerNote(told=told(), times=1) for number in range(300)}
    stand.store.callers.keep(notes)
    assert stand.store.callers.recall(["buh"], "9000000299") == {"buh": told()}
    poisoned = {("buh", "1"): CallerNote(told=told()), ("buh", "2"): CallerNote(told=told(at=None))}  # type: ignore[arg-type]
    with pytest.raises(Exception):  # noqa: B017 - each database names it differently
        stand.store.callers.keep(poisoned)
    assert stand.store.callers.recall(["buh"], "1") == {}


def test_a_closed_store_says_so(stand: Stand) -> None:
    stand.store.close()
    with pytest.raises(StoreUnavailable):
        keep(stand, told=told())
