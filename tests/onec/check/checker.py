"""All checks over all samples."""

from collections.abc import Iterator

from onec.bsl.lexer import SyntaxError1C
from onec.bsl.parser import CLIENT, ORDINARY, SERVER
from onec.check import (
    alphabets,
    annotations,
    calls,
    constructs,
    directives,
    flow,
    locks,
    members,
    names,
    queries,
    references,
    structure,
    versions,
)
from onec.check.findings import Finding
from onec.check.kinds import Kinds
from onec.check.samples import Samples, parsed


def check(samples: Samples, only: frozenset[str] = frozenset()) -> list[Finding]:
    """Everything found, in the modules of these paths if any are given.

    When a module does not compile, only that is reported.
    """
    units = [one for one in samples.units if one.path in only or not only]
    broken = [one for unit in units for one in _syntax(unit.text, unit.path)]
    if broken:
        return broken
    kinds = Kinds(samples)
    found: list[Finding] = []
    for unit in units:
        found += alphabets.check(unit.text, unit.path)
        found += versions.check(unit.text, unit.tree, unit.minimum)
        found += directives.check(unit)
        found += annotations.check(samples, unit)
        found += flow.check(unit.tree)
        found += names.check(samples, unit)
        found += names.check_unused_methods(unit, references.called_by_name(unit))
        found += calls.check(samples, unit, kinds)
        found += members.check(unit, kinds)
        found += references.check(samples, unit, kinds)
        found += constructs.check(unit, kinds)
        found += queries.check(unit)
        found += locks.check(unit, kinds)
        found += structure.check(unit)
    return [*found, *references.check_events(samples)]


def _syntax(text: str, path: str) -> Iterator[Finding]:
    for symbols in (SERVER, CLIENT, ORDINARY):
        try:
            parsed(text, path, symbols)
        except SyntaxError1C as error:
            yield Finding(
                path=path, line=error.line, column=error.column, rule="syntax", message=error.message
            )
            return
