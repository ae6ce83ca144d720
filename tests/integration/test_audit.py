"""Who did what, by the commands themselves: one line each, with no number of a person and no secret in it."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge.cli import who
from bridge.cli.audit import DEEDS
from bridge.core.delivery import GaveUp
from bridge.store.audit import Deed
from bridge.store.connection import MIGRATIONS
from bridge.store.sqlite import SqliteStore
from support.stand import journal, said

ENV = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")} | {
    "PYTHONIOENCODING": "utf-8"
}


def run(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        cwd=folder,
        env=ENV | env,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def deeds(folder: Path, *words: str) -> list[dict[str, Any]]:
    listed = run(folder, "audit", "list", "--json", *words)
    assert listed.returncode == 0, listed.stderr
    return [json.loads(line) for line in listed.stdout.splitlines()]


def test_every_deed_has_its_line_and_no_line_a_number_or_a_secret(tmp_path: Path) -> None:
    made = run(tmp_path, "init")
    assert made.returncode == 0
    store = SqliteStore(tmp_path / "bridge.db")
    store.accept(said("c1", from_number="89235292926"), [journal()], merge_s=0.0)
    claim = store.claim("buh")
    assert claim is not None
    store.settle(claim, GaveUp("нет контрагента 89235292926"))
    store.close()
    liar = {"LOGNAME": "boss", "USER": "boss", "USERNAME": "boss", "SUDO_USER": "boss" * bool(os.getuid())}
    token = run(tmp_path, "token", **liar)
    for words in (
        ("dials", "stop", "--why", "жалоба 8 (923) 529-29-26"),
        ("dials", "allow"),
        ("dials", "allow"),  # there was no stop: nothing was done
        ("events", "show", "1", "--full"),
        ("events", "show", "1"),
        ("events", "replay", "1"),
        ("events", "purge", "--older-than", "30", "--yes"),
        ("backup", "copy.db"),
    ):
        done = run(tmp_path, *words)
        assert done.returncode == 0, (words, done.stderr)
    told = list(reversed(deeds(tmp_path)))
    assert [(one["did"], one["count"]) for one in told] == [
        ("token", 1),
        ("dial_stop", 1),
        ("dial_allow", 1),
        ("show_full", 1),
        ("replay", 1),
        ("purge", 0),
        ("backup", 1),
    ]
    assert {one["who"] for one in told} == {who.operator()}, "variables do not lie"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", one["at"]) for one in told)
    abouts = {one["did"]: one["about"] for one in told}
    assert abouts["token"] in token.stdout, "the beginning of the hash"
    assert len(abouts["token"]) == len("sha256:") + 12
    assert abouts["dial_stop"].startswith("все базы  жалоба ")
    assert (abouts["show_full"], abouts["replay"], abouts["backup"]) == ("событие 1", "1", "copy.db")
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        kept = str(file.execute("SELECT * FROM audit").fetchall())
    shown = run(tmp_path, "audit", "list").stdout
    password = re.search(r"показывается один раз\):  (\S+)", token.stdout)
    assert password
    for text in (kept, shown, json.dumps(told)):
        assert "529-29-26" not in text
        assert "9235292926" not in text
        assert password[1] not in text
    assert "звонки остановлены" in shown
    assert len(deeds(tmp_path, "--limit", "2")) == 2
    assert deeds(tmp_path, "--since", "2999-01-01") == []
    assert "Ничего нет" in run(tmp_path, "audit", "list", "--since", "2999-01-01").stdout


def test_a_password_can_be_made_before_there_is_a_bridge(tmp_path: Path) -> None:
    made = run(tmp_path, "token")
    assert (made.returncode, made.stderr) == (0, "")
    assert run(tmp_path, "init").returncode == 0
    made = run(tmp_path, "token")
    assert made.returncode == 0
    assert "token_hashes" in made.stdout
    assert "В журнал действий не записано" in made.stderr


def test_a_stop_works_where_nothing_can_be_written_down(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    SqliteStore(tmp_path / "bridge.db").close()
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        file.execute("ALTER TABLE audit RENAME TO gone")
        file.commit()
    stopped = run(tmp_path, "dials", "stop")
    assert stopped.returncode == 0
    assert "Звонки остановлены: все базы" in stopped.stdout
    assert "В журнал действий не записано" in stopped.stderr
    assert "ОСТАНОВЛЕНО" in run(tmp_path, "dials", "list").stdout


def test_a_reason_keeps_neither_a_secret_nor_a_number_however_it_is_typed(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    SqliteStore(tmp_path / "bridge.db").close()
    found = re.search(r'^hook_secret = "(.+)"', (tmp_path / "bridge.toml").read_text("utf-8"), re.MULTILINE)
    assert found
    why = f"утёк {found[1]}, спросите по тел.8.923.529.29.26; {found[1].upper()}"
    assert run(tmp_path, "dials", "stop", "--why", why).returncode == 0
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        number = "INSERT INTO caller (infobase, who, told_at, asked_at) VALUES ('buh', '9160000001', 1, 1)"
        file.execute(number)
        file.commit()
    erased = run(tmp_path, "erase", "--number", "89160000001", "--why", why, "--yes")
    assert erased.returncode == 0, erased.stderr
    assert run(tmp_path, "backup", "8.923.529.29.26.db").returncode == 0
    told = deeds(tmp_path)
    assert [one["did"] for one in told] == ["backup", "erase", "dial_stop"]
    assert all("***" in one["about"] for one in told)
    listed = run(tmp_path, "dials", "list").stdout
    assert "утёк ***, спросите" in listed
    for text in (str(told), listed):
        assert found[1].lower() not in text.lower()
    assert "529.29" not in str(told)


def test_dialling_is_allowed_again_only_where_it_can_be_written_down(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    SqliteStore(tmp_path / "bridge.db").close()
    assert run(tmp_path, "dials", "stop").returncode == 0
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        file.execute("ALTER TABLE audit RENAME TO gone")
        file.commit()
    assert run(tmp_path, "dials", "allow").returncode == 2
    assert "ОСТАНОВЛЕНО" in run(tmp_path, "dials", "list").stdout


def test_a_copy_is_written_down_before_it_is_made(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    SqliteStore(tmp_path / "bridge.db").close()
    (tmp_path / "copy.db").touch()
    assert run(tmp_path, "backup", "copy.db").returncode == 2
    assert [(one["did"], one["count"]) for one in deeds(tmp_path)] == [("backup", None)]


def test_before_the_schema_is_renewed_a_copy_can_be_made_and_the_rest_says_what_to_do(tmp_path: Path) -> None:
    """The new version is installed, the old one still runs."""
    assert run(tmp_path, "init").returncode == 0
    SqliteStore(tmp_path / "bridge.db").close()
    with closing(sqlite3.connect(tmp_path / "bridge.db")) as file:
        file.executescript(
            (MIGRATIONS / "0005.audit.rollback.sql").read_text("utf-8")
            + "DELETE FROM _yoyo_migration WHERE migration_id = '0005.audit';"
        )
    for words in (("audit", "list"), ("erase", "--number", "89160000001", "--yes")):
        refused = run(tmp_path, *words)
        assert refused.returncode == 2
        assert "vpbx-bridge migrate" in refused.stderr
    copied = run(tmp_path, "backup", "copy.db")
    assert copied.returncode == 0
    assert "В журнал действий не записано" in copied.stderr
    assert (tmp_path / "copy.db").is_file()
    assert "0005.audit" in run(tmp_path, "migrate").stdout
    assert deeds(tmp_path) == []


def test_a_new_hook_secret_comes_with_the_way_to_use_it(tmp_path: Path) -> None:
    made = run(tmp_path, "token", "--hook").stdout
    found = re.search(r'hook_secret = "([A-Za-z0-9_-]{32})"', made)
    assert found
    assert found[1] not in run(tmp_path, "token", "--hook").stdout
    assert "old_hook_secret" in made
    assert run(tmp_path, "token", "--hook", "--link").returncode == 2
    assert run(tmp_path, "init").returncode == 0
    text = (tmp_path / "bridge.toml").read_text("utf-8")
    was = re.search(r'^hook_secret = "(.+?)"', text, re.MULTILINE)
    assert was
    text = text.replace(was[0], f'hook_secret = "{found[1]}"\nold_hook_secret = "{was[1]}"')
    (tmp_path / "bridge.toml").write_text(text, "utf-8")
    assert "settings.read" in run(tmp_path, "check", "--json", "--only", "main").stdout


def test_every_deed_has_its_words() -> None:
    assert set(DEEDS) == set(Deed)


def test_whoever_has_no_name_has_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container users have no names."""
    if sys.platform == "win32":
        pytest.skip("there is no uid")
    monkeypatch.setattr(os, "getuid", lambda: 54321)
    monkeypatch.setenv("SUDO_USER", "boss")
    assert who.operator().startswith("uid 54321 ("), "sudo gives nobody else's rights"
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "ivanov")
    assert who.operator().startswith("root, sudo ivanov (")
    monkeypatch.setenv("SUDO_USER", "ivanov\nroot")
    assert who.operator().startswith("root (")
