"""The network types of the interpreter hold a module to what the bridge really serves."""

import codecs
import json
from collections.abc import Iterator
from decimal import Decimal
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from onec.bsl.parser import parse
from onec.run.interpreter import Interpreter
from onec.run.objects import OnecError, Unsupported, Value
from onec.run.world import PlainWorld

from bridge.resources import wsdl_text
from bridge.sim.loopback import Loopback
from support.rawserver import RawServer, closed_port_url
from support.world import LOGIN, PASSWORD, World, world

NAMESPACE = "http://vpbx-bridge.ru/telephony/1"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("bridge")) as made:
        yield made


def body(statements: str, around: PlainWorld | None = None) -> Value:
    text = f"Функция Ф() Экспорт\n{statements}\nКонецФункции"
    return Interpreter(around or PlainWorld()).load(parse(text, "t.bsl"), "Модуль", "server").call("Ф")


def proxy(
    here: World, *, names: tuple[str, str, str] = (NAMESPACE, "Telephony", "TelephonySoap"), at: str = ""
) -> str:
    """Statements that make Прокси."""
    namespace, service, port = names
    return f"""
        О = Новый WSОпределения("{here.url}/ws/Telephony?wsdl", "{LOGIN}", "{PASSWORD}", , 7);
        Прокси = Новый WSПрокси(О, "{namespace}", "{service}", "{port}", , 20, , "{at}");
        Прокси.Пользователь = "{LOGIN}"; Прокси.Пароль = "{PASSWORD}";"""


def causes(error: OnecError) -> list[str]:
    return [error.text, *(causes(error.cause) if error.cause else [])]


# --- SOAP


@pytest.mark.parametrize(
    "names",
    [
        (NAMESPACE + "/", "Telephony", "TelephonySoap"),
        (NAMESPACE.replace("http", "HTTP"), "Telephony", "TelephonySoap"),
        (NAMESPACE, "telephony", "TelephonySoap"),
        (NAMESPACE, "Telephony", "Telephony"),
        (NAMESPACE, "Telephony", "TelephonySоap"),  # a Cyrillic letter
    ],
)
def test_a_proxy_is_made_by_the_exact_names_of_the_wsdl(here: World, names: tuple[str, str, str]) -> None:
    with pytest.raises(OnecError, match=r"Ошибка при вызове конструктора \(WSПрокси\)"):
        body(proxy(here, names=names))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("МакеCall()", "Метод объекта не обнаружен"),
        ('MakeCall("101")', "Недостаточно фактических параметров"),
        ('MakeCall("101", )', "Недостаточно фактических параметров"),
        ('MakeCall("101", "89160000000", 1)', "Слишком много фактических параметров"),
        ('MakeCall(101, "89160000000")', "Несоответствие типов (параметр номер '1')"),
        ('MakeCall("101", Неопределено)', "Несоответствие типов (параметр номер '2')"),
        ('PollEvents("", "0", 0)', "Несоответствие типов (параметр номер '2')"),
        ('PollEvents("", 0.5, 0)', "Несоответствие типов (параметр номер '2')"),
    ],
)
def test_an_operation_takes_its_parameters_and_no_others(here: World, call: str, text: str) -> None:
    before = len(here.exchange.dials)
    with pytest.raises(OnecError) as raised:
        body(f"{proxy(here)} Возврат Прокси.{call};")
    assert text in raised.value.text
    assert len(here.exchange.dials) == before


def test_operations_do_not_differ_by_case_and_lists_are_walked(here: World) -> None:
    assert (
        body(f"""{proxy(here)}
        Имена = ""; Список = Прокси.getSUBSCRIBERS();
        Для Каждого Абонент Из Список.Subscriber Цикл Имена = Имена + Абонент.Extension + ";"; КонецЦикла;
        Возврат Имена + Список.Subscriber.Количество() + Список.Subscriber[1].Name;
    """)
        == "101;102;2Петров Пётр"
    )


