"""The lines of Mobilon's manual work against the bridge, with only the address and the login changed."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from bridge.core.dialing import CallCode
from support.world import ANNA, LOGIN, PASSWORD, PETR, World, world

NUMBER = "89235292926"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("manual"), unlisted_keys=True) as made:
        yield made


def ask(here: World, query: str = "", **more: object) -> requests.Response:
    url = f"{here.url}/api/call/CallToSubscriber{query}"
    options: dict[str, object] = {"auth": (LOGIN, PASSWORD), "timeout": 10, **more}
    return requests.request(str(options.pop("method", "GET")), url, **options)  # type: ignore[arg-type]


def test_the_curl_line_of_the_manual_dials_and_prints_the_json_of_the_manual(here: World) -> None:
    before = len(here.exchange.dials)
    line = f"{here.url}/api/call/CallToSubscriber?key={ANNA.key}&outboundNumber={NUMBER}"
    try:
        done = subprocess.run(
            ["curl", "-s", "-u", f"{LOGIN}:{PASSWORD}", "-X", "GET", line],
            capture_output=True,
            check=True,
            timeout=20,
        )
    except FileNotFoundError:
        pytest.skip("curl is not here")
    said = requests.models.complexjson.loads(done.stdout)
    dial = here.exchange.dials[before]
    assert (dial.key, dial.number, len(here.exchange.dials)) == (ANNA.key, NUMBER, before + 1)
    assert (said["result"], said["description"], said["code"]) == ("SUCCESS", "Call had been initialised", 0)
    assert said["callid"]


def test_a_wrong_key_fails_as_in_the_manual_and_says_why_in_russian(here: World) -> None:
    answer = ask(here, f"?key=wrong&outboundNumber={NUMBER}")
    said = answer.json()
    assert (answer.status_code, said["result"], said["code"]) == (200, "FAIL", "2")
    assert "ключ" in said["message"]
    assert "wrong" not in answer.text


def test_the_1c_example_of_the_manual_with_its_slash_works(here: World) -> None:
    assert ask(here, f"/?key=102&outboundNumber={NUMBER}").json()["result"] == "SUCCESS"


def test_a_form_is_read_like_a_query(here: World) -> None:
    form = {"key": "101", "outboundNumber": "+7 391 274-50-00"}
    assert ask(here, method="POST", data=form).json()["result"] == "SUCCESS"
    assert here.exchange.dials[-1].number == "83912745000"


def test_a_form_that_1c_began_with_a_bom_is_read_too(here: World) -> None:
    body = b"\xef\xbb\xbfkey=101&outboundNumber=83912745001"
    answer = ask(
        here, method="POST", data=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert answer.json()["result"] == "SUCCESS"
    assert here.exchange.dials[-1].number == "83912745001"


def test_every_rule_of_dialling_holds_here_too(here: World) -> None:
    before = len(here.exchange.dials)
    said = ask(here, "?key=101&outboundNumber=%2B4930123456").json()
    assert (said["result"], said["code"]) == ("FAIL", str(CallCode.NOT_ALLOWED))
    assert len(here.exchange.dials) == before


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?key=101",
        f"?outboundNumber={NUMBER}",
        f"?key=101&key=102&outboundNumber={NUMBER}",
        "?key=%FF&outboundNumber=1",
    ],
)
def test_a_wrong_request_is_refused_in_russian_and_dials_nobody(here: World, query: str) -> None:
    before = len(here.exchange.dials)
    answer = ask(here, query)
    assert (answer.status_code, answer.json()["result"]) == (400, "FAIL")
    assert "outboundNumber" in answer.json()["message"]
    assert len(here.exchange.dials) == before


@pytest.mark.parametrize("auth", [None, (LOGIN, "wrong"), ("sklad", PASSWORD)])
def test_a_stranger_dials_nobody(here: World, auth: tuple[str, str] | None) -> None:
    before = len(here.exchange.dials)
    answer = ask(here, f"?key={ANNA.key}&outboundNumber={NUMBER}", auth=auth)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert answer.json()["result"] == "FAIL"
    assert len(here.exchange.dials) == before


def test_another_method_is_refused(here: World) -> None:
    assert ask(here, method="PUT").status_code == 405


def test_unlisted_keys_open_no_telephone_of_whom_the_infobase_may_not_dial_for(tmp_path: Path) -> None:
    with world(tmp_path, unlisted_keys=True, subscribers=[ANNA.extension]) as here:
        for handle in (PETR.key, PETR.extension, PETR.name):
            said = ask(here, params={"key": handle, "outboundNumber": NUMBER}).json()
            assert int(said["code"]) == CallCode.UNKNOWN_SUBSCRIBER
        assert here.exchange.dials == []
