"""An answer in time, whatever 1C and the database do."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from bridge.callerid import CallerId, Gentleness, Manners, asking
from bridge.core.breaker import BreakerPolicy
from bridge.core.caller import (
    NOBODY,
    CallerCard,
    DirectoryAway,
    DirectoryDenied,
    NothingSaid,
    QuestionFailed,
)
from bridge.core.errors import StoreUnavailable
from bridge.flows.name_caller import CallerNote, Lifetimes, Told
from bridge.observe import Figures
from support.world import eventually

NUMBER, WHO = "89235292926", "9235292926"
OTHER, STRANGER = "89160000001", "89990001122"
CHIZH = CallerCard(title="Фэйковый чиж", category="VIP", manager="244")
ROMASHKA = CallerCard(title="Ромашка", manager="101")
ANSWER_S = 0.4
SLACK_S = 0.5  # of a busy machine


class FakeDirectory:
    """1C: answers from `cards`, holds its tongue while `gate` is shut, fails while `trouble` is set."""

    def __init__(self, cards: Mapping[str, CallerCard] | None = None) -> None:
        self.cards = dict(cards or {})
        self.asked: list[str] = []
        self.most = 0
        self.trouble: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._lock = threading.Lock()
        self._now = 0

    def say_name(self, number: str) -> CallerCard:
        with self._lock:
            self.asked.append(number)
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self.gate.wait(10)
            if self.trouble:
                raise self.trouble
            return self.cards.get(number, NOBODY)
        finally:
            with self._lock:
                self._now -= 1

    def say_name_by_inn(self, inn: str) -> CallerCard:
        return self.say_name(f"ИНН {inn}")


class FakeCallers:
    """The durable table, on paper. Holds everybody while `gate` is shut, refuses while `away`."""

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], Told] = {}
        self.times: dict[tuple[str, str], int] = {}
        self.shift_s = 0.0
        self.away = False
        self.gate = threading.Event()
        self.gate.set()
        self.commits = 0

    def now(self) -> float:
        return time.time() + self.shift_s

    def recall(self, infobases: Sequence[str], who: str) -> dict[str, Told]:
        self._reach()
        return {one: self.told[one, who] for one in infobases if (one, who) in self.told}

    def keep(self, notes: Mapping[tuple[str, str], CallerNote]) -> None:
        self._reach()
        self.commits += 1
        for key, note in notes.items():
            if note.told:
                self.told[key] = note.told
            if key in self.told:
                self.times[key] = self.times.get(key, 0) + note.times

    def often(self, infobase: str, *, older_than_s: float, limit: int) -> list[str]:
        self._reach()
        return [who for (name, who), times in self.times.items() if name == infobase and times >= 3][:limit]

    def _reach(self) -> None:
        self.gate.wait(10)
        if self.away:
            raise StoreUnavailable("диск полон")


class Site:
    """A `CallerId` between its fakes."""

    def __init__(
        self, callers: FakeCallers, directories: Mapping[str, FakeDirectory], **changes: object
    ) -> None:
        self.figures = Figures()
        gentle = Gentleness(breaker=BreakerPolicy(failures=2, probe_s=0.3))
        manners = Manners(
            order=tuple(directories),
            answer_s=ANSWER_S,
            lifetimes=Lifetimes(fresh_s=3600, unknown_s=300),
        )
        self.callers = callers
        self.names = CallerId(
            callers,
            manners={"main": replace(manners, **changes)},  # type: ignore[arg-type]
            directories={name: (one, gentle) for name, one in directories.items()},
            seats=4,
            figures=self.figures,
        )

    def ask(self, number: str = NUMBER) -> CallerCard:
        """Also proves that it came in time."""
        return self._timed(lambda: self.names.answer("main", number))

    def ask_inn(self, inn: str) -> CallerCard:
        return self._timed(lambda: self.names.answer_inn("main", inn))

    def _timed(self, ask: Callable[[], CallerCard]) -> CallerCard:
        began = time.monotonic()
        card = ask()
        assert time.monotonic() - began < ANSWER_S + SLACK_S
        return card

    def count(self, source: str) -> float:
        labels = {"exchange": "main", "source": source}
        return self.figures.registry.get_sample_value("bridge_caller_names_total", labels) or 0.0


@pytest.fixture
def callers() -> FakeCallers:
    return FakeCallers()


@pytest.fixture
def onec() -> Iterator[FakeDirectory]:
    directory = FakeDirectory({NUMBER: CHIZH})
    yield directory
    directory.gate.set()


@contextmanager
def site(callers: FakeCallers, **directories: FakeDirectory) -> Iterator[Site]:
    made = Site(callers, directories)
    try:
        yield made
    finally:
        for directory in directories.values():
            directory.gate.set()
        callers.gate.set()
        made.names.close()


def test_the_first_question_is_1cs_the_next_are_ours(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        for spelling in (NUMBER, "79235292926", "+7 (923) 529-29-26", NUMBER):
            assert here.ask(spelling) == CHIZH
        assert onec.asked == [NUMBER]
        assert (here.count("asked"), here.count("fresh")) == (1, 3)


def test_who_hides_is_nobody_and_1c_is_not_bothered(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        for hidden in ("", "anonymous", "CallAPI", "0000"):
            assert here.ask(hidden) == NOBODY
        assert here.ask_inn("12") == NOBODY
        assert onec.asked == []
        assert here.count("hidden") == 5


def test_a_stranger_is_asked_about_once_in_a_while(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        assert [here.ask(STRANGER) for _ in range(3)] == [NOBODY] * 3
        assert onec.asked == [STRANGER]
        callers.shift_s = 301
        onec.cards[STRANGER] = ROMASHKA
        assert here.ask(STRANGER) == ROMASHKA
        assert (here.count("unknown"), here.count("asked")) == (3, 1)


def test_a_slow_1c_costs_the_deadline_once_and_is_listened_to_behind_it(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    with site(callers, buh=onec) as here:
        onec.gate.clear()
        assert here.ask() == NOBODY
        assert here.count("timeout") == 1
        onec.gate.set()
        assert eventually(lambda: ("buh", WHO) in callers.told or here.names.answer("main", NUMBER).known)
        assert here.ask() == CHIZH
        assert onec.asked == [NUMBER]


def test_an_old_name_is_said_at_once_and_refreshed_behind(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        here.ask()
        callers.shift_s = 3601
        onec.cards[NUMBER] = ROMASHKA
        onec.gate.clear()
        assert here.ask() == CHIZH
        assert here.count("stale") == 1
        onec.gate.set()
        assert eventually(lambda: here.ask() == ROMASHKA)


def test_a_failed_refresh_unsays_nothing_and_an_answered_one_does(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    with site(callers, buh=onec) as here:
        here.ask()
        callers.shift_s = 3601
        for trouble in (DirectoryAway("выключена"), QuestionFailed("сбой"), NothingSaid("пусто")):
            onec.trouble = trouble
            asked = len(onec.asked)
            assert here.ask() == CHIZH
            line = here.names._lines["buh"]
            assert eventually(lambda asked=asked, line=line: len(onec.asked) > asked and line.idle)
        assert here.ask() == CHIZH
        onec.trouble = None
        del onec.cards[NUMBER]  # 1C says itself that it knows nobody there
        assert eventually(lambda: here.ask() == NOBODY)


def test_an_empty_answer_unsays_no_name_that_only_the_table_knows(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    """Just restarted: what is asked about ahead of calls was never in this memory."""
    callers.told["buh", WHO] = Told(card=CHIZH, told_at=callers.now() - 3500)
    callers.times["buh", WHO] = 5
    onec.trouble = NothingSaid("пустой ответ")
    with site(callers, buh=onec) as here:
        assert here.names.prefetch("buh", fresh_s=3600) == 1
        assert eventually(lambda: onec.asked and here.names._lines["buh"].idle)
        assert here.ask() == CHIZH
    assert callers.told["buh", WHO].card == CHIZH


@pytest.mark.parametrize("away", [True, False], ids=["away", "slow"])
def test_an_empty_answer_is_not_believed_while_the_table_cannot_be_read(
    callers: FakeCallers, onec: FakeDirectory, away: bool
) -> None:
    callers.told["buh", WHO] = Told(card=CHIZH, told_at=callers.now() - 4000)
    onec.trouble = NothingSaid("пустой ответ")
    with site(callers, buh=onec) as here:
        callers.away = away
        if not away:
            callers.gate.clear()
        here.ask()
        assert eventually(lambda: onec.asked)
        assert away or eventually(lambda: here.names._lines["buh"].idle)
        callers.away = False
        callers.gate.set()
        assert eventually(lambda: here.ask() == CHIZH)
    assert callers.told["buh", WHO].card == CHIZH


def test_a_clock_that_went_back_does_not_stop_learning(callers: FakeCallers, onec: FakeDirectory) -> None:
    callers.shift_s = 86400.0
    onec.cards.clear()
    with site(callers, buh=onec) as here:
        assert here.ask() == NOBODY
        callers.shift_s = 0.0
        onec.cards[NUMBER] = CHIZH
        assert here.ask() == CHIZH


def test_an_empty_answer_about_a_stranger_is_believed(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.trouble = NothingSaid("пусто")
        assert [here.ask(STRANGER) for _ in range(3)] == [NOBODY] * 3
        assert onec.asked == [STRANGER]
        assert here.count("unknown") == 3


def test_names_survive_a_restart_with_1c_off(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        here.ask()
    onec.trouble = DirectoryAway("выключена")
    callers.shift_s = 7 * 24 * 3600
    with site(callers, buh=onec) as here:
        assert here.ask() == CHIZH
        assert here.count("stale") == 1
        assert here.ask(STRANGER) == NOBODY


def test_what_another_process_has_learned_is_not_asked_again(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    with site(callers, buh=onec) as here:
        here.ask()
        callers.shift_s = 3601
        callers.told["buh", WHO] = Told(card=ROMASHKA, told_at=callers.now())
        assert here.ask() == CHIZH
        assert eventually(lambda: here.ask() == ROMASHKA)
        assert onec.asked == [NUMBER]


def test_many_who_ask_the_same_are_one_question(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.gate.clear()
        said: list[CallerCard] = []
        threads = [threading.Thread(target=lambda: said.append(here.ask())) for _ in range(2)]
        for thread in threads:
            thread.start()
        assert eventually(lambda: onec.asked)
        onec.gate.set()
        for thread in threads:
            thread.join()
        assert said == [CHIZH] * 2
        assert onec.asked == [NUMBER]


def test_a_question_under_way_is_the_same_for_all(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.gate.clear()
        line = here.names._lines["buh"]
        first = line.ask(WHO)
        assert eventually(lambda: onec.asked), "1C has it"
        assert line.ask(WHO) is line.ask(WHO, urgent=False) is first
        waiting = line.ask("9160000001")
        assert line.ask("9160000001") is waiting is not first
        onec.gate.set()
        assert eventually(lambda: line.idle)
        assert onec.asked == [NUMBER, OTHER]


def test_1c_hears_one_question_at_once_and_few_wait(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.gate.clear()
        threads = [threading.Thread(target=here.ask, args=(f"8916{number:07}",)) for number in range(1, 101)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert here.count("busy") > 0, "more than the seats waited"
        onec.gate.set()
        assert eventually(lambda: here.names._lines["buh"].idle)
        assert onec.most == 1
        assert 1 < len(onec.asked) <= 1 + asking.WAITING


def test_the_newest_question_goes_first(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.gate.clear()
        line = here.names._lines["buh"]
        line.ask("9160000001")
        assert eventually(lambda: onec.asked)
        for who in ("9160000002", "9160000003"):
            line.ask(who)
        line.ask("9160000004", urgent=False)
        line.ask("9160000002")  # again: somebody waits for it now
        onec.gate.set()
        assert eventually(lambda: line.idle)
        assert [number[-1] for number in onec.asked] == ["1", "2", "3", "4"]


def test_a_dead_1c_is_left_alone_between_probes(
    callers: FakeCallers, onec: FakeDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    with site(callers, buh=onec) as here:
        onec.trouble = DirectoryAway("выключена")
        for number in range(1, 30):
            assert here.ask(f"8916{number:07}") == NOBODY
        assert len(onec.asked) <= 2 + 2
        onec.trouble = None
        assert eventually(lambda: here.ask() == CHIZH)
        assert here.ask(STRANGER) == NOBODY
        assert here.count("unknown") == 1
    said = capsys.readouterr()
    assert "names_away" in said.out + said.err
    assert "names_back" in said.out + said.err
    assert WHO not in said.out + said.err
    assert CHIZH.title not in said.out + said.err


def test_a_wrong_password_is_not_tried_at_every_call(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.trouble = DirectoryDenied("пароль")
        for number in range(1, 10):
            assert here.ask(f"8916{number:07}") == NOBODY
        time.sleep(0.7)  # two probes of a 1C that is merely off
        here.ask(STRANGER)
        assert len(onec.asked) == 1


def test_a_question_that_1c_fails_on_stops_no_other(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        onec.trouble = QuestionFailed("Деление на 0")
        for number in range(1, 6):
            assert here.ask(f"8916{number:07}") == NOBODY
        onec.trouble = None
        assert here.ask() == CHIZH
        onec.trouble = ZeroDivisionError("ours")
        assert here.ask(OTHER) == NOBODY
        onec.trouble = None
        assert here.ask("89160000009") == NOBODY
        assert here.count("unknown") == 1, "the thread lives"


def test_the_first_in_order_that_knows_wins(callers: FakeCallers) -> None:
    buh, crm = FakeDirectory({NUMBER: CHIZH}), FakeDirectory({NUMBER: ROMASHKA, OTHER: ROMASHKA})
    with site(callers, buh=buh, crm=crm) as here:
        buh.gate.clear()  # crm has answered by the time that buh does
        said: list[CallerCard] = []
        asking_thread = threading.Thread(target=lambda: said.append(here.ask()))
        asking_thread.start()
        assert eventually(lambda: crm.asked and here.names._lines["crm"].idle)
        buh.gate.set()
        asking_thread.join()
        assert said == [CHIZH]
        assert here.ask(OTHER) == ROMASHKA
        assert (buh.asked, crm.asked) == ([NUMBER, OTHER], [NUMBER, OTHER])


def test_nobody_waits_for_the_second_when_the_first_knows(callers: FakeCallers) -> None:
    buh, crm = FakeDirectory({NUMBER: CHIZH}), FakeDirectory({NUMBER: ROMASHKA})
    patient = Site(callers, {"buh": buh, "crm": crm}, answer_s=8.0)
    crm.gate.clear()
    began = time.monotonic()
    assert patient.names.answer("main", NUMBER) == CHIZH
    assert time.monotonic() - began < 4
    crm.gate.set()
    patient.names.close()


def test_at_the_deadline_the_second_is_better_than_nobody_and_the_first_wins_later(
    callers: FakeCallers,
) -> None:
    buh, crm = FakeDirectory({NUMBER: CHIZH}), FakeDirectory({NUMBER: ROMASHKA})
    with site(callers, buh=buh, crm=crm) as here:
        buh.gate.clear()
        assert here.ask() == ROMASHKA
        assert here.ask() == ROMASHKA
        buh.gate.set()
        assert eventually(lambda: here.ask() == CHIZH)


def test_an_infobase_that_is_off_is_not_waited_for(callers: FakeCallers) -> None:
    buh, crm = FakeDirectory(), FakeDirectory({NUMBER: ROMASHKA})
    buh.trouble = DirectoryAway("выключена")
    with site(callers, buh=buh, crm=crm) as here:
        assert here.ask() == ROMASHKA
        assert here.ask(STRANGER) == NOBODY
        assert here.count("timeout") == 1, "buh may have known"


def test_a_database_that_hangs_breaks_no_deadline(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        callers.gate.clear()
        assert here.ask() == CHIZH, "1C was asked in the time that was left"
        assert here.ask() == CHIZH
        onec.gate.clear()
        assert here.ask(STRANGER) == NOBODY
        onec.gate.set()
        callers.gate.set()
        assert eventually(lambda: ("buh", WHO) in callers.told)


def test_a_database_that_is_away_loses_nothing_once_it_is_back(
    callers: FakeCallers, onec: FakeDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.callerid.keeping.WRITE_EVERY_S", 0.05)
    monkeypatch.setattr("bridge.callerid.keeping.RETRY_S", 0.05)
    with site(callers, buh=onec) as here:
        callers.away = True
        assert [here.ask() for _ in range(3)] == [CHIZH] * 3
        time.sleep(0.2)
        callers.away = False
        assert eventually(lambda: callers.times.get(("buh", WHO)) == 3)
        assert callers.told["buh", WHO].card == CHIZH


def test_a_hundred_answers_are_few_commits(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        for _ in range(100):
            here.ask()
    assert callers.times["buh", WHO] == 100
    assert callers.commits < 10


def test_who_calls_often_is_asked_about_gently(callers: FakeCallers, onec: FakeDirectory) -> None:
    with site(callers, buh=onec) as here:
        for _ in range(3):
            here.ask()
        here.ask(OTHER)
    with site(callers, buh=onec) as here:
        assert here.names.prefetch("buh", fresh_s=3600) == 1
        assert eventually(lambda: onec.asked == [NUMBER, OTHER, NUMBER])
        onec.gate.clear()
        here.names.prefetch("buh", fresh_s=3600)
        assert here.names.prefetch("buh", fresh_s=3600) == 0, "it is being asked"
        onec.gate.set()
        assert eventually(lambda: here.names._lines["buh"].idle)
        onec.trouble = DirectoryAway("выключена")
        here.ask(STRANGER), here.ask("89160000002")
        assert here.names.prefetch("buh", fresh_s=3600) == 0, "it is off"


def test_callers_whom_1c_fails_on_do_not_keep_it_from_asking_about_others(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    """What is said of them stays the oldest: the table names them first for ever."""
    for number in range(12):
        who = f"91600000{number:02}"
        callers.told["buh", who] = Told(card=CHIZH, told_at=callers.now() - 4000)
        callers.times["buh", who] = 5
    onec.trouble = QuestionFailed("ошибка в SayName")
    with site(callers, buh=onec) as here:
        for asked in (8, 12, 20):  # and then from the beginning
            here.names.prefetch("buh", fresh_s=3600)
            assert eventually(lambda: len(onec.asked) == asked and here.names._lines["buh"].idle)  # noqa: B023
        assert len(set(onec.asked)) == 12


def test_a_taxpayers_number_goes_the_same_way(callers: FakeCallers, onec: FakeDirectory) -> None:
    onec.cards["ИНН 2460000001"] = CHIZH
    with site(callers, buh=onec) as here:
        assert [here.ask_inn("2460000001") for _ in range(2)] == [CHIZH] * 2
        assert onec.asked == ["ИНН 2460000001"]
    assert ("buh", "inn:2460000001") in callers.told


def test_what_1c_says_is_cleaned(callers: FakeCallers, onec: FakeDirectory) -> None:
    onec.cards[NUMBER] = CallerCard(title="раз\r\nдва\x00", category="0", manager="доб. 244")
    with site(callers, buh=onec) as here:
        assert here.ask() == CallerCard(title="раз два", manager="244")


def test_an_exchange_without_infobases_to_ask_knows_nobody(callers: FakeCallers) -> None:
    with site(callers) as here:
        assert here.ask() == NOBODY
        assert here.count("unknown") == 1


def test_a_stop_waits_for_nobody_and_leaves_no_thread(callers: FakeCallers, onec: FakeDirectory) -> None:
    before = set(threading.enumerate())
    with site(callers, buh=onec) as here:
        here.ask()
        onec.gate.clear()
        waiting = threading.Thread(target=here.ask, args=(STRANGER,))
        waiting.start()
        assert eventually(lambda: len(onec.asked) == 2)
        line = here.names._lines["buh"]
        queued = line.ask("9160000009")
        assert queued
        began = time.monotonic()
        here.names.close()
        assert time.monotonic() - began < 5
        assert queued.result(0) is False, "nobody waits for it any more"
        assert line.ask("9160000008") is None
        waiting.join()
        assert ("buh", WHO) in callers.told
        assert here.ask() == CHIZH, "who asks late gets what is known"
        onec.gate.set()
    assert eventually(lambda: set(threading.enumerate()) <= before)


def test_memory_is_bounded(callers: FakeCallers, onec: FakeDirectory) -> None:
    from bridge.callerid.remembering import Memory

    memory = Memory(limit=3)
    one = Told(card=CHIZH, told_at=2.0)
    for who in ("a", "b", "c"):
        memory.put(who, {"buh": one})
    memory.get("a")
    memory.put("d", {})
    assert (memory.get("a"), memory.get("b"), memory.get("d")) == ({"buh": one}, None, {})
    memory.put("a", {"buh": Told(card=NOBODY, told_at=1.0)})
    assert memory.get("a") == {"buh": one}, "said earlier"


def test_all_telephones_that_ring_for_one_call_are_told_the_name(
    callers: FakeCallers, onec: FakeDirectory
) -> None:
    with site(callers, buh=onec) as here:
        here.ask()
    onec.gate.clear()
    with site(callers, buh=onec) as here:
        blocked = [threading.Thread(target=here.ask, args=(f"8916{one:07}",)) for one in range(1, 9)]
        for thread in blocked:
            thread.start()
        assert eventually(lambda: here.count("busy") >= 1), "1C hangs and nobody else may wait for it"
        said: list[CallerCard] = []
        ringing = [threading.Thread(target=lambda: said.append(here.ask())) for _ in range(8)]
        for thread in ringing:
            thread.start()
        for thread in (*ringing, *blocked):
            thread.join()
        assert said == [CHIZH] * 8
