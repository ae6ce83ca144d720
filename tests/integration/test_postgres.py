"""PostgreSQL, shared by several processes: who tells whom, what a late one may still write, who is woken."""

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

import bridge
from bridge.core.calls import CallState, Subscriber
from bridge.core.delivery import DeliveryState, Done
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.errors import ClaimLost, RowLocked, StoreUnavailable
from bridge.core.ports import PlannedDelivery
from bridge.flows.take_event import Audience
from bridge.onec.vatscalls import VatsCalls
from bridge.store import statements as sql
from bridge.store.archive import Archive
from bridge.store.bell import CHANNEL
from bridge.store.pgconnection import PostgresSession, migrate, translated
from bridge.store.postgres import PostgresStore
from bridge.store.sqlite import SqliteStore
from support.postgres import drop_database, fresh_database
from support.stand import journal, old_ring, popup, said, states
from support.world import eventually

OK = Done("1")
SHORT_S = 1.2  # of a lease that a test waits for


@pytest.fixture
def address() -> Iterator[str]:
    made = fresh_database()
    yield made
    drop_database(made)


@pytest.fixture
def pair(address: str) -> Iterator[tuple[PostgresStore, PostgresStore]]:
    """Two replicas."""
    first, second = PostgresStore(address), PostgresStore(address)
    yield first, second
    first.close()
    second.close()


def letter(infobase: str = "kassa") -> PlannedDelivery:
    return replace(journal(infobase), operation="PollEvents", mail=True)


def frozen(store: PostgresStore) -> None:
    """It renews nothing any more, as after SIGSTOP; its memory still says that the infobase is its own."""
    posts = store._db._posts  # type: ignore[attr-defined]
    posts._stopping.set()
    posts._thread.join()


# --- one tells, and only one ----------------------------------------------------------------------
def test_an_infobase_is_told_by_one_replica_at_a_time(pair: tuple[PostgresStore, PostgresStore]) -> None:
    first, second = pair
    for number in range(3):
        first.accept(said(f"c{number}"), [journal(), journal("sklad")], merge_s=5)
    held = first.claim("buh")
    assert held is not None
    assert second.claim("buh") is None
    assert second.due_in("buh") is None, "it would ask in a circle"
    assert second.claim("sklad") is not None, "the other infobase is free"
    first.settle(held, OK)
    first.rest("buh")
    assert second.claim("buh") is not None


