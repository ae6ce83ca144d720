"""The hook was out for two hours: the journal heals exactly what it lost, beside the running bridge."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from click.testing import CliRunner, Result

from bridge import observe
from bridge.chores import Chore
from bridge.cli import main
from bridge.core.delivery import DeliveryState, Purpose
from bridge.core.errors import JournalRefused
from bridge.core.past_calls import JournalCall
from bridge.observe import Figures
from bridge.settings import Settings, given, load
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.store.opening import open_store
from bridge.vpbx.mobilon.journal import MobilonJournal
from bridge.wire import Wire
from bridge.wiring.healing import Healer, chores, exchange_journal, seconds_until
from bridge.wiring.partners import audiences, publications
from support.postgres import drop_database, fresh_database
from support.stand import Clock
from support.world import ANNA, HOOK_SECRET, PETR, World, eventually, world

TOKEN = "t0000000000000000000acc"
ZONE = "Asia/Krasnoyarsk"
SCENARIOS = ("answered", "missed", "click_to_call", "ivr_drop", "internal", "group")


NOW = datetime.now(ZoneInfo(ZONE))


def yesterday(hour: float = 0.0) -> datetime:
    """An hour of yesterday on the wall of the exchange."""
    return NOW.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1, hours=-hour)


DAY = yesterday().date().isoformat()


@pytest.fixture
def server_database() -> Iterator[str]:
    address = fresh_database()
    yield address
    drop_database(address)


def ring(exchange: FakeExchange, hour: float, scenario: str, number: int, *, told: bool = True) -> str:
    """Play a call of yesterday; returns its uuid."""
    exchange.clock = yesterday(hour).timestamp
    exchange.options = replace(exchange.options, hooks_lost=not told)
    posts = exchange.ring(scenario, f"8916{number:07}", ANNA if number % 2 else PETR)
    assert all(post.status == 200 for post in posts)
    assert bool(posts) is told
    return str(exchange.calls[-1].events[0]["uuid"])


def written(here: World, folder: Path, *, contract: str = "vatscalls", database: str = "") -> Path:
    """The settings of the running bridge, with a journal, as an administrator writes them."""
    path = folder / "bridge.toml"
    service = {"vats": "VATS", "vatscalls": "VATScalls"}[contract]
    path.write_text(
        f"[server]\ndatabase = '{database or here.database}'\n"
        f'[exchange.main]\nhook_secret = "{HOOK_SECRET}"\nbase_url = "{here.exchange_server.url}"\n'
        f'journal_token = "{TOKEN}"\ntimezone = "{ZONE}"\n'
        '[exchange.other]\nhook_secret = "another-hook-secret-0001"\n'
        f'[infobase.buh]\nexchange = "main"\ncontract = "{contract}"\n'
        f'url = "{here.onec_server.url}/ws/{service}"\n',
        encoding="utf-8",
    )
    return path


def reconcile(settings: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["reconcile", "-c", str(settings), *words])


def told(here: World) -> list[dict[str, Any]]:
    return [json.loads(one.parameters["Data"]) for one in here.onec.received]


def quiet(here: World) -> bool:
    """Everything accepted has been told or needs no telling."""
    return all(state is not DeliveryState.QUEUED for _, state in here.archive().counts())


@contextmanager
def an_outage(folder: Path, **options: Any) -> Iterator[tuple[World, list[str], list[str]]]:
    """A working day of calls, of which the hook told none between noon and two: (told, lost)."""
    with world(folder) as here:
        here.exchange.options = replace(
            here.exchange.options, **{"secret": TOKEN, "journal_zone": ZONE, **options}
        )
        kept, lost = [], []
        for number in range(18):
            hour = 10 + number / 3
            in_time = not 12 <= hour < 14
            uuid = ring(here.exchange, hour, SCENARIOS[number % len(SCENARIOS)], number, told=in_time)
            (kept if in_time else lost).append(uuid)
        assert len(lost) == 6
        assert eventually(lambda: quiet(here), within_s=20)
        yield here, kept, lost


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"journal_xml": True},
        {"journal_callid": "uuid"},
        {"journal_callid": "baseid"},
        {"journal_callid": "subid", "journal_xml": True},
    ],
    ids=str,
)
def test_what_the_hook_lost_is_told_to_1c_exactly_and_once(tmp_path: Path, options: dict[str, Any]) -> None:
    with an_outage(tmp_path, **options) as (here, kept, lost):
        before = told(here)
        assert {one["uuid"] for one in before} == set(kept)
        settings = written(here, tmp_path)
        done = reconcile(settings, "--date", DAY)
        assert (done.exit_code, done.output) == (
            0,
            f"main, {DAY}: в АТС 18, из них в мосте 12, добавлено 6\n",
        )

        assert eventually(lambda: len(told(here)) == len(before) + 6)
        added = told(here)[len(before) :]
        assert all(one["bridgeRecovered"] and one["state"] == "END" for one in added)
        by_callid = {record["callid"]: record for record in here.exchange.journal()}
        names = {one["bridgeJournal"]["callid"]: one for one in added}
        lost_calls = {
            record["callid"]
            for record, call in zip(here.exchange.journal(), here.exchange.calls, strict=True)
            if call.events[0]["uuid"] in lost
        }
        assert set(names) == lost_calls
        for callid, one in names.items():
            record = by_callid[callid]
            words = ("from", "to", "duration")
            assert [one[word] for word in words] == [record[word] for word in words]
            assert one["direction"] == {"INCOMING": "incoming", "OUTGOING": "external"}[record["direction"]]
            assert one.get("callstatus") == ("ANSWER" if record["status"] == "ANSWERED" else None)
            began = datetime.strptime(record["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=ZoneInfo(ZONE))
            assert one["time"] == int(began.timestamp()) + int(record["duration"])
        assert TOKEN not in json.dumps(added)

        again = reconcile(settings, "--date", DAY)
        assert again.output == f"main, {DAY}: в АТС 18, из них в мосте 18, добавлено 0\n"
        assert eventually(lambda: quiet(here))
        assert len(told(here)) == len(before) + 6

        events = here.archive().events(limit=1000)
        healed = [(one, stored) for one, stored in events if stored.event.recovered]
        assert len(healed) == 6
        assert {one.purpose for one, _ in healed if one} == {Purpose.JOURNAL}
        assert all(TOKEN.encode() not in stored.event.raw for _, stored in healed)


def test_a_call_of_which_only_the_beginning_was_heard_stays_one_call(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.exchange.options = replace(here.exchange.options, journal_zone=ZONE)
        uuid = ring(here.exchange, 11, "answered", 1, told=False)
        for event in here.exchange.calls[0].events[:2]:
            assert requests.post(here.hook, json=event, timeout=5).status_code == 200
        settings = written(here, tmp_path)
        assert "добавлено 1" in reconcile(settings, "--date", DAY).output
        assert eventually(lambda: [one["state"] for one in told(here)][-1:] == ["END"])
        assert {one["uuid"] for one in told(here)} == {uuid}
        assert "добавлено 0" in reconcile(settings, "--date", DAY).output


def test_two_at_once_on_postgresql_add_each_call_once(tmp_path: Path, server_database: str) -> None:
    with world(tmp_path, server={"database": server_database}) as here:
        here.exchange.options = replace(here.exchange.options, journal_zone=ZONE)
        for number in range(6):
            ring(here.exchange, 11 + number / 3, "missed", number, told=number % 2 == 0)
        settings = written(here, tmp_path, database=server_database)
        with ThreadPoolExecutor() as operators:
            said = [operators.submit(run_once, settings) for _ in range(2)]
            added = [int(one.result().rpartition("добавлено ")[2]) for one in said]
        assert sum(added) == 3
        assert eventually(lambda: len(recovered(here)) == 3, within_s=20)
        assert "в мосте 6, добавлено 0" in reconcile(settings, "--date", DAY).output
        assert len({one["uuid"] for one in recovered(here)}) == len(recovered(here)) == 3


def recovered(here: World) -> list[dict[str, Any]]:
    return [one for one in told(here) if "bridgeRecovered" in one]


def run_once(settings: Path) -> str:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "bridge", "reconcile", "-c", str(settings), "--date", DAY]
    env = os.environ | {"PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=env, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def test_an_infobase_of_cards_is_told_nothing_late(tmp_path: Path) -> None:
    with world(tmp_path, contract="vats", url="http://127.0.0.1:9/ws/VATS") as here:
        here.exchange.options = replace(here.exchange.options, journal_zone=ZONE)
        ring(here.exchange, 11, "answered", 1, told=False)
        settings = written(here, tmp_path, contract="vats")
        done = reconcile(settings, "--date", DAY)
        assert "добавлено 0, раньше моста 1 (добавить и их: --older)" in done.output
        done = reconcile(settings, "--date", DAY, "--older")
        assert "добавлено 1" in done.output
        assert here.archive().deliveries() == []
        ((_, stored),) = here.archive().events()
        assert stored.event.recovered


def test_the_old_hook_gets_its_ends_from_the_journal(tmp_path: Path) -> None:
    """It tells rings only: no id, no time, no end."""
    with world(tmp_path) as here:
        here.exchange.options = replace(here.exchange.options, journal_zone=ZONE)
        here.exchange.ring("old_hook", "89160000001", ANNA)
        settings = written(here, tmp_path)
        text = settings.read_text(encoding="utf-8")
        settings.write_text(text.replace("journal_token", "reconcile_lag_s = 0.001\njournal_token"), "utf-8")
        done = reconcile(settings, "--date", here.exchange.journal()[0]["time"][:10])
        assert "в АТС 1" in done.output
        assert "добавлено 1" in done.output
        assert eventually(lambda: len(told(here)) == 2)
        ring_, end = told(here)
        assert (ring_["state"], end["state"]) == ("PREANSWER", "END")
        assert ring_["uuid"] == end["uuid"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"secret": "another-account-000001"}, "отказала"),
        ({"trouble": "http500"}, "HTTP 500"),
        ({"trouble": "html"}, "не разобрать"),
        ({"trouble": "empty"}, "не разобрать"),
    ],
    ids=str,
)
def test_a_refused_journal_changes_nothing_and_is_said(
    tmp_path: Path, options: dict[str, Any], says: str
) -> None:
    with world(tmp_path) as here:
        ring(here.exchange, 11, "answered", 1, told=False)
        here.exchange.options = replace(here.exchange.options, **options)
        done = reconcile(written(here, tmp_path), "--date", DAY)
        assert done.exit_code == 2
        assert says in done.output
        assert TOKEN not in done.output
        assert here.archive().events() == []
        assert [(one["day"], bool(one["problem"])) for one in notes(here.database)] == [(DAY, True)]


def test_the_command_explains_what_it_lacks(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        settings = written(here, tmp_path)
        for words, says in (
            (("--exchange", "nobody"), "Нет ВАТС nobody; есть: main, other"),
            (("--exchange", "other"), "exchange.other.journal_token"),
            (("--date", "вчера"), "вчера"),
            (("--date", DAY, "--days", "3"), "не оба"),
            (("--days", "0"), "0"),
        ):
            done = reconcile(settings, *words)
            assert done.exit_code == 2, done.output
            assert says in done.output
        spoiled = settings.read_text(encoding="utf-8").replace(here.database.name, "none.db")
        settings.write_text(spoiled, encoding="utf-8")
        done = reconcile(settings)
        assert (done.exit_code, "vpbx-bridge serve" in done.output) == (2, True)
        assert not here.database.with_name("none.db").exists()


def test_by_default_yesterday_and_today_of_every_exchange_that_has_a_journal(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        settings = written(here, tmp_path)
        before = datetime.now(ZoneInfo(ZONE)).date()
        said = reconcile(settings).output.splitlines()
        after = datetime.now(ZoneInfo(ZONE)).date()  # another one at midnight
        assert said in [
            [
                f"main, {day}: в АТС 0, из них в мосте 0, добавлено 0"
                for day in (today - timedelta(days=1), today)
            ]
            for today in (before, after)
        ]
        assert len(reconcile(settings, "--days", "5", "--exchange", "main").output.splitlines()) == 5


# --- by the clock --------------------------------------------------------------------------------
def notes(database: Path) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        return db.execute("SELECT * FROM reconciliation ORDER BY id").fetchall()


def section(**changes: Any) -> Settings:
    facts = {"hook_secret": HOOK_SECRET, "timezone": ZONE, **changes}
    return given({"exchange": {"main": facts}})


class Nothing:
    """Nobody is told, nothing is kept."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def made(
    settings: Settings, clock: Clock, last_heard: Callable[[str], float | None], **more: Any
) -> list[Chore]:
    return chores(
        settings,
        store=Nothing(),  # type: ignore[arg-type]
        first_heard=more.pop("first_heard", lambda _: 0.0),
        last_heard=last_heard,
        audiences_of=lambda _: [],
        hint=lambda *_: None,
        figures=more.pop("figures", Figures()),
        clock=clock,
        **more,
    )


