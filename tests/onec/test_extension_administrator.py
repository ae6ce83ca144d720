"""Who administers the infobase: in БСП a role called …ПолныеПрава is the only one an administrator keeps."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import etree
from onec.run.infobase.client import Client
from onec.run.infobase.firm import Firm, firm, office
from onec.run.infobase.infobase import SAMPLES, User
from onec.run.infobase.jobs import ADMINISTRATION
from onec.run.infobase.surroundings import NO_RIGHT
from onec.run.objects import OnecError

from support.world import ANNA

ROLES = SAMPLES / "extension" / "Roles"
SPACE = {"r": "http://v8.1c.ru/8.2/roles"}


@pytest.fixture
def published(tmp_path: Path) -> Iterator[Firm]:
    with firm(tmp_path, user=User(name="Главный", password="пароль", roles=("МВ_ПолныеПрава",))) as made:
        yield made


def rights(role: str) -> set[tuple[str, str]]:
    found = etree.parse(ROLES / role / "Ext" / "Rights.xml").getroot()
    return {
        (one.findtext("r:name", namespaces=SPACE) or "", right.text or "")
        for one in found.findall("r:object", SPACE)
        for right in one.findall("r:right/r:name", SPACE)
    }


def test_an_administrator_has_what_users_and_who_sets_up_have() -> None:
    full = rights("МВ_ПолныеПрава")
    assert full == rights("МВ_ИспользованиеМоста") | rights("МВ_НастройкаМоста")
    assert full.isdisjoint(rights("МВ_ОбменСМостом"))


def test_with_this_one_role_an_administrator_sets_up_and_dials(published: Firm) -> None:
    client = published.client("Главный")
    client.run_command("МВ_Настройки")
    form = client.form("МВ_Настройки")
    form.type_in("Добавочный", ANNA.extension)
    form.type_in("Абонент", ANNA.extension)
    form.press("ПроверитьСвязь")
    assert form["РезультатПроверки"].startswith("Связь есть")

    client.run_command("МВ_Позвонить")
    dialler = client.form("МВ_НаборНомера")
    dialler.type_in("Номер", "8 (923) 529-29-26")
    dialler.press("Позвонить")
    assert dialler["Результат"].startswith("Звоним")
    assert client.screen.errors == []


def test_an_administrator_of_the_configuration_alone_is_a_stranger_here() -> None:
    """Rights of a configuration do not reach the objects of an extension (feenlace/mcp-1c, on 8.3.27)."""
    user = User(name="Чужой админ", rights=frozenset({ADMINISTRATION}))
    with office(user=user) as here:
        client = Client(here.infobase, user.name)
        client.start()
        assert client.screen.errors == []
        assert client.waits() == []
        for command in ("МВ_Настройки", "МВ_Позвонить"):
            with pytest.raises(OnecError, match=NO_RIGHT):
                client.run_command(command)
