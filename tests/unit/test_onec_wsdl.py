"""A firm's own WSDL: what may be read, what is sent for each type, and what is no proof."""

import re
from pathlib import Path

import pytest
from lxml import etree

from bridge.onec import envelope
from bridge.onec.operation import BadValue, DoesNotFit, Operation
from bridge.onec.wsdl import MAX_WSDL_BYTES, Wsdl, WsdlError
from bridge.resources import wsdl_text

WSDL = Path(__file__).parents[1] / "wire" / "1c" / "wsdl"
TYPES = (WSDL / "types.wsdl").read_bytes()
PACKAGES = (WSDL / "packages.wsdl").read_bytes()
SCHEMA = "{http://www.w3.org/2001/XMLSchema}schema"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


@pytest.fixture(scope="module")
def types() -> Wsdl:
    return Wsdl(TYPES)


@pytest.fixture(scope="module")
def packages() -> Wsdl:
    return Wsdl(PACKAGES)


def body_of(message: bytes) -> etree._Element:
    body = etree.fromstring(message).find(f"{{{envelope.SOAP11}}}Body")
    assert body is not None
    return body[0]


def sent(operation: Operation, **values: str) -> etree._Element:
    return body_of(operation.build(values))


def answer(operation: str, inside: str, namespace: str = "http://types.example.ru") -> bytes:
    return (
        f'<s:Envelope xmlns:s="{envelope.SOAP11}"><s:Body><m:{operation}Response xmlns:m="{namespace}" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{inside}</m:{operation}Response>'
        "</s:Body></s:Envelope>"
    ).encode()


# --- types -------------------------------------------------------------------------------------------
# type, text of the settings, what is sent
VALUES = [
    ("string", " Иванова & <Анна>\t", " Иванова & <Анна>\t"),
    ("string", "до\0после", "допосле"),
    ("normalizedString", "a b", "a b"),
    ("token", "a", "a"),
    ("anyURI", "http://a/?б", "http://a/?б"),
    ("anySimpleType", "7", "7"),
    ("boolean", "true", "true"),
    ("boolean", "Истина", "true"),
    ("boolean", "да", "true"),
    ("boolean", "0", "false"),
    ("decimal", "89235292926", "89235292926"),
    ("decimal", "0246", "246"),
    ("decimal", " 1,50 ", "1.50"),
    ("decimal", "1e3", "1000"),
    ("integer", "-0012", "-12"),
    ("int", "2147483647", "2147483647"),
    ("long", "89235292926", "89235292926"),
    ("short", "-32768", "-32768"),
    ("byte", "127", "127"),
    ("unsignedInt", "4294967295", "4294967295"),
    ("nonNegativeInteger", "0", "0"),
    ("positiveInteger", "1", "1"),
    ("float", "1.5", "1.5"),
    ("double", "2", "2"),
    ("dateTime", "2026-11-23T10:11:12", "2026-11-23T10:11:12"),
    ("dateTime", "2026-11-23 10:11:12.999", "2026-11-23T10:11:12"),
    ("dateTime", "2026-11-23", "2026-11-23T00:00:00"),
    ("dateTime", "2026-11-23T10:11:12+03:00", "2026-11-23T10:11:12+03:00"),
    ("date", "2026-11-23T10:11:12", "2026-11-23"),
    ("date", "2026-11-23", "2026-11-23"),
    ("time", "2026-11-23T10:11:12", "10:11:12"),
    ("time", "10:11", "10:11:00"),
    ("base64Binary", "Анна", "0JDQvdC90LA="),
    ("hexBinary", "Aя", "41D18F"),
]


@pytest.mark.parametrize(("kind", "text", "written"), VALUES)
def test_a_text_is_sent_as_the_type_that_1c_declares(kind: str, text: str, written: str, types: Wsdl) -> None:
    element = sent(types.operation(f"take_{kind}"), Value=text)
    assert element[0].text == written
    assert schema().validate(element), schema().error_log


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("boolean", "может быть"),
        ("decimal", "сто"),
        ("decimal", "NaN"),
        ("decimal", "1e999999999"),
        ("integer", "1.5"),
        ("integer", "٥"),
        ("int", "89235292926"),
        ("unsignedInt", "-1"),
        ("byte", "128"),
        ("positiveInteger", "0"),
        ("float", "inf"),
        ("dateTime", "23.11.2026"),
        ("dateTime", "2026-13-01"),
        ("date", "вчера"),
        ("time", "25:00"),
    ],
)
def test_a_text_of_another_type_is_refused_without_repeating_it(kind: str, text: str, types: Wsdl) -> None:
    with pytest.raises(BadValue) as refused:
        types.operation(f"take_{kind}").build({"Value": text})
    assert f"«Value» не подходит типу {kind}" in str(refused.value)
    assert text not in str(refused.value).replace(f"take_{kind}", "")


