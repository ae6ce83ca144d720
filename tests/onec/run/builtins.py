"""The platform's own global context: every method, type and enumeration this interpreter knows."""

from onec.run import (
    collections,
    conversions,
    dates,
    enumerations,
    eventing,
    http,
    internet,
    json,
    lists,
    soap,
    tables,
    texts,
)
from onec.run.objects import Value
from onec.run.registry import Registry

METHODS = Registry()
TYPES = Registry()
for _module in (texts, dates, conversions, eventing, json):
    METHODS.update(_module.METHODS)
for _module in (collections, lists, tables, conversions, json, internet, soap, http):
    TYPES.update(_module.TYPES)
ENUMERATIONS: dict[str, Value] = enumerations.GLOBAL
