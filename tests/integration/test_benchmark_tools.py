"""The measuring tools themselves: what the generator counts, what the responder does, what a part runs."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.side_by_side import machine
from benchmarks.side_by_side.bench import ROOT, Bench, Options, Running, rotated
from benchmarks.side_by_side.envelope import DIALLED, MAKE_CALL
from benchmarks.side_by_side.servers import bridge, entrance
from benchmarks.side_by_side.tools import Missing, node_packages

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("cc")), reason="the tools need Linux and a C compiler"
)
POST = "POST /x HTTP/1.1\nHost: a\n\nmark-@TOKEN@-@NUMBER@"
TOKEN = 25


@pytest.fixture
def bench():
    with Bench(Options(rounds=1, seconds=0.1)) as running:
        yield running


def raw_server(*answers: bytes) -> int:
    """Answers one connection with these, one for each request, then closes it; what it hears is whole."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as connection:
            for answer in answers:
                connection.recv(65536)
                for part in answer.split(b"|"):
                    connection.sendall(part)
                    time.sleep(0.01)

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_every_request_is_counted_once_and_noted_by_both_sides(bench, tmp_path):
    log, sent = tmp_path / "heard", tmp_path / "sent"
    server = bench.answerer("a", "good", log=log, find="mark-", length=5 + TOKEN + 8)
    said = bench.raw_load(server.port, bench.request(POST), connections=4, count=500, expect="good", log=sent)
    server.processes[0].terminate()
    server.processes[0].wait(5)
    assert (said["sent"], said["answered"], said["ok"], said["statuses"]) == (500, 500, 500, {"200": 500})
    assert (said["wrong"], said["broken"], said["timeouts"], said["refused"]) == (0, 0, 0, 0)
    heard = [line.split() for line in log.read_text().splitlines()]
    assert sorted(text[-7:] for _, text in heard) == [f"{number:07}" for number in range(500)]
    assert sorted(int(line.split()[0]) for line in sent.read_text().splitlines()) == list(range(500))
    for at, text in heard:  # the token tells when it was sent, by the clock that both share
        sent_at, number = int(text[6:22], 16), int(text[22:30], 16)
        assert 0 <= int(at) - sent_at < 5e9
        assert number == int(text[-7:])


def test_numbers_go_on_from_load_to_load(bench, tmp_path):
    log = tmp_path / "heard"
    server = bench.answerer("a", "good", log=log, find="mark-", length=5 + TOKEN + 8)
    for _ in range(2):
        bench.raw_load(server.port, bench.request(POST), connections=2, count=10)
    server.processes[0].terminate()
    server.processes[0].wait(5)
    assert len({line[-7:] for line in log.read_text().splitlines()}) == 20


def test_a_wrong_answer_is_wrong_and_a_failure_is_no_right_answer(bench):
    wrong = bench.answerer("a", "FAIL")
    said = bench.raw_load(wrong.port, bench.request(POST), connections=2, count=20, expect="SUCCESS")
    assert (said["ok"], said["wrong"]) == (0, 20)
    port = raw_server(
        b"HTTP/1.1 500 Oh\r\nContent-Length: 7\r\n\r\nSUCCESS",
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nSUCCESS",
    )
    said = bench.raw_load(port, bench.request(POST), connections=1, count=2, expect="SUCCESS")
    assert (said["ok"], said["wrong"], said["statuses"]) == (1, 0, {"200": 1, "500": 1})


def test_an_answer_in_chunks_and_in_pieces_is_read_whole(bench):
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nSUC|\r\n4\r|\nCESS\r\n0\r\n\r\n"
    pieces = b"HTTP/1.1 200 OK\r\nContent-|Length: 7\r\n\r|\nSUC|CESS"
    port = raw_server(chunked, pieces, chunked)
    said = bench.raw_load(port, bench.request(POST), connections=1, count=3, expect="SUCCESS")
    assert (said["ok"], said["broken"], said["reconnects"]) == (3, 0, 0)


def test_a_connection_that_ends_early_is_a_broken_request(bench):
    port = raw_server(b"HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\nSUCCESS")
    said = bench.raw_load(port, bench.request(POST), connections=1, count=1, expect="SUCCESS")
    assert (said["sent"], said["answered"], said["broken"]) == (1, 0, 1)


def test_who_never_answers_times_out(bench):
    server = bench.answerer("a", "good", delay_ms=60_000)
    said = bench.raw_load(server.port, bench.request(POST), connections=2, count=2, timeout_s=0.2)
    assert (said["answered"], said["timeouts"]) == (0, 2)


def test_nobody_there_is_said_and_not_measured(bench):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(Missing, match="nobody listens"):
        bench.raw_load(port, bench.request(POST), connections=1, count=1)


def test_the_responder_answers_each_after_its_delay_whatever_others_do(bench):
    server = bench.answerer("a", "good", delay_ms=50)
    said = bench.raw_load(server.port, bench.request(POST), connections=32, count=64, expect="good")
    assert said["ok"] == 64
    assert said["p50_ms"] >= 50
    assert said["seconds"] < 32 * 0.05  # one after another would take 3.2 s


