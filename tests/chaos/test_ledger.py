"""The checker bites: every way to break the promise is found, and what is no breach is not."""

import json
from typing import Any

import pytest

from .ledger import Fault, Kept, Ledger, Listener, Post, Told

BUH = Listener(name="buh", exchange="main", popup_lifetime_s=5, timeout_s=2)
FRONT = Listener(name="front", exchange="main", contract="vats", popup_lifetime_s=5, timeout_s=2)


def body(state: str = "START", time: int = 1, **more: Any) -> str:
    says = {"uuid": "c1", "state": state, "from": "89000000001", "userkey": "k", "time": time}
    return json.dumps({**says, **more}, ensure_ascii=False)


def post(text: str, at: float = 10.0, *, acked: bool = True) -> Post:
    return Post(exchange="main", body=text, sent_at=at, acked_at=at + 0.1 if acked else None)


def told(text: str, at: float = 11.0, number: int = 1) -> Told:
    data = f'{text[:-1]}, "bridgeEventId": {number}}}'
    return Told(infobase="buh", parameters={"Data": data}, event_id=str(number), at=at)


def kept(text: str, state: str = "delivered", number: int = 1, **more: Any) -> Kept:
    facts = {"reason": "", "created_at": 10.0, "expires_at": 15.0, "done_at": 20.0, **more}
    return Kept(infobase="buh", event_id=str(number), body=text, state=state, **facts)


def findings(
    posts: list[Post],
    heard: list[Told],
    rows: list[Kept] | None = None,
    faults: list[Fault] | None = None,
    **more: Any,
) -> set[str]:
    ledger = Ledger(listeners=[BUH], posts=posts, told=heard, kept=rows or [], faults=faults or [], **more)
    report = ledger.report()
    assert report.clean == (not any(report.findings.values()))
    return {name for name, found in report.findings.items() if found}


START, RING, END = body(), body("PREANSWER", 2), body("END", 3)


def test_told_once_and_in_order_is_clean():
    posts = [post(START), post(RING), post(END)]
    heard = [told(START, 11, 1), told(RING, 12, 2), told(END, 13, 3)]
    assert findings(posts, heard, [kept(START), kept(RING, number=2), kept(END, number=3)]) == set()


def test_an_acknowledged_event_that_is_nowhere_is_lost():
    assert findings([post(START)], []) == {"lost"}
    assert findings([post(START)], [], [kept(START)]) == {"lost"}, "the database says so, 1C does not"
    assert findings([post(START, acked=False)], []) == set()


def test_an_event_told_but_never_acknowledged_is_no_invention():
    assert findings([post(START, acked=False)], [told(START)]) == set()


@pytest.mark.parametrize(
    ("text", "row", "found"),
    [
        (START, {"state": "queued"}, {"undrained"}),
        (START, {"state": "expired"}, {"ended_wrongly"}),
        (START, {"state": "superseded"}, {"ended_wrongly"}),
        (START, {"state": "dead", "reason": "why"}, {"ended_wrongly"}),
        (RING, {"state": "expired"}, set()),
        (RING, {"state": "expired", "done_at": 14.0}, {"ended_wrongly"}),
        (RING, {"state": "superseded"}, {"ended_wrongly"}),
        (body(comment="poison"), {"state": "dead", "reason": "why"}, set()),
        (body(comment="poison"), {"state": "dead", "reason": ""}, {"ended_wrongly"}),
    ],
)
def test_what_was_not_told_needs_a_reason(text, row, found):
    assert findings([post(text)], [], [kept(text, **row)], poison="poison") == found


def test_a_popup_may_be_superseded_by_an_end_that_1c_knows():
    posts, rows = [post(RING), post(END)], [kept(RING, "superseded"), kept(END, number=2)]
    assert findings(posts, [told(END, number=2)], rows) == set()


def test_an_event_that_waited_and_was_overtaken_is_disordered():
    posts = [post(END, 9), post(START, 10)]
    assert findings(posts, [told(END, 20, 1), told(START, 21, 2)]) == {"disordered"}


