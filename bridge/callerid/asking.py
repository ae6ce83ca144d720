"""The questions to one infobase: few at once, few waiting, none while it rests after failures."""

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from bridge.core.breaker import Breaker, BreakerPolicy
from bridge.core.caller import (
    NOBODY,
    CallerCard,
    Directory,
    DirectoryAway,
    DirectoryDenied,
    NothingSaid,
    QuestionFailed,
    cleaned,
)
from bridge.core.delivery import Away, Delivered, Denied, Outcome
from bridge.flows.name_caller import INN, number_of
from bridge.observe import log

WAITING = 16  # questions; at one in five seconds the last of them would wait for over a minute
GOODBYE_S = 1.0  # a question under way is left to its own deadline

Answer = Future[bool]  # True: 1C said something, which is remembered by now


@dataclass(frozen=True, kw_only=True)
class Gentleness:
    """How an infobase is asked. A question is a session, a session is a licence."""

    concurrency: int = 1
    waiting: int = WAITING
    breaker: BreakerPolicy = field(default_factory=BreakerPolicy)


class Line:
    """One infobase. The newest question goes first: whoever asked the oldest has hung up by then.

    Args:
        learn: who, card, firmly -> remembers it. Not firmly: 1C may not have meant it.
    """

    def __init__(
        self,
        infobase: str,
        directory: Directory,
        gentleness: Gentleness,
        *,
        learn: Callable[[str, CallerCard, bool], None],
    ) -> None:
        self._infobase = infobase
        self._directory = directory
        self._gentleness = gentleness
        self._learn = learn
        self._changed = threading.Condition()
        self._waiting: OrderedDict[str, Answer] = OrderedDict()
        self._asked: dict[str, Answer] = {}
        self._breaker = Breaker()
        self._threads: list[threading.Thread] = []
        self._closed = False

    def ask(self, who: str, *, urgent: bool = True) -> Answer | None:
        """The answer to come, shared by all who ask the same; None when it cannot be asked now.

        Args:
            urgent: somebody waits; else it is asked after all others, and dropped before them.
        """
        with self._changed:
            if answer := self._asked.get(who):
                return answer
            if answer := self._waiting.get(who):
                if urgent:
                    self._waiting.move_to_end(who)
                return answer
            full = len(self._waiting) >= self._gentleness.waiting
            if self._closed or not self._hears() or (full and not urgent):
                return None
            if full:
                _settle(self._waiting.popitem(last=False)[1], False)
            answer = self._waiting[who] = Future()
            if not urgent:
                self._waiting.move_to_end(who, last=False)
            self._hire()
            self._changed.notify()
            return answer

    @property
    def idle(self) -> bool:
        """It hears as far as we know, and is asked nothing now."""
        with self._changed:
            return not (self._breaker.open or self._asked or self._waiting)

    def close(self) -> None:
        """Whoever waits goes without an answer; nothing more is asked."""
        with self._changed:
            self._closed = True
            for answer in (*self._waiting.values(), *self._asked.values()):
                _settle(answer, False)
            self._waiting.clear()
            self._changed.notify_all()
        until = time.monotonic() + GOODBYE_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _hears(self) -> bool:
        room = self._breaker.room(
            now=time.monotonic(), concurrency=self._gentleness.concurrency, in_flight=len(self._asked)
        )
        return not self._breaker.open or (room > 0 and not self._waiting)

    def _hire(self) -> None:
        if len(self._threads) < min(self._gentleness.concurrency, len(self._asked) + len(self._waiting)):
            name = f"names-{self._infobase}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._run, name=name, daemon=True))
            self._threads[-1].start()

    # --- in the threads ----------------------------------------------------------------------------
    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                who, answer = self._waiting.popitem(last=True)
                self._asked[who] = answer
            outcome, said = self._put(who)
            with self._changed:
                del self._asked[who]
                self._judge(outcome)
                _settle(answer, said)

    def _put(self, who: str) -> tuple[Outcome, bool]:
        """Ask 1C and remember; how it hears, and whether it said something."""
        try:
            card = self._question(who)
        except NothingSaid:
            self._learn(who, NOBODY, False)
            return Delivered(), True
        except QuestionFailed as error:
            log.info("name_not_told", infobase=self._infobase, reason=str(error))
            return Delivered(), False
        except DirectoryDenied as error:
            return Denied(str(error)), False
        except DirectoryAway as error:
            return Away(str(error)), False
        except Exception as error:  # noqa: BLE001 - one question must not take the line with it
            log.error("name_incident", infobase=self._infobase, exc_info=error)
            return Away("ошибка моста"), False
        self._learn(who, cleaned(card), True)
        return Delivered(), True

    def _question(self, who: str) -> CallerCard:
        if who.startswith(INN):
            return self._directory.say_name_by_inn(who.removeprefix(INN))
        return self._directory.say_name(number_of(who))

    def _judge(self, outcome: Outcome) -> None:
        before = self._breaker
        self._breaker = before.after(
            outcome,
            now=time.monotonic(),
            policy=self._gentleness.breaker,
            dice=random.random(),  # noqa: S311 - jitter
        )
        after = self._breaker
        if after.open:
            for answer in self._waiting.values():
                _settle(answer, False)
            self._waiting.clear()
        if self._closed:
            return
        if after.open and not before.open:
            log.warning("names_away", infobase=self._infobase, reason=after.reason, denied=after.denied)
        elif before.open and not after.open:
            log.info("names_back", infobase=self._infobase)


def _settle(answer: Answer, said: bool) -> None:
    if not answer.done():
        answer.set_result(said)
