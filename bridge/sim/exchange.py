"""The fake exchange: it dials when asked, and tells its hook what happens to the calls."""

import dataclasses
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment
from zoneinfo import ZoneInfo

from bridge.core.calls import Subscriber
from bridge.sim import call_journal, dial_lines, records, wsgi
from bridge.sim.call_journal import PlayedCall
from bridge.sim.dial_lines import BAD_KEY, BAD_NUMBER, NUMBER, DialRequest, Started
from bridge.sim.exchange_options import ExchangeOptions
from bridge.sim.hook_client import HookClient, Posted
from bridge.sim.scenarios import SCENARIOS, Cast, Event, Scenario, click_to_call
from bridge.sim.wsgi import Reply, Request

CALLER = "89235292926"  # the client of every example in Mobilon's manual

HELP = """Имитатор АТС (Мобилон). Набор номера:
  GET  /api/call/CallToSubscriber?key=КЛЮЧ&outboundNumber=НОМЕР
  GET  /call/КЛЮЧ/НОМЕР      GET /call/УЗЕЛ:КЛЮЧ/НОМЕР
  GET  /simple-calls/call/?event=1&password=ТОКЕН&src_num=ВНУТРЕННИЙ&dst_num=НОМЕР
Журнал звонков:
  GET  /api/call/journal?token=ТОКЕН&date=ГГГГ-ММ-ДД&format=json|xml
  GET  /api/call/info?token=ТОКЕН&callid=ЗВОНОК&format=json|xml
Записи разговоров:
  GET  /api/call/record?token=ТОКЕН&callid=ЗВОНОК
Управление:
  POST /sim/ring?scenario=answered&from=НОМЕР&key=КЛЮЧ   позвонить: отправить события на веб-хук
       сценарии: {scenarios}
  GET  /sim/dials     какие наборы пришли
  GET  /sim/posts     что отправлено на веб-хук и что он ответил
  POST /sim/options?shape=v1|v2&fail_code=0..5&code_as=str|int&delay_s=СЕКУНД
                    &trouble=|http500|html|silence|empty&hooks_after_dial=0|1
                    &hooks_lost=0|1&journal_callid=own|uuid|baseid|subid&journal_xml=0|1&journal_zone=ПОЯС
                    &info_as=json|nested|xml|short&info_unknown=fail|empty|object
                    &record=|{tricks}
                    &record_url=absolute|relative|token|none&record_base=АДРЕС
""".format(scenarios=", ".join(SCENARIOS), tricks="|".join(filter(None, get_args(records.Trick))))


@dataclass(frozen=True, kw_only=True)
class Dial:
    """A dial as it was received. `made` is False when the exchange rang nobody."""

    line: str
    key: str  # the user key, or the extension on the line that takes extensions
    number: str
    at: float  # unix time, seconds
    made: bool


