"""1C asks for a call and for a day of calls: zeep against a real bridge and the fake exchange."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests
from zeep.exceptions import Fault

from bridge.core.calls import Subscriber
from bridge.web.auth import token_hash
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, OPERATIONS, RUSSIAN, TYPES, Language
from support.world import ANNA, LOGIN, PASSWORD, PETR, World, eventually, world

TOKEN = "t0000000000000000000acc"
ZONE = "Asia/Krasnoyarsk"
OTHER, OTHER_PASSWORD = "other", "a-password-of-tests-0002"
CLIENT = "89160000001"
EMPTY = datetime(1, 1, 1)
NOW = datetime.now(ZoneInfo(ZONE)).replace(microsecond=0)
each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


def yesterday(hour: float = 10.0) -> datetime:
    return NOW.replace(hour=0, minute=0, second=0) - timedelta(days=1, hours=-hour)


DAY = yesterday().date()


class Asking:
    """1C of one infobase, in one language; answers come with English names."""

    def __init__(self, here: World, language: Language = ENGLISH, **who: str) -> None:
        self.language = language
        self.client = here.client(language.path, **who)

    def info(self, call_id: str, key: str = "") -> Any:
        return self._english(self._service("GetCallInfo")(key, call_id))

    def journal(self, day: date = DAY, key: str = "") -> list[Any]:
        listed = self._service("GetCallJournal")(key, day)
        return [self._english(one) for one in listed or []]

    def dial(self, number: str, key: str = "101") -> str:
        answer = self._service("MakeCall")(key, number)
        assert answer[self.language.word("Result", "CallResult")] == "SUCCESS"
        return str(answer[self.language.word("CallId", "CallResult")])

    def _service(self, operation: str) -> Any:
        assert operation in {one.name for one in OPERATIONS}
        return self.client.service[self.language.word(operation)]

    def _english(self, call: Any) -> Any:
        said = {member: call[self.language.word(member, "Call")] for member in TYPES["Call"]}
        return SimpleNamespace(**{name: "" if value is None else value for name, value in said.items()})


@contextmanager
def running(folder: Path, *, token: str = TOKEN, **changes: Any) -> Iterator[World]:
    """A bridge with a journal, whose exchange stands in Krasnoyarsk."""
    exchange = {"journal_token": token, "timezone": ZONE, "silence_s": 0} | changes.pop("exchange", {})
    server = {"link_secret": "a-link-secret-of-tests-32-characters-00"}
    with world(folder, exchange=exchange, server=server, contract="none", **changes) as here:
        here.exchange.options = replace(
            here.exchange.options, secret=TOKEN, journal_zone=ZONE, hooks_after_dial=False
        )
        yield here


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with running(tmp_path) as one:
        yield one


def ring(
    here: World,
    scenario: str,
    hour: float = 10.0,
    *,
    told: bool = True,
    client: str = CLIENT,
    first: Subscriber = ANNA,
) -> str:
    """Play a call of yesterday to the hook; returns its uuid."""
    here.exchange.clock = yesterday(hour).timestamp
    here.exchange.options = replace(here.exchange.options, hooks_lost=not told)
    posts = here.exchange.ring(scenario, client, first)
    assert all(post.status == 200 for post in posts)
    return str(here.exchange.calls[-1].events[0].get("uuid", ""))


def half_told(here: World, scenario: str, states: tuple[str, ...], hour: float = 10.0) -> str:
    """The same call, of which the hook tells these states only."""
    uuid = ring(here, scenario, hour, told=False)
    for event in here.exchange.calls[-1].events:
        if event["state"] in states:
            assert requests.post(here.hook, json=event, timeout=5).status_code == 200
    return uuid


def callid(here: World) -> str:
    """The exchange's own name of the last call."""
    return here.exchange.calls[-1].callid


