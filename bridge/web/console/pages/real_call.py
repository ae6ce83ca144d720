"""A real call from the «Полигон»: chosen, confirmed by its own page, made at most once."""

import hmac

from bridge.core.errors import StoreUnavailable, UnknownRecord
from bridge.core.numbers import mask
from bridge.web.console.entering import form_token
from bridge.web.console.roads import Prospect, RealCalls
from bridge.web.console.visit import Page, Visit

LIVES_S = 300  # of a confirmation
CHOSEN = "/"  # between the infobase and the handle of a telephone
NOT_TICKED = "Отметьте, что звонок настоящий: без этого он не начнётся"
TOO_OLD = "Страница открыта давно: подтвердите ещё раз"


def ask(visit: Visit) -> Page:
    """Before anybody is rung, what will happen."""
    return _ask(visit, _prospect(visit))


def call(visit: Visit) -> Page:
    """Confirmed: the page before was read, and its box ticked."""
    prospect = _prospect(visit)
    asked_at = visit.form.number("asked") or 0
    if not hmac.compare_digest(_proof(visit, prospect, asked_at), visit.form["proof"].encode()):
        raise UnknownRecord("Этот звонок никто не подтверждал: начните с Полигона")
    if not 0 <= visit.roads.now() - asked_at <= LIVES_S:
        return _ask(visit, prospect, TOO_OLD)
    if visit.form["real"] != "yes":
        return _ask(visit, prospect, NOT_TICKED)
    if prospect.refusal:
        return _ask(visit, prospect)
    telephone = prospect.telephone
    digits = "".join(filter(str.isdigit, prospect.number))
    about = f"{telephone.infobase}, {telephone.name}, {mask(digits)}"
    rung = None
    try:
        with visit.roads.deed(visit.name, "dial", about) as written:
            rung = _real(visit).dial(prospect, asked_at=asked_at)
            written.count = int(rung.maybe)
    except StoreUnavailable:
        if rung is None:
            raise
        # a telephone may ring: that is what must be read; the audit has it as not finished
    return Page(template="real_called.html", facts={"prospect": prospect, "rung": rung})


def _ask(visit: Visit, prospect: Prospect, problem: str = "") -> Page:
    asked_at = int(visit.roads.now())
    facts = {
        "prospect": prospect,
        "chosen": visit.form["telephone"],
        "asked": asked_at,
        "proof": _proof(visit, prospect, asked_at).decode(),
        "problem": problem,
    }
    return Page(template="real_ask.html", facts=facts, status=400 if problem else 200)


def _prospect(visit: Visit) -> Prospect:
    infobase, _, handle = visit.form["telephone"].partition(CHOSEN)
    return _real(visit).prospect(infobase, handle, visit.form["number"])


def _real(visit: Visit) -> RealCalls:
    if visit.roads.real is None:
        raise UnknownRecord("Отсюда звонить по-настоящему некому или не через что")
    return visit.roads.real


def _proof(visit: Visit, prospect: Prospect, asked_at: int) -> bytes:
    """That this browser was shown this very call, at that unix time."""
    telephone = prospect.telephone
    words = (visit.token, str(asked_at), telephone.infobase, telephone.handle, prospect.number)
    return form_token("\n".join(words)).encode()
