"""The infobase of the tests is strict where 1C is: keys, lengths, locks, transactions, rights, queries."""

import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from onec.run.infobase import catalogs, wsdl
from onec.run.infobase.catalogs import Catalog
from onec.run.infobase.dump import Operation, WebService
from onec.run.infobase.infobase import Infobase, User
from onec.run.infobase.session import Session
from onec.run.infobase.store import BROKEN, CONFLICT, Connection, Store
from onec.run.objects import OnecError, Unsupported

from bridge.resources import wsdl_text

SECRETS = "ВЫБРАТЬ Т.Имя КАК А ИЗ РегистрСведений.МВ_Секреты КАК Т"
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


def run(session: Session, text: str) -> object:
    """Run server code written here, as the body of a function."""
    tree = session.infobase.tree(f"test{hash(text)}", f"Функция Ф() Экспорт\n{text}\nКонецФункции", "server")
    running = session.interpreter.load(tree, "Тест", "server")
    with session.server_call():
        return running.call("Ф")


def contact(session: Session, telephone: str, **values: object) -> None:
    session.infobase.add_row("МВ_Контакты", Телефон=telephone, **values)


class TestFields:
    def test_a_long_string_is_cut(self, infobase: Infobase) -> None:
        infobase.add_row("МВ_Контакты", Телефон="1" * 25, Наименование="а" * 151)

        (row,) = infobase.rows("МВ_Контакты")
        assert (len(row["Телефон"]), len(row["Наименование"])) == (20, 150)

    def test_a_number_that_is_too_great_becomes_the_greatest(self, infobase: Infobase) -> None:
        infobase.set_constant("МВ_ТаймаутВызова", Decimal(100500))
        assert infobase.constant("МВ_ТаймаутВызова") == 999

    def test_a_value_of_another_type_is_a_defect_of_the_module(self, admin: Session) -> None:
        with pytest.raises(Unsupported, match="молча"):
            run(admin, "Константы.МВ_ТаймаутВызова.Установить(Неопределено);")

    def test_an_unknown_constant_does_not_exist(self, admin: Session) -> None:
        with pytest.raises(OnecError, match="Поле объекта не обнаружено"):
            run(admin, "Возврат Константы.МВ_Адрес.Получить();")


class TestRegisters:
    def test_dimensions_are_a_key_without_regard_to_case(self, infobase: Infobase) -> None:
        infobase.add_row("МВ_Абоненты", Пользователь="Анна", Абонент="101")
        infobase.add_row("МВ_Абоненты", Пользователь="АННА ", Абонент="102")

        (row,) = infobase.rows("МВ_Абоненты")
        assert row["Абонент"] == "102"

    def test_a_record_that_is_not_there_is_cleared_by_reading(self, admin: Session) -> None:
        text = """Запись = РегистрыСведений.МВ_Звонки.СоздатьМенеджерЗаписи();
            Запись.ИдЗвонка = "нет такого";
            Запись.Прочитать();
            Возврат Запись.Выбран() Или Запись.ИдЗвонка <> "";"""
        assert run(admin, text) is False

    def test_a_set_replaces_what_its_filter_finds(self, infobase: Infobase, admin: Session) -> None:
        for telephone in ("1", "2"):
            contact(admin, telephone)
        run(
            admin,
            """Набор = РегистрыСведений.МВ_Контакты.СоздатьНаборЗаписей();
            Набор.Отбор.Телефон.Установить("1");
            Набор.Записать();""",
        )
        assert [row["Телефон"] for row in infobase.rows("МВ_Контакты")] == ["2"]

    def test_the_same_key_twice_in_a_set_is_refused_whole(self, infobase: Infobase, admin: Session) -> None:
        text = """Набор = РегистрыСведений.МВ_Контакты.СоздатьНаборЗаписей();
            Для Номер = 1 По 2 Цикл
                Запись = Набор.Добавить();
                Запись.Телефон = "1";
            КонецЦикла;
            Набор.Записать();"""
        with pytest.raises(OnecError, match="ключевыми полями"):
            run(admin, text)
        assert infobase.rows("МВ_Контакты") == []

    def test_a_record_out_of_the_filter_is_refused(self, admin: Session) -> None:
        text = """Набор = РегистрыСведений.МВ_Контакты.СоздатьНаборЗаписей();
            Набор.Отбор.Телефон.Установить("1");
            Набор.Добавить().Телефон = "2";
            Набор.Записать();"""
        with pytest.raises(OnecError, match="отбору"):
            run(admin, text)

    def test_a_record_with_a_new_key_leaves_no_old_one(self, infobase: Infobase, admin: Session) -> None:
        contact(admin, "1", Наименование="Чиж")
        run(
            admin,
            """Запись = РегистрыСведений.МВ_Контакты.СоздатьМенеджерЗаписи();
            Запись.Телефон = "1";
            Запись.Прочитать();
            Запись.Телефон = "2";
            Запись.Записать();""",
        )
        rows = infobase.rows("МВ_Контакты")
        assert [(row["Телефон"], row["Наименование"]) for row in rows] == [("2", "Чиж")]


