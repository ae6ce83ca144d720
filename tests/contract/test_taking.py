"""What was stored a moment ago is taken without a look, as a look would have found it, and never twice."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.calls import CallEvent, CallState
from bridge.core.delivery import Done
from bridge.core.ports import Accepted, Claim, PlannedDelivery
from support.stand import STANDS, Stand, journal, old_ring, popup, said

NEAR = "sqlite"
WORDS = [
    said(),
    said(call="ж", from_number="", to_number="", user_key="", time_s=None, fields={}),
    said(fields={"a": {"b": [1, 2.5, None, True, "ё \ud800"]}, "": ""}, raw=b"\xff\0"),
    said(from_number="8\ud800", to_number="\0", user_key="k\n", raw_media="x/\udfff", recovered=True),
]


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    (tmp_path / "base").mkdir()
    made = STANDS[request.param](tmp_path / "base")
    yield made
    made.close()


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Stand]:
    (tmp_path / "base").mkdir()
    made = STANDS[NEAR](tmp_path / "base")
    yield made
    made.close()


def stored(stand: Stand, event: CallEvent, *plan: PlannedDelivery) -> Accepted:
    return stand.store.accept(event, plan or [journal()], merge_s=5)


def taken(stand: Stand, event: CallEvent, accepted: Accepted) -> list[Claim | None]:
    return [stand.store.take(head, event, accepted) for head in accepted.heads]


def together(stand: Stand, events: Sequence[CallEvent]) -> list[Accepted]:
    brought = [stand.store.bring(event, [journal()], merge_s=5) for event in events]
    return [committed() for committed in brought]


@pytest.mark.parametrize("event", WORDS)
def test_a_claim_is_the_one_that_a_look_would_have_found(near: Stand, event: CallEvent) -> None:
    accepted = stored(near, event, journal("buh"), journal("sklad"))
    now = {claim.infobase: claim for claim in taken(near, event, accepted) if claim}
    later = near.crash()
    for infobase in ("buh", "sklad"):
        assert [now[infobase]] == later.claims(infobase, 5)


def test_a_server_is_not_asked_and_the_look_finds_it(stand: Stand, request: pytest.FixtureRequest) -> None:
    (claim,) = taken(stand, WORDS[0], stored(stand, WORDS[0]))
    found = stand.store.claims("buh", 5)
    if NEAR in request.node.name:
        assert claim
        assert found == []
    else:
        assert claim is None
        assert len(found) == 1


def test_its_lane_is_held_until_it_is_settled(near: Stand) -> None:
    accepted = stored(near, said())
    (claim,) = taken(near, said(), accepted)
    assert claim
    stored(near, said(state=CallState.END))
    assert near.store.claims("buh", 5) == []
    assert taken(near, said(), accepted) == [None], "told twice"
    assert near.store.settle(claim, Done("1"))
    (following,) = near.store.claims("buh", 5)
    assert following.stored.event.state is CallState.END


def test_what_a_look_has_found_is_not_taken_nor_is_what_was_settled_meanwhile(near: Stand) -> None:
    accepted = stored(near, said())
    (claim,) = near.store.claims("buh", 5)
    assert taken(near, said(), accepted) == [None]
    near.store.settle(claim, Done("1"))
    assert taken(near, said(), accepted) == [None], "told twice"
    stored(near, said(state=CallState.END))
    assert len(near.store.claims("buh", 5)) == 1, "its lane is held by nobody"


def test_only_who_is_alone_in_its_lane_and_for_the_books_is_a_head(stand: Stand) -> None:
    first = stored(stand, said())
    assert [(head.infobase, head.operation) for head in first.heads] == [("buh", "Event")]
    assert stored(stand, said()).heads == (), "it came before"
    assert stored(stand, said(state=CallState.END)).heads == (), "another waits before it"
    assert stored(stand, said("c2"), popup()).heads == (), "1C may know that the call is over"
    assert stored(stand, said("c3"), replace(journal(), mail=True)).heads == (), "1C collects it"
    assert stored(stand, old_ring()).heads == (), "it may be another's ring"


def test_of_a_call_that_came_twice_at_one_moment_the_order_is_for_the_look(near: Stand) -> None:
    events = [said("c1", CallState.END, 160), said("c2"), said("c1", CallState.START, 100)]
    last, other, first = together(near, events)
    assert (last.heads, first.heads) == ((), ())
    assert len(other.heads) == 1
    states = [claim.stored.event.state for claim in near.store.claims("buh", 5)]
    assert states == [CallState.START, CallState.START], "the END waits behind its START"
