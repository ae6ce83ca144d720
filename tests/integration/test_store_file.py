"""The SQLite file itself: whose it is, where it lies, and what happens when it cannot be written."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yoyo
from filelock import FileLock

from bridge.core.calls import CallState
from bridge.core.delivery import DeliveryState
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.errors import StoreUnavailable
from bridge.store import connection
from bridge.store import sqlite as sqlite_store
from bridge.store.applied import all_applied
from bridge.store.archive import Archive
from bridge.store.connection import MIGRATIONS, migrate
from bridge.store.sqlite import SqliteStore, SteadyClock
from bridge.store.views import Selection
from support.stand import Clock, SqliteStand, journal, popup, said, states

FORK = pytest.mark.skipif(sys.platform == "win32", reason="fork is of POSIX")


def test_two_bridges_cannot_own_one_file(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bridge.db")
    with pytest.raises(StoreUnavailable, match="другой мост"):
        SqliteStore(tmp_path / "bridge.db")
    store.close()
    SqliteStore(tmp_path / "bridge.db").close()


@FORK
def test_a_second_name_of_the_file_does_not_let_a_second_bridge_in(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bridge.db")
    (tmp_path / "other.db").symlink_to(tmp_path / "bridge.db")
    with pytest.raises(StoreUnavailable, match="другой мост"):
        SqliteStore(tmp_path / "other.db")
    store.close()


def test_the_file_is_let_go_by_whichever_thread_closes_it(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bridge.db")
    thread = threading.Thread(target=store.close)
    thread.start()
    thread.join()
    SqliteStore(tmp_path / "bridge.db").close()


@pytest.mark.parametrize("name", ["Бухгалтерия предприятия", "a#b", "100%", "a%20b", "it's"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / f"{name}.db"
    store = SqliteStore(path)
    store.accept(said(), [journal()], merge_s=5)
    store.close()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert Archive(path).counts()


def test_a_relative_path_is_of_the_folder_where_the_bridge_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    SqliteStore(Path("bridge.db")).close()
    assert (tmp_path / "bridge.db").is_file()


def test_a_place_that_cannot_be_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreUnavailable, match="недоступна"):
        SqliteStore(tmp_path / "file" / "bridge.db")


def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    path.write_bytes(b"my letters\n" * 1000)
    for _ in range(2):  # the second time too: the first let the file go
        with pytest.raises(StoreUnavailable, match="не открывается"):
            SqliteStore(path)
    with pytest.raises(StoreUnavailable):
        Archive(path).counts()
    assert path.read_bytes() == b"my letters\n" * 1000


def test_a_closed_store_refuses_and_opens_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bridge.db")
    store.close()
    for ask in (lambda: store.claim("buh"), store.ping, lambda: store.look(1)):
        with pytest.raises(StoreUnavailable):
            ask()


def test_the_clock_of_the_store_never_goes_back_and_ages_by_what_has_passed() -> None:
    wall, steady = Clock(1000.0), Clock(5.0)
    clock = SteadyClock(wall, steady)

    def passes(seconds: float, jump: float = 0.0) -> float:
        wall.advance(seconds + jump)
        steady.advance(seconds)
        return clock()

    assert passes(10) == 1010
    assert passes(1, jump=3600) == 4611, "the machine may have slept"
    assert passes(2, jump=-3600) == 4613
    assert passes(30) == 4643
    assert passes(1, jump=3600) == 4644, "caught up"
    assert passes(1, jump=60) == 4705


def test_a_card_from_a_future_that_was_none_is_stale(tmp_path: Path) -> None:
    """Accepted before a restart, while the clock was an hour ahead: nobody knows how old it is."""
    stand = SqliteStand(tmp_path)
    stand.clock.advance(3600)
    stand.store.accept(said("card", CallState.PREANSWER), [popup(lifetime_s=30)], merge_s=5)
    stand.store.accept(said("book", CallState.END), [journal()], merge_s=5)
    stand.clock.advance(-3600)
    stand.reopen()
    stand.clock.advance(700)  # the longest that a lane waits
    claim = stand.store.claim("buh")
    assert claim is not None
    assert claim.stored.event.call_id == "book"
    assert states(stand.archive())["card", "PREANSWER"] is DeliveryState.EXPIRED
    stand.close()


def test_a_child_in_the_place_of_a_fallen_one_closes_the_clicks_that_it_left_open(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    SqliteStore(path).close()
    with FileLock(tmp_path / "bridge.db.lock"):  # the parent's
        fallen = SqliteStore(path, owner=False, name="web-1")
        other = SqliteStore(path, owner=False, name="web-2")
        left = fallen.begin("buh", "k1", "79160000001", window_s=10)
        under_way = other.begin("buh", "k1", "79160000002", window_s=10)
        again = SqliteStore(path, owner=False, name="web-1")
        result = again.look(left.id)
        assert result is not None
        assert result.code == CallCode.OUTCOME_UNKNOWN
        assert again.look(under_way.id) is None, "the other one is still asking the exchange"
        for store in (fallen, other, again):
            store.close()


KILLED = """
import sys, time
from pathlib import Path
from bridge.core.dialing import CallResult, DialStatus
from bridge.store import dial_ends
from bridge.store.sqlite import SqliteStore
dial_ends.LINGER_S = 3600.0
store = SqliteStore(Path(sys.argv[1]))
click = store.begin("buh", "101", "79160000001", window_s=60)
rang = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")
store.end(click.id, rang)
assert store.look(click.id) == rang
print("ended", flush=True)
time.sleep(60)
"""


def test_a_click_whose_result_a_kill_took_is_not_dialled_again_and_says_that_it_is_not_known(
    tmp_path: Path,
) -> None:
    """Between the answer of the exchange, which the accountant may have read, and its commit."""
    path = tmp_path / "bridge.db"
    with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE) as bridge:
        assert bridge.stdout is not None
        assert bridge.stdout.readline().strip() == b"ended"
        bridge.kill()
    store = SqliteStore(path)
    again = store.begin("buh", "101", "79160000001", window_s=60)
    assert not again.fresh
    assert again.result is not None
    assert again.result.code == CallCode.OUTCOME_UNKNOWN
    assert "перезапускался" in again.result.message
    store.close()


def test_a_store_that_is_closed_has_written_what_became_of_each_click(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    store = SqliteStore(path)
    rang = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x1")
    click = store.begin("buh", "101", "79160000001", window_s=60)
    store.end(click.id, rang)
    store.close()
    store = SqliteStore(path)
    assert store.look(click.id) == rang
    store.close()


def test_migrations_are_ascii_for_they_are_read_in_the_locale_of_the_machine() -> None:
    for path in MIGRATIONS.glob("*.sql"):
        assert path.read_bytes().isascii(), path.name


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    names = ("outbox", "mailbox", "callers", "dialling", "audit", "console", "tokens")
    steps = [f"{number:04}.{name}" for number, name in enumerate(names, start=1)]
    assert migrate(tmp_path / "bridge.db") == steps
    assert migrate(tmp_path / "bridge.db") == []


def test_what_is_said_without_yoyo_is_what_yoyo_says(tmp_path: Path) -> None:
    """Whichever note is missing, and whatever a newer bridge has noted beside ours."""
    path = tmp_path / "bridge.db"
    migrate(path)
    migrations = yoyo.read_migrations(str(MIGRATIONS))
    for missing in [None, *migrations]:
        with yoyo.get_backend(f"sqlite:///{path.as_posix()}") as backend, backend.transaction():
            if missing:
                backend.unmark_one(missing, log=False)
            due = [one.id for one in backend.to_apply(migrations)]
            noted = set(backend.get_applied_migration_hashes())
            assert due == ([missing.id] if missing else [])
            assert all_applied(MIGRATIONS, noted) == (not due)
            assert all_applied(MIGRATIONS, noted | {"of a newer one"}) == (not due)
            if missing:
                backend.mark_one(missing, log=False)
    assert not all_applied(tmp_path, {"no migrations at all"})


def test_a_base_of_a_newer_bridge_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "bridge.db"
    migrate(path)
    newer = sqlite3.connect(path, isolation_level=None)
    newer.execute("INSERT INTO _yoyo_migration VALUES ('newer', '9999.newer', '2030-01-01')")
    assert migrate(path) == []
    newer.execute("DELETE FROM _yoyo_migration WHERE migration_id = '0007.tokens'")
    newer.execute("DROP TABLE infobase_token")
    assert migrate(path) == ["0007.tokens"]
    newer.close()


def test_a_base_of_the_first_version_goes_on_with_all_it_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, first = tmp_path / "bridge.db", tmp_path / "first"
    first.mkdir()
    shutil.copy(MIGRATIONS / "0001.outbox.sql", first)
    with monkeypatch.context() as then:
        then.setattr(connection, "MIGRATIONS", first)
        assert migrate(path) == ["0001.outbox"]
    old = sqlite3.connect(path, isolation_level=None)
    old.executescript(
        """
        INSERT INTO event VALUES (1, 'main', 'c1', 'END', 'incoming', '8916', '8391', 'k', 100, X'7B7D',
                                  'application/json', '{"uuid": "c1"}', 'c1|END|100', '', 5.0, NULL, 0);
        INSERT INTO lane VALUES (1, 'buh', 'main', 'c1', 1, 5.0, 0, 0);
        INSERT INTO delivery VALUES (1, 1, 1, 'buh', 'Event', 'journal', 'queued', 100, 5, 0, 0, '', 5.0, 9e9,
                                     NULL);
        """
    )
    old.close()
    store = SqliteStore(path)
    claim = store.claim("buh")
    assert claim is not None
    assert (claim.stored.event.call_id, claim.stored.event.recovered) == ("c1", False)
    store.close()


DIES = """
import os, sys
from pathlib import Path
import yoyo  # once, not in each child
from bridge.store.sqlite import SqliteStore

