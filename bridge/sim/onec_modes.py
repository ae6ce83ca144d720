"""The ways 1C fails, as bytes: every table row is an answer that somebody's client has met."""

import dataclasses
import gzip
import html
import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import quote

from bridge.sim import onec_soap
from bridge.sim.onec_mistakes import MISTAKES
from bridge.sim.onec_soap import Call
from bridge.sim.wsgi import Reply, Request, typed

NO_LICENCE = "Не обнаружено свободной лицензии!"
UNDER_REPAIR = "Начало сеанса с информационной базой запрещено.\nВедутся технические работы"
NO_SERVICE = "Сервис не найден"
NO_RIGHT = "Нарушение прав доступа!"
SKEW_S = 600.0  # the clock of "clock_skew" is slow by so much
NOISE = "77u/AQAAAAAAAAAAAABFcnJvckRhdGE=" * 8  # stands where the real answer carries a base64 stack


@dataclass(frozen=True, kw_only=True)
class Mode:
    """How 1C behaves. With `fault_if_contains` only requests that contain the text get a Fault."""

    name: str = "ok"
    times: int = 0  # for so many requests, then "ok" again; 0: until changed
    seconds: float = 1.0  # of "slow"
    text: str = "Ошибка при вызове метода контекста (Записать)"  # of a Fault
    status: int = 500  # of "no_licence": 500 with a Fault, or 406
    fault_if_contains: str = ""

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise ValueError(f"Нет такого режима; есть: {', '.join(NAMES)}")
        if self.times < 0 or math.isnan(self.seconds):
            raise ValueError("Неверное число: times и seconds не бывают отрицательными")

    @classmethod
    def from_text(cls, texts: Mapping[str, str]) -> "Mode":
        """A mode as people write it in a query. Raises ValueError that names what is wrong."""
        kinds: Mapping[str, Callable[[str], Any]] = {
            "mode": str,
            "times": int,
            "seconds": float,
            "text": str,
            "status": int,
            "fault_if_contains": str,
        }
        values = typed(texts, kinds)
        return cls(name=values.pop("mode", "ok"), **values)


class ModeSwitch:
    """The current mode, shared by threads. `taken` counts down `times`; `epoch` grows with each change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._mode = Mode()
        self.epoch = 0

    @property
    def mode(self) -> Mode:
        return self._mode

    def set(self, mode: Mode) -> None:
        with self._lock:
            self._mode = mode
            self.epoch += 1

    def take(self, request: Request) -> tuple[Mode, int]:
        """The mode that this request meets, and the epoch in which it met it."""
        with self._lock:
            mode = self._mode
            if mode.fault_if_contains:
                poisoned = mode.fault_if_contains in html.unescape(request.body.decode("utf-8", "replace"))
                if not poisoned and mode.name in ("ok", "fault"):
                    return Mode(), self.epoch
                mode = dataclasses.replace(mode, name="fault") if poisoned else mode
            if mode.name != "ok" and mode.times:
                left = mode.times - 1
                self._mode = dataclasses.replace(self._mode, times=left) if left else Mode()
            return mode, self.epoch


def _page(title: str, reason: str) -> str:
    head = f'<html><head><meta charset="utf-8"><title>{title}</title></head>'
    return f"{head}<body><h2>{title}</h2><b>by reason: </b><br>{reason}</body></html>"


# The page of the web server's extension module (titled so in English even in Russian installations)
ERROR_PAGE = _page("1C:Enterprise 8 application error", "Соединение с сервером 1С:Предприятия разорвано")


def locked() -> Reply:
    """An update or a repair: JSON with a BOM; only the innermost descr is for people."""
    inner = {"descr": UNDER_REPAIR, "creationStack": "src\\rmngr\\SessionManager.cpp", "data": NOISE}
    answer = {
        "#exception": "{http://v8.1c.ru/8.2/virtual-resource-system}Exception",
        "exception": {
            "reason": 403,
            "descr": "Ошибка обращения к информационной базе",
            "creationStack": "src\\vrsbase\\VRSException.cpp",
            "inner": inner,
        },
    }
    body = b"\xef\xbb\xbf" + json.dumps(answer, ensure_ascii=False).encode()
    return Reply(status=403, media="application/json; charset=utf-8", body=body)


def unauthorized() -> Reply:
    page = "<html><head><title>401 Unauthorized</title></head><body><h1>Unauthorized</h1></body></html>"
    return Reply.html(page, 401, (("WWW-Authenticate", 'Basic realm="1C:Enterprise 8"'),))


def no_licence(status: int) -> Reply:
    """Also 406: "cannot start a session" to those who asked for one with IBSession."""
    return Reply.text(NO_LICENCE, 406) if status == 406 else onec_soap.fault(NO_LICENCE)


def no_service() -> Reply:
    """An extension's service without publishExtensionsByDefault in default.vrd: 500, not 404."""
    return Reply.text(NO_SERVICE, 500)