EMPTY = {
    "string": None,
    "anyURI": None,
    "boolean": "false",
    "decimal": "0",
    "int": "0",
    "float": "0",
    "double": "0",
    "dateTime": "0001-01-01T00:00:00",
    "date": "0001-01-01",
    "time": "00:00:00",
    "base64Binary": None,
}


@pytest.mark.parametrize("kind", EMPTY)
def test_what_the_settings_do_not_name_is_sent_empty(kind: str, types: Wsdl) -> None:
    element = sent(types.operation(f"take_{kind}"))
    assert [(child.tag, child.text or None) for child in element] == [
        ("{http://types.example.ru}Value", EMPTY[kind])
    ]
    assert NIL not in element[0].attrib
    assert schema().validate(element), schema().error_log
    # an empty text of the settings is the same
    assert etree.tostring(sent(types.operation(f"take_{kind}"), Value="")) == etree.tostring(element)


@pytest.mark.parametrize("kind", ["duration", "gYear"])
def test_types_that_nothing_is_written_as_are_named(kind: str, types: Wsdl) -> None:
    with pytest.raises(DoesNotFit, match=f"типа {kind}"):
        types.operation(f"take_{kind}").build({"Value": "1"})
    with pytest.raises(DoesNotFit, match="задайте в настройках значение параметра «Value»"):
        types.operation(f"take_{kind}").build({})


def test_an_element_without_a_type_says_its_type_itself(types: Wsdl) -> None:
    element = sent(types.operation("untyped"), Value="Анна")
    assert element[0].text == "Анна"
    prefix, _, name = element[0].get(XSI_TYPE, "").partition(":")
    assert (element[0].nsmap[prefix], name) == ("http://www.w3.org/2001/XMLSchema", "string")


def test_nil_is_sent_only_where_nothing_else_can_be(types: Wsdl) -> None:
    assert sent(types.operation("nillable"))[0].get(NIL) == "true"


def test_optional_elements_are_sent_as_empty_and_lists_as_none(types: Wsdl) -> None:
    assert sent(types.operation("optional"))[0].text == "0001-01-01T00:00:00"
    assert len(sent(types.operation("many"))) == 0
    assert [child.text for child in sent(types.operation("many"), Value="a")] == ["a"]


def test_parameters_may_be_called_as_python_is_spoken(types: Wsdl) -> None:
    values = {"self": "1", "service": "2", "return": "3"}
    element = body_of(types.operation("self").build(values))
    assert [(etree.QName(child).localname, child.text) for child in element] == [*values.items()]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("string", "да"),
        ("boolean", "false"),
        ("decimal", "0"),
        ("integer", "-5"),
        ("double", "1.5E3"),
        ("dateTime", "2026-11-23T10:11:12"),
        ("date", "0001-01-01"),
        ("time", "10:11:12"),
        ("base64Binary", "0JDQvdC90LA="),
        ("hexBinary", "41"),
        ("anySimpleType", "x"),
    ],
)
def test_a_value_of_any_type_is_proof_and_is_read_as_it_came(kind: str, said: str, types: Wsdl) -> None:
    body = answer(f"take_{kind}", f"\r\n\t\t<m:return>{said}</m:return>")
    assert types.operation(f"take_{kind}").confirmed(body) == said
    assert types.operation(f"take_{kind}").given(body) == {"return": said}


# --- proof -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("inside", "why"),
    [
        ("", "в ответе нет значения"),
        ("<m:return/>", "пустое значение"),
        ("<m:return> \r\n </m:return>", "пустое значение"),
        ('<m:return xsi:nil="true"/>', "не определено"),
        ("<m:other>1</m:other>", "в ответе нет значения"),
    ],
)
def test_a_function_that_returned_nothing_has_not_confirmed(inside: str, why: str, types: Wsdl) -> None:
    with pytest.raises(envelope.NoReturnError, match=why):
        types.operation("take_string").confirmed(answer("take_string", inside))


