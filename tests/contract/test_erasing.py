"""What every store promises when a person is to be forgotten: no spelling of the number is left anywhere."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from bridge.core.caller import CallerCard
from bridge.core.calls import CallState
from bridge.core.delivery import DeliveryState, Done, GaveUp, RetryIn
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.number_trace import NumberTrace
from bridge.core.numbers import PhoneNumber
from bridge.core.records import KeptRecord
from bridge.flows.name_caller import CallerNote, Told
from bridge.flows.reconcile import JOURNAL
from bridge.store.audit import Deed
from bridge.store.eraser import Erased, Eraser
from bridge.store.record_files import RecordFiles
from bridge.store.tracing import CALL_TEXTS, PLACES, Traces
from support.stand import DAY_S, STANDS, PostgresStand, Stand, journal, popup, said, states
from support.world import eventually

DIGITS = "9235292926"
NUMBER = f"8{DIGITS}"
PRETTY = "8 (923) 529-29-26"
MAN = NumberTrace(PhoneNumber.parse(PRETTY))
OTHER = "89160000001"
NAME = "Иванов Иван"
# of every other text column somebody said why no number can come there
NO_NUMBERS = {
    "console_user": {"name", "role", "password"},
    "console_session": {"token_hash", "name"},
    "console_code": {"code_hash"},
    "event": {"exchange", "state", "direction", "raw_media"},
    "lane": {"infobase", "exchange", "call_id"},  # renamed with its event
    "delivery": {"infobase", "operation", "purpose", "state"},
    "attempt": {"verdict"},
    "dial": {"infobase", "status", "owner"},
    "mailbox": {"infobase"},
    "mail_cursor": {"infobase"},
    "dial_stop": {"infobase"},
    "reconciliation": {"exchange", "day"},
    "caller": {"infobase"},
    "record": {"exchange", "file", "media"},
    "listening": {"infobase", "exchange", "peer"},
    "audit": {"who", "did"},
    "passage": {"exchange", "way", "proof", "peer"},
    "post": {"name", "owner"},
    # numbers are cut out of a label before it is written (integration/test_tokens.py)
    "infobase_token": {"infobase", "proof", "label", "issued_by", "revoked_by"},
}


@pytest.fixture(params=STANDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stand]:
    folder = tmp_path / "base"
    folder.mkdir()
    made = STANDS[request.param](folder)
    yield made
    made.close()


def address(stand: Stand) -> str:
    return stand.address if isinstance(stand, PostgresStand) else str(stand.path)


def eraser(stand: Stand) -> Eraser:
    base = Path(str(getattr(stand, "folder", "."))).parent
    return Eraser(address(stand), RecordFiles(base / "records"), clock=stand.clock)


def found(stand: Stand, trace: NumberTrace = MAN) -> Traces:
    return eraser(stand).traces(trace)


def erase(stand: Stand, *, force: bool = False) -> Erased:
    return eraser(stand).erase(MAN, found(stand), force=force)


def dump(stand: Stand) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    if isinstance(stand, PostgresStand):
        with psycopg.connect(stand.address, row_factory=psycopg.rows.dict_row) as db:
            names = db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            return {
                one["tablename"]: db.execute(f'SELECT * FROM "{one["tablename"]}"').fetchall()  # type: ignore[misc]
                for one in names
            }
    read = stand.store._db.read
    tables = read("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {one["name"]: [dict(row) for row in read(f'SELECT * FROM "{one["name"]}"')] for one in tables}


def text_columns(stand: Stand) -> dict[str, set[str]]:
    """Table -> its columns that may hold text, but for what keeps the books of the schema itself."""
    if isinstance(stand, PostgresStand):
        with psycopg.connect(stand.address) as db:
            rows = db.execute(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND data_type IN ('text', 'bytea')"
            ).fetchall()
    else:
        rows = [
            (row["t"], row["c"])
            for row in stand.store._db.read(
                "SELECT m.name AS t, p.name AS c FROM sqlite_master m, pragma_table_info(m.name) p"
                " WHERE m.type = 'table' AND p.type IN ('TEXT', 'BLOB')"
            )
        ]
    columns: dict[str, set[str]] = {}
    for table, column in rows:
        if not str(table).startswith(("_yoyo", "yoyo", "sqlite_")):
            columns.setdefault(str(table), set()).add(str(column))
    return columns


def started(call_id: str, message: str) -> CallResult:
    return CallResult(status=DialStatus.STARTED, message=message, code=CallCode.DONE, call_id=call_id)


def settled(stand: Stand, verdict: Any) -> None:
    claim = stand.store.claim("buh")
    assert claim is not None
    stand.store.settle(claim, verdict)


def plant(stand: Stand, files: RecordFiles) -> None:
    """The number in every table by the store's own roads; every delivery is over."""
    store = stand.store
    spelled = {
        "from": f"+7{DIGITS}",
        "comment": PRETTY,
        "caller": NAME,
        JOURNAL: {"callid": "7.7", "src": quote(PRETTY)},
    }
    facts = {"uuid": "c1", "subid": "1.2", "callstatus": "ANSWER", "duration": "31", **spelled}
    raw = json.dumps(facts).encode()
    record = f"/api/call/record?callid=1.2&to={NUMBER}"
    first = said("c1", from_number=f"+7{DIGITS}", raw=raw, fields=facts, merge_key=f"k|{DIGITS}")
    store.accept(first, [journal()], merge_s=0.0)
    settled(stand, RetryIn(5.0, f"не найден {PRETTY}", counted=True))
    stand.clock.advance(10)
    settled(stand, Done(f"<ok>{NAME}</ok>"))
    end = said("c1", CallState.END, 130, from_number=NUMBER, fields={**facts, "recordUrl": record}, raw=raw)
    store.accept(end, [journal(), popup("crm")], merge_s=0.0)
    settled(stand, GaveUp(f"нет контрагента {NUMBER}"))
    stand.clock.advance(60)
    store.expire()
    # the same call, without the number: its words are the person's too
    store.accept(said("c1", CallState.ANSWER, 110, from_number="anonymous"), [], merge_s=0.0)
    # a click; a call whose very name is the number; a name; a mailbox; a report; a stop; who listened
    click = store.begin("buh", "101", NUMBER, window_s=10)
    store.end(click.id, started("1.2", f"Звоним: {PRETTY}"))
    assert eventually(lambda: dump(stand)["dial"][0]["ended_at"] is not None)
    store.accept(said(f"call-{NUMBER}", to_number=NUMBER, from_number=OTHER), [journal()], merge_s=0.0)
    settled(stand, Done("1"))
    told = Told(card=CallerCard(title=NAME, category="VIP", manager="244"), told_at=1.0)
    other = Told(card=CallerCard(title=f"см. {PRETTY}", category="", manager=""), told_at=1.0)
    store.callers.keep(
        {
            ("buh", DIGITS): CallerNote(told=told, asked_at=1.0, times=1),
            ("buh", "9160000001"): CallerNote(told=other, asked_at=1.0, times=1),
        }
    )
    store.note_reconciliation(
        exchange="main", day="2026-11-23", in_exchange=1, known=1, added=0, problem=f"не разобран {NUMBER}"
    )
    stand.archive().stop_dialling("buh", f"жалоба {PRETTY}")
    store.recordings.note_listening(
        infobase="buh", exchange="main", call_id=f"call-{NUMBER}", peer="10.0.0.1", status=200, sent=1
    )
    calls, _ = store.recordings.over("main", within_s=DAY_S)
    store.recordings.enqueue("main", calls, wait_s=0)
    (due,) = store.recordings.due("main", limit=5)
    name = files.name_of("main", "c1", "audio/wav")
    size = files.write(name, [b"RIFF", b"voice" * 100])
    assert store.recordings.keep(due, file=name, media="audio/wav", size=size)
    with stand.archive().deed("somebody", Deed.ERASE, "заявление 17"):
        pass


