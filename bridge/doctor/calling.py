"""A real call that changes nothing: who has a number that cannot exist? And is the session kept?

In a base of MIKO's panel it is the list of its users, in a firm's own web service its `custom.who`.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from lxml import etree

from bridge.core.caller import DirectoryAway
from bridge.doctor.clock import clock_findings
from bridge.doctor.codes import Code
from bridge.doctor.contents import SAY_NAME, USER_LIST, Expected
from bridge.doctor.finding import Finding, doubtful, good
from bridge.doctor.refusals import Infobase, no_answer, other_program, refusal, said_of
from bridge.doctor.texts import milliseconds
from bridge.doctor.wsdl import Operation
from bridge.foreign_xml import safe_parser
from bridge.onec import envelope
from bridge.onec.sessions import Sessions
from bridge.settings import Settings
from bridge.wire import Answer, Wire, WireError
from bridge.wiring.partners import publications

SLOW_S = 2.0
# Eleven digits that are nobody's. One zero would match everybody: the extension searches for what
# follows the first digit (TelephonyMobilon 2019-12-12, ВАТССервер.SayName)
NOBODY = "00000000000"
HARMLESS = {"vats": SAY_NAME, "vatscalls": SAY_NAME, "miko": USER_LIST}
UNTRIED = "в веб-сервисе нет безвредной операции: права и скорость не проверены"


@dataclass(frozen=True, kw_only=True)
class Caller:
    """How the infobase is called, and how soon the exchange wants a name."""

    base: Infobase
    wire: Wire
    login: Mapping[str, str | bytes]
    expected: Expected
    caller_s: float

    @property
    def operation(self) -> str:
        return HARMLESS[self.base.section.contract]

    def call(self, session_headers: Mapping[str, str]) -> Answer:
        parameters = [(name, NOBODY) for name in self.expected.operations[self.operation].parameters]
        body = envelope.build(self.expected.namespace, self.operation, parameters)
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return self.wire.post(self.base.url, body, {**headers, **self.login, **session_headers})


def call_findings(caller: Caller, operations: Mapping[str, Operation] | None) -> Iterator[Finding]:
    """Rights, speed, the answer's form, and whether a session is kept.

    Args:
        operations: as published; None when the WSDL is not to be had.
    """
    base = caller.base
    if operations is not None and caller.operation not in operations:
        yield good(base.link, Code.CALL_UNTRIED, UNTRIED, "проверьте настоящим звонком")
        return
    sessions = Sessions(enabled=base.section.reuse_session)
    answer = yield from _called(caller, sessions.headers(""))
    if answer is None:
        return
    if operations is None:
        yield from clock_findings(base.link, answer, "сервера 1С")
    sessions.keep("", answer)
    session = sessions.borrow()
    try:
        kept, told = _again(caller, sessions, session)
        yield _speed(caller, kept or answer)
        yield from told
    finally:
        _finish(caller, sessions, session)


def _called(caller: Caller, session_headers: Mapping[str, str]) -> Generator[Finding, None, Answer | None]:
    """Yields what is wrong, returns the answer of a handler that said something."""
    base = caller.base
    try:
        answer = caller.call(session_headers)
    except WireError as error:
        yield no_answer(base, error, caller.operation)
        return None
    if trouble := refusal(base, answer):
        yield trouble
        return None
    try:
        value = envelope.read_return(answer.body, caller.expected.namespace, caller.operation)
    except envelope.SoapFaultError:
        said = f"{caller.operation} завершилась в 1С ошибкой: {said_of(base, answer).shown or 'без описания'}"
        advice = "ошибка в обработчике веб-сервиса: журнал регистрации 1С покажет строку"
        yield base.bad(Code.CALL_FAULT, said, advice)
        return None
    except envelope.NoReturnError as error:
        said = f"{caller.operation} ничего не ответила: {error}"
        advice = (
            "в 1С обработчик операции должен существовать, быть функцией с тем же числом параметров "
            "и возвращать строку; пространство имён — как в настройке"
        )
        yield base.bad(Code.CALL_NO_ANSWER, said, advice)
        return None
    except envelope.NotEnvelopeError as error:
        yield _not_soap(caller, answer, str(error))
        return None
    if caller.operation == SAY_NAME and (trouble := _inside(base.link, value)):
        yield trouble
    return answer


def _not_soap(caller: Caller, answer: Answer, why: str) -> Finding:
    base, operation = caller.base, caller.operation
    if not answer.body.strip():
        said = f"{operation}: пустой ответ (HTTP {answer.status})"
        return base.bad(Code.CALL_NO_ANSWER, said, "проверьте обработчик операции в 1С")
    if "html" in answer.media:
        return other_program(base, answer)
    advice = "проверьте, что между мостом и 1С нет прокси, который меняет ответы"
    return base.bad(Code.CALL_NOT_SOAP, f"{operation}: {why}", advice)


def _inside(link: str, value: str) -> Finding | None:
    """The XML that 1C's code has put into the string; plain text is fine (Mobilon, 1c.md, 2016-12)."""
    text = value.strip()
    if not text.startswith("<"):
        return None
    try:
        etree.fromstring(text.encode(), safe_parser())
    except etree.XMLSyntaxError:
        said = f"{SAY_NAME} отдаёт XML с ошибкой (обычно в имени клиента знаки & или <)"
        advice = "мост прочтёт и такой, но в 1С соберите ответ через ЗаписьXML, а не сложением строк"
        return doubtful(link, Code.CALL_BAD_XML, said, advice)
    return None


