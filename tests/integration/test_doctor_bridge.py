"""The doctor and the bridge itself: its address from outside, its ground, its exchange, the command."""

import json
import os
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.core.calls import Subscriber
from bridge.core.delivery import GaveUp
from bridge.doctor import Code, Finding, examine, own
from bridge.doctor.finding import BAD, GOOD, WARNING
from bridge.settings import load
from bridge.sim.exchange import FakeExchange
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.store.sqlite import SqliteStore
from bridge.wiring import Bridge, assemble
from support.ports import free_port
from support.rawserver import RawServer, closed_port_url
from support.stand import journal, said
from support.world import ANNA, HOOK_SECRET, PETR

TLS = Path(__file__).parents[1] / "wire" / "tls"
ENV = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
SETTINGS = """
[server]
listen = "127.0.0.1:{port}"
public_url = "{public}"
link_secret = "0123456789abcdef0123456789abcdef"
{server}
[exchange.main]
base_url = "{exchange}"
hook_secret = "{secret}"
{main}
[infobase.buh]
exchange = "main"
token_hashes = ["sha256:{hash}"]
{buh}
"""


def write(folder: Path, **changes: Any) -> Path:
    """A settings file; an unsaid address is the bridge's own, an unsaid exchange is nobody."""
    port = changes.get("port") or free_port()
    facts = {
        "port": port,
        "public": f"http://127.0.0.1:{port}",
        "exchange": "http://127.0.0.1:9",
        "secret": HOOK_SECRET,
        "hash": "0" * 64,
        "server": "",
        "main": "",
        "buh": "",
        **changes,
    }
    folder.mkdir(exist_ok=True)
    path = folder / "bridge.toml"
    path.write_text(SETTINGS.format(**facts), encoding="utf-8")
    return path


def look(path: Path, **options: Any) -> list[Finding]:
    return list(examine(path, **options))


def of(found: list[Finding], link: str) -> list[tuple[int, Code]]:
    return [(one.grade, one.code) for one in found if one.link == link]


@contextmanager
def serving(path: Path) -> Iterator[Bridge]:
    bridge = assemble(load(path))
    thread = threading.Thread(target=bridge.run, name="bridge-under-test")
    thread.start()
    try:
        yield bridge
    finally:
        bridge.drain()
        thread.join()


# --- the bridge's own address -------------------------------------------------------------------------


def test_a_running_bridge_is_recognised_and_its_hook_is_reached_without_an_event(tmp_path: Path) -> None:
    path = write(tmp_path)
    with serving(path):
        found = look(path)
        assert of(found, "адрес моста") == [(GOOD, Code.OWN_GOOD), (GOOD, Code.OWN_HOOK_OPEN)]
        assert of(found, "база") == [(GOOD, Code.DATABASE_HELD)]
    assert HOOK_SECRET not in str(found)
    store = SqliteStore(tmp_path / "bridge.db")
    store.close()
    assert Code.HOOK_NEVER in [one.code for one in look(path)], "the empty hook was not kept"


def test_a_hook_secret_that_the_running_bridge_does_not_know(tmp_path: Path) -> None:
    path = write(tmp_path)
    with serving(path):
        path.write_text(path.read_text("utf-8").replace(HOOK_SECRET, "another-hook-secret-0002"), "utf-8")
        found = look(path)
    assert of(found, "адрес моста") == [(GOOD, Code.OWN_GOOD), (BAD, Code.OWN_HOOK_CLOSED)]


def test_another_bridge_at_our_address(tmp_path: Path) -> None:
    first = write(tmp_path / "one")
    with serving(first):
        url = load(first).server.public_url
        second = write(tmp_path / "two", public=url.replace("127.0.0.1", "localhost"))
        found = look(second)
    assert of(found, "адрес моста") == [(WARNING, Code.OWN_STRANGER)]


def test_another_program_at_our_address(tmp_path: Path) -> None:
    path = write(tmp_path)
    with Loopback(FakeExchange((ANNA,))) as stranger, serving(path):
        text = path.read_text("utf-8")
        public = load(path).server.public_url
        path.write_text(text.replace(f'public_url = "{public}"', f'public_url = "{stranger.url}"'), "utf-8")
        found = look(path)
    assert of(found, "адрес моста") == [(BAD, Code.OWN_STRANGER)]