def files_of(stand: Stand) -> RecordFiles:
    return eraser(stand)._files


def shown(stand: Stand, trace: NumberTrace = MAN) -> set[str]:
    """`table.column` wherever the number shows."""
    return {
        f"{table}.{column}"
        for table, rows in dump(stand).items()
        for row in rows
        for column, value in row.items()
        if (trace.shows(value) if isinstance(value, str) else False)
        or (trace.shows_in(bytes(value)) if isinstance(value, bytes | memoryview) else False)
        or DIGITS in str(bytes(value) if isinstance(value, memoryview) else value)
    }


def test_every_text_column_is_looked_through_or_known_to_hold_no_number(stand: Stand) -> None:
    searched = {"event": {*CALL_TEXTS, "raw"}} | {place.table: set(place.texts) for place in PLACES}
    for table, columns in text_columns(stand).items():
        left = columns - searched.get(table, set()) - NO_NUMBERS.get(table, set())
        assert not left, f"{table}: may a number come into {left}?"


def test_a_number_is_found_in_every_table_and_gone_from_all_of_them(stand: Stand) -> None:
    plant(stand, files_of(stand))
    before = shown(stand)
    assert before >= {
        "event.from_number",
        "event.to_number",
        "event.call_id",
        "event.raw",
        "event.fields",
        "event.merge_key",
        "lane.call_id",
        "delivery.last_answer",
        "attempt.answer",
        "dial.number",
        "dial.message",
        "dial_stop.why",
        "caller.who",
        "caller.title",
        "reconciliation.problem",
        "listening.call_id",
    }, before
    looked = found(stand)
    assert looked.counts() == {
        "event": 4,
        "delivery": 1,
        "attempt": 2,
        "dial": 1,
        "dial_stop": 1,
        "caller": 2,
        "reconciliation": 1,
        "listening": 1,
        "record": 1,
    }
    assert (looked.waiting, looked.dead) == (0, 1)
    done = erase(stand)
    assert (done.left, done.settled) == ([], True)
    assert shown(stand) == set()
    assert found(stand).counts() == {}
    left = str(dump(stand))
    assert [text for text in (NAME, json.dumps(NAME)[1:-1]) if text in left] == [], "the name goes with it"
    assert stand.store.recordings.find("main", "c1") is None
    assert files_of(stand).drop(_kept(files_of(stand))) is False, "the copy is gone"
    again = erase(stand)
    assert (again.counts.total(), again.left) == (0, [])