def test_the_responder_tells_get_from_post(bench):
    server = bench.answerer("a", "posted", get="got")
    get = bench.request("GET /?wsdl HTTP/1.1\nHost: a\n\n")
    for request, expect in ((get, "got"), (bench.request(POST), "posted")):
        assert bench.raw_load(server.port, request, connections=1, count=3, expect=expect)["ok"] == 3


def test_at_a_fixed_rate_a_stall_is_charged_to_everybody_who_had_to_wait(bench):
    """No coordinated omission: a server stopped for a part of the time shows in the quantiles."""
    server = bench.answerer("a", "good")
    process = server.processes[0]
    threading.Timer(0.3, os.kill, (process.pid, signal.SIGSTOP)).start()
    threading.Timer(0.8, os.kill, (process.pid, signal.SIGCONT)).start()
    said = bench.raw_load(server.port, bench.request(POST), connections=1, seconds=1, rate=200)
    assert said["sent"] == said["answered"] == 200
    assert said["p90_ms"] > 100  # a closed loop would have one slow answer of many
    assert said["late"] > 50


def test_the_disk_tool_tells_its_rate(bench, tmp_path):
    done = subprocess.run([bench.tools.fsyncs, tmp_path / "f", "0.1"], capture_output=True, check=True)
    said = json.loads(done.stdout)
    assert said["per_s"] > 0
    assert 0 < said["p50_ms"] <= said["p99_ms"] <= said["max_ms"]
    assert not (tmp_path / "f").exists()


def test_processor_time_is_of_the_whole_tree(bench):
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    process = bench.start([sys.executable, "-c", code], folder=bench.place("busy"))
    running = Running("busy", 0, [process])
    until = time.monotonic() + 20
    while machine.cpu_s(running.pids()) < 0.3 and time.monotonic() < until:
        time.sleep(0.05)
    pids = running.pids()
    assert len(pids) == 2
    assert machine.cpu_s(pids) >= 0.3
    assert machine.pss_mb(pids) > 1
    running.end()
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.01)
    assert not any(alive(pid) for pid in pids)


def test_nothing_that_was_started_outlives_the_bench():
    with Bench(Options()) as running:
        server = running.answerer("a", "good")
        folder = running.folder
    assert server.processes[0].poll() is not None
    assert not folder.exists()


@pytest.mark.parametrize(("how", "workers"), [("constant", 0), ("constant", 2)])
def test_our_entrance_answers_the_very_request_of_the_bench(bench, how, workers):
    server = entrance(bench, "ours", how, workers=workers)
    sample = bench.load(server, bench.request(MAKE_CALL), connections=2, count=50, expect="SUCCESS")
    assert (sample.sent, sample.ok, sample.failed) == (50, 50, 0)


@pytest.mark.parametrize("begin", [bridge, partial(entrance, how="memory")], ids=["whole", "no journal"])
def test_a_call_reaches_the_exchange_once_with_and_without_the_journal(bench, tmp_path, begin):
    log, find = tmp_path / "dialled", "outboundNumber=8916"
    exchange = bench.answerer(
        "e", DIALLED, media="application/json", log=log, find=find, length=len(find) + 7
    )
    server = begin(bench, name="ours", upstream=f"http://127.0.0.1:{exchange.port}")
    sample = bench.load(server, bench.request(MAKE_CALL), connections=2, count=20, expect="SUCCESS")
    assert (sample.ok, sample.failed) == (20, 0)
    exchange.processes[0].terminate()
    exchange.processes[0].wait(5)
    assert sorted(line[-7:] for line in log.read_text().splitlines()) == [f"{one:07}" for one in range(20)]


def command(folder: Path, *options: str) -> list[str]:
    return [
        sys.executable,
        "-m",
        "benchmarks",
        "--only",
        "limits",
        "--rounds",
        "1",
        "--out",
        str(folder),
        *options,
    ]


def test_one_command_measures_and_says_what_was_reached(tmp_path):
    done = subprocess.run(
        command(tmp_path, "--seconds", "0.1"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    said = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert {one["part"] for one in said["records"]} == {"limits"}
    assert said["skipped"] == []
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "### Goals" in report
    assert report in done.stdout
    assert [one.name for one in tmp_path.glob("*.svg")]


def test_ctrl_c_ends_everybody_and_keeps_what_was_measured(tmp_path):
    process = subprocess.Popen(
        command(tmp_path, "--seconds", "60"),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until = time.monotonic() + 30
    while len(machine.tree([process.pid])) < 3 and time.monotonic() < until:  # the responder, then the disk
        time.sleep(0.05)
    started = machine.tree([process.pid])
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=20)
    assert "interrupted" in said
    assert len(started) >= 3
    assert not any(alive(pid) for pid in started)
    assert (tmp_path / "report.md").exists()


def test_a_missing_runtime_is_a_line_not_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(Missing, match="no node"):
        node_packages(tmp_path, tmp_path)


def test_nobody_is_always_the_first():
    assert [rotated("abc", turn) for turn in range(4)] == [list("abc"), list("bca"), list("cab"), list("abc")]
