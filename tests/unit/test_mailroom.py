"""The waiting room: who waits is woken, nobody waits for ever, and there is only so much room."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from bridge import mailroom
from bridge.mailroom import MailRoom
from bridge.observe import Figures

LONG = 20.0
SOON = 5.0  # far below LONG: a slow machine may need it


@pytest.fixture(autouse=True)
def _only_knocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself: what should have been a knock would go unnoticed."""
    monkeypatch.setattr(mailroom, "GLANCE_S", LONG)


@pytest.fixture
def figures() -> Figures:
    return Figures()


@pytest.fixture
def room(figures: Figures) -> Iterator[MailRoom]:
    made = MailRoom(2, ["buh", "sklad"], figures=figures)
    yield made
    made.close()


@pytest.fixture
def people(room: MailRoom) -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool
        room.close()


def waiting(figures: Figures) -> float:
    return figures.registry.get_sample_value("bridge_mailbox_waiting") or 0.0


def seated(figures: Figures, count: int) -> None:
    until = time.monotonic() + SOON
    while waiting(figures) != count:
        assert time.monotonic() < until, f"{waiting(figures)} wait, not {count}"
        time.sleep(0.002)


def timed(work: Callable[[], object]) -> tuple[object, float]:
    began = time.monotonic()
    return work(), time.monotonic() - began


# --- knocks -------------------------------------------------------------------------------------
def test_a_knock_wakes_who_waits_for_that_mailbox(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures
) -> None:
    mine = people.submit(room.visit("buh", LONG))
    other = people.submit(room.visit("sklad", LONG))
    seated(figures, 2)
    room.knock("buh", "of-no-mailbox")
    assert mine.result(SOON) is True
    seated(figures, 1)
    assert not other.done()


def test_a_knock_between_the_look_and_the_wait_is_not_missed(room: MailRoom) -> None:
    wait = room.visit("buh", LONG)
    room.knock("buh")  # came after the first look found nothing
    answer, took_s = timed(wait)
    assert answer is True
    assert took_s < SOON


def test_a_knock_before_the_visit_is_old_news_and_one_wakes_only_once(room: MailRoom) -> None:
    room.knock("buh")
    wait = room.visit("buh", 0.2)
    assert wait() is False
    wait = room.visit("buh", 0.3)
    room.knock("buh")
    assert [wait(), wait()] == [True, False]


def test_no_knock_is_missed_however_they_fall(room: MailRoom, people: ThreadPoolExecutor) -> None:
    """Letters are laid one by one while a reader looks and waits: he must not sleep beside one."""
    laid, count = [0], 2000

    def read() -> int:
        seen = 0
        while seen < count:
            wait = room.visit("buh", LONG)
            while laid[0] <= seen:
                began = time.monotonic()
                assert wait()
                assert time.monotonic() - began < SOON, "slept beside a letter"
            seen = laid[0]
        return seen

    reader = people.submit(read)
    for _ in range(count):
        laid[0] += 1
        room.knock("buh")
        time.sleep(0)
    assert reader.result(LONG) == count


def test_everybody_at_one_mailbox_is_woken(figures: Figures) -> None:
    room = MailRoom(8, ["buh"], figures=figures)
    with ThreadPoolExecutor(8) as people:
        all_of_them = [people.submit(room.visit("buh", LONG)) for _ in range(8)]
        seated(figures, 8)
        room.knock("buh")
        assert [one.result(SOON) for one in all_of_them] == [True] * 8


# --- time ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("seconds", [0, -1, -(2**31)])
def test_who_has_no_time_does_not_wait(room: MailRoom, seconds: float) -> None:
    wait = room.visit("buh", seconds)
    answer, took_s = timed(wait)
    assert answer is False
    assert took_s < SOON


