"""What a module does is watched too: defects that only running finds change what this file looks at."""

import json
import shutil
from pathlib import Path

import pytest
from lxml import etree
from onec.check.samples import ROOT, sources
from onec.mutants.behaviour import MUTANTS
from onec.mutants.code import Mutant
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.session import Session
from onec.run.objects import OnecError

CALLER = "89160000001"
NAME = 'ООО "Рога & Копыта" <Ко>'
ANNA = User(name="Анна", roles=("МВ_ИспользованиеМоста",))
STRANGER = User(name="Чужой")
EXCHANGE = User(name="Мост", roles=("МВ_ОбменСМостом",))


class Behaviour:
    """An infobase with the extension of a folder, and what a bridge says to it."""

    def __init__(self, folder: Path) -> None:
        self.infobase = Infobase(folder, users=[ANNA, STRANGER, EXCHANGE, User(name="Админ", full=True)])
        self.infobase.add_row(
            "МВ_Абоненты", Пользователь="Анна", Абонент="Анна", КлючВАТС="key1", Добавочный="101"
        )
        self.infobase.add_row("МВ_Контакты", Телефон=CALLER[-10:], Наименование=NAME)
        self.bridge = self.infobase.session("Мост")
        self.number = 0

    def event(self, call: str, state: str, *, age: int = 0, number: int = 0, **more: str) -> str:
        """An event as the bridge sends it; a member given as "" is left out."""
        self.number += 1
        told = {
            "bridgeEventId": number or self.number,
            "uuid": call,
            "subid": "1.5",
            "state": state,
            "direction": "incoming",
            "from": CALLER,
            "to": "101",
            "userkey": "key1",
            "time": int(self.infobase.clock.unix()) - age,
            **more,
        }
        return json.dumps({name: value for name, value in told.items() if value != ""}, ensure_ascii=False)

    def says(self, call: str, *states: str, **more: str) -> None:
        for state in states:
            assert self.bridge.call("МВ_Звонки", "ПринятьСобытие", self.event(call, state, **more)) == "1"

    def state(self, call: str) -> str:
        (row,) = [one for one in self.infobase.rows("МВ_Звонки") if one["ИдЗвонка"] == call]
        return row["Состояние"]

    def cards(self, user: str) -> tuple[list[str], int]:
        """Numbers of the new cards, how many are over."""
        found = self.infobase.session(user).call("МВ_Карточки", "КарточкиПользователя", user)
        new = [one.get("Номер") for one in found.get("Новые").iterate()]
        return new, len(list(found.get("Завершенные").iterate()))


def rings_and_ends(seen: Behaviour) -> None:
    seen.says("c1", "START", "PREANSWER")
    assert seen.cards("Анна") == ([CALLER], 0)
    assert seen.cards("Анна") == ([], 0)
    seen.says("c1", "ANSWER", "HANGUP", "END")
    assert seen.state("c1") == "END"
    assert seen.cards("Анна") == ([], 1)
    seen.says("c1", "ANSWER", subid="1.6")
    assert seen.state("c1") == "END"


def repeats(seen: Behaviour) -> None:
    said = [seen.event("c2", state, number=7) for state in ("START", "PREANSWER")]
    parsed = [seen.bridge.call("МВ_РазборСобытий", "РазобранноеСобытие", one) for one in said]
    assert [seen.bridge.call("МВ_Звонки", "ЗаписатьСобытие", one) for one in parsed] == [True, True]
    assert [seen.bridge.call("МВ_Звонки", "ЗаписатьСобытие", one) for one in parsed] == [False, False]


def members_are_missing(seen: Behaviour) -> None:
    seen.says("c3", "PREANSWER", userkey="", subid="", to="")
    assert seen.state("c3") == "PREANSWER"
    assert seen.cards("Анна") == ([], 0)
    with pytest.raises(OnecError):
        seen.bridge.call("МВ_Звонки", "ПринятьСобытие", '{"state": "START"}')


def names_the_subscriber_by_key_only(seen: Behaviour) -> None:
    seen.says("c6", "PREANSWER", to="")
    assert seen.cards("Анна") == ([CALLER], 0)


def comes_too_late(seen: Behaviour) -> None:
    seen.bridge.call("МВ_Звонки", "ПринятьСобытие", seen.event("c4", "PREANSWER", age=600))
    seen.says("c5", "PREANSWER", userkey="key2", to="102")
    assert seen.cards("Анна") == ([], 0)


def is_asked_for_a_name(seen: Behaviour) -> None:
    found = seen.bridge.call("МВ_ПоискКонтактов", "НайтиПоТелефону", "+7 916 000-00-01")
    answer = etree.fromstring(seen.bridge.call("МВ_ПоискКонтактов", "ОтветXML", found))
    assert answer.findtext("title") == NAME


def refuses(seen: Behaviour) -> None:
    stranger: Session = seen.infobase.session("Чужой")
    said = stranger.call("МВ_МостВызовСервера", "Позвонить", CALLER)
    assert (said.get("Успех"), "не разрешен" in said.get("Сообщение")) == (False, True)
    admin = seen.infobase.session("Админ")
    cleaned = admin.call("МВ_ПараметрыМоста", "ОчищенныйАдрес", " https://bridge.example/ws/Telephony?wsdl ")
    assert cleaned == "https://bridge.example"
    seen.infobase.set_constant("МВ_АдресМоста", "https://bridge.invalid")
    seen.infobase.set_constant("МВ_ИмяПользователяМоста", "1c")
    said = admin.call("МВ_Мост", "Позвонить", CALLER, "101")
    assert "Не указаны имя или пароль" in said.get("Сообщение")


SCENES = (
    rings_and_ends,
    repeats,
    members_are_missing,
    names_the_subscriber_by_key_only,
    comes_too_late,
    is_asked_for_a_name,
    refuses,
)


def play(folder: Path) -> None:
    for scene in SCENES:
        seen = Behaviour(folder)
        scene(seen)
        assert seen.infobase.defects == []


def test_the_shipped_modules_behave() -> None:
    play(ROOT / "extension")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_defect_that_only_running_finds_is_found(mutant: Mutant, tmp_path: Path) -> None:
    text = sources()[mutant.where].replace("\r\n", "\n")
    assert text.count(mutant.old) == 1, f"{mutant.name}: the anchor stands {text.count(mutant.old)} times"
    shutil.copytree(ROOT / "extension", tmp_path / "extension")
    (tmp_path / mutant.where).write_text(text.replace(mutant.old, mutant.new), encoding="utf-8-sig")
    with pytest.raises((AssertionError, OnecError, etree.XMLSyntaxError)):
        play(tmp_path / "extension")
