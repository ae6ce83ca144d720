"""Every way 1C answers badly (facts of 1C and of its web servers): afterwards each event came once, in order.

One bridge tells all these infobases at once, so a bad one may also not disturb a good one. What each
answer means is proved in tests/unit/test_onec_faults.py and tests/integration/test_onec_transport.py.
"""

import functools
import gzip
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from html import unescape

import pytest

from bridge.core.breaker import BreakerPolicy
from bridge.core.delivery import DeliveryState
from bridge.store.archive import Archive
from bridge.wiring import partners
from support.hooks import STATES, call_events, post_all
from support.onecserver import WIRE, OnecServer, http, recorded
from support.world import eventually, world

GOOD = recorded("event-one")
XML = "Content-Type: text/xml; charset=utf-8"
# What takes an event, or would take a call of another contract; every other recorded answer is a failure.
ACCEPTANCES = frozenset(
    {
        *("answer-bom", "answer-cdata", "answer-cp1251", "answer-false", "answer-utf16", "answer-zero"),
        *("event-one", "html-media", "incoming-call", "no-media", "other-prefixes", "pretty-printed"),
        "with-session",
    }
)
FAILURES: dict[str, tuple[bytes | None, ...]] = {
    path.stem: (path.read_bytes(),) for path in sorted(WIRE.glob("*.http")) if path.stem not in ACCEPTANCES
}
MADE_HERE: dict[str, tuple[bytes | None, ...]] = {
    "silence": (None,),
    "reset": (b"",),
    "half-a-head": (b"HTTP/1.1 200 OK\r\nContent-Le",),
    "half-an-envelope": (GOOD[:-40],),
    "gzip-bomb": (http(200, gzip.compress(b"\0" * 50_000_000), XML, "Content-Encoding: gzip"),),
    "endless": (http(200, b" " * 5_000_000, XML),),
    "twenty-megabytes-of-text": (http(200, b"<a>" + b"x" * 20_000_000 + b"</a>", XML),),
    "not-http": (b"SSH-2.0-OpenSSH_9.6\r\n",),
    "a-newline-before-the-declaration-of-a-page": (http(500, b"\n<?xml version='1.0'?><html/>", XML),),
    "one-after-another": tuple(
        recorded(name) for name in ("error-page-500", "locked-403", "fault-handler", "empty-202", "busy-503")
    ),
}
TABLE = {**FAILURES, **MADE_HERE}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, list[dict[str, object]]]]:
    """Infobase -> what it was told, after every one has had its bad answers and all have taken the call."""
    with ExitStack() as running:
        patched = running.enter_context(pytest.MonkeyPatch.context())
        # a wrong login is tried again after a quarter of an hour: here sooner
        hasty = functools.partial(BreakerPolicy, credentials_probe_s=0.3)
        patched.setattr(partners, "BreakerPolicy", hasty)
        servers = {name: running.enter_context(OnecServer(*answers, GOOD)) for name, answers in TABLE.items()}
        bases = {
            _infobase(name): {
                "exchange": "main",
                "contract": "vatscalls",
                "url": server.url,
                "probe_s": 0.2,
                "timeout_s": 2,
                "reuse_session": False,
            }
            for name, server in servers.items()
        }
        here = running.enter_context(world(tmp_path_factory.mktemp("answers"), infobases=lambda _: bases))
        assert set(post_all(here.hook, call_events("call-1"))) == {200}
        eventually(lambda: not _waiting(here.archive()), within_s=40)
        yield {
            name: [_data(request.body) for request in server.requests] for name, server in servers.items()
        } | {"": [{"waiting": _waiting(here.archive())}]}


def _infobase(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "-", name)[:30]


def _waiting(archive: Archive) -> list[str]:
    rows = archive.deliveries(limit=10_000)
    return sorted({row.infobase for row, _ in rows if row.state is not DeliveryState.DELIVERED})


def _data(body: bytes) -> dict[str, object]:
    found = re.search(rb"<Data>(.*)</Data>", body, re.DOTALL)
    assert found, body
    return json.loads(unescape(found[1].decode()))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", TABLE)
def test_after_the_bad_answers_everything_arrives_once_and_in_order(told, name):
    bad = len(TABLE[name])
    assert told[""] == [{"waiting": []}]
    assert [one["state"] for one in told[name]] == ["START"] * bad + list(STATES)
    assert len({one["bridgeEventId"] for one in told[name]}) == len(STATES)
