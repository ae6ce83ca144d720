"""Recordings are copied before the exchange deletes them, whole or not at all."""

import errno
import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.core.calls import CallState
from bridge.core.records import KeptRecord, NoSuchPart, Span
from bridge.sim import records as sim_records
from bridge.sim.loopback import Loopback
from bridge.store.record_files import ABANDONED_S, RecordFiles
from bridge.vpbx.mobilon.record_places import Places
from bridge.vpbx.mobilon.records import MobilonRecords
from bridge.wire import Wire
from bridge.wiring.record_copies import AWAY_S, FETCH_AFTER_S, RETRY_S, Copier, record_chores
from support.stand import DAY_S, STANDS, Stand, said
from support.world import eventually, settings, world

TOKEN = "account-TOKEN-of-tests-777"
SECRET = "a-secret-of-links-for-tests-000000001"


@dataclass
class Site:
    """A store, an exchange with one recording a call, and the copier between them."""

    stand: Stand
    exchange: "Exchange"
    server: Loopback
    files: RecordFiles
    folder: Path
    copier: Copier

    def end(self, call: str = "c1") -> None:
        fields = {"uuid": call, "recordUrl": f"/api/call/record?token=theirs&callid={call}"}
        self.stand.store.accept(said(call, CallState.END, fields=fields), [], merge_s=0.0)

    def record(self, call: str = "c1") -> KeptRecord:
        found = self.stand.store.recordings.find("main", call)
        assert found is not None
        return found

    def copies(self) -> list[bytes]:
        return [one.read_bytes() for one in sorted(self.folder.glob("*"))] if self.folder.exists() else []


class Exchange:
    """Recordings only; `trick` is that of the shipped fake exchange."""

    def __init__(self) -> None:
        self.trick: sim_records.Trick = ""
        self.asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        return sim_records.Shelf(token=TOKEN, trick=self.trick).serve(environ, start_response, True)


@pytest.fixture(params=STANDS)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "base").mkdir()
    with ExitStack() as running:
        stand = STANDS[request.param](tmp_path / "base")
        running.callback(stand.close)
        exchange = Exchange()
        server = running.enter_context(Loopback(exchange))
        files = RecordFiles(tmp_path / "records")
        wire = Wire(connect_s=1.0, total_s=10.0, idle_s=1.0, reuse=False, max_bytes=10**6)
        copier = Copier(
            "main",
            source=MobilonRecords(wire, Places(base_url=server.url, token=TOKEN)),
            recordings=stand.store.recordings,
            files=files,
            keep_days=180,
        )
        yield Site(stand, exchange, server, files, tmp_path / "records", copier)


def test_a_recording_is_copied_some_time_after_the_call(site: Site) -> None:
    site.end()
    site.copier.work()
    assert site.exchange.asked == 0, "the exchange is still writing it"
    site.stand.clock.advance(FETCH_AFTER_S)
    site.copier.work()
    assert site.copies() == [sim_records.recording("c1")]
    kept = site.record()
    assert (kept.media, kept.size) == ("audio/wav", len(sim_records.recording("c1")))
    site.copier.work()
    assert site.exchange.asked == 1


def test_nothing_secret_is_in_the_table_or_in_a_name(site: Site) -> None:
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)
    site.copier.work()
    (row,) = site.stand.store._db.read("SELECT * FROM record")
    assert row["address"] == f"{site.server.url}/api/call/record?callid=c1"
    assert all(secret not in str(dict(row)) for secret in (TOKEN, "theirs"))
    assert [one.name for one in site.folder.iterdir()] == [RecordFiles.name_of("main", "c1", "audio/wav")]


