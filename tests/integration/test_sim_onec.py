"""The fake 1C over real HTTP: its WSDLs, its answers, its failures, its ledger."""

import base64
import dataclasses
import gzip
import json
import socket
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree
from zeep.transports import Transport

from bridge.sim.loopback import Loopback
from bridge.sim.onec import FakeOnec
from bridge.sim.onec_data import MANUAL_CLIENT, Client
from bridge.sim.onec_modes import NAMES, UNDER_REPAIR
from bridge.wire import Wire, WireError

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
EVENT = {"uuid": "u-1", "state": "PREANSWER", "direction": "incoming", "from": "89160000001", "to": "246"}
# The two bodies of Mobilon's manual, contents/vpbx/integration/1c.md, 2017-03
MANUAL = """<?xml version="1.0" encoding="utf-8"?>
<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">
    <soap:Body>
        {}
    </soap:Body>
</soap:Envelope>
"""
SAY_NAME = MANUAL.format('<SayName xmlns="http://VATS">\n<Number>89235292926</Number>\n</SayName>')
INCOMING = MANUAL.format(
    '<IncomingCall xmlns="http://VATS"><NumFrom>89235292926</NumFrom><Key>Ab12Cd34Ef56Gh7</Key></IncomingCall>'
)


@pytest.fixture
def onec():
    return FakeOnec()


@pytest.fixture
def air(onec):
    with Loopback(onec) as peer:
        yield peer


@pytest.fixture
def wire():
    wire = Wire(total_s=5, reuse=False)
    yield wire
    wire.close()


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def tell(wire, air, body=INCOMING, path="/telephony/ws/VATS", **headers):
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire.post(air.url + path, body.encode(), {"Content-Type": "text/xml", **given})


def element(answer):
    return etree.fromstring(answer.body).find(f"{SOAP}Body")[0]


def faultstring(answer):
    return element(answer).findtext("faultstring")


def event_body(data):
    text = json.dumps(data, ensure_ascii=False).replace("&", "&amp;").replace("<", "&lt;")
    return MANUAL.format(f'<Event xmlns="http://VATSCalls"><Data>{text}</Data></Event>')


@pytest.mark.parametrize("port", ["Soap", "Soap12"])
def test_zeep_reads_both_wsdls_and_calls_every_operation(port, onec, air, session):
    transport = Transport(session=session, timeout=5, operation_timeout=5)
    vats = zeep.Client(air.url + "/base/ws/VATS.1cws?wsdl", transport=transport).bind("VATS", f"VATS{port}")
    assert vats.IncomingCall(NumFrom="89160000001", Key="k") == "1"
    assert "<phone>244</phone>" in vats.SayName(Number="+7 923 529-29-26")
    calls_wsdl = zeep.Client(air.url + "/ws/VATScalls?wsdl", transport=transport)
    calls = calls_wsdl.bind("VATScalls", f"VATScalls{port}")
    assert calls.Event(Data=json.dumps(EVENT)) == "1"
    assert "<title></title>" in calls.SayName(Number="8000")
    assert "Фэйковый чиж" in calls.SayNameByINN(INN=MANUAL_CLIENT.inn)
    assert calls.SayNameByINN(INN="1") == '<?xml version="1.0"?><error>Контрагент не найден</error>'
    with pytest.raises(zeep.exceptions.Fault, match="ПрочитатьJSON"):
        calls.Event(Data="это не JSON")
    told = [(one.service, one.operation) for one in onec.received]
    assert told[:3] == [("VATS", "IncomingCall"), ("VATS", "SayName"), ("VATScalls", "Event")]
    assert len(told) == 6


def test_the_wsdl_gives_the_address_it_was_asked_at(air, wire):
    text = wire.get(air.url + "/base/ws/VATS?wsdl").body.decode()
    assert text.count(f'location="{air.url}/base/ws/VATS"') == 2
    hostile = wire.get(air.url + "/ws/VATS?wsdl", {"Host": '"><x'}).body
    assert b'location="http://127.0.0.1/ws/VATS"' in hostile


