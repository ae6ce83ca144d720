"""A defect planted in the shipped modules shows in what the infobase holds or a user sees."""

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from onec.bsl.tree import Module
from onec.run.infobase.client import Client
from onec.run.infobase.firm import BOOK, CALLER, DID, SUBSCRIBERS, USERS
from onec.run.infobase.infobase import Infobase
from onec.run.infobase.records import RecordManager, table_of
from onec.run.objects import OnecError, Unsupported

from bridge.sim.scenarios import SCENARIOS, Cast
from support.world import ANNA, PETR, eventually

PLAYED = ("answered", "missed", "group", "transferred", "click_to_call", "outgoing_unanswered", "ivr_drop")
CARD = "МВ_ВходящийЗвонок"


@dataclass(frozen=True)
class Mutant:
    name: str
    module: str
    text: str
    instead: str


CALLS, CARDS, EVENTS, SEARCH = "МВ_Звонки", "МВ_Карточки", "МВ_РазборСобытий", "МВ_ПоискКонтактов"
HOOK = "Процедура ПриЗаписиСобытия(Знач Событие) Экспорт"
TELLING = "ЗаписьЖурналаРегистрации(Событие.ИдСобытия, УровеньЖурналаРегистрации.Примечание);"
MUTANTS = (
    Mutant("no commit", CALLS, "ЗафиксироватьТранзакцию();", ""),
    Mutant("rollback in place of commit", CALLS, "ЗафиксироватьТранзакцию();", "ОтменитьТранзакцию();"),
    Mutant("transaction left open after an error", CALLS, "ОтменитьТранзакцию();", ""),
    Mutant("error swallowed", CALLS, "ВызватьИсключение;", "Записано = Ложь;"),
    Mutant("repetition not known", CALLS, "Записано = Не СобытиеЗаписано(Событие);", "Записано = Истина;"),
    Mutant("event not marked", CALLS, "ОтметитьСобытие(Событие);", ""),
    Mutant("no lock", CALLS, "Блокировка.Заблокировать();", ""),
    Mutant("privileged mode not taken", CALLS, "УстановитьПривилегированныйРежим(Истина);", ""),
    Mutant("privileged mode not given back", CALLS, "УстановитьПривилегированныйРежим(Ложь);", ""),
    Mutant("late event puts the state back", CALLS, "Событие.Ранг >= Звонок.Ранг", "Истина"),
    Mutant("key not restored after reading", CALLS, "Если Не Звонок.Выбран() Тогда", "Если Ложь Тогда"),
    Mutant("answer unknown", CALLS, 'Звонок.Итог = "Отвечен";', ""),
    Mutant("all calls deleted", CALLS, "Звонки.Начало < &Срок", "Звонки.Начало > &Срок"),
    Mutant("filter forgotten", CALLS, "Набор.Отбор.ИдЗвонка.Установить(Ид);", ""),
    Mutant("old cards shown", CARDS, "Возраст <= 60", "Возраст <= 60000"),
    Mutant("card for any state", CARDS, 'Событие.Состояние = "PREANSWER"', "Истина"),
    Mutant("card not finished", CARDS, "Карточка.Завершена = Истина;", ""),
    Mutant("card finished for who answered", CARDS, "КромеОтветившего И ЕгоСобственная", "Ложь"),
    Mutant("card shown for ever", CARDS, "ОтметитьПоказ(Пользователь, Результат.Новые);", ""),
    Mutant("card shown to all", CARDS, "Карточки.КлючАбонента = &Ключ", "ИСТИНА"),
    Mutant("finished card named to all", CARDS, "И Карточки.Завершена\n", "\n"),
    Mutant("field of the query misspelt", CARDS, "Карточки.Номер КАК Номер,", "Карточки.Номра КАК Номер,"),
    Mutant("parameter not set", CARDS, '"ВсеЗвонки", Абонент', '"Все", Абонент'),
    Mutant("call without uuid taken", EVENTS, '"uuid", 100', '"state", 100'),
    Mutant("time in the wrong zone", EVENTS, "МестноеВремя(", "УниверсальноеВремя("),
    Mutant("ampersand not escaped", SEARCH, '"&", "&amp;"', '"&", "&"'),
    Mutant("only whole numbers found", SEARCH, "Прав(МВ_РазборСобытий.ТолькоЦифры(Номер), 10)", "Номер"),
)


class Mutated(Infobase):
    """One module of the dump is read with a defect in it."""

    def __init__(self, mutant: Mutant | None) -> None:
        super().__init__(users=USERS)
        self._mutant = mutant

    def tree(self, path: str, text: str, side: str) -> Module:
        one = self._mutant
        if "МВ_МостПереопределяемый" in path:
            assert HOOK in text
            path, text = f"{path}?told", text.replace(HOOK, f"{HOOK}\n{TELLING}")
        if one and f"CommonModules/{one.module}/" in path.replace("\\", "/"):
            text = text.replace("\r\n", "\n")
            assert one.text in text, f"{one.name}: the module has changed"
            path, text = f"{path}?{one.name}", text.replace(one.text, one.instead)
        return super().tree(path, text, side)


def story(mutant: Mutant | None) -> dict[str, Any]:
    """A day of the firm, and everything there is to see of it in the end."""
    infobase = Mutated(mutant)
    told: dict[str, Any] = {}
    try:
        told |= dict(_day(infobase))
    except (OnecError, Unsupported) as error:
        told["error"] = f"{type(error).__name__}: {error}"
    told["defects"] = list(infobase.defects)
    told["log"] = [one.event for one in infobase.event_log.records]
    return told