def test_a_replica_with_an_attempt_under_way_does_not_let_the_infobase_go(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    first, second = pair
    first.accept(said("c1"), [journal()], merge_s=5)
    first.accept(said("c2"), [journal()], merge_s=5)
    assert first.claim("buh") is not None
    first.rest("buh")
    assert second.claim("buh") is None


def test_what_a_stopped_replica_held_goes_on_with_another(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    first, second = pair
    first.accept(said(), [journal()], merge_s=5)
    assert first.claim("buh") is not None
    first.close()
    assert second.claim("buh") is not None, "it had to wait for the lease to run out"


def lost_and_found(address: str) -> None:
    """A replica falls silent in the middle of telling; another takes over; then the first one wakes."""
    first, second = PostgresStore(address, lease_s=SHORT_S), PostgresStore(address, lease_s=SHORT_S)
    try:
        first.accept(said(), [journal()], merge_s=5)
        late = first.claim("buh")
        assert late is not None
        frozen(first)
        assert second.claim("buh") is None, "the lease has not run out yet"
        until = time.monotonic() + 10
        while (claim := second.claim("buh")) is None and time.monotonic() < until:
            time.sleep(0.05)
        assert claim is not None
        assert claim.delivery_id == late.delivery_id
        assert claim.epoch > late.epoch
        refused = False
        try:
            first.settle(late, Done("late"))
        except ClaimLost:
            refused = True
        assert refused, "a replica that lost its lease wrote all the same"
        assert states(Archive(address)) == {("c1", "START"): DeliveryState.QUEUED}
        assert first.claim("buh") is None
        second.settle(claim, OK)
        assert states(Archive(address)) == {("c1", "START"): DeliveryState.DELIVERED}
    finally:
        first.close()
        second.close()


def test_a_replica_that_outlived_its_lease_writes_nothing(address: str) -> None:
    lost_and_found(address)


def test_without_the_fence_that_check_fails(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PostgresSession, "fence", lambda *_: None)
    with pytest.raises(AssertionError, match="all the same"):
        lost_and_found(address)


def test_a_lease_is_renewed_while_its_process_lives(address: str) -> None:
    first, second = PostgresStore(address, lease_s=SHORT_S), PostgresStore(address, lease_s=SHORT_S)
    first.accept(said(), [journal()], merge_s=5)
    claim = first.claim("buh")
    assert claim is not None
    time.sleep(2 * SHORT_S)
    assert second.claim("buh") is None
    first.settle(claim, OK)
    first.close()
    second.close()


# --- the same said to two replicas ----------------------------------------------------------------
def both(pair: tuple[PostgresStore, PostgresStore], ask: Any) -> list[Any]:
    """The same asked of both at one moment."""
    gate = threading.Barrier(2)

    def one(store: PostgresStore) -> Any:
        gate.wait()
        return ask(store)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(one, pair))


def test_an_event_that_comes_to_two_replicas_at_once_is_one_event(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    for number in range(40):
        receipts = both(pair, lambda store, n=number: store.accept(said(f"c{n}"), [journal()], merge_s=5))
        assert len({receipt.event_id for receipt in receipts}) == 1
        assert sum(receipt.duplicate_of is None for receipt in receipts) == 1


def test_a_ring_that_comes_to_two_replicas_at_once_is_told_once(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    for number in range(40):
        ring = old_ring(number=f"91600000{number:02}")
        receipts = both(pair, lambda store, event=ring: store.accept(event, [popup()], merge_s=5))
        assert len({receipt.event_id for receipt in receipts}) == 2, "both are kept"
        assert sum(receipt.duplicate_of is None for receipt in receipts) == 1


def test_a_click_that_comes_to_two_replicas_at_once_dials_once(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    for number in range(40):
        clicks = both(pair, lambda store, n=number: store.begin("buh", "k1", f"7916000{n:04}", window_s=10))
        assert sum(click.fresh for click in clicks) == 1
        assert len({click.id for click in clicks}) == 1


def test_a_click_of_a_replica_that_died_gets_an_honest_answer(address: str) -> None:
    dead = PostgresStore(address, lease_s=SHORT_S)
    click = dead.begin("buh", "k1", "79160000001", window_s=10)
    frozen(dead)
    alive = PostgresStore(address, lease_s=SHORT_S)
    assert alive.look(click.id) is None, "its process may still be asking the exchange"
    until = time.monotonic() + 10
    while (result := alive.look(click.id)) is None and time.monotonic() < until:
        time.sleep(0.1)
    assert result is not None
    assert (result.status, result.code) == (DialStatus.FAILED, CallCode.OUTCOME_UNKNOWN)
    rang = CallResult(status=DialStatus.STARTED, message="Звоним", code=0, call_id="x")
    dead.end(click.id, rang)  # it was only slow: what is true replaces what was feared
    assert eventually(lambda: alive.look(click.id) == rang)
    dead.close()
    alive.close()


# --- the mailbox ----------------------------------------------------------------------------------
def test_letters_have_no_gap_and_none_appears_behind_a_reader(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    each, threads = 60, 3
    done = threading.Event()

    def post(store: PostgresStore, name: str) -> None:
        for number in range(each):
            store.accept(said(f"{name}-{number}"), [letter()], merge_s=5)

    seen: list[int] = []

    def read() -> None:
        after_id = 0
        while True:
            last = done.is_set()
            found = pair[1].letters("kassa", None, after_id=after_id, limit=100)
            seen.extend(one.id for one in found.letters)
            after_id = found.last_id
            if last and not found.letters:
                return

    reader = threading.Thread(target=read)
    reader.start()
    with ThreadPoolExecutor(2 * threads) as pool:
        for number in range(threads):
            pool.submit(post, pair[0], f"a{number}")
            pool.submit(post, pair[1], f"b{number}")
    done.set()
    reader.join()
    assert len(seen) == 2 * threads * each
    assert seen == list(range(seen[0], seen[0] + len(seen)))


# --- the server goes away and comes back ----------------------------------------------------------
def cut(address: str) -> int:
    with psycopg.connect(address, autocommit=True) as other:
        found = other.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_cut_connections_are_not_noticed_by_who_waits(address: str) -> None:
    store = PostgresStore(address)
    for number in range(5):
        store.accept(said(f"c{number}"), [journal()], merge_s=5)
        assert cut(address) > 0
        store.accept(said(f"d{number}"), [journal()], merge_s=5)
        claim = store.claim("buh")
        assert claim is not None
        assert cut(address) > 0
        store.settle(claim, OK)
    counts = Archive(address).counts()
    assert counts == {("buh", DeliveryState.DELIVERED): 5, ("buh", DeliveryState.QUEUED): 5}
    store.close()


def test_a_server_that_is_not_there_is_said_so_in_bounded_time() -> None:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable, match="недоступен") as refused:
        PostgresStore("postgresql://bridge:geheim-parol@127.0.0.1:9/bridge")
    assert "geheim" not in str(refused.value)
    assert time.monotonic() - began < 15


def test_commits_wait_for_the_disk_whatever_the_server_is_set_to(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as other:
        name = other.info.dbname
        other.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # type: ignore[arg-type]
    store = PostgresStore(address)
    (row,) = store._read("SELECT current_setting('synchronous_commit') AS way")
    assert row["way"] == "on"
    store.close()


def test_replicas_that_start_together_on_an_empty_database_migrate_it_once(address: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        applied = list(pool.map(migrate, [address] * 4))
    folder = Path(bridge.__file__).parent / "store" / "migrations" / "postgres"
    shipped = [path for path in folder.glob("*.sql") if ".rollback." not in path.name]
    assert sorted(map(len, applied)) == [0, 0, 0, len(shipped)]


# --- the bell -------------------------------------------------------------------------------------
def test_a_ring_is_heard_by_the_other_replica_and_not_by_the_one_that_rang(
    pair: tuple[PostgresStore, PostgresStore], address: str
) -> None:
    here, there = pair[0].bell(), pair[1].bell()
    heard_here: list[Any] = []
    heard_there: list[Any] = []
    woken = threading.Event()

    def hear(names: Any) -> None:
        heard_there.append(list(names))
        if "buh" in names:
            woken.set()

    here.listen(lambda names: heard_here.append(list(names)))
    there.listen(hear)
    for _ in range(2):  # the second time on new connections
        until = time.monotonic() + 15
        while not woken.is_set() and time.monotonic() < until:
            here.ring(["buh", "sklad"])
            woken.wait(0.5)
        assert woken.is_set()
        woken.clear()
        cut(address)
    assert ["buh", "sklad"] in heard_there
    assert ["buh", "sklad"] not in heard_here
    here.close()
    there.close()


def test_one_call_that_a_stranger_holds_costs_the_others_only_the_wait(address: str) -> None:
    """They wait for the same commit, and are not refused with it."""
    store = PostgresStore(address)
    store.accept(said("c1"), [journal()], merge_s=5)
    with psycopg.connect(address) as stranger, ThreadPoolExecutor(3) as pool:
        stranger.execute("SELECT 1 FROM lane WHERE call_id = 'c1' FOR UPDATE")
        locked = pool.submit(store.accept, said("c1", state=CallState.END), [journal()], merge_s=5)
        assert eventually(lambda: store._db._writer._leader is not None)
        others = [pool.submit(store.accept, said(call), [journal()], merge_s=5) for call in ("c2", "c3")]
        with pytest.raises(RowLocked):
            locked.result(20)
        assert all(one.result(20).event_id for one in others)
    store.close()


# --- the hot statements use their indexes -----------------------------------------------------------
FACTS: dict[str, Any] = {
    "infobase": "buh",
    "exchange": "main",
    "call_id": "c1",
    "dedup_key": "c1|START|100",
    "merge_key": "k|1",
    "since": 0,
    "until": 1,
    "now": 5.0,
    "horizon": 600.0,
    "limit": 2,
    "lane_id": 1,
    "id": 1,
    "after_id": 5,
    "polled_at": 5.0,
    "event_id": 10**6,
    "before": 1.0,
    "kept": "dead",
    "subscriber": "k",
    "number": "1",
    "longest": 300.0,
    "unknown": 104,
    "state": "delivered",
    "answer": "",
    **sql.those([1, 2, 3, 4]),
}
HOT = [
    "FIND_DUPLICATE",
    "FIND_SAME_RING",
    "FOLLOWED",
    "EARLIER",
    "URGENT_LANES",
    "DUE_LANES",
    "STRANDED_LANES",
    "NEXT_DUE",
    "HEADS",
    "CLOSE_DELIVERIES",
    "LEAVE_LANES",
    "PAST_LIFETIME",
    "LETTERS",
    "WAITING_LETTERS",
    "FIRST_WAITING",
    "HEARD",
    "OLD_EVENTS",
    "RECENT_DIAL",
    "DROP_LANE",
    "DROP_DELIVERIES",
]
CLAIMING = ["URGENT_LANES", "DUE_LANES", "STRANDED_LANES", "NEXT_DUE"]  # sorting reads all that waits
LANES = 3000


def hot(name: str) -> str:
    statement: str = getattr(sql, name)
    return sql.among(statement, 4) if "%s" in statement else statement


def filled(store: PostgresStore | SqliteStore) -> None:
    def work(db: Any) -> None:
        for number in range(LANES):
            facts = {"n": number, "call": f"c{number}", "due": float(number)}
            db.execute(
                "INSERT INTO event (exchange, call_id, state, direction, from_number, to_number, user_key,"
                " time_s, raw, raw_media, fields, dedup_key, merge_key, received_at)"
                " VALUES ('main', :call, 'END', '', '1', '2', 'k', 100, '', '', '{}', :call, :call, :due)",
                facts,
            )
            db.execute(
                "INSERT INTO lane (infobase, exchange, call_id, waiting, due_at)"
                " VALUES ('buh', 'main', :call, 1, :due)",
                facts,
            )
            db.execute(
                "INSERT INTO delivery (lane_id, event_id, infobase, operation, purpose, state, position_time,"
                " position_rank, created_at, expires_at, mail_seq)"
                " SELECT l.id, e.id, 'buh', 'Event', 'journal', 'queued', 100, 5, :due, :due, l.id"
                " FROM lane l JOIN event e ON e.call_id = l.call_id WHERE l.call_id = :call",
                facts,
            )
            db.execute(
                "INSERT INTO dial (infobase, subscriber, number, begun_at) VALUES ('buh', 'k', :call, :due)",
                facts,
            )

    store._write(work)


def test_postgres_reads_no_table_from_end_to_end(address: str) -> None:
    store = PostgresStore(address)
    filled(store)
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("ANALYZE")
        plans = {
            name: "\n".join(str(row[0]) for row in other.execute(f"EXPLAIN {translated(hot(name))}", FACTS))
            for name in HOT
        }
    store.close()
    assert {name: plan for name, plan in plans.items() if "Seq Scan" in plan} == {}
    assert {name: plans[name] for name in CLAIMING if "Sort" in plans[name]} == {}


def test_sqlite_reads_no_table_from_end_to_end(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "bridge.db")
    filled(store)
    store.close()
    other = sqlite3.connect(tmp_path / "bridge.db")  # never analysed, as in life
    plans = {
        name: [row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {hot(name)}", FACTS)] for name in HOT
    }
    other.close()
    whole = re.compile(r"SCAN (?!.*INDEX)")
    assert {name: steps for name, steps in plans.items() if any(map(whole.match, steps))} == {}
    assert {name: plans[name] for name in CLAIMING if any("TEMP" in step for step in plans[name])} == {}


def test_a_state_that_came_with_a_later_version_is_not_lost(address: str) -> None:
    """A rolling upgrade: the other replica may know more words than this one."""
    store = PostgresStore(address)
    store.accept(said(state=CallState.START), [journal()], merge_s=5)
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("UPDATE event SET state = 'FROM_THE_FUTURE'")
        other.execute("ALTER TABLE event ADD COLUMN colour TEXT NOT NULL DEFAULT ''")
    assert store.claim("buh") is None
    assert Archive(address).counts() == {("buh", DeliveryState.DEAD): 1}
    store.accept(said("c2"), [journal()], merge_s=5)
    assert store.claim("buh") is not None
    store.close()


def test_both_databases_have_the_same_tables_and_columns(address: str, tmp_path: Path) -> None:
    PostgresStore(address).close()
    SqliteStore(tmp_path / "bridge.db").close()
    with psycopg.connect(address) as there:
        theirs = set(
            there.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
            ).fetchall()
        )
    here = sqlite3.connect(tmp_path / "bridge.db")
    ours = set(
        here.execute(
            "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'"
        ).fetchall()
    )
    here.close()

    def of_the_outbox(columns: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
        return {(table, name) for table, name in columns if not table.startswith(("_yoyo", "yoyo", "sqlite"))}

    leases = {("post", name) for name in ("name", "owner", "epoch", "lease_until")}  # a file has one owner
    assert of_the_outbox(theirs) - leases == of_the_outbox(ours)


# --- a server that is set otherwise than ours -------------------------------------------------------
def altered(address: str, setting: str) -> None:
    """For every connection from now on."""
    with psycopg.connect(address, autocommit=True) as other:
        other.execute(f'ALTER DATABASE "{other.info.dbname}" SET {setting}')  # type: ignore[arg-type]
    cut(address)


def test_a_server_that_takes_no_writes_refuses_all_and_holds_nothing_afterwards(address: str) -> None:
    """A managed one does so on a full disk; so does one that was failed over from."""
    store = PostgresStore(address)
    store.accept(said("c1"), [journal()], merge_s=5)
    claim = store.claim("buh")
    assert claim is not None
    with psycopg.connect(address, autocommit=True) as switch:  # opened before: it can switch it back
        switch.execute(f'ALTER DATABASE "{switch.info.dbname}" SET default_transaction_read_only = on')  # type: ignore[arg-type]
        switch.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        for refused in (
            store.ping,
            lambda: store.accept(said("c2"), [journal()], merge_s=5),
            lambda: store.settle(claim, OK),
        ):
            with pytest.raises(StoreUnavailable):
                refused()
        switch.execute(f'ALTER DATABASE "{switch.info.dbname}" RESET default_transaction_read_only')  # type: ignore[arg-type]
    cut(address)
    store.settle(claim, OK)
    store.accept(said("c2"), [journal()], merge_s=5)
    assert store.claim("buh") is not None
    store.close()


def test_a_click_dials_once_whatever_isolation_the_server_prefers(address: str) -> None:
    altered(address, "default_transaction_isolation = 'repeatable read'")
    first, second = PostgresStore(address), PostgresStore(address)
    for number in range(20):
        clicks = both((first, second), lambda store, n=number: store.begin("buh", "k", f"{n}", window_s=10))
        assert sum(click.fresh for click in clicks) == 1
    first.close()
    second.close()


def test_a_click_whose_commit_was_not_answered_is_still_to_be_dialled(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = PostgresStore(address)
    write = store._db.write
    monkeypatch.setattr(store._db, "write", lambda work: [write(work), write(work)][1])
    click = store.begin("buh", "k1", "79160000001", window_s=10)
    monkeypatch.undo()
    assert click.fresh
    again = store.begin("buh", "k1", "79160000001", window_s=10)
    assert (again.id, again.fresh) == (click.id, False)
    store.close()


def test_a_database_that_cannot_hold_every_letter_is_refused_in_words(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as other:
        name = f"{other.info.dbname}_1251"
        other.execute(f"CREATE DATABASE {name} ENCODING 'WIN1251' LOCALE 'C' TEMPLATE template0")  # type: ignore[arg-type]
    other_address = urlunsplit(urlsplit(address)._replace(path=f"/{name}"))
    with pytest.raises(StoreUnavailable, match="UTF-8"):
        PostgresStore(other_address)
    drop_database(other_address)


def test_a_schema_named_in_the_address_is_used(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("CREATE SCHEMA bridge")
    store = PostgresStore(f"{address}&options=-csearch_path%3Dbridge")
    store.accept(said(), [journal()], merge_s=5)
    store.close()
    with psycopg.connect(address) as other:
        assert other.execute("SELECT count(*) FROM bridge.event").fetchone() == (1,)


def test_a_strangers_notice_does_not_deafen_the_bell(
    pair: tuple[PostgresStore, PostgresStore], address: str
) -> None:
    woken = threading.Event()
    here, there = pair[0].bell(), pair[1].bell()
    there.listen(lambda names: woken.set() if "buh" in names else None)
    with psycopg.connect(address, autocommit=True) as other:
        for payload in ("", "[]", "{", '{"from": 1}'):
            other.execute("SELECT pg_notify(%s, %s)", (CHANNEL, payload))
    until = time.monotonic() + 10
    while not woken.is_set() and time.monotonic() < until:
        here.ring(["buh"])
        woken.wait(0.3)
    assert woken.is_set()
    here.close()
    there.close()


# --- who hears only some calls, while events race ---------------------------------------------------
def test_the_event_that_joins_and_the_one_that_begins_may_come_at_once(
    pair: tuple[PostgresStore, PostgresStore],
) -> None:
    anna = Subscriber(name="Анна", key="k-anna", extension="246")
    words = VatsCalls(transport=None)  # type: ignore[arg-type]
    audiences = [
        Audience(infobase="buh", contract=words, people=[anna]),
        Audience(infobase="all", contract=words),
    ]

    def comes(store: PostgresStore, call: str, state: CallState, key: str) -> None:
        event = said(call, state, 100, user_key=key, to_number="83912000000")
        plan = [planned for audience in audiences if (planned := audience.plan(event))]
        store.accept(event, plan, merge_s=5)

    with ThreadPoolExecutor(2) as pool:
        for number in range(60):
            begins = pool.submit(comes, pair[0], f"c{number}", CallState.PREANSWER, "k-anna")
            joins = pool.submit(comes, pair[1], f"c{number}", CallState.START, "")
            begins.result(10)
            joins.result(10)
    archive = Archive(pair[0]._address)
    told = {(one.infobase, stored.event.call_id, stored.event.state) for one, stored in
            archive.deliveries(limit=1000)}  # fmt: skip
    assert len(told) == 60 * 4