def test_the_manuals_curl_gets_the_manuals_answer(onec, air, wire):
    answer = tell(wire, air, INCOMING, Content_Type="application/x-www-form-urlencoded")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.body.decode() == (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">\r\n'
        "\t<soap:Body>\r\n"
        '\t\t<m:IncomingCallResponse xmlns:m="http://VATS">\r\n'
        '\t\t\t<m:return xmlns:xs="http://www.w3.org/2001/XMLSchema"\r\n'
        '\t\t\t\t\txmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">1</m:return>\r\n'
        "\t\t</m:IncomingCallResponse>\r\n"
        "\t</soap:Body>\r\n"
        "</soap:Envelope>"
    )
    [heard] = onec.received
    assert heard.parameters == {"NumFrom": "89235292926", "Key": "Ab12Cd34Ef56Gh7"}


def test_say_name_answers_with_the_client_of_the_manual(air, wire):
    data = etree.fromstring(element(tell(wire, air, SAY_NAME)).findtext("{http://VATS}return"))
    assert data.findtext("title") == "Фэйковый чиж"
    assert data.findtext("category") == "0"
    assert data.findtext("manager/phone") == "244"


def test_a_name_with_an_ampersand_breaks_the_inner_xml_as_in_life(wire):
    client = Client(name='ООО "Рога & Копыта"', number="8 923 529-29-26")
    with Loopback(FakeOnec((client,))) as air:
        inner = element(tell(wire, air, SAY_NAME)).findtext("{http://VATS}return")
    assert client.name in inner
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(inner)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "не XML",
        "\x00\x01",
        "<a/>",
        MANUAL.format(""),
        INCOMING.replace("http://VATS", "http://VATSCalls"),
        INCOMING.replace("IncomingCall", "Ping"),
        INCOMING.replace("<Key>Ab12Cd34Ef56Gh7</Key>", ""),
        INCOMING.replace("<Key>", "<Key/><Key>"),
        INCOMING.replace("<Key>", '<Key a="1">'),
        INCOMING.replace("<Key>", '<Key xmlns="">'),
        INCOMING.replace("<Key>Ab12", "<Key><b/>"),
        INCOMING.replace('encoding="utf-8"', 'encoding="no-such"'),
        "<!DOCTYPE a [<!ENTITY b 'c'>]>" + INCOMING.partition("?>")[2].replace("89235292926", "&b;"),
        "<a>" * 5000,
    ],
)
def test_what_is_not_the_published_operation_is_a_fault(body, onec, air, wire):
    answer = tell(wire, air, body)
    assert (answer.status, answer.media) == (500, "text/xml")
    assert faultstring(answer)
    assert onec.received == []


def test_parameters_out_of_order_are_a_fault(air, wire):
    swapped = INCOMING.replace("<NumFrom>89235292926</NumFrom>", "").replace(
        "</IncomingCall>", "<NumFrom>89235292926</NumFrom></IncomingCall>"
    )
    assert "NumFrom" in faultstring(tell(wire, air, swapped))


@pytest.mark.parametrize("missing", sorted(EVENT))
def test_an_event_without_a_field_makes_the_extension_throw(missing, onec, air, wire):
    data = {name: value for name, value in EVENT.items() if name != missing}
    answer = tell(wire, air, event_body(data), "/ws/VATScalls")
    assert (answer.status, faultstring(answer)) == (500, f"Поле объекта не обнаружено ({missing})")
    assert onec.received == []


@pytest.mark.parametrize("data", ["[]", "1", "null", '"text"', "[" * 30000])
def test_an_event_that_is_no_object_is_a_fault(data, air, wire):
    body = MANUAL.format(f'<Event xmlns="http://VATSCalls"><Data>{data}</Data></Event>')
    assert tell(wire, air, body, "/ws/VATScalls").status == 500


def test_unpublished_things_are_told_as_1c_tells(air, wire):
    assert wire.get(air.url + "/ws/Other?wsdl").body.decode() == "Сервис не найден"
    assert wire.get(air.url + "/ws/VATS").status == 400
    assert wire.get(air.url + "/elsewhere").status == 404


def test_a_cyrillic_login_is_utf8_on_the_wire(wire):
    with Loopback(FakeOnec(user="Администратор", password="пароль")) as air:
        token = base64.b64encode("Администратор:пароль".encode()).decode()
        assert tell(wire, air, Authorization=f"Basic {token}").status == 200
        for wrong in ("Basic ???", "Basic", "Bearer x", "Basic " + base64.b64encode(b"a:b").decode()):
            refused = tell(wire, air, Authorization=wrong)
            assert (refused.status, refused.media) == (401, "text/html")
        assert wire.get(air.url + "/ws/VATS?wsdl").headers["WWW-Authenticate"].startswith("Basic")


