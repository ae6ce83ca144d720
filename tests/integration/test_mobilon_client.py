"""The client of Mobilon against a server on 127.0.0.1 that answers the bytes of tests/wire/mobilon."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.errors import BadSettings
from bridge.core.numbers import PhoneNumber
from bridge.vpbx.mobilon import MobilonApi, MobilonClient
from bridge.vpbx.mobilon.codes import REFUSALS
from bridge.wire import Wire
from support.rawserver import RawServer, closed_port_url

WIRE = Path(__file__).parents[1] / "wire" / "mobilon"
KEY = "k0000000000000aa"
NODE = "node/token:0000"
PASSWORD = "api password 0000"
ANNA = Subscriber(name="Анна", key=KEY, extension="246")
NUMBER = PhoneNumber.parse("8 (923) 529-29-26")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CONNECT, WEBAPI2 = MobilonApi.CONNECT, MobilonApi.WEBAPI2
CALLAPI, SIMPLE_CALLS = MobilonApi.CALLAPI, MobilonApi.SIMPLE_CALLS


@pytest.fixture
def wire() -> Iterator[Wire]:
    peer = Wire(connect_s=0.3, total_s=0.4, max_bytes=64 * 1024, reuse=False)
    yield peer
    peer.close()


@dataclass(frozen=True)
class Dialler:
    """Dials once through a server and holds what every dial must hold, whatever was answered."""

    wire: Wire

    def client(self, url: str, api: MobilonApi) -> MobilonClient:
        return MobilonClient(api=api, wire=self.wire, base_url=url, node_token=NODE, api_password=PASSWORD)

    def dial(
        self,
        server: RawServer,
        api: MobilonApi = CONNECT,
        subscriber: Subscriber = ANNA,
        number: PhoneNumber = NUMBER,
    ) -> CallResult:
        with server:
            client = self.client(server.url, api)
            started = time.monotonic()
            result = client.dial(subscriber, number)
            assert time.monotonic() - started < 5, "bounded by the deadline of the wire"
        assert len(server.requests) == 1, "the exchange must see exactly one request"
        for secret in (subscriber.key, NODE, PASSWORD):
            assert secret not in repr(result) + repr(client)
        return result

    def dial_recorded(self, name: str, api: MobilonApi = CONNECT) -> CallResult:
        return self.dial(RawServer((WIRE / f"{name}.http").read_bytes()), api)


@pytest.fixture
def dialler(wire: Wire) -> Dialler:
    return Dialler(wire)


# --- what the exchange says yes with ------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "api", "call_id"),
    [
        ("answer-connect-v1-success", CONNECT, ""),
        ("answer-connect-v2-success", CONNECT, "1478100000.15120"),
        ("answer-webapi2-success", WEBAPI2, "1486500000.204"),
        ("answer-callapi-uuid", CALLAPI, "2ebc0000-b5da-4ddb-cd04-000000000001"),
        ("answer-callapi-uuid", SIMPLE_CALLS, "2ebc0000-b5da-4ddb-cd04-000000000001"),
        ("answer-simple-calls-text", SIMPLE_CALLS, ""),
        ("broken-empty-200", SIMPLE_CALLS, ""),
        ("broken-html-200", SIMPLE_CALLS, ""),
    ],
)
def test_a_started_call_is_told_with_its_id(
    dialler: Dialler, name: str, api: MobilonApi, call_id: str
) -> None:
    assert dialler.dial_recorded(name, api) == CallResult(
        status=DialStatus.STARTED,
        message="Звоним: сначала зазвонит ваш телефон, затем наберётся 8 923 529-29-26",
        code=CallCode.DONE,
        call_id=call_id,
    )


def test_an_extension_of_the_client_is_left_to_the_person(dialler: Dialler) -> None:
    number = PhoneNumber.parse("8 923 529-29-26 доб. 12")
    server = RawServer((WIRE / "answer-connect-v2-success.http").read_bytes())
    result = dialler.dial(server, number=number)
    assert result.message.endswith("наберётся 8 923 529-29-26, добавочный 12 наберите сами")
    assert server.target.endswith("outboundNumber=89235292926")


@pytest.mark.parametrize(
    ("callid", "expected"),
    [
        ("1478100000.10", "1478100000.10"),
        ('"' + "9" * 129 + '"', ""),
        (f'"{KEY}"', ""),
        ('"a\\u0000b"', "ab"),
        ("true", ""),
    ],
)
def test_a_call_id_is_kept_as_spelled_or_not_at_all(dialler: Dialler, callid: str, expected: str) -> None:
    body = f'{{"result":"success","callid":{callid}}}'.encode()
    assert dialler.dial(RawServer(HEAD + b"\r\n" + body)).call_id == expected


# --- what the exchange says no with -------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "api", "code"),
    [
        *((f"answer-connect-v2-fail-{code}", CONNECT, code) for code in range(1, 6)),
        ("answer-connect-v1-fail", CONNECT, 2),
        ("answer-connect-v2-fail-2-int", CONNECT, 2),
        ("answer-connect-fail-no-code", CONNECT, 1),
        ("answer-webapi2-fail", WEBAPI2, 2),
        ("answer-simple-calls-fail", SIMPLE_CALLS, 2),
        ("answer-bom-as-html", CONNECT, 2),
        ("answer-cp1251", CONNECT, 2),
        ("answer-fail-http-400", CONNECT, 2),
    ],
)
def test_a_known_refusal_is_told_in_our_words(
    dialler: Dialler, name: str, api: MobilonApi, code: int
) -> None:
    assert dialler.dial_recorded(name, api) == CallResult.fail(code, REFUSALS[code])


def test_an_unknown_refusal_is_quoted_clean_short_and_without_the_key(dialler: Dialler) -> None:
    result = dialler.dial_recorded("answer-connect-fail-new")
    assert result.code == CallCode.EXCHANGE_REFUSED
    assert result.message.startswith("АТС отказала: «Баланс исчерпан, ключ *** закрыт. Подробности")
    assert len(result.message.partition("«")[2].partition("»")[0]) == 120


def test_a_refusal_without_a_word_is_still_a_refusal(dialler: Dialler) -> None:
    result = dialler.dial(RawServer(HEAD + b'\r\n{"result":"FAIL","code":[1],"message":{"a":1}}'))
    assert result.code == CallCode.EXCHANGE_REFUSED
    assert result.message.startswith("АТС отказала без объяснения")


@pytest.mark.parametrize("spelled", [NODE, "node%2Ftoken%3A0000", "NODE%2ftoken%3a0000"])
def test_no_spelling_of_a_token_is_quoted(dialler: Dialler, spelled: str) -> None:
    body = f'{{"result":"FAIL","message":"нет {spelled} такого"}}'.encode()
    result = dialler.dial(RawServer(HEAD + b"\r\n" + body), CALLAPI)
    assert "«нет *** такого»" in result.message


# --- what is not an answer ----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["broken-401", "broken-403"])
def test_refused_access_is_the_administrators_work(dialler: Dialler, name: str) -> None:
    result = dialler.dial_recorded(name)
    assert result.code == CallCode.EXCHANGE_REFUSED
    assert "администратора проверить доступ" in result.message


@pytest.mark.parametrize(("name", "status"), [("broken-404", 404), ("broken-redirect-302", 302)])
def test_what_surely_dialled_nothing_is_told_so_and_not_followed(
    dialler: Dialler, name: str, status: int
) -> None:
    result = dialler.dial_recorded(name)
    assert result.code == CallCode.EXCHANGE_BROKEN
    assert result.message.startswith(f"АТС ответила непонятно (HTTP {status}), звонок не начат")


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("broken-html-502", 502),
        ("answer-success-http-500", 500),
        ("broken-html-200", 200),
        ("broken-empty-200", 200),
        ("broken-json", 200),
        ("broken-list", 200),
        ("broken-no-words", 200),
        ("broken-gzip", 200),
    ],
)
def test_after_an_unclear_answer_the_accountant_looks_at_the_phone_first(
    dialler: Dialler, name: str, status: int
) -> None:
    assert dialler.dial_recorded(name) == CallResult.fail(
        CallCode.OUTCOME_UNKNOWN,
        f"Исход неизвестен: АТС ответила непонятно (HTTP {status}); "
        "посмотрите на телефон, прежде чем нажимать снова",
    )


def test_an_answer_without_a_bottom_does_no_harm() -> None:
    roomy = Wire(connect_s=0.3, total_s=0.6, max_bytes=256 * 1024, reuse=False)
    try:
        result = Dialler(roomy).dial_recorded("broken-deep")
    finally:
        roomy.close()
    assert result.code == CallCode.OUTCOME_UNKNOWN


SUCCESS = (WIRE / "answer-connect-v2-success.http").read_bytes()


@pytest.mark.parametrize(
    "server",
    [
        pytest.param(RawServer(silent=True), id="silence"),
        pytest.param(RawServer(SUCCESS, drip_s=0.2), id="drip of the head"),
        pytest.param(RawServer(SUCCESS, drip_s=0.2, drip_from=len(SUCCESS) - 20), id="drip of the body"),
        pytest.param(RawServer(reset=True), id="reset after the request"),
        pytest.param(RawServer(HEAD + b"Content-Length: 99\r\n\r\n{", reset=True), id="reset in the body"),
        pytest.param(RawServer(HEAD + b"Content-Length: 99\r\n\r\n{"), id="cut in the body"),
        pytest.param(RawServer(), id="closed without a word"),
        pytest.param(RawServer(HEAD + b"\r\n{" + b" " * 200_000 + b"}"), id="huge"),
        pytest.param(RawServer(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}"), id="broken chunks"),
        pytest.param(RawServer(b"SIP/2.0 200 OK\r\n\r\n"), id="another protocol"),
    ],
)
def test_a_request_without_a_whole_answer_has_an_unknown_outcome(dialler: Dialler, server: RawServer) -> None:
    result = dialler.dial(server)
    assert result.code == CallCode.OUTCOME_UNKNOWN
    assert result.message.startswith("Исход неизвестен: ")
    assert result.message.endswith("посмотрите на телефон, прежде чем нажимать снова")


def test_an_absent_exchange_has_surely_dialled_nothing(dialler: Dialler) -> None:
    result = dialler.client(closed_port_url(), CONNECT).dial(ANNA, NUMBER)
    assert result.code == CallCode.EXCHANGE_AWAY
    assert result.message.startswith("АТС не отвечает: звонок не начат")


# --- what the exchange sees ---------------------------------------------------------------------
AWKWARD = Subscriber(name="Борис", key="ключ/../a b&c=d?#%+", extension="24 6&")
AWKWARD_CODED = "%D0%BA%D0%BB%D1%8E%D1%87%2F..%2Fa%20b%26c%3Dd%3F%23%25%2B"


@pytest.mark.parametrize(
    ("api", "target"),
    [
        (CONNECT, f"/api/call/CallToSubscriber?key={AWKWARD_CODED}&outboundNumber=89235292926"),
        (WEBAPI2, f"/call/{AWKWARD_CODED}/89235292926"),
        (CALLAPI, f"/call/node%2Ftoken%3A0000:{AWKWARD_CODED}/89235292926"),
        (
            SIMPLE_CALLS,
            "/simple-calls/call/?event=1&password=api%20password%200000&src_num=24%206%26&dst_num=89235292926",
        ),
    ],
)
def test_no_letter_of_a_key_changes_the_request(dialler: Dialler, api: MobilonApi, target: str) -> None:
    server = RawServer((WIRE / "answer-callapi-uuid.http").read_bytes())
    assert dialler.dial(server, api, AWKWARD).status is DialStatus.STARTED
    assert server.target == target
    assert server.requests[0].startswith(b"GET ")


def test_a_foreign_and_an_internal_number_are_dialled_as_the_exchange_writes_them(dialler: Dialler) -> None:
    for text, dialled, told in [("+49 30 901820", "8104930901820", "+4930901820"), ("101", "101", "101")]:
        server = RawServer(SUCCESS)
        result = dialler.dial(server, number=PhoneNumber.parse(text))
        assert server.target.endswith(f"outboundNumber={dialled}")
        assert result.message.endswith(f"наберётся {told}")


@pytest.mark.parametrize(
    ("api", "subscriber", "missing"),
    [
        (CONNECT, Subscriber(name="Вера", extension="101"), "не указан ключ АТС"),
        (WEBAPI2, Subscriber(name="", key=".."), "не указан ключ АТС"),
        (CALLAPI, Subscriber(name="Вера"), "не указан ключ АТС"),
        (SIMPLE_CALLS, Subscriber(name="Вера", key=KEY), "не указан внутренний номер"),
    ],
)
def test_a_subscriber_who_cannot_dial_on_this_line_is_told_what_is_missing(
    dialler: Dialler, api: MobilonApi, subscriber: Subscriber, missing: str
) -> None:
    with RawServer(SUCCESS) as server:
        result = dialler.client(server.url, api).dial(subscriber, NUMBER)
    assert result.code == CallCode.UNKNOWN_SUBSCRIBER
    assert missing in result.message
    assert server.requests == []


@pytest.mark.parametrize(
    ("api", "base_url", "named"),
    [
        (CALLAPI, "", "node_token"),
        (SIMPLE_CALLS, "", "api_password"),
        (CONNECT, "connect.mobilon.ru", "https://connect.mobilon.ru"),
        (CONNECT, "ftp://connect.mobilon.ru", "https://connect.mobilon.ru"),
        (CONNECT, "https://user:secret@connect.mobilon.ru", "https://connect.mobilon.ru"),
        (CONNECT, "https://connect.mobilon.ru:port", "https://connect.mobilon.ru"),
        (CONNECT, "https://connect.mobilon.ru/?token=secret", "https://connect.mobilon.ru"),
    ],
)
def test_a_line_without_its_token_or_address_is_refused_at_the_start(
    wire: Wire, api: MobilonApi, base_url: str, named: str
) -> None:
    with pytest.raises(BadSettings, match=named) as refusal:
        MobilonClient(api=api, wire=wire, base_url=base_url)
    assert "secret" not in str(refusal.value)


def test_the_address_of_each_line_is_known(wire: Wire) -> None:
    hosts = [
        repr(MobilonClient(api=api, wire=wire, node_token=NODE, api_password=PASSWORD)) for api in MobilonApi
    ]
    assert hosts == [
        "MobilonClient(api='connect', host='connect.mobilon.ru')",
        "MobilonClient(api='webapi2', host='webapi2.services.mobilon.ru')",
        "MobilonClient(api='callapi', host='callapi.services.mobilon.ru')",
        "MobilonClient(api='simple-calls', host='callapi.services.mobilon.ru')",
    ]


@pytest.mark.parametrize("status", [b"408 Request Timeout", b"502 Bad Gateway", b"504 Gateway Timeout"])
@pytest.mark.parametrize("body", [b"", b'{"result":"FAIL","message":"timeout"}'])
def test_a_gateway_that_gave_up_does_not_know_whether_the_telephone_rings(
    dialler: Dialler, status: bytes, body: bytes
) -> None:
    answer = b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)
    result = dialler.dial(RawServer(answer))
    assert result.code == CallCode.OUTCOME_UNKNOWN
    assert result.message.startswith("Исход неизвестен")