def nothing(call_id: str) -> SimpleNamespace:
    return SimpleNamespace(
        CallId=call_id, Start=EMPTY, Direction="", From="", To="", Duration=0, Status="UNKNOWN", RecordUrl=""
    )


# --- one call -----------------------------------------------------------------------------------
@each_language
def test_an_answered_call_is_told_from_our_own_events(here: World, language: Language) -> None:
    uuid = ring(here, "answered")
    call = Asking(here, language).info(uuid)
    assert (call.CallId, call.Direction, call.From, call.To) == (uuid, "incoming", CLIENT, "83912000000")
    assert (call.Status, call.Duration) == ("ANSWERED", 42)
    assert call.Start == yesterday()
    assert call.Start.utcoffset() == timedelta(hours=7)
    assert f"/records/{uuid}?" in call.RecordUrl
    assert TOKEN not in call.RecordUrl
    assert here.exchange.asked == []


def test_the_names_of_the_channels_name_the_call_too(here: World) -> None:
    uuid = ring(here, "transferred")
    ask = Asking(here)
    names = {str(event[name]) for event in here.exchange.calls[-1].events for name in ("baseid", "subid")}
    assert len(names) == 3
    for name in names:
        call = ask.info(name)
        assert (call.CallId, call.Status, call.Start) == (name, "ANSWERED", ask.info(uuid).Start)


@pytest.mark.parametrize(("missed_by", "whose"), [("last", PETR), ("first", ANNA)])
@each_language
def test_a_missed_call_is_the_one_of_whom_the_setting_says(
    tmp_path: Path, language: Language, missed_by: str, whose: Subscriber
) -> None:
    with running(tmp_path, exchange={"missed_by": missed_by}) as here:
        uuid = ring(here, "forwarded_missed")
        ask = Asking(here, language)
        for one in (ANNA, PETR):
            for handle in (one.key, one.extension, one.name):
                call = ask.info(uuid, handle)
                mine = [listed.CallId for listed in ask.journal(key=handle)]
                if one == whose:
                    assert (call.Status, call.Duration, call.RecordUrl) == ("MISSED", 0, "")
                    assert mine == [uuid]
                else:
                    assert call == nothing(uuid)
                    assert mine == []
        assert ask.info(uuid).Status == "MISSED"


@pytest.mark.parametrize(
    ("scenario", "status", "direction"),
    [
        ("missed", "MISSED", "incoming"),
        ("ivr_drop", "IVR", "incoming"),
        ("group", "ANSWERED", "incoming"),
        ("transfer_missed", "ANSWERED", "incoming"),
        ("click_unanswered", "NOT_ANSWERED", "external"),
        ("outgoing", "ANSWERED", "external"),
        ("shuffled", "ANSWERED", "incoming"),
        ("duplicates", "ANSWERED", "incoming"),
    ],
)
def test_how_it_went(here: World, scenario: str, status: str, direction: str) -> None:
    call = Asking(here).info(ring(here, scenario))
    assert (call.Status, call.Direction) == (status, direction)
    assert {"CallAPI", "0000"}.isdisjoint({call.From, call.To})
    if direction == "external":
        assert (call.From, call.To) == (ANNA.extension, CLIENT)


@pytest.mark.parametrize("shape", ["json", "nested", "xml", "short"])
def test_an_end_that_the_hook_did_not_tell_is_asked_for(here: World, shape: Any) -> None:
    here.exchange.options = replace(here.exchange.options, info_as=shape, journal_callid="uuid")
    uuid = half_told(here, "answered", ("START", "PREANSWER"))
    call = Asking(here).info(uuid)
    assert (call.Status, call.Duration, call.From, call.To) == ("ANSWERED", 42, CLIENT, "83912000000")
    assert call.Start == yesterday()
    assert f"/records/{uuid}?" in call.RecordUrl
    assert here.exchange.asked == ["/api/call/info"]