def test_the_chores_of_a_bridge(tmp_path: Path) -> None:
    own = Chore(name="purge", first_in_s=1, next_in=lambda: 1, work=lambda: None)
    clock = Clock(yesterday(3.0).timestamp())

    def names(**changes: Any) -> list[str]:
        return [one.name for one in made(section(**changes), clock, lambda _: None, extra=[own])]

    assert names() == ["watch:main", "purge"]
    assert names(journal_token=TOKEN) == ["reconcile:main", "watch:main", "purge"]
    assert names(silence_s=0) == ["purge"]
    nightly = made(section(journal_token=TOKEN), clock, lambda _: None)[0]
    assert nightly.next_in() == pytest.approx(1800, abs=1)
    assert nightly.first_in_s < 60


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        ("2026-11-22T00:00+03:00", 3.5),
        ("2026-11-22T03:30+03:00", 24),
        ("2026-11-22T03:29:30+03:00", 24 + 1 / 120),  # it has just been done
        ("2026-11-22T12:00+03:00", 15.5),
    ],
)
def test_the_next_night_comes_once(now: str, hours: float) -> None:
    at = datetime.fromisoformat(now).timestamp()
    assert seconds_until("03:30", "Europe/Moscow", at) == pytest.approx(hours * 3600)


def test_a_night_when_the_clock_is_moved_is_an_hour_longer() -> None:
    before = datetime(2026, 10, 24, 4, 0, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
    assert seconds_until("04:00", "Europe/Berlin", before) == 25 * 3600


def test_the_chore_reconciles_both_days_hints_counts_and_keeps_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with world(tmp_path) as here:
        here.exchange.options = replace(here.exchange.options, journal_zone=ZONE)
        ring(here.exchange, 11, "answered", 1, told=False)
        ring(here.exchange, 12, "missed", 2)
        settings = given(
            {
                "exchange": {
                    "main": {
                        "hook_secret": HOOK_SECRET,
                        "base_url": here.exchange_server.url,
                        "journal_token": TOKEN,
                        "timezone": ZONE,
                    }
                },
                "infobase": {
                    "buh": {
                        "exchange": "main",
                        "contract": "vatscalls",
                        "url": f"{here.onec_server.url}/ws/VATScalls",
                    }
                },
            }
        )
        store, figures, hints = open_store(str(here.database), owner=False), Figures(), list[str]()
        observe.configure(json_lines=True)
        capsys.readouterr()
        try:
            (nightly, _) = chores(
                settings,
                store=store,
                first_heard=lambda _: 0.0,
                last_heard=lambda _: None,
                audiences_of=partial(audiences, settings, publications(settings)),
                hint=lambda *names: hints.extend(names),
                figures=figures,
                clock=yesterday(30).timestamp,
            )
            nightly.work()
        finally:
            store.close()
        lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        said = [one for one in lines if one["event"] == "reconciled"]
        assert [(one["in_exchange"], one["known"], one["added"]) for one in said] == [(2, 1, 1), (0, 0, 0)]
        assert said[0]["day"] == ".".join(reversed(DAY.split("-")))
        assert hints == ["buh"]
        assert figures.registry.get_sample_value("bridge_recovered_total", {"exchange": "main"}) == 1
        kept = [
            (one["day"], one["in_exchange"], one["known"], one["added"], one["problem"])
            for one in notes(here.database)
        ]
        assert kept[0] == (DAY, 2, 1, 1, "")
        assert len(kept) == 2


def test_a_wrong_time_zone_is_noticed_before_anything_is_added(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        here.exchange.options = replace(here.exchange.options, journal_zone="Europe/Moscow")
        for number in range(4):
            ring(here.exchange, 12 + number / 5, "answered", number)
        done = reconcile(written(here, tmp_path), "--date", DAY)
        assert (done.exit_code, "timezone" in done.output) == (2, True)
        assert not [stored for _, stored in here.archive().events() if stored.event.recovered]


# --- the watchdog --------------------------------------------------------------------------------
def test_silence_is_said_once_and_its_end_once(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure(json_lines=True)
    monday = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo(ZONE))
    clock, figures, heard_at = Clock(monday.timestamp()), Figures(), dict[str, float]()
    (watching,) = made(section(), clock, heard_at.get, figures=figures)

    def look(hours: float) -> list[str]:
        clock.now = monday.timestamp() + hours * 3600
        watching.work()
        return [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()]

    def silent_s() -> float | None:
        return figures.registry.get_sample_value("bridge_hook_silent_seconds", {"exchange": "main"})

    assert look(3.9) == []  # since the bridge was started, nothing yet
    assert look(4.0) == ["hook_silent"]
    assert look(4.1) == []
    assert silent_s() == pytest.approx(4.1 * 3600)
    heard_at["main"] = clock.now
    assert look(4.2) == ["hook_heard_again"]
    assert silent_s() == pytest.approx(0.1 * 3600)
    heard_at["main"] = monday.timestamp() + 8.9 * 3600
    assert look(24 + 3.8) == []  # the night does not count
    assert look(24 + 4.0) == ["hook_silent"]


def test_what_was_silent_while_the_bridge_was_off_is_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    observe.configure(json_lines=True)
    clock = Clock(datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo(ZONE)).timestamp())
    (watching,) = made(section(), clock, lambda _: clock.now - 14 * 24 * 3600)
    clock.advance(3600)
    watching.work()
    assert capsys.readouterr().err == ""


# --- where the journal is ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, "own"),
        ({"api": "webapi2"}, "nobody"),  # its address is of another API
        ({"api": "webapi2", "journal_url": "OWN"}, "own"),
        ({"journal_url": "OWN", "base_url": "http://127.0.0.1:9"}, "own"),
    ],
    ids=str,
)
def test_the_journal_is_asked_of_the_api_that_has_one(changes: dict[str, str], asked: str) -> None:
    exchange = FakeExchange((ANNA,))
    with Loopback(exchange) as server:
        facts = {"base_url": server.url, "journal_token": TOKEN} | {
            name: value.replace("OWN", server.url) for name, value in changes.items()
        }
        journal = exchange_journal(section(**facts).exchange["main"])
        assert isinstance(journal, MobilonJournal)
        if asked == "own":
            assert journal.calls(DAY).calls == []
        else:
            assert server.url not in repr(vars(journal))


