"""Requests byte for byte as 1C:Enterprise and its neighbours send them, on bare sockets."""

import base64
import codecs
import http.client
import socket
from itertools import count

import pytest
from lxml import etree

from bridge.resources import wsdl_dir
from bridge.sim.exchange_options import ExchangeOptions
from bridge.web.auth import token_hash
from bridge.web.soap.problem import Version
from bridge.web.soap.vocabulary import ENGLISH, LANGUAGES, RUSSIAN
from support.world import ANNA, PASSWORD, world
from support.wsdl import schema_of

LOGIN = "Бухгалтерия"  # names of users of 1C are Russian as a rule
NUMBERS = (f"8913{n:07d}" for n in count(1))
CRLF = b"\r\n"

each_language = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.service)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    def infobases(_):
        return {"buh": {"exchange": "main", "login": LOGIN, "token_hashes": [token_hash(PASSWORD)]}}

    with world(tmp_path_factory.mktemp("world"), infobases=infobases) as running:
        running.exchange.options = ExchangeOptions(hooks_after_dial=False)
        yield running


@pytest.fixture
def number():
    return next(NUMBERS)


# --- the bytes ----------------------------------------------------------------------------------
def envelope(language, number, key="101", *, of_key="xs:string", version=Version.V11):
    """A dial as 1C writes it: prefixes soap and m, tabs, CRLF, the types named."""
    operation, first, second = map(language.word, ("MakeCall", "Key", "Number"))
    return (
        f'<soap:Envelope xmlns:soap="{version.value}">\r\n\t<soap:Header/>\r\n\t<soap:Body>\r\n'
        f'\t\t<m:{operation} xmlns:m="{language.namespace}"\r\n'
        '\t\t\t\txmlns:xs="http://www.w3.org/2001/XMLSchema"\r\n'
        '\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\r\n'
        f'\t\t\t<m:{first} xsi:type="{of_key}">{key}</m:{first}>\r\n'
        f'\t\t\t<m:{second} xsi:type="xs:string">{number}</m:{second}>\r\n'
        f"\t\t</m:{operation}>\r\n\t</soap:Body>\r\n</soap:Envelope>\r\n"
    )


def basic(encoding="utf-8", password=PASSWORD):
    return b"Basic " + base64.b64encode(f"{LOGIN}:{password}".encode(encoding))


def action(language, operation="MakeCall"):
    return f'"{language.namespace}#{language.service}:{operation}"'


def request(here, language, body, *, protocol="HTTP/1.1", without=(), **changed):
    """The whole request. `changed` headers by their names with underscores; `without` leaves some out."""
    headers = {
        "Host": here.url.removeprefix("http://"),
        "User-Agent": "1C+Enterprise/8.3",
        "Accept": "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": action(language),
        "Authorization": basic(),
        "Content-Length": str(len(body)),
        **{name.replace("_", "-"): value for name, value in changed.items()},
    }
    lines = [f"POST {language.path} {protocol}".encode()]
    for name, value in headers.items():
        if name not in without:
            lines.append(name.encode() + b": " + (value if isinstance(value, bytes) else value.encode()))
    return CRLF.join(lines) + CRLF + CRLF + body