def test_the_exchange_is_asked_by_another_name_when_it_does_not_know_the_first(here: World) -> None:
    here.exchange.options = replace(here.exchange.options, journal_callid="baseid")
    uuid = half_told(here, "missed", ("START", "PREANSWER"))
    assert Asking(here).info(uuid).Status == "MISSED"
    assert len(here.exchange.asked) == 2


def test_what_only_the_exchange_knows_is_told(here: World) -> None:
    ring(here, "answered", told=False)
    call = Asking(here).info(callid(here))
    assert (call.CallId, call.Status, call.From, call.Start) == (
        callid(here),
        "ANSWERED",
        CLIENT,
        yesterday(),
    )
    assert TOKEN not in call.RecordUrl


def test_a_call_that_the_exchange_knows_by_a_name_of_its_own_is_recognised(here: World) -> None:
    """No event names `callid`: who spoke with whom and when does. So the missed one has a person."""
    half_told(here, "missed", ("START", "PREANSWER"))
    ask = Asking(here)
    assert ask.info(callid(here), "101").Status == "MISSED"
    assert ask.info(callid(here), "102") == nothing(callid(here))


@pytest.mark.parametrize("unknown", ["fail", "empty", "object"])
@each_language
def test_what_nobody_knows_is_unknown_and_empty(here: World, language: Language, unknown: Any) -> None:
    here.exchange.options = replace(here.exchange.options, info_unknown=unknown)
    ask = Asking(here, language)
    for call_id in ("1795412465.800993", "2ebc0000-b5da-4ddb-cd04-000000000001", "; DROP TABLE", "%"):
        assert ask.info(call_id) == nothing(call_id)
    answer = here.post(
        f'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><GetCallInfo xmlns="'
        f'{ENGLISH.namespace}"><Key/><CallId>1.1</CallId></GetCallInfo></Body></Envelope>'.encode()
    ).text
    assert "0001-01-01T00:00:00<" in answer


def test_an_empty_id_and_a_key_of_nobody_are_unknown_and_ask_nobody(here: World) -> None:
    uuid = ring(here, "answered")
    ask = Asking(here)
    assert ask.info("") == nothing("")
    assert ask.info(" ") == nothing("")
    assert ask.info(uuid, "999") == nothing(uuid)
    assert ask.info("x" * 129) == nothing("x" * 129)
    assert here.exchange.asked == []


def test_a_call_that_goes_on_is_said_to(here: World) -> None:
    here.exchange.options = replace(here.exchange.options, hooks_lost=True)
    here.exchange.ring("answered", CLIENT, ANNA)
    events = here.exchange.calls[-1].events
    ask = Asking(here)
    for event, status in zip(events[:3], ("RINGING", "RINGING", "TALKING"), strict=True):
        assert requests.post(here.hook, json=event, timeout=5).status_code == 200
        call = ask.info(event["uuid"])
        assert (call.Status, call.Duration) == (status, 0)


def test_without_a_journal_an_end_that_was_not_heard_is_unknown(tmp_path: Path) -> None:
    with running(tmp_path, token="") as here:
        uuid = half_told(here, "answered", ("START", "PREANSWER", "ANSWER"))
        call = Asking(here).info(uuid)
        assert (call.Status, call.From, call.Start) == ("UNKNOWN", CLIENT, yesterday())
        assert Asking(here).info("1795412465.800993") == nothing("1795412465.800993")
        ring(here, "old_hook")
        listed = Asking(here).journal(datetime.now(ZoneInfo(ZONE)).date())
        assert [one.Status for one in listed] == ["RINGING"]
        assert here.exchange.asked == []


def test_the_links_play(here: World) -> None:
    told = ring(here, "answered", 9)
    ring(here, "answered", 10, told=False, client="89160000002")
    ask = Asking(here)
    links = [ask.info(told).RecordUrl, ask.info(callid(here)).RecordUrl]
    assert links[0] != links[1]
    for link in links:
        played = requests.get(link, timeout=5)
        assert (played.status_code, played.headers["Content-Type"]) == (200, "audio/wav")