def test_without_a_token_there_is_no_journal() -> None:
    assert exchange_journal(section().exchange["main"]) is None


# --- the fake exchange's own journal ---------------------------------------------------------------
@pytest.fixture
def played() -> Iterator[tuple[FakeExchange, str]]:
    exchange = FakeExchange((ANNA, PETR), hook_url="http://127.0.0.1:9/", clock=yesterday(23.99).timestamp)
    exchange.options = replace(exchange.options, hooks_lost=True, journal_zone=ZONE, secret=TOKEN)
    for scenario in SCENARIOS:
        assert exchange.ring(scenario) == []
    with Loopback(exchange) as server:
        yield exchange, server.url


def ask(url: str, **query: str) -> requests.Response:
    return requests.get(f"{url}/api/call/journal", {"token": TOKEN, "date": DAY, **query}, timeout=5)


def test_json_and_xml_hold_the_same_calls(played: tuple[FakeExchange, str]) -> None:
    exchange, url = played
    listed = ask(url, format="json").json()["calls"]
    assert [one["callid"] for one in listed] == [call.callid for call in exchange.calls]
    wire = Wire(total_s=5, reuse=False)
    read: list[list[JournalCall]] = []
    for as_xml in (False, True):
        exchange.options = replace(exchange.options, journal_xml=as_xml)
        day = MobilonJournal(wire=wire, base_url=url, token=TOKEN, timezone=ZONE).calls(DAY)
        assert day.unreadable == 0
        read.append([replace(one, raw=b"", fields={}) for one in day.calls])
    assert read[0] == read[1]
    assert len(read[0]) == len(SCENARIOS)
    assert ask(url).headers["Content-Type"].startswith("text/xml")  # without `format`, as before 2017


