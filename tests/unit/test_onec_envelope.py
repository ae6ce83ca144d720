"""The envelope we send is what the WSDL promises; the envelope we read may wear any clothes."""

import pytest
from lxml import etree

from bridge.onec import envelope
from bridge.resources import wsdl_text
from support.onecserver import recorded

XS = "{http://www.w3.org/2001/XMLSchema}"
CALLS = [
    (
        "onec/vats.wsdl",
        "http://VATS",
        "IncomingCall",
        [("NumFrom", "89235292926"), ("Key", "k0000000000000aa")],
    ),
    ("onec/vats.wsdl", "http://VATS", "IncomingCall", [("NumFrom", ""), ("Key", "")]),
    ("onec/vats.wsdl", "http://VATS", "SayName", [("Number", "89235292926")]),
    ("onec/vatscalls.wsdl", "http://VATSCalls", "SayName", [("Number", "89235292926")]),
    (
        "onec/vatscalls.wsdl",
        "http://VATSCalls",
        "Event",
        [("Data", '{"имя": "ООО \\"Рога & Копыта\\" <1>"}')],
    ),
    ("onec/vatscalls.wsdl", "http://VATSCalls", "SayNameByINN", [("INN", "2460000000")]),
]


def content(request):
    (body,) = etree.fromstring(request)
    (operation,) = body
    return operation


def schema(wsdl):
    (found,) = etree.fromstring(wsdl_text(wsdl).encode()).iter(f"{XS}schema")
    return etree.XMLSchema(found)


@pytest.mark.parametrize(("wsdl", "namespace", "operation", "parameters"), CALLS)
def test_a_request_obeys_the_wsdl(wsdl, namespace, operation, parameters):
    element = content(envelope.build(namespace, operation, parameters))
    assert schema(wsdl).validate(element), schema(wsdl).error_log
    assert [(etree.QName(child).localname, child.text or "") for child in element] == parameters


def test_the_schema_would_notice_a_wrong_order():
    element = content(envelope.build("http://VATS", "IncomingCall", [("Key", "k"), ("NumFrom", "8")]))
    assert not schema("onec/vats.wsdl").validate(element)


def test_a_request_is_the_curl_of_the_manual():
    request = envelope.build("http://VATS", "IncomingCall", [("NumFrom", "89235292926"), ("Key", "gW3")])
    manual = b"""<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
    <soap:Body>
        <IncomingCall xmlns="http://VATS">
            <NumFrom>89235292926</NumFrom>
            <Key>gW3</Key>
        </IncomingCall>
    </soap:Body>
</soap:Envelope>
"""
    blank = etree.XMLParser(remove_blank_text=True)
    assert etree.tostring(etree.fromstring(request)) == etree.tostring(etree.fromstring(manual, blank))


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("<&>\"'", "<&>\"'"),
        ("]]>", "]]>"),
        ("a\r\nb\tc", "a\r\nb\tc"),
        ("\x00a\x0bb\x1f\ufffe", "ab"),
        ("\ud83d", ""),
        ("😀 ёЁ", "😀 ёЁ"),
    ],
)
def test_every_text_arrives_or_is_dropped_where_xml_forbids_it(sent, read):
    (number,) = content(envelope.build("http://VATS", "SayName", [("Number", sent)]))
    assert (number.text or "") == read


def test_a_namespace_is_escaped():
    namespace = "http://a/?b&c='d'"
    assert content(envelope.build(namespace, "Op", [])).tag == f"{{{namespace}}}Op"


@pytest.mark.parametrize("namespace", ["http://VATS ", "http://пример.рф/t", "neo-fly"])
def test_namespaces_that_only_1c_allows(namespace):
    answer = f"""<s:Envelope xmlns:s="{envelope.SOAP11}"><s:Body>
        <m:OpResponse xmlns:m="{namespace}"><m:return>1</m:return></m:OpResponse></s:Body></s:Envelope>"""
    assert envelope.read_return(answer.encode(), namespace, "Op") == "1"
    with pytest.raises(envelope.NotEnvelopeError):
        envelope.read_return(answer.encode()[:-9], namespace, "Op")


def test_white_space_before_the_declaration_is_forgiven():
    body = recorded("pretty-printed").partition(b"\r\n\r\n")[2]
    assert envelope.read_return(b"\r\n " + body, "http://VATS", "IncomingCall") == "1"


def test_comments_are_no_part_of_the_value():
    answer = f"""<s:Envelope xmlns:s="{envelope.SOAP11}"><s:Body><OpResponse xmlns="n"><!-- a --><return
        >1<!-- b --><?c d?></return></OpResponse></s:Body></s:Envelope>"""
    assert envelope.read_return(answer.encode(), "n", "Op") == "1"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nil-return", envelope.NoReturnError),
        ("no-return", envelope.NoReturnError),
        ("empty-body", envelope.NoReturnError),
        ("other-operation", envelope.NoReturnError),
        ("other-namespace", envelope.NoReturnError),
        ("odd-namespace", envelope.NoReturnError),
        ("fault-handler", envelope.SoapFaultError),
        ("fault-soap12", envelope.SoapFaultError),
        ("doctype-200", envelope.NotEnvelopeError),
        ("billion-laughs-200", envelope.NotEnvelopeError),
        ("cut-off-200", envelope.NotEnvelopeError),
        ("login-page-200", envelope.NotEnvelopeError),
        ("garbage-200", envelope.NotEnvelopeError),
    ],
)
def test_what_is_no_value_is_an_error_of_its_kind(name, error):
    body = recorded(name).partition(b"\r\n\r\n")[2]
    with pytest.raises(error):
        envelope.read_return(body, "http://VATS", "IncomingCall")
