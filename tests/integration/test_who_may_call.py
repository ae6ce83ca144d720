"""Who may call as the exchange: by which secret, from which network, and how often they may guess wrong."""

import base64
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from structlog.testing import capture_logs

from bridge.store.archive import Archive
from bridge.store.passages import Passage, Way
from bridge.web.auth import token_hash
from bridge.web.throttle import TRIES, WAIT
from support.postgres import drop_database, fresh_database
from support.world import HOOK_SECRET, World, eventually, world

OLD_SECRET = "an-older-secret-of-tests-0000"
WRONG = "a-hook-secret-of-tests-0002"
NETWORKS = ["91.199.46.0/24", "2001:db8:7::/48"]
INSIDE, OUTSIDE, ELSEWHERE = "91.199.46.7", "203.0.113.9", "198.51.100.7"
PROXY = {"trusted_proxy": "127.0.0.1"}
RING = (
    '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    '<m:IncomingCall xmlns:m="http://VATS"><m:NumFrom>89160000001</m:NumFrom><m:Key>{key}</m:Key>'
    "</m:IncomingCall></soap:Body></soap:Envelope>"
)
ENTRANCES = ("hooks", "caller", "VATS", "VATScalls")
REFUSED = {"hooks": 404, "caller": 404, "VATS": 401, "VATScalls": 401}


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield str(tmp_path / "bridge.db")
        return
    address = fresh_database()
    yield address
    drop_database(address)


def knock(
    here: World, entrance: str, *, secret: str = HOOK_SECRET, peer: str = "", name: str = "main"
) -> requests.Response:
    """Call as the exchange; `peer` is what the proxy says."""
    told = {"X-Forwarded-For": peer} if peer else {}
    if entrance == "hooks":
        url = f"{here.url}/hooks/{name}/{secret}"
        return requests.get(url, {"key": "k", "number": "1"}, headers=told, timeout=10)
    if entrance == "caller":
        return requests.get(
            f"{here.url}/caller/{name}/{secret}", {"number": "89160000001"}, headers=told, timeout=10
        )
    login = base64.b64encode(f"{name}:{secret}".encode()).decode()
    body = RING.format(key="k")
    if entrance == "VATScalls":
        body = body.replace("http://VATS", "http://VATSCalls").replace("IncomingCall", "SayName")
        body = body.replace("<m:NumFrom>89160000001</m:NumFrom><m:Key>k</m:Key>", "<m:Number>1</m:Number>")
    return requests.post(
        f"{here.url}/ws/{entrance}",
        data=body.encode(),
        headers={"Content-Type": "text/xml", "Authorization": f"Basic {login}", **told},
        timeout=10,
    )


def seen(answer: requests.Response) -> tuple[int, bytes, Mapping[str, str]]:
    """All that a client gets of an answer, but for the clock."""
    return answer.status_code, answer.content, {k: v for k, v in answer.headers.items() if k != "Date"}


def figure(here: World, name: str) -> float | None:
    metrics = requests.get(f"{here.url}/metrics", timeout=10).text
    found = [line for line in metrics.splitlines() if line.startswith(f"{name} ")]
    return float(found[0].rpartition(" ")[2]) if found else None


def passages(database: str, way: Way) -> list[Passage]:
    return [one for one in Archive(database).passages() if one.way is way]


# --- two secrets ----------------------------------------------------------------------------------
def test_while_the_secret_is_changed_both_are_right_and_the_old_one_leaves_a_trace(
    tmp_path: Path, database: str
) -> None:
    changes: dict[str, Any] = {"exchange": {"old_hook_secret": OLD_SECRET}, "server": {"database": database}}
    with world(tmp_path, **changes) as here:
        for entrance in ENTRANCES:
            assert knock(here, entrance).status_code == 200, entrance
        assert eventually(lambda: passages(database, Way.CURRENT))
        assert figure(here, 'bridge_old_hook_secret_seconds{exchange="main"}') is None
        with capture_logs() as lines:
            for entrance in ENTRANCES:
                assert knock(here, entrance, secret=OLD_SECRET).status_code == 200, entrance
                assert knock(here, entrance, secret=WRONG).status_code == REFUSED[entrance]
        assert [one["exchange"] for one in lines if one["event"] == "hook_old_secret"] == ["main"], "once"
        (old,) = eventually(lambda: passages(database, Way.OLD))
        assert (old.exchange, old.peer, old.is_of(token_hash(OLD_SECRET))) == ("main", "127.0.0.1", True)
        assert not old.is_of(token_hash(HOOK_SECRET))
        assert 0 <= old.at - time.time() + 60 <= 120
        since = figure(here, 'bridge_old_hook_secret_seconds{exchange="main"}')
        assert since is not None
        assert 0 <= since < 60


