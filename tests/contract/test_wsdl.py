"""The published WSDLs: what Spyne speaks is what they say, and every known client can read them."""

import dataclasses
import http.client
from datetime import datetime, timedelta, timezone

import pytest
import requests
from lxml import etree

from bridge.observe import Figures
from bridge.resources import wsdl_dir
from bridge.sim.loopback import Loopback
from bridge.web.auth import Gatekeeper, token_hash
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.problem import Version
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, OPERATIONS, RUSSIAN, TYPES
from bridge.web.soap.wsdl import published
from support.world import HOOK_SECRET, LOGIN, PASSWORD, world
from support.wsdl import Contract, Member, Spoken, differences, findings, read, schema_of, spoken

each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)
each_version = pytest.mark.parametrize("version", list(Version), ids=["soap11", "soap12"])


def file(language):
    return (wsdl_dir() / language.wsdl).read_bytes()


# --- Spyne and the files ------------------------------------------------------------------------
@each_version
@each_language
def test_spyne_speaks_exactly_what_the_published_wsdl_says(language, version):
    assert differences(read(file(language)), spoken(language, version)) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('name="Number" type="xsd:string"', 'name="Phone" type="xsd:string"', "MakeCall takes Phone"),
        ('name="AfterId" type="xsd:long"', 'name="AfterId" type="xsd:int"', "PollEvents takes AfterId"),
        ('name="Date" type="xsd:date"', 'name="Date" type="xsd:dateTime"', "GetCallJournal takes Date"),
        ('name="Code" type="xsd:int"', 'name="Code" type="xsd:string"', "CallResult has Code"),
        ('name="More" type="xsd:boolean"', 'name="More" type="xsd:boolean" minOccurs="0"', "0..1"),
        ('type="tns:Call" minOccurs="0" maxOccurs="unbounded"', 'type="tns:Call"', "tns}Call 1..1"),
        (
            'name="RecordUrl" type="xsd:string"',
            'name="RecordUrl" type="xsd:string" nillable="true"',
            "nillab",
        ),
        ('name="return" type="tns:CallResult"', 'name="return" type="tns:Call"', "MakeCall gives return"),
        ('name="return" type="xsd:string"', 'name="PingResult" type="xsd:string"', "Ping gives PingResult"),
        (
            '<part name="parameters" element="tns:Ping"/>',
            '<part name="p" element="tns:Ping"/>',
            "Ping parts p",
        ),
        ("#Telephony:MakeCall", "#Telephony:Dial", "MakeCall action Dial"),
        ('<service name="Telephony">', '<service name="Phones">', "service Phones"),
        ('element="tns:MakeCallResponse"', 'element="tns:PingResponse"', "MakeCall response"),
        ('<xsd:complexType name="Event">', '<xsd:complexType name="Happening">', "type {tns}Happening"),
        ("vpbx-bridge.ru/telephony/1", "vpbx-bridge.ru/telephony/2", "namespace http"),
    ],
)
def test_a_difference_between_the_file_and_spyne_is_told(old, new, told):
    document = file(ENGLISH).decode()
    assert old in document
    changed = read(document.replace(old, new).encode())
    said = [line.replace(ENGLISH.namespace, "tns") for line in differences(changed, spoken(ENGLISH))]
    assert any(told.replace(ENGLISH.namespace, "tns") in line for line in said), said


@pytest.mark.parametrize("word", ["MakeCall", "Number", "CallResult", "LastId"])
def test_another_word_on_the_side_of_spyne_is_told(word):
    reworded = dataclasses.replace(ENGLISH, words={word: "Another"})
    assert any("Another" in line for line in differences(read(file(ENGLISH)), spoken(reworded)))


def test_another_order_is_a_difference_of_members_and_of_operations():
    contract = read(file(ENGLISH))
    members = {**contract.types}
    (name,) = (one for one in members if one.endswith("}CallResult"))
    members[name] = tuple(reversed(members[name]))
    assert differences(dataclasses.replace(contract, types=members), spoken(ENGLISH))
    backwards = dataclasses.replace(contract, operations=contract.operations[::-1])
    assert differences(backwards, spoken(ENGLISH))


# --- the shape ----------------------------------------------------------------------------------
@each_language
def test_the_wsdl_has_the_shape_that_every_known_client_reads(language):
    assert findings(file(language)) == []