def _day(infobase: Infobase) -> Iterator[tuple[str, Any]]:
    infobase.clock.now = infobase.clock.now.replace(2026, 3, 2, 12, 0, 0)
    infobase.set_constant("МВ_ПоказыватьКарточки", True)
    infobase.set_constant("МВ_ДнейХранения", Decimal(30))
    infobase.add_row(BOOK, Телефон=CALLER[-10:], Наименование="ООО «Рога & Копыта»")
    for name, one in SUBSCRIBERS.items():
        names = {"Абонент": one.extension, "Добавочный": one.extension, "КлючВАТС": one.key}
        infobase.add_row("МВ_Абоненты", Пользователь=name, **names)
    for days in (1, 31):
        infobase.add_row("МВ_Звонки", ИдЗвонка=f"old{days}", Начало=infobase.clock() - timedelta(days=days))
    exchange = infobase.session("Чужой")
    clients = {name: Client(infobase, name) for name in ("Анна", "Пётр")}
    for client in clients.values():
        client.start()
    number = 0
    for scenario in PLAYED:
        time_s = int(infobase.clock.unix())
        for event in SCENARIOS[scenario](Cast(subscribers=(ANNA, PETR), uuid=scenario, time_s=time_s)):
            number += 1
            data = json.dumps(event | {"bridgeEventId": number})
            for _ in range(2):
                exchange.call("МВ_Звонки", "ПринятьСобытие", data)
            infobase.clock.now += timedelta(seconds=1)
            yield f"screens {number}", {name: _screen(client) for name, client in clients.items()}
    yield from _late(infobase)
    yield from _failing(infobase)
    for sought in (f"+7 {CALLER[1:]}", DID):
        found = exchange.call(SEARCH, "НайтиПоТелефону", sought)
        yield f"searched {sought}", exchange.call(SEARCH, "ОтветXML", found)
    infobase.administration().call(CALLS, "УдалениеУстаревшихПоРасписанию")
    for register in ("МВ_Звонки", "МВ_События", "МВ_Карточки", "МВ_ПоказанныеКарточки"):
        yield register, sorted(map(str, infobase.rows(register)))


def _late(infobase: Infobase) -> Iterator[tuple[str, Any]]:
    """What comes after its time: a ring of an hour ago, a step of a call that is over, no uuid at all."""
    session = infobase.session("Чужой")
    ring: Mapping[str, Any] = {"state": "PREANSWER", "from": CALLER, "to": "101", "userkey": ANNA.key}
    time_s = int(infobase.clock.unix())
    for event in (
        {"uuid": "old", **ring, "time": time_s - 3600},
        {"uuid": "answered", **ring, "time": time_s},
        {**ring, "time": time_s},
    ):
        try:
            yield f"late {event.get('uuid')}", session.call("МВ_Звонки", "ПринятьСобытие", json.dumps(event))
        except OnecError as error:
            yield "refused", error.text


def _failing(infobase: Infobase) -> Iterator[tuple[str, Any]]:
    """The row of a call is held by somebody else: nothing of the event is kept."""
    session, other = infobase.session("Чужой"), infobase.administration().connection
    infobase.store.lock_wait_s = 0.02
    event = json.dumps({"uuid": "held", "state": "START", "from": CALLER, "time": int(infobase.clock.unix())})
    other.begin()
    other.lock(table_of(infobase.dump.registers["МВ_Звонки"]), {"ИдЗвонка": "held"}, exclusive=True)
    try:
        session.call("МВ_Звонки", "ПринятьСобытие", event)
    except OnecError as error:
        yield "held", error.text
    other.rollback()
    yield "free", session.call("МВ_Звонки", "ПринятьСобытие", event)
    yield from _raced(infobase)


def _raced(infobase: Infobase) -> Iterator[tuple[str, Any]]:
    """Another session has the call, and marks the very event that this one waits to write."""
    infobase.store.lock_wait_s = 30
    session, other = infobase.session("Чужой"), infobase.administration()
    data = json.dumps({"uuid": "raced", "state": "START", "bridgeEventId": 1000})
    event = other.call(EVENTS, "РазобранноеСобытие", data)
    other.connection.begin()
    table = table_of(infobase.dump.registers["МВ_Звонки"])
    other.connection.lock(table, {"ИдЗвонка": "raced"}, exclusive=True)
    with ThreadPoolExecutor(1) as threads:
        answer = threads.submit(session.call, CALLS, "ПринятьСобытие", data)
        assert eventually(lambda: infobase.store.waiting or answer.done())
        mark = RecordManager(other, infobase.dump.registers["МВ_События"])
        mark.set("ИдСобытия", event.get("ИдСобытия"))
        mark.call("Записать", [])
        other.connection.commit()
        yield "raced", answer.result(30)


def _screen(client: Client) -> list[tuple[str, str]]:
    client.guarded(lambda: client.call("МВ_МостКлиент", "ПроверитьВходящие"))
    assert client.screen.errors == []
    return [(one.title, str(one["Состояние"])) for one in client.opened(CARD)]


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return story(None)


def test_the_modules_as_they_are_have_no_defect(truth: dict[str, Any]) -> None:
    assert "error" not in truth
    assert truth["defects"] == []
    assert truth == story(None), "the story itself is not always the same"
    assert any(screens["Анна"] for name, screens in truth.items() if name.startswith("screens"))


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.name)
def test_a_planted_defect_shows(truth: dict[str, Any], mutant: Mutant) -> None:
    assert story(mutant) != truth
