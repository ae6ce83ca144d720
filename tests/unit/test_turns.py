"""The loop gives way to who tells 1C, for a moment, and not again before it has had its share."""

import threading
import time

import pytest

from bridge import turns
from bridge.turns import Turns


def waited_s(here: Turns) -> float:
    began = time.monotonic()
    here.give_way()
    return time.monotonic() - began


@pytest.fixture(autouse=True)
def _slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOMENT_S", 0.3)
    monkeypatch.setattr(turns, "SHARE_S", 30.0)


def test_where_nobody_tells_nobody_waits() -> None:
    here = Turns()
    with here.telling():
        pass
    with here.telling(), here.waiting():
        assert waited_s(here) < 0.3


def test_who_tells_is_waited_for_and_then_the_others_have_their_share() -> None:
    here = Turns()
    with here.telling():
        assert waited_s(here) >= 0.3
        assert waited_s(here) < 0.3


def test_the_loop_goes_on_as_soon_as_all_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    here, told = Turns(), threading.Event()

    def tell() -> None:
        with here.telling():
            told.set()
            time.sleep(0.05)

    monkeypatch.setattr(turns, "MOMENT_S", 30.0)
    desk = threading.Thread(target=tell)
    desk.start()
    assert told.wait(10)
    assert waited_s(here) < 10
    desk.join()


def test_a_defect_of_who_tells_leaves_nobody_waiting() -> None:
    here = Turns()
    with pytest.raises(KeyError), here.telling(), here.waiting():
        raise KeyError
    assert waited_s(here) < 0.3