def test_the_link_to_a_call_that_the_old_hook_told_without_a_name_plays(here: World) -> None:
    now = datetime.now(ZoneInfo(ZONE))
    here.exchange.options = replace(here.exchange.options, hooks_lost=True)
    here.exchange.ring("answered", from_number="89160000009", subscriber=ANNA)
    told = requests.get(here.hook, {"key": ANNA.key, "number": "89160000009"}, timeout=5)
    assert told.status_code == 200
    (listed,) = Asking(here).journal(now.date())
    assert listed.CallId.startswith("ring-")
    assert requests.get(listed.RecordUrl, timeout=5).status_code == 200


# --- what MakeCall returned -----------------------------------------------------------------------
@pytest.mark.parametrize("token", [TOKEN, ""], ids=["journal", "no-journal"])
@each_language
def test_a_click_is_found_by_the_id_that_it_returned(tmp_path: Path, language: Language, token: str) -> None:
    with running(tmp_path, token=token) as here:
        here.exchange.options = replace(here.exchange.options, hooks_after_dial=True)
        ask = Asking(here, language)
        call_id = ask.dial("+7 923 529-29-26")
        here.exchange.wait()
        call = ask.info(call_id)
        assert (call.CallId, call.Status, call.Duration) == (call_id, "ANSWERED", 35)
        assert (call.Direction, call.From, call.To) == ("external", "101", "89235292926")
        assert f"/records/{here.exchange.calls[-1].events[0]['uuid']}?" in call.RecordUrl
        assert ask.info(call_id, "101") == ask.info(call_id)
        assert ask.info(call_id, "102") == nothing(call_id)


def test_two_clicks_of_one_person_are_told_apart(tmp_path: Path) -> None:
    with running(tmp_path, token="") as here:
        here.exchange.options = replace(here.exchange.options, hooks_after_dial=True)
        ask = Asking(here)
        ids = {number: ask.dial(number) for number in ("89235292926", "89235292927")}
        here.exchange.wait()
        assert {number: ask.info(call_id).To for number, call_id in ids.items()} == {n: n for n in ids}


def test_a_click_of_which_nothing_was_heard_is_known_to_have_begun(tmp_path: Path) -> None:
    with running(tmp_path, token="") as here:
        ask = Asking(here)
        call_id = ask.dial("89235292926")
        call = ask.info(call_id)
        assert (call.Status, call.Direction, call.From, call.To) == (
            "UNKNOWN",
            "external",
            "101",
            "89235292926",
        )
        assert abs(call.Start.timestamp() - time.time()) < 60
        assert ask.info(call_id, "102") == nothing(call_id)


# --- whose calls --------------------------------------------------------------------------------
def two_infobases(_: str) -> dict[str, Any]:
    main = {"exchange": "main"}
    return {
        LOGIN: {**main, "token_hashes": [token_hash(PASSWORD)], "subscribers": ["101"]},
        OTHER: {**main, "token_hashes": [token_hash(OTHER_PASSWORD)], "subscribers": ["102"]},
    }


def test_calls_of_another_infobase_look_like_calls_that_there_never_were(tmp_path: Path) -> None:
    exchange = {"journal_token": TOKEN, "timezone": ZONE, "silence_s": 0}
    with world(tmp_path, exchange=exchange, infobases=two_infobases) as here:
        here.exchange.options = replace(here.exchange.options, secret=TOKEN, journal_zone=ZONE)
        annas, petrs = ring(here, "answered", 9), ring(here, "missed", 10, first=PETR)
        ours, others = Asking(here), Asking(here, login=OTHER, password=OTHER_PASSWORD)
        assert [one.CallId for one in ours.journal()] == [annas]
        assert [one.CallId for one in others.journal()] == [petrs]
        assert ours.info(annas).Status == "ANSWERED"
        asked = len(here.exchange.asked)
        assert ours.info(petrs) == nothing(petrs)
        assert len(here.exchange.asked) > asked, "an answer from memory would tell that there is something"
        here.exchange.options = replace(here.exchange.options, trouble="http500")
        for call_id in (petrs, "2ebc0000-b5da-4ddb-cd04-000000000001"):
            with pytest.raises(Fault, match="повторите"):
                ours.info(call_id)


