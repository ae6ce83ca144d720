"""«Полигон»: a click, a call and a 1C that is off, all tried between a fake exchange and a fake 1C."""

from bridge.core.errors import UnknownRecord
from bridge.web.console.roads import Played, Sandbox
from bridge.web.console.texts import SCENARIOS
from bridge.web.console.visit import Page, Visit

NOT_HERE = "Полигон в этом запуске моста не включён: попробуйте vpbx-bridge demo --serve"
NUMBER = "8 (923) 529-29-26"
CALLER = "89160000001"


def whole(visit: Visit) -> Page:
    return _page(visit, None)


def dial(visit: Visit) -> Page:
    form = visit.form
    russian = form["language"] == "ru"
    return _page(visit, _sandbox(visit).dial(form["key"], form["number"], russian=russian))


def ring(visit: Visit) -> Page:
    form, sandbox = visit.form, _sandbox(visit)
    if form["scenario"] not in sandbox.scenarios:
        raise UnknownRecord("Такого сценария нет")
    return _page(visit, sandbox.ring(form["scenario"], form["number"] or CALLER, form["key"]))


def onec(visit: Visit) -> Page:
    played = _sandbox(visit).switch_onec(away=visit.form["away"] == "1")
    return _page(visit, played if played.steps else None)


def _sandbox(visit: Visit) -> Sandbox:
    if visit.roads.sandbox is None:
        raise UnknownRecord(NOT_HERE)
    return visit.roads.sandbox()


def _page(visit: Visit, played: Played | None) -> Page:
    sandbox = _sandbox(visit) if visit.roads.sandbox else None
    facts = {
        "sandbox": sandbox,
        "away": sandbox is not None and sandbox.onec_away,
        "played": played,
        "telephones": visit.roads.real.telephones if visit.roads.real else (),
        "number": (visit.page == "sandbox/dial" and visit.form["number"]) or NUMBER,
        "caller": (visit.page == "sandbox/ring" and visit.form["number"]) or CALLER,
        "form": visit.form,
        "SCENARIOS": SCENARIOS,
    }
    return Page(template="sandbox.html", facts=facts)