class Line:
    """One TCP connection to the bridge."""

    def __init__(self, here):
        host, _, port = here.url.removeprefix("http://").partition(":")
        self.socket = socket.create_connection((host, int(port)), timeout=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def ask(self, data):
        self.socket.sendall(data)
        return self.read()

    def read(self):
        """The next answer with its text: (answer, text)."""
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        text = answer.read().decode()
        return answer, text

    def closed(self):
        return self.socket.recv(1) == b""


def ask(here, data):
    with Line(here) as line:
        return line.ask(data)


def dialled(here, number, answered, language=ENGLISH):
    """The call was made, once, and the answer is one that 1C can read by its WSDL."""
    answer, text = answered
    assert answer.status == 200, text
    assert answer.getheader("Content-Type") == "text/xml; charset=utf-8"
    (body,) = etree.fromstring(text.encode())
    schema_of((wsdl_dir() / language.wsdl).read_bytes()).assertValid(body[0])
    assert f">SUCCESS</tns:{language.word('Result')}>" in text
    assert [dial.key for dial in here.exchange.dials if dial.number == number] == [ANNA.key]
    return True


# --- as 1C does it ------------------------------------------------------------------------------
@each_language
def test_a_request_exactly_as_1c_writes_it_dials(here, number, language):
    body = envelope(language, number).encode()
    assert dialled(here, number, ask(here, request(here, language, body)), language)


DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\r\n'


@each_language
@pytest.mark.parametrize(
    "head",
    [
        DECLARATION.encode(),
        codecs.BOM_UTF8,
        codecs.BOM_UTF8 + DECLARATION.encode(),
        CRLF + DECLARATION.encode(),
        codecs.BOM_UTF8 + CRLF + DECLARATION.encode(),
        b"<?xml version='1.0'?>",
    ],
    ids=["declaration", "bom", "bom-declaration", "line-declaration", "bom-line-declaration", "short"],
)
def test_a_declaration_and_a_byte_order_mark_do_no_harm(here, number, language, head):
    body = head + envelope(language, number).encode()
    assert dialled(here, number, ask(here, request(here, language, body)), language)


@each_language
@pytest.mark.parametrize(
    ("encoding", "declared", "media"),
    [
        ("cp1251", "windows-1251", "text/xml; charset=windows-1251"),
        ("cp1251", "windows-1251", "text/xml"),
        ("cp1251", "", 'text/xml; charset="windows-1251"'),
        ("cp1251", "windows-1251", "text/xml; charset=utf-8"),
        ("utf-16", "utf-16", "text/xml; charset=utf-16"),
        ("utf-16", "", "text/xml"),
        ("koi8-r", "koi8-r", "text/xml"),
    ],
)
def test_russian_text_in_an_older_encoding_is_read_right(here, number, language, encoding, declared, media):
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (head + envelope(language, number, ANNA.name)).encode(encoding)
    assert dialled(here, number, ask(here, request(here, language, body, Content_Type=media)), language)


@pytest.mark.parametrize(
    "soap_action",
    ['""', "", '"MakeCall"', "http://vpbx-bridge.ru/telephony/1#Telephony:Ping", '"urn:anything"'],
)
def test_any_soapaction_will_do(here, number, soap_action):
    body = envelope(ENGLISH, number).encode()
    assert dialled(here, number, ask(here, request(here, ENGLISH, body, SOAPAction=soap_action)))


@pytest.mark.parametrize("header", ["SOAPAction", "User-Agent", "Accept", "Content-Type"])
def test_no_header_but_the_login_and_the_length_is_needed(here, number, header):
    body = envelope(ENGLISH, number).encode()
    assert dialled(here, number, ask(here, request(here, ENGLISH, body, without={header})))


@pytest.mark.parametrize(
    "media", ["text/xml", "TEXT/XML;CHARSET=UTF-8", "application/xml", "application/soap+xml; charset=utf-8"]
)
def test_the_media_types_of_all_known_clients_are_taken(here, number, media):
    body = envelope(ENGLISH, number).encode()
    assert dialled(here, number, ask(here, request(here, ENGLISH, body, Content_Type=media)))


@pytest.mark.parametrize("kind", ["xs:string", "xs:decimal", "xs:int", "m:Key", "nothing"])
def test_a_type_named_beside_a_value_changes_nothing(here, number, kind):
    body = envelope(ENGLISH, number, of_key=kind).encode()
    assert dialled(here, number, ask(here, request(here, ENGLISH, body)))


@each_language
def test_soap12_from_1c_is_answered_in_soap12(here, number, language):
    body = envelope(language, number, version=Version.V12).encode()
    media = f"application/soap+xml; charset=utf-8; action={action(language)}"
    data = request(here, language, body, Content_Type=media, without={"SOAPAction"})
    answer, text = ask(here, data)
    assert (answer.status, answer.getheader("Content-Type")) == (200, Version.V12.media)
    assert ">SUCCESS<" in text


@pytest.mark.parametrize("nil", ["true", "1"])
def test_an_undefined_value_of_1c_is_an_empty_one(here, number, nil):
    body = envelope(ENGLISH, number).replace('xsi:type="xs:string">101<', f'xsi:nil="{nil}"><')
    answer, text = ask(here, request(here, ENGLISH, body.encode()))
    assert answer.status == 200
    assert "Абонент не найден" in text


def test_old_clients_that_name_no_namespace_and_swap_parameters_are_understood(here, number):
    body = (
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body>'
        f"<MakeCall><Number>{number}</Number><Key><![CDATA[101]]></Key></MakeCall>"
        "</SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    assert dialled(here, number, ask(here, request(here, ENGLISH, body.encode())))


# --- connections --------------------------------------------------------------------------------
def test_http_1_0_is_answered_and_closed(here, number):
    data = request(here, ENGLISH, envelope(ENGLISH, number).encode(), protocol="HTTP/1.0", without={"Host"})
    with Line(here) as line:
        assert dialled(here, number, line.ask(data))
        assert line.closed()


def test_one_connection_serves_many_calls(here):
    with Line(here) as line:
        for _ in range(5):
            number = next(NUMBERS)
            assert dialled(here, number, line.ask(request(here, ENGLISH, envelope(ENGLISH, number).encode())))


def test_keep_alive_of_http_1_0_is_honoured(here):
    with Line(here) as line:
        for _ in range(2):
            number = next(NUMBERS)
            body = envelope(ENGLISH, number).encode()
            data = request(here, ENGLISH, body, protocol="HTTP/1.0", Connection="Keep-Alive")
            assert dialled(here, number, line.ask(data))


def test_a_connection_that_the_client_wants_closed_is_closed(here, number):
    with Line(here) as line:
        data = request(here, ENGLISH, envelope(ENGLISH, number).encode(), Connection="close")
        assert dialled(here, number, line.ask(data))
        assert line.closed()


def test_the_wsdl_and_a_call_go_over_one_connection(here, number):
    host = here.url.removeprefix("http://")
    get = f"GET /ws/Telephony?wsdl HTTP/1.1\r\nHost: {host}\r\nUser-Agent: 1C+Enterprise/8.3\r\n\r\n"
    with Line(here) as line:
        answer, text = line.ask(get.encode())
        assert (answer.status, text.endswith("</definitions>\n")) == (200, True)
        assert dialled(here, number, line.ask(request(here, ENGLISH, envelope(ENGLISH, number).encode())))


def test_a_client_that_shows_its_login_only_when_asked_is_served_on_the_same_connection(here, number):
    body = envelope(ENGLISH, number).encode()
    with Line(here) as line:
        answer, text = line.ask(request(here, ENGLISH, body, without={"Authorization"}))
        assert answer.status == 401
        assert answer.getheader("WWW-Authenticate") == 'Basic realm="vpbx-1c-bridge", charset="UTF-8"'
        assert "<faultstring>Неверное имя или пароль" in text
        assert dialled(here, number, line.ask(request(here, ENGLISH, body)))


def test_a_client_that_waits_for_permission_to_send_gets_it(here, number):
    body = envelope(ENGLISH, number).encode()
    head, _, _ = request(here, ENGLISH, body, Expect="100-continue").partition(CRLF + CRLF)
    with Line(here) as line:
        line.socket.sendall(head + CRLF + CRLF)
        assert line.socket.recv(100).startswith(b"HTTP/1.1 100 Continue")
        assert dialled(here, number, line.ask(body))


def test_a_body_in_chunks_and_in_pieces_is_one_request(here, number):
    body = envelope(ENGLISH, number, ANNA.name).encode()
    data = request(here, ENGLISH, b"", Transfer_Encoding="chunked", without={"Content-Length"})
    half = body.index("ванова".encode()) + 1  # in the middle of a letter
    with Line(here) as line:
        line.socket.sendall(data)
        for piece in (body[:half], body[half:], b""):
            line.socket.sendall(f"{len(piece):x}".encode() + CRLF + piece + CRLF)
        assert dialled(here, number, line.read())


# --- the login ----------------------------------------------------------------------------------
@each_language
@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_a_russian_login_is_known_in_utf_8_and_in_cp1251(here, number, language, encoding):
    data = request(here, language, envelope(language, number).encode(), Authorization=basic(encoding))
    assert dialled(here, number, ask(here, data), language)


@pytest.mark.parametrize(
    "authorization",
    [
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Basic 0KE=",
        b"Bearer " + PASSWORD.encode(),
        basic("koi8-r"),
        basic(password="wrong"),
        basic() + b"x",
        b"Basic " + base64.b64encode(b":" + PASSWORD.encode()),
        b"Basic " + base64.b64encode(b"\xff\xfe\x98:" + PASSWORD.encode()),
    ],
)
def test_anything_else_is_no_login_and_dials_nobody(here, number, authorization):
    data = request(here, ENGLISH, envelope(ENGLISH, number).encode(), Authorization=authorization)
    answer, text = ask(here, data)
    assert answer.status == 401
    assert "<faultstring>Неверное имя или пароль информационной базы</faultstring>" in text
    assert [dial for dial in here.exchange.dials if dial.number == number] == []


# --- what is wrong is said in a Fault -----------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "Пустой запрос"),
        (b"\xef\xbb\xbf", "Пустой запрос"),
        (b"<html><body>1</body></html>", "нет конверта SOAP"),
        (b"{}", "не является правильным XML"),
        (envelope(ENGLISH, "1").encode()[:-20], "не является правильным XML"),
        (envelope(ENGLISH, "1").replace("MakeCall", "CallMake").encode(), "Операции CallMake нет"),
        (envelope(RUSSIAN, "1").encode(), "Пространство имён операции"),
        (envelope(ENGLISH, "1").replace("Number", "Phone").encode(), "Не передан параметр Number"),
        (envelope(ENGLISH, ANNA.name).encode("cp1251"), "не соответствует объявленной кодировке"),
        (b"<!DOCTYPE a>" + envelope(ENGLISH, "1").encode(), "DTD в запросе запрещён"),
    ],
)
def test_a_wrong_request_gets_a_russian_fault_and_the_connection_lives_on(here, number, body, told):
    with Line(here) as line:
        answer, text = line.ask(request(here, ENGLISH, body))
        assert (answer.status, answer.getheader("Content-Type")) == (500, "text/xml; charset=utf-8")
        assert "<faultcode>soap:Client</faultcode>" in text
        assert told in text
        assert dialled(here, number, line.ask(request(here, ENGLISH, envelope(ENGLISH, number).encode())))
