"""One infobase never sees another's subscribers, events, calls, names or recordings, whichever road it tries.

Two firms' exchanges and three infobases: two on one exchange, each with its own person, and one on another
exchange whose person has the same extension.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import pytest
import requests
import zeep
from zeep.helpers import serialize_object

from bridge.core.caller import NOBODY
from bridge.onec.saying import card_xml
from bridge.sim.onec_data import MANUAL_CLIENT
from support.postgres import drop_database, fresh_database
from support.world import ANNA, HOOK_SECRET, PETR, World, eventually, token_hash, world

BRANCH_SECRET = "a-hook-secret-of-the-branch-01"
LINK_SECRET = "a-link-secret-of-tests-32-characters-00"
WEST_KEY = "westkey000000001"
CALLS = {"north": "u-north", "south": "u-south", "west": "u-west"}
HANDLES = {
    "north": (ANNA.key, ANNA.name),
    "south": (PETR.key, PETR.name, PETR.extension),
    "west": (WEST_KEY, "Западный Захар"),
}
MAIN = ("north", "south")
NOW = int(time.time())
# the day as the exchange has it
CALLED_ON = datetime.fromtimestamp(NOW - 60, ZoneInfo("Europe/Moscow")).date()


def password(name: str) -> str:
    return f"password-of-{name}-0001"


def infobases(onec_url: str) -> dict[str, Any]:
    def one(name: str, exchange: str, person: str) -> dict[str, Any]:
        return {
            "exchange": exchange,
            "contract": "mailbox",
            "subscribers": [person],
            "token_hashes": [token_hash(password(name))],
        }

    return {
        "north": one("north", "main", "101"),
        "south": one("south", "main", "102"),
        "west": one("west", "branch", "101"),
        "names": {"exchange": "main", "contract": "vats", "url": f"{onec_url}/ws/VATS", "called": ["1"]},
    }


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def here(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("firms")
    database = str(folder / "bridge.db") if request.param == "sqlite" else fresh_database()
    people = [{"name": "Западный Захар", "key": WEST_KEY, "extension": "101"}]
    branch = {"hook_secret": BRANCH_SECRET, "subscribers": people, "base_url": "http://127.0.0.1:9"}
    server = {"database": database, "link_secret": LINK_SECRET}
    with world(folder, infobases=infobases, exchanges={"branch": branch}, server=server) as made:
        for name, call in CALLS.items():
            told(made, name, call)
        yield made
    if request.param == "postgres":
        drop_database(database)


def told(here: World, name: str, call: str) -> None:
    """A call of this infobase's person, as the exchange tells it."""
    exchange, secret = ("main", HOOK_SECRET) if name in MAIN else ("branch", BRANCH_SECRET)
    event = {
        "uuid": call,
        "direction": "incoming",
        "from": f"8916000000{len(name)}",
        "to": "102" if name == "south" else "101",
        "userkey": HANDLES[name][0],
        "recordUrl": f"/api/call/record?callid={call}",
        "callstatus": "ANSWER",
        "duration": "30",
    }
    for second, state in enumerate(("START", "ANSWER", "END")):
        sent = event | {"state": state, "time": NOW - 60 + second}
        answer = requests.post(f"{here.url}/hooks/{exchange}/{secret}", json=sent, timeout=10)
        assert answer.status_code == 200, answer.text


def client(here: World, name: str) -> zeep.Client:
    return here.client(login=name, password=password(name))


def said(answer: Any) -> Any:
    return serialize_object(answer, dict)


def others() -> list[tuple[str, str]]:
    return [(me, other) for me in CALLS for other in CALLS if me != other]


@pytest.mark.parametrize("me", CALLS)
def test_everybody_sees_their_own(here: World, me: str) -> None:
    """Without this, everything below would hold of a bridge that shows nothing to anybody."""
    service = client(here, me).service
    assert [one["Name"] for one in said(service.GetSubscribers())] == [HANDLES[me][1]]
    call = said(service.GetCallInfo("", CALLS[me]))
    assert (call["CallId"], call["Duration"]) == (CALLS[me], 30)
    assert f"/records/{CALLS[me]}?" in call["RecordUrl"]
    assert CALLS[me] in {one["CallId"] for one in said(service.GetCallJournal("", CALLED_ON)) or []}
    letters = said(service.PollEvents("", 0, 0))["Event"] or []
    assert {one["CallId"] for one in letters} == {CALLS[me]}


@pytest.mark.parametrize(("me", "other"), others())
def test_a_call_of_another_looks_like_one_that_there_never_was(here: World, me: str, other: str) -> None:
    service = client(here, me).service
    foreign = said(service.GetCallInfo("", CALLS[other]))
    nothing = said(service.GetCallInfo("", CALLS[other].replace("u-", "x-")))
    foreign["CallId"] = nothing["CallId"] = ""
    assert foreign == nothing
    assert CALLS[other] not in {one["CallId"] for one in said(service.GetCallJournal("", CALLED_ON)) or []}


@pytest.mark.parametrize(("me", "other"), others())
def test_a_person_of_another_looks_like_nobody(here: World, me: str, other: str) -> None:
    service = client(here, me).service
    before = len(here.exchange.dials)
    nobody = said(service.MakeCall("nobody-at-all-01", "89160000001"))
    for handle in HANDLES[other]:
        assert said(service.MakeCall(handle, "89160000001")) == nobody, handle
        answer = requests.get(
            f"{here.url}/api/call/CallToSubscriber",
            params={"key": handle, "outboundNumber": "89160000001"},
            auth=(me, password(me)),
            timeout=10,
        )
        unknown = requests.get(
            f"{here.url}/api/call/CallToSubscriber",
            params={"key": "nobody-at-all-01", "outboundNumber": "89160000001"},
            auth=(me, password(me)),
            timeout=10,
        )
        assert (answer.status_code, answer.content) == (unknown.status_code, unknown.content)
        asked = [_fault(service.PollEvents, one, 0, 0) for one in (handle, "nobody-at-all-01")]
        assert asked[0] == asked[1]
        info = [_fault(service.GetCallInfo, one, CALLS[other]) for one in (handle, "nobody-at-all-01")]
        assert info[0] == info[1]
    assert len(here.exchange.dials) == before


