"""The commands an administrator types, run as they are typed: real processes, a folder of their own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from bridge.core.delivery import Done, GaveUp, Verdict
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.records import Traces
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.recordings import OverCall
from bridge.store.sqlite import SqliteStore
from support.ports import free_port
from support.stand import journal, said
from support.world import ANNA

BRIDGE = [sys.executable, "-m", "bridge"]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")} | {
    "PYTHONIOENCODING": "utf-8"
}


def run(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*BRIDGE, *words],
        cwd=folder,
        env=ENV | env,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@contextmanager
def running(folder: Path, *words: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*BRIDGE, *words],
        cwd=folder,
        env=ENV | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=40)


def ready(url: str) -> None:
    for _ in range(400):
        try:
            if requests.get(f"{url}/readyz", timeout=1).status_code == 200:
                return
        except requests.ConnectionError:
            time.sleep(0.025)
    raise AssertionError("the bridge never became ready")


def test_demo_shows_both_directions_and_ends_well(tmp_path: Path) -> None:
    done = run(tmp_path, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "MakeCall(Иванова Анна" in done.stdout
    assert "START → PREANSWER → ANSWER → HANGUP → END (5)" in done.stdout
    assert "НЕТ" not in done.stdout
    assert done.stderr == ""


def test_demo_fails_when_a_leg_does_not_arrive(tmp_path: Path) -> None:
    with Loopback(FakeExchange((ANNA,), options=ExchangeOptions(trouble="http500"))) as exchange:
        done = run(tmp_path, "demo", "--exchange", exchange.url)
    assert done.returncode == 1
    assert "НЕТ" in done.stdout
    assert "Не дошло" in done.stdout


def test_demo_serve_prints_one_line_of_json_and_works_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "demo", "--serve", "--json", "--port", str(port)) as process:
        assert process.stdout
        facts = json.loads(process.stdout.readline())
        assert {"wsdl", "wsdl_ru", "user", "password", "hook", "exchange", "onec", "subscribers"} <= set(
            facts
        )
        assert facts["wsdl"].startswith(f"http://127.0.0.1:{port}/")
        assert b"<definitions" in requests.get(facts["wsdl"], timeout=5).content
        assert facts["console"] == f"http://127.0.0.1:{port}/console/"
        assert requests.get(facts["console"], timeout=5).url == f"{facts['console']}login"
        told = requests.get(
            facts["hook"], {"key": facts["subscribers"][0]["key"], "number": "89160000001"}, timeout=5
        )
        assert (told.status_code, told.text) == (200, "ok")
        for _ in range(200):
            received = requests.get(f"{facts['onec']}/sim/received", timeout=5).json()
            if {one["operation"] for one in received} == {"IncomingCall", "Event"}:
                break
            time.sleep(0.02)
        assert {one["operation"] for one in received} == {"IncomingCall", "Event"}


def test_demo_goes_on_with_its_data_at_the_same_addresses(tmp_path: Path) -> None:
    port = free_port()
    words = ("demo", "--serve", "--json", "--port", str(port), "--data", str(tmp_path / "data"))
    kept = []
    for _ in range(2):
        with running(tmp_path, *words) as process:
            assert process.stdout
            kept.append(json.loads(process.stdout.readline()))
    assert kept[0]["hook"] == kept[1]["hook"]
    assert kept[0]["password"] == kept[1]["password"]


def _configured(folder: Path, *, exchange: str, onec: str, password: str = "") -> str:
    """`init`, filled in as an administrator would; returns the address of the bridge."""
    made = run(folder, "init")
    assert made.returncode == 0, made.stderr
    url = f"http://127.0.0.1:{free_port()}"
    path = folder / "bridge.toml"
    text = path.read_text(encoding="utf-8")
    text = text.replace('listen = "127.0.0.1:8080"', f'listen = "{url.removeprefix("http://")}"')
    text = text.replace('public_url = "http://127.0.0.1:8080"', f'public_url = "{url}"')
    text = text.replace('api = "connect" ', f'base_url = "{exchange}"\napi = "connect" ')
    text = text.replace("впишите ключ абонента из кабинета ВАТС", ANNA.key)
    text = text.replace('contract = "none"', f'contract = "vatscalls"\nurl = "{onec}/ws/VATScalls"')
    if password:
        text = text.replace("# user =", "user =").replace('# password = ""', f'password = "{password}"')
    path.write_text(text, encoding="utf-8")
    return url


def test_from_init_to_a_ringing_telephone_without_another_file(tmp_path: Path) -> None:
    exchange, onec = FakeExchange((ANNA,)), FakeOnec(user="Телефония", password="пароль-1С")
    with Loopback(exchange) as exchange_server, Loopback(onec) as onec_server:
        url = _configured(tmp_path, exchange=exchange_server.url, onec=onec_server.url, password="пароль-1С")
        with running(tmp_path, "serve"):
            ready(url)
            checked = run(tmp_path, "check")
            assert checked.returncode == 1, checked.stdout + checked.stderr  # the hook was never heard
            assert "веб-хук ещё ни разу не приходил" in checked.stdout
            assert "[ошибка]" not in checked.stdout
            onec.reset()  # the doctor has asked 1C who nobody is
            secret = _value(tmp_path, "hook_secret")
            told = requests.get(
                f"{url}/hooks/main/{secret}", {"key": ANNA.key, "number": "89160000001"}, timeout=5
            )
            assert told.status_code == 200
            for _ in range(200):
                if onec.received:
                    break
                time.sleep(0.02)
            assert '"from": "89160000001"' in onec.received[0].parameters["Data"]
            assert run(tmp_path, "check").returncode == 0
        listed = run(tmp_path, "events", "list")
        assert "доставлено" in listed.stdout
        assert "89160000001" not in listed.stdout
        shown = run(tmp_path, "events", "show", "1")
        assert "принято" in shown.stdout
        assert "89160000001" not in shown.stdout
        assert "89160000001" in run(tmp_path, "events", "show", "1", "--full").stdout


def _value(folder: Path, name: str) -> str:
    for line in (folder / "bridge.toml").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"{name} ="):
            return line.split('"')[1]
    raise AssertionError(f"{name} is not in the settings")


def test_init_never_touches_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text("mine", encoding="utf-8")
    done = run(tmp_path, "init")
    assert done.returncode == 2
    assert "уже есть" in done.stderr
    assert (tmp_path / "bridge.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_settings_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    run(tmp_path, "init")
    assert (tmp_path / "bridge.toml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("words", [("serve",), ("check",), ("wsdl",), ("events", "list")])
def test_a_command_without_settings_says_how_to_make_them(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = run(tmp_path, *words)
    assert done.returncode == 2
    assert "vpbx-bridge init" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_stops_the_bridge_with_one_russian_sentence(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text("[server]\nthreads = 'many'\n", encoding="utf-8")
    done = run(tmp_path, "serve")
    assert done.returncode == 2
    assert "server.threads: нужно целое число" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_bridge_on_the_same_database_refuses_to_start(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    with running(tmp_path, "serve"):
        ready(url)
        done = run(tmp_path, "serve", BRIDGE__SERVER__LISTEN=f"127.0.0.1:{free_port()}")
    assert done.returncode == 2
    assert "другой мост" in done.stderr


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    with running(tmp_path, "serve"):
        ready(url)
        done = run(tmp_path, "serve", BRIDGE__SERVER__DATABASE="other.db")
    assert done.returncode == 2
    assert url.removeprefix("http://") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="SIGTERM of POSIX")
def test_a_stopped_bridge_ends_with_code_zero(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    with running(tmp_path, "serve") as process:
        ready(url)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_wsdl_prints_what_is_served(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    printed = run(tmp_path, "wsdl", "--ru")
    with running(tmp_path, "serve"):
        ready(url)
        served = requests.get(f"{url}/ws/TelephonyRu?wsdl", timeout=5)
    assert printed.stdout == served.content.decode()


def test_a_new_token_opens_the_door_and_the_old_one_still_does(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    made = run(tmp_path, "token").stdout
    password = made.split()[made.split().index("раз):") + 1]
    new_hash = made.split('"')[1]
    path = tmp_path / "bridge.toml"
    old = _value(tmp_path, "token_hashes") if "token_hashes =" in path.read_text(encoding="utf-8") else ""
    path.write_text(
        path.read_text(encoding="utf-8").replace(f'["{old}"]', f'["{old}", "{new_hash}"]'), encoding="utf-8"
    )
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        '<Ping xmlns="http://vpbx-bridge.ru/telephony/1"/></e:Body></e:Envelope>'
    )
    with running(tmp_path, "serve"):
        ready(url)
        for secret, status in ((password, 200), ("wrong", 401)):
            answer = requests.post(
                f"{url}/ws/Telephony",
                data=envelope,
                auth=("buh", secret),
                headers={"Content-Type": "text/xml"},
                timeout=5,
            )
            assert answer.status_code == status


def test_simulators_run_from_the_command_line_and_talk_to_each_other(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, "simulate", "1c", "--port", str(port)) as onec:
        assert onec.stdout
        assert f"127.0.0.1:{port}" in onec.stdout.readline()
        assert b"definitions" in requests.get(f"http://127.0.0.1:{port}/ws/VATS?wsdl", timeout=5).content
    with FakeHook() as hook:
        done = run(tmp_path, "simulate", "exchange", "--ring", "missed", "--hook", hook.url)
    assert done.returncode == 0, done.stderr
    assert len(hook.bodies) == 4


class FakeHook(Loopback):
    """Takes what the simulated exchange posts, and says «ok»."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        super().__init__(self._answer)

    def _answer(self, environ, start_response):  # type: ignore[no-untyped-def]
        self.bodies.append(environ["wsgi.input"].read())
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


