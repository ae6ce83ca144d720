"""Who is calling, over real sockets: 1C slow, off, poisonous, and two of them."""

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.onec.saying import read_card
from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_data import MANUAL_CLIENT, Client
from bridge.wiring import assemble
from support.world import HOOK_SECRET, World, eventually, settings, world

KNOWN = MANUAL_CLIENT.number
STRANGER = "89990001122"
SOON_S = 0.5  # "at once", on a busy machine
DEADLINE_S = 0.8
MANUAL = """<?xml version="1.0"?>
<data>
    <title>Фэйковый чиж</title>
    <category>0</category>
    <manager>
        <phone>244</phone>
    </manager>
</data>
"""


def ask(url: str, number: str = KNOWN, **headers: str) -> requests.Response:
    address = f"{url}/caller/main/{HOOK_SECRET}"
    return requests.get(address, params={"number": number}, headers=headers, timeout=10)


def timed(url: str, number: str = KNOWN) -> tuple[str, float]:
    began = time.monotonic()
    answer = ask(url, number)
    took_s = time.monotonic() - began
    assert answer.status_code == 200
    return read_card(answer.text).title, took_s


def questions(onec: FakeOnec) -> list[Mapping[str, str]]:
    return [one.parameters for one in onec.received if one.operation.startswith("SayName")]


def figure(here: World, source: str) -> float:
    metrics = requests.get(f"{here.url}/metrics", timeout=10).text
    line = f'bridge_caller_names_total{{exchange="main",source="{source}"}} '
    return next((float(one.removeprefix(line)) for one in metrics.splitlines() if one.startswith(line)), 0.0)


@pytest.mark.parametrize("contract", ["vats", "vatscalls"])
def test_the_card_of_the_manual_goes_through_byte_for_byte(tmp_path: Path, contract: str) -> None:
    published = {"vats": "VATS", "vatscalls": "VATScalls"}[contract]

    def infobases(url: str) -> Mapping[str, Any]:
        return {"buh": {"exchange": "main", "contract": contract, "url": f"{url}/ws/{published}"}}

    with world(tmp_path, infobases=infobases) as here:
        for spelling in (KNOWN, "+79235292926", "79235292926"):
            assert ask(here.url, spelling).text == MANUAL
        assert questions(here.onec) == [{"Number": KNOWN}], "digits only, once"
        assert ask(here.url, Accept="application/json").json() == {
            "title": "Фэйковый чиж",
            "category": "",
            "manager": {"phone": "244"},
        }
        assert ask(here.url, "anonymous").status_code == 200
        assert (figure(here, "asked"), figure(here, "fresh"), figure(here, "hidden")) == (1, 3, 1)
        assert requests.get(f"{here.url}/caller/main/wrong?number=1", timeout=5).status_code == 404


def test_a_1c_of_five_seconds_is_no_reason_to_wait(tmp_path: Path) -> None:
    with world(tmp_path, timeout_s=8) as here:
        assert timed(here.url)[0] == "Фэйковый чиж"
        here.onec.set_mode("slow", seconds=5)
        title, took_s = timed(here.url)
        assert (title, took_s < SOON_S) == ("Фэйковый чиж", True)
        title, took_s = timed(here.url, "89235292927")
        assert (title, took_s < DEADLINE_S + SOON_S) == ("", True)
        assert (figure(here, "fresh"), figure(here, "timeout")) == (1, 1)
        assert eventually(lambda: timed(here.url, "89235292927") and figure(here, "unknown"), within_s=10), (
            "what 1C says late is known the next time"
        )


def test_with_1c_off_and_after_a_restart_known_callers_are_named(tmp_path: Path) -> None:
    with world(tmp_path, exchange={"caller_fresh_s": 0.1}) as here:
        assert timed(here.url)[0] == "Фэйковый чиж"
        here.onec_server.stop()
        time.sleep(0.2)
        assert timed(here.url)[0] == "Фэйковый чиж"
        assert figure(here, "stale") == 1
        database = here.database
    made = settings(tmp_path, "http://127.0.0.1:9", "http://127.0.0.1:9")
    assert Path(made.server.database) == database
    bridge = assemble(made)
    running = threading.Thread(target=bridge.run)
    running.start()
    try:
        title, took_s = timed(f"http://127.0.0.1:{bridge.port}")
        assert (title, took_s < SOON_S) == ("Фэйковый чиж", True)
        assert timed(f"http://127.0.0.1:{bridge.port}", STRANGER)[0] == ""
    finally:
        bridge.drain()
        running.join()


