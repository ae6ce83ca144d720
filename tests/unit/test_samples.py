"""What a 1C developer pastes speaks the contract that is published."""

import re
from pathlib import Path

import pytest
from lxml import etree

from bridge.resources import wsdl_text

SAMPLES = [Path(__file__).parents[2] / "onec_samples" / "modules" / "8.3_ws.bsl"]
XSD = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"


@pytest.fixture(scope="module")
def contract() -> etree._Element:
    return etree.fromstring(wsdl_text("telephony.wsdl").encode())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_operations_and_members_in_a_sample_are_those_of_the_wsdl(
    path: Path, contract: etree._Element
) -> None:
    text = path.read_text(encoding="utf-8")
    operations = {one.get("name") for one in contract.iter(f"{WSDL}operation")}
    called = set(re.findall(r"Прокси\.([A-Za-z]\w*)\(", text))
    assert called
    assert called <= operations
    members = {one.get("name") for one in contract.iter(f"{XSD}element")}
    assert set(re.findall(r"(?:Ответ|Полученное)\.([A-Za-z]\w*)", text)) <= members


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_names_the_service_as_the_wsdl_does_and_waits_a_limited_time(
    path: Path, contract: etree._Element
) -> None:
    text = path.read_text(encoding="utf-8")
    service = contract.find(f"{WSDL}service")
    port = service.find(f"{WSDL}port")
    made = re.search(r'Новый WSПрокси\(Определения, "([^"]+)", "([^"]+)", "([^"]+)",\s*, (\w+),', text)
    assert made
    assert made.groups()[:3] == (contract.get("targetNamespace"), service.get("name"), port.get("name"))
    for timeout in ("ТаймаутОписания", made[4]):
        assert re.search(rf"{timeout} = \d+;", text)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_a_sample_holds_no_address_and_swallows_no_error(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"https?://(?!vpbx-bridge\.ru/telephony)[\w.]+", text) == []
    for handler in re.findall(r"Исключение\n(.*?)КонецПопытки", text, re.DOTALL):
        assert "ЗаписьЖурналаРегистрации" in handler