def test_an_event_that_nobody_is_told_is_still_listed(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    path = tmp_path / "bridge.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"vatscalls"', '"none"'), encoding="utf-8")
    secret = _value(tmp_path, "hook_secret")
    with running(tmp_path, "serve"):
        ready(url)
        for _ in range(2):
            requests.get(f"{url}/hooks/main/{secret}", {"key": ANNA.key, "number": "89160000001"}, timeout=5)
    lines = run(tmp_path, "events", "list").stdout.splitlines()
    assert "тот же звонок, что событие 1" in lines[0]
    assert "никому не сообщается" in lines[1]


def test_a_backup_is_a_whole_database_and_never_overwrites(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    secret = _value(tmp_path, "hook_secret")
    with running(tmp_path, "serve"):
        ready(url)
        requests.get(f"{url}/hooks/main/{secret}", {"key": ANNA.key, "number": "89160000001"}, timeout=5)
        assert run(tmp_path, "backup", "copy.db").returncode == 0
        again = run(tmp_path, "backup", "copy.db")
    assert (again.returncode, "не тронут" in again.stderr) == (2, True)
    listed = run(tmp_path, "events", "list", BRIDGE__SERVER__DATABASE="copy.db")
    assert "событие 1" in listed.stdout


def test_a_replay_of_an_unknown_delivery_moves_nothing(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    with running(tmp_path, "serve"):
        ready(url)
        done = run(tmp_path, "events", "replay", "98", "99")
    assert (done.returncode, "Нет доставок: 98, 99. Ничего не отправлено" in done.stderr) == (2, True)


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_the_database_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    url = _configured(tmp_path, exchange="http://127.0.0.1:9", onec="http://127.0.0.1:9")
    with running(tmp_path, "serve"):
        ready(url)
        for path in tmp_path.glob("bridge.db*"):
            assert path.stat().st_mode & 0o077 == 0 or path.suffix == ".lock", path


def test_help_is_printed_on_a_console_of_an_old_code_page(tmp_path: Path) -> None:
    done = subprocess.run(
        [*BRIDGE, "--help"],
        cwd=tmp_path,
        env=ENV | {"PYTHONIOENCODING": "cp866"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Мост" in done.stdout.decode("cp866")


def test_the_doctor_tells_of_what_is_stuck(tmp_path: Path) -> None:
    onec = FakeOnec()
    onec.set_mode("fault")
    with Loopback(FakeExchange((ANNA,))) as exchange, Loopback(onec) as server:
        url = _configured(tmp_path, exchange=exchange.url, onec=server.url)
        path = tmp_path / "bridge.toml"
        path.write_text(
            path.read_text(encoding="utf-8").replace("[infobase.buh]", "[infobase.buh]\nattempts = 1"),
            "utf-8",
        )
        secret = _value(tmp_path, "hook_secret")
        with running(tmp_path, "serve"):
            ready(url)
            requests.get(f"{url}/hooks/main/{secret}", {"key": ANNA.key, "number": "89160000001"}, timeout=5)
            for _ in range(100):
                said = run(tmp_path, "check").stdout
                if "разобрать вручную: 1" in said:
                    break
    assert "разобрать вручную: 1" in said
    assert "events replay --dead --infobase buh" in said


def filled(folder: Path, states: dict[str, Verdict]) -> None:
    """A base with an event for each call, that ended so; and settings for it."""
    (folder / "bridge.toml").write_text(
        '[exchange.main]\nhook_secret = "AAAAAAAAAAAAAAAAAAAAAAAA"\n'
        '[infobase.buh]\nexchange = "main"\ncontract = "vatscalls"\nurl = "http://127.0.0.1:9/ws/VATScalls"\n',
        encoding="utf-8",
    )
    store = SqliteStore(folder / "bridge.db")
    for call, verdict in states.items():
        store.accept(said(call), [journal()], merge_s=5)
        claim = store.claim("buh")
        assert claim is not None
        store.settle(claim, verdict)
    store.close()


def test_numbers_and_a_selection_are_not_mixed(tmp_path: Path) -> None:
    """`replay 1 --delivered` would read as «this one, though delivered» and send the whole base again."""
    filled(tmp_path, {"a": Done("1"), "b": Done("1")})
    both = run(tmp_path, "events", "replay", "1", "--delivered", "--yes")
    neither = run(tmp_path, "events", "replay")
    for refused in (both, neither):
        assert refused.returncode == 2
        assert "или номера доставок, или отбор" in refused.stderr
    assert "2 из 2" in run(tmp_path, "events", "replay", "--delivered", "--yes").stdout


def test_what_1c_has_taken_is_sent_again_only_after_a_yes(tmp_path: Path) -> None:
    filled(tmp_path, {"a": Done("1"), "b": GaveUp("яд")})
    asked = run(tmp_path, "events", "replay", "--delivered")
    assert asked.returncode != 0
    assert "отправить ещё раз 1?" in asked.stdout + asked.stderr
    assert "доставлено" in run(tmp_path, "events", "list").stdout
    assert "1 из 1" in run(tmp_path, "events", "replay", "--dead", "--since", "2020-01-01").stdout
    assert "0 из 0" in run(tmp_path, "events", "replay", "--dead", "--until", "2020-01-01 10:00").stdout


def test_purge_asks_and_keeps_what_is_new(tmp_path: Path) -> None:
    filled(tmp_path, {"a": Done("1")})
    assert run(tmp_path, "events", "purge", "--older-than", "1").returncode != 0
    assert "Удалено событий: 0" in run(tmp_path, "events", "purge", "--older-than", "1", "--yes").stdout


def test_check_goes_on_when_the_database_is_away_and_tells_no_password(tmp_path: Path) -> None:
    (tmp_path / "bridge.toml").write_text(
        '[server]\ndatabase = "postgresql://bridge:geheim-parol@127.0.0.1:9/bridge"\n'
        '[exchange.main]\nbase_url = "http://127.0.0.1:9"\nhook_secret = "AAAAAAAAAAAAAAAAAAAAAAAA"\n'
        '[infobase.buh]\nexchange = "main"\n',
        encoding="utf-8",
    )
    done = run(tmp_path, "check")
    assert done.returncode == 2
    assert "PostgreSQL 127.0.0.1:9/bridge" in done.stdout
    assert "1С buh" in done.stdout, "the rest is looked at, too"
    for command in (["check", "--json"], ["serve"], ["events", "list"], ["migrate"], ["backup", "x.db"]):
        done = run(tmp_path, *command)
        assert done.returncode == 2
        assert "geheim" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_dialling_is_stopped_listed_and_allowed_without_a_restart(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    store = SqliteStore(tmp_path / "bridge.db")
    click = store.begin("buh", "101", "79235292926", window_s=10)
    stopped = run(tmp_path, "dials", "stop", "--why", "разбираемся")
    assert stopped.returncode == 0, stopped.stderr
    assert not store.begin("buh", "101", "79235292927", window_s=10).fresh
    store.close()
    listed = run(tmp_path, "dials", "list").stdout
    assert "ОСТАНОВЛЕНО" in listed
    assert "разбираемся" in listed
    assert "Иванова Анна -> 79*******26" in listed
    assert "79235292926" not in listed
    assert click.fresh
    assert "разрешены" in run(tmp_path, "dials", "allow").stdout
    assert "не было" in run(tmp_path, "dials", "allow").stdout
    one = run(tmp_path, "dials", "stop", "--infobase", "buh").stdout
    assert "vpbx-bridge dials allow --infobase buh" in one, "the general one would not lift it"
    unknown = run(tmp_path, "dials", "stop", "--infobase", "sklad")
    assert (unknown.returncode, "есть: buh" in unknown.stderr) == (2, True)


def test_the_list_of_dials_shows_no_whole_number_and_tells_what_is_still_stopped(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    store = SqliteStore(tmp_path / "bridge.db")
    click = store.begin("buh", "101", "79235292926", window_s=10)
    said = "Звоним: сначала зазвонит ваш телефон, затем наберётся 8 923 529-29-26"
    store.end(click.id, CallResult(status=DialStatus.STARTED, message=said, code=CallCode.DONE))
    store.close()
    listed = run(tmp_path, "dials", "list").stdout
    assert "набрано" in listed
    assert "529-29-26" not in listed
    for words in (("stop",), ("stop", "--infobase", "buh", "--why", "разбираемся")):
        assert run(tmp_path, "dials", *words).returncode == 0
    assert "Ещё остановлены: buh" in run(tmp_path, "dials", "allow").stdout
    found = json.loads(run(tmp_path, "check", "--only", "buh", "--json").stdout)
    stopped = [one for one in found if one["code"] == "dials.stopped"]
    assert len(stopped) == 1
    assert stopped[0]["said"].endswith("разбираемся")
    assert "dials allow --infobase buh" in stopped[0]["advice"]


def test_who_listened_and_what_was_copied_can_be_looked_up(tmp_path: Path) -> None:
    assert run(tmp_path, "init").returncode == 0
    store = SqliteStore(tmp_path / "bridge.db")
    assert "Ничего нет" in run(tmp_path, "records", "listened").stdout
    for status, sent in ((200, 64_044), (404, 0)):
        store.recordings.note_listening(
            infobase="buh", exchange="main", call_id="c1", peer="192.0.2.7", status=status, sent=sent
        )
    store.recordings.enqueue(
        "main", [OverCall(call_id="c1", traces=Traces(), received_at=1.0, address="/r/1")], wait_s=0
    )
    (due,) = store.recordings.due("main", limit=5)
    store.recordings.postpone(due, "АТС не отвечает", wait_s=None)
    store.close()
    newest, oldest = run(tmp_path, "records", "listened").stdout.splitlines()
    assert "не открылась, HTTP 404" in newest
    assert oldest.endswith("main  звонок c1  buh  с адреса 192.0.2.7  64044 байт")
    assert "попыток 1: АТС не отвечает" in run(tmp_path, "records", "copies").stdout


def test_the_console_has_its_first_user_by_a_code_and_the_others_by_command(tmp_path: Path) -> None:
    port = free_port()
    env = {"BRIDGE__SERVER__LISTEN": f"127.0.0.1:{port}"}
    assert run(tmp_path, "init").returncode == 0
    told = run(tmp_path, "console", "code", **env)
    assert told.returncode == 0, told.stderr
    code = told.stdout.split()[-1]
    with running(tmp_path, "serve", **env):
        ready(f"http://127.0.0.1:{port}")
        session = requests.Session()
        form = session.get(f"http://127.0.0.1:{port}/console/first", timeout=10).text
        token = form.partition('name="form_token" value="')[2].partition('"')[0]
        facts = {"code": code, "name": "anna", "password": "a long enough one", "again": "a long enough one"}
        entered = session.post(
            f"http://127.0.0.1:{port}/console/first", data=facts | {"form_token": token}, timeout=10
        )
        assert "Звенья" in entered.text
        assert run(tmp_path, "console", "code").returncode == 2  # somebody was first
        assert "Проверить" in session.get(f"http://127.0.0.1:{port}/console/doctor", timeout=10).text
        sandbox = session.get(f"http://127.0.0.1:{port}/console/sandbox", timeout=30).text
        assert "Отправить события" in sandbox  # a bridge of its own, beside the one that works
        added = run(tmp_path, "console", "users", "add", "petr", "--role", "viewer")
        assert "пароль" in added.stdout
        listed = run(tmp_path, "console", "users", "list").stdout
        assert [line.split()[:2] for line in listed.splitlines()] == [
            ["anna", "оператор"],
            ["petr", "наблюдатель"],
        ]
        assert run(tmp_path, "console", "users", "remove", "anna").returncode == 0
        audit = run(tmp_path, "audit", "list").stdout
        assert "пользователь консоли  удалён anna" in audit
        assert "anna (консоль)  вход в консоль" in audit
        gone = session.get(f"http://127.0.0.1:{port}/console/", timeout=10)
        assert gone.url.endswith("/console/login")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("add", "Anna"), "латинские строчные"),
        (("add", "anna", "--password-file", "short"), "короче десяти"),
        (("remove", "nobody"), "Такого пользователя нет"),
        (("password", "nobody"), "Такого пользователя нет"),
    ],
)
def test_a_wrong_user_of_the_console_is_refused(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert run(tmp_path, "init").returncode == 0
    (tmp_path / "short").write_text("short\n", encoding="utf-8")
    done = run(tmp_path, "console", "users", *words)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
