"""A header that proved something is read once; whether it opens is asked each time."""

from base64 import b64encode

import pytest

from bridge.web import auth, proven
from bridge.web.auth import Gatekeeper, token_hash
from bridge.web.throttle import TRIES, Throttled

HERE = "192.0.2.7"


def header(login: str, token: str, encoding: str = "utf-8") -> str:
    return "Basic " + b64encode(f"{login}:{token}".encode(encoding)).decode()


def gatekeeper() -> Gatekeeper:
    return Gatekeeper(
        {"buh": "buh", "склад": "store"}, {"buh": [token_hash("one")], "store": [token_hash("two")]}
    )


@pytest.fixture(autouse=True)
def memory(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Empty; the headers that were read from then on."""
    read: list[str] = []

    def reading(text: str) -> list[tuple[str, str]]:
        read.append(text)
        return auth._offers(text)

    monkeypatch.setattr(auth, "_proven", proven.Proven(reading))
    return read


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_right_header_is_read_once(encoding: str, memory: list[str]) -> None:
    keeper = gatekeeper()
    assert {keeper.infobase(header("склад", "two", encoding), HERE) for _ in range(5)} == {"store"}
    assert len(memory) == 1


def test_a_revoked_token_is_refused_at_once(memory: list[str]) -> None:
    keeper = gatekeeper()
    assert keeper.infobase(header("buh", "one"), HERE) == "buh"
    keeper.change({"buh": [token_hash("new")]})
    assert keeper.infobase(header("buh", "one"), HERE) is None
    assert keeper.infobase(header("buh", "new"), HERE) == "buh"


def test_a_wrong_header_is_never_kept_and_is_counted_each_time(memory: list[str]) -> None:
    keeper = gatekeeper()
    for _ in range(TRIES):
        assert keeper.infobase(header("buh", "wrong"), HERE) is None
    assert len(memory) == TRIES
    with pytest.raises(Throttled):
        keeper.infobase(header("buh", "wrong"), HERE)


def test_a_known_header_is_slowed_where_its_owner_never_was(memory: list[str]) -> None:
    keeper = gatekeeper()
    assert keeper.infobase(header("buh", "one"), "192.0.2.8") == "buh"
    for _ in range(TRIES):
        keeper.infobase(header("buh", "wrong"), HERE)
    with pytest.raises(Throttled):
        keeper.infobase(header("buh", "one"), HERE)
    assert keeper.infobase(header("buh", "one"), "192.0.2.8") == "buh"


def test_the_memory_is_bounded_and_keeps_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proven, "MAX_PROVEN", 3)
    memory = proven.Proven(auth._offers)
    for number in range(10):
        text = header("buh", f"token-{number}")
        memory.keep(text, memory.offers(text))
    assert len(memory._known) == 3
    assert "token" not in str(memory._known)


@pytest.mark.parametrize("text", ["", "Basic", "Basic ???", "Bearer x", "Basic " + "\udcff"])
def test_a_header_that_says_nothing_is_nobody(text: str) -> None:
    assert gatekeeper().infobase(text, HERE) is None