def test_the_journal_of_another_day_is_empty_and_a_wrong_question_is_refused(
    played: tuple[FakeExchange, str],
) -> None:
    _, url = played
    assert ask(url, format="json", date="2020-01-01").json() == {"calls": []}
    assert ask(url, format="json", date="вчера").json()["result"] == "FAIL"
    for token in ("", "another"):
        assert ask(url, format="json", token=token).json()["result"] == "FAIL"


def test_a_click_stays_in_the_journal_though_its_hooks_are_lost(played: tuple[FakeExchange, str]) -> None:
    exchange, url = played
    before = len(exchange.calls)
    requests.get(
        f"{url}/api/call/CallToSubscriber", {"key": ANNA.key, "outboundNumber": "89235292926"}, timeout=5
    )
    exchange.wait()
    assert len(exchange.calls) == before + 1
    assert exchange.journal()[-1]["direction"] == "OUTGOING"
    assert exchange.posts == []


def test_the_reason_of_a_healer_reaches_its_caller(played: tuple[FakeExchange, str], tmp_path: Path) -> None:
    _, url = played
    open_store(str(tmp_path / "bridge.db")).close()
    store = open_store(str(tmp_path / "bridge.db"), owner=False)
    try:
        healer = Healer(
            section(base_url=url, journal_token="wrong-token-0001"),
            store=store,
            audiences_of=lambda _: [],
            hint=lambda *_: None,
            figures=Figures(),
        )
        with pytest.raises(JournalRefused, match="Invalid API key"):
            healer.reconcile_day("main", DAY)
    finally:
        store.close()
    assert "Invalid API key" in notes(tmp_path / "bridge.db")[0]["problem"]


def test_calls_from_before_the_bridge_heard_anything_are_not_added_by_the_clock(tmp_path: Path) -> None:
    """1C has them by other ways; an operator may still ask for them by the day."""
    with world(tmp_path) as here:
        here.exchange.options = replace(here.exchange.options, secret=TOKEN, journal_zone=ZONE)
        ring(here.exchange, 11, "answered", 1, told=False)
        settings = load(written(here, tmp_path))
        with closing(open_store(str(here.database), owner=False)) as store:
            for first_heard, added in (
                (None, 0),
                (yesterday(20).timestamp(), 0),
                (yesterday().timestamp(), 1),
            ):
                nightly = chores(
                    settings,
                    store=store,
                    first_heard=lambda _, at=first_heard: at,  # type: ignore[misc]
                    last_heard=lambda _: None,
                    audiences_of=partial(audiences, settings, publications(settings)),
                    hint=lambda *_: None,
                    figures=Figures(),
                    clock=yesterday(30).timestamp,
                )[0]
                nightly.work()
                assert sum(note["added"] for note in notes(here.database)) == added