def _kept(files: RecordFiles) -> KeptRecord:
    name = files.name_of("main", "c1", "audio/wav")
    return KeptRecord(exchange="main", call_id="c1", tries=0, problem="", file=name, media="", size=0)


def test_that_there_was_a_call_stays(stand: Stand) -> None:
    plant(stand, files_of(stand))
    before = {row["id"]: row for row in dump(stand)["event"]}
    deliveries = {row["id"]: row["state"] for row in dump(stand)["delivery"]}
    erase(stand)
    after = {row["id"]: row for row in dump(stand)["event"]}
    kept = ("id", "exchange", "state", "direction", "time_s", "received_at", "recovered")
    assert {i: [r[k] for k in kept] for i, r in after.items()} == {
        i: [r[k] for k in kept] for i, r in before.items()
    }
    first = next(row for row in after.values() if row["call_id"] == "c1" and row["state"] == "START")
    fields = json.loads(first["fields"])
    assert fields == {
        "uuid": "c1",
        "subid": "1.2",
        "callstatus": "ANSWER",
        "duration": "31",
        JOURNAL: {"callid": "7.7"},
    }
    assert (first["from_number"], first["to_number"]) == ("", "83912000000")
    assert {row["id"]: row["state"] for row in dump(stand)["delivery"]} == deliveries
    (click,) = stand.archive().clicks()
    assert (click.number, click.subscriber, click.result.code if click.result else None) == (
        "стёрто",
        "101",
        0,
    )
    # the same call is recognised, so that the journal of the exchange does not add it once more
    heard = {one.call_id: one for one in stand.store.heard("main", since_s=0, until_s=1000)}
    assert {"c1", "1.2"} <= heard["c1"].ids


def test_what_was_erased_is_told_copied_and_played_no_more(stand: Stand) -> None:
    plant(stand, files_of(stand))
    erase(stand)
    archive = stand.archive()
    ids = [one.id for one, _ in archive.deliveries(limit=100)]
    assert archive.replay(delivery_ids=ids, lifetimes={}, delivered=True) == 0
    assert stand.store.recordings.over("main", within_s=30 * DAY_S) == ([], None)
    traces = stand.store.recordings.traces("main", "c1")
    assert (traces.addresses, traces.call_ids) == ([], [])


def test_letters_of_a_mailbox_are_given_no_more(stand: Stand) -> None:
    from dataclasses import replace

    plan = [replace(journal(), mail=True)]
    stand.store.accept(said("c1", from_number=NUMBER), plan, merge_s=0.0)
    stand.store.accept(said("c2", from_number=OTHER), plan, merge_s=0.0)
    given = stand.store.letters("buh", None, after_id=0, limit=10)
    assert [one.stored.event.call_id for one in given.letters] == ["c1", "c2"]
    stand.store.acknowledge("buh", None, after_id=given.last_id)
    erase(stand)
    again = stand.store.letters("buh", None, after_id=0, limit=10)
    assert [one.stored.event.call_id for one in again.letters] == ["c2"]
    assert again.last_id == given.last_id


def test_what_waits_for_1c_is_erased_by_force_only(stand: Stand) -> None:
    stand.store.accept(said("c1", from_number=NUMBER), [journal(), popup("crm")], merge_s=0.0)
    stand.store.accept(said("c2", from_number=OTHER), [journal()], merge_s=0.0)
    assert found(stand).waiting == 2
    done = erase(stand)
    assert done.counts.total() == 0
    assert len(done.left) == 1
    assert shown(stand) > set()
    erase(stand, force=True)
    assert shown(stand) == set()
    assert states(stand.archive()) == {
        ("c1", "START"): DeliveryState.SUPERSEDED,
        ("c2", "START"): DeliveryState.QUEUED,
    }
    claim = stand.store.claim("buh")
    assert claim is not None
    assert claim.stored.event.call_id == "c2", "the lane behind it goes on"
    assert stand.store.claim("crm") is None
    # and the call itself goes on, too
    stand.store.settle(claim, Done("1"))
    stand.store.accept(said("c1", CallState.END, 200, from_number=OTHER), [journal()], merge_s=0.0)
    later = stand.store.claim("buh")
    assert later is not None
    assert later.stored.event.state is CallState.END


