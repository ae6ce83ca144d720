"""The demo itself: scenes on real sockets, each proved by what the far side received."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
import zeep
from lxml import etree
from requests.auth import HTTPBasicAuth

from bridge import __version__
from bridge.core.calls import Subscriber
from bridge.core.delivery import DeliveryState
from bridge.demo.stage import CLIENT, SUBSCRIBERS, USER, Stage
from bridge.sim.exchange import FakeExchange
from bridge.store.archive import Archive

CALLER = CLIENT.number
CLIENT_NUMBER = "8 (923) 529-29-26"
PATIENCE_S = 8.0
Say = Callable[[str], None]


@dataclass
class Transcript:
    """What was seen, printed as it happens; `missing` are the legs that never arrived."""

    say: Say
    missing: list[str] = field(default_factory=list)

    def leg(self, text: str, *, arrived: bool, took_s: float) -> None:
        mark = "да " if arrived else "НЕТ"
        self.say(f"  {mark} {took_s * 1000:6.0f} мс  {text}")
        if not arrived:
            self.missing.append(text)

    @contextmanager
    def scene(self, title: str) -> Iterator[None]:
        self.say(f"\n{title}")
        yield


def play(stage: Stage, say: Say) -> list[str]:
    """Play every scene; returns the legs that were not seen to arrive (empty: all is well)."""
    transcript = Transcript(say)
    say(f"Мост ВАТС—1С {__version__}: показ на этом компьютере, наружу ничего не уходит")
    say(f"  ВАТС  {stage.exchange_url}{'' if stage.exchange is None else '  (имитация)'}")
    say(f"  1С    {stage.onec_url}{'' if stage.onec is None else '  (имитация)'}")
    say(f"  мост  {stage.url}")
    with transcript.scene("1. 1С звонит: кнопка «Позвонить» → мост → ВАТС"):
        _click(stage, transcript)
    with transcript.scene("2. То же по-русски, с неверным ключом и неверным номером"):
        _click_in_russian(stage, transcript)
    with transcript.scene("3. Звонит клиент: ВАТС → мост → 1С"):
        _ring(stage, transcript)
    if stage.exchange is not None and stage.onec is not None:
        with transcript.scene("4. Кто звонит, чем кончился разговор и его запись"):
            _named(stage, transcript, "ВАТС спрашивает, кто звонит; мост отвечает из 1С")
            _recorded(stage, stage.exchange, transcript)
    if stage.onec_server is not None:
        with transcript.scene("5. 1С выключена: звонок не теряется, карточка не всплывает задним числом"):
            _outage(stage, transcript)
    say("")
    if transcript.missing:
        say(f"Не дошло: {len(transcript.missing)}. Это ошибка: пришлите этот вывод разработчикам.")
    else:
        say(
            "Всё дошло. Дальше: vpbx-bridge demo --serve — оставить работать,\n"
            "vpbx-bridge init — настроить свой мост."
        )
    return transcript.missing


def _client(stage: Stage, wsdl: str) -> Any:
    session = requests.Session()
    session.trust_env = False
    session.auth = HTTPBasicAuth(USER, stage.password)
    transport = zeep.Transport(session=session, timeout=10, operation_timeout=10)  # type: ignore[no-untyped-call]
    return zeep.Client(wsdl, transport=transport)  # type: ignore[no-untyped-call]


def _click(stage: Stage, transcript: Transcript) -> None:
    who = SUBSCRIBERS[0]
    started = time.monotonic()
    client = _client(stage, stage.wsdl)
    answer = client.service.Ping()
    transcript.leg(
        f"1С читает WSDL и спрашивает Ping: {answer}", arrived=bool(answer), took_s=_since(started)
    )
    started = time.monotonic()
    result = client.service.MakeCall(who.key, CLIENT_NUMBER)
    transcript.leg(
        f"MakeCall({who.name}, {CLIENT_NUMBER}) → {result.Result} «{result.Message}»",
        arrived=result.Result == "SUCCESS",
        took_s=_since(started),
    )
    _dialled_once(stage, transcript, who.key)
    started = time.monotonic()
    again = client.service.MakeCall(who.key, CLIENT_NUMBER)
    transcript.leg(
        f"двойной щелчок → тот же ответ, второго набора нет: {again.Result}",
        arrived=again.CallId == result.CallId and again.Result == result.Result,
        took_s=_since(started),
    )
    _dialled_once(stage, transcript, who.key)


def _dialled_once(stage: Stage, transcript: Transcript, key: str) -> None:
    if stage.exchange is None:
        return
    mine = [dial for dial in stage.exchange.dials if dial.key == key and dial.made]
    numbers = ", ".join(dial.number for dial in mine)
    transcript.leg(f"ВАТС набрала ровно один раз: {numbers}", arrived=len(mine) == 1, took_s=0.0)


def _click_in_russian(stage: Stage, transcript: Transcript) -> None:
    client = _client(stage, stage.wsdl_ru)
    for key, number, expected in (
        (SUBSCRIBERS[1].name, "274-50-00", "FAIL"),
        ("нет-такого-ключа", CLIENT_NUMBER, "FAIL"),
        (SUBSCRIBERS[1].extension, "+7 391 274-50-00", "SUCCESS"),
    ):
        started = time.monotonic()
        result = client.service["Позвонить"](key, number)
        transcript.leg(
            f"Позвонить({key}, {number}) → {result['Результат']} «{result['Сообщение']}»",
            arrived=result["Результат"] == expected and re.search("[а-яё]", result["Сообщение"]) is not None,
            took_s=_since(started),
        )


def _ring(stage: Stage, transcript: Transcript) -> None:
    if stage.exchange is None:
        transcript.leg("веб-хук старого образца принят", arrived=_old_hook(stage), took_s=0.0)
        return
    stage.exchange.wait()
    told = "ВАТС: событий звонка {}, мост ответил «ok» на каждое"
    count = _posted(stage.exchange, transcript, "answered", CALLER, SUBSCRIBERS[0], told)
    _heard(stage, transcript, "IncomingCall", CALLER, 1, "1С: карточка звонящего (IncomingCall)")
    _heard(stage, transcript, "Event", CALLER, count, "1С: все события звонка по порядку (Event)")


def _named(stage: Stage, transcript: Transcript, text: str) -> None:
    """The exchange asks who its caller is."""
    started = time.monotonic()
    answer = requests.get(stage.caller, params={"number": CALLER}, timeout=10)
    title = etree.fromstring(answer.content).findtext("title") or ""
    transcript.leg(f"{text}: {title}", arrived=title == CLIENT.name, took_s=_since(started))


def _recorded(stage: Stage, exchange: FakeExchange, transcript: Transcript) -> None:
    """1C asks for the last call of the scene before, then opens the link to its recording."""
    call_id = exchange.calls[-1].events[0]["uuid"]
    started = time.monotonic()
    call = _client(stage, stage.wsdl).service.GetCallInfo("", call_id)
    transcript.leg(
        f"GetCallInfo → {call.Direction} {call.Status}, разговор {call.Duration} с",
        arrived=call.From == CALLER and bool(call.RecordUrl),
        took_s=_since(started),
    )
    started = time.monotonic()
    heard = requests.get(call.RecordUrl, timeout=10)
    sound = heard.ok and heard.headers["Content-Type"].startswith("audio/")
    transcript.leg(
        f"запись разговора по ссылке моста, без токена ВАТС: {len(heard.content)} байт",
        arrived=sound and "token" not in call.RecordUrl,
        took_s=_since(started),
    )
    changed = requests.get(call.RecordUrl[:-1] + ("0" if call.RecordUrl[-1] != "0" else "1"), timeout=10)
    transcript.leg(
        f"подправленная ссылка не открывается: {changed.status_code}",
        arrived=changed.status_code == 403,
        took_s=0.0,
    )


def _posted(
    exchange: FakeExchange,
    transcript: Transcript,
    scenario: str,
    caller: str,
    who: Subscriber,
    text: str,
) -> int:
    """Play a call to the hook and see that each event was accepted; returns how many there were."""
    started = time.monotonic()
    posts = exchange.ring(scenario, caller, who)
    accepted = all(post.status == 200 for post in posts)
    transcript.leg(text.format(len(posts)), arrived=accepted, took_s=_since(started))
    return len(posts)


def _old_hook(stage: Stage) -> bool:
    query = {"key": SUBSCRIBERS[0].key, "number": CALLER}
    return requests.get(stage.hook, params=query, timeout=10).status_code == 200


def _outage(stage: Stage, transcript: Transcript) -> None:
    if stage.onec is None or stage.onec_server is None or stage.exchange is None:
        return
    caller = "89160000002"
    stage.onec_server.stop()
    text = "1С не отвечает; ВАТС: событий {}, мост принял все"
    count = _posted(stage.exchange, transcript, "missed", caller, SUBSCRIBERS[1], text)
    _named(stage, transcript, "кто звонит — мост отвечает по памяти")
    _expired(stage, transcript)
    stage.onec_server.start()
    told = "1С включена: журнал звонка пришёл весь и по порядку, без карточки"
    _heard(stage, transcript, "Event", caller, count - 1, told)
    cards = _about(stage, "IncomingCall", caller)
    transcript.leg("запоздалая карточка не всплыла", arrived=not cards, took_s=0.0)


def _expired(stage: Stage, transcript: Transcript) -> None:
    """Wait until the card of the call has outlived its purpose, which must be visible."""
    started = time.monotonic()
    archive = Archive(stage.database)
    while not (found := archive.deliveries(state=DeliveryState.EXPIRED)) and _since(started) < PATIENCE_S:
        time.sleep(0.05)
    transcript.leg(
        "карточка звонка истекла: это видно в списке событий", arrived=bool(found), took_s=_since(started)
    )


def _heard(stage: Stage, transcript: Transcript, operation: str, number: str, count: int, text: str) -> None:
    """Wait until the fake 1C has this many calls of `operation` about `number`."""
    if stage.onec is None:
        return
    started = time.monotonic()
    while len(_about(stage, operation, number)) < count and _since(started) < PATIENCE_S:
        time.sleep(0.01)
    heard = _about(stage, operation, number)
    states = [state[1] for one in heard if (state := re.search(r'"state": ?"(\w+)"', one))]
    told = f" {' → '.join(states)}" if states else ""
    transcript.leg(f"{text}:{told} ({len(heard)})", arrived=len(heard) == count, took_s=_since(started))


def _about(stage: Stage, operation: str, number: str) -> list[str]:
    if stage.onec is None:
        return []
    calls = [one for one in stage.onec.received if one.operation == operation]
    texts = [" ".join(one.parameters.values()) for one in calls]
    return [text for text in texts if number in text]


def _since(started: float) -> float:
    return time.monotonic() - started
