"""What an extension extends: the method is there, takes as much, and the own name shows whose it is."""

from collections.abc import Iterator

from onec.bsl import tree
from onec.check.findings import Finding, finding
from onec.check.samples import Samples, Unit

# Handlers of the module of the managed application, with the number of their parameters.
_OF_APPLICATION = {
    "передначаломработысистемы": 1,
    "приначалеработысистемы": 0,
    "передзавершениемработысистемы": 2,
    "призавершенииработысистемы": 0,
    "обработкавнешнегособытия": 3,
}


def check(samples: Samples, unit: Unit) -> Iterator[Finding]:
    for method in unit.tree.methods:
        if method.annotation is None:
            continue
        prefix = unit.metadata.prefix
        if not prefix or not method.name.startswith(prefix):
            yield finding(
                unit.path, method.place, "annotation", f"{method.name} does not begin with {prefix}"
            )
        wanted = _parameters(samples, unit, method.annotation)
        if wanted is None:
            yield finding(
                unit.path, method.place, "annotation", f"nothing to extend: {method.annotation.method}"
            )
        elif len(method.parameters) != wanted:
            yield finding(unit.path, method.place, "annotation", f"{method.annotation.method} takes {wanted}")


def _parameters(samples: Samples, unit: Unit, annotation: tree.Annotation) -> int | None:
    """How many parameters the extended method has; None: there is no such method."""
    name = annotation.method.casefold()
    if unit.kind == "application":
        return _OF_APPLICATION.get(name)
    foreign = samples.foreign.get(unit.name.casefold())
    method = foreign.methods.get(name) if foreign else None
    return method.most if method else None
