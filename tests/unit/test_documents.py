"""What documents repeat of the code is held against it."""

import re
from pathlib import Path

import pytest
from lxml import etree

import bridge
from bridge.core.calls import RANK, CallState
from bridge.core.delivery import DeliveryState
from bridge.core.dialing import CallCode
from bridge.core.folded import CallStatus
from bridge.mailroom import LONGEST_WAIT_S
from bridge.resources import wsdl_text
from bridge.settings import ExchangeSection, InfobaseSection
from bridge.settings.model import ServerSection
from bridge.store import statements as sql
from bridge.vpbx.mobilon.codes import REFUSALS
from bridge.web.server import DRAIN_LIMIT_S
from bridge.web.soap.vocabulary import ENGLISH
from bridge.wiring.partners import NAMESPACES

ROOT = Path(__file__).parents[2]
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_code_of_an_answer_is_explained_in_the_manual() -> None:
    ours = {value for name, value in vars(CallCode).items() if name.isupper()}
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", OPERATING, re.MULTILINE)}
    assert ours == explained
    assert set(REFUSALS) == {1, 2, 3, 4, 5}
    assert "| 1–5 |" in OPERATING


def test_every_log_line_is_explained_in_the_manual() -> None:
    said = set()
    for path in Path(bridge.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        said |= set(re.findall(r'\b(?:log\.\w+|level)\(\s*"([a-z_]+)"', text))
    assert said
    assert {name for name in said if f"`{name}`" not in OPERATING} == set()


def test_every_state_of_a_delivery_is_explained_in_the_manual() -> None:
    from bridge.cli.events import STATES

    assert set(STATES) == set(DeliveryState)
    assert [russian for russian in STATES.values() if f"| {russian} |" not in OPERATING] == []


def test_every_status_of_a_call_is_explained_in_the_manual() -> None:
    assert [one for one in CallStatus if f"| `{one}` |" not in OPERATING] == []


def test_the_readme_names_the_contract_as_it_is_published() -> None:
    assert f"`{ENGLISH.namespace}`" in README
    assert f'"{ENGLISH.namespace}", "{ENGLISH.service}", "{ENGLISH.service}Soap"' in README


def test_the_roads_are_the_same_in_the_readme_and_in_the_package() -> None:
    steps = re.compile(r"(?:web|flows|vpbx|onec|store|worker|chores)[a-z_/]*")
    ours = [steps.findall(line) for line in (bridge.__doc__ or "").splitlines() if "->" in line]
    readme = [steps.findall(line) for line in README.splitlines() if line.count("->") >= 2]
    assert ours == readme
    assert len(ours) >= 5
    for road in ours:
        for step in road:
            assert list(Path(bridge.__file__).parent.glob(f"{step}*")), step


@pytest.mark.parametrize("contract", NAMESPACES)
def test_the_namespace_of_a_contract_is_that_of_its_wsdl(contract: str) -> None:
    wsdl = etree.fromstring(wsdl_text(f"onec/{contract}.wsdl").encode())
    assert wsdl.get("targetNamespace") == NAMESPACES[contract]


def test_the_statements_of_the_store_know_the_ends_of_a_call_by_their_rank() -> None:
    assert "position_rank >= 4" in sql.HEADS
    assert {state for state in CallState if RANK[state] >= 4} == {CallState.HANGUP, CallState.END}


@pytest.mark.parametrize("name", ["docker-compose.yml", "deploy/env.example", "Dockerfile"])
def test_every_setting_that_the_deployment_gives_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    given = {tuple(found.lower().split("__")) for found in re.findall(r"BRIDGE__([A-Z_0-9]+)", text)}
    assert given
    sections = {"server": ServerSection, "exchange": ExchangeSection, "infobase": InfobaseSection}
    for section, *_, setting in given:
        assert setting in sections[section].model_fields, (section, setting)


def test_the_deployment_waits_longer_than_its_proxy_needs_to_notice() -> None:
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    proxy = (ROOT / "deploy" / "haproxy.cfg").read_text(encoding="utf-8")
    drain_s = float(re.search(r'DRAIN_S: "([\d.]+)"', compose)[1])  # type: ignore[index]
    inter_s = float(re.search(r"\binter (\d+)s", proxy)[1])  # type: ignore[index]
    grace_s = float(re.search(r"stop_grace_period: (\d+)s", compose)[1])  # type: ignore[index]
    server_s = float(re.search(r"timeout server (\d+)s", proxy)[1])  # type: ignore[index]
    assert inter_s < drain_s
    assert drain_s + 2 * DRAIN_LIMIT_S < grace_s
    assert server_s > LONGEST_WAIT_S, "a poll that waits would be cut"
    assert not re.search(r"%r(?![a-z])|%H[UPQ]", proxy), "secrets are in the address"
    assert "httplog" not in proxy


def test_every_guard_of_the_security_page_has_its_test() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| кто |")]
    assert len(rows) > 10
    for row in rows:
        named = re.findall(r"`(\w+/test_\w+\.py)`", row)
        assert named, row
        assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []


def test_every_test_that_covers_mobilon_exists() -> None:
    tests = ROOT / "tests"
    coverage = (tests / "wire" / "mobilon" / "COVERAGE.md").read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", coverage)
    assert len(named) > 30
    rows = [line for line in coverage.splitlines() if line.startswith("| ") and "|---|" not in line]
    assert [row for row in rows if "::" not in row and row != "| what | test |"] == []
    there = {
        (path.name, name)
        for path in tests.rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert set(named) - there == set()