@pytest.mark.parametrize("trick", ["404", "fail", "html", "redirect", "half"])
def test_what_is_no_whole_recording_is_asked_for_again_for_a_day(
    site: Site, trick: sim_records.Trick
) -> None:
    site.exchange.trick = trick
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)
    for wait_s in RETRY_S:
        site.copier.work()
        assert site.copies() == []
        assert site.record().problem
        site.stand.clock.advance(wait_s)
    site.copier.work()
    asked = site.exchange.asked
    site.stand.clock.advance(30 * DAY_S)
    site.copier.work()
    assert site.exchange.asked == asked, "given up"
    assert 0.9 * DAY_S < sum(RETRY_S) < 1.2 * DAY_S


def test_a_recording_that_comes_late_is_copied(site: Site) -> None:
    site.exchange.trick = "fail"
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)
    site.copier.work()
    site.exchange.trick = "no_length"
    site.stand.clock.advance(RETRY_S[0])
    site.copier.work()
    assert site.copies() == [sim_records.recording("c1")]
    assert site.record().problem == ""


def test_a_wav_that_is_still_being_written_is_no_copy(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own head promises more than the server says there is."""
    unfinished = sim_records.recording("c1")[:20000]
    monkeypatch.setattr(sim_records, "recording", lambda _: unfinished)
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)
    site.copier.work()
    assert site.copies() == []
    assert "ещё пишет" in site.record().problem


@pytest.mark.parametrize("off", [True, False], ids=["off", "wrong token"])
def test_an_exchange_that_gives_nothing_to_anybody_costs_no_tries(site: Site, off: bool) -> None:
    for call in ("c1", "c2", "c3"):
        site.end(call)
    site.stand.clock.advance(FETCH_AFTER_S)
    if off:
        site.server.stop()
    else:
        site.exchange.trick = "bad_token"
    for _ in range(100):
        site.copier.work()
        site.stand.clock.advance(AWAY_S)
    assert [site.record(call).tries for call in ("c1", "c2", "c3")] == [0, 0, 0]
    if off:
        site.server.start()
    site.exchange.trick = ""
    site.copier.work()
    assert len(site.copies()) == 3


def test_a_full_disk_is_no_fault_of_the_recording(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        site.copier.work()
    assert (site.copies(), site.record().tries) == ([], 0)
    assert "не пишется" in site.record().problem
    site.stand.clock.advance(AWAY_S)
    site.copier.work()
    assert len(site.copies()) == 1


def test_a_bridge_that_was_off_finds_what_it_had_not_enqueued(site: Site) -> None:
    """The only memory is the events themselves: another process, days later, sees the same."""
    site.end()
    site.stand.clock.advance(20 * DAY_S)
    site.copier.work()
    assert len(site.copies()) == 1


def test_old_copies_go_with_their_rows(site: Site, tmp_path: Path) -> None:
    site.end()
    site.stand.clock.advance(FETCH_AFTER_S)
    site.copier.work()
    made = settings(tmp_path, site.server.url, site.server.url, server={"records_dir": str(site.folder)})
    tidying = {chore.name: chore for chore in record_chores(made, site.stand.store)}["records"]
    site.stand.clock.advance(179 * DAY_S)
    tidying.work()
    assert len(site.copies()) == 1
    site.stand.clock.advance(2 * DAY_S)
    tidying.work()
    assert site.copies() == []
    assert site.stand.store.recordings.find("main", "c1") is None


# --- the folder -----------------------------------------------------------------------------------
def test_a_copy_is_whole_or_not_there(tmp_path: Path) -> None:
    files = RecordFiles(tmp_path / "records")

    def breaking() -> Iterator[bytes]:
        yield b"begun"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        files.write("a.wav", breaking())
    assert list((tmp_path / "records").iterdir()) == []
    assert files.write("a.wav", [b"who", b"le"]) == 5
    assert (tmp_path / "records" / "a.wav").read_bytes() == b"whole"


def test_two_that_write_one_copy_at_once_do_not_spoil_it(tmp_path: Path) -> None:
    """Replicas in containers, on one folder: one lost the right to copy while it was copying."""
    files = RecordFiles(tmp_path)
    name = files.name_of("main", "c1", "audio/mpeg")

    def broken_off() -> Iterator[bytes]:
        yield b"ID3"
        raise OSError(errno.EIO, "the line broke")

    def interrupted() -> Iterator[bytes]:
        yield b"ID3 and"
        with pytest.raises(OSError, match="the line broke"):
            files.write(name, broken_off())
        yield b" the rest"

    assert files.write(name, interrupted()) == 16
    assert [one.read_bytes() for one in tmp_path.iterdir()] == [b"ID3 and the rest"]


def test_a_copy_is_read_in_parts(tmp_path: Path) -> None:
    files = RecordFiles(tmp_path)
    body = os.urandom(200_000)
    files.write("a.mp3", [body])
    kept = KeptRecord(exchange="main", call_id="c", file="a.mp3", media="audio/mpeg", size=len(body))
    with files.open(kept, None) as whole:
        assert (b"".join(whole.chunks), whole.part, whole.total) == (body, None, len(body))
    with files.open(kept, Span(first=150_000)) as part:
        assert (b"".join(part.chunks), part.part) == (body[150_000:], (150_000, 199_999))
    with pytest.raises(NoSuchPart), files.open(kept, Span(first=200_000)):
        pass
    (tmp_path / "a.mp3").write_bytes(body[:100])
    with pytest.raises(OSError, match="mp3"), files.open(kept, None):
        pass


def test_what_was_never_finished_is_removed_a_day_later(tmp_path: Path) -> None:
    old, young, kept = (tmp_path / name for name in ("a.wav.1.part", "b.wav.2.part", "c.wav"))
    for one in (old, young, kept):
        one.write_bytes(b"x")
    long_ago = time.time() - ABANDONED_S - 1
    for one in (old, kept):
        os.utime(one, (long_ago, long_ago))
    RecordFiles(tmp_path).tidy()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["b.wav.2.part", "c.wav"]


# --- the whole road ---------------------------------------------------------------------------------
def test_a_copy_is_played_when_the_exchange_has_deleted_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_LOOK_S", "LOOK_EVERY_S"):
        monkeypatch.setattr(f"bridge.wiring.record_copies.{name}", 0.2)
    monkeypatch.setattr(record_chores, "__kwdefaults__", {"fetch_after_s": 0.0})
    with world(
        tmp_path,
        server={"link_secret": SECRET, "records_dir": str(tmp_path / "records")},
        exchange={"journal_token": TOKEN, "keep_records": True},
    ) as here:
        here.exchange.options = here.exchange.options.changed({"secret": TOKEN, "record_url": "token"})
        here.exchange.ring("answered")
        told = eventually(lambda: len(here.onec.received) >= 5 and here.onec.received)
        assert told
        (copy,) = eventually(lambda: list((tmp_path / "records").glob("*.wav")), within_s=30)
        body = sim_records.recording(here.exchange.calls[0].callid)
        assert copy.read_bytes() == body
        url = _link(told)
        kept = eventually(lambda: _kept(here.database), within_s=10)
        assert kept
        here.exchange.options = here.exchange.options.changed({"record": "404"})
        whole = requests.get(url, timeout=10)
        part = requests.get(
            url, headers={"Range": "bytes=100-199", "If-Range": whole.headers["ETag"]}, timeout=10
        )
        assert (whole.status_code, whole.content) == (200, body)
        assert (part.status_code, part.content) == (206, body[100:200])
        copy.unlink()
        assert requests.get(url, timeout=10).status_code == 404, "then it is asked of the exchange"


def _link(told: Any) -> str:
    return next(url for one in told if (url := json.loads(one.parameters["Data"]).get("recordUrl")))


def _kept(database: Path) -> list[Any]:
    db = sqlite3.connect(database)
    try:
        return db.execute("SELECT * FROM record WHERE file <> ''").fetchall()
    finally:
        db.close()
