"""A real call from the console: the request that 1C would send, answered by the entrance that 1C calls."""

import io
import time
from dataclasses import replace
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallCode, CallResult, DialStatus
from bridge.core.errors import BadNumber, StoreUnavailable, UnknownRecord
from bridge.core.numbers import PhoneNumber
from bridge.flows.make_call import Desk
from bridge.observe import Figures
from bridge.settings import Settings
from bridge.web.auth import Gatekeeper
from bridge.web.console.roads import Exchanged, Prospect, Rung, Telephone
from bridge.web.console.snippets import envelope, snippets
from bridge.web.http import Environ
from bridge.web.soap.endpoint import SoapEndpoint
from bridge.web.soap.operations import Telephony, handlers
from bridge.web.soap.vocabulary import ENGLISH
from bridge.wiring.dialling import Dialling
from bridge.wiring.partners import exchange_url
from bridge.wiring.wall import wall_s

LOST = "Внутренняя ошибка моста. Не повторяйте, пока не ясно, звонит ли телефон: набор мог дойти до АТС"
MAYBE = (CallCode.OUTCOME_UNKNOWN, CallCode.IN_PROGRESS)


class ConsoleCalls:
    """`web.console.roads.RealCalls`."""

    def __init__(
        self, settings: Settings, dialling: Dialling, telephony: Telephony, figures: Figures
    ) -> None:
        self._settings = settings
        self._dialling = dialling
        self._telephony = telephony
        self._figures = figures
        self.telephones = [
            Telephone(infobase=name, handle=handle, name=one.name, extension=one.extension)
            for name, desk in dialling.desks.items()
            for one in desk.subscribers
            if (handle := _handle(desk, one))
        ]

    def prospect(self, infobase: str, handle: str, number: str) -> Prospect:
        telephone = next(
            (one for one in self.telephones if (one.infobase, one.handle) == (infobase, handle)), None
        )
        if telephone is None:
            raise UnknownRecord("В настройках этой базы такого абонента нет")
        name = self._settings.infobase[infobase].exchange
        section = self._settings.exchange[name]
        desk = self._dialling.desks[infobase]
        refusal, shown = "", number
        try:
            meant = PhoneNumber.parse(number, area_code=desk.area_code)
        except BadNumber as error:
            refusal = str(error)
        else:
            shown = _written(meant)
            refused = desk.policy.refusal(meant, wall_s(time.time(), ZoneInfo(section.timezone)))
            refusal = refused.message if refused else ""
        host = urlsplit(exchange_url(section)).netloc
        return Prospect(telephone=telephone, number=shown, exchange=name, host=host, refusal=refusal)

    def dial(self, prospect: Prospect, *, asked_at: float) -> Rung:
        heard: list[CallResult] = []
        trouble: list[StoreUnavailable] = []

        def pressed(infobase: str, handle: str, number: str) -> CallResult:
            try:
                heard.append(self._dialling.dial(infobase, handle, number, since=asked_at))
            except StoreUnavailable as error:
                trouble.append(error)
                raise
            return heard[-1]

        infobase = prospect.telephone.infobase
        entrance = SoapEndpoint(
            ENGLISH,
            handlers(replace(self._telephony, make_call=pressed)),
            gatekeeper=_Inside(infobase),
            public_url=self._settings.server.public_url,
            figures=self._figures,
        )
        sent = envelope(ENGLISH, prospect.telephone.handle, prospect.number)
        started = time.monotonic()
        answered = b"".join(entrance(_request(sent.encode()), lambda *_: None)).decode()
        took_ms = (time.monotonic() - started) * 1000
        if trouble:
            raise trouble[0]
        result = heard[0] if heard else CallResult.fail(CallCode.OUTCOME_UNKNOWN, LOST)
        asked = Exchanged(title="1С просит мост позвонить", sent=sent, answered=answered, took_ms=took_ms)
        return Rung(
            started=result.status is DialStatus.STARTED,
            maybe=result.status is DialStatus.STARTED or result.code in MAYBE,
            message=result.message,
            code=result.code,
            call_id=result.call_id,
            steps=[asked, *self._snippets(prospect)],
        )

    def _snippets(self, prospect: Prospect) -> list[Exchanged]:
        infobase = prospect.telephone.infobase
        return snippets(
            ENGLISH,
            url=self._settings.server.public_url.rstrip("/"),
            user=self._settings.infobase[infobase].login or infobase,
            handle=prospect.telephone.handle,
            number=prospect.number,
        )


class _Inside(Gatekeeper):
    """Nobody comes through this door from outside: whoever stands behind it was let in by the console."""

    def __init__(self, infobase: str) -> None:
        super().__init__({}, {})
        self._infobase = infobase

    def infobase(self, authorization: str, address: str) -> str | None:  # noqa: ARG002
        return self._infobase


def _handle(desk: Desk, meant: Subscriber) -> str:
    """By which `MakeCall` finds this very subscriber; "" when another answers to all that may be shown."""
    return next((one for one in (meant.extension, meant.name) if one and desk.find(one) is meant), "")


def _request(body: bytes) -> Environ:
    """A POST as the server would hand it over."""
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": ENGLISH.path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "text/xml; charset=utf-8",
        "CONTENT_LENGTH": str(len(body)),
        "REMOTE_ADDR": "",
        "SERVER_NAME": "console",
        "SERVER_PORT": "0",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
    }


def _written(number: PhoneNumber) -> str:
    """So that a person sees whom it is, and the bridge reads the same again."""
    digits = number.digits
    if number.internal:
        return digits
    if digits.startswith("7") and len(digits) == 11:
        return f"8 {digits[1:4]} {digits[4:7]}-{digits[7:9]}-{digits[9:]}"
    return f"+{digits}"