_WRAPPER = '<xsd:element name="Ping">\n        <xsd:complexType>\n          <xsd:sequence/>'
_TYPED = '<xsd:element name="Pong" type="tns:Call"/>\n      '
_LOCATION = '<soapbind:address location="http://localhost:8080/ws/Telephony"/>'
_FAULT = '<fault name="f" message="tns:PingResponseMessage"/>'
_OUTPUT = '<output message="tns:PingResponseMessage"/>'
_KEY = '<xsd:element name="Key" type="xsd:string"/>'
_FACET = (
    '<xsd:element name="Key"><xsd:simpleType><xsd:restriction base="xsd:string">'
    '<xsd:maxLength value="9"/></xsd:restriction></xsd:simpleType></xsd:element>'
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('elementFormDefault="qualified"', "", "elementFormDefault"),
        ("<definitions ", '<definitions xmlns:wsa="http://example.org/wsa" ', "xmlns:wsa is not used"),
        ("<portType ", '<portType xmlns:a="http://example.org/a" ', "declared below the root"),
        ('<operation name="Ping">', '<operation name="Ping" parameterOrder="Ping">', "parameterOrder"),
        (_OUTPUT, _OUTPUT + _FAULT, "<fault>"),
        ("<types>", '<import namespace="http://example.org/" location="b"/><types>', "<import>"),
        ("<xsd:complexType", '<xsd:import namespace="urn:b"/><xsd:complexType', "<import>"),
        (_KEY, _KEY.replace("/>", ' nillable="true"/>'), "nillable"),
        (_KEY, _KEY.replace("/>", ' minOccurs="0"/>'), "member Key occurs"),
        (_KEY, _FACET, "<maxLength>"),
        (_WRAPPER, _TYPED + _WRAPPER, "wrapper Pong has no anonymous sequence"),
        ('part name="parameters" element="tns:Ping"', 'part name="x" element="tns:Ping"', "parts of Ping"),
        ('<part name="parameters" element="tns:Ping"/>', "", "parts of PingRequestMessage: []"),
        ("#Telephony:MakeCall", "#Telephony:Позвонить", "soapAction of MakeCall"),
        ("#Telephony:MakeCall", "#Telephony:Ping", "share a soapAction"),
        (
            'soapAction="http://vpbx-bridge.ru/telephony/1#Telephony:Ping"',
            'soapAction="Ping"',
            "soapAction of",
        ),
        ('<service name="Telephony">', '<service name="Телефония">', "service is not plain ASCII"),
        ('port name="TelephonySoap"', 'port name="Telephony"', "name of port"),
        ('<binding name="TelephonySoapBinding"', '<binding name="TelephonyBinding"', "name of binding"),
        ('<portType name="TelephonyPortType">', '<portType name="Telephony">', "name of portType"),
        ("http://vpbx-bridge.ru/telephony/1", "telephony", "namespace is not absolute"),
        ('use="literal"', 'use="encoded"', "is not literal"),
        ('style="document" transport', 'style="rpc" transport', "document style"),
        ('name="return" type="tns:CallResult"', 'name="Out" type="tns:CallResult"', "one `return`"),
        (_KEY, _KEY + _KEY, "a member is repeated"),
        ("<types>", "<!-- a word --><types>", "a comment"),
        ("  </service>", f"<port name='b' binding='tns:b'>{_LOCATION}</port></service>", "exactly one port"),
        ("\n", "\r\n", "line ends"),
        ('encoding="UTF-8"', 'encoding="utf-8"', "declaration"),
    ],
)
def test_a_departure_from_that_shape_is_told(old, new, told):
    document = file(ENGLISH).decode()
    assert old in document
    said = findings(document.replace(old, new).encode())
    assert any(told in line for line in said), said


def test_a_namespace_that_is_not_ascii_is_not_even_read():
    document = file(ENGLISH).decode().replace(ENGLISH.namespace, "http://телефония/1").encode()
    with pytest.raises(etree.XMLSyntaxError, match="valid URI"):
        findings(document)


def test_a_service_that_is_not_last_is_told():
    root = etree.fromstring(file(ENGLISH))
    root.insert(0, root[-1])
    assert any("order of the parts: service types" in line for line in findings(etree.tostring(root)))