def test_a_member_that_the_wsdl_has_not_is_an_exception(here: World) -> None:
    with pytest.raises(OnecError, match=r"Поле объекта не обнаружено \(Subscribers\)"):
        body(f"{proxy(here)} Возврат Прокси.GetSubscribers().Subscribers;")


def test_the_text_of_a_fault_is_down_the_causes(here: World) -> None:
    with pytest.raises(OnecError) as raised:
        body(f'{proxy(here)} Возврат Прокси.PollEvents("", 0, 0);')
    frame, called, said = causes(raised.value)
    assert frame == "Ошибка при вызове метода контекста (PollEvents)"
    assert "Telephony:PollEvents()" in called
    assert "У этой базы нет ящика" in said


ANSWER = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<m:MakeCallResponse xmlns:m="http://vpbx-bridge.ru/telephony/1">{}</m:MakeCallResponse></s:Body></s:Envelope>"""
MEMBERS = "<m:Result>SUCCESS</m:Result><m:Message/>{}<m:CallId></m:CallId>"


def answering(text: str, status: str = "200 OK") -> Loopback:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(status, [("Content-Type", "text/xml; charset=utf-8")])
        return [text.encode()]

    return Loopback(app)


def test_an_empty_element_is_an_empty_string(here: World) -> None:
    text = ANSWER.format(f"<m:return>{MEMBERS.format('<m:Code>0</m:Code>')}</m:return>")
    with answering(text) as peer:
        found = body(f'{proxy(here, at=peer.url)} Возврат Прокси.MakeCall("1", "2");')
    assert (found.get("Message"), found.get("callid"), found.get("Code")) == ("", "", Decimal(0))


@pytest.mark.parametrize(
    "text",
    [
        ANSWER.format(""),
        ANSWER.format("<m:return/>"),
        ANSWER.format(f"<m:return>{MEMBERS.format('')}</m:return>"),
        ANSWER.format(f"<m:return>{MEMBERS.format('<m:Code>нет</m:Code>')}</m:return>"),
        ANSWER.format(f"<m:return>{MEMBERS.format('<m:Code>0</m:Code><m:More>1</m:More>')}</m:return>"),
        ANSWER.format("").replace("MakeCallResponse", "PingResponse"),
        "<html>OK</html>",
        "",
    ],
)
def test_an_answer_that_is_not_of_the_contract_is_an_exception(here: World, text: str) -> None:
    with (
        answering(text) as peer,
        pytest.raises(OnecError, match=r"Ошибка при вызове метода контекста \(MakeCall\)"),
    ):
        body(f'{proxy(here, at=peer.url)} Возврат Прокси.MakeCall("1", "2");')


def test_a_wsdl_of_several_documents_is_refused() -> None:
    wsdl = wsdl_text("telephony.wsdl").replace(
        "<types>", '<import namespace="http://other" location="other.wsdl"/><types>', 1
    )
    with answering(wsdl) as peer, pytest.raises(Unsupported, match=r"other\.wsdl"):
        body(f'О = Новый WSОпределения("{peer.url}/?wsdl", , , , 7);')


def test_what_is_no_wsdl_is_an_exception() -> None:
    with answering("<html/>") as peer, pytest.raises(OnecError) as raised:
        body(f'О = Новый WSОпределения("{peer.url}/?wsdl", , , , 7);')
    assert causes(raised.value)[-1] == "Ошибка разбора WSDL"


# --- HTTP


def connected(url: str, seconds: int = 5) -> str:
    host, _, port = url.removeprefix("http://").partition(":")
    return f'С = Новый HTTPСоединение("{host}", {port}, "{LOGIN}", "{PASSWORD}", , {seconds});'


def test_a_request_carries_its_login_headers_and_body() -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("207 Multi", [("Content-Type", "application/json"), ("X-Seen", "1")])
        names = ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "HTTP_AUTHORIZATION", "HTTP_X_OWN")
        seen = {name: environ.get(name, "") for name in names}
        size = int(environ.get("CONTENT_LENGTH") or 0)
        return [json.dumps({**seen, "body": environ["wsgi.input"].read(size).decode()}).encode()]

    with Loopback(app) as peer:
        found = body(f"""{connected(peer.url)}
            З = Новый HTTPЗапрос("/a/b?c=%D0%B0");
            З.Заголовки.Вставить("X-Own", "1");
            З.УстановитьТелоИзСтроки("тело", "UTF-8", ИспользованиеByteOrderMark.НеИспользовать);
            О = С.ВызватьHTTPМетод("PUT", З);
            Возврат Новый Структура("код, тело, заголовок", О.КодСостояния, О.ПолучитьТелоКакСтроку(),
                О.Заголовки["X-Seen"]);""")
    seen = json.loads(found.get("тело"))
    assert (found.get("код"), found.get("заголовок")) == (Decimal(207), "1")
    assert (seen["REQUEST_METHOD"], seen["PATH_INFO"], seen["body"]) == ("PUT", "/a/b", "тело")
    assert seen["QUERY_STRING"] == "c=%D0%B0"
    assert seen["HTTP_AUTHORIZATION"].startswith("Basic ")
    assert seen["HTTP_X_OWN"] == "1"


@pytest.mark.parametrize("rest", ["", ', "UTF-8", ИспользованиеByteOrderMark.Авто'])
def test_a_body_that_does_not_say_without_a_mark_may_begin_with_one(rest: str) -> None:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).hex().encode()]

    with Loopback(app) as peer:
        found = body(f"""{connected(peer.url)}
            З = Новый HTTPЗапрос("/");
            З.УстановитьТелоИзСтроки("key=1"{rest});
            Возврат С.ОтправитьДляОбработки(З).ПолучитьТелоКакСтроку();""")
    assert found == (codecs.BOM_UTF8 + b"key=1").hex()


def test_a_redirect_is_an_answer_like_any_other() -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with RawServer(answer) as peer:
        found = body(f'{connected(peer.url)} Возврат С.Получить(Новый HTTPЗапрос("/")).КодСостояния;')
    assert found == 302


def test_silence_ends_with_the_timeout() -> None:
    with RawServer(silent=True) as peer, pytest.raises(OnecError) as raised:
        body(f'{connected(peer.url, 1)} Возврат С.Получить(Новый HTTPЗапрос("/"));')
    assert causes(raised.value) == [
        "Ошибка при вызове метода контекста (Получить)",
        "Ошибка работы с Интернет:  Превышен таймаут",
    ]


def test_a_closed_port_and_a_cut_line_are_told_apart() -> None:
    with pytest.raises(OnecError) as refused:
        body(f'{connected(closed_port_url())} Возврат С.Получить(Новый HTTPЗапрос("/"));')
    assert causes(refused.value)[-1].endswith("Не могу установить соединение")
    with RawServer(reset=True) as peer, pytest.raises(OnecError) as cut:
        body(f'{connected(peer.url)} Возврат С.Получить(Новый HTTPЗапрос("/"));')
    assert causes(cut.value)[-1].endswith("Соединение с сервером разорвано")


@pytest.mark.parametrize("address", ["/а", "/a b", "/?q=8 (916)"])
def test_an_address_that_was_not_encoded_is_the_modules_defect(address: str) -> None:
    with pytest.raises(Unsupported, match="not encoded"):
        body(f'{connected("http://127.0.0.1:1")} Возврат С.Получить(Новый HTTPЗапрос("{address}"));')


def test_a_secured_line_needs_a_certificate_somebody_vouches_for() -> None:
    secured = "Новый ЗащищенноеСоединениеOpenSSL(, Новый СертификатыУдостоверяющихЦентровОС)"
    plain = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    with RawServer(plain) as peer:
        host, _, port = peer.url.removeprefix("http://").partition(":")
        made = f'С = Новый HTTPСоединение("{host}", {port}, , , , 5, {secured});'
        with pytest.raises(OnecError) as raised:
            body(f'{made} Возврат С.Получить(Новый HTTPЗапрос("/"));')
    assert causes(raised.value)[-1].startswith("Ошибка работы с Интернет")
    with pytest.raises(Unsupported, match="https without"):
        body('О = Новый WSОпределения("https://127.0.0.1:1/?wsdl", , , , 7);')
