"""The Полигон: the stage of the demo, played on from the console."""

import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from bridge.core.calls import Subscriber
from bridge.core.errors import TooMuch
from bridge.demo.stage import SUBSCRIBERS, USER, Stage
from bridge.sim.recorder import Recorded, Recorder
from bridge.sim.scenarios import SCENARIOS
from bridge.store.archive import Archive
from bridge.web.console.roads import Exchanged, Played
from bridge.web.console.snippets import envelope, snippets
from bridge.web.soap.vocabulary import ENGLISH, RUSSIAN, Language
from bridge.wire import Wire, WireError

PATIENCE_S = 2.0  # for 1C to be told
QUIET_S = 0.25  # nothing more was told for so long: that was all
CALL_S = 10.0
BUSY = "На Полигоне сейчас пробует другой: повторите через несколько секунд"
_STATE = re.compile(r'"state": ?"([A-Z]+)"|<(?:\w+:)?(IncomingCall|SayName)\b')


class StageSandbox:
    """`web.console.roads.Sandbox` on a stage that stands; `here`: the console is that of the stage."""

    def __init__(self, stage: Stage, *, here: bool = True) -> None:
        self.here = here
        self.idle_s = 0.0
        self._stage = stage
        self._away = False
        self._playing = threading.Lock()  # what two people try at once would be told to both

    @property
    def people(self) -> Sequence[Subscriber]:
        return SUBSCRIBERS

    @property
    def scenarios(self) -> Sequence[str]:
        return tuple(SCENARIOS) if self._stage.exchange else ()

    @property
    def onec_away(self) -> bool:
        return self._away

    def dial(self, handle: str, number: str, *, russian: bool) -> Played:
        language = RUSSIAN if russian else ENGLISH
        with self._turn():
            stage = self._stage
            exchange, onec = _count(stage.exchange_recorder), _count(stage.onec_recorder)
            steps = [self._soap(language, handle, number)]
            if stage.exchange is not None:
                stage.exchange.wait()
            steps += _told("Мост просит ВАТС набрать", stage.exchange_recorder, exchange)
            steps += self._heard(onec)
        return Played(
            steps=[
                *steps,
                *snippets(language, url=self._stage.url, user=USER, handle=handle, number=number),
            ]
        )

    def ring(self, scenario: str, number: str, handle: str) -> Played:
        stage = self._stage
        if stage.exchange is None:
            return Played(steps=[])
        who = next((one for one in SUBSCRIBERS if one.answers_to(handle)), None)
        with self._turn():
            onec = _count(stage.onec_recorder)
            steps = [
                Exchanged(
                    title="ВАТС сообщает мосту о событии",
                    sent=json.dumps(one.event, ensure_ascii=False, indent=1),
                    answered=f"{one.status or '—'} {one.error or one.answer}",
                    took_ms=one.took_s * 1000,
                    about=str(one.event.get("state", "")),
                )
                for one in stage.exchange.ring(scenario, number, who)
            ]
            return Played(steps=[*steps, *self._heard(onec)])

    def switch_onec(self, *, away: bool) -> Played:
        server = self._stage.onec_server
        if server is None:
            return Played(steps=[])
        with self._turn():
            if away == self._away:
                return Played(steps=[])
            self._away = away
            if away:
                server.stop()
                return Played(steps=[])
            onec = _count(self._stage.onec_recorder)
            server.start()
            waited = Archive(self._stage.database).depths()
            return Played(steps=self._heard(onec) if waited else [])

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Whoever would have to wait holds no thread of the hooks."""
        if not self._playing.acquire(blocking=False):
            raise TooMuch(BUSY)
        try:
            yield
        finally:
            self._playing.release()

    def _soap(self, language: Language, handle: str, number: str) -> Exchanged:
        sent = envelope(language, handle, number)
        wire = Wire(connect_s=CALL_S, total_s=CALL_S, reuse=False)
        started = time.monotonic()
        try:
            answer = wire.post(
                f"{self._stage.url}{language.path}",
                sent.encode(),
                {"Content-Type": "text/xml; charset=utf-8", "Authorization": _basic(self._stage.password)},
            )
            answered = answer.body.decode("utf-8", "replace")
        except WireError as error:
            answered = error.reason
        finally:
            wire.close()
        took_ms = (time.monotonic() - started) * 1000
        return Exchanged(title="1С просит мост позвонить", sent=sent, answered=answered, took_ms=took_ms)

    def _heard(self, since: int) -> list[Exchanged]:
        """What 1C was told, as soon as nothing more comes."""
        recorder = self._stage.onec_recorder
        if recorder is None or self._away:
            return []
        until, seen, quiet = time.monotonic() + PATIENCE_S, since, time.monotonic()
        while time.monotonic() < until and (seen == since or time.monotonic() - quiet < QUIET_S):
            if (now := recorder.count) != seen:
                seen, quiet = now, time.monotonic()
            time.sleep(0.02)
        return _told("Мост сообщает 1С", recorder, since)


def on_stage(stage: Callable[[], Stage]) -> Callable[[], StageSandbox]:
    """The sandbox of a stage that will stand by the time somebody asks for it."""
    made: list[StageSandbox] = []
    guard = threading.Lock()

    def sandbox() -> StageSandbox:
        with guard:
            if not made:
                made.append(StageSandbox(stage()))
            return made[0]

    return sandbox


def _basic(password: str) -> str:
    return "Basic " + b64encode(f"{USER}:{password}".encode()).decode()


def _count(recorder: Recorder | None) -> int:
    return recorder.count if recorder else 0


def _told(title: str, recorder: Recorder | None, since: int) -> list[Exchanged]:
    return [_step(title, one) for one in recorder.since(since)] if recorder else []


def _step(title: str, one: Recorded) -> Exchanged:
    return Exchanged(
        title=title,
        sent=f"{one.method} {one.address}\n{one.sent}".rstrip(),
        answered=f"{one.status}\n{one.answered}".rstrip(),
        took_ms=one.took_s * 1000,
        about=f"{one.address.partition('?')[0]} {_state(one.sent)} {one.status}",
    )


def _state(sent: str) -> str:
    """The event that 1C is told of, where the message names it."""
    found = _STATE.search(sent)
    return found[1] or found[2] if found else ""