# --- a day --------------------------------------------------------------------------------------
@each_language
def test_a_day_is_what_the_hook_told_and_what_only_the_exchange_knows(
    here: World, language: Language
) -> None:
    told = [ring(here, "answered", 9), ring(here, "missed", 11, client="89160000002")]
    ring(here, "answered", 10, told=False, client="89160000003")
    lost = callid(here)
    half = half_told(here, "outgoing", ("START",), 12)
    ring(here, "ivr_drop", 23.999, client="89160000005")
    ring(here, "answered", 24.5, client="89160000006")  # is today
    calls = Asking(here, language).journal()
    assert [(one.CallId, one.Status) for one in calls[:4]] == [
        (told[0], "ANSWERED"),
        (lost, "ANSWERED"),
        (told[1], "MISSED"),
        (half, "ANSWERED"),
    ]
    assert [one.Status for one in calls[4:]] == ["IVR"]
    assert [one.Start for one in calls] == sorted(one.Start for one in calls)
    assert {one.Start.utcoffset() for one in calls} == {timedelta(hours=7)}
    assert [bool(one.RecordUrl) for one in calls] == [True, True, False, True, False]
    assert here.exchange.asked == ["/api/call/journal"]


@pytest.mark.parametrize("callid_is", ["own", "uuid", "baseid", "subid"])
def test_no_call_is_listed_twice_whatever_the_exchange_calls_it(here: World, callid_is: Any) -> None:
    here.exchange.options = replace(here.exchange.options, journal_callid=callid_is)
    scenarios = ("answered", "missed", "click_to_call", "group", "transferred", "internal", "forwarded")
    uuids = [
        ring(here, scenario, 9 + place / 4, client=f"8916000000{place}")
        for place, scenario in enumerate(scenarios)
    ]
    assert [one.CallId for one in Asking(here).journal()] == uuids


def test_a_day_that_was_healed_after_its_end_is_not_asked_for_again(here: World) -> None:
    uuid = ring(here, "answered", 9)
    here.bridge._store.note_reconciliation(
        exchange="main", day=DAY.isoformat(), in_exchange=1, known=1, added=0, problem=""
    )
    if yesterday(24.2) > datetime.now(ZoneInfo(ZONE)):
        pytest.skip("the day is not over for ten minutes yet")
    assert [one.CallId for one in Asking(here).journal()] == [uuid]
    assert here.exchange.asked == []


@pytest.mark.parametrize(
    "report", [{"in_exchange": 2, "known": 1}, {"problem": "АТС не ответила"}, {"day": "2026-01-01"}]
)
def test_a_reconciliation_that_left_something_out_is_not_enough(here: World, report: dict[str, Any]) -> None:
    facts = {"day": DAY.isoformat(), "in_exchange": 1, "known": 1, "added": 0, "problem": ""} | report
    here.bridge._store.note_reconciliation(exchange="main", **facts)
    Asking(here).journal()
    assert here.exchange.asked == ["/api/call/journal"]


def test_the_calls_of_one_subscriber(here: World) -> None:
    annas = ring(here, "answered", 9)
    shared = ring(here, "group", 10, client="89160000002")  # Пётр answers
    ask = Asking(here)
    assert [one.CallId for one in ask.journal(key="101")] == [annas]
    assert [one.CallId for one in ask.journal(key="Петров Пётр")] == [shared]
    assert [one.CallId for one in ask.journal()] == [annas, shared]


