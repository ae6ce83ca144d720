"""Which cores the processes of a bridge keep to, and that their last words are not lost."""

import os
import sys
from pathlib import Path

import pytest

from support.replica import Replica

linux = pytest.mark.skipif(sys.platform != "linux", reason="other systems are not told to keep to a core")


def _cores() -> set[int]:
    return os.sched_getaffinity(0)


def _replica(folder: Path, *arguments: str) -> Replica:
    nowhere = "http://127.0.0.1:9"
    bridge = Replica(folder, arguments=arguments)
    return bridge.configure(database=str(folder / "bridge.db"), exchange_url=nowhere, onec_url=nowhere)


@linux
@pytest.mark.parametrize("pin", [True, False])
def test_serve_keeps_to_one_core_unless_told_otherwise(
    pin: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BRIDGE__SERVER__PIN", str(pin).lower())
    bridge = _replica(tmp_path)
    with bridge.running():
        threads = [int(one.name) for one in Path(f"/proc/{bridge.pid}/task").iterdir()]
        found = {frozenset(os.sched_getaffinity(one)) for one in threads}
    assert len(found) == 1
    (core,) = found
    assert core <= _cores()
    assert len(core) == (1 if pin else len(_cores()))


@linux
@pytest.mark.parametrize("pin", [True, False])
def test_each_entrance_keeps_to_a_core_of_its_own_and_the_teller_to_none(
    pin: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BRIDGE__SERVER__PIN", str(pin).lower())
    bridge = _replica(tmp_path, "--workers", "2")
    with bridge.running():
        children = bridge.children()
        kept = {name: os.sched_getaffinity(pid) for name, pid in children.items()}
    assert kept["worker"] == _cores()
    if pin and len(_cores()) > 1:
        assert len(kept["web-1"]) == len(kept["web-2"]) == 1
        assert kept["web-1"] != kept["web-2"]
    else:
        assert kept["web-1"] == kept["web-2"] == _cores()


@linux
@pytest.mark.parametrize("arguments", [(), ("--workers", "2")])
def test_the_last_words_before_a_stop_are_written(arguments: tuple[str, ...], tmp_path: Path) -> None:
    bridge = _replica(tmp_path, *arguments)
    bridge.start()
    bridge.stop()
    assert len(bridge.events("stopped")) == (4 if arguments else 1)
    assert bridge.log().rstrip().endswith("}")
