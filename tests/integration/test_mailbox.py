"""The mailbox from 1C's side: zeep on both WSDLs against a real bridge, with waits, losses and kills."""

import gc
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
import zeep
from requests.auth import HTTPBasicAuth
from zeep.exceptions import Fault

from bridge.core.delivery import DeliveryState, Purpose
from bridge.mailroom import MailRoom
from bridge.observe import Figures
from bridge.web.auth import token_hash
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, RUSSIAN, TYPES, Language
from bridge.wiring import Place, connect, open_for
from support.hooks import BEGAN, STATES, call_events, post_all
from support.ports import free_port
from support.world import ANNA, HOOK_SECRET, LOGIN, PASSWORD, PETR, World, eventually, settings, world

WAIT_S = 8
SOON_S = 4.0  # well below WAIT_S; a busy machine may need it
STRANGER = "zzzzNotOfTheBridge9"
FACTS = [state for state in STATES if state != "PREANSWER"]
MAILBOX = {"contract": "mailbox", "url": None}

each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


class Reader:
    """An infobase that polls, spoken to in English names. One thread at a time: 1C has sessions, too."""

    def __init__(self, url: str, language: Language = ENGLISH, *, login: str = LOGIN) -> None:
        self.language = language
        self._session = requests.Session()
        self._session.auth = HTTPBasicAuth(login, PASSWORD)
        self._client = zeep.Client(
            f"{url}{language.path}?wsdl",
            transport=zeep.Transport(session=self._session, timeout=30, operation_timeout=30),
        )
        self.last_id = 0

    def poll(self, key: str = "", after_id: int | None = None, wait_s: int = 0) -> Any:
        """One poll; without `after_id` it goes on from the last answer."""
        after_id = self.last_id if after_id is None else after_id
        operation = self._client.service[self.language.word("PollEvents")]
        answer = operation(key, after_id, wait_s)
        found = self._english(answer, "EventList")
        self.last_id = found.LastId
        return found

    def _english(self, value: Any, xsd: str) -> Any:
        if xsd.startswith("*"):
            return [self._english(one, xsd[1:]) for one in value]
        if xsd not in TYPES:
            return "" if value is None else value
        return SimpleNamespace(
            **{
                member: self._english(value[self.language.word(member, xsd)], kind)
                for member, kind in TYPES[xsd].items()
            }
        )

    def close(self) -> None:
        self._session.close()


@contextmanager
def reading(*readers: Reader) -> Iterator[None]:
    try:
        yield
    finally:
        for reader in readers:
            reader.close()


@contextmanager
def bridge(folder: Path, **changes: Any) -> Iterator[World]:
    with world(folder, **{**MAILBOX, **changes}) as here:
        yield here


def told(found: Any) -> list[tuple[str, str]]:
    return [(event.CallId, event.State) for event in found.Event]


def ids(found: Any) -> list[int]:
    return [event.Id for event in found.Event]


def before(here: World) -> int:
    """The number before the first of this bridge's only mailbox."""
    with closing(sqlite3.connect(here.database)) as db:
        return int(db.execute("SELECT min(mail_seq) - 1 FROM delivery").fetchone()[0])


def call(here: World, name: str, states: tuple[str, ...] = STATES, **more: Any) -> None:
    assert set(post_all(here.hook, call_events(name, states, **more))) == {200}


def waiting(here: World) -> float:
    """How many polls wait now, by the bridge's own figures."""
    for line in requests.get(f"{here.url}/metrics", timeout=5).text.splitlines():
        if line.startswith("bridge_mailbox_waiting "):
            return float(line.split()[1])
    return 0.0


# --- what is told -------------------------------------------------------------------------------
@each_language
def test_an_event_comes_with_all_its_words(tmp_path: Path, language: Language) -> None:
    with bridge(tmp_path) as here:
        call(here, "call-1", utmString="src=ya")
        reader = Reader(here.url, language)
        with reading(reader):
            found = reader.poll()
            none = before(here)
    # HANGUP and END came: the card of the ring is over
    assert told(found) == [("call-1", state) for state in FACTS]
    assert (found.LastId, found.More) == (none + 5, False)
    first = found.Event[0]
    assert (first.Id, first.Direction) == (none + 1, "incoming")
    assert (first.From, first.To, first.UserKey) == ("89160000001", "101", ANNA.key)
    assert first.Time == datetime.fromtimestamp(BEGAN, UTC)
    assert first.Time.utcoffset() is not None
    assert first.Time.microsecond == 0
    data = json.loads(first.Data)
    assert data["utmString"] == "src=ya"
    assert data["uuid"] == "call-1"
    assert data["bridgeEventId"] >= 1


