"""The checkers have teeth: every defect planted in a shipped module is found, by the rule that is for it."""

import pytest
from onec.check.checker import check
from onec.check.findings import Finding
from onec.check.samples import Samples, samples, sources
from onec.check.texts import check as check_texts
from onec.mutants.code import MUTANTS, Mutant


def planted(mutant: Mutant) -> str:
    """The text of the module with the defect; line ends as in the module."""
    text = sources()[mutant.where].replace("\r\n", "\n")
    assert text.count(mutant.old) == 1, f"{mutant.name}: the anchor stands {text.count(mutant.old)} times"
    return text.replace(mutant.old, mutant.new)


def everything(changed: Samples, where: frozenset[str]) -> list[Finding]:
    found = check(changed, where)
    if any(one.rule == "syntax" for one in found):
        return found
    return [*found, *(one for unit in changed.units if unit.path in where for one in check_texts(unit))]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_planted_defect_is_found(mutant: Mutant) -> None:
    """Without the defect nothing is found: test_check.py, test_texts.py."""
    where = frozenset({mutant.where, mutant.seen_in or mutant.where})
    found = everything(samples({mutant.where: planted(mutant)}), where)
    assert mutant.rule in {one.rule for one in found}, [str(one) for one in found]


def test_there_are_enough_of_them_and_no_two_are_the_same() -> None:
    assert len(MUTANTS) >= 60
    assert len({one.name for one in MUTANTS}) == len(MUTANTS)
    assert len({(one.where, one.old, one.new) for one in MUTANTS}) == len(MUTANTS)
