"""Who was let in by its path is let in again without proving it anew; nobody else is."""

from typing import Any

import pytest

from bridge.observe import Figures
from bridge.web import path_secret
from bridge.web.http import Environ, Reply
from bridge.web.path_secret import PathKeeper
from bridge.web.sources import Sources
from bridge.web.throttle import TRIES

SECRETS = {"main": ("right-secret", "old-secret"), "branch": ("other-secret", "")}


class Seen:
    def __init__(self) -> None:
        self.passes: list[tuple[str, str]] = []

    def passed(self, exchange: str, proof: str, address: str) -> None:
        assert proof.startswith("sha256:")
        self.passes.append((exchange, address))

    def outside(self, exchange: str, proof: str, address: str) -> None: ...


def at(path: str, address: str = "203.0.113.7") -> Environ:
    return {"PATH_INFO": path, "REMOTE_ADDR": address}


def admitted(keeper: PathKeeper, path: str, **more: Any) -> bool:
    found = keeper.admit(at(path, **more), "/hooks/")
    return not isinstance(found, Reply)


def test_every_visit_is_witnessed_the_first_and_the_later_ones() -> None:
    seen = Seen()
    keeper = PathKeeper(SECRETS, figures=Figures(), witness=seen)
    for _ in range(3):
        assert keeper.admit(at("/hooks/main/right-secret"), "/hooks/") == "main"
        assert keeper.admit(at("/hooks/main/old-secret/"), "/hooks/") == "main"
    assert seen.passes == [("main", "203.0.113.7")] * 6


@pytest.mark.parametrize(
    "path",
    ["/hooks/main/right-secre", "/hooks/main/right-secret0", "/hooks/branch/right-secret", "/hooks/main/"],
)
def test_a_path_like_one_that_is_remembered_is_a_strangers(path: str) -> None:
    keeper = PathKeeper(SECRETS, figures=Figures())
    assert admitted(keeper, "/hooks/main/right-secret")
    for _ in range(2):
        assert not admitted(keeper, path)


def test_the_secret_seen_from_its_network_lets_nobody_in_from_elsewhere() -> None:
    keeper = PathKeeper(SECRETS, figures=Figures(), sources=Sources({"main": ["203.0.113.0/24"]}))
    assert admitted(keeper, "/hooks/main/right-secret")
    assert not admitted(keeper, "/hooks/main/right-secret", address="198.51.100.1")


def test_the_secret_seen_on_another_entrance_is_proved_there_anew() -> None:
    keeper = PathKeeper({"main": ("x",)}, figures=Figures())
    assert admitted(keeper, "/hooks/main/x")
    assert isinstance(keeper.admit(at("/caller/main/y"), "/caller/"), Reply)
    assert keeper.admit(at("/caller/main/x"), "/caller/") == "main"


def test_guessing_from_where_an_exchange_calls_is_slowed_down_and_the_exchange_is_not() -> None:
    keeper = PathKeeper(SECRETS, figures=Figures())
    assert admitted(keeper, "/hooks/main/right-secret")
    for number in range(TRIES + 5):
        found = keeper.admit(at(f"/hooks/branch/guess-{number}"), "/hooks/")
        assert isinstance(found, Reply)
    assert found.status == 429
    assert admitted(keeper, "/hooks/main/right-secret")


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_secret, "MAX_ADMITTED", 3)
    keeper = PathKeeper(SECRETS, figures=Figures())
    for number in range(10):
        assert admitted(keeper, "/hooks/main/right-secret", address=f"203.0.113.{number}")
    assert len(keeper._admitted) == 3
