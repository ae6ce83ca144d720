"""1C's answer becomes an outcome: by status, envelope and expected element, never by hope.

Witnesses named in the table lie in tests/wire/1c/; its README tells which are taken from a
document and which are made by hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.core.delivery import Away, Delivered, Denied, Faulted, Outcome
from bridge.onec import envelope
from bridge.onec.envelope import returned
from bridge.onec.pages import clean, compressed, read_page
from bridge.onec.words import About, about
from bridge.wire import Answer, WireError

FAULT_CHARS = 300
PAGE_CHARS = 200

NO_CONFIRMATION = "1С не подтвердила приём"
NO_SERVICE = (
    "1С не нашла веб-сервис: проверьте его имя, а для сервиса из расширения — "
    'publishExtensionsByDefault="true" у <ws> в default.vrd'
)
NO_SESSION = (
    "1С не смогла начать сеанс (HTTP 406): проверьте свободные лицензии "
    "или отключите в настройке моста повторное использование сеансов"
)
COMPRESSED = "ответ сжат, хотя мост просил не сжимать: отключите сжатие на веб-сервере 1С"
NOT_1C = "вместо 1С ответила страница или другая программа"

Reader = Callable[[bytes], str]  # of a body; raises an `envelope.AnswerError`


@dataclass(frozen=True)
class _Value:
    """The expected element with a text in it."""

    text: str


@dataclass(frozen=True)
class _Nothing:
    """An envelope without our value, or no bytes at all."""

    why: str


@dataclass(frozen=True)
class _Fault:
    about: About | None
    shown: str


@dataclass(frozen=True)
class _Page:
    """Not SOAP: HTML, JSON, text. `shown` may be empty."""

    about: About | None
    shown: str


_Said = _Value | _Nothing | _Fault | _Page


def classify(answer: Answer, *, read: Reader, address: str = "", secrets: Sequence[str] = ()) -> Outcome:
    """What becomes of a delivery after this answer; the reasons are for the administrator.

    A value is proof of acceptance, its absence is not: an operation whose handler is missing or
    takes another number of parameters answers neither data nor an error (BSL Language Server,
    WrongWebServiceHandler). *Any* value is proof, "0" and "false" too: the documented answer is
    "1" (Mobilon, contents/vpbx/integration/1c.md, 2017-06-02); whether some 1C refuses with
    another is unknown, and an event that a handler took must not be repeated to it. The value
    stays visible in the delivery.

    Args:
        read: takes the proof of acceptance out of the body, or raises an `envelope.AnswerError`.
        address: the web service's, named in the advice to check it.
        secrets: texts that no reason may repeat.
    """
    match answer.status, _read(answer, read, secrets):
        case 200, _Value(text):  # incoming-call, pretty-printed, answer-*, other-prefixes
            return Delivered(text)
        case 200 | 202 | 204, _Nothing(why):  # empty-return, nil-return, other-operation, empty-202
            return Faulted(f"{NO_CONFIRMATION}: {why}")
        case 401, _:  # login-401
            return Denied("1С не приняла логин или пароль (HTTP 401)")
        case 403, (_Fault(About.INFOBASE, shown) | _Page(About.INFOBASE, shown)):  # locked-403
            return Away(shown or "вход в информационную базу закрыт (HTTP 403)")
        case 403, _Page(_, shown) if "locked" in shown.lower():  # locked-403-text
            return Away(shown)
        case 403, said:  # forbidden-403
            return Denied(f"1С запретила доступ к веб-сервису (HTTP 403){_because(said)}")
        case 404, _:  # not-published-404
            return Away(f"публикация не найдена (HTTP 404): проверьте адрес {address}".rstrip())
        case 406, _:  # no-session-406
            return Away(NO_SESSION)
        case 429 | 502 | 503 | 504 as status, said:  # busy-503
            return Away(f"1С временно недоступна (HTTP {status}){_because(said)}")
        case status, _ if 300 <= status < 400:  # redirect-301
            return Away(f"1С перенаправляет на другой адрес: {_location(answer, secrets)}")
        case _, (_Fault(About.SERVICE, _) | _Page(About.SERVICE, _)):  # no-service-500, fault-no-service
            return Away(NO_SERVICE)
        case 200 | 400 | 500, _Fault(About.LOGIN, shown):  # fault-no-right, fault-login
            return Denied(f"1С отказала пользователю моста: {shown}")
        case 200 | 400 | 500, _Fault(About.INFOBASE | About.SESSION, shown):  # fault-no-license, fault-locked
            return Away(shown)
        case 200 | 400 | 500, _Fault(_, shown):  # fault-handler, fault-200, fault-lock-conflict
            return Faulted(shown)
        case 200, _ if compressed(answer):  # gzip-200
            return Away(COMPRESSED)
        case 200, said:  # login-page-200, cut-off-200, doctype-200
            return Away(f"{NOT_1C}{_because(said)}")
        case status, said:  # error-page-500, exception-500
            return Away(f"1С не может ответить (HTTP {status}){_because(said)}")


def session_lost(answer: Answer) -> bool:
    """True when the answer to a request with a session says that 1C has forgotten the session.

    400 and 404 (YellowERP, 2017), 500 too (MIKO ModuleMegafonPbx 2026-05-18), unless the answer
    names another cause: a Fault is a handler's failure, and some pages say what is wrong.
    """
    if answer.status not in (400, 404, 500):
        return False
    match _read(answer, returned("", ""), ()):
        case _Fault(cause, _):
            return cause is About.SESSION
        case _Page(cause, _):
            return cause in (None, About.SESSION)
        case _:
            return True


def unreachable(error: WireError, secrets: Sequence[str] = ()) -> Away:
    """No whole answer came. Only a silence after sending may be this very event's doing."""
    return Away(
        clean(f"1С не ответила: {error.reason}", PAGE_CHARS, secrets),
        hung=error.sent and error.timeout,
        unheard=not error.sent,
    )


def _read(answer: Answer, read: Reader, secrets: Sequence[str]) -> _Said:
    if not answer.body.strip():
        return _Nothing("пустой ответ")
    try:
        text = read(answer.body)
    except envelope.SoapFaultError as fault:
        shown = clean(str(fault), FAULT_CHARS, secrets)
        return _Fault(about(str(fault)), shown or "ошибка 1С без описания")
    except envelope.NoReturnError as error:
        return _Nothing(str(error))
    except envelope.NotEnvelopeError:
        page = read_page(answer)
        return _Page(about(page.words), clean(page.essence, PAGE_CHARS, secrets))
    return _Value(text)


def _because(said: _Said) -> str:
    return f": {said.shown}" if isinstance(said, (_Fault, _Page)) and said.shown else ""


def _location(answer: Answer, secrets: Sequence[str]) -> str:
    return clean(without_secrets(answer.headers.get("Location", "")), PAGE_CHARS, secrets) or "не указан"


def without_secrets(url: str) -> str:
    """An address without login and query.

    >>> without_secrets("https://u:p@1c.example.ru/base/ws/VATS?x=1")
    'https://1c.example.ru/base/ws/VATS'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else ""
    return host + parts.path
