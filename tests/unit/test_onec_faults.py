"""Every answer of tests/wire/1c has its outcome; the reasons are fit for an administrator's eyes."""

import re

import pytest

from bridge.core.delivery import Away, Delivered, Denied, Faulted
from bridge.onec.envelope import returned
from bridge.onec.faults import classify, session_lost, unreachable
from bridge.onec.pages import clean
from bridge.wire import WireError
from support.onecserver import WIRE, as_answer, http, recorded

NUMBER, KEY, PASSWORD = "89235292926", "k0000000000000aa", "Пароль-1С"
ADDRESS = "http://1c.example.ru/base/ws/VATS"

# file of tests/wire/1c -> outcome, words of the answer or of the reason
TABLE = {
    "incoming-call": (Delivered, "1"),
    "pretty-printed": (Delivered, "1"),
    "with-session": (Delivered, "1"),
    "other-prefixes": (Delivered, "1"),
    "no-media": (Delivered, "1"),
    "html-media": (Delivered, "1"),
    "answer-zero": (Delivered, "0"),
    "answer-false": (Delivered, "false"),
    "answer-cdata": (Delivered, "да & <нет>"),
    "answer-bom": (Delivered, "принято"),
    "answer-cp1251": (Delivered, "принято"),
    "answer-utf16": (Delivered, "принято"),
    "event-one": (Faulted, "другой операции"),  # asked for IncomingCall
    "other-operation": (Faulted, "другой операции"),
    "other-namespace": (Faulted, "другого пространства имён"),
    "odd-namespace": (Faulted, "другого пространства имён"),
    "empty-return": (Faulted, "не подтвердила приём: пустое значение"),
    "blank-return": (Faulted, "не подтвердила приём: пустое значение"),
    "nil-return": (Faulted, "не подтвердила приём: вместо значения — «не определено»"),
    "no-return": (Faulted, "не подтвердила приём: в ответе нет значения"),
    "empty-body": (Faulted, "не подтвердила приём: пустой ответ"),
    "empty-200": (Faulted, "не подтвердила приём: пустой ответ"),
    "empty-202": (Faulted, "не подтвердила приём: пустой ответ"),
    "empty-204": (Faulted, "не подтвердила приём: пустой ответ"),
    "fault-handler": (Faulted, "Поле объекта не обнаружено (direction) {ОбщийМодуль.ВАТССервер"),
    "fault-200": (Faulted, "Деление на 0"),
    "fault-soap12": (Faulted, "Деление на 0"),
    "fault-no-text": (Faulted, "ошибка 1С без описания"),
    "fault-long": (Faulted, "Очень подробная ошибка."),
    "fault-echo": (Faulted, "Не найден абонент 89*******26 с ключом •••, пароль •••"),
    "fault-lock-conflict": (Faulted, "Конфликт блокировок при выполнении транзакции"),
    "fault-deadlock": (Faulted, "deadlock"),
    "fault-no-license": (Away, "Не обнаружено свободной лицензии"),
    "fault-no-license-en": (Away, "no free licenses"),
    "fault-no-key": (Away, "Не найдена лицензия"),
    "fault-locked": (Away, "Ведутся технические работы"),
    "fault-lock-of-base": (Away, "установлена администратором базы"),
    "fault-server-away": (Away, "Ошибка соединения с сервером 1С:Предприятия"),
    "fault-database-away": (Away, "соединение с сервером баз данных"),
    "fault-versions": (Away, "8.3.27.1719 - 8.3.27.2130"),
    "fault-session-gone": (Away, "Сеанс отсутствует"),
    "fault-no-service": (Away, "publishExtensionsByDefault"),
    "fault-no-right": (Denied, "Нарушение прав доступа"),
    "fault-few-rights": (Denied, "Недостаточно прав"),
    "fault-login": (Denied, "Неправильное имя или пароль"),
    "login-401": (Denied, "логин или пароль (HTTP 401)"),
    "forbidden-403": (Denied, "(HTTP 403): 403 Forbidden"),
    "forbidden-403-empty": (Denied, "(HTTP 403)"),
    "forbidden-403-json": (Denied, "(HTTP 403): Нарушение прав доступа!"),
    "locked-403": (Away, "Ведутся технические работы"),
    "locked-403-own-words": (Away, "Перерыв до 18:00"),
    "locked-403-text": (Away, "locked"),
    "not-published-404": (Away, f"проверьте адрес {ADDRESS}"),
    "no-session-406": (Away, "лицензии"),
    "busy-429": (Away, "HTTP 429"),
    "busy-502": (Away, "HTTP 502"),
    "busy-503": (Away, "(HTTP 503): База обновляется"),
    "busy-504": (Away, "HTTP 504"),
    "redirect-301": (Away, "перенаправляет на другой адрес: https://1c.example.ru/base/ws/VATS"),
    "redirect-302-nowhere": (Away, "не указан"),
    "redirect-307": (Away, "/base/ru_RU/ws/VATS"),
    "login-page-200": (Away, "вместо 1С ответила страница или другая программа: Вход в личный кабинет"),
    "login-page-cp1251": (Away, "другая программа: Вход"),
    "echo-200": (Away, "другая программа"),
    "garbage-200": (Away, "другая программа"),
    "cut-off-200": (Away, "другая программа"),
    "doctype-200": (Away, "другая программа"),
    "billion-laughs-200": (Away, "другая программа"),
    "gzip-200": (Away, "отключите сжатие"),
    "no-service-500": (Away, "publishExtensionsByDefault"),
    "no-service-500-text": (Away, "publishExtensionsByDefault"),
    "error-page-500": (Away, "No space left on device"),
    "exception-500": (Away, "(HTTP 500): Недостаточно памяти"),
    "session-400": (Away, "HTTP 400"),
    "value-500": (Away, "HTTP 500"),
    "strange-418": (Away, "HTTP 418"),
}