def test_with_one_secret_only_the_place_is_noted_and_seldom(tmp_path: Path) -> None:
    with world(tmp_path, server=PROXY) as here:
        for peer in (INSIDE, OUTSIDE, ELSEWHERE):
            assert knock(here, "hooks", peer=peer).status_code == 200
            assert knock(here, "hooks", peer=peer, secret=OLD_SECRET).status_code == 404
        assert eventually(lambda: passages(str(here.database), Way.CURRENT))
    assert [(one.way, one.peer) for one in Archive(here.database).passages()] == [(Way.CURRENT, INSIDE)]


@pytest.mark.parametrize("secret", ["", "/", "%00", "x" * 3000, "%D0%BF%D0%B0%D1%80%D0%BE%D0%BB%D1%8C"])
def test_no_secret_is_none_even_where_there_is_no_old_one(tmp_path: Path, secret: str) -> None:
    with world(tmp_path) as here:
        for entrance in ("hooks", "caller"):
            for name in ("main", "nobody", ""):
                assert knock(here, entrance, secret=secret, name=name).status_code == 404


# --- networks ---------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def fenced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("fenced")
    with world(folder, server=PROXY, exchange={"networks": NETWORKS}) as here:
        yield here


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize(
    ("peer", "let_in"),
    [
        (INSIDE, True),
        ("91.199.46.255", True),
        (f"{INSIDE}:50123", True),
        ("2001:db8:7::15", True),
        ("[2001:db8:7::15]:443", True),
        (f"::ffff:{INSIDE}", True),
        (f"{OUTSIDE}, {INSIDE}", True),
        (f"{INSIDE}, {OUTSIDE}", False),
        ("91.199.47.7", False),
        ("2001:db8:8::15", False),
        ("127.0.0.1", False),
        ("", False),
        ("unknown", False),
        ("0", False),
    ],
)
def test_an_exchange_calls_from_its_networks_only(
    fenced: World, entrance: str, peer: str, *, let_in: bool
) -> None:
    """The proxy is believed about its own client, the last of the list, and about nobody before."""
    assert knock(fenced, entrance, peer=peer).status_code == (200 if let_in else REFUSED[entrance])


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_from_elsewhere_a_right_secret_looks_like_a_wrong_one(fenced: World, entrance: str) -> None:
    peers = {"hooks": "203.0.113.1", "caller": "203.0.113.2", "VATS": "203.0.113.3"}
    peer = peers.get(entrance, "203.0.113.4")
    before = len(fenced.archive().events(limit=1000))
    network = figure(fenced, 'bridge_strangers_total{reason="network"}') or 0
    with capture_logs() as lines:
        right = knock(fenced, entrance, peer=peer)
        answers = [
            right,
            knock(fenced, entrance, peer=peer, secret=WRONG),
            knock(fenced, entrance, peer=peer, name="nobody"),
        ]
    assert len({str(seen(one)) for one in answers}) == 1
    assert right.status_code == REFUSED[entrance]
    assert len(fenced.archive().events(limit=1000)) == before
    told = [one for one in lines if one["event"] == "hook_outside"]
    assert [(one["exchange"], one["peer"]) for one in told] == [("main", peer)]
    assert HOOK_SECRET not in str(lines)
    assert figure(fenced, 'bridge_strangers_total{reason="network"}') == network + 1
    assert eventually(lambda: passages(str(fenced.database), Way.OUTSIDE))
    # guessing on is as slow, whichever of the two it was
    for _ in range(TRIES):
        knock(fenced, entrance, peer=peer)
    assert knock(fenced, entrance, peer=peer).status_code == 429
    assert knock(fenced, entrance, peer=peer, secret=WRONG).status_code == 429


def test_without_a_proxy_in_the_settings_nobody_may_say_where_they_are(tmp_path: Path) -> None:
    with world(tmp_path, exchange={"networks": NETWORKS}) as here:
        for entrance in ENTRANCES:
            assert knock(here, entrance, peer=INSIDE).status_code == REFUSED[entrance]


