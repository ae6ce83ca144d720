"""Slow dials leave room for everybody else."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bridge.core.dialing import CallCode
from support.world import ANNA, eventually, world

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
