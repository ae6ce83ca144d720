"""The services of 1C that we stand in for: their tables, their doors, their answers."""

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bridge.core.caller import CallerCard
from bridge.resources import wsdl_text
from bridge.sim.onec_soap import SERVICES as FAKE
from bridge.web.as_onec.answers import answered, plain
from bridge.web.as_onec.services import OLD_NAMESPACE, SERVICES, VATS, VATSCALLS, Service
from bridge.web.auth import Doorkeeper
from bridge.web.http import Reply, WsgiApp
from bridge.web.router import Router
from bridge.web.soap.envelope import Call
from bridge.web.soap.problem import Version
from bridge.web.soap.wsdl import addressed

XS = "{http://www.w3.org/2001/XMLSchema}"


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_the_tables_are_those_of_the_wsdl_and_of_the_fake_1c(service: Service) -> None:
    root = etree.fromstring(wsdl_text(service.wsdl).encode())
    elements = {
        element.get("name"): tuple(part.get("name") for part in element.iter(f"{XS}element"))[1:]
        for element in root.find(f".//{XS}schema").findall(f"{XS}element")
    }
    requests = {name: words for name, words in elements.items() if not name.endswith("Response")}
    assert dict(service.operations) == requests
    assert root.get("targetNamespace") == service.namespace
    fake = FAKE[service.name]
    assert (fake.namespace, dict(fake.operations)) == (service.namespace, dict(service.operations))


@pytest.mark.parametrize("service", SERVICES, ids=lambda one: one.name)
def test_the_wsdl_names_our_address_for_both_versions_of_soap_and_no_other(service: Service) -> None:
    served = addressed(
        service.wsdl, f"http://localhost/base{service.path}", "https://x.ru/b?a&\"<'/", service.path
    )
    addresses = [one.get("location") for one in etree.fromstring(served).iter("{*}address")]
    assert addresses == [f"https://x.ru/b?a&\"<'{service.path}"] * 2


def test_a_wsdl_without_the_place_for_an_address_is_not_served() -> None:
    with pytest.raises(ValueError, match="no address"):
        addressed(VATS.wsdl, "http://elsewhere", "https://x.ru", VATS.path)


def test_the_old_question_is_asked_of_either_service() -> None:
    for service in SERVICES:
        assert list(service.contracts) == [service.namespace, OLD_NAMESPACE]
        assert service.contracts[OLD_NAMESPACE] == {"SayName": {"number": "string"}}


# --- the router -----------------------------------------------------------------------------------
def page(name: str) -> WsgiApp:
    return lambda environ, start: Reply.text(200, name).send(environ, start)


def found(router: Router, path: str) -> str:
    said: list[str] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path.encode().decode("latin-1")}
    body = b"".join(router(environ, lambda status, _headers: said.append(status)))
    return body.decode() if said == ["200 OK"] else said[0]


ROUTER = Router(
    exact={"/ws/Telephony": page("exact"), "/ws/special/ws/VATS": page("exact")},
    prefixes={"/hooks/": page("prefix")},
    patterns={VATS.pattern: page("VATS"), VATSCALLS.pattern: page("VATScalls")},
)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/ws/Telephony/", "exact"),
        ("/ws/VATS", "VATS"),
        ("/ws/VATScalls", "VATScalls"),
        ("/telephony/ws/VATS.1cws/", "VATS"),
        ("/telephony/ws/ImportTasks", "VATS"),
        ("/УТ 11.5/ws/VATScalls", "VATScalls"),
        ("/hooks/ws/VATS", "prefix"),
        ("/special/ws/VATS", "VATS"),
        ("/ws/special/ws/VATS", "exact"),
        ("/telephony/ws/Telephony", "404 Not Found"),
        ("/a/telephony/ws/VATS", "404 Not Found"),
        ("/telephony/ws/VATS\n", "404 Not Found"),
        ("/tele\nphony/ws/VATS", "404 Not Found"),
        ("/telephony//ws/VATS", "404 Not Found"),
        ("/telephony/ws/VATS/VATS", "404 Not Found"),
        ("/telephony/ws/XVATS", "404 Not Found"),
        ("/telephony/xws/VATS", "404 Not Found"),
        ("/telephony/ws/VATSx1cws", "404 Not Found"),
        ("/../ws/VATS", "404 Not Found"),
        ("//ws/VATS", "404 Not Found"),
    ],
)
def test_patterns_come_after_everything_else_and_are_whole(path: str, name: str) -> None:
    assert found(ROUTER, path) == name


ADDRESS = "192.0.2.1"


# --- the doorkeeper -------------------------------------------------------------------------------
def header(login: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{login}:{password}".encode()).decode()


def test_a_pair_leads_to_its_exchange_and_an_ambiguous_or_half_one_nowhere() -> None:
    door = Doorkeeper(
        [
            ("main", "secret", "main"),
            ("ivan", "one", "main"),
            ("ivan", "two", "branch"),
            ("petr", "same", "main"),
            ("petr", "same", "main"),
            ("anna", "same", "main"),
            ("anna", "same", "branch"),
            ("anna", "same", "main"),
            ("", "blank", "main"),
            ("blank", "", "main"),
        ]
    )
    assert door.exchange(header("main", "secret"), ADDRESS) == "main"
    assert door.exchange(header("ivan", "one"), ADDRESS) == "main"
    assert door.exchange(header("ivan", "two"), ADDRESS) == "branch"
    assert door.exchange(header("petr", "same"), ADDRESS) == "main"
    for login, password in (("anna", "same"), ("", "blank"), ("blank", ""), ("", ""), ("ivan", "same")):
        assert door.exchange(header(login, password), ADDRESS) is None
    assert door.exchange("", ADDRESS) is None


def test_a_door_without_pairs_is_closed() -> None:
    assert Doorkeeper([]).exchange(header("", ""), ADDRESS) is None


# --- answers --------------------------------------------------------------------------------------
def call(version: Version = Version.V11) -> Call:
    return Call(version=version, namespace="http://VATS", operation="SayName", parameters={})


@given(st.text(), st.sampled_from(Version))
def test_any_text_comes_back_as_it_was_but_for_what_xml_cannot_carry(value: str, version: Version) -> None:
    root = etree.fromstring(answered(call(version), value))
    assert root.tag == f"{{{version.value}}}Envelope"
    carried = re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", value)
    assert (root[0][0][0].text or "") == re.sub("\r\n?", "\n", carried)


def test_the_old_answer_has_a_category_only_where_the_client_has_one() -> None:
    assert plain(CallerCard(title="Имя", category="VIP", manager="101")) == "VIP:Имя"
    assert plain(CallerCard(title="Имя", category="0")) == "Имя"
    assert plain(CallerCard(title="Имя")) == "Имя"
    assert plain(CallerCard(category="VIP", manager="101")) == ""
