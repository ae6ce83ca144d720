"""The road «1C collects»: acknowledge, look, wait, look again."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bridge.core.calls import CallState, Subscriber
from bridge.core.delivery import Purpose
from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.ports import Collected, Letter, StoredEvent, Telling
from bridge.flows.collect import LIMIT, collect
from bridge.onec.mailbox import MailboxContract
from support.stand import old_ring, said

ANNA = Subscriber(name="Иванова Анна", key="k-anna-000000001", extension="101")
SECRET = "k-of-nobody-0001"


def letter(number: int) -> Letter:
    return Letter(id=number, stored=StoredEvent(id=number + 500, event=said(), received_at=0.0))


@dataclass
class Box:
    """A mailbox that holds letters for everybody; `skip` are the ids of letters for others."""

    ids: list[int] = field(default_factory=list)
    skip: set[int] = field(default_factory=set)
    cursor: int = 0
    looks: list[int] = field(default_factory=list)
    readers: list[Subscriber | None] = field(default_factory=list)
    scan: int = 1000  # ids read in one look

    def acknowledge(self, infobase: str, reader: Subscriber | None, *, after_id: int) -> int:
        assert infobase == "buh"
        self.readers.append(reader)
        if after_id and after_id <= max(self.ids, default=0):
            self.cursor = after_id
        return self.cursor

    def letters(self, infobase: str, reader: Subscriber | None, *, after_id: int, limit: int) -> Collected:
        self.looks.append(after_id)
        ahead = [one for one in self.ids if one > after_id]
        seen = ahead[: self.scan]
        mine = [one for one in seen if one not in self.skip][:limit]
        last = mine[-1] if len(mine) == limit else max(seen, default=after_id)
        return Collected(
            letters=[letter(one) for one in mine], last_id=last, more=last < max(ahead, default=0)
        )


@dataclass
class Patience:
    """Waits as a script tells: each step is done while «waiting»; then the time is over."""

    steps: list[Callable[[], object]] = field(default_factory=list)
    waited: int = 0

    def __call__(self) -> bool:
        self.waited += 1
        if not self.steps:
            return False
        self.steps.pop(0)()
        return True


def poll(box: Box, wait: Patience, after_id: int = 0, handle: str = "", limit: int = LIMIT) -> Collected:
    return collect(handle, after_id, infobase="buh", find=find, mailbox=box, wait=wait, limit=limit)


def find(handle: str) -> Subscriber | None:
    return ANNA if ANNA.answers_to(handle) else None


def ids(collected: Collected) -> list[int]:
    return [one.id for one in collected.letters]


# --- the flow -----------------------------------------------------------------------------------
def test_what_is_there_is_given_without_waiting() -> None:
    wait = Patience()
    found = poll(Box(ids=[1, 2, 3]), wait)
    assert (ids(found), found.last_id, found.more, wait.waited) == ([1, 2, 3], 3, False, 0)


def test_the_id_that_is_passed_acknowledges_and_is_read_on_from() -> None:
    box = Box(ids=[1, 2, 3])
    assert ids(poll(box, Patience(), after_id=2)) == [3]
    assert box.cursor == 2


def test_an_unknown_or_absurd_id_is_answered_from_the_cursor() -> None:
    box = Box(ids=[1, 2, 3], cursor=1)
    assert ids(poll(box, Patience())) == [2, 3]
    assert ids(poll(box, Patience(), after_id=99)) == [2, 3]
    assert box.cursor == 1


def test_an_empty_mailbox_is_looked_into_again_after_each_wait() -> None:
    box = Box()
    wait = Patience([lambda: None, lambda: box.ids.append(1)])
    found = poll(box, wait)
    assert (ids(found), found.last_id, wait.waited, len(box.looks)) == ([1], 1, 2, 3)


def test_when_the_time_is_over_the_answer_is_empty_and_keeps_the_place() -> None:
    found = poll(Box(ids=[1, 2], cursor=2), Patience([lambda: None]))
    assert (ids(found), found.last_id, found.more) == ([], 2, False)


def test_letters_for_others_move_the_place_and_are_not_read_twice() -> None:
    box = Box(ids=[1, 2], skip={1, 2, 3})
    wait = Patience([lambda: box.ids.append(3), lambda: box.ids.append(4)])
    found = poll(box, wait)
    assert (ids(found), found.last_id) == ([4], 4)
    assert box.looks == [0, 2, 3]
    assert box.cursor == 0, "only the next call acknowledges"


def test_a_look_that_ended_among_letters_for_others_goes_on_without_waiting() -> None:
    wait = Patience()
    found = poll(Box(ids=[1, 2, 3, 4, 5], skip={1, 2, 3, 4}, scan=2), wait)
    assert (ids(found), found.last_id, wait.waited) == ([5], 5, 0)


def test_more_than_fits_is_given_in_parts() -> None:
    box = Box(ids=[1, 2, 3, 4, 5])
    parts, after = [], 0
    while not parts or parts[-1].more:
        parts.append(poll(box, Patience(), after_id=after, limit=2))
        after = parts[-1].last_id
    assert [ids(part) for part in parts] == [[1, 2], [3, 4], [5]]


@pytest.mark.parametrize("handle", [ANNA.key, "101", " 101 ", "иванова анна"])
def test_a_subscriber_is_meant_by_key_extension_or_name(handle: str) -> None:
    box = Box()
    poll(box, Patience(), handle=handle)
    assert box.readers == [ANNA]


@pytest.mark.parametrize("handle", ["", "  "])
def test_an_empty_key_means_all(handle: str) -> None:
    box = Box()
    poll(box, Patience(), handle=handle)
    assert box.readers == [None]


def test_a_stranger_reads_nothing_and_is_told_what_to_check_without_his_key() -> None:
    box = Box(ids=[1])
    with pytest.raises(UnknownRecord) as refused:
        poll(box, Patience(), handle=SECRET)
    assert "проверьте ключ, внутренний номер или имя" in str(refused.value)
    assert SECRET not in str(refused.value)
    assert (box.readers, box.looks) == ([], [])


def test_nothing_is_given_when_the_acknowledgement_could_not_be_written() -> None:
    class Full(Box):
        def acknowledge(self, infobase: str, reader: Subscriber | None, *, after_id: int) -> int:
            raise StoreUnavailable("диск полон")

    box = Full(ids=[1])
    with pytest.raises(StoreUnavailable):
        poll(box, Patience(), after_id=1)
    assert box.looks == []


# --- what is laid into the mailbox --------------------------------------------------------------
@pytest.mark.parametrize(
    ("event", "purpose"),
    [
        (said(state=CallState.PREANSWER), Purpose.POPUP),
        (old_ring(), Purpose.POPUP),
        (said(state=CallState.PREANSWER, from_number="101", to_number="102"), Purpose.JOURNAL),
        (said(state=CallState.PREANSWER, from_number="CallAPI"), Purpose.JOURNAL),
        *((said(state=state), Purpose.JOURNAL) for state in CallState if state is not CallState.PREANSWER),
    ],
)
def test_every_event_is_told_and_only_a_card_goes_stale(event, purpose) -> None:
    assert MailboxContract().tell_about(event) == Telling(operation="PollEvents", purpose=purpose)
