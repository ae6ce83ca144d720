"""What the doctor reads in a WSDL, and what it says of one that does not fit; its codes in the manual."""

import re
from pathlib import Path

import pytest

from bridge.doctor import Code, Finding
from bridge.doctor.contents import Expected, Wanted, compare, expected_of
from bridge.doctor.names import difference
from bridge.doctor.wsdl import NotWsdl, Published, read_wsdl
from bridge.resources import wsdl_text
from bridge.settings import InfobaseSection

ROOT = Path(__file__).parents[2]
VATS = wsdl_text("onec/vats.wsdl")
URL = "http://localhost/base/ws/VATS"


def section(contract: str = "vats", **changes: object) -> InfobaseSection:
    return InfobaseSection(exchange="main", contract=contract, url=URL, **changes)  # type: ignore[arg-type]


def said(wsdl: str, **changes: object) -> list[Finding]:
    expected = expected_of("buh", section(**changes))  # type: ignore[arg-type]
    return list(compare("1С buh", "buh", expected, read_wsdl(wsdl.encode()), URL))


def codes(found: list[Finding]) -> list[Code]:
    return [one.code for one in found]


def test_the_shipped_wsdls_hold_what_the_contracts_call() -> None:
    published = read_wsdl(VATS.encode())
    assert published.namespace == "http://VATS"
    assert published.services == ("VATS",)
    assert published.operations["IncomingCall"].parameters == (("NumFrom", "string"), ("Key", "string"))
    assert published.operations["SayName"].returns
    for contract in ("vats", "vatscalls", "miko"):
        wsdl = wsdl_text(f"onec/{contract}.wsdl")
        assert Code.WSDL_GOOD in codes(said(wsdl, contract=contract))


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ('"http://VATS"', '"http://vats"', Code.WSDL_NAMESPACE, "отличается регистром букв"),
        ('"http://VATS"', '"http://VATS "', Code.WSDL_NAMESPACE, "отличается пробелом"),
        ('"http://VATS"', '"https://VATS"', Code.WSDL_NAMESPACE, "отличается написанием"),
        ('"http://VATS"', '"http://пример.рф/t"', Code.WSDL_NAMESPACE, "http://пример.рф/t, а в мосте"),
        ("IncomingCall", "IncоmingCall", Code.WSDL_CASE, "буквой другого алфавита"),
        ("IncomingCall", "ВходящийЗвонок", Code.WSDL_NO_OPERATION, "есть: SayName, ВходящийЗвонок"),
        ('name="NumFrom"', 'name="Number"', Code.WSDL_PARAMETERS, "в 1С: Number, Key; нужны: NumFrom, Key"),
        ('name="Key"', 'name="КлючАбонента"', Code.WSDL_PARAMETERS, "NumFrom, КлючАбонента"),
        (
            '<xs:element name="Key"\n\t\t\t\t\t\t\t\ttype="xs:string"/>',
            '<xs:element name="Key" type="xs:decimal"/>',
            Code.WSDL_TYPE,
            "Key (decimal)",
        ),
    ],
)
def test_every_difference_is_named(old: str, new: str, code: Code, words: str) -> None:
    assert old in VATS
    found = said(VATS.replace(old, new))
    (finding,) = [one for one in found if one.code is code]
    assert words in finding.said
    assert finding.advice


def test_parameters_in_another_order_are_named() -> None:
    swapped = VATS.replace('name="NumFrom"', 'name="@"').replace('name="Key"', 'name="NumFrom"')
    (finding,) = said(swapped.replace('name="@"', 'name="Key"'))
    assert (finding.code, "в этом порядке" in finding.said) == (Code.WSDL_PARAMETERS, True)


def test_a_namespace_of_the_firms_own_is_taken_from_the_settings() -> None:
    wsdl = VATS.replace('"http://VATS"', '"http://firma/VATS"')
    assert codes(said(wsdl, namespace="http://firma/VATS")) == [Code.WSDL_GOOD]


