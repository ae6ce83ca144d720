"""The samples and the bridge speak of the same things.

The service of the extension is one: VATS in http://VATS, with the operations of both contracts of the
exchange's manual. The manual describes two (VATS with IncomingCall, VATScalls in http://VATSCalls with
Event); two would have to be published, given rights and watched. The bridge calls Event in the name space of
its bridge.toml (contract = "vatscalls", namespace = "http://VATS"), and an exchange that calls 1C itself
calls IncomingCall and SayName, which the manual has in http://VATS.
"""

from pathlib import Path

import pytest
from lxml import etree
from onec.bsl.parser import ORDINARY, SERVER, parse
from onec.dump.calls import Contract, asked, contract_of, proxies
from onec.dump.reading import MD, Dump, read
from onec.dump.service import operations_of, published

from bridge.resources import wsdl_text

SAMPLES = Path(__file__).parents[2] / "onec_samples"
EXTENSIONS = ("extension", "extension_2.13")
MODULES = sorted(
    name for path in SAMPLES.rglob("*.bsl") if "_2.13/" not in (name := path.relative_to(SAMPLES).as_posix())
)


@pytest.fixture(scope="module")
def telephony() -> Contract:
    return contract_of(wsdl_text("telephony.wsdl"))


def text_of(path: str) -> str:
    return (SAMPLES / path).read_text(encoding="utf-8-sig")


def asks(text: str, path: str, telephony: Contract) -> list[str]:
    """What is wrong with the module's calls of the bridge."""
    symbols = ORDINARY if "ordinary" in path else SERVER
    return [one.wrong for one in asked(parse(text, path, symbols=symbols), telephony) if one.wrong]


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_the_service_has_the_operations_of_both_contracts(folder: str) -> None:
    dump = Dump(read(SAMPLES / folder))
    (service,) = dump.of_kind("WebService")
    vats, calls = (operations_of(wsdl_text(f"onec/{name}.wsdl")) for name in ("vats", "vatscalls"))
    here = published(service)

    assert {name: here[name] for name in ("IncomingCall", "SayName")} == vats
    assert {name: here[name] for name in ("Event", "SayName", "SayNameByINN")} == calls
    assert set(here) == set(vats) | set(calls)


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_the_service_is_published_where_it_is_called(folder: str) -> None:
    (service,) = Dump(read(SAMPLES / folder)).of_kind("WebService")
    definitions = etree.fromstring(wsdl_text("onec/vats.wsdl").encode())

    assert service.property("Namespace") == definitions.get("targetNamespace") == "http://VATS"
    assert service.name == definitions.get("name") == "VATS"


@pytest.mark.parametrize("folder", EXTENSIONS)
def test_every_operation_has_a_function_with_its_parameters(folder: str) -> None:
    dump = Dump(read(SAMPLES / folder))
    (service,) = dump.of_kind("WebService")
    module = dump.module("WebServices/VATS/Ext/Module.bsl")
    assert module is not None
    for operation in service.children("Operation"):
        name = operation.findtext(f"{MD}Properties/{MD}ProcedureName") or ""
        method = module.method(name)
        assert method is not None, name
        assert method.is_function
        parameters = [each.findtext(f"{MD}Properties/{MD}Name") for each in operation.iter(f"{MD}Parameter")]
        assert [one.name for one in method.parameters] == parameters


@pytest.mark.parametrize("path", MODULES)
def test_modules_ask_only_what_the_bridge_has(path: str, telephony: Contract) -> None:
    assert asks(text_of(path), path, telephony) == []


@pytest.mark.parametrize("path", [path for path in MODULES if "WSПрокси" in text_of(path)])
def test_the_calls_of_a_module_with_a_proxy_are_seen(path: str, telephony: Contract) -> None:
    """The look at the modules is not blind: whoever makes a proxy calls something with it."""
    symbols = ORDINARY if "ordinary" in path else SERVER
    operations = {one.operation for one in asked(parse(text_of(path), path, symbols=symbols), telephony)}
    assert operations & set(telephony.operations)


def test_the_extension_calls_the_whole_of_what_it_needs(telephony: Contract) -> None:
    path = "extension/CommonModules/МВ_Мост/Ext/Module.bsl"
    operations = {one.operation for one in asked(parse(text_of(path), path), telephony)} - {""}
    assert operations == {"Ping", "MakeCall", "PollEvents", "GetSubscribers"}


@pytest.mark.parametrize("path", MODULES)
def test_proxies_name_the_service_as_the_wsdl_does(path: str) -> None:
    definitions = etree.fromstring(wsdl_text("telephony.wsdl").encode())
    port = definitions.find("{*}service/{*}port")
    expected = (definitions.get("targetNamespace"), definitions.get("name"), port.get("name"))
    symbols = ORDINARY if "ordinary" in path else SERVER
    assert all(one == expected for one in proxies(parse(text_of(path), path, symbols=symbols)))


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("Прокси.MakeCall(", "Прокси.Call("),
        ("Прокси.GetSubscribers()", "Прокси.GetSubscribers(1)"),
        ('Прокси.PollEvents("", ', "Прокси.PollEvents("),
        ("Ответ.CallId", "Ответ.CallID"),
        ("Полученный.Extension", "Полученный.Phone"),
        ("Полученное.Data", "Полученное.Body"),
    ],
)
def test_a_slip_in_a_name_or_an_argument_is_seen(written: str, instead: str, telephony: Contract) -> None:
    path = "extension/CommonModules/МВ_Мост/Ext/Module.bsl"
    text = text_of(path)
    assert written in text
    assert asks(text.replace(written, instead, 1), path, telephony)
