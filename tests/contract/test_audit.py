"""What every store promises about who did what: written before it is done, kept for a time of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.store.audit import Deed
from bridge.store.passages import Way
from bridge.web.auth import token_hash
from support.stand import DAY_S, STANDS, START, Stand, journal, said


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "base"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def test_a_deed_is_written_before_it_is_done_and_counted_after(stand: Stand) -> None:
    archive = stand.archive()
    with archive.deed("ivanov (server)", Deed.REPLAY, "dead, buh") as done:
        (begun,) = archive.deeds()
        assert (begun.at, begun.who, begun.did, begun.about) == (
            START,
            "ivanov (server)",
            Deed.REPLAY,
            "dead, buh",
        )
        assert begun.count is None
        done.count = 17
    assert [one.count for one in archive.deeds()] == [17]


def test_what_fails_half_way_is_not_finished(stand: Stand) -> None:
    def fail() -> None:
        with stand.archive().deed("x", Deed.PURGE) as done:
            done.count = 5
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [(one.did, one.count) for one in stand.archive().deeds()] == [(Deed.PURGE, None)]


def test_who_listened_stands_among_the_deeds_and_is_kept_once(stand: Stand) -> None:
    archive = stand.archive()
    with archive.deed("x", Deed.BACKUP, "copy.db") as done:
        done.count = 1
    stand.clock.advance(10)
    stand.store.recordings.note_listening(
        infobase="buh", exchange="main", call_id="c1", peer="10.0.0.1", status=206, sent=3_000_000_000
    )
    stand.clock.advance(10)
    with archive.deed("x", Deed.DIAL_STOP, "buh") as done:
        done.count = 1
    newest, heard, oldest = archive.deeds()
    assert (newest.did, oldest.did) == (Deed.DIAL_STOP, Deed.BACKUP)
    assert (heard.at, heard.who, heard.did) == (START + 10, "buh (10.0.0.1)", Deed.LISTENED)
    assert (heard.about, heard.count) == ("main, c1, HTTP 206", 3_000_000_000)
    assert archive.deeds(since=START + 5, limit=1) == [newest]
    assert archive.deeds(since=START + 5) == [newest, heard]
    stored = stand.store._db.read("SELECT did FROM audit")
    assert Deed.LISTENED not in {row["did"] for row in stored}


def test_deeds_outlive_events_and_are_forgotten_in_their_own_time(stand: Stand) -> None:
    stand.store.accept(said("c1"), [], merge_s=0.0)
    with stand.archive().deed("x", Deed.TOKEN, "sha256:0123") as done:
        done.count = 1
    stand.clock.advance(400 * DAY_S)
    assert stand.store.purge(older_than_s=180 * DAY_S) == 1
    assert len(stand.archive().deeds()) == 1
    assert stand.store.forget_deeds(older_than_s=500 * DAY_S) == 0
    assert stand.store.forget_deeds(older_than_s=399 * DAY_S) == 1
    assert stand.archive().deeds() == []


def test_odd_words_are_kept_short_and_storable(stand: Stand) -> None:
    with stand.archive().deed("имя \ud800\0", Deed.ERASE, "ы" * 5000) as done:
        done.count = 2**40
    (kept,) = stand.archive().deeds()
    assert (kept.who, len(kept.about), kept.count) == ("имя ??", 500, 2**40)


def test_deeds_are_written_beside_a_bridge_that_works(stand: Stand) -> None:
    stand.store.accept(said("c1"), [journal()], merge_s=0.0)
    claim = stand.store.claim("buh")
    with stand.archive().deed("x", Deed.REPLAY) as done:
        stand.store.accept(said("c2"), [journal()], merge_s=0.0)
        done.count = 1
    assert claim is not None
    assert len(stand.archive().deeds()) == 1


def test_the_last_passage_of_each_way_is_kept(stand: Stand) -> None:
    proof, other = token_hash("a-secret"), token_hash("another")
    for peer, at in (("192.0.2.1", 0), ("2001:db8::1", 10)):
        stand.clock.now = START + at
        stand.store.passages.note("main", Way.OLD, proof=proof, peer=peer)
    stand.store.passages.note("main", Way.OUTSIDE, proof="", peer="192.0.2.9")
    stand.store.passages.note("branch", Way.OLD, proof=other, peer="192.0.2.2")
    branch, old, outside = stand.archive().passages()
    assert (branch.exchange, branch.is_of(other), branch.is_of(proof)) == ("branch", True, False)
    assert (old.way, old.peer, old.at, old.is_of(proof)) == (Way.OLD, "2001:db8::1", START + 10, True)
    assert (outside.way, outside.peer) == (Way.OUTSIDE, "192.0.2.9")
    assert proof not in str(stand.archive().passages()), "the whole hash is kept by nobody"