def test_another_address_in_the_wsdl_is_no_mistake() -> None:
    found = said(VATS.replace("http://localhost/base", "http://10.0.0.5:8080/base"))
    assert codes(found) == [Code.WSDL_GOOD, Code.WSDL_ADDRESS]
    assert all(one.grade == 0 for one in found)
    assert codes(said(VATS.replace("/ws/VATS", "/ws/vats.1cws"))) == [Code.WSDL_GOOD]


def test_wrappers_of_named_types_and_rpc_are_read() -> None:
    named = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:t="urn:t" targetNamespace="urn:t"
      xmlns:xs="http://www.w3.org/2001/XMLSchema"><types><xs:schema targetNamespace="urn:t">
      <xs:complexType name="In"><xs:sequence><xs:element name="A" type="xs:string"/></xs:sequence>
      </xs:complexType>
      <xs:element name="Op" type="t:In"/></xs:schema></types>
      <message name="i"><part name="parameters" element="t:Op"/></message>
      <message name="r"><part name="X" type="xs:int"/><part name="return" type="xs:string"/></message>
      <portType name="P"><operation name="Op"><input message="t:i"/><output message="t:r"/></operation>
      <operation name="Rpc"><input message="t:r"/></operation></portType></definitions>"""
    operations = read_wsdl(named.encode()).operations
    assert operations["Op"].parameters == (("A", "string"),)
    assert operations["Op"].returns
    assert operations["Rpc"].parameters == (("X", "int"), ("return", "string"))
    assert not operations["Rpc"].returns


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<definitions/>", b"\x00\xff", VATS.encode()[:900]])
def test_what_is_no_wsdl_is_refused(body: bytes) -> None:
    with pytest.raises(NotWsdl):
        read_wsdl(body)


def test_a_service_that_the_settings_name_is_looked_for() -> None:
    published = read_wsdl(VATS.encode())
    expected = Expected(namespace="", service="CRM", operations={"SayName": Wanted(parameters=("Number",))})
    (finding,) = compare("1С buh", "buh", expected, published, URL)
    assert (finding.code, "есть VATS" in finding.said) == (Code.WSDL_SERVICE, True)


def test_an_operation_that_is_only_nice_to_have_is_only_worth_a_look() -> None:
    published = read_wsdl(VATS.encode())
    without = Published(
        namespace=published.namespace,
        services=published.services,
        operations={"IncomingCall": published.operations["IncomingCall"]},
        addresses=published.addresses,
    )
    (finding,) = compare("1С buh", "buh", expected_of("buh", section()), without, URL)
    assert (finding.code, finding.grade) == (Code.WSDL_NO_OPERATION, 1)
    assert "имена звонящих будут неизвестны" in finding.said


def test_a_secret_is_hidden_whoever_repeats_it_and_a_word_is_left() -> None:
    finding = Finding(
        link="ВАТС main", code=Code.JOURNAL_REFUSED, grade=2, said="token=Ab12Cd34Ef56", advice="пароль"
    )
    hidden = finding.without(["Ab12Cd34Ef56", "пароль"])
    assert (hidden.said, hidden.advice) == ("token=***", "пароль")


def test_names_that_only_look_alike_are_told_apart() -> None:
    assert difference("Event", "IncomingCall") == ""
    assert difference("Dаta", "Data") == "отличается буквой другого алфавита, похожей на вид"


def test_every_code_is_explained_in_the_manual() -> None:
    manual = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    table = manual[manual.index("## Проверка (check)") :].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    explained = [code for row in rows for code in re.findall(r"`([a-z_]+\.[a-z0-9_]+)`", row)]
    assert sorted(explained) == sorted(code.value for code in Code)


def test_every_code_is_said_somewhere() -> None:
    sources = (path for path in (ROOT / "bridge" / "doctor").glob("*.py") if path.name != "codes.py")
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert [code.name for code in Code if f"Code.{code.name}" not in text] == []