@each_language
def test_a_key_of_nobody_is_a_fault_for_a_day(here: World, language: Language) -> None:
    with pytest.raises(Fault, match="Абонент не найден") as fault:
        Asking(here, language).journal(key="999")
    assert fault.value.code.endswith("Client")
    assert here.exchange.asked == []


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "1999-12-31"])
def test_a_day_that_is_none_is_the_callers_fault(here: World, day: str) -> None:
    answer = here.post(
        f'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><GetCallJournal xmlns="'
        f'{ENGLISH.namespace}"><Key/><Date>{day}</Date></GetCallJournal></Body></Envelope>'.encode()
    )
    assert answer.status_code == 500
    assert "Client" in answer.text
    assert "Не указан день журнала" in answer.text


def test_tomorrow_has_no_calls_and_nobody_is_asked(here: World) -> None:
    assert Asking(here).journal(NOW.date() + timedelta(days=2)) == []
    assert here.exchange.asked == []


# --- an exchange in trouble ---------------------------------------------------------------------
@pytest.mark.parametrize("trouble", ["http500", "html", "off", "token"])
@each_language
def test_a_part_is_no_day_and_a_silence_is_no_unknown_call(
    here: World, language: Language, trouble: str
) -> None:
    uuid, half = ring(here, "answered", 9), half_told(here, "missed", ("START", "PREANSWER"), 10)
    ask = Asking(here, language)
    if trouble == "off":
        here.exchange_server.stop()
    elif trouble == "token":
        here.exchange.options = replace(here.exchange.options, secret="another-token-of-the-account")
    else:
        here.exchange.options = replace(here.exchange.options, trouble=trouble)  # type: ignore[arg-type]
    try:
        for ask_for in (ask.journal, lambda: ask.info("1795412465.800993")):
            with pytest.raises(Fault, match=r"АТС сейчас не дала .*повторите") as fault:
                ask_for()
            assert fault.value.code.endswith("Server")
            assert TOKEN not in fault.value.message
        assert ask.info(uuid).Status == "ANSWERED"
        part = ask.info(half)
        assert (part.Status, part.From, part.Start) == ("UNKNOWN", CLIENT, yesterday(10))
    finally:
        if trouble == "off":
            here.exchange_server.start()


def test_a_wrong_zone_is_a_fault_and_no_day_of_doubles(here: World) -> None:
    for place in range(4):
        ring(here, "answered", 9 + place, client=f"8916000000{place}")
    here.exchange.options = replace(here.exchange.options, journal_zone="Europe/Moscow")
    with pytest.raises(Fault, match="timezone"):
        Asking(here).journal()


def test_a_silent_exchange_holds_a_quarter_of_the_threads_and_not_for_long(here: World) -> None:
    here.exchange.options = replace(here.exchange.options, trouble="silence")
    clients = [Asking(here) for _ in range(6)]
    began = time.monotonic()

    def ask(one: Asking) -> str:
        try:
            one.info("1795412465.800993")
        except Fault as fault:
            return str(fault.message)
        return ""

    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(ask, one) for one in clients]
        assert eventually(lambda: sum(one.done() for one in waiting) >= 4)  # two seats of eight threads
        assert requests.get(f"{here.url}/healthz", timeout=2).status_code == 200
        said = [one.result() for one in waiting]
    assert time.monotonic() - began < 15
    assert all("повторите" in one for one in said)
    assert sum("столько вопросов" in one for one in said) == 4


def test_neither_the_token_nor_a_whole_number_gets_into_the_log(
    here: World, capsys: pytest.CaptureFixture[str]
) -> None:
    ring(here, "answered", told=False)
    Asking(here).journal()
    here.exchange.options = replace(here.exchange.options, trouble="html")
    with pytest.raises(Fault):
        Asking(here, RUSSIAN).journal()
    logged = capsys.readouterr()
    assert TOKEN not in logged.out + logged.err
    assert CLIENT not in logged.out + logged.err