def test_a_session_is_started_used_and_finished(onec, air, wire):
    assert tell(wire, air).status == 200
    cookie = tell(wire, air, IBSession="start").headers["Set-Cookie"].partition(";")[0]
    guid = cookie.partition("=")[2]
    assert tell(wire, air, Cookie=cookie).status == 200
    assert [one.session for one in onec.received] == ["", guid, guid]
    assert onec.sessions == len(onec.open_sessions) == 1
    assert tell(wire, air, "", Cookie=cookie, IBSession="finish").status == 200
    assert onec.open_sessions == frozenset()
    assert tell(wire, air, Cookie=cookie).status == 400
    assert tell(wire, air, Cookie="ibsession=\x01;;=").status == 400


def test_what_is_received_is_in_the_ledger_first(tmp_path, wire):
    ledger = tmp_path / "ledger.jsonl"
    onec = FakeOnec(ledger=ledger)
    onec.set_mode("slow", seconds=30)
    with Loopback(onec) as air:
        impatient = Wire(total_s=0.3, reuse=False)
        with pytest.raises(WireError):
            tell(impatient, air, Idempotency_Key="e-1")
        impatient.close()
        [line] = ledger.read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == dataclasses.asdict(onec.received[0])
    assert json.loads(line)["idempotency_key"] == "e-1"


def test_the_locked_base_answers_json_with_a_bom(onec, air, wire):
    onec.set_mode("locked")
    answer = tell(wire, air)
    assert (answer.status, answer.media, answer.body[:3]) == (403, "application/json", b"\xef\xbb\xbf")
    inner = json.loads(answer.body.decode("utf-8-sig"))["exception"]["inner"]
    assert inner["descr"] == UNDER_REPAIR
    assert wire.get(air.url + "/ws/VATS?wsdl").status == 403


def test_faults_come_with_500_and_with_200(onec, air, wire):
    onec.set_mode("fault", text="Деление на 0 <\x01&>")
    assert (tell(wire, air).status, faultstring(tell(wire, air))) == (500, "Деление на 0 <&>")
    onec.set_mode("fault_200")
    answer = tell(wire, air)
    assert (answer.status, element(answer).tag) == (200, f"{SOAP}Fault")


def test_no_licence_comes_as_a_fault_or_as_406(onec, air, wire):
    onec.set_mode("no_licence")
    assert faultstring(tell(wire, air)) == "Не обнаружено свободной лицензии!"
    onec.set_mode("no_licence", status=406)
    assert tell(wire, air).status == 406


@pytest.mark.parametrize(
    ("mode", "status", "media", "part"),
    [
        ("html", 500, "text/html", "<b>by reason: </b>"),
        ("html_200", 200, "text/html", "1C:Enterprise 8 application error"),
        ("unauthorized", 401, "text/html", "Unauthorized"),
        ("not_found_service", 500, "text/plain", "Сервис не найден"),
        ("empty_200", 200, "text/xml", ""),
        ("accepted_202", 202, "text/plain", ""),
        ("no_return", 200, "text/xml", '<m:IncomingCallResponse xmlns:m="http://VATS"/>'),
        ("wrong_operation", 200, "text/xml", "<m:PingResponse"),
        ("garbage", 200, "text/xml", "<soap:Env"),
        ("session_lost", 400, "text/plain", "Сеанс"),
    ],
)
def test_each_bad_mode_gives_its_bytes_and_keeps_nothing(mode, status, media, part, onec, air, wire):
    onec.set_mode(mode)
    answer = tell(wire, air)
    assert (answer.status, answer.media) == (status, media)
    assert part in answer.body.decode("utf-8", "replace")
    assert bool(answer.body) == bool(part)
    assert onec.received == []


def test_a_compressed_answer_is_a_true_one(onec, air, wire):
    onec.set_mode("gzip")
    answer = tell(wire, air)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert b">1</m:return>" in gzip.decompress(answer.body)


