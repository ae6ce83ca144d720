"""The order of a module (std455) and what is said of its exports (std453)."""

import re
from collections.abc import Iterator

from onec.bsl import tree
from onec.check.findings import Finding, finding
from onec.check.references import called_by_name
from onec.check.samples import Unit
from onec.check.versions import number, since

_INTERFACE = ("ПрограммныйИнтерфейс", "СлужебныйПрограммныйИнтерфейс")
_PRIVATE = "СлужебныеПроцедурыИФункции"
_REGIONS = (
    *_INTERFACE,
    _PRIVATE,
    "ОбработчикиСобытий",
    "ОбработчикиСобытийФормы",
    "ОбработчикиСобытийЭлементовШапкиФормы",
    "ОбработчикиКомандФормы",
    "ОписаниеПеременных",
    "Инициализация",
)


def check(unit: Unit) -> Iterator[Finding]:
    if number(unit.minimum) >= number(since().of("instructions", "#Область")):
        yield from _regions(unit)
    for statement in unit.tree.body:
        yield finding(unit.path, statement.place, "body", "a statement outside methods")
    for method in unit.tree.methods:
        if method.export:
            yield from _description(unit, method)


def _regions(unit: Unit) -> Iterator[Finding]:
    outermost = unit.tree.regions
    for region in outermost:
        if region.name not in _REGIONS:
            yield finding(unit.path, region.place, "region", f"std455 has no region {region.name}")
    order = [_REGIONS.index(one.name) for one in outermost if one.name in _INTERFACE or one.name == _PRIVATE]
    if order != sorted(order):
        yield finding(unit.path, outermost[0].place, "region", "the interface stands before private methods")
    handlers = called_by_name(unit)
    for method in unit.tree.methods:
        line = method.place.line
        around = next((one for one in outermost if one.place.line < line < one.end.line), None)
        if around is None:
            yield finding(unit.path, method.place, "region", f"{method.name} is in no region")
        elif around.name == _PRIVATE and method.export and method.name.casefold() not in handlers:
            yield finding(
                unit.path, method.place, "region", f"{method.name} is an export among private methods"
            )
        elif around.name in _INTERFACE and not method.export and not method.annotation:
            yield finding(unit.path, method.place, "region", f"{method.name} is private in the interface")


def _description(unit: Unit, method: tree.Method) -> Iterator[Finding]:
    text = method.description
    if not text:
        yield finding(unit.path, method.place, "comment", f"{method.name} is not described")
        return
    for parameter in method.parameters:
        if not re.search(rf"\b{parameter.name}\b", text):
            yield finding(unit.path, method.place, "comment", f"{parameter.name} is not described")
    described = re.search(r"Параметры:\n(.*?)(?:\n\n|\nВозвращаемое|\Z)", text, re.DOTALL)
    for name in re.findall(r"(?m)^(\w+) - ", described[1]) if described else ():
        if name not in {one.name for one in method.parameters}:
            yield finding(unit.path, method.place, "comment", f"{name} is described and no parameter")
    if method.is_function and "Возвращаемое значение:" not in text:
        yield finding(unit.path, method.place, "comment", f"what {method.name} returns is not described")
