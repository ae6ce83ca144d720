"""Each of two replicas behind a proxy is restarted under load, and nobody outside notices."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from support.ports import free_port
from support.postgres import drop_database, fresh_database
from support.proxy import Proxy
from support.rawserver import RawServer
from support.replica import Replica
from support.rolling import keeping, roll, site, verdicts
from support.world import eventually

READY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nready"
DRAINING = b"HTTP/1.1 503 Unavailable\r\nContent-Length: 8\r\nConnection: close\r\n\r\ndraining"


@pytest.fixture
def database() -> Iterator[str]:
    address = fresh_database()
    yield address
    drop_database(address)


@pytest.mark.skipif(sys.platform == "win32", reason="there, a stop is not a signal")
def test_restarting_each_replica_in_turn_fails_nothing_and_loses_nothing(
    tmp_path: Path, database: str
) -> None:
    with site(tmp_path, database, proxy=keeping) as here:
        result = roll(here, webhooks=60, dials=15, seconds=12)
        assert len(result.restarts) == 2
        found = verdicts(here, result)
        assert result.failures == []
        assert {name: count for name, count in found.items() if count} == {}


@pytest.mark.skipif(sys.platform == "win32", reason="there, a stop is not a signal")
def test_a_restart_that_lets_nobody_finish_is_noticed(tmp_path: Path, database: str) -> None:
    with site(tmp_path, database, exchange_delay_s=0.5) as here:
        result = roll(here, webhooks=10, dials=15, seconds=4, restart=killed)
        found = verdicts(here, result, within_s=0)
        assert found["failed requests"] > 0
        assert (found["numbers dialled twice"], found["calls out of order"]) == (0, 0)


def killed(replica: Replica) -> None:
    replica.signal(signal.SIGKILL)
    replica.wait()
    replica.start()


# --- the proxy itself is honest --------------------------------------------------------------------
def port(server: RawServer) -> int:
    return int(server.url.rpartition(":")[2])


def posts(server: RawServer) -> int:
    return sum(request.startswith(b"POST") for request in server.requests)


def test_the_proxy_asks_another_when_it_could_not_connect() -> None:
    with RawServer(READY) as there, Proxy([free_port(), port(there)], check_every_s=60) as proxy:
        proxy.upstreams[0].ready = True  # it has not noticed yet
        answers = [requests.post(proxy.url, data=b"x", timeout=10).status_code for _ in range(3)]
        assert answers == [200] * 3
        assert posts(there) == 3


def test_the_proxy_asks_nobody_else_when_an_answer_did_not_come() -> None:
    with (
        RawServer() as dumb,
        RawServer(READY) as other,
        Proxy([port(dumb), port(other)], check_every_s=60) as proxy,
    ):
        for upstream, ready in zip(proxy.upstreams, (True, False), strict=True):
            upstream.ready = ready
        assert requests.post(proxy.url, data=b"x", timeout=10).status_code == 502
        assert (posts(dumb), posts(other)) == (1, 0)


def test_the_proxy_sends_nothing_to_who_is_not_ready() -> None:
    with (
        RawServer(DRAINING) as ending,
        RawServer(READY) as other,
        Proxy([port(ending), port(other)]) as proxy,
    ):
        assert eventually(lambda: [one.ready for one in proxy.upstreams] == [False, True])
        answers = {requests.post(proxy.url, data=b"x", timeout=10).status_code for _ in range(5)}
        assert answers == {200}
        assert (posts(ending), posts(other)) == (0, 5)


def test_the_proxy_says_so_when_there_is_nobody() -> None:
    with Proxy([free_port()]) as proxy:
        assert requests.post(proxy.url, data=b"x", timeout=10).status_code == 503
