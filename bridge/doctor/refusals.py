"""What 1C or its web server said instead of an answer, as a finding."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from bridge.doctor.codes import Code
from bridge.doctor.finding import Finding, bad
from bridge.onec import envelope
from bridge.onec.faults import without_secrets
from bridge.onec.pages import clean, compressed, read_page
from bridge.onec.words import About, about
from bridge.settings import InfobaseSection
from bridge.wire import Answer, WireError

SHOWN_CHARS = 160
_ROLE = "дайте пользователю 1С роль с правом «Использование» на операции этого веб-сервиса"


@dataclass(frozen=True, kw_only=True)
class Said:
    """The words of an answer: all of them, those to show, whom they are about, and whether it is a Fault."""

    words: str
    shown: str
    about: About | None
    fault: bool


@dataclass(frozen=True, kw_only=True)
class Infobase:
    """Whose answers are judged."""

    link: str
    name: str
    section: InfobaseSection

    def bad(self, code: Code, said: str, advice: str) -> Finding:
        return bad(self.link, code, said, advice)

    @property
    def url(self) -> str:
        return self.section.url or ""


def said_of(base: Infobase, answer: Answer) -> Said:
    """Numbers are masked and the password is hidden in `shown`; `words` are for recognising only."""
    secrets = [base.section.password.get_secret_value()]
    try:
        envelope.read_return(answer.body, "", "")
    except envelope.SoapFaultError as error:
        shown = clean(str(error), SHOWN_CHARS, secrets)
        return Said(words=str(error), shown=shown, about=about(str(error)), fault=True)
    except envelope.NotEnvelopeError:
        page = read_page(answer)
        # a page that came with 200 is another program's, whatever words are on it
        meant = about(page.words) if answer.status != 200 else None
        return Said(
            words=page.words, shown=clean(page.essence, SHOWN_CHARS, secrets), about=meant, fault=False
        )
    except envelope.NoReturnError:
        pass
    return Said(words="", shown="", about=None, fault=False)


def no_answer(base: Infobase, error: WireError, what: str) -> Finding:
    """The connection was there, a whole answer was not."""
    if error.timeout:
        said = f"{what}: 1С приняла соединение и молчит {base.section.timeout_s:g} с"
        advice = (
            "перезапустите пул приложений IIS или Apache и посмотрите зависшие сеансы в 1С; "
            f"если 1С всегда так медленна — увеличьте infobase.{base.name}.timeout_s"
        )
        return base.bad(Code.ONEC_SILENT, said, advice)
    said = f"{what}: {error.reason}"
    return base.bad(Code.ONEC_CUT_OFF, said, "повторите проверку; если не прошло — журнал веб-сервера и 1С")


def refusal(base: Infobase, answer: Answer) -> Finding | None:
    """Why this is no answer of the web service; None when it may be one, or a Fault of its handler."""
    said = said_of(base, answer)
    low = said.words.casefold()
    refused = said.fault or answer.status != 200
    if answer.status == 401 or (refused and "идентификация пользователя" in low):
        return _login(base, answer)
    if said.about is About.LOGIN:
        return base.bad(
            Code.CALL_NO_RIGHT, f"1С отказала пользователю «{base.section.user}»: {said.shown}", _ROLE
        )
    if said.about is About.SERVICE:
        what = "веб-сервис расширения не опубликован («Сервис не найден»)"
        advice = (
            "проверьте имя после /ws/ в url, до буквы; если сервис из расширения: "
            'в default.vrd (папка публикации на веб-сервере) укажите <ws publishExtensionsByDefault="true">; '
            "расширение должно быть включено, без безопасного режима"
        )
        return base.bad(Code.ONEC_EXTENSION, what, advice)
    if said.about is About.INFOBASE or answer.status == 406:
        return _infobase(base, answer, said)
    return _by_status(base, answer, said)


def _login(base: Infobase, answer: Answer) -> Finding:
    user, asked = base.section.user, answer.headers.get("WWW-Authenticate", "").lower()
    if not user:
        said, advice = "1С требует имя и пароль", f"заполните infobase.{base.name}.user и password"
    elif asked and "basic" not in asked:
        said = f"веб-сервер требует вход Windows ({asked.split(',')[0].split()[0]}), а не имя и пароль 1С"
        advice = (
            "в IIS для этой публикации включите анонимную проверку подлинности: имя и пароль спросит сама 1С"
        )
    else:
        said = f"1С не приняла имя или пароль пользователя «{user}»"
        advice = (
            f"проверьте infobase.{base.name}.user «{user}» и password; в 1С у него должна стоять "
            "«Аутентификация 1С:Предприятия» (кириллица уходит в UTF-8, как ждёт 1С)"
        )
    return base.bad(Code.ONEC_LOGIN, said, advice)


def _infobase(base: Infobase, answer: Answer, said: Said) -> Finding:
    low = said.words.casefold()
    if answer.status == 406 or "лиценз" in low or "licens" in low:
        shown = said.shown or "HTTP 406"
        advice = (
            "освободите или добавьте клиентскую лицензию: каждый вызов — сеанс, и работающий мост держит "
            "свой; оставьте concurrency = 1"
            + (f"; или отключите infobase.{base.name}.reuse_session" if answer.status == 406 else "")
        )
        return base.bad(Code.ONEC_LICENCE, f"1С не может начать сеанс: {shown}", advice)
    if "запрещено" in low or "технические работы" in low or "блокировк" in low:
        advice = (
            "снимите блокировку сеансов (консоль кластера или «Блокировка работы пользователей»); "
            "если идёт обновление — подождите, мост продолжит сам"
        )
        return base.bad(Code.ONEC_LOCKED, f"вход закрыт: {said.shown}", advice)
    advice = "проверьте службу «Агент сервера 1С:Предприятия», сервер баз данных и имя базы в default.vrd"
    return base.bad(Code.ONEC_AWAY, f"веб-сервер есть, а базы 1С за ним нет: {said.shown}", advice)


def _by_status(base: Infobase, answer: Answer, said: Said) -> Finding | None:
    because = f": {said.shown}" if said.shown else ""
    match answer.status:
        case 202 | 204:
            return None
        case 200:
            return _compressed(base) if compressed(answer) else None
        case status if 300 <= status < 400:
            return _redirect(base, answer)
        case 403:
            advice = f"разрешите этому компьютеру доступ на веб-сервере (IP, правила IIS/Apache); {_ROLE}"
            return base.bad(Code.ONEC_FORBIDDEN, f"веб-сервер не пускает (HTTP 403){because}", advice)
        case 404 | 405 | 410:
            advice = (
                f"проверьте infobase.{base.name}.url — вид https://сервер/база/ws/Имя — и в конфигураторе "
                "«Администрирование — Публикация на веб-сервере»: отмечен ли там этот веб-сервис"
            )
            return base.bad(
                Code.ONEC_NOT_PUBLISHED, f"публикации по этому адресу нет (HTTP {answer.status})", advice
            )
        case 429 | 502 | 503 | 504 as status:
            what = f"веб-сервер отвечает, 1С за ним временно недоступна (HTTP {status}){because}"
            advice = (
                "запустите сервер 1С или пул приложений; если он перезапускается — повторите через минуту"
            )
            return base.bad(Code.ONEC_BUSY, what, advice)
    if said.fault:
        return None
    if "1c:enterprise 8 application error" in said.words.casefold():
        advice = (
            "перезапустите веб-сервер и сервер 1С; причина — в журнале регистрации и технологическом журнале"
        )
        return base.bad(Code.ONEC_ERROR_PAGE, f"страница ошибки 1С{because}", advice)
    advice = "откройте адрес с ?wsdl в браузере: что он покажет?"
    return base.bad(Code.ONEC_HTTP, f"HTTP {answer.status}{because}", advice)


def _compressed(base: Infobase) -> Finding:
    advice = "отключите сжатие (gzip) для этой публикации на веб-сервере или прокси"
    return base.bad(Code.ONEC_COMPRESSED, "ответ сжат, хотя мост просил не сжимать", advice)


def _redirect(base: Infobase, answer: Answer) -> Finding:
    target = without_secrets(answer.headers.get("Location", "")).removesuffix("?wsdl")
    said = f"веб-сервер отсылает на другой адрес: {target or 'не указан'}"
    if urlsplit(target).scheme == "https" and base.url.startswith("http://"):
        advice = f'мост не следует за переадресацией: укажите infobase.{base.name}.url = "{target}"'
    else:
        advice = (
            f"укажите в infobase.{base.name}.url адрес самой 1С; если это страница входа — уберите её для /ws"
        )
    return base.bad(Code.ONEC_REDIRECT, said, advice)


def not_1c(base: Infobase, answer: Answer) -> Finding:
    """What came for a WSDL is none, and no refusal that we know."""
    said = said_of(base, answer)
    if said.fault:
        advice = "откройте адрес с ?wsdl в браузере; причина — в журнале регистрации 1С"
        return base.bad(Code.CALL_FAULT, f"вместо описания (?wsdl) — ошибка 1С: {said.shown}", advice)
    return other_program(base, answer)


def other_program(base: Infobase, answer: Answer) -> Finding:
    """HTTP 200 with something that is neither WSDL nor SOAP."""
    said = said_of(base, answer)
    low, body = said.words.casefold(), answer.body[:50_000].lower()
    if "1c:enterprise 8 application error" in low:
        advice = "перезапустите веб-сервер и сервер 1С; причина — в журнале регистрации"
        return base.bad(Code.ONEC_ERROR_PAGE, f"страница ошибки 1С: {said.shown}", advice)
    if b'type="password"' in body or b"type='password'" in body or b"type=password" in body:
        advice = "уберите для /ws вход через форму (прокси, портал): мосту нужны имя и пароль 1С (Basic)"
        return base.bad(Code.ONEC_LOGIN_PAGE, f"вместо 1С — страница входа: {said.shown}", advice)
    advice = (
        f"проверьте, что infobase.{base.name}.url ведёт на /ws/Имя, а не на веб-клиент или другую программу"
    )
    return base.bad(Code.ONEC_OTHER_PROGRAM, f"отвечает не веб-сервис 1С: {said.shown or 'не SOAP'}", advice)
