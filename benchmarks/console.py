"""How long each page of the console takes, and how big it is, with a million events stored.

    python -m benchmarks.console [--events 1000000] [--postgres ADDRESS] [--keep FOLDER]

The bridge is real and asked over HTTP; the events are half a year of calls, the newest of now. With
`--keep` the database is made once and stays.
"""

import argparse
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import requests

from bridge.core.accounts import Role
from bridge.store.beside import accounts_at
from bridge.store.opening import is_server, migrate
from bridge.web.console import passwords

NAME, PASSWORD = "operator", "a long enough one"
DAYS = 180
STATES = ("START", "PREANSWER", "ANSWER", "HANGUP", "END")
EVERY_DEAD, EVERY_EXPIRED, EVERY_WAITING = 50, 20, 7
TIMES = 7
EVENT = (
    "exchange, call_id, state, direction, from_number, to_number, user_key, time_s, raw, raw_media, fields,"
    " dedup_key, merge_key, received_at, recovered"
)
DELIVERY = (
    "lane_id, event_id, infobase, operation, purpose, state, position_time, position_rank, attempts,"
    " last_answer, created_at, expires_at, done_at"
)
PAGES = {
    "Сегодня": "",
    "Сегодня, часть": "today",
    "Звонки": "calls",
    "Звонки, в середине": "calls?before={middle}",
    "Звонки по номеру": "calls?number=89160000123",
    "Звонки по номеру фирмы": "calls?number=83912000000",
    "Звонки по сотруднику": "calls?person=Иванова Анна",
    "Звонки давно": "calls?since={long_ago}&until={long_ago}",
    "Звонки, которых нет": "calls?number=89999999999",
    "Звонки с редким исходом": "calls?status=IVR",
    "Звонок": "call?exchange=main&id=call-{a_call}",
    "Очередь": "queue",
    "Очередь: ждут": "queue?infobase=buh&state=queued",
    "Очередь: истекли": "queue?infobase=buh&state=expired",
    "Очередь: вручную": "queue?infobase=buh&state=dead",
    "Настройка": "settings",
}


def events(count: int) -> Iterator[tuple[Any, ...]]:
    began = time.time() - DAYS * 86400
    step = DAYS * 86400 / count
    for number in range(count):
        call, place = divmod(number, len(STATES))
        at = began + number * step
        client, state = f"8916{call % 20_000:07d}", STATES[place]
        fields = {
            "uuid": f"call-{call}",
            "state": state,
            "from": client,
            "to": "101" if place in (1, 2) else "83912000000",
            "userkey": f"key-{call % 20}",
            "time": int(at),
            "duration": "42",
        }
        raw = json.dumps(fields)
        yield (
            *("main", fields["uuid"], state, "incoming", client, fields["to"], fields["userkey"], int(at)),
            *(raw.encode(), "application/json", raw, f"{call}|{state}", "", at, 0),
        )


def deliveries(count: int) -> Iterator[tuple[Any, ...]]:
    began = time.time() - DAYS * 86400
    step = DAYS * 86400 / count
    for number in range(count):
        call, place = divmod(number, len(STATES))
        at = began + number * step
        state = "delivered"
        for every, other in ((EVERY_WAITING, "queued"), (EVERY_EXPIRED, "expired"), (EVERY_DEAD, "dead")):
            if number % every == 0:
                state = other
        done = None if state == "queued" else at + 0.05
        yield (
            *(call + 1, number + 1, "buh", "Event", "journal", state, int(at), place, 1),
            *("1", at, at + 7 * 86400, done),
        )