@each_language
def test_the_embedded_schema_compiles(language):
    schema_of(file(language))


# --- the two languages --------------------------------------------------------------------------
def test_the_two_languages_are_one_contract_in_other_words():
    assert differences(read(file(RUSSIAN)), translated(read(file(ENGLISH)))) == []


def test_a_change_in_one_language_only_is_told():
    changed = file(ENGLISH).decode().replace('name="WaitSeconds" type="xsd:int"', 'name="A" type="xsd:int"')
    assert differences(read(file(RUSSIAN)), translated(read(changed.encode())))


@each_language
def test_the_actions_are_the_english_names_of_the_operations_in_either_language(language):
    actions = [operation.action for operation in read(file(language)).operations]
    assert actions == [operation.name for operation in OPERATIONS]


def test_every_russian_word_is_russian_and_every_english_name_has_one():
    english, russian = file(ENGLISH).decode(), read(file(RUSSIAN))
    assert english.isascii()
    names = [one.name for one in russian.operations]
    names += [member.name for one in russian.operations for member in one.request_members]
    names += [member.name for members in russian.types.values() for member in members]
    names += [name.partition("}")[2] for name in russian.types]
    assert [name for name in names if any(char.isascii() for char in name)] == []


def translated(english: Contract) -> Contract:
    """An English contract in the words of the Russian vocabulary."""

    def name(clark: str) -> str:
        namespace, _, local = clark[1:].partition("}")
        if namespace != ENGLISH.namespace:
            return clark
        stem = local.removesuffix("Response")
        return f"{{{RUSSIAN.namespace}}}{RUSSIAN.word(stem)}{local[len(stem) :]}"

    def member(one: Member, owner: str = "") -> Member:
        word = one.name if one.name == "return" else RUSSIAN.word(one.name, owner)
        return dataclasses.replace(one, name=word, type=name(one.type))

    def operation(one: Spoken) -> Spoken:
        return dataclasses.replace(
            one,
            name=RUSSIAN.word(one.name),
            request=name(one.request),
            request_members=tuple(map(member, one.request_members)),
            response=name(one.response),
            response_members=tuple(map(member, one.response_members)),
        )

    return Contract(
        namespace=RUSSIAN.namespace,
        service=RUSSIAN.service,
        operations=tuple(map(operation, english.operations)),
        types={
            name(owner): tuple(member(one, owner.partition("}")[2]) for one in members)
            for owner, members in english.types.items()
        },
    )


# --- what is written is valid -------------------------------------------------------------------
MOSCOW = timezone(timedelta(hours=3))
SCALARS = {
    "full": {
        "string": 'ООО "Рога & Копыта" <1> ]]>\n\tдва',
        "int": 2**31 - 1,
        "long": 2**63 - 1,
        "boolean": True,
        "dateTime": datetime(2026, 11, 23, 9, 5, 7, tzinfo=MOSCOW),
    },
    "empty": {"string": "", "int": 0, "long": 0, "boolean": False, "dateTime": datetime(1, 1, 1)},
}


def sample(xsd, kind):
    if xsd in SCALARS[kind]:
        return SCALARS[kind][xsd]
    if xsd.startswith("*"):
        return [sample(xsd[1:], kind)] * 3 if kind == "full" else []
    return {member: sample(member_xsd, kind) for member, member_xsd in TYPES[xsd].items()}


@each_version
@each_language
@pytest.mark.parametrize("kind", ["full", "empty"])
def test_every_answer_that_spyne_writes_is_valid_by_the_published_schema(language, version, kind):
    arguments = {"string": "101", "int": "0", "long": "-1", "date": "2026-11-23"}
    handlers = {one.name: lambda *_, xsd=one.returns: sample(xsd, kind) for one in OPERATIONS}
    endpoint = SoapEndpoint(
        language,
        handlers,
        gatekeeper=Gatekeeper({LOGIN: LOGIN}, {LOGIN: [token_hash(PASSWORD)]}),
        public_url="http://127.0.0.1",
        figures=Figures(),
    )
    schema = schema_of(file(language))
    with Loopback(endpoint) as served:
        for one in read(file(language)).operations:
            envelope = etree.Element(f"{{{version.value}}}Envelope")
            request = etree.SubElement(etree.SubElement(envelope, f"{{{version.value}}}Body"), one.request)
            for member in one.request_members:
                child = etree.SubElement(request, f"{{{language.namespace}}}{member.name}")
                child.text = arguments[member.type.partition("}")[2]]
            schema.assertValid(request)
            answer = requests.post(
                served.url,
                data=etree.tostring(envelope, encoding="utf-8"),
                headers={"Content-Type": version.media},
                auth=(LOGIN, PASSWORD),
                timeout=5,
            )
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Type"] == version.media
            (body,) = etree.fromstring(answer.content)
            assert body[0].tag == one.response
            schema.assertValid(body[0])