def test_an_attempt_under_way_does_not_bring_the_delivery_back(stand: Stand) -> None:
    stand.store.accept(said("c1", from_number=NUMBER), [journal()], merge_s=0.0)
    claim = stand.store.claim("buh")
    assert claim is not None
    erase(stand, force=True)
    stand.store.settle(claim, Done("1"))
    assert states(stand.archive()) == {("c1", "START"): DeliveryState.SUPERSEDED}
    assert stand.store.claim("buh") is None


def test_what_1c_answers_after_the_erasing_is_kept_by_nobody(stand: Stand) -> None:
    """It was asked before, and quotes the number in its refusal."""
    stand.store.accept(said("c1", from_number=NUMBER), [journal()], merge_s=0.0)
    claim = stand.store.claim("buh")
    assert claim is not None
    erase(stand, force=True)
    stand.store.settle(claim, RetryIn(5.0, f"не найден {PRETTY}", counted=True))
    assert shown(stand) == set()
    assert states(stand.archive()) == {("c1", "START"): DeliveryState.SUPERSEDED}
    assert stand.store.claim("buh") is None


def test_others_are_left_as_they_were(stand: Stand) -> None:
    stand.store.accept(said("c2", from_number=OTHER, fields={"comment": "x"}), [journal()], merge_s=0.0)
    settled(stand, Done("1"))
    click = stand.store.begin("buh", "101", OTHER, window_s=10)
    stand.store.end(click.id, started("1.2", "Звоним"))
    assert eventually(lambda: dump(stand)["dial"][0]["ended_at"] is not None)
    before = dump(stand)
    stand.store.accept(said("c1", from_number=NUMBER), [], merge_s=0.0)
    erase(stand)
    after = dump(stand)
    for table, rows in before.items():
        if table not in ("event", "pulse", "post", "sqlite_sequence"):
            assert after[table] == rows, table
    assert [row for row in after["event"] if row["call_id"] == "c2"] == before["event"]


def test_many_are_found_in_many_batches(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.store.tracing.BATCH", 3)
    for number in range(10):
        who = NUMBER if number % 3 == 0 else OTHER
        stand.store.accept(said(f"c{number}", from_number=who), [], merge_s=0.0)
        stand.store.callers.keep(
            {(f"b{number}", DIGITS): CallerNote(told=None, asked_at=1.0, times=1)}
            | {
                (f"b{number}", f"916000000{number}"): CallerNote(
                    told=Told(card=CallerCard(title=PRETTY, category="", manager=""), told_at=1.0),
                    asked_at=1.0,
                    times=1,
                )
            }
        )
    assert found(stand).counts() == {"event": 4, "caller": 10}
    erase(stand)
    assert shown(stand) == set()


def test_a_copy_that_cannot_be_removed_keeps_its_call_to_be_found_again(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = files_of(stand)
    plant(stand, files)

    def busy(self: RecordFiles, kept: KeptRecord) -> bool:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(RecordFiles, "drop", busy)
        done = erase(stand)
    assert len(done.left) == 1
    assert "Permission denied" in done.left[0]
    assert found(stand).counts()
    assert erase(stand).left == []
    assert shown(stand) == set()


def test_a_copy_that_is_on_another_computer_is_named(stand: Stand) -> None:
    files = files_of(stand)
    plant(stand, files)
    assert files.drop(_kept(files))
    done = erase(stand)
    assert ["нет в records_dir" in one for one in done.left] == [True]
    assert shown(stand) == set()


def test_the_bytes_are_gone_from_the_file_itself(tmp_path: Path) -> None:
    """SQLite leaves what was deleted in its free pages, unless it is told not to."""
    folder = tmp_path / "base"
    folder.mkdir()
    stand = STANDS["sqlite"](folder)
    try:
        plant(stand, files_of(stand))
        for number in range(200):
            stand.store.accept(
                said(f"n{number}", from_number=NUMBER, raw=NUMBER.encode() * 300), [], merge_s=0.0
            )
        erase(stand)
        assert shown(stand) == set()
        for path in sorted(folder.iterdir()):
            assert DIGITS.encode() not in path.read_bytes(), path.name
    finally:
        stand.close()
