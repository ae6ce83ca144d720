"""The query engine of the tests: what it gives, and that it refuses what 1C would."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from onec.run.infobase import catalogs
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.session import Session
from onec.run.objects import NULL, Unsupported

EXTENSION = Path(__file__).parents[2] / "onec_samples" / "extension"


@pytest.fixture
def infobase() -> Iterator[Infobase]:
    made = Infobase(
        EXTENSION,
        users=[User(name="Анна", roles=("МВ_ИспользованиеМоста",)), User(name="Админ", full=True)],
    )
    yield made
    assert made.defects == []


@pytest.fixture
def admin(infobase: Infobase) -> Session:
    return infobase.session("Админ")


def column(session: Session, query: str, **parameters: object) -> list[object]:
    """The only column of a query."""
    made = session.make("Запрос", query)
    for name, value in parameters.items():
        made.call("УстановитьПараметр", [name, value])
    chosen = made.call("Выполнить", []).call("Выбрать", [])
    (name,) = chosen.properties()
    found = []
    while chosen.call("Следующий", []):
        found.append(chosen.get(name))
    return found


CALLS = [
    ("1", "Иванова", 10),
    ("2", "петров", 20),
    ("3", "", 0),
]


class TestQueries:
    @pytest.fixture(autouse=True)
    def rows(self, infobase: Infobase) -> None:
        for key, who, seconds in CALLS:
            infobase.add_row("МВ_Звонки", ИдЗвонка=key, Собеседник=who, Длительность=Decimal(seconds))
        infobase.add_row("МВ_События", ИдСобытия="e1", ИдЗвонка="1")

    @pytest.mark.parametrize(
        ("where", "found"),
        [
            ("Т.ИдЗвонка = &П", ["2"]),
            ("НЕ Т.ИдЗвонка = &П", ["1", "3"]),
            ("Т.Собеседник = &И", ["1"]),
            ("Т.Длительность > 0 И Т.Длительность <= 10", ["1"]),
            ('Т.Длительность МЕЖДУ 10 И 20 ИЛИ Т.Собеседник = ""', ["1", "2", "3"]),
            ('Т.Собеседник ПОДОБНО "%ОВ%"', ["1", "2"]),
            ('Т.Собеседник НЕ ПОДОБНО "%ов_"', ["2", "3"]),
            ('Т.Собеседник ПОДОБНО "П%"', ["2"]),
            ("Т.ИдЗвонка В (&Список)", ["1", "3"]),
            ('НЕ Т.ИдЗвонка В ("1", "2")', ["3"]),
            ('ВЫБОР КОГДА Т.Длительность = 20 ТОГДА "да" ИНАЧЕ "нет" КОНЕЦ = "да"', ["2"]),
            ('ПОДСТРОКА(Т.Собеседник, 2, 2) = "ва"', ["1"]),
        ],
    )
    def test_conditions(self, admin: Session, where: str, found: list[str]) -> None:
        listed = admin.make("Массив")
        for one in ("1", "3"):
            listed.call("Добавить", [one])
        text = f"ВЫБРАТЬ Т.ИдЗвонка КАК Ид ИЗ РегистрСведений.МВ_Звонки КАК Т ГДЕ {where} УПОРЯДОЧИТЬ ПО Ид"
        assert column(admin, text, П="2", И="ИВАНОВА", Список=listed) == found

    def test_a_left_join_gives_null_and_an_inner_one_nothing(self, admin: Session) -> None:
        text = """ВЫБРАТЬ {} КАК А ИЗ РегистрСведений.МВ_Звонки КАК З
            {} СОЕДИНЕНИЕ РегистрСведений.МВ_События КАК С ПО З.ИдЗвонка = С.ИдЗвонка {}
            УПОРЯДОЧИТЬ ПО З.ИдЗвонка"""
        assert column(admin, text.format("С.ИдСобытия", "ЛЕВОЕ", "")) == ["e1", NULL, NULL]
        assert column(admin, text.format("С.ИдСобытия", "ВНУТРЕННЕЕ", "")) == ["e1"]
        assert column(admin, text.format("З.ИдЗвонка", "ЛЕВОЕ", "ГДЕ С.ИдСобытия ЕСТЬ NULL")) == ["2", "3"]
        assert column(admin, text.format("З.ИдЗвонка", "ЛЕВОЕ", 'ГДЕ С.ИдСобытия <> ""')) == ["1"]
        assert column(admin, text.format('ЕСТЬNULL(С.ИдСобытия, "нет")', "ЛЕВОЕ", "")) == ["e1", "нет", "нет"]

    def test_order_first_and_distinct(self, admin: Session) -> None:
        table = "РегистрСведений.МВ_Звонки КАК Т"
        ordered = f"ВЫБРАТЬ ПЕРВЫЕ 2 Т.ИдЗвонка КАК Ид ИЗ {table} УПОРЯДОЧИТЬ ПО Т.Длительность УБЫВ"
        assert column(admin, ordered) == ["2", "1"]
        assert column(admin, f"ВЫБРАТЬ РАЗЛИЧНЫЕ Т.Направление КАК Н ИЗ {table}") == [""]

    def test_groups(self, admin: Session) -> None:
        table = "РегистрСведений.МВ_Звонки КАК Т"
        assert column(admin, f"ВЫБРАТЬ КОЛИЧЕСТВО(*) КАК Н ИЗ {table}") == [3]
        assert column(admin, f"ВЫБРАТЬ МАКСИМУМ(Т.Длительность) КАК Н ИЗ {table}") == [20]
        summed = f"ВЫБРАТЬ СУММА(Т.Длительность) КАК Н ИЗ {table} СГРУППИРОВАТЬ ПО Т.Направление"
        assert column(admin, summed) == [30]

    @pytest.mark.parametrize(
        "text",
        [
            "ВЫБРАТЬ Т.НетТакого КАК А ИЗ РегистрСведений.МВ_Звонки КАК Т",
            "ВЫБРАТЬ Т.А КАК А ИЗ РегистрСведений.НетТакого КАК Т",
            "ВЫБРАТЬ Т.Собеседник КАК А ИЗ РегистрСведений.МВ_Звонки КАК Т ГДЕ Т.ИдЗвонка = &Нет",
            "ВЫБРАТЬ Т.Собеседник КАК А ИЗ РегистрСведений.МВ_Звонки КАК Т ГДЕ",
            "ВЫБРАТЬ Т.Собеседник КАК А ИЗ РегистрСведений.МВ_Звонки КАК Т ПОМЕСТИТЬ ВТ",
            "ВЫБРАТЬ Т.Собеседник КАК А ИЗ РегистрСведений.МВ_Звонки КАК Т; ВЫБРАТЬ 1 КАК Б",
            "ВЫБРАТЬ Т.Собеседник КАК А, КОЛИЧЕСТВО(*) КАК Б ИЗ РегистрСведений.МВ_Звонки КАК Т",
            "ВЫБРАТЬ Т.Собеседник КАК А, Т.ИдЗвонка КАК а ИЗ РегистрСведений.МВ_Звонки КАК Т",
            "ВЫБРАТЬ Т.Значение КАК А ИЗ РегистрСведений.МВ_Секреты КАК Т ГДЕ Т.Значение = 1",
        ],
    )
    def test_what_1c_refuses_is_refused(self, admin: Session, text: str) -> None:
        query = admin.make("Запрос", text)
        with pytest.raises(Unsupported, match="запрос"):
            query.call("Выполнить", [])


def test_a_section_of_a_catalog_is_a_table(infobase: Infobase) -> None:
    clients = Catalog(name="Контрагенты", sections={"КонтактнаяИнформация": catalogs.contact_section()})
    clients.add("ООО Чиж", {"КонтактнаяИнформация": [{"НомерТелефона": "79235292926"}]})
    infobase.catalogs = [clients]
    text = """ВЫБРАТЬ КИ.Ссылка.Наименование КАК Имя ИЗ Справочник.Контрагенты.КонтактнаяИнформация КАК КИ
        ГДЕ КИ.НомерТелефона ПОДОБНО "%9235292926" И НЕ КИ.Ссылка.ПометкаУдаления"""
    assert column(infobase.session("Админ"), text) == ["ООО Чиж"]
