"""The Полигон of a bridge that serves: another process, there on demand, and gone without a trace."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bridge.core.errors import BridgeError, TooMuch
from bridge.demo import apart
from bridge.demo.apart import SandboxApart
from bridge.demo.meeting import Meeting
from support.replica import alive
from support.world import eventually

FOLDERS = "vpbx-bridge-sandbox-*"
only_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root may become another user of Linux"
)
posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes in another way")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where sandboxes put their files, and nobody else."""
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


@pytest.fixture(params=["by a name", "by a port"])
def sandbox(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SandboxApart]:
    if request.param == "by a name" and sys.platform != "linux":
        pytest.skip("names of sockets that are no files are Linux's")
    meeting = None
    if request.param == "by a port":
        monkeypatch.setattr(apart, "somewhere", _port)
        meeting = Meeting(address=_port())
    made = SandboxApart(meeting=meeting)
    yield made
    made.close()
    assert list(folder.glob(FOLDERS)) == []


def _port() -> tuple[str, int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()


def pid(sandbox: SandboxApart) -> int:
    assert sandbox._process
    return sandbox._process.pid


def tried(sandbox: SandboxApart) -> list[str]:
    played = sandbox.ring("missed", "89160000001", "102")
    told = [one for one in played.steps if one.title.startswith("ВАТС")]
    assert {one.answered for one in told} == {"200 ok"}
    return [one.about for one in told]


def test_it_starts_for_who_comes_first_and_plays_as_the_one_of_the_demo(
    sandbox: SandboxApart, folder: Path
) -> None:
    assert not sandbox.onec_away
    assert list(folder.glob(FOLDERS)) == []  # looking starts nothing
    assert tried(sandbox) == ["START", "PREANSWER", "HANGUP", "END"]
    first = pid(sandbox)
    dialled = sandbox.dial("101", "89235292926", russian=True)
    assert "m:Позвонить" in dialled.steps[0].sent
    assert "SUCCESS" in dialled.steps[0].answered
    sandbox.switch_onec(away=True)
    assert sandbox.onec_away
    assert not [one for one in sandbox.ring("answered", "89160000002", "101").steps if "1С" in one.title]
    came = sandbox.switch_onec(away=False)
    assert {one.title for one in came.steps} == {"Мост сообщает 1С"}
    assert pid(sandbox) == first
    assert len(list(folder.glob(FOLDERS))) == 1


def test_it_ends_by_itself_when_nobody_comes_and_starts_anew(sandbox: SandboxApart, folder: Path) -> None:
    sandbox.idle_s = 0.5
    tried(sandbox)
    sandbox.switch_onec(away=True)
    first = pid(sandbox)
    assert eventually(lambda: not alive(first), within_s=20)
    assert eventually(lambda: list(folder.glob(FOLDERS)) == [])
    assert not sandbox.onec_away  # what was, is forgotten
    sandbox.idle_s = 600
    tried(sandbox)
    assert pid(sandbox) != first


def test_who_comes_while_it_starts_is_asked_to_come_again(sandbox: SandboxApart) -> None:
    def come(_: int) -> str:
        try:
            tried(sandbox)
        except TooMuch as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(4) as crowd:
        told = list(crowd.map(come, range(4)))
    assert "" in told
    assert set(told) <= {
        "",
        apart.STARTING,
        "На Полигоне сейчас пробует другой: повторите через несколько секунд",
    }


@posix
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_whatever_ends_it_nothing_is_left_and_the_next_press_starts_another(
    sandbox: SandboxApart, folder: Path, how: int
) -> None:
    tried(sandbox)
    first = pid(sandbox)
    os.kill(first, how)
    assert eventually(lambda: list(folder.glob(FOLDERS)) == [], within_s=20)
    assert eventually(lambda: not alive(first), within_s=20)
    tried(sandbox)
    assert pid(sandbox) != first


def test_a_stranger_is_told_nothing(sandbox: SandboxApart) -> None:
    tried(sandbox)
    for said in (b"", b"{}\n", b"\xff\n", json.dumps({"key": "0" * 64, "what": "ring", "how": {}}).encode()):
        with apart._connected(sandbox._address) as line:
            line.sendall(said + b"\n")
            line.shutdown(socket.SHUT_WR)
            assert line.recv(100) == b""
    tried(sandbox)


SQUATTER = """
import contextlib, json, os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as door:
    door.bind("\\0" + sys.argv[1])
    door.listen()
    print("here", flush=True)
    while True:
        line, _ = door.accept()
        with line, contextlib.suppress(OSError):
            heard = line.recv(65536)
            step = {"title": "позвоните нам", "sent": "", "answered": "", "took_ms": 0, "about": ""}
            line.sendall(json.dumps({"said": {"steps": [step]}}).encode())
        if heard:
            print(heard.decode(), flush=True)
"""


@only_root
def test_another_user_who_takes_the_name_is_not_believed(folder: Path) -> None:
    sandbox = SandboxApart()
    assert isinstance(sandbox._address, str)
    squatter = subprocess.Popen(
        [sys.executable, "-c", SQUATTER, sandbox._address[1:]],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert squatter.stdout
        assert squatter.stdout.readline() == "here\n"
        with pytest.raises(BridgeError, match="не запустился"):
            sandbox.dial("101", "89235292926", russian=False)
        assert not sandbox.onec_away
    finally:
        squatter.kill()
        heard, _ = squatter.communicate()
    assert heard == ""
    sandbox.close()
    assert eventually(lambda: list(folder.glob(FOLDERS)) == [])


STRANGER = """
import os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as line:
    line.settimeout(3)
    line.connect("\\0" + sys.argv[1])
    try:
        print(line.recv(100))
    except ConnectionError:
        print(b"")
"""


@only_root
def test_another_user_of_the_machine_holds_no_thread_of_it(folder: Path) -> None:
    assert folder.is_dir()
    sandbox = SandboxApart()
    try:
        tried(sandbox)
        assert isinstance(sandbox._address, str)
        told = subprocess.run(
            [sys.executable, "-c", STRANGER, sandbox._address[1:]],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
        assert told.stdout == "b''\n"  # at once, while one of ours may take its time to ask
    finally:
        sandbox.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere who comes to a port waits")
def test_who_finds_a_crowd_at_its_door_is_asked_to_come_again(folder: Path) -> None:
    assert folder.is_dir()
    sandbox = SandboxApart()
    with socket.socket(socket.AF_UNIX) as door, contextlib.ExitStack() as crowd:
        door.bind(sandbox._address)
        door.listen(1)
        for _ in range(2):
            crowd.enter_context(apart._connected(sandbox._address))
        with pytest.raises(TooMuch, match="слишком много сразу"):
            tried(sandbox)


def test_what_goes_wrong_there_is_said_here(sandbox: SandboxApart) -> None:
    with pytest.raises(BridgeError, match="споткнулся"):
        sandbox.ring("no such scenario", "89160000001", "101")
    tried(sandbox)


def test_a_program_that_does_not_start_is_told_of(
    sandbox: SandboxApart, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(apart, "PROGRAM", "raise SystemExit(3)")
        with pytest.raises(BridgeError, match="не запустился"):
            tried(sandbox)
    tried(sandbox)