def test_a_procedure_confirms_by_its_response_element_alone() -> None:
    procedure = Wsdl(wsdl_text("onec/crm.wsdl").encode()).operation("ЗаписатьСобытие")
    namespace = "http://crm.example.ru/calls"
    assert procedure.confirmed(answer("ЗаписатьСобытие", "", namespace)) == ""
    for body in (
        answer("КтоЗвонит", "", namespace),
        answer("ЗаписатьСобытие", "", "http://other"),
        f'<s:Envelope xmlns:s="{envelope.SOAP11}"><s:Body/></s:Envelope>'.encode(),
    ):
        with pytest.raises(envelope.NoReturnError):
            procedure.confirmed(body)


def test_a_procedure_with_out_parameters_must_give_one(types: Wsdl) -> None:
    operation = types.operation("self")
    assert operation.confirmed(answer("self", "<m:args>1</m:args>")) == ""
    with pytest.raises(envelope.NoReturnError):
        operation.confirmed(answer("self", ""))


# --- the shapes that 1C writes -----------------------------------------------------------------------
def test_packages_imported_without_an_address_are_read(packages: Wsdl) -> None:
    operation = packages.operation("ВходящийЗвонок")
    element = sent(operation, Номер="89160000001", Срочно="да", Прочее="x")
    assert [child.tag for child in element] == [
        "{crm_package}Сategories",  # as it is written there: a Cyrillic «С»
        "{crm_package}Срочно",
        "{neo-crm}Номер",
        "{neo-crm}Клиент",
        "{neo-crm}Звонок",
        "{neo-crm}Прочее",
        "{neo-crm}Список",
    ]
    assert [child.text for child in element][:3] == [None, "true", "89160000001"] or element[0].text == ""
    client = element[3]
    assert [child.tag for child in client] == ["{crm_package}ID_1С", "{crm_package}Наименование"]
    assert element[6].get(NIL) == "true", "a structure that may be nothing is nothing"
    assert operation.gives == ["Сообщение", "Клиент"]


def test_an_answer_with_a_result_and_out_parameters_is_read(packages: Wsdl) -> None:
    operation = packages.operation("ВходящийЗвонок")
    body = answer(
        "ВходящийЗвонок",
        "<m:return>ok</m:return><m:Сообщение>принято</m:Сообщение><m:Клиент xsi:nil='true'/>",
        "neo-crm",
    )
    assert operation.confirmed(body) == "ok"
    assert operation.given(body) == {"return": "ok", "Сообщение": "принято", "Клиент": ""}


def test_a_text_is_no_structure(packages: Wsdl) -> None:
    with pytest.raises(DoesNotFit, match="«Клиент» — структура"):
        packages.operation("ВходящийЗвонок").build({"Клиент": "{}"})


def test_a_structure_without_end_is_not_begun() -> None:
    text = PACKAGES.decode()
    endless = re.sub(r'(type="tns:Сотрудник")\s+minOccurs="0"', r"\1", text).encode()
    assert endless != PACKAGES
    with pytest.raises(DoesNotFit, match="слишком велика"):
        Wsdl(endless).operation("ВходящийЗвонок").build({})


def test_settings_are_told_what_there_is(packages: Wsdl) -> None:
    with pytest.raises(WsdlError, match="нет операции «Звонок»; есть: ВходящийЗвонок, Проверить"):
        packages.operation("Звонок")
    with pytest.raises(WsdlError, match="нет веб-сервиса «CRM»; есть: ОбменCRM"):
        packages.operation("Проверить", service="CRM")
    with pytest.raises(WsdlError, match="нет порта SOAP «x»; есть: ОбменCRMSoap, ОбменCRMSoap12"):
        packages.operation("Проверить", port="x")
    with pytest.raises(DoesNotFit, match="нет параметра «Номр»; есть: Сategories, Срочно, Номер"):
        packages.operation("ВходящийЗвонок").build({"Номр": ""})
    with pytest.raises(DoesNotFit, match="нет «Имя»; есть: Сообщение, Клиент"):
        packages.operation("ВходящийЗвонок").expect(["Имя"])


def test_the_soap_12_port_speaks_soap_12(packages: Wsdl) -> None:
    operation = packages.operation("Проверить", port="ОбменCRMSoap12")
    assert operation.media.startswith("application/soap+xml")
    assert etree.fromstring(operation.build({})).tag == f"{{{envelope.SOAP12}}}Envelope"
    assert packages.operation("Проверить").media.startswith("text/xml")