class FakeExchange:
    """A WSGI app that is a Mobilon exchange with a few subscribers.

    Args:
        subscribers: who can be rung; the first is rung when nobody is named.
        hook_url: the receiver's webhook; may hold {KEY} and {NUMBER}; may be set later.
        clock: unix time in seconds; may be set later, to play the calls of another hour.
        seed: makes uuids and call ids reproducible; None for fresh ones.
    """

    def __init__(
        self,
        subscribers: Sequence[Subscriber],
        hook_url: str = "",
        options: ExchangeOptions | None = None,
        *,
        seed: int | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not subscribers:
            raise ValueError("Имитатору АТС нужен хотя бы один абонент")
        self.subscribers = tuple(subscribers)
        self.hook_url = hook_url
        self.options = options or ExchangeOptions()
        self.clock = clock
        self._chance = random.Random(seed)  # noqa: S311 a play, not a secret
        self._client = HookClient()
        self._lock = threading.Lock()
        self._dials: list[Dial] = []
        self._calls: list[PlayedCall] = []
        self._asked: list[str] = []
        self._telling: list[threading.Thread] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith((records.PATH, records.FOLDER)):
            return self._record(environ, start_response)
        return wsgi.serve(self.answer, environ, start_response)

    @property
    def dials(self) -> list[Dial]:
        """Every dial received, refused ones too; `made` tells them apart."""
        with self._lock:
            return list(self._dials)

    @property
    def posts(self) -> list[Posted]:
        return self._client.posts

    @property
    def calls(self) -> list[PlayedCall]:
        """Every call played, told or not."""
        with self._lock:
            return list(self._calls)

    @property
    def asked(self) -> list[str]:
        """Each question for the journal or for one call that came with a right token: its path."""
        with self._lock:
            return list(self._asked)

    def journal(self, token: str = "") -> list[dict[str, Any]]:
        """The same as the journal writes it for the holder of `token`."""
        options = self.options
        zone = ZoneInfo(options.journal_zone)
        return [call.record(options.journal_callid, zone, token) for call in self.calls]

    def ring(
        self, scenario: str = "answered", from_number: str = CALLER, subscriber: Subscriber | None = None
    ) -> list[Posted]:
        """Play a scenario to the hook. Raises ValueError when there is no such scenario or no hook."""
        if scenario not in SCENARIOS:
            raise ValueError(f"Нет такого сценария; есть: {', '.join(SCENARIOS)}")
        if not self.hook_url:
            raise ValueError("Не задан адрес веб-хука")
        first = subscriber or self.subscribers[0]
        others = tuple(one for one in self.subscribers if one != first)
        call = self._new_call()
        return self._tell(self._played(call, SCENARIOS[scenario], (first, *others), from_number))

    def wait(self, timeout_s: float = 10.0) -> None:
        """Return when the hooks of all dials so far have been posted."""
        with self._lock:
            telling, self._telling = self._telling, []
        for thread in telling:
            thread.join(timeout_s)

    def answer(self, request: Request) -> Reply:
        dial = dial_lines.read(request)
        if dial is not None and request.method == "GET":
            return self._dial(dial, request)
        match request.method, request.path:
            case "GET", "/":
                return Reply.text(HELP)
            case "GET", call_journal.PATH | call_journal.INFO_PATH:
                return self._journal(request)
            case "GET", "/sim/dials":
                return Reply.json([dataclasses.asdict(one) for one in self.dials])
            case "GET", "/sim/posts":
                return Reply.json([dataclasses.asdict(one) for one in self.posts])
            case "POST", "/sim/ring" | "/sim/options":
                return self._control(request)
        return Reply.text("Нет такой страницы; список: GET /", 404)

    def _control(self, request: Request) -> Reply:
        try:
            if request.path == "/sim/options":
                self.options = self.options.changed(request.query)
                return Reply.json(dataclasses.asdict(self.options))
            handle = request.query.get("key", "")
            subscriber = self._subscriber(handle)
            if handle and subscriber is None:
                return Reply.json({"error": "Нет такого абонента"}, 400)
            scenario = request.query.get("scenario", "answered")
            posts = self.ring(scenario, request.query.get("from", CALLER), subscriber)
        except ValueError as error:
            return Reply.json({"error": str(error)}, 400)
        return Reply.json([dataclasses.asdict(one) for one in posts])

    def _dial(self, dial: DialRequest, request: Request) -> Reply:
        options = self.options
        subscriber = self._subscriber(dial.handle, by_extension=dial.line == dial_lines.SIMPLE_CALLS)
        code = self._refusal_code(dial, subscriber, options)
        made = code == 0 and options.trouble not in ("http500", "html")
        call = self._new_call()
        with self._lock:
            self._dials.append(
                Dial(line=dial.line, key=dial.handle, number=dial.number, at=time.time(), made=made)
            )
        if made and subscriber is not None and options.hooks_after_dial and self.hook_url:
            self._tell_later(self._played(call, click_to_call, (subscriber,), dial.number))
        request.pause(options.wait_s)
        return _trouble(options) or (
            dial_lines.refusal(dial.line, code, options.shape, options.code_as)
            if code
            else dial_lines.success(dial.line, call, options.shape)
        )

    @staticmethod
    def _refusal_code(dial: DialRequest, subscriber: Subscriber | None, options: ExchangeOptions) -> int:
        if options.fail_code:
            return options.fail_code
        guarded = options.secret and dial.line in (dial_lines.CALLAPI, dial_lines.SIMPLE_CALLS)
        if subscriber is None or (guarded and dial.secret != options.secret):
            return BAD_KEY
        return 0 if NUMBER.fullmatch(dial.number) else BAD_NUMBER

    def _subscriber(self, handle: str, *, by_extension: bool = False) -> Subscriber | None:
        named = (one for one in self.subscribers if handle == (one.extension if by_extension else one.key))
        return next(named, None) if handle else None

    def _new_call(self) -> Started:
        with self._lock:
            bits, n = self._chance.getrandbits(128), self._chance.randrange(10_000, 900_000)
        return Started(uuid=str(uuid.UUID(int=bits, version=4)), callid=f"{int(self.clock())}.{n}")

    def _played(
        self, call: Started, scenario: Scenario, subscribers: tuple[Subscriber, ...], caller: str
    ) -> list[Event]:
        """The events of a new call, which the exchange will remember."""
        epoch, _, n = call.callid.partition(".")
        time_s = int(epoch)
        events = scenario(
            Cast(subscribers=subscribers, uuid=call.uuid, time_s=time_s, seed=int(n), caller=caller)
        )
        options = self.options
        events = records.told(
            events,
            options.record_url,
            base=options.record_base,
            token=options.secret or "sim-token",
            callid=call.callid,
        )
        with self._lock:
            self._calls.append(
                PlayedCall(callid=call.callid, time_s=time_s, caller=caller, events=tuple(events))
            )
        return events

    def _journal(self, request: Request) -> Reply:
        options = self.options
        request.pause(options.wait_s)
        if trouble := _trouble(options):
            return trouble
        token = request.query.get("token", "")
        if not token or (options.secret and token != options.secret):
            return call_journal.refusal()
        with self._lock:
            self._asked.append(request.path)
        as_xml = options.journal_xml or request.query.get("format") != "json"
        if request.path == call_journal.INFO_PATH:
            shape = "xml" if as_xml and options.info_as != "short" else options.info_as
            return call_journal.info(
                self.journal(token),
                request.query.get("callid", ""),
                shape=shape,
                unknown=options.info_unknown,
            )
        return call_journal.answer(self.journal(token), request.query.get("date", ""), as_xml=as_xml)

    def _record(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        options = self.options
        time.sleep(options.wait_s)
        name = parse_qs(environ.get("QUERY_STRING", "")).get("callid", [""])[0]
        name = name or environ["PATH_INFO"].rpartition("/")[2].removesuffix(".mp3")
        known = any(name in call.names for call in self.calls)
        return records.Shelf(token=options.secret, trick=options.record).serve(environ, start_response, known)

    def _tell(self, events: Sequence[Event]) -> list[Posted]:
        if self.options.hooks_lost:
            return []
        return [self._client.tell(self.hook_url, event) for event in events]

    def _tell_later(self, events: Sequence[Event]) -> None:
        thread = threading.Thread(target=self._tell, args=(events,), name="sim-exchange-hooks", daemon=True)
        with self._lock:
            thread.start()
            self._telling = [*(one for one in self._telling if one.is_alive()), thread]


def _trouble(options: ExchangeOptions) -> Reply | None:
    match options.trouble:
        case "http500":
            return Reply.text("Internal Server Error", 500)
        case "html":
            return Reply.html("<html><body><h1>Технические работы</h1></body></html>")
        case "empty":
            return Reply.text("")
    return None
