"""All roads that wait for an exchange together leave threads for its hooks."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bridge.web.signing import RecordLinks
from support.rawserver import RawServer
from support.world import ANNA, eventually, world

SECRET = "a-secret-of-links-for-tests-000000001"
ENVELOPE = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    '<{what} xmlns="http://vpbx-bridge.ru/telephony/1">{parameters}</{what}></e:Body></e:Envelope>'
)


def envelope(what: str, **parameters: str) -> bytes:
    said = "".join(f"<{name}>{value}</{name}>" for name, value in parameters.items())
    return ENVELOPE.format(what=what, parameters=said).encode()


def test_listeners_journals_and_clicks_at_a_dead_exchange_leave_threads_for_the_hooks(
    tmp_path: Path,
) -> None:
    with (
        RawServer(silent=True) as dead,
        world(
            tmp_path,
            server={"link_secret": SECRET},
            exchange={
                "base_url": dead.url,
                "journal_url": dead.url,
                "journal_token": "account-TOKEN-of-tests-777",
                "timeout_s": 6,
            },
        ) as here,
        ThreadPoolExecutor(12) as people,
    ):
        link = RecordLinks(SECRET, here.url, 1000).link("buh", "main", "c1")
        for _ in range(3):
            people.submit(requests.get, link, timeout=30)
            people.submit(here.post, envelope("GetCallJournal", Key="", Date="2026-11-20"))
        assert eventually(lambda: len(dead.requests) >= 1)
        for number in range(4):
            people.submit(here.post, envelope("MakeCall", Key=ANNA.key, Number=f"892352929{number:02}"))
        for number in range(5):
            told = requests.get(here.hook, {"key": ANNA.key, "number": f"891600000{number:02}"}, timeout=2)
            assert told.status_code == 200