def test_half_an_answer_breaks_off(onec, air, session):
    onec.set_mode("half")
    with pytest.raises(requests.exceptions.RequestException):
        session.post(air.url + "/ws/VATS", data=INCOMING.encode(), timeout=5)


def test_a_lost_session_wants_a_new_start(onec, air, wire):
    cookie = tell(wire, air, IBSession="start").headers["Set-Cookie"].partition(";")[0]
    onec.set_mode("session_lost")
    assert tell(wire, air, Cookie=cookie).status == 400
    assert tell(wire, air).status == 400
    assert tell(wire, air, IBSession="start", Cookie=cookie).status == 200
    assert onec.mode.name == "ok"
    assert onec.sessions == 2


def test_a_mode_ends_after_so_many_requests(onec, air, wire):
    onec.set_mode("html", times=2)
    assert [tell(wire, air).status for _ in range(3)] == [500, 500, 200]
    assert len(onec.received) == 1


@pytest.mark.parametrize("mode", ["ok", "fault"])
def test_one_poison_event_faults_and_the_others_pass(mode, onec, air, wire):
    onec.set_mode(mode, fault_if_contains='"u-2"')
    statuses = [
        tell(wire, air, event_body(EVENT | {"uuid": uuid}), "/ws/VATScalls").status
        for uuid in ("u-1", "u-2", "u-3", "u-2")
    ]
    assert statuses == [200, 500, 200, 500]


def test_poison_may_be_cured_after_some_attempts(onec, air, wire):
    onec.set_mode("fault", fault_if_contains="89235292926", times=1)
    assert [tell(wire, air).status for _ in range(2)] == [500, 200]


def test_a_hanging_1c_is_let_go_by_a_change_of_mode(onec, air, wire):
    onec.set_mode("hang")
    answers = []
    client = threading.Thread(target=lambda: answers.append(tell(wire, air).status))
    client.start()
    time.sleep(0.1)
    assert answers == []
    onec.set_mode("ok")
    client.join(3)
    assert answers == [503]
    assert onec.received == []


def test_a_hanging_1c_forgets_clients_that_left(onec):
    onec.set_mode("hang")
    with Loopback(onec, threads=1) as air:
        impatient = Wire(total_s=0.2, reuse=False)
        with pytest.raises(WireError):
            tell(impatient, air)
        onec.set_mode("ok")
        assert tell(impatient, air).status == 200
        impatient.close()


def test_a_stopped_1c_refuses_and_comes_back_on_its_port(onec, wire):
    onec.set_mode("hang")
    air = Loopback(onec).start()
    port = air.port
    hung = socket.create_connection(("127.0.0.1", port))
    hung.sendall(
        f"POST /ws/VATS HTTP/1.1\r\nHost: x\r\nContent-Length: {len(INCOMING)}\r\n\r\n{INCOMING}".encode()
    )
    idle = socket.create_connection(("127.0.0.1", port))
    time.sleep(0.1)
    started = time.monotonic()
    air.stop()
    air.stop()
    assert time.monotonic() - started < 2
    assert hung.recv(10) == idle.recv(10) == b""
    hung.close()
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    onec.set_mode("ok")
    with air:
        assert air.port == port
        assert tell(wire, air).status == 200


def test_people_drive_it_by_the_control_page(onec, air, wire):
    assert "Имитатор 1С" in wire.get(air.url + "/").body.decode()
    tell(wire, air)
    heard = json.loads(wire.get(air.url + "/sim/received").body)
    assert heard[0]["operation"] == "IncomingCall"
    mode = json.loads(wire.post(air.url + "/sim/mode?mode=fault&times=1&text=oops", b"", {}).body)
    assert (mode["name"], mode["times"]) == ("fault", 1)
    assert faultstring(tell(wire, air)) == "oops"
    wire.post(air.url + "/sim/reset", b"", {})
    assert (onec.received, onec.sessions, onec.mode.name) == ([], 0, "ok")


@pytest.mark.parametrize(
    "wish", ["mode=nothing", "times=x", "times=-1", "seconds=nan", "colour=red", "status=%00"]
)
def test_a_wrong_wish_is_named(wish, air, wire):
    answer = wire.post(f"{air.url}/sim/mode?{wish}", b"", {})
    assert (answer.status, bool(json.loads(answer.body)["error"])) == (400, True)


