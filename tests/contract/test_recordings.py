"""What every store promises about recordings: which are to be copied, which are, and who listened."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.core.calls import CallState
from bridge.flows.reconcile import JOURNAL
from bridge.store.recordings import Recordings
from support.stand import DAY_S, STANDS, START, Stand, said

ADDRESS = "/api/call/record?token=t0ken-of-the-account&callid=1"


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "base"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def end(stand: Stand, call: str, *, time_s: int = 100, **fields: object) -> None:
    """The last event of a call, with more to say."""
    event = said(call, CallState.END, time_s, fields={"uuid": call, **fields})
    stand.store.accept(event, [], merge_s=0.0)


def over(stand: Stand, within_s: float = DAY_S, **place: object) -> list[str]:
    calls, _ = stand.store.recordings.over("main", within_s=within_s, **place)  # type: ignore[arg-type]
    return [one.call_id for one in calls]


def enqueued(stand: Stand, call: str, *, wait_s: float = 0.0) -> Recordings:
    end(stand, call, recordUrl=ADDRESS)
    calls, _ = stand.store.recordings.over("main", within_s=DAY_S)
    assert stand.store.recordings.enqueue("main", calls, wait_s=wait_s) == len(calls) == 1
    return stand.store.recordings


def test_traces_are_all_that_was_said_of_a_call(stand: Stand) -> None:
    end(stand, "c1", baseid="1.1", subid="1.2", recordUrl="/old")
    end(stand, "c1", time_s=101, baseid="1.1", subid="1.3", recordUrl="/new")
    journal = {"callid": "77.7", "record_url": "/journal"}
    stand.store.accept(
        said("c1", CallState.END, 200, fields={"uuid": "c1", JOURNAL: journal}), [], merge_s=0.0
    )
    end(stand, "other", recordUrl="/other")
    traces = stand.store.recordings.traces("main", "c1")
    assert traces.addresses == ["/journal", "/new", "/old"]
    assert traces.call_ids == ["77.7", "1.1", "c1", "1.3", "1.2"]


def test_a_call_that_was_never_heard_of_has_its_name(stand: Stand) -> None:
    assert stand.store.recordings.traces("main", "1.5").call_ids == ["1.5"]
    assert stand.store.recordings.traces("main", "\0\ud800").call_ids


def test_what_ended_with_a_recording_is_found_until_it_is_enqueued(stand: Stand) -> None:
    end(stand, "missed")
    end(stand, "answered", callstatus="ANSWER")
    end(stand, "named", recordUrl=ADDRESS)
    stand.store.accept(said("rings", CallState.PREANSWER, fields={"recordUrl": "/x"}), [], merge_s=0.0)
    assert over(stand) == ["answered", "named"]
    recordings = stand.store.recordings
    calls, _ = recordings.over("main", within_s=DAY_S)
    assert recordings.enqueue("main", calls, wait_s=60.0) == 2
    assert recordings.enqueue("main", calls, wait_s=60.0) == 0, "a second scan adds nothing"
    assert over(stand) == []
    assert recordings.due("main", limit=9) == []
    stand.clock.advance(60.0)
    assert [one.call_id for one in recordings.due("main", limit=9)] == ["answered", "named"]
    assert recordings.due("another", limit=9) == []


def test_a_scan_goes_page_by_page_and_no_further_back_than_told(stand: Stand) -> None:
    for number in range(5):
        end(stand, f"c{number}", recordUrl=ADDRESS)
    seen, place = [], None
    while True:
        where = {} if place is None else {"after": place}
        calls, place = stand.store.recordings.over("main", within_s=DAY_S, limit=2, **where)  # type: ignore[arg-type]
        seen += [one.call_id for one in calls]
        if place is None:
            break
    assert seen == ["c0", "c1", "c2", "c3", "c4"]
    stand.clock.advance(100.0)
    assert over(stand, within_s=99.0) == []


def test_a_copy_is_kept_and_found_and_forgotten_in_time(stand: Stand) -> None:
    recordings = enqueued(stand, "c1")
    (one,) = recordings.due("main", limit=9)
    recordings.keep(one, file="a.mp3", media="audio/mpeg", size=4096)
    assert recordings.due("main", limit=9) == []
    kept = recordings.find("main", "c1")
    assert kept is not None
    assert (kept.file, kept.media, kept.size, kept.problem) == ("a.mp3", "audio/mpeg", 4096, "")
    assert recordings.old(older_than_s=10.0) == []
    stand.clock.advance(11.0)
    assert [gone.file for gone in recordings.old(older_than_s=10.0)] == ["a.mp3"]
    recordings.drop(kept)
    assert recordings.find("main", "c1") is None


def test_what_failed_comes_again_or_never(stand: Stand) -> None:
    recordings = enqueued(stand, "c1")
    (one,) = recordings.due("main", limit=9)
    recordings.postpone(one, "записи нет\0", wait_s=60.0)
    assert recordings.due("main", limit=9) == []
    stand.clock.advance(60.0)
    (again,) = recordings.due("main", limit=9)
    assert (again.tries, again.problem) == (1, "записи нет?")
    recordings.postpone(again, "АТС не отвечает", wait_s=0.0, counted=False)
    assert [now.tries for now in recordings.due("main", limit=9)] == [1]
    recordings.postpone(again, "нет и не будет", wait_s=None)
    stand.clock.advance(999 * DAY_S)
    assert recordings.due("main", limit=9) == []
    given_up = recordings.find("main", "c1")
    assert given_up is not None
    assert given_up.problem == "нет и не будет"


def test_a_copy_that_came_meanwhile_is_not_postponed(stand: Stand) -> None:
    recordings = enqueued(stand, "c1")
    (one,) = recordings.due("main", limit=9)
    recordings.keep(one, file="a.mp3", media="audio/mpeg", size=1)
    recordings.postpone(one, "late", wait_s=0.0)
    kept = recordings.find("main", "c1")
    assert kept is not None
    assert kept.problem == ""


def test_what_was_never_copied_goes_with_its_call(stand: Stand) -> None:
    recordings = enqueued(stand, "c1")
    assert recordings.drop_unheard() == 0
    stand.clock.advance(DAY_S)
    stand.store.purge(older_than_s=1.0)
    assert [one.call_id for one in stand.archive().record_copies()] == ["c1"]
    assert recordings.drop_unheard() == 1
    assert recordings.find("main", "c1") is None


def test_who_listened_is_kept_as_long_as_other_deeds_are(stand: Stand) -> None:
    recordings = stand.store.recordings
    facts = {"infobase": "buh", "exchange": "main", "call_id": "c1", "peer": "10.0.0.1"}
    recordings.note_listening(**facts, status=206, sent=3_000_000_000)  # type: ignore[arg-type]
    (noted,) = recordings.listenings("main", "c1")
    assert (noted.at, noted.infobase, noted.peer, noted.status, noted.sent) == (
        START,
        "buh",
        "10.0.0.1",
        206,
        3_000_000_000,
    )
    assert stand.archive().listenings() == [noted]
    stand.clock.advance(10.0)
    stand.store.purge(older_than_s=5.0)
    stand.store.forget_deeds(older_than_s=60.0)
    assert recordings.listenings("main", "c1")
    assert stand.store.forget_deeds(older_than_s=5.0) == 1
    assert recordings.listenings("main", "c1") == []