def test_an_event_that_came_after_a_later_one_was_told_is_not():
    posts = [post(END, 10), post(START, 12)]
    assert findings(posts, [told(END, 11, 1), told(START, 13, 2)]) == set()


def test_an_event_accepted_while_a_later_one_is_under_way_is_not_disordered():
    posts = [post(END, 10), post(START, 18.5)]
    assert findings(posts, [told(END, 20, 1), told(START, 21, 2)]) == set()


def test_sent_after_the_other_was_acknowledged_and_told_before_it_is_disordered_at_once():
    posts = [post(START, 10), post(END, 10.2)]
    assert findings(posts, [told(END, 10.3, 2), told(START, 10.4, 1)]) == {"disordered"}


def test_a_replayed_dead_letter_is_not_disordered():
    posts = [post(START, 10), post(END, 11)]
    heard = [told(END, 20, 2), told(START, 21, 1)]
    assert findings(posts, heard, [kept(START, replayed=True), kept(END, number=2)]) == set()


def test_a_repetition_needs_a_fault_with_room_for_it():
    twice = [told(START, 11), told(START, 14)]
    near = Fault(kind="bridge killed", at=11.1, until=12, room=1)
    assert findings([post(START)], twice) == {"duplicates"}
    assert findings([post(START)], twice, faults=[near]) == set()
    assert findings([post(START)], [*twice, told(START, 14.2)], faults=[near]) == {"duplicates"}
    far = Fault(kind="bridge killed", at=30, until=31, room=9)
    assert findings([post(START)], twice, faults=[far]) == {"duplicates"}
    elsewhere = Fault(kind="1c killed", at=11.1, until=12, room=1, infobases=("branch",))
    assert findings([post(START)], twice, faults=[elsewhere]) == {"duplicates"}


def test_a_popup_later_than_its_life_and_one_call_is_stale():
    assert findings([post(RING)], [told(RING, 18)]) == set()
    assert findings([post(RING)], [told(RING, 19)]) == {"stale_popups"}
    frozen = Fault(kind="1c frozen", at=14, until=19, room=0)
    assert findings([post(RING)], [told(RING, 19)], faults=[frozen]) == set()


def test_what_nobody_sent_is_invented():
    assert findings([post(START)], [told(START), told(END, number=2)]) == {"invented"}
    assert findings([post(START)], [told(START)], [kept(START), kept(END, number=2)]) == {"invented"}


def test_one_changed_byte_is_corruption():
    posts = [post(body(client="Ёж "))]
    assert findings(posts, [told(body(client="Ёж"))]) == {"corrupted"}
    assert findings([post(START)], [told(START.replace(", ", ","))]) == {"corrupted"}


def test_one_event_has_one_number_and_one_number_one_event():
    room = Fault(kind="bridge killed", at=11, until=12, room=1)
    assert findings([post(START)], [told(START, 11, 1), told(START, 12, 2)], faults=[room]) == {"misnumbered"}
    assert findings([post(START), post(END)], [told(START, 11, 1), told(END, 12, 1)]) == {"misnumbered"}


def test_the_contract_of_popups_hears_rings_only():
    ring = Told(infobase="front", parameters={"NumFrom": "89000000001", "Key": "k"}, event_id="1", at=11)
    ledger = Ledger(listeners=[FRONT], posts=[post(START), post(RING)], told=[ring])
    assert ledger.report().clean
    stranger = Told(infobase="front", parameters={"NumFrom": "89000000002", "Key": "k"}, event_id="2", at=11)
    ledger = Ledger(listeners=[FRONT], posts=[post(START), post(RING)], told=[stranger])
    report = ledger.report()
    assert (len(report.lost), len(report.invented)) == (1, 1)


def test_a_report_is_text_and_json():
    report = Ledger(listeners=[BUH], posts=[post(START)]).report()
    assert json.loads(report.as_json())["clean"] is False
    assert "BROKEN" in str(report)
    assert "not in the database" in str(report)