def test_many_callers_at_once_are_each_kept_once(tmp_path):
    ledger = tmp_path / "ledger.jsonl"
    onec = FakeOnec(ledger=ledger)

    def call(air, name):
        wire = Wire(total_s=5, reuse=False)
        for n in range(10):
            tell(wire, air, INCOMING.replace("Ab12Cd34Ef56Gh7", f"{name}-{n}"))
        wire.close()

    with Loopback(onec) as air:
        callers = [threading.Thread(target=call, args=(air, name)) for name in range(8)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
    kept = [json.loads(line)["parameters"]["Key"] for line in ledger.read_text(encoding="utf-8").splitlines()]
    assert kept == [one.parameters["Key"] for one in onec.received]
    assert len(set(kept)) == len(kept) == 80


@pytest.mark.parametrize(
    ("mode", "operation", "parameters", "namespace", "said"),
    [
        ("wrong_namespace", "IncomingCall", ("NumFrom", "Key"), "http://VATS/", "1"),
        ("wrong_case", "incomingcall", ("NumFrom", "Key"), "http://VATS", "1"),
        ("wrong_parameter", "IncomingCall", ("numfrom", "key"), "http://VATS", "1"),
        ("procedure", "IncomingCall", ("NumFrom", "Key"), "http://VATS", None),
    ],
)
def test_a_service_published_with_a_mistake_is_called_as_published_only(
    mode, operation, parameters, namespace, said, onec, air, wire, session
):
    onec.set_mode(mode)
    client = zeep.Client(air.url + "/ws/VATS?wsdl", transport=Transport(session=session, timeout=5))
    assert client.wsdl.types.prefix_map["ns0"] == namespace
    port = client.bind("VATS", "VATSSoap")
    assert port[operation](**dict(zip(parameters, ("89160000001", "k"), strict=True))) == said
    assert [(one.operation, dict(one.parameters)) for one in onec.received] == [
        ("IncomingCall", {"NumFrom": "89160000001", "Key": "k"})
    ]
    if mode != "procedure":
        assert tell(wire, air).status == 500, "1C hears exactly what it published"


def test_a_hidden_wsdl_hides_no_operation(onec, air, wire):
    onec.set_mode("no_wsdl")
    assert wire.get(air.url + "/ws/VATS?wsdl").status == 404
    assert tell(wire, air).status == 200


def test_everyone_is_sent_to_https(onec, air, wire):
    onec.set_mode("redirect_https")
    answer = wire.get(air.url + "/ws/VATS?wsdl")
    assert answer.status == tell(wire, air).status == 301
    assert answer.headers["Location"] == air.url.replace("http:", "https:") + "/ws/VATS?wsdl"


def test_a_portal_in_front_wants_people_to_log_in(onec, air, wire):
    onec.set_mode("login_page")
    for answer in (wire.get(air.url + "/ws/VATS?wsdl"), tell(wire, air)):
        assert (answer.status, answer.media) == (200, "text/html")
        assert b'type="password"' in answer.body


def test_a_right_that_is_missing_is_a_fault_of_the_operation(onec, air, wire):
    onec.set_mode("no_right")
    assert wire.get(air.url + "/ws/VATS?wsdl").status == 200
    assert faultstring(tell(wire, air)) == "Нарушение прав доступа!"


def test_a_slow_clock_shows_in_every_answer(onec, air, wire):
    onec.set_mode("clock_skew")
    for answer in (wire.get(air.url + "/ws/VATS?wsdl"), tell(wire, air)):
        behind_s = time.time() - parsedate_to_datetime(answer.headers["Date"]).timestamp()
        assert 590 < behind_s < 660


def test_only_say_name_has_broken_xml_inside(onec, air, wire):
    onec.set_mode("broken_inner_xml")
    inner = element(tell(wire, air, SAY_NAME)).findtext("{http://VATS}return")
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(inner)
    assert element(tell(wire, air)).findtext("{http://VATS}return") == "1"


def test_a_base_may_keep_no_sessions(onec, air, wire):
    onec.set_mode("no_session_reuse")
    answer = tell(wire, air, IBSession="start")
    assert (answer.status, "Set-Cookie" in answer.headers) == (200, False)
    assert onec.sessions == 0


def test_every_mode_is_tried_here():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in NAMES if f'"{name}"' not in text] == []