def test_the_network_may_be_this_machine(tmp_path: Path) -> None:
    with world(tmp_path, exchange={"networks": ["127.0.0.0/8"]}) as here:
        assert [knock(here, entrance).status_code for entrance in ENTRANCES] == [200] * 4


def test_another_exchange_has_networks_of_its_own(tmp_path: Path) -> None:
    other = {"branch": {"hook_secret": WRONG, "networks": [f"{OUTSIDE}/32"]}}
    with world(tmp_path, server=PROXY, exchange={"networks": NETWORKS}, exchanges=other) as here:
        for entrance in ENTRANCES:
            assert knock(here, entrance, peer=INSIDE).status_code == 200
            assert knock(here, entrance, peer=OUTSIDE, name="branch", secret=WRONG).status_code == 200
            assert (
                knock(here, entrance, peer=INSIDE, name="branch", secret=WRONG).status_code
                == REFUSED[entrance]
            )


# --- guessing ---------------------------------------------------------------------------------------
def test_guessing_a_path_is_as_slow_as_guessing_a_password(tmp_path: Path) -> None:
    with world(tmp_path, server=PROXY) as here:
        for number in range(TRIES):
            entrance = ("hooks", "caller")[number % 2]
            answer = knock(here, entrance, peer=OUTSIDE, secret=f"guess-number-{number:04}")
            assert answer.status_code == 404
        for entrance in ("hooks", "caller"):
            answer = knock(here, entrance, peer=OUTSIDE)
            assert (answer.status_code, answer.headers["Retry-After"]) == (429, "300")
            assert knock(here, entrance, peer=ELSEWHERE).status_code == 200, "others are not concerned"
        assert figure(here, 'bridge_strangers_total{reason="secret"}') == TRIES
        assert figure(here, 'bridge_strangers_total{reason="throttled"}') == 2
        assert len(here.archive().events()) == 1


def test_an_address_that_the_exchange_calls_from_is_never_slowed(tmp_path: Path) -> None:
    """A neighbour behind the same router guesses, or another form of the cabinet has a mistake in it."""
    with world(tmp_path, server=PROXY) as here:
        assert knock(here, "hooks", peer=OUTSIDE).status_code == 200
        for _ in range(2 * TRIES):
            assert knock(here, "hooks", peer=OUTSIDE, secret=WRONG).status_code == 404
        assert knock(here, "caller", peer=OUTSIDE).status_code == 200
        assert knock(here, "hooks", peer=OUTSIDE, name="nobody").status_code == 429, "a new name is a guess"


def test_an_address_that_was_right_before_a_restart_is_not_slowed_after_it(
    tmp_path: Path, database: str
) -> None:
    """Else whoever shares the exchange's address, as behind a proxy without a name, could shut it out."""
    server = {**PROXY, "database": database}
    with world(tmp_path, server=server) as here:
        assert knock(here, "hooks", peer=OUTSIDE).status_code == 200
        assert eventually(lambda: passages(database, Way.CURRENT))
    with world(tmp_path, server=server) as here:
        for _ in range(2 * TRIES):
            assert knock(here, "hooks", peer=OUTSIDE, secret=WRONG).status_code == 404
        assert knock(here, "hooks", peer=OUTSIDE).status_code == 200


def test_an_address_that_the_settings_list_is_never_slowed(tmp_path: Path) -> None:
    with world(tmp_path, server=PROXY, exchange={"networks": NETWORKS}) as here:
        for _ in range(2 * TRIES):
            assert knock(here, "hooks", peer=INSIDE, secret=WRONG).status_code == 404
        for _ in range(2 * TRIES):
            knock(here, "hooks", peer=INSIDE, name="nobody")
        assert knock(here, "hooks", peer=INSIDE, name="nobody").status_code == 429
        assert knock(here, "hooks", peer=INSIDE).status_code == 200


def test_this_machine_is_never_slowed(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        for _ in range(2 * TRIES):
            assert knock(here, "hooks", secret=WRONG).status_code == 404
        assert knock(here, "hooks").status_code == 200


def test_a_slowed_soap_client_is_told_so_in_its_own_words(tmp_path: Path) -> None:
    with world(tmp_path, server=PROXY) as here:
        for _ in range(TRIES):
            assert knock(here, "VATS", peer=OUTSIDE, secret=WRONG).status_code == 401
        assert WAIT in knock(here, "VATS", peer=OUTSIDE).text
        assert knock(here, "hooks", peer=OUTSIDE).status_code == 200, "a password is another door"