def test_a_ring_of_the_first_hook_has_the_time_it_came(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        assert requests.get(here.hook, {"key": ANNA.key, "number": "89160000001"}, timeout=5).ok
        reader = Reader(here.url)
        with reading(reader):
            (ring,) = reader.poll(ANNA.key).Event
    assert (ring.State, ring.UserKey, ring.From) == ("PREANSWER", ANNA.key, "89160000001")
    assert abs((datetime.now(UTC) - ring.Time).total_seconds()) < 30
    assert ring.Time.microsecond == 0


def test_an_expired_card_is_not_given_and_the_journal_is(tmp_path: Path) -> None:
    with bridge(tmp_path, popup_lifetime_s=0.3) as here:
        call(here, "call-1", ("START", "PREANSWER"))
        archive = here.archive()
        assert eventually(lambda: archive.deliveries(state=DeliveryState.EXPIRED))
        reader = Reader(here.url)
        with reading(reader):
            found = reader.poll()
            assert told(found) == [("call-1", "START")]
            assert found.LastId == before(here) + 2, "the place moves past what nobody gets"
            assert told(reader.poll()) == []


def test_a_live_card_is_given_and_a_ring_that_deserves_none_is_for_the_journal(tmp_path: Path) -> None:
    inner = {"from": "102", "to": "101"}
    with bridge(tmp_path) as here:
        call(here, "outer", ("PREANSWER",))
        call(here, "inner", ("PREANSWER",), **inner)
        reader = Reader(here.url)
        with reading(reader):
            assert told(reader.poll()) == [("outer", "PREANSWER"), ("inner", "PREANSWER")]
        purposes = {stored.event.call_id: one.purpose for one, stored in here.archive().deliveries()}
    assert purposes == {"outer": Purpose.POPUP, "inner": Purpose.JOURNAL}


# --- waiting ------------------------------------------------------------------------------------
@each_language
def test_an_empty_mailbox_is_answered_when_the_wait_is_over(tmp_path: Path, language: Language) -> None:
    with bridge(tmp_path) as here:
        reader = Reader(here.url, language)
        with reading(reader):
            began = time.monotonic()
            found = reader.poll(wait_s=1)
            took_s = time.monotonic() - began
    assert (told(found), found.LastId, found.More) == ([], 0, False)
    assert 1.0 <= took_s < WAIT_S


@each_language
def test_an_event_that_comes_meanwhile_is_told_at_once(
    tmp_path: Path, language: Language, capsys: pytest.CaptureFixture[str]
) -> None:
    delays_ms = []
    with bridge(tmp_path) as here, ThreadPoolExecutor(1) as people:
        reader = Reader(here.url, language)
        with reading(reader):
            for number in range(5):
                answer = people.submit(reader.poll, wait_s=WAIT_S)
                assert eventually(lambda: waiting(here) == 1)
                began = time.monotonic()
                call(here, f"call-{number}", ("START",))
                found = answer.result(WAIT_S)
                delays_ms.append(round((time.monotonic() - began) * 1000, 1))
                assert told(found) == [(f"call-{number}", "START")]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{language.service}: from the hook's first byte to 1C's answer, ms: {delays_ms}\n"
        )
    assert max(delays_ms) < SOON_S * 1000


@pytest.mark.parametrize("wait_s", [0, -1, -(2**31)])
def test_no_patience_is_answered_at_once(tmp_path: Path, wait_s: int) -> None:
    with bridge(tmp_path) as here:
        reader = Reader(here.url)
        with reading(reader):
            began = time.monotonic()
            assert told(reader.poll(wait_s=wait_s)) == []
            assert time.monotonic() - began < SOON_S


