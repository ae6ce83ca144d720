"""The Полигон on a stage: everything is real but the exchange and the 1C, and everything is shown."""

from collections.abc import Iterator

import pytest

from bridge.core.delivery import DeliveryState
from bridge.demo.sandbox import StageSandbox
from bridge.demo.stage import Script, Stage, staged
from bridge.sim.scenarios import SCENARIOS
from bridge.store.archive import Archive
from support.world import eventually


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(Script(data=tmp_path_factory.mktemp("sandbox"))) as made:
        yield made


@pytest.fixture(scope="module")
def sandbox(stage: Stage) -> StageSandbox:
    return StageSandbox(stage)


def titles(played: object) -> list[str]:
    return list(dict.fromkeys(one.title for one in played.steps))


@pytest.mark.parametrize(("russian", "word"), [(False, "m:MakeCall"), (True, "m:Позвонить")])
def test_a_click_is_shown_from_1c_to_the_exchange_and_back(
    stage: Stage, sandbox: StageSandbox, *, russian: bool, word: str
) -> None:
    number = f"892352900{'01' if russian else '02'}"
    played = sandbox.dial("101", number, russian=russian)
    assert titles(played) == [
        "1С просит мост позвонить",
        "Мост просит ВАТС набрать",
        "Мост сообщает 1С",
        "То же из 1С",
        "То же из командной строки",
    ]
    asked, dialled = played.steps[:2]
    assert word in asked.sent
    assert "SUCCESS" in asked.answered
    assert f"outboundNumber={number}" in dialled.sent
    assert dialled.answered.startswith("200 OK")
    assert stage.password not in "".join(one.sent + one.answered for one in played.steps)


def test_markup_in_a_number_is_sent_as_text_and_refused_in_words(sandbox: StageSandbox) -> None:
    played = sandbox.dial("101", "</m:Number>", russian=False)
    assert "&lt;/m:Number&gt;" in played.steps[0].sent
    assert "FAIL" in played.steps[0].answered
    assert "Мост просит ВАТС набрать" not in titles(played)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_scenario_is_sent_and_taken(sandbox: StageSandbox, scenario: str) -> None:
    played = sandbox.ring(scenario, "89160000001", "101")
    told = [one for one in played.steps if one.title == "ВАТС сообщает мосту о событии"]
    assert told
    assert {one.answered for one in told} == {"200 ok"}
    assert "Мост сообщает 1С" in titles(played)


def test_while_1c_is_off_events_wait_and_come_when_it_is_on(stage: Stage, sandbox: StageSandbox) -> None:
    sandbox.switch_onec(away=True)
    sandbox.switch_onec(away=True)
    assert sandbox.onec_away
    played = sandbox.ring("answered", "89160000002", "101")
    assert "Мост сообщает 1С" not in titles(played)
    waiting = Archive(stage.database)
    assert waiting.depths()
    came = sandbox.switch_onec(away=False)
    assert set(titles(came)) == {"Мост сообщает 1С"}  # what waited is shown when it comes
    assert sandbox.switch_onec(away=False).steps == []
    assert eventually(lambda: not waiting.depths(), within_s=15)
    assert (("demo-vatscalls", DeliveryState.DELIVERED)) in waiting.counts()
