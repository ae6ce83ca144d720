"""The validator has teeth: every planted defect is caught by the rule that is meant to."""

from functools import cache
from pathlib import Path

import pytest
from onec.dump.reading import Finding, read
from onec.dump.validator import RULES, validate
from onec.mutants.dump import MUTANTS, Files, Mutant

SAMPLES = Path(__file__).parents[2] / "onec_samples"


@cache
def shipped(folder: str) -> Files:
    return read(SAMPLES / folder)


@cache
def found_in_shipped(folder: str) -> frozenset[Finding]:
    return frozenset(validate(shipped(folder)))


@pytest.mark.parametrize("mutant", [pytest.param(one, id=one.name) for one in MUTANTS])
def test_the_rule_catches_the_defect(mutant: Mutant) -> None:
    files = dict(shipped(mutant.folder))
    mutant.change(files)
    assert files != shipped(mutant.folder)

    new = set(validate(files)) - found_in_shipped(mutant.folder)
    assert mutant.rule in {finding.rule for finding in new}


def test_every_rule_has_a_defect_that_it_catches() -> None:
    assert {mutant.rule for mutant in MUTANTS} == set(RULES)
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
