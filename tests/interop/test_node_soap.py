"""A foreign client: the npm package `soap` in Node.js, over the published WSDLs."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bridge.sim.exchange_options import ExchangeOptions
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, OPERATIONS
from support.world import ANNA, LOGIN, PASSWORD, PETR, world

FOLDER = Path(__file__).parent / "node"
NODE = shutil.which("node")
MISSING = "node or its package soap is not installed: npm ci in tests/interop/node"
NUMBERS = {ENGLISH.service: "8 912 345-67-01", "TelephonyRu": "8 912 345-67-02"}

each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    if NODE is None or not (FOLDER / "node_modules" / "soap").is_dir():
        if "node" in os.environ.get("BRIDGE_TESTS_MUST_RUN", ""):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with world(tmp_path_factory.mktemp("world")) as running:
        running.exchange.options = ExchangeOptions(hooks_after_dial=False)
        yield running


@pytest.fixture(scope="module")
def said(here):
    """What the client printed: of each language once, for it is slow to start."""
    printed = {}

    def run(language, key=ANNA.key, number=None):
        asked = (language.service, key, number or NUMBERS[language.service])
        if asked not in printed:
            done = subprocess.run(
                [NODE, "client.js", f"{here.url}{language.path}?wsdl", LOGIN, PASSWORD, *asked[1:]],
                cwd=FOLDER,
                capture_output=True,
                timeout=30,
                check=False,
            )
            assert done.returncode == 0, done.stderr.decode()
            printed[asked] = json.loads(done.stdout)
        return printed[asked]

    return run


@each_language
def test_node_reads_the_service_its_port_and_all_operations(said, language):
    seen = said(language)
    assert (seen["service"], seen["port"]) == (language.service, f"{language.service}Soap")
    assert seen["operations"] == [language.word(one.name) for one in OPERATIONS]


@each_language
def test_node_pings(said, language):
    assert said(language)["ping"]["result"]["return"].startswith("vpbx-1c-bridge ")


@each_language
def test_node_dials(here, said, language):
    answer = said(language)["call"]["result"]["return"]
    assert list(answer) == [language.word(name) for name in ("Result", "Message", "Code", "CallId")]
    assert answer[language.word("Result")] == "SUCCESS"
    assert answer[language.word("Code")] == 0
    digits = "".join(char for char in NUMBERS[language.service] if char.isdigit())
    dials = [one for one in here.exchange.dials if one.number == digits]
    assert [(one.key, one.made) for one in dials] == [(ANNA.key, True)]


@each_language
def test_node_reads_a_refusal_in_russian(said, language):
    answer = said(language, key="nobody")["call"]["result"]["return"]
    assert answer[language.word("Result")] == "FAIL"
    assert answer[language.word("Code")] == 101
    assert answer[language.word("Message")].startswith("Абонент не найден")


@each_language
def test_node_reads_the_list_of_subscribers(said, language):
    people = said(language)["people"]["result"]["return"][language.word("Subscriber")]
    assert [one[language.word("Name")] for one in people] == [ANNA.name, PETR.name]


@each_language
def test_node_reads_a_fault_in_russian(said, language):
    answer = said(language)["wrongDate"]
    assert answer["status"] == 500
    assert answer["fault"]["code"] == "soap:Client"
    assert answer["fault"]["text"].startswith(f"Параметр {language.word('Date')} должен быть датой")


@each_language
def test_node_reads_the_fault_of_a_wrong_password(said, language):
    answer = said(language)["wrongPassword"]
    assert answer["status"] == 401
    assert answer["challenge"].startswith("Basic ")
    assert answer["fault"]["text"] == "Неверное имя или пароль информационной базы"


def test_what_node_installs_is_pinned_by_content_and_names_no_registry():
    package = json.loads((FOLDER / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    installed = {name: one for name, one in lock["packages"].items() if name}
    assert package["private"] is True
    assert package["dependencies"] == {"soap": installed["node_modules/soap"]["version"]}
    assert [name for name, one in installed.items() if "integrity" not in one or "resolved" in one] == []