def no_wsdl() -> Reply:
    """IIS with the WSDL closed: calls by POST go through."""
    return Reply.html("<html><head><title>404 - File or directory not found.</title></head></html>", 404)


def login_page() -> Reply:
    """A portal or a proxy in front of 1C asks people to log in."""
    form = '<form><input name="user"><input type="password" name="password"></form>'
    return Reply.html(f"<html><head><title>Вход в портал</title></head><body>{form}</body></html>")


def to_https(request: Request) -> Reply:
    where = f"https://{request.headers.get('host', '127.0.0.1')}{quote(request.path)}"
    where += "?wsdl" if "wsdl" in request.query else ""
    return dataclasses.replace(Reply.html("<h1>Moved Permanently</h1>", 301), headers=(("Location", where),))


def late(reply: Reply) -> Reply:
    """The same from a server whose clock is slow."""
    date = formatdate(time.time() - SKEW_S, usegmt=True)
    return dataclasses.replace(reply, headers=(*reply.headers, ("Date", date)))


def session_lost() -> Reply:
    return Reply.text("Сеанс отсутствует или удален", 400)


# Nothing of 1C's own code runs: these also meet whoever asks for the WSDL.
BASE_IS_AWAY: Mapping[str, Callable[[Mode], Reply]] = {
    "locked": lambda _: locked(),
    "no_licence": lambda mode: no_licence(mode.status),
    "html": lambda _: Reply.html(ERROR_PAGE, 500),
    "unauthorized": lambda _: unauthorized(),
    "not_found_service": lambda _: no_service(),
    "login_page": lambda _: login_page(),
}


def _half(call: Call) -> Reply:
    whole = onec_soap.result(call, "1")
    length = len(whole.body)
    return dataclasses.replace(whole, body=whole.body[: length // 2], promised_bytes=length)


def _gzip(call: Call) -> Reply:
    whole = onec_soap.result(call, "1")
    return dataclasses.replace(whole, body=gzip.compress(whole.body), headers=(("Content-Encoding", "gzip"),))


# The operation was understood, the answer is not what was promised.
BAD_ANSWERS: Mapping[str, Callable[[Mode, Call], Reply]] = {
    "no_right": lambda _mode, call: onec_soap.fault(NO_RIGHT, call.soap),
    "fault": lambda mode, call: onec_soap.fault(mode.text, call.soap),
    "fault_200": lambda mode, call: onec_soap.fault(mode.text, call.soap, 200),
    "html_200": lambda _mode, _call: Reply.html(ERROR_PAGE),
    "empty_200": lambda _mode, call: Reply(media=onec_soap.MEDIA[call.soap]),
    "accepted_202": lambda _mode, _call: Reply(status=202),
    "no_return": lambda _mode, call: onec_soap.response(call, f"{call.operation}Response"),
    "wrong_operation": lambda _mode, call: onec_soap.response(call, "PingResponse", "<m:return>1</m:return>"),
    "garbage": lambda _mode, call: Reply(media=onec_soap.MEDIA[call.soap], body=b"\x00\xff<soap:Env\x1b&#0;"),
    "half": lambda _mode, call: _half(call),
    "gzip": lambda _mode, call: _gzip(call),
}

# What SayName of the extension makes of a client called so: it glues strings together
BROKEN_XML = '<data><title>ООО "Рога & Копыта" <1></title></data>'

# "hang" never answers; "slow" hears and answers late; "session_lost" wants a new IBSession: start;
# "no_wsdl" describes nothing and hears all the same; "redirect_https" sends everyone away;
# "clock_skew" has a slow clock; "broken_inner_xml" spoils the answer of SayName only;
# "no_session_reuse" keeps no session («Повторное использование сеансов: Не использовать»)
NAMES = (
    "ok",
    "slow",
    "hang",
    "session_lost",
    "no_wsdl",
    "redirect_https",
    "clock_skew",
    "broken_inner_xml",
    "no_session_reuse",
    *MISTAKES,
    *BASE_IS_AWAY,
    *BAD_ANSWERS,
)
