"""«Доктор»: each link looked at, when somebody asks for it."""

from bridge.core.errors import UnknownRecord
from bridge.web.console.visit import Page, Visit

NOT_HERE = "Доктор доступен только мосту, запущенному командой serve с файлом настроек: vpbx-bridge check"


def whole(visit: Visit) -> Page:
    return Page(template="doctor.html", facts={"found": None, "able": visit.roads.doctor is not None})


def run(visit: Visit) -> Page:
    if visit.roads.doctor is None:
        raise UnknownRecord(NOT_HERE)
    with visit.roads.deed(visit.name, "check", "") as done:
        found = list(visit.roads.doctor())
        done.count = len(found)
    return Page(template="doctor.html", facts={"found": found, "able": True})