def test_times_are_written_with_their_offset_and_whole_seconds():
    at = datetime(2026, 11, 23, 9, 5, 7, 999_999, tzinfo=MOSCOW)
    endpoint = SoapEndpoint(
        ENGLISH,
        {one.name: lambda *_: {**sample("Call", "full"), "Start": at} for one in OPERATIONS},
        gatekeeper=Gatekeeper({LOGIN: LOGIN}, {LOGIN: [token_hash(PASSWORD)]}),
        public_url="http://127.0.0.1",
        figures=Figures(),
    )
    with Loopback(endpoint) as served:
        answer = requests.post(
            served.url,
            data=(
                f'<e:Envelope xmlns:e="{Version.V11.value}"><e:Body><GetCallInfo xmlns="{ENGLISH.namespace}">'
                "<Key/><CallId>1</CallId></GetCallInfo></e:Body></e:Envelope>"
            ),
            headers={"Content-Type": "text/xml"},
            auth=(LOGIN, PASSWORD),
            timeout=5,
        )
    assert ">2026-11-23T09:05:07+03:00<" in answer.text


# --- what is served -----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def here(tmp_path_factory):
    with world(tmp_path_factory.mktemp("world")) as running:
        yield running


def addressed(language, url):
    place = f'location="http://localhost:8080{language.path}"'.encode()
    document = file(language)
    assert document.count(place) == 1
    return document.replace(place, f'location="{url}{language.path}"'.encode())


@each_language
@pytest.mark.parametrize("query", ["?wsdl", "?WSDL", ""])
def test_the_wsdl_is_served_byte_for_byte_with_only_its_address_changed(here, language, query):
    answer = requests.get(f"{here.url}{language.path}{query}", timeout=5)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content == addressed(language, here.url)
    assert findings(answer.content) == []
    assert differences(read(answer.content), spoken(language)) == []


@each_language
@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Forwarded-For"])
def test_nobody_can_change_the_address_in_the_wsdl_from_outside(here, language, name):
    evil = {"Forwarded": "host=evil.example"}.get(name, "evil.example")
    answer = requests.get(f"{here.url}{language.path}?wsdl", headers={name: evil}, timeout=5)
    again = requests.get(f"{here.url}{language.path}?wsdl", timeout=5)
    assert answer.content == again.content == addressed(language, here.url)


@each_language
def test_head_tells_of_the_wsdl_without_sending_it(here, language):
    connection = http.client.HTTPConnection(here.url.removeprefix("http://"), timeout=5)
    try:
        for _ in range(2):  # on one connection: a body that should not be there would break the second
            connection.request("HEAD", f"{language.path}?wsdl")
            answer = connection.getresponse()
            assert answer.status == 200
            assert int(answer.headers["Content-Length"]) == len(addressed(language, here.url))
            assert answer.read() == b""
    finally:
        connection.close()


@each_language
def test_the_wsdl_tells_nothing_of_the_firm(here, language):
    answer = requests.get(f"{here.url}{language.path}?wsdl", timeout=5).text
    assert [word for word in (LOGIN, PASSWORD, HOOK_SECRET, "101") if word in answer] == []


@each_language
@pytest.mark.parametrize(
    "url", ["https://bridge.example.ru", "https://bridge.example.ru/", "https://a.example/x?a=1&b='\"<"]
)
def test_any_public_address_stands_in_the_wsdl_as_it_was_configured(language, url):
    root = etree.fromstring(published(language, url))
    (address,) = root.iter("{http://schemas.xmlsoap.org/wsdl/soap/}address")
    assert address.get("location") == url.rstrip("/") + language.path
