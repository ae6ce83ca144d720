"""Mobilon's API: a click in 1C becomes one request to the exchange, and never a second one.

What the answer means is left to `answers`.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from urllib.parse import quote, urlencode, urlsplit

from bridge.core.calls import Subscriber
from bridge.core.dialing import CallCode, CallResult
from bridge.core.errors import BadSettings
from bridge.core.numbers import PhoneNumber
from bridge.vpbx.mobilon.answers import AnswerReader
from bridge.wire import Answer, Begun, Wire, WireError


class MobilonApi(StrEnum):
    """The lines of Mobilon's API that can dial; which one an account has, its cabinet tells."""

    CONNECT = "connect"  # Mobilon, contents/vpbx/api.md, 2017-06-02
    WEBAPI2 = "webapi2"  # Mobilon, contents/vpbx2/api.md, 2017-02
    CALLAPI = "callapi"  # 1C extension TelephonyMobilon, 2019-07
    SIMPLE_CALLS = "simple-calls"  # 1C extension TelephonyMobilon, 2019-12-12


BASE_URLS: Mapping[MobilonApi, str] = {
    MobilonApi.CONNECT: "https://connect.mobilon.ru",
    MobilonApi.WEBAPI2: "https://webapi2.services.mobilon.ru",
    MobilonApi.CALLAPI: "https://callapi.services.mobilon.ru",
    MobilonApi.SIMPLE_CALLS: "https://callapi.services.mobilon.ru",
}

_FOR_ADMIN = "администратор может добавить его в настройках моста"


class MobilonClient:
    """Makes Mobilon dial. Safe for several threads as long as its `wire` is.

    Args:
        wire: how to reach the exchange; its total deadline bounds `dial`.
        base_url: where the API is; "" for Mobilon's own address of this line.
        node_token: the account's token, for `CALLAPI`.
        api_password: the API token, for `SIMPLE_CALLS`.

    Raises:
        BadSettings: the line lacks its token, or the address is not one.
    """

    def __init__(
        self,
        *,
        api: MobilonApi,
        wire: Wire,
        base_url: str = "",
        node_token: str = "",
        api_password: str = "",
    ) -> None:
        if api is MobilonApi.CALLAPI and not node_token:
            raise BadSettings('Для api = "callapi" укажите node_token: токен узла из кабинета АТС')
        if api is MobilonApi.SIMPLE_CALLS and not api_password:
            raise BadSettings('Для api = "simple-calls" укажите api_password: токен API из кабинета АТС')
        self._api = api
        self._wire = wire
        self._base_url = _checked(base_url or BASE_URLS[api])
        self._node_token = node_token
        self._api_password = api_password

    def __repr__(self) -> str:
        return f"MobilonClient(api={self._api.value!r}, host={urlsplit(self._base_url).hostname!r})"

    def dial(self, subscriber: Subscriber, number: PhoneNumber) -> CallResult:
        """Ask Mobilon to ring `subscriber`, then `number`; one request, whatever happens to it."""
        if missing := self._missing(subscriber):
            return CallResult.fail(CallCode.UNKNOWN_SUBSCRIBER, missing)
        url = self._url(subscriber, number)
        return _heard(self._reader(subscriber, number), lambda: self._wire.get(url))

    def begin(self, subscriber: Subscriber, number: PhoneNumber) -> "Dialled | None":
        """`dial` without waiting; None, and nobody was asked, when it would have to."""
        if self._missing(subscriber):
            return None
        begun = self._wire.begin_get(self._url(subscriber, number))
        return Dialled(self._wire, begun, self._reader(subscriber, number)) if begun else None

    def _reader(self, subscriber: Subscriber, number: PhoneNumber) -> AnswerReader:
        return AnswerReader(
            secrets=(subscriber.key, self._node_token, self._api_password),
            number=number,
            any_body=self._api is MobilonApi.SIMPLE_CALLS,
        )

    def _missing(self, subscriber: Subscriber) -> str:
        """What the administrator has to fill in before this subscriber can dial; "" when nothing."""
        whose = f"У абонента «{subscriber.name}»" if subscriber.name else "У абонента"
        if self._api is MobilonApi.SIMPLE_CALLS:
            return "" if subscriber.extension else f"{whose} не указан внутренний номер ({_FOR_ADMIN})"
        if subscriber.key.strip(" ."):  # a key of dots would be a step up the path of the URL
            return ""
        return f"{whose} не указан ключ АТС ({_FOR_ADMIN})"

    def _url(self, subscriber: Subscriber, number: PhoneNumber) -> str:
        """The request of this line. Numbers go as 8XXXXXXXXXX, the form of every Mobilon manual."""
        match self._api:
            case MobilonApi.CONNECT:
                query = {"key": subscriber.key, "outboundNumber": number.trunk8}
                return f"{self._base_url}/api/call/CallToSubscriber?{_encoded(query)}"
            case MobilonApi.WEBAPI2:
                return f"{self._base_url}/call/{_segment(subscriber.key)}/{number.trunk8}"
            case MobilonApi.CALLAPI:
                caller = f"{_segment(self._node_token)}:{_segment(subscriber.key)}"
                return f"{self._base_url}/call/{caller}/{number.trunk8}"
            case MobilonApi.SIMPLE_CALLS:
                query = {
                    "event": "1",
                    "password": self._api_password,
                    "src_num": subscriber.extension,
                    "dst_num": number.trunk8,
                }
                return f"{self._base_url}/simple-calls/call/?{_encoded(query)}"


class Dialled:
    """Mobilon was asked; `result` is to be called once."""

    def __init__(self, wire: Wire, begun: Begun, reader: AnswerReader) -> None:
        self._wire = wire
        self._begun = begun
        self._reader = reader
        self.ends_at = begun.ends_at

    def fileno(self) -> int:
        return self._begun.fileno()

    def come(self) -> bool:
        return bool(self._begun.come())

    def result(self) -> CallResult:
        return _heard(self._reader, lambda: self._wire.finish(self._begun))


def _heard(reader: AnswerReader, ask: Callable[[], Answer]) -> CallResult:
    try:
        answer = ask()
    except WireError as error:
        return reader.no_answer(error)
    except Exception:  # noqa: BLE001 - the port never raises, and after a surprise the phone may ring
        return reader.no_answer(WireError("неожиданный сбой обмена", sent=True))
    return reader.read(answer)


def _checked(url: str) -> str:
    """The address without its last slash, if one can be called there. The message never repeats it."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.username is not None or parts.query or parts.fragment:
        raise BadSettings("Адрес АТС записан неверно: нужен, например, https://connect.mobilon.ru")
    return url.rstrip("/")


def _segment(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _encoded(query: Mapping[str, str]) -> str:
    return urlencode(query, quote_via=quote, safe="", errors="replace")