# --- losing nothing -----------------------------------------------------------------------------
def test_a_lost_answer_is_given_again_and_an_acknowledged_one_is_not(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        call(here, "call-1")
        reader = Reader(here.url)
        with reading(reader):
            lost = reader.poll(after_id=0)
            again = reader.poll(after_id=0)
            assert (told(again), ids(again)) == (told(lost), ids(lost))
            assert [event.Data for event in again.Event] == [event.Data for event in lost.Event]
            part = reader.poll(after_id=ids(lost)[1])
            assert ids(part) == ids(lost)[2:]
            assert ids(reader.poll(after_id=part.LastId)) == []
            assert ids(reader.poll(after_id=0)) == [], "0 goes on from what was acknowledged"


def test_a_connection_that_breaks_while_the_answer_is_under_way_loses_nothing(tmp_path: Path) -> None:
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<PollEvents xmlns="{ENGLISH.namespace}"><Key/><AfterId>0</AfterId><WaitSeconds>5</WaitSeconds>'
        "</PollEvents></e:Body></e:Envelope>"
    )
    with bridge(tmp_path) as here:
        with pytest.raises(requests.Timeout):
            requests.post(
                f"{here.url}/ws/Telephony",
                data=envelope,
                headers={"Content-Type": "text/xml"},
                auth=(LOGIN, PASSWORD),
                timeout=(2, 0.5),
            )
        call(here, "call-1", ("START",))  # answered into a closed connection
        reader = Reader(here.url)
        with reading(reader):
            assert told(reader.poll()) == [("call-1", "START")]


