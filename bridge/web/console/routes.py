"""The table of pages: which address, by which method, for whom."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from bridge.web.console.entering import Door
from bridge.web.console.pages import call, calls, doctor, login, queue, real_call, sandbox, settings, today
from bridge.web.console.visit import Answer, Visit

Show = Callable[[Visit, Door], Answer]


class Who(Enum):
    ANYBODY = auto()
    VIEWER = auto()  # whoever has entered
    OPERATOR = auto()


@dataclass(frozen=True)
class Route:
    """`page` is the address below `/console/`; what changes anything is a POST."""

    method: Literal["GET", "POST"]
    page: str
    who: Who
    show: Show


def _of(show: Callable[[Visit], Answer]) -> Show:
    """A page that has nothing to do with entering."""
    return lambda visit, _: show(visit)


ROUTES: Sequence[Route] = (
    Route("GET", "", Who.VIEWER, _of(today.whole)),
    Route("GET", "today", Who.VIEWER, _of(today.part)),
    Route("GET", "calls", Who.VIEWER, calls.found),
    Route("GET", "call", Who.VIEWER, _of(call.life)),
    Route("GET", "raw", Who.VIEWER, _of(call.raw_masked)),
    Route("POST", "raw", Who.OPERATOR, _of(call.raw_whole)),
    Route("GET", "queue", Who.VIEWER, _of(queue.heaps)),
    Route("POST", "queue/ask", Who.OPERATOR, _of(queue.ask)),
    Route("POST", "queue/do", Who.OPERATOR, _of(queue.do)),
    Route("POST", "queue/all", Who.OPERATOR, _of(queue.do_all)),
    Route("POST", "queue/hurry", Who.OPERATOR, _of(queue.hurry)),
    Route("GET", "sandbox", Who.OPERATOR, _of(sandbox.whole)),
    Route("POST", "sandbox/dial", Who.OPERATOR, _of(sandbox.dial)),
    Route("POST", "sandbox/ring", Who.OPERATOR, _of(sandbox.ring)),
    Route("POST", "sandbox/onec", Who.OPERATOR, _of(sandbox.onec)),
    Route("POST", "sandbox/real", Who.OPERATOR, _of(real_call.ask)),
    Route("POST", "sandbox/called", Who.OPERATOR, _of(real_call.call)),
    Route("GET", "doctor", Who.OPERATOR, _of(doctor.whole)),
    Route("POST", "doctor/run", Who.OPERATOR, _of(doctor.run)),
    Route("GET", "settings", Who.OPERATOR, _of(settings.whole)),
    Route("POST", "settings/hook", Who.OPERATOR, _of(settings.hook)),
    Route("POST", "settings/token", Who.OPERATOR, _of(settings.token)),
    Route("POST", "settings/ask", Who.OPERATOR, _of(settings.ask)),
    Route("POST", "settings/revoke", Who.OPERATOR, _of(settings.revoke)),
    Route("GET", "login", Who.ANYBODY, _of(login.form)),
    Route("POST", "login", Who.ANYBODY, login.enter),
    Route("POST", "logout", Who.VIEWER, login.leave),
    Route("POST", "language", Who.ANYBODY, _of(login.language)),
    Route("GET", "first", Who.ANYBODY, _of(login.first_form)),
    Route("POST", "first", Who.ANYBODY, login.first),
    Route("GET", "password", Who.VIEWER, _of(login.password_form)),
    Route("POST", "password", Who.VIEWER, login.password),
)