def test_a_proxy_in_front_of_a_bridge_that_is_off(tmp_path: Path) -> None:
    with RawServer(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n") as proxy:
        found = look(write(tmp_path, public=proxy.url))
    assert of(found, "адрес моста") == [(WARNING, Code.OWN_AWAY)]
    assert "мост за ним не запущен" in str(found)


def test_an_address_that_the_exchange_cannot_reach(tmp_path: Path) -> None:
    found = look(write(tmp_path, exchange="https://pbx.firma.invalid"))
    assert (WARNING, Code.OWN_LOOPBACK) in of(found, "адрес моста")
    assert (BAD, Code.NET_DNS) in of(found, "ВАТС main")


def test_an_address_that_nobody_knows_is_told_besides_the_bridge_that_is_off(tmp_path: Path) -> None:
    found = look(write(tmp_path, public="https://bridge.firma.invalid"))
    assert of(found, "адрес моста") == [(WARNING, Code.OWN_AWAY), (BAD, Code.NET_DNS)]


@contextmanager
def tls_in_front(port: int, *, tls13_only: bool = False) -> Iterator[int]:
    """A proxy that ends TLS with the certificate of a firm's own authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "firm.pem", TLS / "server.key")
    if tls13_only:
        context.minimum_version = ssl.TLSVersion.TLSv1_3

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.settimeout(10)
            with (
                suppress(OSError),
                context.wrap_socket(self.request, server_side=True) as client,
                socket.create_connection(("127.0.0.1", port), timeout=10) as bridge,
            ):
                head = client.recv(65536)
                bridge.sendall(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))
                while answer := bridge.recv(65536):
                    client.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("tls13_only", [False, True])
def test_a_bridge_behind_tls_is_judged_as_1c_and_the_exchange_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tls13_only: bool
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(TLS / "firm-ca.pem"))
    port = free_port()
    with tls_in_front(port, tls13_only=tls13_only) as front:
        path = write(tmp_path, port=port, public=f"https://127.0.0.1:{front}")
        with serving(path):
            found = look(path)
    late = [(WARNING, Code.OWN_TLS12)] if tls13_only else []
    expected = [(GOOD, Code.TLS_GOOD), *late, (GOOD, Code.OWN_GOOD), (GOOD, Code.OWN_HOOK_OPEN)]
    assert of(found, "адрес моста") == expected, [one.as_text() for one in found]


def test_links_to_recordings_need_their_secret(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text("utf-8").replace("link_secret", "# link_secret"), "utf-8")
    assert (GOOD, Code.OWN_NO_LINKS) in of(look(path), "адрес моста")


# --- its ground ---------------------------------------------------------------------------------------


def test_a_database_that_is_not_there_yet_is_left_to_the_bridge(tmp_path: Path) -> None:
    assert of(look(write(tmp_path)), "база") == [(GOOD, Code.DATABASE_NEW)]
    assert list(tmp_path.glob("bridge.db*")) == []


def test_a_folder_that_is_a_file_takes_no_database(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("", encoding="utf-8")
    path = write(tmp_path, server='database = "data/bridge.db"')
    assert of(look(path), "база") == [(BAD, Code.DATABASE_WRONG)]


@pytest.mark.skipif(os.name != "posix", reason="POSIX modes")
def test_a_database_that_others_may_read(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "bridge.db").close()
    path = write(tmp_path)
    assert of(look(path), "база") == [(GOOD, Code.DATABASE_GOOD)]
    (tmp_path / "bridge.db").chmod(0o644)
    assert of(look(path), "база") == [(GOOD, Code.DATABASE_GOOD), (WARNING, Code.DATABASE_OPEN)]


@pytest.mark.parametrize(("free", "code"), [(50, Code.DISK_FULL), (500, Code.DISK_LITTLE), (5000, None)])
def test_a_disk_without_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, code: Code | None
) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(own.shutil, "disk_usage", lambda _: usage._replace(free=free * 1024 * 1024))
    codes = [one for _, one in of(look(write(tmp_path)), "компьютер")]
    assert codes == [Code.PROGRAM, *([code] if code else [])]


# --- what is stuck, and what the running bridge thinks ---------------------------------------------------


def test_dead_letters_come_with_the_command_that_sends_them_again(tmp_path: Path) -> None:
    path = write(tmp_path)
    store = SqliteStore(tmp_path / "bridge.db")
    store.accept(said("a"), [journal()], merge_s=5)
    claim = store.claim("buh")
    assert claim is not None
    store.settle(claim, GaveUp("яд"))
    store.accept(said("b"), [journal()], merge_s=5)
    store.close()
    found = {one.code: one for one in look(path)}
    assert found[Code.DELIVERY_DEAD].said == "разобрать вручную: 1"
    assert f'vpbx-bridge events replay --dead --infobase buh -c "{path}"' in found[Code.DELIVERY_DEAD].advice
    assert found[Code.DELIVERY_WAITS].said.startswith("ждут в очереди: 1, старшее ")


@pytest.mark.parametrize(
    ("mode", "code"), [("unauthorized", Code.BRIDGE_SAYS_DENIED), ("locked", Code.BRIDGE_SAYS_AWAY)]
)
def test_the_running_bridge_says_whom_it_calls_no_more(tmp_path: Path, mode: str, code: Code) -> None:
    onec = FakeOnec()
    onec.set_mode(mode)
    with ExitStack() as running:
        url = running.enter_context(Loopback(onec)).url
        buh = f'contract = "vatscalls"\nurl = "{url}/ws/VATScalls"\nprobe_s = 0.2'
        path = write(tmp_path, buh=buh)
        running.enter_context(serving(path))
        _told(path)
        until = time.monotonic() + 10
        while code not in [one.code for one in look(path, only="buh")] and time.monotonic() < until:
            time.sleep(0.05)
        assert code in [one.code for one in look(path, only="buh")]


def _told(path: Path) -> None:
    url = load(path).server.public_url
    answer = requests.get(
        f"{url}/hooks/main/{HOOK_SECRET}", {"key": ANNA.key, "number": "89160000001"}, timeout=5
    )
    assert answer.status_code == 200


# --- the exchange -------------------------------------------------------------------------------------


def people(*them: Subscriber) -> str:
    rows = [f'{{name = "{one.name}", key = "{one.key}"}}' for one in them]
    return f"subscribers = [{', '.join(rows)}]"


STRANGER = Subscriber(name="Вера", key="neverheardofkey1")


def test_keys_are_not_tried_unless_asked(tmp_path: Path) -> None:
    exchange = FakeExchange((ANNA, PETR))
    with Loopback(exchange) as server:
        path = write(tmp_path, exchange=server.url, main=people(ANNA, STRANGER))
        found = look(path)
    untried = next(one for one in found if one.code is Code.KEYS_UNTRIED)
    assert (untried.grade, "--keys" in untried.advice) == (GOOD, True)
    assert exchange.dials == []


def test_each_key_is_tried_with_a_number_that_must_be_refused(tmp_path: Path) -> None:
    exchange = FakeExchange((ANNA, PETR))
    with Loopback(exchange) as server:
        main = people(ANNA, STRANGER, replace(PETR, key="впишите ключ"))
        found = look(write(tmp_path, exchange=server.url, main=main), keys=True, only="main")
    assert of(found, "ВАТС main")[-3:] == [
        (GOOD, Code.KEYS_ASKED),
        (GOOD, Code.KEY_GOOD),
        (BAD, Code.KEY_WRONG),
    ]
    assert [(dial.number, dial.made) for dial in exchange.dials] == [("-", False)] * 2
    for person in (ANNA, STRANGER):
        assert person.key not in str(found)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (ExchangeOptions(fail_code=1), [(WARNING, Code.KEY_UNREGISTERED)] * 2),
        (ExchangeOptions(fail_code=5), [(BAD, Code.KEY_NOBODY)] * 2),
        (ExchangeOptions(fail_code=4), [(WARNING, Code.KEY_UNKNOWN)]),
        (ExchangeOptions(trouble="html"), [(WARNING, Code.KEY_UNKNOWN)]),
    ],
)
def test_every_answer_about_a_key_means_something(
    tmp_path: Path, options: ExchangeOptions, expected: list[tuple[int, Code]]
) -> None:
    exchange = FakeExchange((ANNA, PETR), options=options)
    with Loopback(exchange) as server:
        found = look(write(tmp_path, exchange=server.url, main=people(ANNA, PETR)), keys=True, only="main")
    keys = [(grade, code) for grade, code in of(found, "ВАТС main") if code.value.startswith("keys.")]
    assert keys == [(GOOD, Code.KEYS_ASKED), *expected]
    assert len(exchange.dials) == len(expected), "an unexpected answer ends it"


def test_a_number_that_is_taken_ends_the_trial_of_keys(tmp_path: Path) -> None:
    body = b'{"result":"SUCCESS","code":0,"callid":"1.2"}'
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body)
    with RawServer(answer) as server:
        found = look(write(tmp_path, exchange=server.url, main=people(ANNA, PETR)), keys=True, only="main")
        asked = [one for one in server.requests if b"CallToSubscriber" in one]
    assert of(found, "ВАТС main")[-1] == (WARNING, Code.KEY_TAKEN)
    assert len(asked) == 1


def test_an_exchange_that_takes_connections_and_says_nothing(tmp_path: Path) -> None:
    with RawServer(reset=True) as server:
        found = look(write(tmp_path, exchange=server.url, main=people(ANNA)), only="main", keys=True)
    assert of(found, "ВАТС main")[:2] == [(GOOD, Code.NET_REACHED), (BAD, Code.EXCHANGE_SILENT)]
    assert not [one for one in found if one.code.value.startswith("keys.")]


def test_the_clock_of_the_exchange_is_compared_with_ours(tmp_path: Path) -> None:
    date = formatdate(time.time() + 7200, usegmt=True).encode()
    answer = b"HTTP/1.1 200 OK\r\nDate: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % date
    with RawServer(answer) as server:
        found = look(write(tmp_path, exchange=server.url), only="main")
    (skewed,) = [one for one in found if one.code is Code.CLOCK]
    assert "часы ВАТС спешат на 2 ч" in skewed.said


def test_a_hook_that_fell_silent_in_working_hours(tmp_path: Path) -> None:
    always = 'work_hours = "00:00-23:59"\nwork_days = "1-7"\nsilence_s = 3600'
    store = SqliteStore(tmp_path / "bridge.db", clock=lambda: time.time() - 26 * 3600)
    store.accept(said("a"), [journal()], merge_s=5)
    store.close()
    silent = {one.code: one for one in look(write(tmp_path, main=always), only="main")}
    assert "веб-хук молчит 26 ч" in silent[Code.HOOK_SILENT].said or "1 дн" in silent[Code.HOOK_SILENT].said
    unwatched = always.replace("3600", "0")
    assert Code.HOOK_HEARD in [one.code for one in look(write(tmp_path, main=unwatched), only="main")]


def test_a_call_from_the_future_betrays_the_time_zone(tmp_path: Path) -> None:
    exchange = FakeExchange((ANNA,), options=ExchangeOptions(journal_zone="Asia/Krasnoyarsk"))
    exchange.hook_url = closed_port_url()
    with Loopback(exchange) as server:
        exchange.ring()
        main = 'journal_token = "account-token-0001"\ntimezone = "Europe/Moscow"'
        found = look(write(tmp_path, exchange=server.url, main=main), only="main")
    journal_codes = {one.code for one in found if one.code.value.startswith("journal.")}
    day_differs = "звонков сегодня: 0" in str(found)  # for four hours before midnight the dates differ
    assert day_differs or journal_codes == {Code.JOURNAL_READ, Code.JOURNAL_FUTURE}


def test_an_odd_key_is_worth_a_look(tmp_path: Path) -> None:
    found = look(write(tmp_path, main=people(replace(ANNA, key="Аb12Cd34Ef56Gh7"))), only="main")
    assert (WARNING, Code.EXCHANGE_ODD_KEY) in of(found, "ВАТС main")
    assert "Аb12" not in str(found)


# --- the command --------------------------------------------------------------------------------------


def check(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", "check", *words],
        cwd=folder,
        env=ENV | {"PYTHONIOENCODING": "utf-8"} | env,
        capture_output=True,
        encoding=env.get("PYTHONIOENCODING", "utf-8"),
        timeout=90,
        check=False,
    )


def test_the_exit_code_is_that_of_the_worst_finding_and_json_is_stable(tmp_path: Path) -> None:
    exchange = FakeExchange((ANNA,))
    with Loopback(exchange) as server:
        path = write(tmp_path, exchange=server.url, main=people(ANNA))
        with serving(path):
            done = check(tmp_path, "--json")
        found = json.loads(done.stdout)
        assert done.returncode == max(one["grade"] for one in found) == WARNING, done.stdout
        assert {tuple(one) for one in found} == {("link", "code", "grade", "said", "advice")}
        assert [one["code"] for one in found] == [
            "settings.read",
            "program.versions",
            "database.held",
            "own.good",
            "own.hook_open",
            "net.reached",
            "exchange.answers",
            "hook.never",
            "keys.not_tried",
            "infobase.not_told",
        ]
    off = check(tmp_path, "--only", "main")
    assert off.returncode == BAD
    assert "Итог: ошибок: 1" in off.stdout


def test_only_looks_at_one_partner_and_refuses_a_stranger(tmp_path: Path) -> None:
    write(tmp_path)
    done = check(tmp_path, "--only", "buh", "--json")
    assert {one["link"] for one in json.loads(done.stdout)} == {"настройки", "1С buh"}
    assert done.returncode == GOOD
    stranger = check(tmp_path, "--only", "crm")
    assert stranger.returncode == BAD
    assert "есть: main, buh" in stranger.stderr
    assert "Traceback" not in stranger.stderr


def test_a_console_of_windows_gets_characters_that_it_has(tmp_path: Path) -> None:
    write(tmp_path)
    for page in ("cp866", "cp1251"):
        done = check(tmp_path, PYTHONIOENCODING=page)
        assert "?" not in done.stdout.replace("?key=", ""), done.stdout
        assert "->" in done.stdout


def test_nothing_takes_longer_than_it_may(tmp_path: Path) -> None:
    onec = FakeOnec()
    onec.set_mode("hang")
    with Loopback(onec) as server:
        buh = f'contract = "vatscalls"\nurl = "{server.url}/ws/VATScalls"\ntimeout_s = 600'
        path = write(tmp_path, buh=buh)
        started = time.monotonic()
        found = look(path, total_s=1.0)
        took_s = time.monotonic() - started
        onec.set_mode("ok")
    assert of(found, "1С buh") == [(GOOD, Code.NET_REACHED), (BAD, Code.CHECK_LATE)]
    assert took_s < 20


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a full backlog is silent on Linux only")
def test_a_machine_that_answers_nothing_is_told_from_a_closed_port(tmp_path: Path) -> None:
    with ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        buh = f'contract = "vats"\nurl = "http://127.0.0.1:{port}/ws/VATS"\nconnect_s = 0.5'
        found = look(write(tmp_path, buh=buh), only="buh")
    assert of(found, "1С buh") == [(BAD, Code.NET_TIMEOUT)]
    assert "брандмауэр" in str(found)


@contextmanager
def as_from_a_terminal() -> Iterator[None]:
    """A suite that runs in the background of a shell ignores SIGINT, and so would its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="SIGINT is sent to a process")
def test_ctrl_c_ends_it_quietly(tmp_path: Path) -> None:
    onec = FakeOnec()
    onec.set_mode("hang")
    with Loopback(onec) as server, as_from_a_terminal():
        write(tmp_path, buh=f'contract = "vats"\nurl = "{server.url}/ws/VATS"\ntimeout_s = 600')
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", "bridge", "check", "--only", "buh"],
            cwd=tmp_path,
            env=ENV | {"PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdout
        assert "читается" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        onec.set_mode("ok")
    assert (process.returncode, errors) == (130, "")


def test_a_link_that_breaks_the_doctor_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.doctor.own.shutil.disk_usage", lambda _: 1 / 0)
    found = look(write(tmp_path))
    assert of(found, "компьютер") == [(GOOD, Code.PROGRAM), (BAD, Code.CHECK_FAILED)]
    assert of(found, "база") == [(GOOD, Code.DATABASE_NEW)]
