"""Slow dials leave room for everybody else."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bridge.core.dialing import CallCode
from bridge.sim.exchange import FakeExchange
from bridge.sim.loopback import Loopback
from bridge.web.auth import token_hash
from support.world import ANNA, LOGIN, PASSWORD, UNLIMITED, eventually, world

ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<MakeCall xmlns="http://vpbx-bridge.ru/telephony/1"><Key>{key}</Key><Number>{number}</Number></MakeCall>'
    "</e:Body></e:Envelope>"
)


def test_clicks_at_a_hanging_exchange_leave_threads_for_the_hooks(tmp_path: Path) -> None:
    with world(tmp_path, exchange={"timeout_s": 4}) as here, ThreadPoolExecutor(8) as people:
        here.exchange.options = dataclasses.replace(
            here.exchange.options, delay_s=3.0, hooks_after_dial=False
        )
        clicks = [
            people.submit(here.post, ENVELOPE.format(key=ANNA.key, number=f"892352929{n:02}").encode())
            for n in range(4)  # half of the eight threads of a test world
        ]
        assert eventually(lambda: len(here.exchange.dials) == 4)
        one_more = here.post(ENVELOPE.format(key=ANNA.key, number="89235292999").encode())
        assert f">{CallCode.BUSY}<" in one_more.text
        told = requests.get(here.hook, {"key": ANNA.key, "number": "89160000001"}, timeout=2)
        assert told.status_code == 200
        assert not any(click.done() for click in clicks)
        assert ["SUCCESS" in click.result().text for click in clicks] == [True] * 4
        assert len(here.exchange.dials) == 4


def test_one_number_clicked_again_and_again_leaves_seats_for_other_infobases(tmp_path: Path) -> None:
    quick = FakeExchange((ANNA,))
    quick.options = dataclasses.replace(quick.options, hooks_after_dial=False)
    with Loopback(quick) as elsewhere, ThreadPoolExecutor(16) as people:
        key = {"name": ANNA.name, "key": ANNA.key, "extension": ANNA.extension}
        second = {
            "base_url": elsewhere.url,
            "hook_secret": "another-hook-secret-of-tests",
            "subscribers": [key],
        }
        bases = {
            LOGIN: {
                "exchange": "main",
                "token_hashes": [token_hash(PASSWORD)],
                "dial": {**UNLIMITED, "at_once": 1},
            },
            "sklad": {"exchange": "second", "token_hashes": [token_hash(f"{PASSWORD}-2")]},
        }
        with world(
            tmp_path,
            infobases=lambda _: bases,
            exchanges={"second": second},
            server={"threads": 16},
            exchange={"timeout_s": 6},
        ) as here:
            here.exchange.options = dataclasses.replace(
                here.exchange.options, delay_s=5.0, hooks_after_dial=False
            )

            def click(login: str, password: str, number: str) -> int:
                answer = requests.get(
                    f"{here.url}/api/call/CallToSubscriber",
                    params={"key": ANNA.key, "outboundNumber": number},
                    auth=(login, password),
                    timeout=20,
                )
                return int(answer.json()["code"])

            first = people.submit(click, LOGIN, PASSWORD, "89235292926")
            assert eventually(lambda: len(here.exchange.dials) == 1)
            again = [people.submit(click, LOGIN, PASSWORD, "89235292926") for _ in range(10)]
            assert eventually(lambda: sum(one.done() for one in again) == 6), "no seat, no wait"
            told = {one.result() for one in again if one.done()}
            assert told <= {CallCode.IN_PROGRESS, CallCode.BUSY}
            assert click("sklad", f"{PASSWORD}-2", "89235292927") == CallCode.DONE
            assert not first.done()
            assert [first.result(), *(one.result() for one in again)].count(CallCode.DONE) == 5
        assert (len(here.exchange.dials), len(quick.dials)) == (1, 1)