def test_the_time_is_of_the_visit_however_often_one_waits(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures
) -> None:
    wait = room.visit("buh", 0.4)
    began = time.monotonic()
    stop = threading.Event()

    def knock() -> None:
        while not stop.wait(0.02):
            room.knock("buh")

    knocking = people.submit(knock)
    while wait():
        assert time.monotonic() - began < SOON
    stop.set()
    knocking.result(SOON)
    assert time.monotonic() - began >= 0.4


def test_nobody_waits_longer_than_the_ceiling(room: MailRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    assert mailroom.LONGEST_WAIT_S < 30
    monkeypatch.setattr(mailroom, "LONGEST_WAIT_S", 0.1)
    answer, took_s = timed(room.visit("buh", 2**31))
    assert answer is False
    assert 0.1 <= took_s < SOON


def test_a_look_is_due_now_and_then_without_a_knock(room: MailRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailroom, "GLANCE_S", 0.05)
    wait = room.visit("buh", LONG)
    answer, took_s = timed(wait)
    assert answer is True
    assert took_s >= 0.05


# --- room ---------------------------------------------------------------------------------------
def test_beyond_the_seats_one_stands_for_a_moment_and_beyond_that_nobody_waits(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "PAUSE_S", 0.5)
    sitting = [people.submit(room.visit("buh", LONG)) for _ in range(2)]
    seated(figures, 2)
    standing: Future[tuple[object, float]] = people.submit(timed, room.visit("sklad", LONG))
    seated(figures, 3)
    answer, took_s = timed(room.visit("buh", LONG))
    assert answer is False
    assert took_s < 0.5, "nobody may hold a thread beyond the room"
    answer, took_s = standing.result(SOON)
    assert answer is False
    assert 0.5 <= took_s < SOON
    assert [one.done() for one in sitting] == [False, False]
    room.knock("buh")
    assert [one.result(SOON) for one in sitting] == [True, True]
    seated(figures, 0)


def test_a_seat_is_free_again_once_its_visitor_left(
    figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "PAUSE_S", 0.0)
    room = MailRoom(1, ["buh"], figures=figures)
    for _ in range(3):
        answer, took_s = timed(room.visit("buh", 0.1))
        assert answer is False
        assert took_s >= 0.1, "somebody still sits there"


def test_who_stands_hears_the_knock_too(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "PAUSE_S", LONG)
    for _ in range(2):
        people.submit(room.visit("buh", LONG))
    standing = people.submit(room.visit("sklad", LONG))
    seated(figures, 3)
    room.knock("sklad")
    assert standing.result(SOON) is True


def test_a_client_that_asks_again_at_once_asks_once_a_second_in_a_full_room(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "PAUSE_S", 0.1)
    for _ in range(2):
        people.submit(room.visit("buh", LONG))
    seated(figures, 2)
    polls, until = 0, time.monotonic() + 1.0
    while time.monotonic() < until:
        assert room.visit("buh", LONG)() is False
        polls += 1
    assert polls <= 11


def test_a_full_room_is_complained_of_once_a_minute(figures: Figures) -> None:
    room = MailRoom(0, ["buh"], figures=figures)
    with capture_logs() as said:
        assert [room.visit("buh", LONG)() for _ in range(5)] == [False] * 5
    assert said == [{"event": "mailroom_full", "log_level": "warning", "waiters": 0}]


# --- closing ------------------------------------------------------------------------------------
def test_closing_sends_everybody_away_and_who_comes_later_only_stands(
    room: MailRoom, people: ThreadPoolExecutor, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailroom, "PAUSE_S", 0.3)
    all_of_them = [people.submit(room.visit("buh", LONG)) for _ in range(3)]  # one of them stands
    seated(figures, 3)
    room.close()
    assert [one.result(SOON) for one in all_of_them] == [False] * 3
    room.close()
    answer, took_s = timed(room.visit("buh", LONG))
    assert answer is False
    assert 0.3 <= took_s < SOON, "a client that polls at once must not spin while the bridge drains"
    late = people.submit(room.visit("buh", LONG))
    seated(figures, 1)
    room.knock("buh")
    assert late.result(SOON) is True