class TestTransactions:
    def test_what_is_rolled_back_was_never_there(self, infobase: Infobase, admin: Session) -> None:
        text = """НачатьТранзакцию();
            Константы.МВ_НомерСобытия.Установить(7);
            Внутри = Константы.МВ_НомерСобытия.Получить();
            ОтменитьТранзакцию();
            Возврат Внутри;"""
        assert run(admin, text) == 7
        assert infobase.constant("МВ_НомерСобытия") == 0

    def test_others_see_only_what_is_committed(self, infobase: Infobase) -> None:
        one, other = infobase.administration(), infobase.administration()
        one.connection.begin()
        one.connection.put("Т", ("ключ",), {"а": 1}, values={"к": "ключ"})

        assert other.connection.find("Т", ("ключ",)) is None
        one.connection.commit()
        assert other.connection.find("Т", ("ключ",)) == {"а": 1}

    def test_a_rollback_inside_breaks_the_whole(self, infobase: Infobase, admin: Session) -> None:
        text = """НачатьТранзакцию();
            НачатьТранзакцию();
            ОтменитьТранзакцию();
            Попытка
                Константы.МВ_НомерСобытия.Установить(7);
                ЗафиксироватьТранзакцию();
            Исключение
                ОтменитьТранзакцию();
                ВызватьИсключение;
            КонецПопытки;"""
        with pytest.raises(OnecError, match=BROKEN[:20]):
            run(admin, text)
        assert infobase.constant("МВ_НомерСобытия") == 0

    def test_an_error_is_not_committed_over(self, infobase: Infobase, admin: Session) -> None:
        contact(admin, "1")
        text = """НачатьТранзакцию();
            Константы.МВ_НомерСобытия.Установить(7);
            Попытка
                Запись = РегистрыСведений.МВ_Контакты.СоздатьМенеджерЗаписи();
                Запись.Телефон = "1";
                Запись.Записать(Ложь);
            Исключение
                Ошибка = Истина;
            КонецПопытки;
            Попытка
                ЗафиксироватьТранзакцию();
            Исключение
                ОтменитьТранзакцию();
                Возврат КраткоеПредставлениеОшибки(ИнформацияОбОшибке());
            КонецПопытки;"""
        assert run(admin, text) == BROKEN
        assert infobase.constant("МВ_НомерСобытия") == 0

    def test_a_forgotten_transaction_is_told(self, infobase: Infobase, admin: Session) -> None:
        run(admin, "НачатьТранзакцию(); Константы.МВ_НомерСобытия.Установить(7);")

        assert infobase.constant("МВ_НомерСобытия") == 0
        assert infobase.defects == ["транзакция не закрыта к концу вызова сервера"]
        infobase.defects.clear()

    def test_a_lock_is_waited_for_and_then_given(self) -> None:
        store = Store(lock_wait_s=10)
        one, other = Connection(store), Connection(store)
        one.begin()
        one.lock("Т", {"к": "а"}, exclusive=True)
        thread = threading.Thread(target=lambda: other.put("Т", ("а",), {"кто": 2}, values={"к": "а"}))
        thread.start()
        one.put("Т", ("а",), {"кто": 1}, values={"к": "а"})
        one.commit()
        thread.join(10)

        assert one.find("Т", ("а",)) == {"кто": 2}

    def test_a_lock_that_is_not_given_is_a_conflict(self) -> None:
        store = Store(lock_wait_s=0.01)
        one, other = Connection(store), Connection(store)
        for connection in (one, other):
            connection.begin()
        one.lock("Т", {"к": "а"}, exclusive=True)
        other.lock("Т", {"к": "б"}, exclusive=True)

        with pytest.raises(OnecError) as caught:
            other.lock("Т", {}, exclusive=False)
        assert caught.value.text == CONFLICT

    def test_a_lock_outside_a_transaction_is_a_defect(self, admin: Session) -> None:
        text = """Блокировка = Новый БлокировкаДанных;
            Блокировка.Добавить("Константа.МВ_НомерСобытия");
            Блокировка.Заблокировать();"""
        with pytest.raises(Unsupported, match="вне транзакции"):
            run(admin, text)


