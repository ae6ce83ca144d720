"""No sample holds an address, a secret, a modal window, an endless wait, a swallowed error."""

import pytest
from onec.check import texts
from onec.check.samples import ROOT, Unit, samples

UNITS = samples().units


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.path)
def test_nothing_forbidden_is_in_a_module(unit: Unit) -> None:
    assert [str(one) for one in texts.check(unit)] == []


def test_there_is_something_to_forbid() -> None:
    """Every call that can wait is there, with its timeout: the rule has met its subject."""
    everything = "".join(unit.text for unit in UNITS)
    for call in ("Новый WSОпределения(", "Новый WSПрокси(", "Новый HTTPСоединение(", ".СоздатьWSПрокси("):
        assert call in everything
    assert everything.count("Исключение\n") + everything.count("Исключение\r\n") > 10


def test_the_other_files_hold_no_address_and_no_secret_either() -> None:
    found = []
    for path in ROOT.rglob("*"):
        if path.suffix in (".xml", ".vrd", ".cmd", ".sh", ".example") and path.is_file():
            text = path.read_text(encoding="utf-8-sig")
            said = (*texts.addresses(text), *texts.given_passwords(text))
            found += [f"{path.relative_to(ROOT)}: {one}" for one in said]
    assert found == []


def test_an_address_or_a_password_in_them_would_be_seen() -> None:
    text = 'ib="Srvr=10.0.0.5;Ref=buh;Usr=web;Pwd=secret1;" http://VATS https://bridge.firma.ru/ws'
    assert [*texts.addresses(text), *texts.given_passwords(text)] == [
        "10.0.0.5",
        "https://bridge.firma.ru/ws",
        "secret1",
    ]