def test_a_hundred_questions_to_a_hung_1c_stop_nothing_else(tmp_path: Path) -> None:
    with world(tmp_path) as here, ThreadPoolExecutor(100) as crowd:
        assert timed(here.url)[0] == "Фэйковый чиж"
        here.onec.set_mode("hang")
        asking = [crowd.submit(timed, here.url, f"8916{number:07}") for number in range(100)]
        others = 0
        while not all(one.done() for one in asking):
            began = time.monotonic()
            assert requests.get(f"{here.url}/healthz", timeout=5).status_code == 200
            hook = requests.get(here.hook, params={"key": "gW3cyUJAtl50PhF", "number": KNOWN}, timeout=5)
            assert hook.status_code == 200
            assert timed(here.url)[0] == "Фэйковый чиж"
            assert time.monotonic() - began < DEADLINE_S + SOON_S
            others += 1
        assert others
        assert {one.result()[0] for one in asking} == {""}
        assert max(one.result()[1] for one in asking) < DEADLINE_S + 2.0, "a hundred on two cores"
        assert figure(here, "busy") > 50
        here.onec.set_mode("ok")


def test_of_two_infobases_the_first_that_knows_is_believed(tmp_path: Path) -> None:
    buh = FakeOnec([Client(name="Из бухгалтерии", number=KNOWN)])
    crm = FakeOnec([Client(name="Из CRM", number=KNOWN), Client(name="Только в CRM", number="89160000001")])
    with Loopback(buh) as first, Loopback(crm) as second:

        def infobases(_: str) -> Mapping[str, Any]:
            one = {"exchange": "main", "contract": "vatscalls", "timeout_s": 3, "probe_s": 0.2}
            return {
                "crm": {**one, "url": f"{second.url}/ws/VATScalls"},
                "buh": {**one, "url": f"{first.url}/ws/VATScalls"},
            }

        with world(tmp_path, infobases=infobases, exchange={"caller_order": ["buh", "crm"]}) as here:
            assert timed(here.url)[0] == "Из бухгалтерии"
            assert timed(here.url, "89160000001")[0] == "Только в CRM"
            buh.set_mode("slow", seconds=2)
            crm_only = timed(here.url, "89160000002")
            assert (crm_only[0], crm_only[1] < DEADLINE_S + SOON_S) == ("", True)
        assert len(questions(buh)) == len(questions(crm)) == 3


@pytest.mark.parametrize("name", ['ООО "Рога & Копыта"', "А < Б", "ИП <Иванов>"])
def test_a_name_that_breaks_1cs_xml_reaches_the_telephone_whole(tmp_path: Path, name: str) -> None:
    onec = FakeOnec([Client(name=name, number=KNOWN, manager_phone="246")])
    with Loopback(onec) as poisoned, world(tmp_path, url=f"{poisoned.url}/ws/VATScalls") as here:
        answer = ask(here.url)
        card = read_card(answer.text)
        assert (card.title, card.manager) == (name, "246")
        assert ask(here.url, Accept="application/json").json()["title"] == name


@pytest.mark.parametrize(
    "mode",
    [
        "locked",
        "no_licence",
        "html",
        "unauthorized",
        "fault",
        "fault_200",
        "html_200",
        "empty_200",
        "no_return",
        "garbage",
        "half",
    ],
)
def test_a_1c_that_fails_unsays_no_name(tmp_path: Path, mode: str) -> None:
    with world(tmp_path, exchange={"caller_fresh_s": 0.05}) as here:
        assert timed(here.url)[0] == "Фэйковый чиж"
        here.onec.set_mode(mode)
        for _ in range(4):
            time.sleep(0.1)
            assert timed(here.url)[0] == "Фэйковый чиж"
        assert timed(here.url, STRANGER)[0] == ""


def test_the_log_names_nobody(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with world(tmp_path) as here:
        ask(here.url)
        ask(here.url, STRANGER)
        here.onec_server.stop()
        for number in range(5):
            ask(here.url, f"8916000000{number}")
    said = "".join(capfd.readouterr())
    assert "caller_named" in said
    for secret in ("чиж", KNOWN, KNOWN[1:], STRANGER[1:], HOOK_SECRET, "9160000001"):
        assert secret not in said


def test_who_calls_often_is_asked_about_before_they_call_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.wiring.callers.PREFETCH_EVERY_S", 0.1)
    monkeypatch.setattr("bridge.callerid.keeping.WRITE_EVERY_S", 0.05)
    with world(tmp_path, exchange={"caller_fresh_s": 0.5}) as here:
        for _ in range(3):
            ask(here.url)
        asked = len(questions(here.onec))
        assert eventually(lambda: len(questions(here.onec)) > asked + 2), "nobody else asks"
