"""A person is forgotten by a command: the number comes by every road, then it is nowhere in the database."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import requests
from click.testing import CliRunner

from bridge.cli import main
from bridge.cli.who import operator
from bridge.core.delivery import DeliveryState
from bridge.core.number_trace import NumberTrace
from bridge.core.numbers import PhoneNumber
from bridge.store.archive import Archive
from bridge.store.looking import looking
from support.postgres import drop_database, fresh_database
from support.world import ANNA, HOOK_SECRET, PASSWORD, PETR, UNLIMITED, World, eventually, token_hash, world

DIGITS = "9235292926"
PRETTY = "8 (923) 529-29-26"
MAN = NumberTrace(PhoneNumber.parse(PRETTY))
SPELLINGS = (f"8{DIGITS}", f"+7{DIGITS}", DIGITS, PRETTY)
OTHER = "89160000001"
JOURNAL_TOKEN = "a-journal-token-of-tests-0001"
ENV = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")} | {
    "PYTHONIOENCODING": "utf-8"
}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "bridge.db")
        return
    address = fresh_database()
    yield address
    drop_database(address)


def infobases(onec_url: str) -> dict[str, Any]:
    common = {"exchange": "main", "token_hashes": [token_hash(PASSWORD)], "dial": UNLIMITED}
    return {
        "buh": {**common, "contract": "vatscalls", "url": f"{onec_url}/ws/VATScalls", "probe_s": 0.2},
        "box": {**common, "contract": "mailbox"},
    }


def written(here: World, folder: Path, database: str) -> Path:
    """The settings of the running bridge, as far as the commands need them."""
    people = "".join(
        f'[[exchange.main.subscribers]]\nname = "{one.name}"\nextension = "{one.extension}"\n'
        f'key = "{one.key}"\n'
        for one in (ANNA, PETR)
    )
    (folder / "bridge.toml").write_text(
        f"[server]\ndatabase = '{database}'\n"
        f'[exchange.main]\nhook_secret = "{HOOK_SECRET}"\nbase_url = "{here.exchange_server.url}"\n'
        f'journal_token = "{JOURNAL_TOKEN}"\nreconcile_lag_s = 0.1\n{people}'
        f'[infobase.buh]\nexchange = "main"\ncontract = "vatscalls"\n'
        f'url = "{here.onec_server.url}/ws/VATScalls"\ncalled = ["83912000000"]\n'
        '[infobase.box]\nexchange = "main"\ncontract = "mailbox"\n',
        encoding="utf-8",
    )
    return folder / "bridge.toml"


def run(folder: Path, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        cwd=folder,
        env=ENV,
        input=said,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def erase(
    folder: Path, *words: str, number: str = PRETTY, said: str = ""
) -> subprocess.CompletedProcess[str]:
    return run(folder, "erase", "--number", number, *words, said=said)


def dump(database: str) -> str:
    """Everything in every table, as a backup in text would have it."""
    if "://" not in database:
        with closing(sqlite3.connect(database)) as file:
            file.text_factory = lambda raw: raw.decode("utf-8", "replace")
            names = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return "\n".join(
                _cells(row) for name in names for row in file.execute(f'SELECT * FROM "{name}"').fetchall()
            )
    with psycopg.connect(database) as server:
        tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        # psycopg reads no '-infinity', which is how a lease is given back
        columns = {name: "name, owner" if name == "post" else "*" for (name,) in tables}
        return "\n".join(
            _cells(row)
            for name, what in columns.items()
            for row in server.execute(f'SELECT {what} FROM "{name}"').fetchall()  # type: ignore[arg-type]
        )


def _cells(row: Any) -> str:
    return "\x1f".join(
        bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)
        for cell in row
    )


def shows(database: str) -> list[str]:
    """The rows in which the number is, in any spelling."""
    return [line for line in dump(database).splitlines() if MAN.shows(line) or DIGITS in line]


def hook(here: World, **sent: Any) -> None:
    answer = requests.request("GET" if "params" in sent else "POST", here.hook, timeout=10, **sent)
    assert answer.status_code == 200, answer.text


def soap(here: World, path: str, operation: str, **words: str) -> None:
    namespace = {"/ws/VATS": "http://VATS", "/ws/VATScalls": "http://VATSCalls"}[path]
    inner = "".join(f"<m:{name}>{value}</m:{name}>" for name, value in words.items())
    body = (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f'<m:{operation} xmlns:m="{namespace}">{inner}</m:{operation}></soap:Body></soap:Envelope>'
    )
    answer = requests.post(
        f"{here.url}{path}",
        data=body.encode(),
        headers={"Content-Type": "text/xml; charset=utf-8"},
        auth=("main", HOOK_SECRET),
        timeout=10,
    )
    assert answer.status_code == 200, answer.text


def planted(here: World, folder: Path) -> None:
    """The man calls, is called, is asked about: by every entrance, spelled in every way."""
    for number, spelled in enumerate(SPELLINGS):
        hook(here, params={"key": ANNA.key, "number": spelled})
        event = {
            "uuid": f"u{number}",
            "state": "END",
            "direction": "incoming",
            "from": spelled,
            "to": "101",
            "userkey": ANNA.key,
            "time": 1_700_000_000 + number,
            "comment": f"просил перезвонить на {PRETTY}",
            "recordUrl": f"/api/call/record?callid=1.{number}&from={quote(spelled)}",
        }
        hook(here, json=event)
        event |= {"uuid": f"f{number}", "time": 1_700_000_100 + number}
        hook(here, data={"data": json.dumps(event)})
        event |= {"uuid": f"s{number}", "time": 1_700_000_200 + number}
        soap(here, "/ws/VATScalls", "Event", Data=json.dumps(event).replace("&", "&amp;"))
        soap(here, "/ws/VATS", "IncomingCall", NumFrom=spelled, Key=PETR.key)
        soap(here, "/ws/VATS", "SayName", Number=spelled)
        asked = requests.get(f"{here.url}/caller/main/{HOOK_SECRET}", params={"number": spelled}, timeout=10)
        assert asked.status_code == 200
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in f"8{DIGITS}")
    hook(
        here,
        data=f'{{"uuid":"esc","state":"START","from":"{escaped}","time":1700000300}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    hook(here, json={"uuid": f"in-8{DIGITS}-out", "state": "START", "from": OTHER, "time": 1_700_000_301})
    # the other side of a call, and somebody else's calls
    hook(here, json={"uuid": "out", "state": "END", "direction": "external", "from": "101",
                     "to": f"8{DIGITS}", "userkey": ANNA.key, "time": 1_700_000_302})  # fmt: skip
    hook(here, json={"uuid": "other", "state": "END", "direction": "incoming", "from": OTHER, "to": "101",
                     "userkey": ANNA.key, "time": 1_700_000_303, "comment": "не он"})  # fmt: skip
    # 1C dials him; the exchange tells of that call, too
    clicked = here.client().service.MakeCall("101", PRETTY)
    assert clicked.Result == "SUCCESS"
    here.exchange.wait()
    # a call that only the journal of the exchange knows
    here.exchange.options = replace(here.exchange.options, hooks_lost=True, secret=JOURNAL_TOKEN)
    here.exchange.ring("answered", f"8{DIGITS}", ANNA)
    today = datetime.now().astimezone().date().isoformat()
    made = run(folder, "reconcile", "--date", today, "--older")
    assert made.returncode == 0, made.stderr
    # and what people type
    assert run(folder, "dials", "stop", "--infobase", "box", "--why", f"жалоба {PRETTY}").returncode == 0
    box = here.client(login="box").service.PollEvents("", 0, 0)
    here.client(login="box").service.PollEvents("", box.LastId, 0)


def kept_events(database: str) -> set[int]:
    return {stored.id for _, stored in Archive(database).events(limit=10_000)}


def told(database: str) -> bool:
    return not Archive(database).deliveries(state=DeliveryState.QUEUED, limit=1)


def named(database: str) -> bool:
    """Whether every question about him is in the table of names, which is written behind, each second."""
    question = "SELECT sum(times) FROM caller"
    if "://" not in database:
        with closing(sqlite3.connect(database)) as file:
            (times,) = file.execute(question).fetchone()
    else:
        with psycopg.connect(database) as server:
            (times,) = server.execute(question).fetchone() or (None,)
    return times == 2 * len(SPELLINGS)  # by SOAP and by HTTP


def test_the_number_came_by_every_road_and_is_nowhere(tmp_path: Path, database: str) -> None:
    with world(
        tmp_path,
        infobases=infobases,
        server={"database": database, "records_dir": str(tmp_path / "records")},
        exchange={"journal_token": JOURNAL_TOKEN},
    ) as here:
        written(here, tmp_path, database)
        planted(here, tmp_path)
        assert eventually(lambda: told(database) and named(database), within_s=30)
        events = kept_events(database)
        before = shows(database)
        assert len(before) > 4 * len(SPELLINGS)
        text = "\n".join(before)
        assert all(spelled in text for spelled in SPELLINGS)

        looked = erase(tmp_path, "--dry-run")
        assert looked.returncode == 0, looked.stderr
        assert "события звонков: " in looked.stdout
        assert "звонки из 1С: 1" in looked.stdout
        assert "имена звонящих: 1" in looked.stdout
        refused = erase(tmp_path, said="n\n")
        assert refused.returncode == 1
        assert shows(database) == before, "nothing is erased without a yes"

        done = erase(tmp_path, "--why", f"заявление 17 от {PRETTY}", said="y\n")
        assert done.returncode == 0, done.stderr
        assert "Стёрто: события звонков" in done.stdout
        assert "повторите команду через три дня" in done.stdout
        assert shows(database) == []
        assert kept_events(database) == events, "that there was a call stays"
        assert OTHER in dump(database)
        again = erase(tmp_path, "--yes")
        assert (again.returncode, "Такого номера в базе моста нет" in again.stdout) == (0, True)

        # the bridge works on, and what it wrote meanwhile is no trace either
        hook(here, json={"uuid": "u0", "state": "HANGUP", "from": OTHER, "to": "101", "time": 1_700_000_900})
        assert eventually(lambda: any('"u0"' in one.parameters["Data"] for one in here.onec.received[-3:]))
        assert shows(database) == []
        deeds = run(tmp_path, "audit", "list", "--json").stdout
        (deed,) = [one for one in map(json.loads, deeds.splitlines()) if one["did"] == "erase"]
        assert deed["who"] == operator()
        assert deed["about"].startswith("заявление 17")
        assert deed["count"] >= len(events) - 1, "all but the call of somebody else"
        for output in (looked, done, again):
            assert not MAN.shows(output.stdout + output.stderr)
        assert not MAN.shows(deeds)


def test_what_1c_is_still_to_hear_is_erased_by_force_only(tmp_path: Path, database: str) -> None:
    with world(tmp_path, infobases=infobases, server={"database": database}) as here:
        written(here, tmp_path, database)
        hook(
            here,
            json={"uuid": "u1", "state": "END", "from": f"8{DIGITS}", "to": "101", "time": 1_700_000_000},
        )
        assert eventually(lambda: here.onec.received)
        for words in ((), ("--dry-run",), ("--yes",)):
            refused = erase(tmp_path, *words)
            assert refused.returncode == 2
            assert "Ещё не доставлено 1С: 1. Ничего не стёрто" in refused.stderr
        assert shows(database)
        forced = erase(tmp_path, "--yes", "--force")
        assert forced.returncode == 0, forced.stderr
        assert shows(database) == []
        collected = here.client(login="box").service.PollEvents("", 0, 0)
        assert not collected.Event


NO_PERSONS = {
    "101": "Это внутренний номер",
    "+7 (391) 200-00-00": "Это номер самой фирмы",
    "Иванов": "В номере есть буквы",
    "": "Не указан номер",
    "8 923 529": "не хватает",
}


def test_what_is_no_number_of_one_person_is_refused(tmp_path: Path) -> None:
    with world(tmp_path, infobases=infobases) as here:
        path = written(here, tmp_path, str(here.database))
        event = {"uuid": "u1", "state": "END", "from": "101", "to": "83912000000", "time": 1_700_000_000}
        hook(here, json=event)
        for number, said in NO_PERSONS.items():
            words = ["erase", "-c", str(path), "--number", number, "--yes", "--force"]
            refused = CliRunner().invoke(main, words)
            assert refused.exit_code == 2, number
            assert said in refused.stderr
        assert "83912000000" in dump(str(here.database))


def test_the_firms_own_number_is_known_without_its_area_code(tmp_path: Path) -> None:
    """`called` may be written as the exchange writes it: within the city."""
    with world(tmp_path, infobases=infobases) as here:
        path = written(here, tmp_path, str(here.database))
        text = path.read_text("utf-8").replace('"83912000000"', '"2000000"')
        path.write_text(text.replace("[exchange.main]\n", '[exchange.main]\narea_code = "391"\n'), "utf-8")
        hook(
            here,
            json={"uuid": "u1", "state": "END", "from": "101", "to": "83912000000", "time": 1_700_000_000},
        )
        refused = erase(tmp_path, "--yes", "--force", number="8 (391) 200-00-00")
        assert (refused.returncode, "Это номер самой фирмы" in refused.stderr) == (2, True)
        assert "83912000000" in dump(str(here.database))


def test_a_number_can_be_typed_where_no_shell_remembers_it(tmp_path: Path) -> None:
    with world(tmp_path, infobases=infobases) as here:
        written(here, tmp_path, str(here.database))
        event = {
            "uuid": "u1",
            "state": "RING",
            "from": f"8{DIGITS}",
            "to": "83912000000",
            "time": 1_700_000_000,
        }
        hook(here, json=event)
        done = run(tmp_path, "erase", "--yes", "--force", said=f"{PRETTY}\n")
        assert done.returncode == 0, done.stderr
        assert "Стёрто: события звонков 1" in done.stdout
        assert DIGITS not in dump(str(here.database))


def test_whoever_was_killed_before_the_log_was_folded_repeats_the_command(tmp_path: Path) -> None:
    """The rows are erased, the former bytes are still beside the file: nothing is found, and they go."""
    with world(tmp_path, infobases=infobases) as here:
        written(here, tmp_path, str(here.database))
        event = {
            "uuid": "u1",
            "state": "RING",
            "from": f"8{DIGITS}",
            "to": "83912000000",
            "time": 1_700_000_000,
        }
        hook(here, json=event)
        beside = Path(f"{here.database}-wal")
        with looking(str(here.database)) as db, db.transaction():
            for table in ("attempt", "delivery", "event"):
                db.session.execute(f"DELETE FROM {table}")
        assert DIGITS.encode() in beside.read_bytes()
        again = erase(tmp_path, "--yes")
        assert (again.returncode, "Такого номера в базе моста нет" in again.stdout) == (0, True)
        assert DIGITS.encode() not in here.database.read_bytes()
        assert DIGITS.encode() not in (beside.read_bytes() if beside.exists() else b"")


def test_a_link_to_his_recording_opens_no_more(tmp_path: Path) -> None:
    """The exchange still has it; the bridge no longer says where."""
    exchange = {"journal_token": JOURNAL_TOKEN}
    with world(tmp_path, exchange=exchange, server={"link_secret": "s" * 43}) as here:
        written(here, tmp_path, str(here.database))
        here.exchange.options = replace(here.exchange.options, secret=JOURNAL_TOKEN, record_url="token")
        here.exchange.ring("answered", f"8{DIGITS}", ANNA)
        call_id = str(here.exchange.calls[0].events[0]["uuid"])
        link = here.client().service.GetCallInfo("", call_id).RecordUrl
        assert requests.get(link, timeout=10).status_code == 200
        assert eventually(lambda: told(str(here.database)))
        done = CliRunner().invoke(
            main, ["erase", "-c", str(tmp_path / "bridge.toml"), "--number", PRETTY, "--yes"]
        )
        assert done.exit_code == 0, done.output
        assert requests.get(link, timeout=10).status_code == 404


def test_without_a_database_there_is_nothing_to_erase(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    refused = erase(tmp_path)
    assert (refused.returncode, "мост ещё не запускался" in refused.stderr) == (2, True)