def _fault(ask: Any, *words: Any) -> Any:
    try:
        return said(ask(*words))
    except zeep.exceptions.Fault as fault:
        return str(fault)


@pytest.mark.parametrize(("me", "other"), others())
def test_a_mailbox_gives_and_takes_nothing_of_another(here: World, me: str, other: str) -> None:
    mine, theirs = client(here, me).service, client(here, other).service
    last = said(theirs.PollEvents("", 0, 0))
    for after in (1, last["LastId"] - 1, last["LastId"], last["LastId"] + 1000):
        letters = said(mine.PollEvents("", after, 0))["Event"] or []
        assert CALLS[other] not in {one["CallId"] for one in letters}
    again = said(theirs.PollEvents("", 0, 0))
    assert (again["LastId"], len(again["Event"] or [])) == (last["LastId"], len(last["Event"] or []))


@pytest.mark.parametrize(("me", "other"), others())
def test_a_link_to_a_recording_is_for_one_call_of_one_infobase(here: World, me: str, other: str) -> None:
    link = said(client(here, me).service.GetCallInfo("", CALLS[me]))["RecordUrl"]
    parts = urlsplit(link)
    pairs = dict(parse_qsl(parts.query))
    assert requests.get(link, timeout=10).status_code != 403
    forged = [urlunsplit(parts._replace(path=parts.path.replace(CALLS[me], CALLS[other])))]
    exchange = "main" if other in MAIN else "branch"
    for name, value in pairs.items():
        if value in (me, "main", "branch"):
            changed = pairs | {name: other if value == me else exchange}
            if changed != pairs:
                forged.append(urlunsplit(parts._replace(query=urlencode(changed))))
    for url in forged:
        assert requests.get(url, timeout=10).status_code == 403, url


@pytest.mark.parametrize(("me", "other"), others())
def test_a_password_of_one_is_nothing_with_the_login_of_another(here: World, me: str, other: str) -> None:
    for path in ("/ws/Telephony", "/ws/TelephonyRu", "/ws/VATS", "/ws/VATScalls"):
        answer = requests.post(
            f"{here.url}{path}",
            data=b"<x/>",
            headers={"Content-Type": "text/xml"},
            auth=(other, password(me)),
            timeout=10,
        )
        assert answer.status_code == 401
    answer = requests.get(
        f"{here.url}/api/call/CallToSubscriber", {"key": "1"}, auth=(other, password(me)), timeout=10
    )
    assert answer.status_code == 401


def test_an_exchange_is_told_names_by_its_own_infobases_only(here: World) -> None:
    """A client of one firm is nobody to the exchange of another, however often the first one asks."""
    number = {"number": MANUAL_CLIENT.number}
    known = f"{here.url}/caller/main/{HOOK_SECRET}"
    assert eventually(lambda: MANUAL_CLIENT.name in requests.get(known, number, timeout=10).text)
    foreign = requests.get(f"{here.url}/caller/branch/{BRANCH_SECRET}", number, timeout=10)
    assert (foreign.status_code, foreign.text) == (200, card_xml(NOBODY))
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><m:SayName '
        f'xmlns:m="http://VATS"><m:Number>{MANUAL_CLIENT.number}</m:Number></m:SayName></e:Body></e:Envelope>'
    )
    for login, title in (("main", True), ("branch", False)):
        secret = HOOK_SECRET if login == "main" else BRANCH_SECRET
        answer = requests.post(
            f"{here.url}/ws/VATS",
            data=body.encode(),
            headers={"Content-Type": "text/xml"},
            auth=(login, secret),
            timeout=10,
        )
        assert (MANUAL_CLIENT.name in answer.text) is title


def test_an_event_of_one_exchange_reaches_no_infobase_of_another(here: World) -> None:
    """Even one that names the other's call, key and extension."""
    sent = {"uuid": CALLS["west"], "state": "HANGUP", "to": "101", "userkey": WEST_KEY, "time": NOW}
    answer = requests.post(f"{here.url}/hooks/main/{HOOK_SECRET}", json=sent, timeout=10)
    assert answer.status_code == 200
    letters = said(client(here, "west").service.PollEvents("", 1, 0))["Event"] or []
    assert {one["State"] for one in letters if one["CallId"] == CALLS["west"]} <= {"START", "ANSWER", "END"}
    call = said(client(here, "west").service.GetCallInfo("", CALLS["west"]))
    assert call["Duration"] == 30


def test_clicks_of_two_infobases_are_two_clicks(here: World) -> None:
    """The double click of one is no answer to the other; nor does it use up the other's limits."""
    first = said(client(here, "north").service.MakeCall("101", "89160000077"))
    other = said(client(here, "south").service.MakeCall("102", "89160000077"))
    assert (first["Result"], other["Result"]) == ("SUCCESS", "SUCCESS")
    assert first["CallId"] != other["CallId"]
    here.exchange.wait()
    assert not said(client(here, "south").service.GetCallInfo("", first["CallId"]))["Duration"]