def _again(caller: Caller, sessions: Sessions, session: str) -> tuple[Answer | None, list[Finding]]:
    """The second call, in the session that the first one has begun: its answer, and what there is to say."""
    link = caller.base.link
    if not caller.base.section.reuse_session:
        return None, []
    if not session:
        advice = (
            "так каждый вызов — новый сеанс и лицензия на его время, и он дольше; в свойствах веб-сервиса 1С "
            "поставьте «Повторное использование сеансов: Использовать автоматически»"
        )
        return None, [good(link, Code.SESSION_NONE, "1С не держит сеанс между вызовами", advice)]
    try:
        answer = caller.call(sessions.headers(session))
    except WireError as error:
        return None, [no_answer(caller.base, error, f"второй вызов {caller.operation}")]
    if answer.status != 200:
        said = f"1С начала сеанс и тут же его потеряла (HTTP {answer.status})"
        advice = (
            "если 1С за балансировщиком, закрепите сеансы за сервером; "
            f"или отключите infobase.{caller.base.name}.reuse_session"
        )
        return None, [doubtful(link, Code.SESSION_DROPPED, said, advice)]
    said = "1С держит сеанс между вызовами; после проверки он отдан"
    return answer, [good(link, Code.SESSION_KEPT, said)]


def _speed(caller: Caller, answer: Answer) -> Finding:
    link, took, operation = caller.base.link, milliseconds(answer.took_s), caller.operation
    if answer.took_s > SLOW_S:
        advice = "карточки звонков будут запаздывать: посмотрите загрузку сервера 1С и что делает обработчик"
        return doubtful(link, Code.CALL_SLOW, f"{operation} отвечает {took}", advice)
    if operation == SAY_NAME and answer.took_s > caller.caller_s:
        advice = (
            f"ВАТС ждёт имя {caller.caller_s:g} с (caller_s): первый звонок будет без имени, "
            "дальше мост отвечает из своей памяти"
        )
        return doubtful(link, Code.CALL_NAMES_LATE, f"{operation} отвечает {took}", advice)
    return good(link, Code.CALL_GOOD, f"1С выполнила {operation}, права есть, {took}")


def _finish(caller: Caller, sessions: Sessions, session: str) -> None:
    """The session, and its licence, are given back as the bridge itself does it."""
    if session:
        headers = {**caller.login, **sessions.headers(session), "IBSession": "finish"}
        with suppress(WireError):
            caller.wire.get(f"{caller.base.url}?wsdl", headers)


def own_call_findings(base: Infobase, settings: Settings) -> Iterator[Finding]:
    """The same for a firm's own web service, the way the bridge itself calls it."""
    publication = publications(settings)[base.name]
    if publication.directory is None:
        yield good(base.link, Code.CALL_UNTRIED, UNTRIED, "проверьте настоящим звонком")
        return
    operation = base.section.custom.who.operation if base.section.custom.who else ""
    started = time.monotonic()
    try:
        publication.directory.say_name(NOBODY)
    except DirectoryAway as away:
        advice = "проверьте раздел custom.who, права пользователя на эту операцию и журнал регистрации 1С"
        yield base.bad(Code.CALL_FAULT, f"{operation}: {away}", advice)
        return
    finally:
        publication.transport.finish()
    took = milliseconds(time.monotonic() - started)
    yield good(base.link, Code.CALL_GOOD, f"1С выполнила {operation}, права есть, {took} вместе с описанием")
