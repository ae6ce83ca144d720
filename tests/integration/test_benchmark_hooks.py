"""The parts about hooks: calls of several events, a 1C that falls and freezes, the bridge and its peers."""

import json
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2]))
from benchmarks.side_by_side import hook_peers as peers
from benchmarks.side_by_side.bench import Bench, Options, end
from benchmarks.side_by_side.fake_onec import FakeOnec
from benchmarks.side_by_side.ledger import account, read_sent
from benchmarks.side_by_side.loss import STATES, entrances
from bridge.onec import envelope
from support.world import eventually

pytestmark = pytest.mark.skipif(
    not (sys.platform == "linux" and shutil.which("cc")), reason="the tools need Linux and a C compiler"
)
EACH = 3


@pytest.fixture
def bench():
    with Bench(Options(rounds=1, seconds=0.1)) as running:
        yield running


@pytest.fixture
def onec(bench):
    return FakeOnec(bench, 0)


def begin(bench, port, log, *, seconds, rate=200, path="/ws/VATScalls"):
    requests = [
        bench.request(peers.hook(path, state=state, call="@CALL@")) for state in ("A", "BB", "C")[:EACH]
    ]
    return bench.begin_load(port, requests, connections=50, seconds=seconds, rate=rate, log=log, timeout_s=5)


def test_the_answer_of_the_fake_1c_is_one_that_the_bridge_takes_for_heard():
    assert envelope.read_return(peers.ANSWER.encode(), "http://VATSCalls", "Event") == "1"


def test_events_of_one_call_come_in_a_row_and_a_load_begins_with_a_new_call(bench, onec, tmp_path):
    seen = bench.answerer(
        "a", "ok", log=tmp_path / "calls", find="2ebc5a-", length=7 + 7 + len('","state":"BB')
    )
    bench.first = 1
    load = begin(bench, seen.port, tmp_path / "sent", seconds=0.06)
    load.communicate(timeout=20)
    seen.processes[0].terminate()
    seen.processes[0].wait(5)
    heard = [line.split(" ")[1].split('"') for line in (tmp_path / "calls").read_text().splitlines()]
    assert sorted((one[0][7:], one[4]) for one in heard)[:4] == [
        ("0000001", "A"),
        ("0000001", "BB"),
        ("0000001", "C"),
        ("0000002", "A"),
    ]
    assert min(one.number for one in read_sent(tmp_path / "sent")) == EACH


def test_what_1c_heard_is_known_event_by_event_across_its_fall(bench, onec, tmp_path):
    load = begin(bench, onec.running.port, tmp_path / "sent", seconds=2)
    time.sleep(0.7)
    onec.stop()
    time.sleep(0.5)
    onec.start_again()
    said = json.loads(load.communicate(timeout=30)[0])
    sent = read_sent(tmp_path / "sent")
    acknowledged = [one.number for one in sent if one.status == 200]
    found = account(sent, onec.wait_for(acknowledged, 0), each=EACH)
    assert found.sent == said["sent"] == 400
    assert 0 < found.acknowledged < 400
    assert found.broken_promises == 0  # it notes what it answers, even when it is stopped
    assert said["refused"] > 0


def test_a_frozen_1c_holds_up_nobody_who_sends(bench, onec, tmp_path):
    onec.freeze()
    load = begin(bench, onec.running.port, tmp_path / "sent", seconds=0.2)
    time.sleep(1.0)
    assert onec.heard_since(0) == []
    onec.thaw()
    assert json.loads(load.communicate(timeout=20)[0])["ok"] == 40


def test_the_bridge_tells_the_fake_1c_every_event_and_begins_again_where_it_was_killed(bench, onec, tmp_path):
    peer = peers.bridge("bridge", lambda url: peers.told_at(url, concurrency=8))
    running = peer.start(bench, onec.url)
    peers.warm(bench, running, peer.path, count=10)
    requests = [bench.request(peers.hook(peer.path, state=state, call="@CALL@")) for state in STATES]
    load = bench.begin_load(
        running.port, requests, connections=200, seconds=2, rate=50, log=tmp_path / "sent", timeout_s=20
    )
    time.sleep(1)
    end(running.processes[0])
    bench.start_again(running)
    load.communicate(timeout=60)
    sent = read_sent(tmp_path / "sent")
    acknowledged = [one.number for one in sent if one.status == 200]
    found = account(sent, onec.wait_for(acknowledged, 0, quiet_s=30), each=len(STATES))
    assert found.acknowledged > 0
    assert (found.broken_promises, found.out_of_order) == (0, 0)
    running.end()


def test_the_entrances_of_a_bridge_of_several_processes_are_found(bench, onec):
    running = peers.bridge("bridge", peers.told_at, workers=2).start(bench, onec.url)
    # who tells 1C lets go of the socket soon after its fork
    assert eventually(lambda: len(entrances(running)) == 2, within_s=20)
    found = entrances(running)
    assert running.processes[0].pid not in found
    os.kill(found[0], signal.SIGKILL)
    assert eventually(lambda: len(set(entrances(running)) - {found[0]}) == 2, within_s=20)
    assert len(entrances(running)) == 2
    running.end()


@pytest.mark.parametrize("name", ["hook_store.py", "hook_tell.py", "nothing.py"])
def test_peers_in_python_are_valid_and_name_their_source(name):
    text = (peers.PEERS / "python" / name).read_text(encoding="utf-8")
    compile(text, name, "exec")
    assert text.startswith("# ")
