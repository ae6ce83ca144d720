"""Verdicts written together leave the store as if each had been written alone."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bridge.core.calls import CallState
from bridge.core.delivery import DeliveryState, Done, GaveUp, RetryIn, Verdict
from bridge.core.errors import ClaimLost, StoreUnavailable
from bridge.core.ports import Claim
from bridge.store import settling
from bridge.store.postgres import PostgresDatabase
from bridge.store.settling import Settlement
from support.stand import STANDS, Stand, journal, popup, said

S = CallState
LIFE = [(S.START, 100), (S.PREANSWER, 101), (S.ANSWER, 105), (S.HANGUP, 160), (S.END, 160)]
VERDICTS: list[Verdict] = [
    *[Done("1")] * 5,
    Done("принято"),
    Done("1\ud800"),
    RetryIn(3.0, "нет 1С", counted=False),
    RetryIn(20.0, "сбой", counted=True),
    GaveUp("яд"),
]
TABLES = (
    "SELECT waiting, due_at, postponed, urgent_until, call_id FROM lane ORDER BY call_id",
    "SELECT state, tries, attempts, last_answer, done_at, event_id FROM delivery ORDER BY id",
    "SELECT delivery_id, at, verdict, answer FROM attempt ORDER BY delivery_id, id",
)


def together(stand: Stand, told: Sequence[tuple[Claim, Verdict]]) -> list[bool]:
    items = [Settlement(claim, verdict, stand.clock.now) for claim, verdict in told]
    return list(stand.store._write(lambda db: settling.settle(db, items)))


def one_by_one(stand: Stand, told: Sequence[tuple[Claim, Verdict]]) -> list[bool]:
    return [together(stand, [one])[0] for one in told]


def lived(stand: Stand, settle: Callable[..., list[bool]], seed: int) -> list[Any]:
    """What is in the store, and what was answered, after a day with this chance."""
    dice, answered = random.Random(seed), []
    coming = [(f"c{number}", *life) for number in range(12) for life in LIFE]
    dice.shuffle(coming)
    for _ in range(40):
        for call, state, at in [coming.pop() for _ in range(min(len(coming), 4))]:
            planned = popup(lifetime_s=15) if state is S.PREANSWER else journal()
            stand.store.accept(said(call, state, at), [planned], merge_s=5)
        # all of them: which of those due at one moment come first is the database's choice
        claims = sorted(stand.store.claims("buh", 64), key=lambda claim: claim.stored.event.call_id)
        if dice.random() < 0.5:  # some come while they are being told
            for call, state, at in [coming.pop() for _ in range(min(len(coming), 3))]:
                stand.store.accept(said(call, state, at), [journal()], merge_s=5)
        answered.append(settle(stand, [(claim, dice.choice(VERDICTS)) for claim in claims]))
        for claim in claims:
            stand.store._free("buh", claim.lane_id)
        stand.clock.advance(dice.choice([0.0, 0.5, 5.0]))
    return [answered, *([dict(row) for row in stand.store._read(table)] for table in TABLES)]


@pytest.mark.parametrize("kind", STANDS)
@pytest.mark.parametrize("seed", range(4))
def test_verdicts_together_are_the_verdicts_one_by_one(kind: str, seed: int, tmp_path: Path) -> None:
    found = []
    for name, settle in (("together", together), ("alone", one_by_one)):
        (tmp_path / name / "base").mkdir(parents=True)
        stand = STANDS[kind](tmp_path / name / "base")
        try:
            found.append(lived(stand, settle, seed))
        finally:
            stand.close()
    assert found[0] == found[1]
    assert any(len(answers) > 3 for answers in found[0][0])


def test_one_claim_that_was_lost_loses_no_other(tmp_path: Path) -> None:
    stand = STANDS["postgres"](tmp_path)
    try:
        for call in ("c1", "c2"):
            stand.store.accept(said(call), [journal(), journal("sklad")], merge_s=5)
        kept, lost = stand.store.claim("buh"), stand.store.claim("sklad")
        assert kept is not None
        assert lost is not None
        database = stand.store._db
        assert isinstance(database, PostgresDatabase)
        database.write(
            lambda db: db.execute("UPDATE post SET epoch = epoch + 1 WHERE name = 'sklad'").rowcount
        )
        with pytest.raises(ClaimLost):
            together(stand, [(kept, Done("1")), (lost, Done("1"))])
        stand.store.settle(kept, Done("1"))
        with pytest.raises(ClaimLost):
            stand.store.settle(lost, Done("1"))
        (told,) = stand.store._read("SELECT infobase FROM delivery WHERE state = 'delivered'")
        assert told["infobase"] == "buh"
    finally:
        stand.close()


@pytest.mark.parametrize("kind", STANDS)
def test_several_verdicts_are_written_all_of_them_or_none(kind: str, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    stand = STANDS[kind](tmp_path / "base")
    try:
        for call in ("c1", "c2"):
            for state, at in LIFE[:1] + LIFE[2:3]:
                stand.store.accept(said(call, state, at), [journal()], merge_s=5)
        claims = stand.store.claims("buh", 8)
        verdicts: list[tuple[Claim, Verdict]] = [(claim, Done("1")) for claim in claims]
        assert [claim.stored.event.state for claim in claims] == [S.START, S.START]
        with stand.refusing(), pytest.raises(StoreUnavailable):
            stand.store.settle_all(verdicts)
        assert not stand.archive().deliveries(state=DeliveryState.DELIVERED, infobase="", limit=9)
        assert list(stand.store.claims("buh", 8)) == [], "their lanes are still held"
        assert list(stand.store.settle_all(verdicts)) == [True, True]
        assert len(stand.archive().deliveries(state=DeliveryState.DELIVERED, infobase="", limit=9)) == 2
        assert [claim.stored.event.state for claim in stand.store.claims("buh", 8)] == [S.ANSWER, S.ANSWER]
    finally:
        stand.close()
