"""The stage of the demo: what it makes of the addresses it is given, and what it leaves alone."""

import json
from pathlib import Path

import pytest

from bridge.core.errors import BadSettings
from bridge.demo.stage import Script, _keys, _service, _settings

KEYS = {
    "password": "a-password-of-tests-0001",
    "hook_secret": "a-hook-secret-of-tests-0001",
    "journal_token": "a-journal-token-of-tests-0001",
    "link_secret": "a-link-secret-of-tests-0001-and-more",
    "console_password": "a-console-password-of-tests",
}


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/ws/VATScalls"),
        ("http://127.0.0.1:8000/", "http://127.0.0.1:8000/ws/VATScalls"),
        ("http://127.0.0.1:8000/base", "http://127.0.0.1:8000/base/ws/VATScalls"),
        ("http://127.0.0.1:8000/base/ws", "http://127.0.0.1:8000/base/ws/VATScalls"),
        ("http://127.0.0.1:8000/base/ws/VATScalls", "http://127.0.0.1:8000/base/ws/VATScalls"),
        ("http://127.0.0.1:8000/base/ws/VATScalls/?wsdl", "http://127.0.0.1:8000/base/ws/VATScalls"),
        ("http://127.0.0.1:8000/WS/vatscalls", "http://127.0.0.1:8000/WS/vatscalls"),
        ("http://127.0.0.1:8000/base/ws/VATScalls.1cws", "http://127.0.0.1:8000/base/ws/VATScalls.1cws"),
    ],
)
def test_a_given_1c_may_be_a_base_or_a_service(given: str, used: str) -> None:
    assert _service(given, "vatscalls") == used


def test_the_environment_has_no_say_in_the_demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE__SERVER__THREADS", "5")
    monkeypatch.setenv("BRIDGE__EXCHANGE__DEMO__TIMEOUT_S", "7")
    made = _settings(
        Script(data=tmp_path), "http://127.0.0.1:1", KEYS, "http://127.0.0.1:2", "http://127.0.0.1:3"
    )
    assert (made.server.threads, made.exchange["demo"].timeout_s) == (64, 5)


def test_an_address_with_a_password_in_it_is_refused_without_showing_it(tmp_path: Path) -> None:
    script = Script(data=tmp_path, onec_url="http://user:tops3cret@127.0.0.1:3")
    with pytest.raises(BadSettings) as caught:
        _settings(script, "http://127.0.0.1:1", KEYS, "http://127.0.0.1:2", script.onec_url)
    assert "tops3cret" not in str(caught.value)


def test_secrets_are_made_once_for_a_folder(tmp_path: Path) -> None:
    assert _keys(tmp_path) == _keys(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_a_folder_of_an_older_version_keeps_its_secrets_and_gets_the_missing_ones(tmp_path: Path) -> None:
    old = {"password": KEYS["password"], "hook_secret": KEYS["hook_secret"]}
    (tmp_path / "demo.json").write_text(json.dumps(old), encoding="utf-8")
    made = _keys(tmp_path)
    assert made.items() > old.items()
    assert made.keys() == KEYS.keys()
    assert _keys(tmp_path) == made