def test_an_id_beyond_the_mailbox_goes_on_from_the_cursor_and_acknowledges_nothing(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        call(here, "call-1", ("START", "ANSWER"))
        reader = Reader(here.url)
        none = before(here)
        with reading(reader):
            assert ids(reader.poll(after_id=none + 1)) == [none + 2]
            for absurd in (none + 3, none + 1_000_000, 2**63 - 1):
                found = reader.poll(after_id=absurd)
                assert (ids(found), found.LastId) == ([none + 2], none + 2)


def test_after_the_loss_of_the_bridges_database_1c_misses_nothing(tmp_path: Path) -> None:
    """The ids that it remembers come before all that a new database gives."""
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    with bridge(tmp_path / "old") as here:
        for number in range(5):
            call(here, f"old-{number}", ("START",))
        reader = Reader(here.url)
        with reading(reader):
            remembered = reader.poll().LastId
            assert told(reader.poll(after_id=remembered)) == []
    assert eventually(lambda: time.time() > remembered + 1, within_s=20), "5 calls in less than 5 seconds"
    with bridge(tmp_path / "new") as here:
        call(here, "new", ("START", "END"))
        reader = Reader(here.url)
        with reading(reader):
            assert told(reader.poll(after_id=remembered)) == [("new", "START"), ("new", "END")]


def test_a_1c_restored_from_a_backup_reads_again(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        call(here, "call-1", ("START", "ANSWER", "END"))
        reader = Reader(here.url)
        with reading(reader):
            everything = reader.poll()
            assert ids(reader.poll()) == []
            assert ids(reader.poll(after_id=ids(everything)[0])) == ids(everything)[1:]
            assert ids(reader.poll(after_id=0)) == ids(everything)[1:], "it is believed for good"


def test_a_long_backlog_is_given_in_parts_that_say_so(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        for number in range(60):
            call(here, f"call-{number}", ("START", "END"))
        reader = Reader(here.url, RUSSIAN)
        with reading(reader):
            parts = [reader.poll()]
            while parts[-1].More:
                parts.append(reader.poll())
        none = before(here)
    assert [len(part.Event) for part in parts] == [100, 20]
    assert [number for part in parts for number in ids(part)] == list(range(none + 1, none + 121))


# --- who reads ----------------------------------------------------------------------------------
def test_each_subscriber_has_his_own_letters_and_his_own_place(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        anna, petr, everybody = Reader(here.url), Reader(here.url, RUSSIAN), Reader(here.url)
        with reading(anna, petr, everybody):
            assert told(everybody.poll()) == []
            call(here, "of-anna", ("START", "END"))
            call(here, "of-petr", ("START", "END"), to="102", userkey=PETR.key)
            found = anna.poll("101")
            assert told(found) == [("of-anna", "START"), ("of-anna", "END")]
            assert found.LastId == before(here) + 4, "past the letters for others"
            assert told(anna.poll("Иванова Анна")) == [], "the same reader, however called"
            assert told(petr.poll(PETR.key)) == [("of-petr", "START"), ("of-petr", "END")]
            assert len(everybody.poll().Event) == 4


def test_a_new_reader_begins_with_what_nobody_has_taken(tmp_path: Path) -> None:
    """Not with half a year of what others have read long ago."""
    with bridge(tmp_path) as here:
        anna, everybody = Reader(here.url), Reader(here.url)
        with reading(anna, everybody):
            call(here, "read", ("START", "END"))
            everybody.poll()
            everybody.poll()
            call(here, "new", ("START", "END"))
            assert told(anna.poll("101")) == [("new", "START"), ("new", "END")]


def test_a_card_that_was_never_given_is_not_said_to_be(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        reader = Reader(here.url)
        with reading(reader):
            reader.poll()
            call(here, "call-1")
            assert told(reader.poll()) == [("call-1", state) for state in FACTS]
            reader.poll()
        lives = {stored.event.state: one.state for one, stored in here.archive().deliveries()}
    assert lives["PREANSWER"] is DeliveryState.SUPERSEDED
    assert {lives[state] for state in FACTS} == {DeliveryState.DELIVERED}


def test_a_card_is_given_to_its_subscriber_though_another_reader_took_it(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        anna, everybody = Reader(here.url), Reader(here.url)
        with reading(anna, everybody):
            assert told(anna.poll("101")) == []
            call(here, "call-1", ("PREANSWER",))
            assert told(everybody.poll()) == [("call-1", "PREANSWER")]
            assert told(everybody.poll()) == []  # acknowledged
            assert told(anna.poll("101")) == [("call-1", "PREANSWER")]


def test_readers_at_the_same_time_each_get_everything_of_theirs_once(tmp_path: Path) -> None:
    calls = 30
    names = {ANNA.extension: ANNA, PETR.extension: PETR, "": None}
    got: dict[str, list[tuple[str, str]]] = {handle: [] for handle in names}
    done = threading.Event()
    all_here = threading.Barrier(len(names) + 1)  # who comes first begins with what nobody has taken

    def read(handle: str) -> None:
        reader = Reader(here.url)
        with reading(reader):
            assert told(reader.poll(handle)) == []
            all_here.wait(30)
            while True:
                last_round = done.is_set()
                got[handle] += told(reader.poll(handle, wait_s=1))
                if last_round:
                    return

    with bridge(tmp_path, server={"threads": 16}) as here, ThreadPoolExecutor(3) as people:
        readers = [people.submit(read, handle) for handle in names]
        all_here.wait(30)
        for number in range(calls):
            person = (ANNA, PETR)[number % 2]
            call(here, f"call-{number}", tuple(FACTS), to=person.extension, userkey=person.key)
        done.set()
        for one in readers:
            one.result(30)
    expected = [(f"call-{number}", state) for number in range(calls) for state in FACTS]
    assert got[""] == expected
    assert got[ANNA.extension] == [one for one in expected if int(one[0].split("-")[1]) % 2 == 0]
    assert got[PETR.extension] == [one for one in expected if int(one[0].split("-")[1]) % 2 == 1]


# --- refusals -----------------------------------------------------------------------------------
@each_language
def test_a_stranger_gets_a_fault_that_names_what_to_check(tmp_path: Path, language: Language) -> None:
    with bridge(tmp_path) as here:
        reader = Reader(here.url, language)
        with reading(reader), pytest.raises(Fault, match="Абонент не найден: проверьте ключ") as refused:
            reader.poll(STRANGER, wait_s=WAIT_S)
    assert refused.value.code.endswith("Client")
    assert STRANGER not in refused.value.message


@each_language
def test_a_negative_id_is_a_fault(tmp_path: Path, language: Language) -> None:
    with bridge(tmp_path) as here:
        reader = Reader(here.url, language)
        with reading(reader), pytest.raises(Fault, match="отрицательным") as refused:
            reader.poll(after_id=-1)
    assert refused.value.code.endswith("Client")


def test_an_infobase_without_a_mailbox_is_told_how_to_get_one(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        reader = Reader(here.url)
        with reading(reader), pytest.raises(Fault) as refused:
            reader.poll()
    assert refused.value.code.endswith("Client")
    assert refused.value.message == ('У этой базы нет ящика: укажите в настройках моста contract = "mailbox"')


def test_a_mailbox_belongs_to_its_infobase_alone(tmp_path: Path) -> None:
    def infobases(_: str) -> dict[str, Any]:
        section = {"exchange": "main", "token_hashes": [token_hash(PASSWORD)], "contract": "mailbox"}
        return {"buh": section, "sklad": section}

    with world(tmp_path, infobases=infobases) as here:
        call(here, "call-1", ("START",))
        buh, sklad = Reader(here.url), Reader(here.url, login="sklad")
        with reading(buh, sklad):
            assert told(buh.poll()) == [("call-1", "START")]
            assert told(buh.poll()) == []
            assert told(sklad.poll()) == [("call-1", "START")]


# --- room, and the end --------------------------------------------------------------------------
def test_more_polls_than_seats_leave_threads_for_the_hooks_and_lose_nothing(tmp_path: Path) -> None:
    with (
        bridge(tmp_path, server={"threads": 8, "mailbox_waiters": 2}) as here,
        ThreadPoolExecutor(8) as people,
    ):
        readers = [Reader(here.url) for _ in range(8)]
        with reading(*readers):
            began = time.monotonic()
            answers = [people.submit(reader.poll, wait_s=WAIT_S) for reader in readers]
            assert eventually(lambda: sum(one.done() for one in answers) == 6)
            assert time.monotonic() - began < SOON_S, "beyond the seats nobody waits long"
            assert waiting(here) == 2
            call(here, "call-1", ("START",))
            left = [one.result(SOON_S) for one in answers]
            assert sorted(len(found.Event) for found in left) == [0] * 6 + [1] * 2
            for reader in readers:
                assert told(reader.poll(after_id=0)) == [("call-1", "START")]


def test_however_many_seats_are_set_waiting_polls_never_take_the_last_thread(tmp_path: Path) -> None:
    with (
        bridge(tmp_path, server={"threads": 8, "mailbox_waiters": 200}) as here,
        ThreadPoolExecutor(12) as people,
    ):
        readers = [Reader(here.url) for _ in range(12)]
        with reading(*readers):
            answers = [people.submit(reader.poll, wait_s=WAIT_S) for reader in readers]
            time.sleep(0.5)  # all of them have asked
            began = time.monotonic()
            call(here, "call-1", ("START",))
            took_s = time.monotonic() - began
            for one in answers:
                one.result(WAIT_S * 2)
    assert took_s < SOON_S, "the hook had to wait for a poll to end"


def test_a_drain_lets_who_waits_go_with_an_answer(tmp_path: Path) -> None:
    with bridge(tmp_path) as here, ThreadPoolExecutor(2) as people:
        readers = [Reader(here.url), Reader(here.url, RUSSIAN)]
        with reading(*readers):
            answers = [people.submit(reader.poll, wait_s=25) for reader in readers]
            assert eventually(lambda: waiting(here) == 2)
            began = time.monotonic()
            here.bridge.drain()
            assert [told(one.result(SOON_S)) for one in answers] == [[], []]
            assert time.monotonic() - began < SOON_S


def test_a_client_that_polls_on_does_not_hold_a_drain_up(tmp_path: Path) -> None:
    began = 0.0
    polls = 0

    def read(url: str) -> None:
        nonlocal polls
        reader = Reader(url)
        with reading(reader), suppress(requests.ConnectionError):
            while True:
                reader.poll(wait_s=25)
                polls += 1

    with ThreadPoolExecutor(1) as people:
        with bridge(tmp_path) as here:
            reading_on: Future[None] = people.submit(read, here.url)
            assert eventually(lambda: waiting(here) == 1)
            began = time.monotonic()
        took_s = time.monotonic() - began
        reading_on.result(SOON_S)
    assert took_s < 10
    assert 1 <= polls <= 20, "it must not spin while the bridge stops"


# --- restarts -----------------------------------------------------------------------------------
def test_places_outlive_a_restart_of_the_bridge(tmp_path: Path) -> None:
    with bridge(tmp_path) as here:
        call(here, "of-anna", ("START", "ANSWER", "END"))
        anna, everybody = Reader(here.url), Reader(here.url)
        with reading(anna, everybody):
            none = before(here)
            anna.poll("101")
            anna.poll("101", after_id=none + 1)
            everybody.poll()
            everybody.poll()
    with bridge(tmp_path) as here:
        anna, everybody = Reader(here.url), Reader(here.url)
        with reading(anna, everybody):
            assert ids(anna.poll("101", after_id=0)) == [none + 2, none + 3]
            assert ids(everybody.poll(after_id=0)) == []
            call(here, "of-petr", ("START",), to="102", userkey=PETR.key)
            assert ids(everybody.poll()) == [none + 4], "numbers go on"


class Program:
    """`vpbx-bridge serve` as people run it, to be killed as nobody should be."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.hook = f"{self.url}/hooks/main/{HOOK_SECRET}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "bridge.toml").write_text(
            f'[server]\nlisten = "127.0.0.1:{port}"\npublic_url = "{self.url}"\n'
            f'[exchange.main]\nhook_secret = "{HOOK_SECRET}"\n'
            f'[[exchange.main.subscribers]]\nname = "{ANNA.name}"\nextension = "101"\nkey = "{ANNA.key}"\n'
            f'[infobase.buh]\nexchange = "main"\ncontract = "mailbox"\n'
            f'token_hashes = ["{token_hash(PASSWORD)}"]\n',
            encoding="utf-8",
        )

    def start(self) -> None:
        with (self._folder / "log.txt").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "serve", "-c", str(self._folder / "bridge.toml")],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        assert eventually(self._ready, within_s=30), (self._folder / "log.txt").read_text()

    def _ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/readyz", timeout=2).ok
        except requests.ConnectionError:
            return False

    def kill(self) -> None:
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait(30)


@pytest.mark.skipif(sys.platform == "win32", reason="kill -9 is of POSIX")
def test_a_killed_bridge_loses_no_letter_and_no_place(tmp_path: Path) -> None:
    program = Program(tmp_path)
    got: list[tuple[int, tuple[str, str]]] = []
    expected: list[tuple[str, str]] = []

    def more(number: int) -> None:
        assert set(post_all(program.hook, call_events(f"call-{number}", tuple(FACTS)))) == {200}
        expected.extend((f"call-{number}", state) for state in FACTS)

    last_id = 0
    try:
        for number in range(4):
            program.start()
            reader = Reader(program.url)
            with reading(reader):
                more(2 * number)
                found = reader.poll(after_id=last_id)
                got += zip(ids(found), told(found), strict=True)
                last_id = found.LastId
                more(2 * number + 1)
                lost = reader.poll(after_id=last_id)  # 1C falls, too: it never kept this answer
                assert len(lost.Event) == len(FACTS)
            program.kill()
        program.start()
        reader = Reader(program.url)
        with reading(reader):
            last = reader.poll(after_id=last_id)
            assert ids(reader.poll(after_id=0)) == ids(last), "the place that was acknowledged is kept"
            got += zip(ids(last), told(last), strict=True)
    finally:
        program.kill()
    assert [one for _, one in got] == expected
    first = got[0][0]
    assert [number for number, _ in got] == list(range(first, first + len(expected)))


def test_a_stop_waits_for_no_poll_that_waits_for_whom_the_stop_interrupted(tmp_path: Path) -> None:
    made = settings(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9", **MAILBOX)
    figures = Figures()
    served = connect(made, open_for(made), Place(), figures)
    running = threading.Thread(target=served.run)
    running.start()
    reader = Reader(f"http://127.0.0.1:{served.port}")
    with reading(reader), ThreadPoolExecutor(1) as pool:
        with figures.mailbox_waiting._value._lock:  # as a process does that counts, when its signal comes
            polled = pool.submit(reader.poll, wait_s=WAIT_S)
            rooms = [one for one in gc.get_objects() if isinstance(one, MailRoom)]
            (room,) = [one for one in rooms if one._waiting is figures.mailbox_waiting]
            assert eventually(lambda: room._seated)
            stopping = threading.Thread(target=served.drain)
            stopping.start()
            stopping.join(SOON_S)
            stopped = not stopping.is_alive()
        assert told(polled.result(WAIT_S)) == []
    running.join()
    assert stopped
