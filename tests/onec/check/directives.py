"""Directives: every method of a form or a command has one, no method of another module has any."""

from collections.abc import Iterator

from onec.check.findings import Finding, finding
from onec.check.samples import TWO_SIDED, Unit


def check(unit: Unit) -> Iterator[Finding]:
    for method in unit.tree.methods:
        if unit.kind in TWO_SIDED and not method.directive:
            yield finding(unit.path, method.place, "directive", f"{method.name} has no directive")
        if unit.kind not in TWO_SIDED and method.directive:
            yield finding(unit.path, method.place, "directive", f"{method.name} needs no directive here")
        if unit.kind == "command" and "БезКонтекста" in method.directive:
            yield finding(unit.path, method.place, "directive", "a command has no context")
        if method.annotation and not (unit.adopted or unit.kind == "application"):
            yield finding(unit.path, method.place, "directive", "nothing to extend in a module of its own")
        if unit.form and method.name in unit.form.handlers and unit.kind == "form":
            at_server = method.name.endswith("НаСервере")
            if method.directive != ("НаСервере" if at_server else "НаКлиенте"):
                yield finding(unit.path, method.place, "directive", f"{method.name} is on the wrong side")