folder = Path(sys.argv[1])

def first_start(path, statement):
    left = statement
    def watch(_frame, event, function):
        nonlocal left
        if event == "c_call" and function.__name__ in ("execute", "commit"):
            left -= 1
            if left == 0:
                os._exit(9)
    sys.setprofile(watch)
    SqliteStore(path)
    os._exit(0)

for statement in range(1, 500):
    path = folder / f"{statement}.db"
    child = os.fork()
    if child == 0:
        first_start(path, statement)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == 0:
        print(statement)
        break
"""


@FORK
def test_a_first_start_killed_at_any_statement_is_finished_by_the_next_start(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", DIES, str(tmp_path)], capture_output=True, text=True, timeout=300, check=True
    )
    statements = int(run.stdout)
    assert statements > 30, "it was not killed while it migrated"
    for statement in range(1, statements):
        store = SqliteStore(tmp_path / f"{statement}.db")
        store.accept(said(), [journal()], merge_s=5)
        assert store.claim("buh") is not None
        store.close()


def test_another_program_that_holds_the_file_is_waited_for(tmp_path: Path) -> None:
    stand = SqliteStand(tmp_path)
    with stand.slow():
        accepting = threading.Thread(
            target=stand.store.accept, args=(said(), [journal()]), kwargs={"merge_s": 5}
        )
        accepting.start()
        accepting.join(0.3)
        assert accepting.is_alive()
    accepting.join()
    assert stand.store.claim("buh") is not None
    stand.close()


def test_another_program_that_keeps_the_file_is_told_of_in_bounded_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_TIMEOUT_S", 0.3)
    stand = SqliteStand(tmp_path)
    other = sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        stand.store.accept(said(), [journal()], merge_s=5)
    other.execute("ROLLBACK")
    assert stand.store.accept(said(), [journal()], merge_s=5).duplicate_of is None
    other.close()
    stand.close()


@FORK
def test_a_full_disk_refuses_new_events_keeps_the_old_and_recovers_without_a_restart(tmp_path: Path) -> None:
    import resource

    stand = SqliteStand(tmp_path)
    kept = [stand.store.accept(said(f"c{number}"), [journal()], merge_s=5) for number in range(20)]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))  # every write beyond it fails
    try:
        for number in range(3):
            with pytest.raises(StoreUnavailable):
                stand.store.accept(said(f"refused{number}"), [journal()], merge_s=5)
            with pytest.raises(StoreUnavailable):
                stand.store.ping()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    stand.store.ping()
    kept.append(stand.store.accept(said("after"), [journal()], merge_s=5))
    stand.crash()
    found = set()
    while claim := stand.store.claim("buh"):
        found.add(claim.stored.id)
    assert found == {receipt.event_id for receipt in kept}
    stand.close()


def test_an_unreadable_row_is_a_dead_letter_and_its_call_goes_on(tmp_path: Path) -> None:
    stand = SqliteStand(tmp_path)
    stand.store.accept(said(time_s=100), [journal()], merge_s=5)
    stand.store.accept(said(time_s=101), [journal()], merge_s=5)
    other = sqlite3.connect(stand.path, isolation_level=None)
    other.execute("UPDATE event SET state = 'FROM_THE_FUTURE' WHERE time_s = 100")
    other.close()
    claim = stand.store.claim("buh")
    assert claim is not None
    assert claim.stored.event.time_s == 101
    assert len(stand.archive().chosen(Selection(state=DeliveryState.DEAD))) == 1
    stand.close()


def test_the_log_is_folded_into_the_file_at_the_end(tmp_path: Path) -> None:
    stand = SqliteStand(tmp_path)
    stand.store.accept(said(), [journal()], merge_s=5)
    stand.close()
    assert {one.name for one in tmp_path.iterdir()} <= {"bridge.db", "bridge.db.lock"}