def outcome_of(name):
    return classify(
        as_answer(recorded(name)),
        read=returned("http://VATS", "IncomingCall"),
        address=ADDRESS,
        secrets=(NUMBER, KEY, PASSWORD),
    )


@pytest.mark.parametrize("name", TABLE)
def test_an_answer_has_its_outcome(name):
    kind, words = TABLE[name]
    outcome = outcome_of(name)
    assert type(outcome) is kind
    if isinstance(outcome, Delivered):
        assert outcome.answer == words
    else:
        assert words in outcome.reason
    assert not getattr(outcome, "hung", False)


def test_the_table_names_every_recorded_answer():
    assert {path.stem for path in WIRE.glob("*.http")} == set(TABLE)


@pytest.mark.parametrize("name", [name for name, (kind, _) in TABLE.items() if kind is not Delivered])
def test_a_reason_is_one_short_clean_line(name):
    reason = outcome_of(name).reason
    assert 0 < len(reason) <= 300
    assert not re.search(
        r"[\x00-\x1f<]|Envelope|77u/|creationStack|core83|secret|token", reason.replace("<ws>", "")
    )
    assert not any(private in reason for private in (NUMBER, "529-29-26", KEY, PASSWORD))


def test_the_answer_to_the_other_contract():
    answer = as_answer(recorded("event-one"))
    assert classify(answer, read=returned("http://VATSCalls", "Event")) == Delivered("1")


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("session-400", True),
        ("not-published-404", True),
        ("error-page-500", True),
        ("exception-500", True),
        ("fault-session-gone", True),
        ("no-service-500", False),
        ("fault-handler", False),
        ("fault-no-license", False),
        ("incoming-call", False),
        ("login-401", False),
        ("locked-403", False),
        ("no-session-406", False),
        ("busy-503", False),
    ],
)
def test_a_lost_session_is_told_from_a_failed_handler(name, lost):
    assert session_lost(as_answer(recorded(name))) is lost


def test_a_handlers_own_missing_service_is_about_the_event():
    body = recorded("fault-no-service").partition(b"\r\n\r\n")[2].decode()
    answer = as_answer(http(500, body.replace("Сервис не найден", "Внешний сервис не найден").encode()))
    assert classify(answer, read=returned("n", "o")) == Faulted("Внешний сервис не найден")


def test_a_lock_of_an_object_is_about_the_event():
    body = recorded("fault-no-service").partition(b"\r\n\r\n")[2].decode()
    answer = as_answer(http(500, body.replace("Сервис не найден", "Объект уже заблокирован").encode()))
    assert classify(answer, read=returned("n", "o")) == Faulted("Объект уже заблокирован")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (WireError("нет связи", sent=False), Away("1С не ответила: нет связи", unheard=True)),
        (WireError("нет связи", sent=False, timeout=True), Away("1С не ответила: нет связи", unheard=True)),
        (WireError("поздно", sent=True, timeout=True), Away("1С не ответила: поздно", hung=True)),
        (WireError("слишком длинный ответ", sent=True), Away("1С не ответила: слишком длинный ответ")),
        (WireError(f"эхо {NUMBER}\r\n", sent=True), Away("1С не ответила: эхо 89*******26")),
    ],
)
def test_no_whole_answer(error, outcome):
    assert unreachable(error) == outcome


@pytest.mark.parametrize(
    "body",
    [
        b"<title>" * 40_000,
        b"<html><title" * 20_000,
        b"<html>" + b"<script" * 30_000,
        b"<html>" + b"by reason" * 25_000,
        "<html>блокировк".encode() * 9_000,
        b"1 " * 120_000,
        b'{"exception":' * 18_000,
    ],
)
def test_a_hostile_page_is_read_at_once(body):
    answer = as_answer(http(500, body, "Content-Type: text/html"))
    assert isinstance(classify(answer, read=returned("n", "o")), Away)


def test_what_only_looks_like_a_number_stays():
    text = "10.0.0.12:8080, 8.3.27.1719, 28(0x0000001C), строка 412"
    assert clean(text, 200) == text