def fill(address: str, count: int) -> None:
    """Everything in one go, past the bridge: it would take an hour."""
    calls = (count + len(STATES) - 1) // len(STATES)
    lanes = ((f"call-{call}", len(STATES)) for call in range(calls))
    attempts = ((number + 1, time.time() - 60.0, "done", "1") for number in range(count))
    migrate(address)
    if is_server(address):
        tables = {
            f"event ({EVENT})": events(count),
            "lane (infobase, exchange, call_id, waiting, due_at)": (
                ("buh", "main", call_id, waiting, 0.0) for call_id, waiting in lanes
            ),
            f"delivery ({DELIVERY})": deliveries(count),
            "attempt (delivery_id, at, verdict, answer)": attempts,
        }
        with psycopg.connect(address) as db:
            for table, rows in tables.items():
                with db.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                    for row in rows:
                        copy.write_row(row)
            db.execute("ANALYZE")  # as the server itself does where rows come one by one
        return
    db = sqlite3.connect(address, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("BEGIN")
    marks = ",".join("?" * 15)
    db.executemany(f"INSERT INTO event ({EVENT}) VALUES ({marks})", events(count))
    db.executemany(
        "INSERT INTO lane (infobase, exchange, call_id, waiting, due_at) VALUES ('buh', 'main', ?, ?, 0)",
        lanes,
    )
    marks = ",".join("?" * 13)
    db.executemany(f"INSERT INTO delivery ({DELIVERY}) VALUES ({marks})", deliveries(count))
    db.executemany("INSERT INTO attempt (delivery_id, at, verdict, answer) VALUES (?, ?, ?, ?)", attempts)
    db.execute("COMMIT")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@contextmanager
def bridge(folder: Path, address: str, port: int) -> Iterator[str]:
    """A bridge of its own process that tells nobody: its 1C is off."""
    people = "".join(
        f'[[exchange.main.subscribers]]\nname = "{name}"\nextension = "{101 + n}"\nkey = "key-{n}"\n'
        for n, name in enumerate(["Иванова Анна", *(f"Сотрудник {n}" for n in range(1, 20))])
    )
    config = folder / "bridge.toml"
    config.write_text(
        f'[server]\nlisten = "127.0.0.1:{port}"\npublic_url = "http://127.0.0.1:{port}"\n'
        f"database = '{address}'\n[exchange.main]\nhook_secret = \"a-hook-secret-0000001\"\n{people}"
        '[infobase.buh]\nexchange = "main"\ncontract = "vatscalls"\nurl = "http://127.0.0.1:9/ws/VATScalls"\n',
        encoding="utf-8",
    )
    command = [sys.executable, "-m", "bridge", "serve", "-c", str(config)]
    with (folder / "log").open("w") as log, subprocess.Popen(command, stderr=log, cwd=folder) as process:
        try:
            url = f"http://127.0.0.1:{port}"
            until = time.monotonic() + 60
            while time.monotonic() < until:
                try:
                    requests.get(f"{url}/healthz", timeout=1)
                    break
                except requests.ConnectionError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def entered(url: str) -> requests.Session:
    session = requests.Session()
    form = session.get(f"{url}/console/login", timeout=10).text
    token = re.search(r'name="form_token" value="(\w+)"', form)[1]
    facts = {"form_token": token, "name": NAME, "password": PASSWORD}
    session.post(f"{url}/console/login", data=facts, timeout=10).raise_for_status()
    return session


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--events", type=int, default=1_000_000)
    asked.add_argument("--postgres", default="", help="an address of an empty database; SQLite without it")
    asked.add_argument("--keep", type=Path)
    asked.add_argument("--port", type=int, default=8917)
    chosen = asked.parse_args()
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        address = chosen.postgres or str(folder / "bridge.db")
        if chosen.postgres or not Path(address).exists():
            began = time.monotonic()
            fill(address, chosen.events)
            print(f"{chosen.events} events stored in {time.monotonic() - began:.0f} s")
        with accounts_at(address) as accounts:
            accounts.add(NAME, Role.OPERATOR, passwords.hashed(PASSWORD))
        places = {
            "middle": chosen.events // 2,
            "a_call": chosen.events // 10,
            "long_ago": time.strftime("%Y-%m-%d", time.gmtime(time.time() - 100 * 86400)),
        }
        with bridge(folder, address, chosen.port) as url:
            session = entered(url)
            print(f"{'page':<28}{'median, ms':>12}{'worst, ms':>12}{'KB':>8}")
            for name, page in PAGES.items():
                took = []
                for _ in range(TIMES):
                    began = time.perf_counter()
                    answer = session.get(f"{url}/console/{page.format(**places)}", timeout=60)
                    took.append((time.perf_counter() - began) * 1000)
                    answer.raise_for_status()
                size = len(answer.content) / 1000
                print(f"{name:<28}{statistics.median(took):>12.0f}{max(took):>12.0f}{size:>8.1f}")


if __name__ == "__main__":
    main()