# --- hostile and unusable ----------------------------------------------------------------------------
LAUGHS = b'<!DOCTYPE d [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in range(ord("b"), ord("n"))
)
IMPORT = b'<import xmlns="http://schemas.xmlsoap.org/wsdl/" namespace="n" location="%s"/><types>'
INCLUDE = b'elementFormDefault="qualified"><xs:%s namespace="n" schemaLocation="%s"/>'
BOMB = b"".join(
    b'<xs:group name="g%d"><xs:sequence>%s</xs:sequence></xs:group>'
    % (n, b'<xs:group ref="xs1:g%d"/>' % n * 2)
    for n in range(30)
)


def first(old: bytes, new: bytes) -> bytes:
    assert old in TYPES
    return TYPES.replace(old, new, 1)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (first(b"?>", b"?>" + LAUGHS + b"]>").replace(b"Types", b"&m;", 1), "DOCTYPE"),
        (first(b"?>", b'?><!DOCTYPE d SYSTEM "http://127.0.0.1:9/d.dtd">'), "DOCTYPE"),
        (
            first(b"?>", b'?><!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>').replace(
                b"<types>", b"<types>&x;"
            ),
            "DOCTYPE",
        ),
        (first(b"<types>", IMPORT % b"file:///etc/passwd"), "ссылается на file:///etc/passwd"),
        (first(b"<types>", IMPORT % b"http://127.0.0.1:9/x.wsdl"), "ссылается на http://127.0.0.1:9/x.wsdl"),
        (first(b"<types>", IMPORT % b"other.wsdl"), "одним файлом"),
        (
            first(b'elementFormDefault="qualified">', INCLUDE % (b"import", b"file:///etc/passwd")),
            "/etc/passwd",
        ),
        (first(b'elementFormDefault="qualified">', INCLUDE % (b"include", b"x.xsd")), "x.xsd"),
        (first(b'elementFormDefault="qualified">', INCLUDE % (b"redefine", b"../x.xsd")), "../x.xsd"),
        (
            first(
                b'elementFormDefault="qualified">',
                b'elementFormDefault="qualified"><xs:import namespace="http://www.w3.org/XML/1998/namespace"/>',
            ),
            "ссылается на https://www.w3.org|не разобрано",
        ),
        (first(b'elementFormDefault="qualified">', b'elementFormDefault="qualified">' + BOMB), "xs:group"),
        (first(b"<types>", b"<types>" + b"<a/>" * 250_000), "слишком много элементов"),
        (first(b"<types>", b"<types>" + b" " * MAX_WSDL_BYTES), "больше 4 МБ"),
        (
            TYPES.replace(b"http://types.example.ru", "http://пример.рф/t".encode()),
            "с кириллицей или пробелом",
        ),
        (TYPES.replace(b"http://types.example.ru", b"http://types "), "с кириллицей или пробелом"),
        (first(b'type="xs:string"', b'type="xs1:Missing"'), "не разобран"),
        (first(b'element="tns:take_string"', b'element="tns:missing"'), "не разобран"),
    ],
)
def test_a_hostile_or_broken_description_is_refused_with_a_reason(document: bytes, said: str) -> None:
    with pytest.raises(WsdlError, match=said) as refused:
        Wsdl(document).operation("take_string").build({})
    assert len(str(refused.value)) < 300
    assert "root:" not in str(refused.value)


def test_an_rpc_service_is_not_what_1c_writes() -> None:
    document = TYPES.replace(b'style="document"', b'style="rpc"')
    with pytest.raises(WsdlError, match=r"document/literal|не разобран"):
        Wsdl(document).operation("take_string")


def test_a_description_without_soap_ports_has_nothing_to_call() -> None:
    document = re.sub(rb"<service name.*</service>", b'<service name="Types"/>', TYPES, flags=re.DOTALL)
    with pytest.raises(WsdlError, match="ни одного порта SOAP"):
        Wsdl(document).operation("take_string")


@pytest.mark.parametrize(
    ("document", "error"),
    [
        (b"<html><body>1C</body></html>", envelope.NotEnvelopeError),
        (b"\0\xff", envelope.NotEnvelopeError),
        (TYPES[: len(TYPES) // 2], envelope.NotEnvelopeError),
        (b"<a>" * 100_000, envelope.NotEnvelopeError),
        (
            f'<s:Envelope xmlns:s="{envelope.SOAP11}"><s:Body><s:Fault><faultstring>нет'
            "</faultstring></s:Fault></s:Body></s:Envelope>".encode(),
            envelope.SoapFaultError,
        ),
    ],
)
def test_what_is_no_description_is_told_from_a_bad_one(document: bytes, error: type) -> None:
    with pytest.raises(error):
        Wsdl(document)


def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.fromstring(TYPES).find(f".//{SCHEMA}"))
