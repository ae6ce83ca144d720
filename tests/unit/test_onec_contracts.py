"""Which event is told, as what, and with which words."""

import json

import pytest

from bridge.core.calls import CallEvent, CallState, Direction
from bridge.core.delivery import Faulted, Purpose
from bridge.core.ports import StoredEvent, Telling
from bridge.onec.transport import OnecTransport
from bridge.onec.vats import Vats, num_from
from bridge.onec.vatscalls import VatsCalls, data
from bridge.wire import Wire

CARD = Telling(operation="IncomingCall", purpose=Purpose.POPUP)
RING = Telling(operation="Event", purpose=Purpose.POPUP)
FACT = Telling(operation="Event", purpose=Purpose.JOURNAL)
# TelephonyMobilon 2019-12-12; number, key and ids are invented
FIELDS = {
    "uuid": "2ebc0000-b5da-4ddb-cd04-000000000001",
    "baseid": "1565770000.25643",
    "subid": "1565770000.25644",
    "state": "PREANSWER",
    "direction": "incoming",
    "from": "89160000001",
    "to": "246",
    "userkey": "k0000000000000aa",
    "time": 1565770001,
    "utmString": "src=ya;cmp=brand",
}


def event(
    state=CallState.PREANSWER, direction=Direction.INCOMING, caller="89160000001", called="246", **more
):
    return CallEvent(
        exchange="mobilon",
        call_id="2ebc0000-b5da-4ddb-cd04-000000000001",
        state=state,
        direction=direction,
        from_number=caller,
        to_number=called,
        user_key="k0000000000000aa",
        time_s=1565770001,
        raw=b"",
        raw_media="application/json",
        **more,
    )


def stored(what, number=42):
    return StoredEvent(id=number, event=what, received_at=1565770002.9)


@pytest.fixture
def transport():
    wire = Wire()
    yield OnecTransport(url="http://127.0.0.1:9/ws/VATS", namespace="n", user="", password="", wire=wire)
    wire.close()


POPUPS = [
    (event(), True),
    (event(direction=Direction.UNKNOWN), True),
    (event(direction=Direction.UNKNOWN, called=""), True),  # the old hook
    (event(caller="", called=""), True),  # hidden
    (event(caller="Anonymous"), True),
    (event(direction=Direction.EXTERNAL, caller="246", called="89160000001"), False),
    (event(caller="CallAPI"), False),  # the first leg of a click in 1C
    (event(caller="0000"), False),
    (event(caller="101"), False),  # both are extensions
    (event(caller="101", called=""), False),
    (event(caller="123456", called="123456"), False),
    (event(caller="1234567"), True),
    (event(caller="101", called="83912000000"), True),
]


@pytest.mark.parametrize(("what", "popup"), POPUPS)
def test_a_ring_is_a_card_only_for_a_clients_call(what, popup, transport):
    assert Vats(transport).tell_about(what) == (CARD if popup else None)
    assert VatsCalls(transport).tell_about(what) == (RING if popup else None)


@pytest.mark.parametrize("state", [state for state in CallState if state is not CallState.PREANSWER])
@pytest.mark.parametrize("direction", Direction)
def test_everything_else_is_for_the_books(state, direction, transport):
    what = event(state=state, direction=direction, caller="CallAPI")
    assert Vats(transport).tell_about(what) is None
    assert VatsCalls(transport).tell_about(what) == FACT


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("89235292926", "89235292926"),
        ("79235292926", "89235292926"),
        ("+7 (923) 529-29-26", "89235292926"),
        ("9235292926", "89235292926"),
        ("+380441234567", "810380441234567"),
        ("246", "246"),
        ("2745000", "2745000"),  # no area code: the digits as they are
        ("", ""),
        ("Anonymous", ""),
        ("unknown<1>", "1"),
    ],
)
def test_the_caller_is_written_as_in_the_manual(number, sent):
    assert num_from(number) == sent


def test_the_exchanges_words_stay_as_they_came_and_in_their_order():
    told = json.loads(data(stored(event(fields=FIELDS))))
    assert list(told.items()) == [*FIELDS.items(), ("bridgeEventId", 42)]


def test_russian_stays_russian_and_a_number_a_number():
    text = data(stored(event(fields={**FIELDS, "имя": "ООО «Рога»"})))
    assert '"имя": "ООО «Рога»"' in text
    assert '"time": 1565770001' in text
    assert '"bridgeEventId": 42' in text


def test_what_the_extension_reads_without_a_guard_is_always_there():
    told = json.loads(data(stored(event(fields={"uuid": "u-1", "subid": "s", "from": None}))))
    assert told == {
        "uuid": "u-1",
        "subid": "s",
        "from": None,
        "state": "PREANSWER",
        "direction": "incoming",
        "to": "246",
        "bridgeEventId": 42,
    }


def test_the_bridges_own_number_cannot_be_forged():
    assert json.loads(data(stored(event(fields={**FIELDS, "bridgeEventId": 1}))))["bridgeEventId"] == 42


def test_the_old_hook_is_told_as_a_ring():
    fields = {"key": "k0000000000000aa", "number": "89160000001"}  # as MobilonHook reads it
    merge_key = "k0000000000000aa|9160000001"
    what = event(direction=Direction.UNKNOWN, called="", fields=fields, merge_key=merge_key)
    assert list(json.loads(data(stored(what))).items()) == [
        ("uuid", "2ebc0000-b5da-4ddb-cd04-000000000001"),
        ("state", "PREANSWER"),
        ("direction", "incoming"),
        ("from", "89160000001"),
        ("to", ""),
        ("userkey", "k0000000000000aa"),
        ("time", 1565770002),
        ("bridgeEventId", 42),
    ]


def test_an_operation_of_another_contract_is_not_sent(transport):
    for contract, operation in ((Vats(transport), "Event"), (VatsCalls(transport), "IncomingCall")):
        outcome = contract.deliver(operation, stored(event()))
        assert isinstance(outcome, Faulted)
        assert operation in outcome.reason