class TestRights:
    def test_without_a_right_nothing_is_read(self, infobase: Infobase) -> None:
        session = infobase.session("Анна")
        with pytest.raises(OnecError, match="Нарушение прав"):
            run(session, "Возврат Константы.МВ_НомерСобытия.Получить();")
        with pytest.raises(OnecError, match="Нарушение прав"):
            session.make("Запрос", SECRETS).call("Выполнить", [])

    def test_privileged_mode_gives_it(self, infobase: Infobase) -> None:
        text = """УстановитьПривилегированныйРежим(Истина);
            Номер = Константы.МВ_НомерСобытия.Получить();
            УстановитьПривилегированныйРежим(Ложь);
            Возврат Номер;"""
        assert run(infobase.session("Анна"), text) == 0

    def test_privileged_mode_left_on_is_a_defect(self, infobase: Infobase) -> None:
        run(infobase.session("Анна"), "УстановитьПривилегированныйРежим(Истина);")
        assert infobase.defects == ["привилегированный режим не выключен к концу вызова сервера"]
        infobase.defects.clear()

    def test_roles_are_those_of_the_dump(self, infobase: Infobase) -> None:
        text = 'Возврат ПравоДоступа("Просмотр", Метаданные.ОбщиеКоманды.{});'
        session = infobase.session("Анна")
        assert run(session, text.format("МВ_Позвонить")) is True
        assert run(session, text.format("МВ_Настройки")) is False


def test_metadata_is_walked_and_searched(infobase: Infobase, admin: Session) -> None:
    infobase.catalogs = [
        Catalog(name="Контрагенты", sections={"КонтактнаяИнформация": catalogs.contact_section()}),
        Catalog(name="Валюты"),
    ]
    text = """Найдено = "";
        Для Каждого Справочник Из Метаданные.Справочники Цикл
            Часть = Справочник.ТабличныеЧасти.Найти("КонтактнаяИнформация");
            Если Часть <> Неопределено И Часть.Реквизиты.Найти("НомерТелефона") <> Неопределено Тогда
                Найдено = Найдено + Справочник.ПолноеИмя();
            КонецЕсли;
        КонецЦикла;
        Возврат Найдено;"""
    assert run(admin, text) == "Справочник.Контрагенты"


def test_the_wsdl_has_the_shape_of_1c() -> None:
    """What is made of the manual's service is the file that was rebuilt from real ones."""
    text = "xs:string"
    service = WebService(
        name="VATS",
        namespace="http://VATS",
        file_name="",
        operations=(
            Operation(
                name="IncomingCall",
                procedure="IncomingCall",
                returns=text,
                nillable=False,
                parameters=(("NumFrom", text, False), ("Key", text, False)),
                transactioned=False,
            ),
            Operation(
                name="SayName",
                procedure="SayName",
                returns=text,
                nillable=False,
                parameters=(("Number", text, False),),
                transactioned=False,
            ),
        ),
        text="",
        path="",
    )
    made = wsdl.description(service, "http://localhost/base/ws/VATS")
    assert _canonical(made) == _canonical(wsdl_text("onec/vats.wsdl"))


def _canonical(text: str) -> str:
    root = etree.fromstring(text.encode(), etree.XMLParser(remove_blank_text=True))
    return etree.canonicalize(etree.tostring(root).decode())
